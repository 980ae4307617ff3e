//! The secret: which arm a slot stands for (design 4).

use super::manifest::Manifest;

/// An index into the manifest's arms, and nothing else.
///
/// It has no voice: no `Debug`, `Display`, `Clone`, `PartialEq` or `Serialize`, so nothing that holds one can derive
/// them either, and no log line, error or test message can say it by mistake. [`Arm::name`] is the one way it speaks.
pub struct Arm(u8);

impl Arm {
    /// The arm of this index; whether the manifest has as many is for the caller to check.
    pub(super) fn of_index(index: u8) -> Self {
        Self(index)
    }

    /// The index, for the bytes that are sealed.
    pub(super) fn index(&self) -> u8 {
        self.0
    }

    /// The arm's name in the manifest it was proven against, or the list it was drawn for.
    ///
    /// # Panics
    /// When the manifest has no such arm: an opener gives no arm out before it has checked that.
    pub fn name<'m>(&self, pinned: &'m Manifest) -> &'m str {
        self.name_among(&pinned.arms)
    }

    /// The same, for the list's maker, who has the names before there is a manifest.
    pub(super) fn name_among<'a>(&self, arms: &'a [String]) -> &'a str {
        &arms[usize::from(self.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::Arm;
    use static_assertions::assert_not_impl_any;

    // shows: I1
    assert_not_impl_any!(Arm: std::fmt::Debug, std::fmt::Display, Clone, Copy, PartialEq, Eq, PartialOrd);
    assert_not_impl_any!(Arm: std::hash::Hash, serde::Serialize, AsRef<u8>, std::ops::Deref, Into<u8>);

    // The macro above fails to compile when the voice comes back; this keeps it counted among the tests.
    // shows: I1
    #[test]
    fn an_arm_speaks_only_through_the_names_it_is_given() {
        let names = ["high".to_owned(), "low".to_owned()];
        assert_eq!(Arm::of_index(1).name_among(&names), "low");
    }
}
