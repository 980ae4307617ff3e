//! XML, written by hand: one element a line, so that a line can be found and filled later.

use std::fmt::Write as _;

/// One element after the other, indented; texts are escaped on the way.
pub(super) struct Xml {
    out: String,
    open: Vec<String>,
}

impl Xml {
    /// An empty document.
    pub(super) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: vec![] }
    }

    /// Closes what is open, and gives the bytes.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.end();
        }
        self.out.into_bytes()
    }

    pub(super) fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.element(name, attributes, ">");
        self.open.push(name.to_owned());
    }

    pub(super) fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.line(&format!("</{name}>"));
        }
    }

    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.element(name, attributes, "/>");
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.line(&format!("<{name}>{}</{name}>", escaped(text)));
    }

    /// An element around one text in English; `attributes` say more of the text.
    pub(super) fn translated(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.begin(name, &[]);
        let all = [&[("xml:lang", "en")][..], attributes].concat();
        self.valued("TranslatedText", &all, text);
        self.end();
    }

    /// An element with attributes around a text.
    fn valued(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.element(name, attributes, &format!(">{}</{name}>", escaped(text)));
    }

    fn element(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) {
        let mut line = format!("<{name}");
        for (name, value) in attributes {
            let _ = write!(line, " {name}=\"{}\"", escaped(value));
        }
        line.push_str(end);
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        self.out.extend(std::iter::repeat_n(' ', self.open.len()));
        self.out.push_str(line);
        self.out.push('\n');
    }
}

/// What XML cannot hold at all is left out; every control character among it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
