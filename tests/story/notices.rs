//! Others are told: addresses are given, a program is added, time makes known what is late, and everything that is on its
//! way out is looked at as whoever receives it sees it.

use super::{Told, World};
use klero::domain::target::{Target, Targets};
use klero::http::notices::message;
use klero::post::Postman;
use klero::post::mail::Mailer;
use klero::post::webhook::Programs;
use klero::service::deliveries::Way;
use serde_json::json;

/// Nobody listens there; what would be sent is looked at, and not sent.
const PROGRAM: &str = "http://127.0.0.1:9/hook";

impl World {
    /// Who wants to be told, before there is anything to tell.
    pub fn wants_to_be_told(&mut self) {
        let target = Target::parse(PROGRAM).expect("an address");
        self.stage.house().speak_to(Targets { public: vec![], private: vec![target] });
        for who in ["i-rjs", "c-rjs", "p-rjs", "hot-1", "stat-1", "mon-1", "spon-1", "admin-1"] {
            let body = json!({"address": format!("{who}@hospital.example")});
            self.act(who, "/v1/notices/address", body, 200);
        }
        self.act("admin-1", "/v1/webhooks", json!({"url": PROGRAM}), 201);
        self.act("admin-1", "/v1/webhooks", json!({"url": "https://elsewhere.example/"}), 422);
    }

    /// What is on its way out, as mails and as messages; the mails then go into a folder.
    pub fn told_others(&mut self) {
        let house = self.stage.house().clone();
        house.look().expect("the service looks");
        let outbox = self.folder.join("outbox");
        std::fs::create_dir_all(&outbox).expect("the folder can be written");
        let mail = Mailer::to_folder(&outbox, "klero@trial.example").expect("a sender");
        let programs = Programs::new(&house.secret);
        let site = Some("https://klero.example".to_owned());
        let postman = Postman { mail: Some(mail), programs, site };
        let mut told = vec![];
        for due in house.due(Way::Webhook, 10_000).expect("what is due") {
            let text = String::from_utf8(message(&due.notice)).expect("JSON is text");
            told.push(("program", due.delivery.which, text));
        }
        for due in house.due(Way::Mail, 10_000).expect("what is due") {
            let role = due.role.expect("somebody");
            let letter = postman.letter(&house, &due.notice, role);
            told.push((
                "reader",
                due.delivery.which,
                format!("{}\n{}", letter.subject, letter.body),
            ));
        }
        assert!(told.len() > 40, "much is on its way out: {}", told.len());
        for (who, which, text) in told {
            self.told.push(Told {
                who: format!("{who} {}", which.target),
                route: format!("sent by {}", which.way.as_str()),
                path: which.entry.to_string(),
                status: 200,
                headers: vec![],
                text,
            });
        }
        while postman.carry(&house, Way::Mail).expect("mails go into the folder") > 0 {}
    }
}
