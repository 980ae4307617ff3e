//! Why something was not done, as a value: one code for a reason, shared by service, pages, interface and commands.
//! A code is its key in `text` too, is never renamed and never used again for something else. Which HTTP status it
//! has is `http`'s business alone.

use crate::text::{self, Arg, Language};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $( $(#[$each:meta])* $code:ident $word:literal; )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $( $(#[$each])* $code, )* }

        impl $name {
            /// All of them, in the order of their declaration.
            pub const ALL: &[$name] = &[$($name::$code),*];

            /// The word that travels, and the key of its words.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$code => $word,)* }
            }

            /// Reads the word back.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == word)
            }
        }
    };
}

codes! {
    /// Why a request as a whole was refused.
    Code {
        /// It could not be read.
        MalformedRequest "malformed-request";
        /// An act came without its key against doing it twice.
        IdempotencyKeyMissing "idempotency-key-missing";
        /// Nobody is signed in.
        SignInNeeded "sign-in-needed";
        /// Name, password or second factor is wrong; which one is never said.
        CredentialsWrong "credentials-wrong";
        /// The second factor is asked for, or must be set up first.
        SecondFactorNeeded "second-factor-needed";
        /// The act's signature is missing or wrong.
        SignatureNeeded "signature-needed";
        /// The table of rights says no.
        NotYourRole "not-your-role";
        /// The caller's key has no wrap for this centre.
        NotGrantedYet "not-granted-yet";
        /// The participant moved here, and the key of this one code was not passed on yet.
        KeyNotPassed "key-not-passed";
        /// Nothing lives at this address.
        NoSuchPage "no-such-page";
        /// Unknown, not issued or not yours: one answer for all three.
        NoSuchRecord "no-such-record";
        /// The address does not take this method.
        MethodNotAllowed "method-not-allowed";
        /// The same birth date, sex and initials are in the trial already.
        PossibleDuplicate "possible-duplicate";
        /// The two identifiers do not belong together.
        IdentifiersDoNotMatch "identifiers-do-not-match";
        /// The sponsor has paused recruitment.
        RecruitmentPaused "recruitment-paused";
        /// The centre has not been opened, or has been closed.
        CentreNotOpen "centre-not-open";
        /// The trial is full.
        TargetReached "target-reached";
        /// The list is used up in the stratum. The site is not told which.
        NoAllocationAvailable "no-allocation-available";
        /// Outside the visit's window, and no reason was given.
        VisitNotDue "visit-not-due";
        /// The visit's code was released before.
        AlreadyPrepared "already-prepared";
        /// The wait between release and hand-over, alike for every preparation, is not over.
        HandoverEarly "handover-early";
        /// The colleague's account, password or meaning does not fit.
        SecondCheckNeeded "second-check-needed";
        /// Nothing was prepared for the visit.
        NotPrepared "not-prepared";
        /// The participant's treatment has ended.
        TreatmentEnded "treatment-ended";
        /// This segment has its list.
        ListAlreadyImported "list-already-imported";
        /// The list's report is not approved.
        ListNotReviewed "list-not-reviewed";
        /// Package and manifest do not agree.
        ListDoesNotVerify "list-does-not-verify";
        /// A rotation that is not of this list, this centre or these people.
        RotationDoesNotFit "rotation-does-not-fit";
        /// A code was issued, or another rotation came in, after the file was made.
        RotationOutdated "rotation-outdated";
        /// The record does not allow this step now.
        WrongState "wrong-state";
        /// Somebody with this past, or this name, was unblinded, and the role is a blinded one.
        WasUnblinded "was-unblinded";
        /// The trial's configuration has questions without an answer.
        DecisionsOpen "decisions-open";
        /// There is no training list to practise with.
        NoDrillList "no-drill-list";
        /// Nobody has passed a drill for this centre yet.
        DrillNotPassed "drill-not-passed";
        /// The record is not the one that was read.
        ChangedSinceRead "changed-since-read";
        /// Body or address beyond the limit.
        TooLarge "too-large";
        /// Not JSON.
        WrongContentType "wrong-content-type";
        /// Fields are wrong, each for a reason of its own.
        InvalidFields "invalid-fields";
        /// The key was used for something else.
        IdempotencyKeyReused "idempotency-key-reused";
        /// A criterion is not met or unknown.
        NotEligible "not-eligible";
        /// No signed consent.
        NoConsent "no-consent";
        /// A date lies before one that comes first.
        DatesOutOfOrder "dates-out-of-order";
        /// The investigator has not signed these answers.
        EligibilityNotSigned "eligibility-not-signed";
        /// No coordinator has signed that a machine may randomise, or not these answers.
        NotEntrusted "not-entrusted";
        /// A person's key signature does not fit.
        SignatureDoesNotVerify "signature-does-not-verify";
        /// An edit without the version it edits.
        IfMatchNeeded "if-match-needed";
        /// More than the service takes.
        SlowDown "slow-down";
        /// Our mistake.
        Internal "internal";
        /// Nothing can be written.
        ReadOnly "read-only";
        /// The trail does not verify.
        TrailDamaged "trail-damaged";
        /// The checkpoint store does not answer.
        CheckpointStoreAway "checkpoint-store-away";
        /// The clock cannot be right.
        ClockOff "clock-off";
        /// Records are still being checked.
        Starting "starting";
    }
}

codes! {
    /// What is wrong with one field.
    FieldCode {
        /// Not there.
        Required "required";
        /// Not a field of ours.
        UnknownField "unknown-field";
        /// A text for a number, a list for a text.
        WrongType "wrong-type";
        /// The same field twice.
        Doubled "doubled";
        /// Not JSON from here on.
        BadJson "bad-json";
        /// Not one of the choices.
        ChoiceUnknown "choice-unknown";
        /// Out of range. Wants `field`, `min`, `max`.
        NumRange "num-range";
        /// Not an exact decimal.
        NumberForm "number-form";
        /// More decimals than are taken. Wants `max`.
        NumPlaces "num-places";
        /// Unusual: taken once it is confirmed. Wants `field`, `max`.
        NumConfirm "num-confirm";
        /// "None" and something else.
        ChoiceNoneAndOthers "choice-none-and-others";
        /// A question that the other answers leave out.
        NotAsked "not-asked";
        /// Too many characters. Wants `max`.
        TextTooLong "text-too-long";
        /// No character at all.
        TextEmpty "text-empty";
        /// A tab, a line break or another mark that is no letter.
        TextControl "text-control";
        /// Not year-month-day.
        DateForm "date-form";
        /// Not a day and a minute.
        MomentForm "moment-format";
        /// Longer ago than anything can be. Wants `min`.
        DateTooOld "date-too-old";
        /// After today.
        DateFuture "date-future";
        /// Before a date that comes first. Wants `later`, `earlier`.
        DateOrder "date-order";
        /// Too young on the day of consent. Wants `n`.
        DobYoung "dob-young";
        /// Not prefix and three digits. Wants `prefix`.
        EnrolFormat "enrol-format";
        /// Another participant has it.
        EnrolTaken "enrol-taken";
        /// Not four letters.
        InitFormat "init-format";
        /// A name or an identity number.
        InitCjk "init-cjk";
        /// The check digit does not fit.
        CodeCheck "code-check";
        /// A code of the training list.
        CodeTraining "code-training";
        /// A consent form that was not approved here on that day.
        ConsentFormUnknown "consent-form-unknown";
        /// A reason is required here.
        ReasonNeeded "reason-needed";
        /// Free text with an identity or telephone number in it.
        IdentityInText "identity-in-text";
        /// Free text that names a treatment.
        NamesTreatment "names-treatment";
        /// It is recorded already: why again?
        AgainWhy "again-why";
        /// A password below the least length. Wants `min`.
        PasswordShort "password-short";
        /// A password that everybody tries first.
        PasswordCommon "password-common";
        /// Not the login password of the person who signs.
        PasswordWrong "password-wrong";
        /// The hospital account is linked to somebody else.
        LinkedElsewhere "linked-elsewhere";
        /// A question that was passed over, where "not sure" could have been said.
        AnswerOpen "answer-open";
        /// An answer, and "never" or "not sure" beside it.
        AnswerTwice "answer-twice";
        /// Not a name that an account can have.
        AccountForm "account-form";
        /// Not a table that can be read.
        TableForm "table-form";
        /// More rows than are taken at once. Wants `max`.
        TableLong "table-long";
        /// The account exists.
        AccountTaken "account-taken";
        /// Somebody of this name was unblinded: this person is invited alone.
        PastUnknown "past-unknown";
        /// Not the code that the phone shows now.
        FactorCode "factor-code";
        /// Not a passkey that was asked for just now.
        PasskeyUnfit "passkey-unfit";
        /// Not an address, nor one with the number of its leading bits.
        NetworkForm "network-form";
        /// Not an address that mail goes to.
        MailForm "mail-form";
        /// Not a web address of the form that is taken.
        UrlForm "url-form";
        /// A host that the house's configuration does not name.
        UrlNotListed "url-not-listed";
        /// Hexadecimal or base64 text of the wrong length or form.
        BytesForm "bytes-form";
        /// Not the signed record of a kit opening.
        RecordForm "record-form";
        /// Not the serial of a letter.
        SerialForm "serial-form";
    }
}

/// What is put into the words of a refusal, by name.
pub type Given = Vec<(&'static str, Arg)>;

/// One field and what is wrong with it. It never holds what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901) into the body that was sent; empty for the body as a whole.
    pub pointer: String,
    /// What.
    pub code: FieldCode,
    /// What its words want.
    pub args: Given,
}

impl FieldError {
    /// A field whose words want nothing.
    pub fn new(pointer: impl Into<String>, code: FieldCode) -> Self {
        Self { pointer: pointer.into(), code, args: vec![] }
    }

    /// Gives an argument to the words.
    #[must_use]
    pub fn with(mut self, name: &'static str, arg: impl Into<Arg>) -> Self {
        self.args.push((name, arg.into()));
        self
    }

    /// What is wrong, in words.
    pub fn words(&self, language: Language) -> String {
        text::say(language, self.code.as_str(), &self.args)
    }
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub code: Code,
    /// The fields that are wrong, if it is about fields.
    pub errors: Vec<FieldError>,
    /// What its words can use: see `more` in the files of words. None is ever needed.
    pub args: Given,
}

impl Refusal {
    /// A refusal with this reason.
    pub fn new(code: Code) -> Self {
        Self { code, errors: vec![], args: vec![] }
    }

    /// A refusal of these fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self { code: Code::InvalidFields, errors, args: vec![] }
    }

    /// Gives an argument to the words.
    #[must_use]
    pub fn with(mut self, name: &'static str, arg: impl Into<Arg>) -> Self {
        self.args.push((name, arg.into()));
        self
    }

    /// What it is called: the same words at every occurrence.
    pub fn title(&self, language: Language) -> String {
        self.say(language, "title")
    }

    /// What happened and why, and to whom or when, if that was given.
    pub fn detail(&self, language: Language) -> String {
        let detail = self.say(language, "detail");
        let more = format!("{}.more", self.code.as_str());
        match (text::find(language, &more, &self.args), language) {
            (None, _) => detail,
            (Some(more), Language::En) => format!("{detail} {more}"),
            (Some(more), Language::ZhCn) => format!("{detail}{more}"),
        }
    }

    /// What to do now.
    pub fn next(&self, language: Language) -> String {
        self.say(language, "next")
    }

    fn say(&self, language: Language, part: &str) -> String {
        text::say(language, &format!("{}.{part}", self.code.as_str()), &[])
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_says_what_it_is_what_happened_and_what_next_in_both_languages() {
        for refusal in Code::ALL.iter().copied().map(Refusal::new) {
            for language in Language::ALL {
                let parts =
                    [refusal.title(language), refusal.detail(language), refusal.next(language)];
                assert_eq!(BTreeSet::from(parts).len(), 3, "{:?}", refusal.code);
            }
        }
    }

    #[test]
    fn every_field_code_has_words_in_both_languages_when_it_is_given_what_it_wants() {
        for code in FieldCode::ALL {
            let error = ["field", "min", "max", "later", "earlier", "n", "prefix"]
                .into_iter()
                .fold(FieldError::new("/a", *code), |error, name| error.with(name, "x"));
            assert!(Language::ALL.iter().all(|l| error.words(*l) != code.as_str()), "{code:?}");
        }
    }

    #[test]
    fn no_word_stands_for_two_reasons_and_each_reads_back() {
        let mut words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        words.extend(FieldCode::ALL.iter().map(|code| code.as_str()));
        assert_eq!(words.len(), Code::ALL.len() + FieldCode::ALL.len());
        assert!(Code::ALL.iter().all(|code| Code::parse(code.as_str()) == Some(*code)));
        assert_eq!(Code::parse("already-randomised"), None);
    }

    // shows: CN-1
    #[test]
    fn whatever_stops_the_service_names_the_second_road_for_an_emergency() {
        let stops = [Code::ReadOnly, Code::TrailDamaged, Code::CheckpointStoreAway, Code::ClockOff];
        for refusal in stops.map(Refusal::new) {
            let [en, zh] = Language::ALL.map(|language| refusal.next(language));
            assert!(en.contains("second holder") && en.contains("offline kit"), "{en}");
            assert!(zh.contains("第二持钥人") && zh.contains("离线应急包"), "{zh}");
        }
    }

    #[test]
    fn a_detail_says_more_when_more_is_known() {
        let plain = Refusal::new(Code::AlreadyPrepared);
        let more = plain.clone().with("at", "09:12");
        let said = more.detail(Language::En);
        assert!(said.starts_with(&plain.detail(Language::En)));
        assert!(said.ends_with("It was prepared at 09:12."));
        assert!(more.detail(Language::ZhCn).ends_with("已于 09:12 配制。"));
    }
}
