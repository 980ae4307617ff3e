//! Clients that do not wish well, or cannot do better, against the real program on a real port: heads and bodies that never
//! end, and much too long ones; and TLS spoken by the process itself, to a client that checks the certificate.

use crate::desk::Desk;
use crate::operation::{Running, furnished};
use klero::cli::stage::password;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here may take; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(150);
const ASK: &str = "GET /v1/version HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn connect(running: &Running) -> TcpStream {
    let (_, address) = running.base.split_once("://").expect("an address");
    let stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time to wait");
    stream
}

/// All that comes; a connection that is cut off has ended too.
fn rest(stream: &mut impl Read) -> String {
    let mut bytes = vec![];
    match stream.read_to_end(&mut bytes) {
        Err(error) if is_waiting(&error) => panic!("the connection stays open: {error}"),
        Ok(_) | Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn asked(stream: &mut (impl Read + Write)) -> String {
    stream.write_all(ASK.as_bytes()).expect("it is sent");
    rest(stream)
}

fn is_waiting(error: &io::Error) -> bool {
    [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind())
}

/// Sends `more` again and again, a while apart, until the other side is gone or has answered. It may have stopped reading.
fn drip(mut stream: TcpStream, more: &[u8], apart: Duration) -> String {
    stream.set_read_timeout(Some(apart)).expect("a time to wait");
    stream.set_write_timeout(Some(apart)).expect("a time to wait");
    let (begun, mut bytes) = (Instant::now(), [0; 4096]);
    loop {
        assert!(begun.elapsed() < PATIENCE, "nobody answers, and nobody hangs up");
        let gone = stream.write(more).is_err_and(|error| !is_waiting(&error));
        match stream.read(&mut bytes) {
            Ok(length) => return String::from_utf8_lossy(&bytes[..length]).into_owned(),
            Err(error) if is_waiting(&error) && !gone => {}
            Err(_) => return String::new(),
        }
    }
}

#[test]
fn heads_that_come_a_byte_at_a_time_are_cut_off_and_nobody_waits_for_them() {
    let desk = furnished("slow");
    let running = Running::of(&desk, "");
    let slow: Vec<_> = (0..64)
        .map(|_| {
            let mut stream = connect(&running);
            stream.write_all(b"GET /v1/version HTTP/1.1\r\nhost: a\r\nx: ").expect("it is sent");
            thread::spawn(move || drip(stream, b"a", Duration::from_secs(1)))
        })
        .collect();
    // None of them has ended yet; an honest client is answered among them.
    assert!(asked(&mut connect(&running)).starts_with("HTTP/1.1 200"));
    assert!(slow.iter().all(|one| !one.is_finished()), "they were still sending");
    for one in slow {
        let said = one.join().expect("it ends");
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    }
    assert!(asked(&mut connect(&running)).starts_with("HTTP/1.1 200"));
}

#[test]
fn bodies_that_come_a_byte_at_a_time_are_refused_after_a_minute_and_nobody_waits_for_them() {
    let desk = furnished("slow-body");
    let running = Running::of(&desk, "");
    let head = "POST /v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let slow: Vec<_> = ["content-length: 4000", "transfer-encoding: chunked"]
        .repeat(8)
        .into_iter()
        .map(|kind| {
            let mut stream = connect(&running);
            stream.write_all(format!("{head}{kind}\r\n\r\n").as_bytes()).expect("it is sent");
            let more = if kind.ends_with("chunked") { "1\r\na\r\n" } else { "a" };
            thread::spawn(move || drip(stream, more.as_bytes(), Duration::from_secs(1)))
        })
        .collect();
    assert!(asked(&mut connect(&running)).starts_with("HTTP/1.1 200"));
    assert!(slow.iter().all(|one| !one.is_finished()), "they were still sending");
    for one in slow {
        let said = one.join().expect("it ends");
        assert!(said.starts_with("HTTP/1.1 400") && said.contains("malformed-request"), "{said}");
    }
    assert!(asked(&mut connect(&running)).starts_with("HTTP/1.1 200"));
    running.asked_to_end();
    assert!(running.ended().0.success());
}

#[test]
fn bodies_and_heads_without_end_are_refused_long_before_it_and_change_nothing() {
    let desk = furnished("huge");
    let running = Running::of(&desk, "");
    let head = |more: &str| {
        format!(
            "POST /v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{more}\r\n\r\n"
        )
    };
    // Announced as too long: refused before a byte of the body was sent.
    let mut stream = connect(&running);
    stream.write_all(head("content-length: 99999999999").as_bytes()).expect("it is sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 413");
    // Not announced, and never at its end.
    let mut stream = connect(&running);
    stream.write_all(head("transfer-encoding: chunked").as_bytes()).expect("it is sent");
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(4096));
    let said = drip(stream, chunk.as_bytes(), Duration::from_millis(10));
    assert!(said.starts_with("HTTP/1.1 413"), "{said}");
    // A head without end.
    let mut stream = connect(&running);
    stream.write_all(b"GET /v1/version HTTP/1.1\r\nhost: a\r\n").expect("it is sent");
    let line = format!("x: {}\r\n", "a".repeat(4096));
    let said = drip(stream, line.as_bytes(), Duration::from_millis(10));
    assert!(["HTTP/1.1 4", ""].iter().any(|begin| said.starts_with(begin)), "{said}");
    assert!(!said.contains(" 200 "), "{said}");
    // What is no HTTP at all.
    let mut stream = connect(&running);
    stream.write_all(&[0x16, 0x03, 0x01, 0, 0xff, 0, b'\r', b'\n', b'\r', b'\n']).expect("sent");
    assert!(!rest(&mut stream).contains(" 200 "));
    assert!(asked(&mut connect(&running)).starts_with("HTTP/1.1 200"));
    running.asked_to_end();
    let (status, said) = running.ended();
    assert!(status.success() && !said.contains("panicked"), "{said}");
    desk.done("trail verify --data kept --tables");
}

/// A client that trusts this certificate and no other, and speaks this version of TLS.
fn client(
    trusted: &CertifiedKey<KeyPair>,
    version: &'static SupportedProtocolVersion,
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.cert.der().clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("a version that is known");
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

/// Shakes hands and asks; the first thing that fails, otherwise the answer.
fn secretly(running: &Running, config: &Arc<ClientConfig>) -> io::Result<String> {
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::clone(config), name).expect("a client");
    let mut stream = StreamOwned::new(connection, connect(running));
    stream.write_all(ASK.as_bytes())?;
    Ok(rest(&mut stream))
}

fn certificate(desk: &Desk, name: &str) -> CertifiedKey<KeyPair> {
    let made = generate_simple_self_signed(["localhost", "127.0.0.1"].map(str::to_owned))
        .expect("a certificate");
    desk.write(&format!("{name}.pem"), &made.cert.pem());
    desk.write_secret(&format!("{name}.key"), &made.signing_key.serialize_pem());
    made
}

#[test]
fn the_process_speaks_tls_itself_to_whoever_trusts_its_certificate_and_nothing_else() {
    let desk = furnished("tls");
    let (own, other) = (certificate(&desk, "own"), certificate(&desk, "other"));
    let running = Running::of(&desk, "--tls-cert own.pem --tls-key own.key");
    assert!(running.base.starts_with("https://"), "{}", running.base);
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let said = secretly(&running, &client(&own, version)).expect("it answers");
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
        assert!(said.contains("\"api\":\"v1\""), "{said}");
        assert!(said.to_ascii_lowercase().contains("strict-transport-security:"), "{said}");
    }
    let stranger = secretly(&running, &client(&other, &rustls::version::TLS13));
    assert_eq!(stranger.expect_err("another certificate").kind(), ErrorKind::InvalidData);
    let plain = asked(&mut connect(&running));
    assert!(!plain.contains("HTTP/1.1 200") && !plain.contains("klero"), "{plain}");
    drop(running);
    // Why it does not start: a key of another certificate, no key at all, a key that others may read.
    let serve = "serve --data kept --listen 127.0.0.1:0 --operations off --tls-cert own.pem";
    for key in ["--tls-key other.key", "--tls-key own.pem", ""] {
        desk.write_secret("own.pem", &own.cert.pem());
        desk.refused(15, "certificate-wrong", &format!("{serve} {key}"));
    }
    desk.write("open.key", &own.signing_key.serialize_pem());
    desk.refused(18, "file-open-to-others", &format!("{serve} --tls-key open.key"));
}

// shows: AC-1, AC-9
#[test]
fn commands_speak_tls_with_a_service_they_can_trust_and_send_no_password_in_plain_text() {
    let desk = furnished("client-tls");
    for name in ["own", "other"] {
        certificate(&desk, name);
    }
    desk.write_secret("password", &password("mon-1"));
    let running = Running::of(&desk, "--tls-cert own.pem --tls-key own.key");
    let line =
        |server: &str| format!("user list --server {server} --name mon-1 --password-file password");
    let asked = |trusted: &str, server: &str| {
        let mut command = desk.command(&line(server));
        let ran = command.env("SSL_CERT_FILE", desk.path(trusted)).output().expect("it runs");
        let said = [ran.stdout, ran.stderr].concat();
        (ran.status.code(), String::from_utf8(said).expect("text"))
    };
    let (code, said) = asked("own.pem", &running.base);
    assert!(code == Some(0) && said.contains("mon-1"), "{said}");
    // Another certificate, another name than the certificate's, no TLS where TLS is spoken.
    let other_name = running.base.replace("127.0.0.1", "127.0.0.2");
    let plain = running.base.replace("https", "http");
    for (trusted, server) in
        [("other.pem", &running.base), ("own.pem", &other_name), ("own.pem", &plain)]
    {
        let (code, said) = asked(trusted, server);
        assert!(code == Some(1) && said.contains("does not answer"), "{trusted} {server}: {said}");
    }
    let elsewhere =
        ["klero.example.org", "127.0.0.1.example.org", "localhost@10.0.0.1", "10.0.0.1"];
    for host in elsewhere {
        desk.refused(2, "address-not-secret", &line(&format!("http://{host}")));
    }
    for server in ["https://", "ftp://127.0.0.1", "127.0.0.1:8787", "https://a|b"] {
        desk.refused(2, "address-not-http", &line(server));
    }
}
