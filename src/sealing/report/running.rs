//! What a trail shows of the service's own running: its clock, and who may use it.

use super::Looked;
use super::reconcile::{Found, Stands};

pub(super) fn clock(looked: &Looked) -> Found {
    let back = looked.lines.windows(2).filter(|two| two[1].at < two[0].at);
    let back: Vec<String> = back.map(|two| two[1].seq.to_string()).collect();
    match back.is_empty() {
        true => (Stands::Pass, "no counted entry is older than the one before it".to_owned()),
        false => (Stands::Fail, format!("time goes back at entries {}", back.join(", "))),
    }
}

/// When the rights were reviewed under a signature, and how many accounts were ended. Whether that was right, people say.
pub(super) fn rights(looked: &Looked) -> Found {
    let reviews: Vec<String> =
        looked.acts("access-reviewed").map(|line| line.seq.to_string()).collect();
    let reviewed = match reviews.as_slice() {
        [] => "no signed review of the rights in the trail".to_owned(),
        entries => format!("rights reviewed in entries {}", entries.join(", ")),
    };
    let ended = looked.acts("person-disabled").count();
    (Stands::Pass, format!("{reviewed}; {ended} accounts ended"))
}
