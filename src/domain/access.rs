//! Who may do what: the one table of rights (I11), and `Granted`, the proof of a right that whatever acts must take.

use super::ids::{CentreId, PersonId};
use super::people::{Person, Role};
use std::marker::PhantomData;

/// How far a role's right to an act goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    Never,
    /// At the person's own centres.
    Centre,
    /// Anywhere in the trial.
    Trial,
}

/// Something a person may or may not do.
pub trait Act: Sized {
    /// Its word in the table, in refusals and in logs.
    const NAME: &'static str;
    /// How far a role's right goes.
    fn reach(role: Role) -> Reach;
}

/// One line an act, one column a role: an act that has not decided about a role does not compile.
macro_rules! acts {
    ($( $(#[$doc:meta])* $act:ident $name:literal
        $coord:ident $inv:ident $pharm:ident $hot:ident $stat:ident $mon:ident $spon:ident $adm:ident; )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $act;

            impl Act for $act {
                const NAME: &'static str = $name;
                fn reach(role: Role) -> Reach {
                    match role {
                        Role::Coordinator => Reach::$coord,
                        Role::Investigator => Reach::$inv,
                        Role::Pharmacist => Reach::$pharm,
                        Role::Hotline => Reach::$hot,
                        Role::Statistician => Reach::$stat,
                        Role::Monitor => Reach::$mon,
                        Role::Sponsor => Reach::$spon,
                        Role::Admin => Reach::$adm,
                    }
                }
            }
        )*

        /// Every act with its reach for every role: what the golden table is printed from.
        pub fn table() -> Vec<(&'static str, [Reach; 8])> {
            vec![$(($name, Role::ALL.map($act::reach))),*]
        }
    };
}

acts! {
//                                                     coord   invest  pharm   hotline statist monitor sponsor admin
    /// Record consent and screening values.
    Screen            "screen"                         Centre  Never   Never   Never   Never   Never   Never   Never;
    /// Sign that a participant is eligible, or send the record back.
    SignEligibility   "sign-eligibility"               Never   Centre  Never   Never   Never   Never   Never   Never;
    /// Ask for the allocation of one participant, once.
    Randomise         "randomise"                      Centre  Never   Never   Never   Never   Never   Never   Never;
    /// Read participants' records, blinded.
    ReadParticipants  "read-participants"              Centre  Centre  Never   Never   Never   Trial   Never   Never;
    /// Read which preparations are due.
    ReadPreparations  "read-preparations"              Never   Never   Centre  Never   Never   Never   Never   Never;
    /// Release one code for one due infusion.
    Prepare           "prepare"                        Never   Never   Centre  Never   Never   Never   Never   Never;
    /// Break one code in an emergency.
    BreakCode         "break-code"                     Never   Centre  Never   Trial   Never   Never   Never   Never;
    /// Read that codes were broken, never what they stand for.
    ReadBreaks        "read-breaks"                    Never   Centre  Never   Trial   Never   Trial   Trial   Never;
    /// Register one's own public card and keep the sealed identity file.
    RegisterKey       "register-key"                   Never   Centre  Centre  Trial   Trial   Never   Never   Never;
    /// Give a centre key to a newcomer, or take it away.
    GrantKey          "grant-key"                      Never   Never   Centre  Trial   Trial   Never   Never   Never;
    /// Read public cards and who was granted what.
    ReadKeys          "read-keys"                      Never   Centre  Centre  Trial   Trial   Trial   Never   Never;
    /// Approve the list's machine-made report before the list may issue.
    ReviewList        "review-list"                    Never   Never   Never   Never   Never   Trial   Never   Never;
    /// Read the list's commitment and its report.
    ReadList          "read-list"                      Never   Never   Never   Never   Trial   Trial   Never   Never;
    /// Read how many slots of each stratum are issued and left.
    ReadStrata        "read-strata"                    Never   Never   Never   Never   Trial   Never   Never   Never;
    /// Open, pause or close recruitment.
    DecideRecruitment "decide-recruitment"             Never   Never   Never   Never   Never   Never   Trial   Never;
    /// Read the recruitment figures of centres and trial.
    ReadRecruitment   "read-recruitment"               Never   Never   Never   Never   Trial   Trial   Trial   Never;
    /// Read and verify the trail.
    ReadTrail         "read-trail"                     Never   Never   Never   Never   Trial   Trial   Never   Never;
    /// Invite and disable people.
    ManagePeople      "manage-people"                  Never   Never   Never   Never   Never   Never   Never   Trial;
    /// Give or take the mark of principal investigator.
    MarkPrincipal     "mark-principal"                 Never   Never   Never   Never   Never   Never   Never   Trial;
    /// Read who has which role where.
    ReadPeople        "read-people"                    Never   Never   Never   Never   Never   Trial   Never   Trial;
    /// Make and end the tokens of machines.
    ManageTokens      "manage-tokens"                  Never   Never   Never   Never   Never   Never   Never   Trial;
    /// Read which machine may ask for what.
    ReadTokens        "read-tokens"                    Never   Never   Never   Never   Never   Trial   Never   Trial;
    /// Sign that a machine may ask for a participant's allocation.
    Entrust           "entrust"                        Centre  Never   Never   Never   Never   Never   Never   Never;
    /// Record what happened at a visit: an infusion, or that there was none.
    RecordVisit       "record-visit"                   Centre  Never   Never   Never   Never   Never   Never   Never;
    /// End a participant's treatment, or the participation.
    EndTreatment      "end-treatment"                  Centre  Centre  Never   Never   Never   Never   Never   Never;
    /// Lift a stop, so that preparing may go on.
    ResumeTreatment   "resume-treatment"               Never   Centre  Never   Never   Never   Never   Never   Never;
    /// Move a participant to another centre; stratum and code stay.
    Transfer          "transfer"                       Never   Centre  Never   Never   Never   Never   Never   Never;
    /// Record a mistake, or corrected values; nothing is undone.
    Correct           "correct"                        Centre  Centre  Never   Never   Never   Never   Never   Never;
    /// Record that somebody learned by accident what they should not know.
    ReportAccident    "report-accident"                Centre  Centre  Centre  Trial   Trial   Trial   Trial   Trial;
    /// Write the follow-up of a code break.
    FollowUp          "follow-up"                      Never   Centre  Never   Trial   Never   Never   Never   Never;
    /// Sign a code break's follow-up as principal investigator, which closes it.
    CloseBreak        "close-break"                    Never   Centre  Never   Never   Never   Never   Never   Never;
    /// Keep what was written about a code break once the arm was known, sealed.
    SealPart          "seal-part"                      Never   Centre  Never   Trial   Never   Never   Never   Never;
    /// Have the lock lifted from what was sealed about one code break.
    ReadSealedPart    "read-sealed-part"               Never   Centre  Never   Trial   Trial   Never   Never   Never;
    /// Plan that one named person is told a participant's treatment, for a safety report.
    PlanUnblinding    "plan-unblinding"                Never   Never   Never   Never   Never   Trial   Trial   Never;
    /// Read which safety unblindings are planned, and for whom.
    ReadSafetyPlans   "read-safety-plans"              Never   Never   Never   Trial   Never   Trial   Trial   Never;
    /// Take in that a code was opened without the service: from the kit, or from a letter.
    ImportBreak       "import-break"                   Never   Never   Never   Trial   Never   Never   Never   Never;
    /// Record a preparation, its second check, and its hand-over.
    RecordPreparation "record-preparation"             Never   Never   Centre  Never   Never   Never   Never   Never;
    /// Keep sealed stock records.
    KeepStock         "keep-stock"                     Never   Never   Centre  Never   Never   Never   Never   Never;
    /// Have the lock lifted from a centre's sealed pharmacy records.
    ReadStock         "read-stock"                     Never   Never   Centre  Never   Trial   Never   Never   Never;
    /// Practise a code break on the training list beside the live one.
    Drill             "drill"                          Never   Centre  Never   Trial   Never   Never   Never   Never;
    /// Read when drills were passed, and how fast.
    ReadDrills        "read-drills"                    Never   Centre  Never   Trial   Never   Trial   Never   Trial;
    /// Take a centre's new key in, with the unissued slots sealed under it.
    RotateKey         "rotate-key"                     Never   Never   Never   Never   Trial   Never   Never   Never;
    /// Pass one participant's slot key on to the centre that prepares from now on.
    PassKey           "pass-key"                       Never   Never   Never   Trial   Trial   Never   Never   Never;
    /// Void an unissued code that has become known.
    VoidCode          "void-code"                      Never   Never   Never   Never   Trial   Never   Never   Never;
    /// Publish what the sealed list held, when the trial is over.
    Disclose          "disclose"                       Never   Never   Never   Never   Trial   Never   Never   Never;
    /// Sign that the trail was reviewed.
    ReviewTrail       "review-trail"                   Never   Never   Never   Never   Never   Trial   Never   Never;
    /// Read the trial's blinded reports: flow, deviations, delegation, who is unblinded, the board's open part.
    ReadReports       "read-reports"                   Never   Never   Never   Never   Never   Trial   Trial   Never;
    /// Read what others are told: that something happened, when and where, by kinds of one's own role.
    ReadNotices       "read-notices"                   Centre  Centre  Centre  Trial   Trial   Trial   Trial   Trial;
    /// Say which programs are told, and look after what is on its way out.
    ManageDeliveries  "manage-deliveries"              Never   Never   Never   Never   Never   Never   Never   Trial;
    /// Have participants' records as a file: identity, free text, codes and levels among them.
    ExportRecords     "export-records"                 Never   Centre  Never   Never   Never   Trial   Never   Never;
    /// Have participants, visits, deviations and code breaks as a file, without any of that.
    ExportOverview    "export-overview"                Never   Centre  Never   Never   Never   Trial   Trial   Never;
    /// Have the trail as a file.
    ExportTrail       "export-trail"                   Never   Never   Never   Never   Trial   Trial   Never   Never;
    /// Confirm that the centre's own copy was checked.
    ConfirmExport     "confirm-export"                 Never   Centre  Never   Never   Never   Never   Never   Never;
    /// Make the data folder again from a backup, while the service is stopped.
    RestoreBackup     "restore-backup"                 Never   Never   Never   Never   Never   Never   Never   Trial;
}

/// The acts by which somebody may learn an arm. A third needs a line here.
pub trait Reveals: Act {
    /// What a release by this act is for, as its record says.
    const PURPOSE: &'static str;
}
impl Reveals for Prepare {
    const PURPOSE: &'static str = "prepare";
}
impl Reveals for BreakCode {
    const PURPOSE: &'static str = "break";
}

/// A signed-in person who asks for something, or a machine with a token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is, with role and centres as they stand now. A machine stands here under its token's id, at its token's
    /// centres and as a coordinator, the blinded reader of a centre; what it may do its verbs alone say.
    pub person: Person,
    /// Of a machine: the acts that its token names.
    pub verbs: Option<Vec<String>>,
}

/// What a token may name, and how far it then goes. Every other act is a person's alone: a machine signs nothing, so it
/// neither releases, breaks, grants nor decides.
pub const MACHINES: [(&str, Reach); 4] = [
    (Screen::NAME, Reach::Centre),
    (Randomise::NAME, Reach::Centre),
    (ReadParticipants::NAME, Reach::Centre),
    (ReadRecruitment::NAME, Reach::Trial),
];

/// How entries call what acts with a token, where they name a person's role.
pub const MACHINE: &str = "machine";

/// The table says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The act that was asked for.
    pub act: &'static str,
    /// Wrong role altogether, or the right role at another centre.
    pub elsewhere: bool,
}

/// The proof that a right was checked. Only this file can make one.
#[derive(Debug, Clone)]
pub struct Granted<A: Act> {
    by: PersonId,
    role: &'static str,
    centre: Option<CentreId>,
    act: PhantomData<A>,
}

impl Caller {
    /// A person.
    pub fn person(person: Person) -> Self {
        Self { person, verbs: None }
    }

    /// Is it a machine with a token?
    pub fn is_machine(&self) -> bool {
        self.verbs.is_some()
    }

    /// The word for it in entries: the role, or `machine`.
    pub fn role(&self) -> &'static str {
        if self.is_machine() { MACHINE } else { self.person.role.as_str() }
    }

    fn reach<A: Act>(&self) -> Reach {
        let Some(verbs) = &self.verbs else { return A::reach(self.person.role) };
        let known = MACHINES.iter().find(|(name, _)| *name == A::NAME);
        match known {
            Some((_, reach)) if verbs.iter().any(|verb| verb == A::NAME) => *reach,
            _ => Reach::Never,
        }
    }

    /// May this person do `A` at this centre?
    pub fn may<A: Act>(&self, at: &CentreId) -> Result<Granted<A>, Refused> {
        let allowed = match self.reach::<A>() {
            Reach::Never => return Err(Refused { act: A::NAME, elsewhere: false }),
            Reach::Centre => self.person.centres.contains(at),
            Reach::Trial => true,
        };
        if allowed {
            Ok(self.granted(Some(at.clone())))
        } else {
            Err(Refused { act: A::NAME, elsewhere: true })
        }
    }

    /// May this person do `A` at all? What it then sees is narrowed by [`Caller::places`].
    pub fn may_somewhere<A: Act>(&self) -> Result<Granted<A>, Refused> {
        match self.reach::<A>() {
            Reach::Never => Err(Refused { act: A::NAME, elsewhere: false }),
            Reach::Centre | Reach::Trial => Ok(self.granted(None)),
        }
    }

    /// The centres whose records an act may touch: `None` is the whole trial.
    pub fn places<A: Act>(&self, _may: &Granted<A>) -> Option<&[CentreId]> {
        match self.reach::<A>() {
            Reach::Trial => None,
            Reach::Centre | Reach::Never => Some(&self.person.centres),
        }
    }

    fn granted<A: Act>(&self, centre: Option<CentreId>) -> Granted<A> {
        Granted { by: self.person.id.clone(), role: self.role(), centre, act: PhantomData }
    }
}

impl<A: Act> Granted<A> {
    /// Who was granted it.
    pub fn by(&self) -> &PersonId {
        &self.by
    }

    /// In which role; `machine` for one with a token.
    pub fn role(&self) -> &'static str {
        self.role
    }

    /// The centre it was granted for, if it was for one.
    pub fn centre(&self) -> Option<&CentreId> {
        self.centre.as_ref()
    }
}
