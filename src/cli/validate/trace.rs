//! Which requirement is shown by which test of the source (VA-2). The table is written by the build's own tests, which are
//! red when a requirement has none, or when the table is not what the source says.

/// A requirement with the tests that show it.
pub struct Traced {
    /// `AL-5`.
    pub id: &'static str,
    /// What is required, in a sentence.
    pub asks: &'static str,
    /// The names of tests.
    pub tests: Vec<&'static str>,
}

const REQUIREMENTS: &str = include_str!("../../../deploy/validation/requirements.tsv");
const MATRIX: &str = include_str!("../../../deploy/validation/matrix.tsv");

/// Every requirement, in order.
pub fn traced() -> Vec<Traced> {
    let tests = |id: &str| {
        let row = MATRIX.lines().find_map(|line| line.strip_prefix(id)?.strip_prefix('\t'));
        row.map(|names| names.split(' ').collect()).unwrap_or_default()
    };
    let rows = REQUIREMENTS.lines().filter_map(|line| line.split_once('\t'));
    rows.map(|(id, asks)| Traced { id, asks, tests: tests(id) }).collect()
}

#[cfg(test)]
mod tests {
    use super::traced;

    #[test]
    fn every_requirement_has_a_test_in_the_table() {
        let all = traced();
        assert!(all.len() > 100, "the requirements are found");
        let bare: Vec<_> =
            all.iter().filter(|one| one.tests.is_empty()).map(|one| one.id).collect();
        assert!(bare.is_empty(), "shown by no test: {bare:?}");
    }
}
