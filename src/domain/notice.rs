//! What others are told of an entry: that something happened, never what (design 3 and 6).
//!
//! A notice is made from an entry by [`Notice::of`] alone, and has no field that could carry more than its kind, the time,
//! a reference, the centre and an enrolment number. So whatever leaves the house as mail, webhook or feed can say no more.

use super::access::{
    Act, ManageDeliveries, Reach, ReadBreaks, ReadParticipants, ReadPeople, ReadRecruitment,
    ReadStrata, ReadTrail,
};
use super::entry::{Entry, Fact, Facts, fact};
use super::ids::{CentreId, EnrolmentNumber, Reference};
use super::people::{Person, Role};
use super::time::Moment;

/// The entry that the service leaves when time itself makes a notice.
pub const NOTICED: &str = "noticed";
/// The refusal of a randomisation for which the list had no code left. Its entry names the centre and no stratum.
const USED_UP: &str = "no-allocation-available";

/// How somebody in a role learns of a kind of notice: on a page, or by mail as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Of which centres.
    pub reach: Reach,
    /// By mail too, where an address is known.
    pub mail: bool,
}

/// Not at all; on a page, of the own centres or of all; by mail as well.
const NONE: Told = Told { reach: Reach::Never, mail: false };
const PAGE_C: Told = Told { reach: Reach::Centre, mail: false };
const PAGE: Told = Told { reach: Reach::Trial, mail: false };
const MAIL_C: Told = Told { reach: Reach::Centre, mail: true };
const MAIL: Told = Told { reach: Reach::Trial, mail: true };
/// Does it leave the house, through webhooks and the feed?
const OUT: bool = true;
const HOME: bool = false;

/// One line a kind, one column a role: a kind that has not decided about a role does not compile.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident $name:literal
        $coord:ident $inv:ident $pharm:ident $hot:ident $stat:ident $mon:ident $spon:ident $adm:ident $out:ident; )*) => {
        /// A kind of notice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $( $(#[$doc])* $kind, )*
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// Its word, in messages and tables.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$kind => $name),* }
            }

            /// Who is told, and how.
            pub fn tells(self, role: Role) -> Told {
                match self {
                    $(Kind::$kind => match role {
                        Role::Coordinator => $coord,
                        Role::Investigator => $inv,
                        Role::Pharmacist => $pharm,
                        Role::Hotline => $hot,
                        Role::Statistician => $stat,
                        Role::Monitor => $mon,
                        Role::Sponsor => $spon,
                        Role::Admin => $adm,
                    }),*
                }
            }

            /// May webhooks and the feed carry it?
            pub fn leaves(self) -> bool {
                match self { $(Kind::$kind => $out),* }
            }
        }
    };
}

kinds! {
//                                                        coord   invest  pharm   hotline statist monitor sponsor admin
    /// Somebody was screened.
    ParticipantEntered   "participant.entered"            NONE    MAIL_C  NONE    NONE    NONE    PAGE    NONE    NONE    OUT;
    /// An investigator signed that somebody is eligible.
    EligibilitySigned    "eligibility.signed"             MAIL_C  NONE    NONE    NONE    NONE    PAGE    NONE    NONE    OUT;
    /// A code was issued.
    AllocationMade       "allocation.made"                PAGE_C  MAIL_C  MAIL_C  NONE    NONE    PAGE    NONE    NONE    OUT;
    /// What a randomised participant's answers were is said anew.
    AllocationCorrected  "allocation.corrected"           NONE    MAIL_C  NONE    NONE    MAIL    MAIL    NONE    NONE    OUT;
    /// An infusion left the pharmacy.
    PreparationHandedOver "preparation.handed-over"       MAIL_C  NONE    NONE    NONE    NONE    PAGE    NONE    NONE    OUT;
    /// Somebody's treatment ended.
    TreatmentEnded       "treatment.ended"                NONE    MAIL_C  MAIL_C  NONE    NONE    MAIL    NONE    NONE    OUT;
    /// A code was broken: that, never what.
    CodeBroken           "code.broken"                    NONE    MAIL_C  NONE    PAGE    NONE    MAIL    MAIL    NONE    OUT;
    /// Within the day before, the same person broke a code, or one was broken at the same centre. It refuses nothing.
    CodeBrokenAgain      "code.broken-again"              NONE    NONE    NONE    NONE    NONE    MAIL    MAIL    NONE    HOME;
    /// The record of a code break was not written in time.
    FollowUpOverdue      "follow-up.overdue"              NONE    MAIL_C  NONE    MAIL    NONE    MAIL    MAIL    NONE    OUT;
    /// No device confirmed within minutes that it opened a release, which counts as unblinded all the same.
    OpeningUnconfirmed   "opening.unconfirmed"            NONE    NONE    NONE    PAGE    PAGE    MAIL    NONE    NONE    OUT;
    /// Recruitment was opened, paused or closed.
    RecruitmentChanged   "recruitment.changed"            MAIL_C  MAIL_C  MAIL_C  PAGE    PAGE    MAIL    MAIL    NONE    OUT;
    /// Somebody was marked as principal investigator, or is it no longer: who closes code breaks has changed.
    PrincipalChanged     "principal.changed"              NONE    PAGE_C  NONE    NONE    NONE    MAIL    PAGE    NONE    HOME;
    /// No drill of the emergency path was passed in time.
    DrillOverdue         "drill.overdue"                  NONE    PAGE_C  NONE    MAIL    NONE    MAIL    NONE    PAGE    OUT;
    /// A day's entries are under a signed checkpoint.
    CheckpointMade       "checkpoint.made"                NONE    NONE    NONE    NONE    PAGE    PAGE    NONE    NONE    OUT;
    /// Somebody has a code since yesterday, and no infusion.
    InfusionWaiting      "infusion.waiting"               MAIL_C  PAGE_C  NONE    NONE    NONE    PAGE    NONE    NONE    HOME;
    /// A stratum's list has no code left. For the statistician alone.
    ListUsedUp           "list.used-up"                   NONE    NONE    NONE    NONE    MAIL    NONE    NONE    NONE    HOME;
    /// A device found that a seal does not fit the commitment.
    SealBad              "seal.bad"                       NONE    NONE    NONE    NONE    MAIL    MAIL    NONE    NONE    HOME;
    /// Wrong passwords again and again under one account's name.
    SignInFailing        "sign-in.failing"                NONE    NONE    NONE    NONE    NONE    MAIL    NONE    MAIL    HOME;
    /// The service cannot record what it should: disk, trail, checkpoint store or clock. Mailed past the outbox.
    ServiceFault         "service.fault"                  NONE    NONE    NONE    MAIL    MAIL    MAIL    NONE    MAIL    HOME;
    /// A mail or a webhook could not be delivered in three days.
    DeliveryGivenUp      "delivery.given-up"              NONE    NONE    NONE    NONE    NONE    NONE    NONE    PAGE    HOME;
    /// A webhook was tried out.
    WebhookTested        "webhook.tested"                 NONE    NONE    NONE    NONE    NONE    NONE    NONE    PAGE    HOME;
}

impl Kind {
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Kind::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// Is it made by time going by, and not by somebody's act?
    pub fn is_of_time(self) -> bool {
        matches!(
            self,
            Kind::CodeBrokenAgain
                | Kind::FollowUpOverdue
                | Kind::OpeningUnconfirmed
                | Kind::DrillOverdue
                | Kind::CheckpointMade
                | Kind::InfusionWaiting
                | Kind::DeliveryGivenUp
        )
    }

    /// May this person know of it, if it is about this centre? What is about no centre is about all.
    pub fn concerns(self, person: &Person, centre: Option<&CentreId>) -> bool {
        match self.tells(person.role).reach {
            Reach::Never => false,
            Reach::Centre => centre.is_none_or(|centre| person.centres.contains(centre)),
            Reach::Trial => true,
        }
    }

    /// Is this person told by mail? Whoever did it knows.
    pub fn is_mailed(self, person: &Person, centre: Option<&CentreId>, by: &str) -> bool {
        let told = self.tells(person.role).mail && self.concerns(person, centre);
        told && person.id.as_str() != by
    }
}

/// What somebody is told. There is no room in it for anything that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub kind: Kind,
    /// When.
    pub at: Moment,
    /// Of the record that it is about, if it is about one.
    pub reference: Option<Reference>,
    /// Where.
    pub centre: Option<CentreId>,
    /// Whom it is about; for mail and pages of those who may read it, and for nobody else.
    pub number: Option<EnrolmentNumber>,
}

impl Notice {
    /// What others are told of an entry, if of this one anybody is.
    pub fn of(entry: &Entry, at: Moment) -> Option<Notice> {
        let kind = kind_of(entry)?;
        Some(Notice {
            kind,
            at,
            reference: text(&entry.on, "reference").and_then(|r| Reference::parse(r).ok()),
            centre: entry.centre.clone(),
            number: text(&entry.on, "participant").and_then(|n| EnrolmentNumber::parse(n).ok()),
        })
    }

    /// The page on which somebody in this role finds more about it; the start page where there is none for them.
    pub fn place(&self, role: Role) -> String {
        let reads = |reach: Reach| reach != Reach::Never;
        let about = |folder: &str| match &self.reference {
            Some(reference) => format!("/{folder}/{}", reference.as_str()),
            None => format!("/{folder}"),
        };
        let page = |may: Reach, page: String| if reads(may) { page } else { "/".to_owned() };
        match self.kind {
            Kind::CodeBroken | Kind::CodeBrokenAgain | Kind::FollowUpOverdue => {
                page(ReadBreaks::reach(role), about("breaks"))
            }
            // It may be a preparation's, which is on no page of its own.
            Kind::OpeningUnconfirmed => page(ReadBreaks::reach(role), "/breaks".to_owned()),
            Kind::ParticipantEntered
            | Kind::EligibilitySigned
            | Kind::AllocationMade
            | Kind::AllocationCorrected
            | Kind::TreatmentEnded
            | Kind::InfusionWaiting => page(ReadParticipants::reach(role), about("participants")),
            Kind::PreparationHandedOver => {
                page(ReadParticipants::reach(role), "/participants".to_owned())
            }
            Kind::RecruitmentChanged => {
                page(ReadRecruitment::reach(role), "/recruitment".to_owned())
            }
            Kind::CheckpointMade => page(ReadTrail::reach(role), "/verify".to_owned()),
            Kind::ListUsedUp => page(ReadStrata::reach(role), "/notices".to_owned()),
            Kind::SealBad => page(ReadTrail::reach(role), "/trail".to_owned()),
            Kind::SignInFailing | Kind::PrincipalChanged => {
                page(ReadPeople::reach(role), "/people".to_owned())
            }
            Kind::DrillOverdue | Kind::ServiceFault => "/health".to_owned(),
            Kind::DeliveryGivenUp | Kind::WebhookTested => {
                page(ManageDeliveries::reach(role), "/deliveries".to_owned())
            }
        }
    }

    /// The entry by which the service makes a notice that time has made.
    pub fn entry(&self) -> Entry {
        let entry = Entry { centre: self.centre.clone(), ..Entry::new(NOTICED) };
        let entry = match &self.number {
            Some(number) => entry.on("participant", number.as_str()),
            None => entry,
        };
        let entry = match &self.reference {
            Some(reference) => entry.on("reference", reference.as_str()),
            None => entry,
        };
        entry.with("kind", self.kind.as_str())
    }
}

fn text<'f>(facts: &'f Facts, name: &str) -> Option<&'f str> {
    match fact(facts, name)? {
        Fact::Text(text) => Some(text),
        _ => None,
    }
}

/// The one table of which entries make which notices.
fn kind_of(entry: &Entry) -> Option<Kind> {
    let data = |name| text(&entry.data, name);
    match entry.act.as_str() {
        "participant-screened" => Some(Kind::ParticipantEntered),
        "eligibility-signed" => Some(Kind::EligibilitySigned),
        "randomised" => Some(Kind::AllocationMade),
        "answers-corrected" => Some(Kind::AllocationCorrected),
        "handed-over" => Some(Kind::PreparationHandedOver),
        "treatment-ended" => Some(Kind::TreatmentEnded),
        "release-for-break" => Some(Kind::CodeBroken),
        "recruitment-opened" | "recruitment-paused" | "recruitment-closed" => {
            Some(Kind::RecruitmentChanged)
        }
        "principal-marked" => Some(Kind::PrincipalChanged),
        "opened" if fact(&entry.data, "fits") == Some(&Fact::Yes(false)) => Some(Kind::SealBad),
        "refused" if entry.centre.is_some() && data("problem") == Some(USED_UP) => {
            Some(Kind::ListUsedUp)
        }
        "sign-in-failed" if fact(&entry.data, "again") == Some(&Fact::Yes(true)) => {
            Some(Kind::SignInFailing)
        }
        "webhook-tested" => Some(Kind::WebhookTested),
        NOTICED => data("kind").and_then(Kind::parse).filter(|kind| kind.is_of_time()),
        _ => None,
    }
}

/// May this text be an address that mail goes to? One line, one `@` with something around it, nothing that could end a
/// header; whether anybody reads it, only mail can tell.
pub fn is_address(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"".contains(c);
    match text.split_once('@') {
        Some((name, host)) => {
            let dotted = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
            (1..=64).contains(&name.len())
                && text.len() <= ADDRESS_MAX
                && dotted
                && !host.contains("..")
                && !host.contains('@')
                && text.chars().all(plain)
        }
        None => false,
    }
}

/// The longest address, in characters.
pub const ADDRESS_MAX: usize = 254;

/// When a delivery is tried again after so many tries: soon, then more and more seldom; none when it is given up.
pub fn next_try(since: Moment, tries: u32, now: Moment) -> Option<Moment> {
    let gap = FIRST_GAP.saturating_mul(3i64.saturating_pow(tries.saturating_sub(1)));
    let next = now.plus_seconds(gap.min(LONGEST_GAP));
    (next <= since.plus_seconds(DELIVERY_SECONDS)).then_some(next)
}

/// The first gap between two tries, in seconds; each is three times the one before.
const FIRST_GAP: i64 = 30;
/// The longest gap, in seconds.
const LONGEST_GAP: i64 = 12 * 60 * 60;
/// A delivery is given up after this many seconds.
pub const DELIVERY_SECONDS: i64 = 3 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PersonId;

    fn person(role: Role, centres: &[&str]) -> Person {
        let centres = centres.iter().map(|id| CentreId::parse(id).unwrap()).collect();
        let id = PersonId::parse("somebody").unwrap();
        Person { id, name: "Somebody".into(), role, centres }
    }

    // shows: EU-8, CO-3
    #[test]
    fn a_used_up_list_is_told_to_the_statistician_and_to_nobody_else() {
        let centre = CentreId::parse("east").unwrap();
        let refused = Entry::new("refused").at(&centre).with("problem", USED_UP);
        let notice = Notice::of(&refused, Moment::from_millis(0)).unwrap();
        assert_eq!(notice.kind, Kind::ListUsedUp);
        for role in Role::ALL {
            let told = notice.kind.concerns(&person(role, &["east"]), Some(&centre));
            assert_eq!(told, role == Role::Statistician, "{role}");
        }
        assert!(!notice.kind.leaves());
    }

    // shows: EU-8
    #[test]
    fn whoever_broke_a_code_is_not_told_and_another_centre_is_not_either() {
        let (east, west) = (CentreId::parse("east").unwrap(), CentreId::parse("west").unwrap());
        let mailed = |role, centres: &[&str], by: &str, at: &CentreId| {
            Kind::CodeBroken.is_mailed(&person(role, centres), Some(at), by)
        };
        assert!(mailed(Role::Investigator, &["east"], "hot-1", &east));
        assert!(!mailed(Role::Investigator, &["east"], "hot-1", &west));
        assert!(!mailed(Role::Investigator, &["east"], "somebody", &east));
        assert!(mailed(Role::Sponsor, &[], "hot-1", &west));
        assert!(!mailed(Role::Admin, &[], "hot-1", &west));
    }

    /// What nobody does: it is due, late or waiting.
    const OF_TIME: [&str; 7] = [
        "checkpoint.made",
        "code.broken-again",
        "delivery.given-up",
        "drill.overdue",
        "follow-up.overdue",
        "infusion.waiting",
        "opening.unconfirmed",
    ];

    // shows: EU-8
    #[test]
    fn each_act_that_somebody_waits_for_makes_its_notice_and_what_only_looks_like_it_makes_none() {
        let entry = |act| Entry::new(act);
        let centre = CentreId::parse("east").unwrap();
        let table = [
            (entry("participant-screened"), "participant.entered"),
            (entry("eligibility-signed"), "eligibility.signed"),
            (entry("randomised"), "allocation.made"),
            (entry("answers-corrected"), "allocation.corrected"),
            (entry("handed-over"), "preparation.handed-over"),
            (entry("treatment-ended"), "treatment.ended"),
            (entry("release-for-break"), "code.broken"),
            (entry("recruitment-opened"), "recruitment.changed"),
            (entry("recruitment-paused"), "recruitment.changed"),
            (entry("recruitment-closed"), "recruitment.changed"),
            (entry("principal-marked"), "principal.changed"),
            (entry("opened").with("fits", false), "seal.bad"),
            (entry("refused").at(&centre).with("problem", USED_UP), "list.used-up"),
            (entry("sign-in-failed").with("again", true), "sign-in.failing"),
            (entry("webhook-tested"), "webhook.tested"),
            (entry("opened").with("fits", true), ""),
            (entry("opened"), ""),
            (entry("refused").with("problem", USED_UP), ""),
            (entry("refused").at(&centre).with("problem", "too-late"), ""),
            (entry("sign-in-failed").with("again", false), ""),
            (entry("sign-in-failed"), ""),
            (entry("signed-in"), ""),
        ];
        for (entry, word) in table {
            let notice = Notice::of(&entry, Moment::from_millis(0));
            assert_eq!(notice.map_or("", |notice| notice.kind.as_str()), word, "{}", entry.act);
        }
    }

    #[test]
    fn what_time_makes_is_read_back_from_its_entry_and_no_act_can_be_passed_off_as_it() {
        let at = Moment::from_millis(5);
        for kind in Kind::ALL.iter().copied() {
            let number = EnrolmentNumber::parse("RJS-001").ok();
            let reference = Reference::parse("K7Q29MXT").ok();
            let notice = Notice { kind, at, reference, centre: None, number };
            let read = Notice::of(&notice.entry(), at);
            let of_time = OF_TIME.contains(&kind.as_str());
            assert_eq!(read, of_time.then_some(notice), "{}", kind.as_str());
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn gaps_grow_and_a_delivery_is_given_up_after_three_days() {
        let since = Moment::from_millis(0);
        let (mut now, mut tries, mut gaps) = (since, 1, vec![]);
        while let Some(next) = next_try(since, tries, now) {
            gaps.push((next.millis() - now.millis()) / 1000);
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(gaps[..5], [30, 90, 270, 810, 2430]);
        assert!(gaps.windows(2).all(|pair| pair[0] <= pair[1]));
        let last = now.millis() / 1000;
        assert!(last <= DELIVERY_SECONDS && last > DELIVERY_SECONDS - LONGEST_GAP, "{last}");
    }

    #[test]
    fn an_address_is_one_line_for_one_reader() {
        for good in ["a@b.cn", "first.last+trial@mail.hospital.example"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.cn",
            "a@b",
            "a@.cn",
            "a@b.",
            "a@b..cn",
            "a b@c.cn",
            "a@b.cn\r\nBcc: x@y.z",
            "a@b.cn,c@d.cn",
            "<a@b.cn>",
            "a@b@c.cn",
            "名@b.cn",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
