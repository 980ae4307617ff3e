//! Every page of the table, as everybody, in both languages.

use super::World;
use super::read::{READERS, SOME};
use klero::refusal::Code;
use klero::web;

impl World {
    /// Looks at all there is to look at. A browser's cookie holds the same token as a program's header.
    pub fn look_at_every_page(&mut self) {
        for page in web::pages().all {
            for path in self.filled(page.path) {
                // What explains a problem knows nobody.
                let public = page.path == "/problems/{code}";
                let readers = if public { &READERS[..1] } else { &READERS[..] };
                for who in readers {
                    for language in ["en", "zh-CN"] {
                        self.look(who, language, &path);
                    }
                }
            }
        }
    }

    fn look(&mut self, who: &str, language: &str, path: &str) {
        let token = self.tokens.get(who).cloned().unwrap_or_default();
        let cookie = format!("klero={token}; klero-language={language}");
        // Papers name the host by which the service was asked: the same in every world, whatever the port.
        let host = ("host", "klero.example");
        let headers = [("cookie", cookie.as_str()), ("accept", "text/html"), host];
        let told = self.send_as_is(who, "GET", path, &headers, None);
        assert!(told.status < 500, "{who} {path}: {}", told.text);
    }

    /// The address of a page with everything that can stand in its variable parts.
    fn filled(&self, path: &str) -> Vec<String> {
        let names: Vec<&str> =
            path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let mut all = vec![path.to_owned()];
        for name in names {
            let values: Vec<String> = match name {
                "reference" => SOME.iter().map(|number| self.reference(number)).collect(),
                // The first two that were written about, and one that was not.
                "release" => self.breaks.iter().take(4).cloned().collect(),
                "entry" => ["0", "1", "40", "999999"].map(str::to_owned).into(),
                "segment" => ["0", "9"].map(str::to_owned).into(),
                "person" => ["c-rjs", "i-rjw", "p-hsh", "nobody-here"].map(str::to_owned).into(),
                "kind" => ["breaks", "nothing"].map(str::to_owned).into(),
                "token" => vec!["0".repeat(40)],
                "why" => ["away", "unlinked", "nothing"].map(str::to_owned).into(),
                "machine" => vec!["no-machine".to_owned()],
                "code" => Code::ALL.iter().map(|code| code.as_str().to_owned()).collect(),
                "draft" => self.drafts.clone(),
                "page" => {
                    let pages = self.stage.house().trial.pages.iter();
                    pages.map(|page| page.id.clone()).collect()
                }
                other => panic!("say here what can stand for {other} in {path}"),
            };
            let name = format!("{{{name}}}");
            let filled =
                |path: &String| values.iter().map(|v| path.replace(&name, v)).collect::<Vec<_>>();
            all = all.iter().flat_map(filled).collect();
        }
        all
    }
}
