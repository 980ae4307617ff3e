//! Every limit in one place; each is tested at the limit and one past it.

/// The largest body of a request, in bytes.
pub const BODY: usize = 64 * 1024;
/// The largest import, in bytes.
pub const IMPORT: usize = 4 * 1024 * 1024;
/// How long a body may take to arrive, in seconds.
pub const BODY_SECONDS: u64 = 60;
/// The longest address, path and query together, in bytes. Ours are far shorter: identities never stand in one.
pub const ADDRESS: usize = 2048;
/// The longest address with which a browser comes back from the hospital's sign-on: some servers' codes are long.
pub const ADDRESS_BACK: usize = 8 * 1024;
/// The longest line of the trail, in bytes.
pub const LINE: usize = 65_535;
/// The most acts that one commit carries.
pub const GROUP: usize = 256;
/// The most acts that may wait; one more is told to try again.
pub const QUEUE: usize = 1024;
/// The longest printed name, in characters.
pub const NAME: usize = 80;
/// The longest free text in a form, in characters.
pub const TEXT: usize = 500;
/// The longest public card, in bytes.
pub const CARD: usize = 8 * 1024;
/// The longest sealed identity file, in bytes.
pub const IDENTITY: usize = 16 * 1024;
/// The longest list of anything in one answer.
pub const PAGE: u32 = 200;
/// The shortest password, in characters; nothing else is asked of it.
pub const PASSWORD_MIN: usize = 12;
/// The longest password, in bytes: hashing a longer one would only cost time.
pub const PASSWORD_MAX: usize = 256;
/// An idle session ends after this many seconds.
pub const IDLE_SECONDS: i64 = 20 * 60;
/// Any session ends after this many seconds.
pub const SESSION_SECONDS: i64 = 12 * 60 * 60;
/// An invitation is good for this many seconds.
pub const INVITATION_SECONDS: i64 = 72 * 60 * 60;
/// A coordinator's signature that a machine may ask for an allocation stands for this many seconds.
pub const ENTRUST_SECONDS: i64 = 72 * 60 * 60;
/// A token lives at most this many days.
pub const TOKEN_DAYS_MAX: u32 = 366;
/// The most networks that a token may be bound to.
pub const NETWORKS_MAX: usize = 20;
/// Who may do what is reviewed again after so many days.
pub const REVIEW_DAYS: i32 = 90;
/// The most people that one table invites.
pub const IMPORTED_PEOPLE: usize = 500;
/// How many recovery codes are printed.
pub const RECOVERY_CODES: usize = 10;
/// So many wrong codes of a phone are looked at in a row; after them one in half a minute.
pub const FREE_CODES: u32 = 3;
/// The most passkeys that one account has.
pub const PASSKEYS: usize = 10;
/// How long a browser may take to bring what a passkey was asked for, in seconds.
pub const PASSKEY_SECONDS: i64 = 10 * 60;
/// So many such questions of one account stand open at once; the oldest goes when one more is asked.
pub const PASSKEY_QUESTIONS: usize = 4;
/// A device on which no code is asked for is known for this many seconds.
pub const DEVICE_SECONDS: i64 = 30 * 24 * 60 * 60;
/// Between the two steps of a sign-in at most this many seconds may lie.
pub const HALF_WAY_SECONDS: i64 = 10 * 60;
/// So many browsers may be on their way to the hospital's sign-on and back; one more makes the oldest begin anew.
pub const SIGN_ONS: usize = 1000;
/// So many may speak with the hospital's server at once; one more is told that it is away.
pub const SIGN_ON_TALKS: usize = 4;
/// The longest wait after wrong passwords, in seconds. Nobody is ever locked out.
pub const DELAY_SECONDS_MAX: u64 = 10;
/// So many requests one account may make at once, before it has to wait.
pub const PACE_AT_ONCE: i64 = 300;
/// So many requests a second one account may make for as long as it likes. Those who may break a code are not counted.
pub const PACE_PER_SECOND: i64 = 25;
/// The clock may show this many milliseconds less than the last entry before acts are refused.
pub const CLOCK_BACK_MILLIS: i64 = 2_000;
/// Two readings of clocks that are compared lie at most this many milliseconds apart, or are taken again.
pub const CLOCK_LOOK_MILLIS: i64 = 50;
/// How long the writer may take to say whether anything can be recorded, in seconds.
pub const PROBE_SECONDS: u64 = 10;
/// A release without an opening receipt is unconfirmed after this many seconds.
pub const UNCONFIRMED_SECONDS: i64 = 10 * 60;
/// A second code break by one person, or at one centre, within so many seconds is pointed out.
pub const AGAIN_SECONDS: i64 = 24 * 60 * 60;
/// A backup older than so many hours is a fault: it is made every night.
pub const BACKUP_HOURS_MAX: i64 = 26;
/// A restore drill older than so many days is a fault: it is made every week.
pub const DRILL_DAYS_MAX: i64 = 8;
/// The longest draft of a form, in bytes: no longer than the private record it may become.
pub const DRAFT: usize = LINE;
/// The most drafts a person may have; the oldest goes when one more is kept.
pub const DRAFTS: usize = 50;
/// A draft is gone after this many seconds.
pub const DRAFT_SECONDS: i64 = 72 * 60 * 60;
/// The largest export that is made in memory, in bytes: a trial of some hundred participants has one or two of these megabytes.
pub const EXPORT: usize = 64 * 1024 * 1024;
/// Sealed pharmacy records in one answer: two kilobytes each, as they travel.
pub const RECORDS: u32 = 100;
/// Characters of a prescription's reference, and of who receives an infusion.
pub const SHORT_TEXT: usize = 80;
/// The largest total volume that is recorded, in mL.
pub const VOLUME_MAX: u32 = 5_000;
/// A refusal for want of codes is told by mail once in so many seconds, however often a site asks.
pub const REPEATED_SECONDS: i64 = 60 * 60;
/// Somebody with a code and no infusion is pointed out after this many seconds.
pub const INFUSION_SECONDS: i64 = 24 * 60 * 60;
/// So many wrong passwords under one account's name are an alarm.
pub const FAILURES_TOLD: u32 = 6;
