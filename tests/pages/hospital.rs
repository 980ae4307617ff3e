//! A hospital's server made up for a test: a real HTTP server on a port of its own, which signs real tokens, and says
//! whatever it is told to say.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use klero::dice::SystemDice;
use klero::sealing::bytes::{hex, sha256};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

/// This service's name at that server, and what it shows to be that.
pub const CLIENT: &str = "klero";
pub const SECRET: &str = "a made-up client's secret";

/// By what a token is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    Es256,
    Rs256,
    /// Not at all.
    None,
    /// Keyed with what the client knows as well.
    Hs256,
    /// By a key that nobody has published, under the name of one that somebody has.
    Stranger,
}

/// How a question is answered.
#[derive(Clone)]
pub enum Answering {
    Right,
    /// These bytes in the place of an answer, with this type.
    Says(&'static str, String),
    /// Text without an end.
    Endless,
    /// Elsewhere.
    Redirect(String),
}

type Alter = Box<dyn Fn(&mut Value, &mut Value) + Send>;

/// What it was told to say.
pub struct Script {
    pub signing: Signing,
    /// Alters header and claims before they are signed.
    pub alter: Alter,
    pub describes: Answering,
    pub gives: Answering,
    /// Alters its description of itself.
    pub described: Box<dyn Fn(&mut Value) + Send>,
    /// The name of the key that signs now.
    pub kid: &'static str,
    /// Wants the client's secret among what is posted, and not in a header.
    pub secret_in_body: bool,
    now: i64,
    codes: BTreeMap<String, Value>,
    used: BTreeSet<String>,
    asked: Vec<String>,
}

impl Script {
    /// The moment that it believes in, in seconds.
    pub fn now_is(&mut self, now: i64) {
        self.now = now;
    }
}

struct Keys {
    ec: BTreeMap<&'static str, EcdsaKeyPair>,
    stranger: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

/// The server.
pub struct Hospital {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Made for these tests alone; it opens nothing.
const RSA: &str = include_str!("hospital.rsa");

fn ec() -> EcdsaKeyPair {
    let (alg, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref(), &random).unwrap()
}

impl Hospital {
    /// Opens its doors. `now` is the moment that it believes in, in seconds.
    pub fn open(now: i64) -> Self {
        Self::open_behind(None, now)
    }

    /// The same behind TLS, where this is given.
    pub fn open_behind(tls: Option<Arc<ServerConfig>>, now: i64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let issuer = format!("{scheme}://{}", listener.local_addr().unwrap());
        let rsa = STANDARD.decode(RSA.split_whitespace().collect::<String>()).unwrap();
        let keys = Keys {
            ec: [("one", ec()), ("two", ec())].into(),
            stranger: ec(),
            rsa: RsaKeyPair::from_pkcs8(&rsa).unwrap(),
        };
        let script = Script {
            signing: Signing::Es256,
            alter: Box::new(|_, _| {}),
            describes: Answering::Right,
            gives: Answering::Right,
            described: Box::new(|_| {}),
            kid: "one",
            secret_in_body: false,
            now,
            codes: BTreeMap::new(),
            used: BTreeSet::new(),
            asked: vec![],
        };
        let (script, over) = (Arc::new(Mutex::new(script)), Arc::new(AtomicBool::new(false)));
        let (told, ended, own) = (Arc::clone(&script), Arc::clone(&over), issuer.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                // A client that goes away in the middle is none of this server's business.
                let _ = match &tls {
                    None => answer(stream, &own, &told, &keys),
                    Some(tls) => {
                        let connection = ServerConnection::new(Arc::clone(tls)).unwrap();
                        answer(StreamOwned::new(connection, stream), &own, &told, &keys)
                    }
                };
            }
        });
        Self { issuer, script, over, thread: Some(thread) }
    }

    /// Says from now on what it is told to.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// What it was asked since the last time: method and path.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.script().asked)
    }

    /// Somebody signs in at the page that the browser was sent to: where the browser is sent back to.
    pub fn sign_in(&self, page: &str, subject: &str) -> String {
        let query = page.strip_prefix(&format!("{}/authorize?", self.issuer)).expect(page);
        let pairs: BTreeMap<String, String> = form(query);
        assert_eq!(
            (pairs["client_id"].as_str(), pairs["response_type"].as_str()),
            (CLIENT, "code")
        );
        assert_eq!((pairs["scope"].as_str(), pairs["prompt"].as_str()), ("openid", "login"));
        assert_eq!(pairs["code_challenge_method"], "S256");
        let code = hex(&klero::dice::roll::<16>(&SystemDice::default()));
        let asked = json!({"nonce": pairs["nonce"], "challenge": pairs["code_challenge"],
                           "back": pairs["redirect_uri"], "subject": subject});
        self.script().codes.insert(code.clone(), asked);
        let back = pairs["redirect_uri"].strip_prefix("http://klero.example").expect("our address");
        format!("{back}?code={code}&state={}&session_state=x", pairs["state"])
    }

    /// Closes its doors for good.
    pub fn close(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let (_, address) = self.issuer.split_once("://").unwrap();
        // It waits for a last visitor.
        drop(TcpStream::connect(address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        self.close();
    }
}

/// Pairs as a form or a query writes them.
pub fn form(text: &str) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let (mut bytes, mut rest) = (vec![], text.bytes());
        while let Some(b) = rest.next() {
            bytes.push(match b {
                b'+' => b' ',
                b'%' => {
                    let two = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(str::from_utf8(&two).unwrap(), 16).unwrap()
                }
                b => b,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

fn answer(
    stream: impl Read + Write,
    issuer: &str,
    script: &Mutex<Script>,
    keys: &Keys,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let asked: Vec<&str> = first.split(' ').take(2).collect();
    let mut script = script.lock().unwrap();
    script.asked.push(asked.join(" "));
    let (how, right) = match asked[..] {
        ["GET", "/.well-known/openid-configuration"] => {
            let mut own = description(issuer);
            if script.secret_in_body {
                own["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
            }
            (script.described)(&mut own);
            (script.describes.clone(), Some(own))
        }
        ["GET", "/keys"] => (Answering::Right, Some(published(keys, script.kid))),
        ["POST", "/token"] => {
            let body = form(str::from_utf8(&body).unwrap());
            (script.gives.clone(), tokens(&mut script, &body, &authorization, issuer, keys))
        }
        _ => (Answering::Right, None),
    };
    drop(script);
    say(reader.get_mut(), how, right)
}

fn say(stream: &mut impl Write, how: Answering, right: Option<Value>) -> std::io::Result<()> {
    let (status, more, body) = match (how, right) {
        (Answering::Right, Some(right)) => {
            ("200 OK", "content-type: application/json".to_owned(), right.to_string())
        }
        (Answering::Right, None) => (
            "400 Bad Request",
            "content-type: application/json".to_owned(),
            json!({"error": "invalid_grant"}).to_string(),
        ),
        (Answering::Says(kind, text), _) => ("200 OK", format!("content-type: {kind}"), text),
        (Answering::Redirect(there), _) => {
            ("302 Found", format!("location: {there}"), String::new())
        }
        (Answering::Endless, _) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n["
            )?;
            loop {
                stream.write_all(&[b' '; 4096])?;
            }
        }
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{more}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn description(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    })
}

fn published(keys: &Keys, kid: &str) -> Value {
    let point = keys.ec[kid].public_key().as_ref();
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    // DER of 2048 bits: two heads, a zero, the modulus; then the exponent 65537.
    let der = keys.rsa.public().as_ref();
    json!({"keys": [
        {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
         "x": b64(&point[1..33]), "y": b64(&point[33..])},
        {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "rsa",
         "n": b64(&der[9..265]), "e": "AQAB"},
    ]})
}

/// What a code is worth: once, to whoever shows what its hash went before.
fn tokens(
    script: &mut Script,
    body: &BTreeMap<String, String>,
    authorization: &str,
    issuer: &str,
    keys: &Keys,
) -> Option<Value> {
    if script.secret_in_body {
        let shown = (body["client_id"].as_str(), body["client_secret"].as_str(), authorization);
        assert_eq!(shown, (CLIENT, SECRET, ""));
    } else {
        let shown = authorization.strip_prefix("Basic ")?;
        let shown = String::from_utf8(STANDARD.decode(shown).ok()?).unwrap();
        let secret = SECRET.replace(' ', "+").replace('\'', "%27");
        assert_eq!(shown, format!("{CLIENT}:{secret}"));
        assert!(!body.contains_key("client_secret"));
    }
    let asked = script.codes.get(&body["code"])?.clone();
    if !script.used.insert(body["code"].clone()) {
        return None;
    }
    let challenge = URL_SAFE_NO_PAD.encode(sha256(body["code_verifier"].as_bytes()));
    if asked["challenge"] != challenge || asked["back"] != body["redirect_uri"].as_str() {
        return None;
    }
    let access = "an access token that nobody uses";
    let half = &sha256(access.as_bytes())[..16];
    let (alg, kid) = match script.signing {
        Signing::Es256 | Signing::Stranger => ("ES256", script.kid),
        Signing::Rs256 => ("RS256", "rsa"),
        Signing::None => ("none", "one"),
        Signing::Hs256 => ("HS256", "one"),
    };
    let mut header = json!({"alg": alg, "kid": kid, "typ": "JWT"});
    let mut claims = json!({
        "iss": issuer, "sub": asked["subject"], "aud": CLIENT, "azp": CLIENT,
        "iat": script.now, "exp": script.now + 300, "auth_time": script.now,
        "nonce": asked["nonce"], "at_hash": URL_SAFE_NO_PAD.encode(half),
        "name": "Demo Somebody", "email": "somebody@hospital.example",
    });
    (script.alter)(&mut header, &mut claims);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&header), part(&claims));
    let signature = sign(script, keys, text.as_bytes());
    let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
    Some(json!({"access_token": access, "token_type": "Bearer", "id_token": token}))
}

fn sign(script: &Script, keys: &Keys, text: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    match script.signing {
        Signing::Es256 => keys.ec[script.kid].sign(&random, text).unwrap().as_ref().to_vec(),
        Signing::Stranger => keys.stranger.sign(&random, text).unwrap().as_ref().to_vec(),
        Signing::Rs256 => {
            let mut signature = vec![0; keys.rsa.public().modulus_len()];
            keys.rsa.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).unwrap();
            signature
        }
        Signing::None => vec![],
        Signing::Hs256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
            hmac::sign(&key, text).as_ref().to_vec()
        }
    }
}
