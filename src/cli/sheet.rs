//! A page of its own, for the browser and the printer: headings, paragraphs, tables, pictures, nothing fetched and
//! nothing that runs. What a statistician's commands write beside their text.

pub mod plot;

/// The page as it grows.
pub struct Sheet {
    title: String,
    mark: Option<String>,
    body: String,
}

/// Text made harmless between tags and in quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Black on white, readable on a grey printer; margins for two punched holes.
const STYLE: &str = "\
@page { size: A4; margin: 15mm 15mm 15mm 25mm; }
body { font: 16px/1.5 system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; color: #12212a;
  background: #fff; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.mark { border: 3px solid; font-weight: 700; text-align: center; padding: .5rem; margin: 0 0 1rem; }
table { border-collapse: collapse; margin: 0 0 1rem; break-inside: auto; }
caption { text-align: left; color: #4d5d66; padding: 0 0 .25rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #b4c0c4; }
thead th { border-bottom: 2px solid #12212a; } tbody th { font-weight: 400; } tr { break-inside: avoid; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { overflow-x: auto; } figure { margin: 1.5rem 0; max-width: 46rem; break-inside: avoid; }
svg { display: block; width: 100%; height: auto; } svg text { font-size: 12px; fill: #12212a; }
svg .end { text-anchor: end; } svg .mid { text-anchor: middle; } svg .rule { stroke: #b4c0c4; }
svg .axis { stroke: #12212a; } svg .full { fill: #12212a; } svg .open { fill: none; stroke: #12212a; stroke-width: 1.5; }
svg .cross { fill: none; stroke: #12212a; stroke-width: 1.5; } figcaption, .hint { color: #4d5d66; }
.hash { font-family: ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
";

impl Sheet {
    /// An empty page.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), mark: None, body: String::new() }
    }

    /// The same, with words that stand at its top and at its end.
    #[must_use]
    pub fn marked(mut self, words: &str) -> Self {
        self.mark = Some(words.to_owned());
        self
    }

    /// A heading.
    pub fn heading(&mut self, text: &str) {
        self.body.push_str(&format!("<h2>{}</h2>\n", escape(text)));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.body.push_str(&format!("<p>{}</p>\n", escape(text)));
    }

    /// A list of points.
    pub fn points(&mut self, points: &[String]) {
        let items: String =
            points.iter().map(|point| format!("<li>{}</li>\n", escape(point))).collect();
        self.body.push_str(&format!("<ul>\n{items}</ul>\n"));
    }

    /// A table; the first `words` columns hold words, the others numbers.
    pub fn table(&mut self, caption: &str, head: &[&str], words: usize, rows: &[Vec<String>]) {
        let class = |at: usize| if at < words { "" } else { " class=\"n\"" };
        let named = |(at, name): (usize, &&str)| {
            format!("<th scope=\"col\"{}>{}</th>", class(at), escape(name))
        };
        let cell = |(at, text): (usize, &String)| match at {
            0 => format!("<th scope=\"row\">{}</th>", escape(text)),
            at => format!("<td{}>{}</td>", class(at), escape(text)),
        };
        let row = |row: &Vec<String>| {
            format!("<tr>{}</tr>\n", row.iter().enumerate().map(cell).collect::<String>())
        };
        let head: String = head.iter().enumerate().map(named).collect();
        let rows: String = rows.iter().map(row).collect();
        let caption = escape(caption);
        self.body.push_str(&format!(
            "<div class=\"wide\"><table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table></div>\n"
        ));
    }

    /// A picture that is made by [`plot`]; its description stands beneath.
    pub fn figure(&mut self, svg: &str, described: &str) {
        let caption = escape(described);
        self.body
            .push_str(&format!("<figure>\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n"));
    }

    /// The whole document.
    pub fn to_html(&self) -> String {
        let title = escape(&self.title);
        let mark = |words: &String| format!("<p class=\"mark\">{}</p>\n", escape(words));
        let mark = self.mark.as_ref().map(mark).unwrap_or_default();
        let body = &self.body;
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{mark}<h1>{title}</h1>\n\
             {body}{mark}</body>\n</html>\n"
        )
    }
}

/// Words in lines of at most so many characters, each beginning with `indent`.
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines = vec![indent.to_owned()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a first line");
        let begun = last.chars().count() > indent.chars().count();
        if begun && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(format!("{}{word}", " ".repeat(indent.chars().count())));
        } else {
            last.push_str(if begun { " " } else { "" });
            last.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Sheet, wrapped};

    #[test]
    fn whatever_is_put_on_a_page_is_text_and_its_mark_stands_twice() {
        let mut sheet = Sheet::new("a <b> & 'c'").marked("UNBLINDED");
        sheet.table("<script>", &["x\"", "y"], 1, &[vec!["<i>".into(), "2".into()]]);
        let html = sheet.to_html();
        assert!(!html.contains("<script>") && !html.contains("<i>") && !html.contains("<b>"));
        assert_eq!(html.matches("<p class=\"mark\">UNBLINDED</p>").count(), 2);
        assert!(html.contains("<td class=\"n\">2</td>") && html.contains("x&quot;"));
        assert!(!html.contains("http"), "nothing is fetched");
    }

    #[test]
    fn lines_are_no_longer_than_asked_and_hang_under_their_first() {
        let text = wrapped("one two three four five", "- ", 12);
        assert_eq!(text, "- one two\n  three four\n  five");
    }
}
