//! A browser without scripts: it keeps cookies, reads forms, follows the way on after a form was sent.

use klero::cli::stage::{Stage, password};
use std::collections::BTreeMap;
use ureq::Agent;
use ureq::http::Response;

/// Every service is asked under one name, since papers have it in a code to be scanned.
const HOST: &str = "klero.example";
/// The same with its scheme, as it stands on paper and in invitations.
pub const HERE: &str = "http://klero.example";

/// Somebody at a browser.
pub struct Browser<'s> {
    stage: &'s Stage,
    agent: Agent,
    cookies: BTreeMap<String, String>,
    language: &'static str,
}

/// A page as it came.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Where it stood in the end.
    pub path: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub html: String,
}

impl<'s> Browser<'s> {
    /// Nobody is signed in.
    pub fn new(stage: &'s Stage, language: &'static str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.proxy(None).build().into();
        Self { stage, agent, cookies: BTreeMap::new(), language }
    }

    /// Somebody of the cast, signed in on the start page.
    pub fn signed_in(stage: &'s Stage, language: &'static str, who: &str) -> Self {
        let mut browser = Self::new(stage, language);
        let start = browser.get("/");
        let home = browser.press(&start, &[("_name", who), ("_password", &password(who))]);
        assert_eq!((home.status, home.path.as_str()), (200, "/"), "{who}: {}", home.html);
        browser
    }

    /// A second tab: the same cookies, from now on apart.
    pub fn second_tab(&self) -> Browser<'s> {
        let (stage, agent) = (self.stage, self.agent.clone());
        Browser { stage, agent, cookies: self.cookies.clone(), language: self.language }
    }

    /// Asks for a page.
    pub fn get(&mut self, path: &str) -> Shown {
        let request = self.agent.get(format!("{}{path}", self.stage.base));
        let request = request.header("accept", "text/html").header("cookie", self.cookie());
        let request = request.header("accept-language", self.language).header("host", HOST);
        let answer = request.call().expect("the service answers");
        self.read(path, answer)
    }

    /// Sends a form as a browser does, and does not follow.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Shown {
        self.post_from(path, fields, "same-origin")
    }

    /// The same, from another site.
    pub fn post_from(&mut self, path: &str, fields: &[(&str, &str)], site: &str) -> Shown {
        let request = self.agent.post(format!("{}{path}", self.stage.base));
        let request = request.header("accept", "text/html").header("cookie", self.cookie());
        let request = request.header("accept-language", self.language).header("host", HOST);
        let request = request.header("sec-fetch-site", site);
        let answer = request.send_form(fields.iter().copied()).expect("the service answers");
        self.read(path, answer)
    }

    /// Fills the page's main form and presses its button; follows where it leads. Several values under one name are
    /// several pairs; a name that is given replaces everything that stood under it.
    pub fn press(&mut self, page: &Shown, fields: &[(&str, &str)]) -> Shown {
        let sent = self.send(page, fields);
        self.follow(sent)
    }

    /// Fills and sends the page's main form, and does not follow.
    pub fn send(&mut self, page: &Shown, fields: &[(&str, &str)]) -> Shown {
        let (action, standing) = page.form();
        let given = |name: &str| fields.iter().any(|(n, _)| *n == name);
        let all: Vec<(&str, &str)> = standing
            .iter()
            .filter(|(name, _)| !given(name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(fields.iter().copied())
            .collect();
        self.post(&action, &all)
    }

    /// Goes where a page leads (303).
    pub fn follow(&mut self, sent: Shown) -> Shown {
        match (sent.status, sent.header("location").map(str::to_owned)) {
            (303, Some(there)) => self.get(&there),
            _ => sent,
        }
    }

    /// The session ends without the browser's doing.
    pub fn lose_session(&mut self) {
        self.cookies.remove("klero");
    }

    fn cookie(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        pairs.join("; ")
    }

    fn read(&mut self, path: &str, mut answer: Response<ureq::Body>) -> Shown {
        let headers = answer.headers().iter();
        let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers: Vec<_> = headers.map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let html = answer.body_mut().read_to_string().expect("a page is text");
        Shown { path: path.to_owned(), status: answer.status().as_u16(), headers, html }
    }
}

impl Shown {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The name in the browser's history.
    pub fn title(&self) -> &str {
        between(&self.html, "<title>", "</title>").unwrap_or_default()
    }

    /// Is this said in the error summary?
    pub fn summary_says(&self, words: &str) -> bool {
        between(&self.html, "class=\"summary\"", "</div>").is_some_and(|s| s.contains(words))
    }

    /// Is this said beside the field?
    pub fn field_says(&self, field: &str, words: &str) -> bool {
        let open = format!("id=\"{field}-error\">");
        between(&self.html, &open, "</p>").is_some_and(|said| said.contains(words))
    }

    /// The main form: where it leads, and what stands in it (hidden, typed, ticked).
    pub fn form(&self) -> (String, Vec<(String, String)>) {
        let end = self.html.split("id=\"main\"").nth(1);
        let end = end.unwrap_or_else(|| panic!("a form on {}:\n{}", self.path, self.html));
        let before = self.html.split("id=\"main\"").next().unwrap();
        let opening = &before[before.rfind("<form").unwrap()..];
        let opening = format!("{opening}{}", end.split('>').next().unwrap());
        let action = attribute(&opening, "action").expect("a form leads somewhere");
        let inside = end.split("</form>").next().unwrap();
        let mut fields = vec![];
        for tag in inside.split('<').filter_map(|rest| rest.split('>').next()) {
            let chosen = !tag.contains("type=\"radio\"") && !tag.contains("type=\"checkbox\"");
            if tag.starts_with("input ")
                && (chosen || tag.ends_with(" checked"))
                && let Some(name) = attribute(tag, "name")
            {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        for rest in inside.split("<textarea ").skip(1) {
            let (tag, rest) = rest.split_once('>').unwrap();
            let text = rest.split("</textarea>").next().unwrap();
            fields.push((attribute(tag, "name").unwrap(), plain(text)));
        }
        (action, fields)
    }

    /// Where the links lead.
    pub fn links(&self) -> Vec<String> {
        let anchors = self.html.split("<a ").skip(1);
        anchors.filter_map(|rest| attribute(rest.split('>').next()?, "href")).collect()
    }
}

/// The text between two marks.
pub fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    text.split_once(from)?.1.split_once(to).map(|(inside, _)| inside)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let open = format!(" {name}=\"");
    let padded = format!(" {tag}");
    between(&padded, &open, "\"").map(plain)
}

/// Without the escapes that a template puts in.
pub fn plain(html: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(html.to_owned(), |text, (escaped, mark)| text.replace(escaped, mark))
}
