//! The body of a refusal: RFC 9457, with a code that is never renamed and words in both languages.

use crate::refusal::{FieldError, Refusal};
use crate::text::Language;
use serde::Serialize;
use utoipa::ToSchema;

/// Why something was not done (RFC 9457). `code` is for programs and never changes; the words are for people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The page that explains the code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/no-such-record")]
    pub page: String,
    /// What it is called, in the language that was asked for.
    pub title: String,
    /// The HTTP status, once more.
    pub status: u16,
    /// What happened and why, in the language that was asked for.
    pub detail: String,
    /// What to do now, in the language that was asked for.
    pub next: String,
    /// This request's reference: tell it to the trial office. Also in the header `Klero-Request`.
    #[schema(example = "K7Q29MXT")]
    pub instance: String,
    /// The reason.
    #[schema(example = "no-such-record")]
    pub code: String,
    /// The same words in both languages.
    pub words: Said,
    /// The fields that are wrong; empty when it is not about fields.
    pub errors: Vec<WrongField>,
}

/// The words of a problem in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    /// English.
    pub en: Spoken,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    pub zh_cn: Spoken,
}

/// The words of a problem in one language.
#[derive(Debug, Serialize, ToSchema)]
pub struct Spoken {
    /// What it is called.
    pub title: String,
    /// What happened and why.
    pub detail: String,
    /// What to do now.
    pub next: String,
}

/// One field and what is wrong with it. What was sent is never repeated.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrongField {
    /// A JSON pointer (RFC 6901) into the body; empty for the body as a whole.
    #[schema(example = "/values/sledai")]
    pub pointer: String,
    /// What is wrong, for programs.
    #[schema(example = "num-range")]
    pub code: String,
    /// What is wrong, for people.
    pub words: FieldWords,
}

/// The words about a field in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldWords {
    /// English.
    pub en: String,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
}

impl ProblemBody {
    /// The body of `refusal`, for a reader of this language, about the request with this reference.
    pub fn new(refusal: &Refusal, status: u16, language: Language, request: &str) -> Self {
        let code = refusal.code.as_str();
        let Spoken { title, detail, next } = Spoken::new(refusal, language);
        Self {
            page: format!("/problems/{code}"),
            title,
            status,
            detail,
            next,
            instance: request.to_owned(),
            code: code.to_owned(),
            words: Said {
                en: Spoken::new(refusal, Language::En),
                zh_cn: Spoken::new(refusal, Language::ZhCn),
            },
            errors: refusal.errors.iter().map(WrongField::new).collect(),
        }
    }
}

impl Spoken {
    fn new(refusal: &Refusal, language: Language) -> Self {
        Self {
            title: refusal.title(language),
            detail: refusal.detail(language),
            next: refusal.next(language),
        }
    }
}

impl WrongField {
    fn new(error: &FieldError) -> Self {
        let words =
            FieldWords { en: error.words(Language::En), zh_cn: error.words(Language::ZhCn) };
        Self { pointer: error.pointer.clone(), code: error.code.as_str().to_owned(), words }
    }
}
