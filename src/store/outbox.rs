//! The outbox: notices on their way out. A row is queued in the transaction of the act that made the notice; how its
//! delivery went is nobody's history and is kept here alone. What is sent is made from the notice and nothing else.

use super::apply::Happened;
use super::queries::{one_value, read_id};
use super::{StoreError, Tx, View};
use crate::domain::ids::{CentreId, EnrolmentNumber, PersonId, Reference};
use crate::domain::notice::{Kind, Notice};
use crate::domain::people::{Person, Role};
use crate::domain::time::Moment;
use crate::limits::{AGAIN_SECONDS, REPEATED_SECONDS, UNCONFIRMED_SECONDS};
use rusqlite::{Connection, Row};

/// How a notice goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To a person.
    Mail,
    /// To a program.
    Webhook,
}

impl Way {
    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Way::Mail => "mail",
            Way::Webhook => "webhook",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Way::Mail, Way::Webhook].into_iter().find(|way| way.as_str() == word)
    }
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It will be tried, or tried again.
    Waiting,
    /// The other side took it.
    Sent,
    /// Nobody took it for three days.
    GivenUp,
}

impl Standing {
    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Waiting => "waiting",
            Standing::Sent => "sent",
            Standing::GivenUp => "given-up",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Standing::Waiting, Standing::Sent, Standing::GivenUp];
        all.into_iter().find(|one| one.as_str() == word)
    }
}

/// Which delivery: of which notice, how, to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Which {
    /// The entry of the notice.
    pub entry: u64,
    /// How.
    pub way: Way,
    /// An account, or a webhook's reference.
    pub target: String,
}

/// One delivery as the log shows it: no participant, no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub which: Which,
    /// What the notice is of.
    pub kind: Kind,
    /// How far.
    pub standing: Standing,
    /// How often it was tried.
    pub tries: u32,
    /// Since when.
    pub since: Moment,
    /// When it is tried next, or was tried last.
    pub due: Moment,
    /// How the last try went.
    pub said: Option<String>,
}

/// A delivery that is due, with what it says and where it goes.
#[derive(Debug, Clone)]
pub struct Due {
    /// The delivery.
    pub delivery: Delivery,
    /// What is said.
    pub notice: Notice,
    /// A mail address or a webhook's address; none when it was taken back since.
    pub to: Option<String>,
    /// Of whoever reads a mail.
    pub role: Option<Role>,
}

/// A notice with its entry's number, by which a feed goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The entry.
    pub entry: u64,
    /// The notice.
    pub notice: Notice,
}

/// A program that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its reference.
    pub reference: Reference,
    /// Where to; none once that was erased.
    pub url: Option<String>,
    /// The host.
    pub host: String,
    /// Is it told?
    pub active: bool,
    /// The entry by which it came.
    pub entry: u64,
}

/// Queues the notice of an entry to everybody who is told of it, as people, centres and webhooks stand now.
pub(super) fn queue(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let Some(notice) = Notice::of(e.entry, e.at) else { return Ok(()) };
    let view = View::new(connection);
    let put = |way: Way, target: &str| {
        let sql = "INSERT INTO deliveries (entry, way, target, state, tries, since, due)
                   VALUES (?1, ?2, ?3, 'waiting', 0, ?4, ?4)";
        let values = (e.seq(), way.as_str(), target, e.at.millis());
        connection.prepare_cached(sql)?.execute(values).map(|_| ()).map_err(StoreError::from)
    };
    if notice.kind == Kind::WebhookTested {
        return notice.reference.iter().try_for_each(|one| put(Way::Webhook, one.as_str()));
    }
    if notice.kind.leaves() {
        let sql = "SELECT reference FROM webhooks WHERE active = 1 ORDER BY reference";
        for webhook in view.all(sql, [], |row| row.get::<_, String>(0))? {
            put(Way::Webhook, &webhook)?;
        }
    }
    if !Role::ALL.iter().any(|role| notice.kind.tells(*role).mail)
        || is_repeated(&view, e, &notice)?
    {
        return Ok(());
    }
    let sql = "SELECT person FROM addresses ORDER BY person";
    for id in view.all(sql, [], |row| row.get::<_, String>(0))? {
        let id = PersonId::parse(&id).map_err(|_| StoreError::Failed)?;
        let account = view.account(&id)?.filter(|account| account.state == "active");
        let told = |person: &Person| notice.kind.is_mailed(person, notice.centre.as_ref(), e.by);
        if account.is_some_and(|account| told(&account.person)) {
            put(Way::Mail, id.as_str())?;
        }
    }
    Ok(())
}

/// A site that presses again is refused again; one mail an hour is enough to say so.
fn is_repeated(view: &View<'_>, e: &Happened<'_>, notice: &Notice) -> Result<bool, StoreError> {
    if notice.kind != Kind::ListUsedUp {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM notices WHERE kind = ?1 AND centre IS ?2 AND entry < ?3 AND at > ?4
               AND reference IS NULL LIMIT 1";
    let since = e.at.plus_seconds(-REPEATED_SECONDS).millis();
    let values = (notice.kind.as_str(), e.centre(), e.seq(), since);
    Ok(view.one(sql, values, |_| Ok(()))?.is_some())
}

const NOTICE: &str = "SELECT entry, kind, at, reference, centre, number FROM notices ";

fn read_notice(row: &Row<'_>, from: usize) -> rusqlite::Result<Notice> {
    let text = |at: usize| row.get::<_, Option<String>>(from + at);
    let kind = row.get::<_, String>(from)?;
    Ok(Notice {
        kind: Kind::parse(&kind).ok_or(rusqlite::Error::InvalidQuery)?,
        at: Moment::from_millis(row.get(from + 1)?),
        reference: text(2)?.map(|id| read_id(Reference::parse(&id))).transpose()?,
        centre: text(3)?.map(|id| read_id(CentreId::parse(&id))).transpose()?,
        number: text(4)?.map(|id| read_id(EnrolmentNumber::parse(&id))).transpose()?,
    })
}

fn read_numbered(row: &Row<'_>) -> rusqlite::Result<Numbered> {
    let entry = row.get::<_, i64>(0)?.unsigned_abs();
    Ok(Numbered { entry, notice: read_notice(row, 1)? })
}

const DELIVERY: &str =
    "SELECT d.entry, d.way, d.target, n.kind, d.state, d.tries, d.since, d.due, d.said,
                        n.kind, n.at, n.reference, n.centre, n.number
                        FROM deliveries d JOIN notices n USING (entry) ";

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<(Delivery, Notice)> {
    let odd = || rusqlite::Error::InvalidQuery;
    let which = Which {
        entry: row.get::<_, i64>(0)?.unsigned_abs(),
        way: Way::parse(&row.get::<_, String>(1)?).ok_or_else(odd)?,
        target: row.get(2)?,
    };
    let delivery = Delivery {
        which,
        kind: Kind::parse(&row.get::<_, String>(3)?).ok_or_else(odd)?,
        standing: Standing::parse(&row.get::<_, String>(4)?).ok_or_else(odd)?,
        tries: row.get(5)?,
        since: Moment::from_millis(row.get(6)?),
        due: Moment::from_millis(row.get(7)?),
        said: row.get(8)?,
    };
    Ok((delivery, read_notice(row, 9)?))
}

fn read_webhook(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    Ok(Webhook {
        reference: read_id(Reference::parse(&row.get::<_, String>(0)?))?,
        url: row.get(1)?,
        host: row.get(2)?,
        active: row.get(3)?,
        entry: row.get::<_, i64>(4)?.unsigned_abs(),
    })
}

fn words(kinds: &[Kind]) -> String {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    format!(",{},", words.join(","))
}

impl View<'_> {
    /// Notices of these kinds after an entry, oldest first; of these centres and of no centre, or of all.
    pub fn notices_after(
        &self,
        after: Option<u64>,
        kinds: &[Kind],
        centres: Option<&[CentreId]>,
        limit: u32,
    ) -> Result<Vec<Numbered>, StoreError> {
        let sql = format!(
            "{NOTICE}WHERE entry > ?1 AND instr(?2, ',' || kind || ',') > 0
               AND (?3 IS NULL OR centre IS NULL OR instr(?3, ',' || centre || ',') > 0)
             ORDER BY entry LIMIT ?4"
        );
        let after = after.map_or(-1, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
        self.all(&sql, (after, words(kinds), centres.map(one_value), limit), read_numbered)
    }

    /// The newest notices of these kinds; of these centres and of no centre, or of all.
    pub fn newest_notices(
        &self,
        kinds: &[Kind],
        centres: Option<&[CentreId]>,
        limit: u32,
    ) -> Result<Vec<Numbered>, StoreError> {
        let sql = format!(
            "{NOTICE}WHERE instr(?1, ',' || kind || ',') > 0
               AND (?2 IS NULL OR centre IS NULL OR instr(?2, ',' || centre || ',') > 0)
             ORDER BY entry DESC LIMIT ?3"
        );
        self.all(&sql, (words(kinds), centres.map(one_value), limit), read_numbered)
    }

    /// Was there a notice of this kind about this record?
    pub fn was_noticed(&self, kind: Kind, reference: &Reference) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM notices WHERE kind = ?1 AND reference = ?2";
        Ok(self.one(sql, (kind.as_str(), reference.as_str()), |_| Ok(()))?.is_some())
    }

    /// The last notice of this kind: its entry, and when.
    pub fn last_noticed(&self, kind: Kind) -> Result<Option<(u64, Moment)>, StoreError> {
        let sql = "SELECT entry, at FROM notices WHERE kind = ?1 ORDER BY entry DESC LIMIT 1";
        self.one(sql, [kind.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), Moment::from_millis(row.get(1)?)))
        })
    }

    /// When there was last a notice of this kind about this centre, or about none.
    pub fn last_noticed_at(
        &self,
        kind: Kind,
        centre: Option<&CentreId>,
    ) -> Result<Option<Moment>, StoreError> {
        let sql =
            "SELECT at FROM notices WHERE kind = ?1 AND centre IS ?2 ORDER BY entry DESC LIMIT 1";
        let values = (kind.as_str(), centre.map(CentreId::as_str));
        self.one(sql, values, |row| Ok(Moment::from_millis(row.get(0)?)))
    }

    /// Releases that no device confirmed in time, and of which nobody was told that yet.
    pub fn unconfirmed_openings(&self, now: Moment) -> Result<Vec<Notice>, StoreError> {
        let sql = "SELECT ?1, ?2, r.reference, r.centre, p.number
                   FROM releases r JOIN participants p ON p.reference = r.participant
                   WHERE r.opened IS NULL AND r.at <= ?3 AND NOT EXISTS
                     (SELECT 1 FROM notices n WHERE n.kind = ?1 AND n.reference = r.reference)
                   ORDER BY r.entry";
        let late = now.plus_seconds(-UNCONFIRMED_SECONDS).millis();
        let kind = Kind::OpeningUnconfirmed.as_str();
        self.all(sql, (kind, now.millis(), late), |row| read_notice(row, 0))
    }

    /// Code breaks before which, within a day, was another by the same person or at the same centre, and of which nobody
    /// was told that yet.
    pub fn broken_again(&self, now: Moment) -> Result<Vec<Notice>, StoreError> {
        let sql = "SELECT ?1, ?2, r.reference, r.centre, p.number
                   FROM releases r JOIN participants p ON p.reference = r.participant
                   WHERE r.purpose = 'break' AND EXISTS
                     (SELECT 1 FROM releases b WHERE b.purpose = 'break' AND b.entry < r.entry
                        AND b.at >= r.at - ?3 AND (b.person = r.person OR b.centre = r.centre))
                   AND NOT EXISTS
                     (SELECT 1 FROM notices n WHERE n.kind = ?1 AND n.reference = r.reference)
                   ORDER BY r.entry";
        let kind = Kind::CodeBrokenAgain.as_str();
        self.all(sql, (kind, now.millis(), AGAIN_SECONDS * 1000), |row| read_notice(row, 0))
    }

    /// Participants who have had a code for so long, and nothing recorded since that says why there was no infusion; of
    /// whom nobody was told that yet.
    pub fn not_infused(&self, now: Moment, seconds: i64) -> Result<Vec<Notice>, StoreError> {
        let sql = "SELECT ?1, ?2, p.reference, p.centre, p.number
                   FROM allocations a JOIN participants p ON p.reference = a.participant
                   WHERE a.at <= ?3 AND NOT EXISTS
                     (SELECT 1 FROM records r WHERE r.participant = p.reference AND r.act IN
                        ('infusion-recorded', 'infusion-missed', 'treatment-ended',
                         'participation-ended'))
                   AND NOT EXISTS
                     (SELECT 1 FROM notices n WHERE n.kind = ?1 AND n.reference = p.reference)
                   ORDER BY a.entry";
        let late = now.plus_seconds(-seconds).millis();
        let kind = Kind::InfusionWaiting.as_str();
        self.all(sql, (kind, now.millis(), late), |row| read_notice(row, 0))
    }

    /// Deliveries of one kind that are due, oldest first, with what they say and where they go.
    pub fn due(&self, way: Way, now: Moment, limit: u32) -> Result<Vec<Due>, StoreError> {
        let sql = format!(
            "{DELIVERY}WHERE d.state = 'waiting' AND d.due <= ?1 AND d.way = ?2
             ORDER BY d.due, d.entry LIMIT ?3"
        );
        let due = self.all(&sql, (now.millis(), way.as_str(), limit), read_delivery)?;
        let with = |(delivery, notice): (Delivery, Notice)| {
            let target = delivery.which.target.clone();
            let (to, role) = match way {
                Way::Mail => (self.address(&target)?, self.role_of(&target)?),
                Way::Webhook => {
                    let sql = "SELECT url FROM webhooks WHERE reference = ?1 AND active = 1";
                    (
                        self.one(sql, [target], |row| row.get::<_, Option<String>>(0))?.flatten(),
                        None,
                    )
                }
            };
            Ok(Due { delivery, notice, to, role })
        };
        due.into_iter().map(with).collect()
    }

    fn role_of(&self, person: &str) -> Result<Option<Role>, StoreError> {
        let Ok(id) = PersonId::parse(person) else { return Ok(None) };
        Ok(self.account(&id)?.map(|account| account.person.role))
    }

    /// The newest deliveries, with how they went.
    pub fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!("{DELIVERY}ORDER BY d.entry DESC, d.way, d.target LIMIT ?1");
        self.all(&sql, [limit], |row| read_delivery(row).map(|(delivery, _)| delivery))
    }

    /// How many deliveries wait, and since when the oldest does.
    pub fn waiting_deliveries(&self) -> Result<(u64, Option<Moment>), StoreError> {
        let sql = "SELECT count(*), min(since) FROM deliveries WHERE state = 'waiting'";
        let found = self.one(sql, [], |row| {
            let oldest = row.get::<_, Option<i64>>(1)?.map(Moment::from_millis);
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), oldest))
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Where somebody who is active wants notices by mail.
    pub fn address(&self, person: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT a.address FROM addresses a JOIN people p ON p.id = a.person
                   WHERE a.person = ?1 AND p.state = 'active'";
        self.one(sql, [person], |row| row.get(0))
    }

    /// Everybody active who wants notices by mail, and where.
    pub fn reachable(&self) -> Result<Vec<(Person, String)>, StoreError> {
        let sql = "SELECT person, address FROM addresses ORDER BY person";
        let all = self.all(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let mut found = vec![];
        for (id, address) in all {
            let id = PersonId::parse(&id).map_err(|_| StoreError::Failed)?;
            let account = self.account(&id)?.filter(|account| account.state == "active");
            found.extend(account.map(|account| (account.person, address)));
        }
        Ok(found)
    }

    /// Every webhook there ever was, the newest first.
    pub fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        let sql = "SELECT reference, url, host, active, entry FROM webhooks ORDER BY entry DESC";
        self.all(sql, [], read_webhook)
    }

    /// One webhook.
    pub fn webhook(&self, reference: &Reference) -> Result<Option<Webhook>, StoreError> {
        let sql = "SELECT reference, url, host, active, entry FROM webhooks WHERE reference = ?1";
        self.one(sql, [reference.as_str()], read_webhook)
    }
}

impl Tx<'_> {
    /// Notes how a try went.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_try(
        &self,
        which: &Which,
        standing: Standing,
        due: Moment,
        said: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE deliveries SET state = ?4, tries = tries + 1, due = ?5, said = ?6
                   WHERE entry = ?1 AND way = ?2 AND target = ?3 AND state = 'waiting'";
        let entry = i64::try_from(which.entry).unwrap_or(i64::MAX);
        let values =
            (entry, which.way.as_str(), &which.target, standing.as_str(), due.millis(), said);
        self.connection().prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Asks for a delivery again, whatever became of it. False when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn replay(&self, which: &Which) -> Result<bool, StoreError> {
        let sql = "UPDATE deliveries SET state = 'waiting', since = ?4, due = ?4
                   WHERE entry = ?1 AND way = ?2 AND target = ?3";
        let entry = i64::try_from(which.entry).unwrap_or(i64::MAX);
        let values = (entry, which.way.as_str(), &which.target, self.now().millis());
        Ok(self.connection().prepare_cached(sql)?.execute(values)? == 1)
    }
}
