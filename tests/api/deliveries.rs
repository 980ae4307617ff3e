//! Notices on their way out, to real receivers on loopback: a mail server that takes, refuses or stalls, and a program
//! that checks what it is sent. The clock is moved by hand, so that three days of tries take no time.

use crate::house::{House, fields, refused};
use crate::notices::break_code;
use klero::domain::notice::DELIVERY_SECONDS;
use klero::domain::target::{Target, Targets};
use klero::post::Postman;
use klero::post::mail::{BadServer, MailServer, Mailer, Protection};
use klero::post::webhook::Programs;
use klero::sealing::webhook::fits;
use klero::service::deliveries::Way;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// What a receiver does with the next one who comes.
#[derive(Clone, Copy)]
enum Mood {
    Takes,
    Refuses,
    Stalls,
}

/// A mail server that keeps what it took.
struct Mailbox {
    port: u16,
    moods: Sender<Mood>,
    mails: Receiver<String>,
}

impl Mailbox {
    fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let ((moods, next), (take, mails)) = (channel(), channel());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mood) = next.recv() else { return };
                // Whoever stalls is left alone by the other side, which is no fault here.
                let _ = serve_mail(stream.unwrap(), mood, &take);
            }
        });
        Self { port, moods, mails }
    }

    fn mailer(&self) -> Mailer {
        Mailer::to_server(&self.server(Protection::None)).unwrap()
    }

    fn server(&self, protection: Protection) -> MailServer {
        MailServer {
            host: "127.0.0.1".into(),
            port: self.port,
            protection,
            from: "klero@trial.example".into(),
            account: None,
            authority: None,
            patience: Duration::from_millis(300),
        }
    }
}

fn serve_mail(stream: TcpStream, mood: Mood, take: &Sender<String>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    if matches!(mood, Mood::Stalls) {
        // Until the other side has had enough.
        lines.by_ref().for_each(drop);
        return Ok(());
    }
    write!(out, "220 demo\r\n")?;
    let mut mail = String::new();
    while let Some(line) = lines.next() {
        let line = line?;
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => write!(out, "250-demo\r\n250 8BITMIME\r\n")?,
            "RCPT" if matches!(mood, Mood::Refuses) => write!(out, "550 no such reader\r\n")?,
            "DATA" => {
                write!(out, "354 go on\r\n")?;
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                take.send(std::mem::take(&mut mail)).unwrap();
                write!(out, "250 taken\r\n")?;
            }
            "QUIT" => {
                write!(out, "221 bye\r\n")?;
                return Ok(());
            }
            _ => write!(out, "250 fine\r\n")?,
        }
    }
    Ok(())
}

/// The headers and the body of what was sent.
type Message = (Vec<(String, String)>, Vec<u8>);

/// A program that is told: keeps each message, and answers what it is bid to.
struct Program {
    port: u16,
    answers: Sender<&'static str>,
    messages: Receiver<Message>,
}

impl Program {
    fn run() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let ((answers, next), (take, messages)) = (channel(), channel());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(answer) = next.recv() else { return };
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = vec![];
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let Some((name, value)) = line.trim().split_once(": ") else {
                        if line.trim().is_empty() { break } else { continue }
                    };
                    head.push((name.to_ascii_lowercase(), value.to_owned()));
                }
                let length = head.iter().find(|(name, _)| name == "content-length").unwrap();
                let mut body = vec![0; length.1.parse().unwrap()];
                reader.read_exact(&mut body).unwrap();
                take.send((head, body)).unwrap();
                write!(
                    stream,
                    "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )
                .unwrap();
            }
        });
        Self { port, answers, messages }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }
}

fn postman(house: &House, mail: Option<Mailer>) -> Postman {
    let programs = Programs::new(&house.stage.house().secret);
    Postman { mail, programs, site: Some("https://klero.example".into()) }
}

fn give_address(house: &House, who: &str) {
    let address = format!("{who}@hospital.example");
    let given = house.post(who, "/v1/notices/address", json!({"address": address}));
    assert_eq!(given.status, 200, "{}", given.text);
}

fn log(house: &House) -> Vec<Value> {
    house.get("admin-1", "/v1/deliveries").body["deliveries"].as_array().unwrap().clone()
}

/// The text of a mail, whose transfer encoding is undone; soft line breaks and base64 are all that ours has.
fn text_of(mail: &str) -> String {
    let (head, body) = mail.split_once("\n\n").unwrap();
    assert!(head.to_lowercase().contains("content-transfer-encoding: base64"), "{head}");
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (vec![], 0u32, 0);
    for letter in body.bytes() {
        let Some(value) = alphabet.iter().position(|known| *known == letter) else { continue };
        (bits, count) = ((bits << 6) | value as u32, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).unwrap()
}

// shows: EU-8, EU-7, AT-15 (that, never what; no number on a locked screen; in both languages)
#[test]
fn a_broken_code_is_mailed_to_everybody_its_entry_names_and_says_that_and_never_what() {
    let house = House::raise();
    for who in ["i-rjs", "mon-1", "spon-1", "i-hsh", "admin-1", "c-rjs"] {
        give_address(&house, who);
    }
    let (_, number, code) = house.randomised(0, 1, true);
    let mailbox = Mailbox::open();
    let postman = postman(&house, Some(mailbox.mailer()));
    let service = house.stage.house();
    // What went before is carried off first.
    (0..10).for_each(|_| mailbox.moods.send(Mood::Takes).unwrap());
    postman.carry(service, Way::Mail).unwrap();
    while mailbox.mails.try_recv().is_ok() {}
    let released = break_code(&house, "hot-1", &number);
    assert_eq!(postman.carry(service, Way::Mail).unwrap(), 3);
    let mails: Vec<String> = mailbox.mails.try_iter().collect();
    let to: Vec<&str> = mails
        .iter()
        .map(|mail| mail.lines().find_map(|line| line.strip_prefix("To: ")).unwrap())
        .collect();
    assert_eq!(to, ["i-rjs@hospital.example", "mon-1@hospital.example", "spon-1@hospital.example"]);
    assert_eq!(released.body["told"], json!(["i-rjs", "mon-1", "spon-1"]));
    let reference = released.text_at("reference");
    for mail in &mails {
        let text = text_of(mail);
        for said in [
            number.as_str(),
            "A code was broken",
            "发生一次紧急揭盲",
            "No notice states a treatment.",
            "通知从不包含治疗组别。",
            &format!("https://klero.example/breaks/{reference}"),
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        let head = mail.split("\n\n").next().unwrap();
        assert!(!head.contains(&number) && !mail.contains(&code) && !text.contains(&code));
        for hidden in ["DEMO", "Demo physician", "invented emergency"] {
            assert!(!text.contains(hidden), "{hidden}");
        }
        assert!(house.pinned().arms.iter().all(|arm| !text.contains(arm)));
    }
    assert_eq!(text_of(&mails[1]), text_of(&mails[2]));
    house.so_far();
    assert!(log(&house).iter().take(3).all(|one| one["state"] == "sent" && one["tries"] == 1));
    house.trail_is([]);
}

// shows: EU-8 (nothing is lost: refused and stalled mails are tried for three days, then the administrator is told)
#[test]
fn a_mail_that_nobody_takes_is_tried_more_and_more_seldom_and_given_up_after_three_days() {
    let mut house = House::raise();
    give_address(&house, "spon-1");
    let (_, number, _) = house.randomised(0, 1, true);
    break_code(&house, "hot-1", &number);
    house.so_far();
    let mailbox = Mailbox::open();
    let postman = postman(&house, Some(mailbox.mailer()));
    let service = &Arc::clone(house.stage.house());
    for (mood, word) in [(Mood::Stalls, "slow"), (Mood::Refuses, "refused")] {
        mailbox.moods.send(mood).unwrap();
        assert_eq!(postman.carry(service, Way::Mail).unwrap(), 1);
        assert_eq!(postman.carry(service, Way::Mail).unwrap(), 0, "not again at once");
        let one = &log(&house)[0];
        assert_eq!((&one["state"], &one["said"]), (&json!("waiting"), &json!(word)));
        house.clock.step(90);
    }
    house.trail_is([]);
    let mut tries = 2;
    for _ in 0..DELIVERY_SECONDS / 3600 {
        house.clock.step(3600);
        mailbox.moods.send(Mood::Refuses).unwrap();
        tries += postman.carry(service, Way::Mail).unwrap();
    }
    assert!((10..25).contains(&tries), "{tries}");
    house.trail_is(["noticed"]);
    house.stage.sign_in("admin-1");
    house.so_far();
    let one = &log(&house)[0];
    assert_eq!((&one["state"], &one["target"]), (&json!("given-up"), &json!("spon-1")));
    assert!(!one.to_string().contains("hospital.example") && !one.to_string().contains(&number));
    // Asked for again, it goes out as it would have.
    while mailbox.mails.try_recv().is_ok() {}
    let which = json!({"event": one["event"], "way": "mail", "target": "spon-1"});
    assert_eq!(house.post("admin-1", "/v1/deliveries/replay", which.clone()).status, 200);
    (0..80).for_each(|_| mailbox.moods.send(Mood::Takes).unwrap());
    let mut sent = vec![];
    for _ in 0..80 {
        house.post("admin-1", "/v1/deliveries/replay", which.clone());
        postman.carry(service, Way::Mail).unwrap();
        sent.extend(mailbox.mails.try_iter());
        if sent.len() == 2 {
            break;
        }
    }
    assert_eq!(sent[0], sent[1], "the same, byte for byte");
    let none = json!({"event": one["event"], "way": "mail", "target": "mon-1"});
    refused(&house.post("admin-1", "/v1/deliveries/replay", none), 404, "no-such-record");
    let replays = house.entries();
    assert!(replays.iter().any(|entry| entry["act"] == "delivery-replayed"));
}

// shows: AC-8 (numbers never travel readable beyond the machine)
#[test]
fn mail_goes_unprotected_to_this_very_machine_alone_and_never_to_a_server_without_starttls() {
    let house = House::raise();
    let mailbox = Mailbox::open();
    let elsewhere =
        MailServer { host: "mail.hospital.example".into(), ..mailbox.server(Protection::None) };
    assert_eq!(Mailer::to_server(&elsewhere).err(), Some(BadServer::Unprotected));
    let odd = MailServer { from: "klero".into(), ..mailbox.server(Protection::None) };
    assert_eq!(Mailer::to_server(&odd).err(), Some(BadServer::From));
    give_address(&house, "spon-1");
    let (_, number, _) = house.randomised(0, 1, true);
    break_code(&house, "hot-1", &number);
    // It offers no STARTTLS, so nothing is said to it.
    let strict = Mailer::to_server(&mailbox.server(Protection::StartTls)).unwrap();
    mailbox.moods.send(Mood::Takes).unwrap();
    postman(&house, Some(strict)).carry(house.stage.house(), Way::Mail).unwrap();
    assert!(mailbox.mails.try_recv().is_err());
    house.so_far();
    assert_eq!(log(&house)[0]["said"], "insecure");
    house.trail_is([]);
}

// shows: EU-8, AC-8 (thin, signed, only where the configuration says)
#[test]
fn a_program_is_told_signed_and_thin_and_again_until_it_takes_it() {
    let house = House::raise();
    let program = Program::run();
    let service = house.stage.house();
    let listed = |url: &str| Target::parse(url).unwrap();
    service.speak_to(Targets { public: vec![], private: vec![listed(&program.url())] });
    let add = |url: &str| house.post("admin-1", "/v1/webhooks", json!({"url": url}));
    for (url, code) in [
        ("http://127.0.0.1:1/hook", "/url url-not-listed"),
        ("https://elsewhere.example/hook", "/url url-not-listed"),
        ("no address", "/url url-form"),
    ] {
        let reply = add(url);
        refused(&reply, 422, "invalid-fields");
        assert_eq!(fields(&reply), [code]);
    }
    let added = add(&program.url());
    assert_eq!(added.status, 201, "{}", added.text);
    let hook = added.text_at("reference").to_owned();
    let (reference, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let key = house.send("GET", "/v1/webhooks/key", &[], None).text_at("publicKey").to_owned();
    let postman = postman(&house, None);
    // Entered and signed are taken; the allocation is refused once, then redirected, then taken.
    for answer in ["200 OK", "204 No Content", "500 Oops"] {
        program.answers.send(answer).unwrap();
    }
    assert_eq!(postman.carry(service, Way::Webhook).unwrap(), 3);
    let mut sent: Vec<_> = program.messages.try_iter().collect();
    for answer in ["302 Found\r\nlocation: http://127.0.0.1:1/", "200 OK"] {
        house.clock.step(100);
        program.answers.send(answer).unwrap();
        assert_eq!(postman.carry(service, Way::Webhook).unwrap(), 1, "{answer}");
        sent.extend(program.messages.try_iter());
    }
    house.clock.step(600);
    assert_eq!(postman.carry(service, Way::Webhook).unwrap(), 0);
    assert_eq!(sent.len(), 5);
    for (head, body) in &sent {
        let header = |name: &str| head.iter().find(|(n, _)| n == name).unwrap().1.clone();
        let (id, at) = (header("webhook-id"), header("webhook-timestamp").parse().unwrap());
        assert!(fits(&key, &header("webhook-signature"), &id, at, body));
        let text = String::from_utf8(body.clone()).unwrap();
        assert!(!text.contains(&number) && !text.contains(&code), "{text}");
    }
    // The same message each time it is tried, under the same id.
    assert_eq!((&sent[2].1, &sent[3].1), (&sent[4].1, &sent[4].1));
    let body: Value = serde_json::from_slice(&sent[4].1).unwrap();
    let names: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["type", "timestamp", "data"]);
    assert_eq!(body["data"], json!({"reference": reference}));
    let test = house.post("admin-1", &format!("/v1/webhooks/{hook}/test"), json!({}));
    assert_eq!(test.status, 200, "{}", test.text);
    program.answers.send("200 OK").unwrap();
    assert_eq!(postman.carry(service, Way::Webhook).unwrap(), 1);
    let (_, body) = program.messages.recv().unwrap();
    assert!(String::from_utf8(body).unwrap().starts_with("{\"type\":\"webhook.tested\""));
    let end = |key: &str| {
        let path = format!("/v1/webhooks/{hook}/end");
        house.act_once("admin-1", "POST", &path, key, json!({}))
    };
    assert_eq!(end("the-key-of-the-end").status, 200);
    assert_eq!(end("the-key-of-the-end").body["repeated"], json!(true));
    refused(&end("another-key-for-it"), 409, "wrong-state");
    // Nothing is queued for it any more.
    house.randomised(0, 2, true);
    assert_eq!(postman.carry(service, Way::Webhook).unwrap(), 0);
    house.so_far();
}

// shows: AC-8 (a name that leads into the house is not spoken to, whatever the list says of the name)
#[test]
fn a_public_host_whose_name_leads_to_this_machine_is_not_spoken_to() {
    let house = House::raise();
    let program = Program::run();
    let url = format!("https://localhost:{}/hook", program.port);
    let targets = Targets { public: vec![Target::parse(&url).unwrap()], private: vec![] };
    house.stage.house().speak_to(targets);
    assert_eq!(house.post("admin-1", "/v1/webhooks", json!({"url": url})).status, 201);
    house.randomised(0, 1, true);
    postman(&house, None).carry(house.stage.house(), Way::Webhook).unwrap();
    assert!(program.messages.try_recv().is_err());
    house.so_far();
    assert!(log(&house).iter().all(|one| one["said"] == "not-allowed"));
    house.trail_is([]);
}

// shows: CN-7, AT-7 (when nothing can be recorded, nothing can be queued; those who must know are mailed all the same, once)
#[test]
fn a_service_that_cannot_record_says_so_by_mail_past_the_outbox() {
    let house = House::raise();
    for who in ["mon-1", "spon-1", "hot-1"] {
        give_address(&house, who);
    }
    house.so_far();
    let mailbox = Mailbox::open();
    let postman = postman(&house, Some(mailbox.mailer()));
    let service = house.stage.house();
    assert!(!postman.alarm(service, false).unwrap());
    house.clock.step(-60);
    (0..3).for_each(|_| mailbox.moods.send(Mood::Takes).unwrap());
    assert!(postman.alarm(service, false).unwrap());
    let mails: Vec<String> = mailbox.mails.try_iter().collect();
    assert_eq!(mails.len(), 2, "the hotline and the monitor");
    assert!(mails.iter().all(|mail| text_of(mail).contains("https://klero.example/health")));
    assert!(postman.alarm(service, true).unwrap());
    assert!(mailbox.mails.try_recv().is_err(), "told before");
    house.clock.step(60);
    assert!(!postman.alarm(service, true).unwrap());
    house.trail_is([]);
}
