//! People come by a table; who may do what is looked at and signed; a machine reads what others are told.

use super::{Told, World};
use klero::cli::stage::{password, printed_name, signature};
use serde_json::json;

const TABLE: &str = "person,name,role,centres\r\n\
    c-new-1,Demo arrival,coordinator,huashan\r\n\
    m-new-1,Demo onlooker,monitor,\r\n";

impl World {
    /// Invited by a table or not at all, and the review of everybody's rights.
    pub fn people_came(&mut self) {
        ["admin-1", "mon-1"].into_iter().for_each(|who| self.sign_in(who));
        let (checked, taken) = ("/v1/imports/people?dry_run=true", "/v1/imports/people");
        self.send_table("admin-1", checked, TABLE, 200);
        self.send_table("admin-1", taken, TABLE, 201);
        // Somebody called like a person who was unblinded, and mistakes.
        let known = format!("person,name,role\nm-new-2,{},monitor\n", printed_name("p-rjs"));
        self.send_table("admin-1", taken, &known, 422);
        self.send_table("admin-1", checked, "person,name,role\nm-new-3,Demo,surgeon\n", 422);
        self.send_table("mon-1", taken, TABLE, 403);
        for (who, status) in [("mon-1", 200), ("admin-1", 403)] {
            let body = json!({"signature": signature(who, "review-access")});
            self.act(who, "/v1/rights/reviews", body, status);
        }
        self.a_machine_listened();
        self.nobody_added_a_passkey_alone();
        self.a_hospital_vouched();
    }

    /// A passkey stands beside a second factor; nobody here has one.
    fn nobody_added_a_passkey_alone(&mut self) {
        assert!(self.stage.house().take_passkeys("https://klero.example.org"));
        self.sign_in("mon-1");
        let own = self.send("mon-1", "GET", "/v1/passkeys", &[], None);
        assert_eq!((own.status, own.body()["mayAdd"].as_bool()), (200, Some(false)));
        let mine = json!({"password": password("mon-1")});
        self.act("mon-1", "/v1/passkeys/question", mine, 409);
        self.act("mon-1", "/v1/passkeys", json!({"ceremony": "none", "credential": {}}), 422);
        self.send("mon-1", "DELETE", "/v1/passkeys/1", &[], None);
        let body = json!({"name": "mon-1", "password": password("mon-1")});
        let asked = self.send("nobody", "POST", "/v1/sessions/question", &[], Some(&body));
        assert_eq!(asked.status, 401, "{}", asked.text);
    }

    /// With the rights of a coordinator at one centre.
    fn a_machine_listened(&mut self) {
        let body = json!({"id": "edc-7", "what": "Demo data system", "verbs": ["read-notices"],
                          "centres": ["renji-south"], "days": 30});
        let made = self.act("admin-1", "/v1/tokens", body, 201);
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap_or_default());
        let headers = [("authorization", bearer.as_str())];
        let told = self.send_as_is("edc-7", "GET", "/v1/events", &headers, None);
        assert_eq!(told.status, 200, "{}", told.text);
        assert!(told.text.contains("allocation.made") && !told.text.contains("code.broken"));
        let told = self.send_as_is("edc-7", "GET", "/v1/participants", &headers, None);
        assert_eq!(told.status, 403);
    }

    fn send_table(&mut self, who: &str, path: &str, table: &str, status: u16) {
        self.wait(1);
        let (token, key) = (self.tokens[who].clone(), self.stage.new_key());
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = ureq::http::Request::builder().method("POST");
        let request = request.uri(format!("{}{path}", self.stage.base));
        let request = request.header("content-type", "text/csv").header("idempotency-key", key);
        let request = request.header("authorization", format!("Bearer {token}"));
        let mut reply = agent.run(request.body(table).expect("a request")).expect("an answer");
        let text = reply.body_mut().read_to_string().expect("text");
        assert_eq!(reply.status().as_u16(), status, "{who} {path}: {text}");
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
        };
        let headers = reply.headers().iter().map(header);
        let headers = headers.filter(|(name, _)| name != "connection").collect();
        let route = super::route("POST", path);
        let (who, path) = (who.to_owned(), path.to_owned());
        self.told.push(Told { who, route, path, status, headers, text });
    }
}
