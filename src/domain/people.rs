//! Who is who: one account, one person, one role, for the whole trial or at named centres (design 3).

use super::ids::{CentreId, PersonId};
use std::fmt;

/// The eight roles. The order is the order of every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// 协调员: screens, randomises, records; never sees an arm.
    Coordinator,
    /// 研究者: signs eligibility, breaks a code of the own centre.
    Investigator,
    /// 非盲药师: releases codes of the own centre for a due infusion.
    Pharmacist,
    /// 紧急揭盲: breaks one code at a time, any centre, any hour.
    Hotline,
    /// 非盲统计师: made the list; grants keys; discloses at the end.
    Statistician,
    /// 监查员: reads the trail, approves the list's report.
    Monitor,
    /// 申办者: opens, pauses and closes recruitment.
    Sponsor,
    /// 管理员: accounts and health.
    Admin,
}

impl Role {
    /// All eight, in the order of every table.
    pub const ALL: [Role; 8] = [
        Role::Coordinator,
        Role::Investigator,
        Role::Pharmacist,
        Role::Hotline,
        Role::Statistician,
        Role::Monitor,
        Role::Sponsor,
        Role::Admin,
    ];

    /// The role's word in lines, cards and bodies.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Coordinator => "coordinator",
            Role::Investigator => "investigator",
            Role::Pharmacist => "pharmacist",
            Role::Hotline => "hotline",
            Role::Statistician => "statistician",
            Role::Monitor => "monitor",
            Role::Sponsor => "sponsor",
            Role::Admin => "admin",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// May this role hold a key that opens a slot? A coordinator never may (I11).
    pub fn holds_keys(self) -> bool {
        match self {
            Role::Investigator | Role::Pharmacist | Role::Hotline | Role::Statistician => true,
            Role::Coordinator | Role::Monitor | Role::Sponsor | Role::Admin => false,
        }
    }

    /// Does this role work at named centres, rather than for the whole trial?
    pub fn works_at_centres(self) -> bool {
        matches!(self, Role::Coordinator | Role::Investigator | Role::Pharmacist)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account's name for ever.
    pub id: PersonId,
    /// The printed name that stands under signatures.
    pub name: String,
    /// The one role.
    pub role: Role,
    /// Where: empty for a role that works for the whole trial.
    pub centres: Vec<CentreId>,
}

/// What an administrator lets a person set up anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anew {
    /// The password.
    Password,
    /// The second factor.
    SecondFactor,
}

impl Anew {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Anew::Password => "password",
            Anew::SecondFactor => "second-factor",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Anew::Password, Anew::SecondFactor].into_iter().find(|anew| anew.as_str() == word)
    }
}
