//! The page on which the sealed part of a code break's record is read and written. It holds nothing of what is sealed: the
//! writer's own device opens and seals it.

use super::frame::{Frame, paper};
use super::opening::{Device, device};
use crate::domain::access::{Act, SealPart};
use crate::domain::follow_up::{Progress, RELATED};
use crate::domain::ids::Reference;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::text::{self, Arg};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/breaks/{release}/sealed", SealPart, sealed).with_keys()]
}

/// What the scripts say of sealed records, here and in the pharmacy.
pub(super) const RECORD_SAID: [(&str, &str); 3] = [
    ("record.long", "sealed-says.long"),
    ("record.sealed", "sealed-says.sealed"),
    ("record.entry", "sealed-says.entry"),
];

/// What they say of this page's fields.
const SAID: [(&str, &str); 2] =
    [("part.related", "sealed-says.related"), ("part.narrative", "sealed-says.narrative")];

#[derive(Template)]
#[template(path = "sealed_part.html")]
struct Part<'v> {
    f: Frame<'v>,
    on: Device,
    reference: String,
    number: String,
    /// Closed: nothing is written any more.
    ended: bool,
    /// Each word for relatedness, and what it is called.
    related: Vec<(&'static str, String)>,
}

async fn sealed(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let (broken, _) = visit.house.break_of(visit.caller()?, &reference).await?;
    let back = format!("/breaks/{}", reference.as_str());
    let f = Frame::of(&visit, "sealed.title").back(back).with_script("sealed_part.js");
    let mut on = device(&f, SealPart::NAME, true)?;
    let related: Vec<_> =
        RELATED.iter().map(|word| (*word, f.say(&format!("word.{word}")))).collect();
    on.said.extend(said(&f, &RECORD_SAID));
    on.said.extend(said(&f, &SAID));
    on.said.extend(related.iter().map(|(word, name)| (format!("related.{word}"), name.clone())));
    let page = Part {
        on,
        reference: reference.as_str().to_owned(),
        number: broken.release.number.to_string(),
        ended: broken.progress == Progress::Closed,
        related,
        f,
    };
    paper(&page)
}

/// Sentences for the scripts, which put a lot or a number in themselves.
pub(super) fn said(f: &Frame<'_>, codes: &[(&str, &str)]) -> Vec<(String, String)> {
    let given = ["lot", "n"].map(|name| (name, Arg::Text(format!("{{{name}}}"))));
    let one =
        |(code, key): &(&str, &str)| ((*code).to_owned(), text::say(f.visit.language, key, &given));
    codes.iter().map(one).collect()
}
