//! What can be asked of the store. Every question's SQL stands in its function.

use super::StoreError;
use super::history;
use super::offline::{Outside, outside};
use super::release::HeldWrap;
use crate::domain::duplicate::{Particulars, might_be_one};
use crate::domain::entry::Facts;
use crate::domain::ids::{
    CentreId, Code, EnrolmentNumber, PersonId, Reference, StratumId, TrialId,
};
use crate::domain::people::{Person, Role};
use crate::domain::time::Moment;
use crate::sealing::bytes::Hash;
use crate::sealing::line;
use crate::sealing::slot::{LockedArm, Place, Wrap, centre_of};
use rusqlite::{Connection, OptionalExtension, Params, Row};

/// A consistent look at the store: from inside an act, or from a reader's snapshot.
pub struct View<'c> {
    connection: &'c Connection,
}

/// An account with its state.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who it is.
    pub person: Person,
    /// `invited`, `active` or `disabled`.
    pub state: String,
    /// Is it marked as principal investigator?
    pub principal: bool,
}

/// An account without its centres, which stand in a table of their own.
macro_rules! accounts {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, role, state,
               EXISTS (SELECT 1 FROM principals m WHERE m.person = people.id) FROM people ",
            $rest
        )
    };
}

/// A session that was begun.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whose.
    pub person: PersonId,
    /// The last request, to the minute.
    pub seen: Moment,
    /// The absolute end.
    pub expires: Moment,
}

/// An act that was done before under the same key.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// SHA-256 of act and body.
    pub body: Hash,
    /// The first answer, without its receipt.
    pub answer: String,
    /// The entry of the act.
    pub seq: u64,
}

/// A participant's record as it stands. It has no field for an arm.
#[derive(Debug, Clone)]
pub struct Participant {
    /// The random name in paths.
    pub reference: Reference,
    /// The enrolment number.
    pub number: EnrolmentNumber,
    /// The centre.
    pub centre: CentreId,
    /// Personal: four letters.
    pub initials: Option<String>,
    /// Personal: the day of birth.
    pub birth_date: Option<String>,
    /// Personal.
    pub sex: Option<String>,
    /// `eligible`, `not-eligible` or `incomplete`.
    pub outcome: String,
    /// As computed from the answers.
    pub stratum: Option<StratumId>,
    /// The entry that holds the answers.
    pub screening: u64,
    /// The entry of the investigator's signature, if it still stands.
    pub eligibility: Option<u64>,
}

impl Participant {
    fn particulars(&self) -> Particulars<'_> {
        Particulars {
            initials: self.initials.as_deref(),
            birth_date: self.birth_date.as_deref(),
            sex: self.sex.as_deref(),
        }
    }

    /// The centre that screened them, which their number and stratum keep: another than the present one after a move.
    pub fn screened_at(&self) -> CentreId {
        let then = self.stratum.as_ref().and_then(centre_of);
        then.unwrap_or_else(|| self.centre.clone())
    }
}

/// A participant's code. There is no arm here, and none to be had.
#[derive(Debug, Clone)]
pub struct Allocation {
    /// Its own reference.
    pub reference: Reference,
    /// The stratum it was drawn from.
    pub stratum: StratumId,
    /// The code.
    pub code: Code,
    /// When it was issued.
    pub at: Moment,
    /// The entry.
    pub entry: u64,
}

/// One release of one slot.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its reference.
    pub reference: Reference,
    /// `prepare` or `break`.
    pub purpose: String,
    /// Whose slot.
    pub number: EnrolmentNumber,
    /// The code.
    pub code: Code,
    /// The participant's centre at that time.
    pub centre: CentreId,
    /// The participant's present centre: whoever works there may know of it.
    pub present: CentreId,
    /// Whose slot, as paths name it.
    pub participant: Reference,
    /// The visit of a preparation.
    pub visit: Option<String>,
    /// The category of a code break.
    pub category: Option<String>,
    /// To whom it was released.
    pub person: PersonId,
    /// When.
    pub at: Moment,
    /// The entry.
    pub entry: u64,
    /// The entry of the opening receipt.
    pub opened: Option<u64>,
    /// The entry of the read-back.
    pub read_back: Option<u64>,
    /// Set when the code was opened without the service, and taken in afterwards.
    pub outside: Option<Outside>,
}

/// A list that was imported.
#[derive(Debug, Clone)]
pub struct ImportedList {
    /// Its segment.
    pub segment: u32,
    /// `live` or `training`.
    pub purpose: String,
    /// Hash of the manifest's signed text.
    pub manifest: Hash,
    /// Name of the manifest file in the contents.
    pub file: Hash,
    /// Name of the report in the contents.
    pub report: Hash,
    /// The commitment.
    pub root: Hash,
    /// The entry of the import.
    pub imported: u64,
    /// The entry of the approval.
    pub reviewed: Option<u64>,
}

/// A key-holder's public card.
#[derive(Debug, Clone)]
pub struct HeldCard {
    /// The holder.
    pub person: PersonId,
    /// Sixteen bytes in hex.
    pub fingerprint: String,
    /// The card's JSON.
    pub card: String,
}

/// Who holds which centre key.
#[derive(Debug, Clone)]
pub struct Holding {
    /// The centre.
    pub centre: CentreId,
    /// The key's number.
    pub epoch: u32,
    /// The holder.
    pub person: PersonId,
    /// Of the card it was wrapped to, in hex.
    pub fingerprint: String,
    /// The entry of the grant, or of the list's import.
    pub granted: u64,
}

pub(super) fn read_id<T>(parsed: Result<T, crate::domain::ids::IdError>) -> rusqlite::Result<T> {
    // Ids were parsed before they were stored: one that does not parse is damage.
    parsed.map_err(|_| rusqlite::Error::InvalidQuery)
}

pub(super) fn reference(row: &Row<'_>, column: usize) -> rusqlite::Result<Reference> {
    read_id(Reference::parse(&row.get::<_, String>(column)?))
}

fn read_stratum(text: Option<String>) -> rusqlite::Result<Option<StratumId>> {
    text.map(|text| read_id(StratumId::parse(&text))).transpose()
}

const PARTICIPANT: &str = "SELECT reference, number, centre, initials, birth_date, sex, outcome, \
                           stratum, screening, eligibility FROM participants ";

fn read_participant(row: &Row<'_>) -> rusqlite::Result<Participant> {
    Ok(Participant {
        reference: reference(row, 0)?,
        number: read_id(EnrolmentNumber::parse(&row.get::<_, String>(1)?))?,
        centre: read_id(CentreId::parse(&row.get::<_, String>(2)?))?,
        initials: row.get(3)?,
        birth_date: row.get(4)?,
        sex: row.get(5)?,
        outcome: row.get(6)?,
        stratum: read_stratum(row.get(7)?)?,
        screening: row.get::<_, i64>(8)? as u64,
        eligibility: row.get::<_, Option<i64>>(9)?.map(|seq| seq as u64),
    })
}

const RELEASE: &str = "SELECT r.reference, r.purpose, p.number, r.code, r.centre, r.visit, \
                       r.category, r.person, r.at, r.entry, r.opened, r.read_back, \
                       r.participant, p.centre, o.item, o.opened FROM releases r \
                       LEFT JOIN offline_breaks o ON o.release = r.reference \
                       JOIN participants p ON p.reference = r.participant ";

fn read_release(row: &Row<'_>) -> rusqlite::Result<Release> {
    Ok(Release {
        reference: reference(row, 0)?,
        purpose: row.get(1)?,
        number: read_id(EnrolmentNumber::parse(&row.get::<_, String>(2)?))?,
        code: read_id(Code::parse(&row.get::<_, String>(3)?))?,
        centre: read_id(CentreId::parse(&row.get::<_, String>(4)?))?,
        visit: row.get(5)?,
        category: row.get(6)?,
        person: read_id(PersonId::parse(&row.get::<_, String>(7)?))?,
        at: Moment::from_millis(row.get(8)?),
        entry: row.get::<_, i64>(9)? as u64,
        opened: row.get::<_, Option<i64>>(10)?.map(|seq| seq as u64),
        read_back: row.get::<_, Option<i64>>(11)?.map(|seq| seq as u64),
        participant: reference(row, 12)?,
        present: read_id(CentreId::parse(&row.get::<_, String>(13)?))?,
        outside: outside(row.get(14)?, row.get(15)?),
    })
}

impl<'c> View<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    pub(super) fn one<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.query_row(values, read).optional()?)
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    // People ----------------------------------------------------------------------------------------------------------

    /// One account.
    pub fn account(&self, id: &PersonId) -> Result<Option<Account>, StoreError> {
        let found = self.one(accounts!("WHERE id = ?1"), [id.as_str()], read_account)?;
        found.map(|account| self.with_centres(account)).transpose()
    }

    /// Every account, by id.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let accounts = self.all(accounts!("ORDER BY id"), [], read_account)?;
        accounts.into_iter().map(|account| self.with_centres(account)).collect()
    }

    fn with_centres(&self, mut account: Account) -> Result<Account, StoreError> {
        account.person.centres = self.all(
            "SELECT centre FROM person_centres WHERE person = ?1 ORDER BY centre",
            [account.person.id.as_str()],
            |row| read_id(CentreId::parse(&row.get::<_, String>(0)?)),
        )?;
        Ok(account)
    }

    /// The stored Argon2id hash of a person's sign-in password.
    pub fn password_hash(&self, person: &PersonId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT password FROM credentials WHERE person = ?1";
        self.one(sql, [person.as_str()], |row| row.get(0))
    }

    /// Whose invitation a token is, and until when.
    pub fn invitation(&self, token: &Hash) -> Result<Option<(PersonId, Moment)>, StoreError> {
        let sql = "SELECT person, expires FROM invitations WHERE token = ?1";
        self.one(sql, [&token[..]], |row| {
            let person = read_id(PersonId::parse(&row.get::<_, String>(0)?))?;
            Ok((person, Moment::from_millis(row.get(1)?)))
        })
    }

    /// The session a token belongs to.
    pub fn session(&self, token: &Hash) -> Result<Option<Session>, StoreError> {
        let sql = "SELECT person, seen, expires FROM sessions WHERE token = ?1";
        self.one(sql, [&token[..]], |row| {
            Ok(Session {
                person: read_id(PersonId::parse(&row.get::<_, String>(0)?))?,
                seen: Moment::from_millis(row.get(1)?),
                expires: Moment::from_millis(row.get(2)?),
            })
        })
    }

    /// The act a person did under this key.
    pub fn repeat(&self, person: &str, key: &Hash) -> Result<Option<Repeat>, StoreError> {
        let sql = "SELECT body, answer, seq FROM repeats WHERE person = ?1 AND key = ?2";
        self.one(sql, (person, &key[..]), |row| {
            let seq = row.get::<_, i64>(2)? as u64;
            Ok(Repeat { body: row.get(0)?, answer: row.get(1)?, seq })
        })
    }

    // Recruitment and lists -------------------------------------------------------------------------------------------

    /// `open`, `paused` or `closed` of a centre, or of `trial`; none when nothing was decided yet.
    pub fn recruitment(&self, place: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT state FROM recruitment WHERE place = ?1";
        self.one(sql, [place], |row| row.get(0))
    }

    /// How many participants were randomised: in the trial, or at one centre.
    pub fn randomised(&self, centre: Option<&CentreId>) -> Result<u64, StoreError> {
        let count: Option<i64> = match centre {
            None => self.one("SELECT count(*) FROM allocations", [], |row| row.get(0))?,
            Some(centre) => self.one(
                "SELECT count(*) FROM allocations a JOIN participants p
                 ON p.reference = a.participant WHERE p.centre = ?1",
                [centre.as_str()],
                |row| row.get(0),
            )?,
        };
        Ok(count.unwrap_or(0) as u64)
    }

    /// How many participants were screened at a centre.
    pub fn screened(&self, centre: &CentreId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM participants WHERE centre = ?1";
        Ok(self.one(sql, [centre.as_str()], |row| row.get::<_, i64>(0))?.unwrap_or(0) as u64)
    }

    /// The imported lists, by segment.
    pub fn lists(&self) -> Result<Vec<ImportedList>, StoreError> {
        let sql = "SELECT segment, purpose, manifest, file, report, root, imported, reviewed
                   FROM lists ORDER BY segment";
        self.all(sql, [], |row| {
            Ok(ImportedList {
                segment: row.get(0)?,
                purpose: row.get(1)?,
                manifest: row.get(2)?,
                file: row.get(3)?,
                report: row.get(4)?,
                root: row.get(5)?,
                imported: row.get::<_, i64>(6)? as u64,
                reviewed: row.get::<_, Option<i64>>(7)?.map(|seq| seq as u64),
            })
        })
    }

    /// The approved segments that hold this stratum, with the number of its slots in each.
    pub fn reviewed_segments(&self, stratum: &StratumId) -> Result<Vec<(u32, u64)>, StoreError> {
        // The last position of the stratum in a segment is read from the index: nothing is counted.
        let sql = "SELECT l.segment, (SELECT max(s.position) + 1 FROM slots s
                     WHERE s.segment = l.segment AND s.stratum = ?1) AS slots
                   FROM lists l WHERE l.reviewed IS NOT NULL ORDER BY l.segment";
        let found: Vec<(u32, Option<i64>)> =
            self.all(sql, [stratum.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.into_iter().map(|(segment, slots)| (segment, slots.unwrap_or(0) as u64)).collect())
    }

    /// Every slot as it lies on the disk: what a thief of the file has. The lock of each needs the server secret, and
    /// what is under it a centre key.
    pub fn locked_slots(&self, trial: &TrialId) -> Result<Vec<(Place, LockedArm)>, StoreError> {
        let sql = "SELECT segment, stratum, position, code, epoch, sealed, rowid FROM slots
                   UNION ALL
                   SELECT segment, stratum, position, s.code, r.epoch, r.sealed, s.rowid
                     FROM resealed r JOIN slots s USING (segment, stratum, position)
                   ORDER BY 1, 7, 5";
        self.all(sql, [], |row| {
            let place = Place {
                trial: trial.clone(),
                segment: row.get(0)?,
                stratum: read_id(StratumId::parse(&row.get::<_, String>(1)?))?,
                position: row.get(2)?,
                code: read_id(Code::parse(&row.get::<_, String>(3)?))?,
                epoch: row.get(4)?,
            };
            let locked = LockedArm::from_bytes(&row.get::<_, Vec<u8>>(5)?);
            Ok((place, locked.ok_or(rusqlite::Error::InvalidQuery)?))
        })
    }

    /// Bytes by their hash.
    pub fn content(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        self.one("SELECT bytes FROM contents WHERE hash = ?1", [&hash[..]], |row| row.get(0))
    }

    // Keys ------------------------------------------------------------------------------------------------------------

    /// One holder's card.
    pub fn card(&self, person: &PersonId) -> Result<Option<HeldCard>, StoreError> {
        let sql = "SELECT c.person, c.fingerprint, k.bytes FROM cards c
                   JOIN contents k ON k.hash = c.card WHERE c.person = ?1";
        self.one(sql, [person.as_str()], read_card)
    }

    /// Every holder's card, by person.
    pub fn cards(&self) -> Result<Vec<HeldCard>, StoreError> {
        let sql = "SELECT c.person, c.fingerprint, k.bytes FROM cards c
                   JOIN contents k ON k.hash = c.card ORDER BY c.person";
        self.all(sql, [], read_card)
    }

    /// The copy of a sealed identity file that its holder left here.
    pub fn identity_file(&self, person: &PersonId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT k.bytes FROM cards c JOIN contents k ON k.hash = c.identity
                   WHERE c.person = ?1";
        self.one(sql, [person.as_str()], |row| read_text(row, 0))
    }

    /// One person's wrap of one centre key.
    pub fn wrap(
        &self,
        centre: &CentreId,
        epoch: u32,
        person: &PersonId,
    ) -> Result<Option<HeldWrap>, StoreError> {
        let sql = "SELECT k.bytes FROM wraps w JOIN contents k ON k.hash = w.wrap
                   WHERE w.centre = ?1 AND w.epoch = ?2 AND w.person = ?3";
        let bytes: Option<Vec<u8>> =
            self.one(sql, (centre.as_str(), epoch, person.as_str()), |row| row.get(0))?;
        bytes
            .map(|bytes| {
                let wrap = Wrap::from_bytes(&bytes).ok_or(StoreError::Failed)?;
                Ok(HeldWrap { centre: centre.clone(), epoch, person: person.clone(), wrap })
            })
            .transpose()
    }

    /// Who holds which centre key.
    pub fn wraps(&self) -> Result<Vec<Holding>, StoreError> {
        let sql = "SELECT centre, epoch, person, fingerprint, granted FROM wraps
                   ORDER BY centre, epoch, person";
        self.all(sql, [], |row| {
            Ok(Holding {
                centre: read_id(CentreId::parse(&row.get::<_, String>(0)?))?,
                epoch: row.get(1)?,
                person: read_id(PersonId::parse(&row.get::<_, String>(2)?))?,
                fingerprint: row.get(3)?,
                granted: row.get::<_, i64>(4)? as u64,
            })
        })
    }

    // Participants ----------------------------------------------------------------------------------------------------

    /// One participant by the name in paths.
    pub fn participant(&self, reference: &Reference) -> Result<Option<Participant>, StoreError> {
        let sql = query(PARTICIPANT, "WHERE reference = ?1");
        self.one(&sql, [reference.as_str()], read_participant)
    }

    /// One participant by enrolment number.
    pub fn participant_by_number(
        &self,
        number: &EnrolmentNumber,
    ) -> Result<Option<Participant>, StoreError> {
        let sql = query(PARTICIPANT, "WHERE number = ?1");
        self.one(&sql, [number.as_str()], read_participant)
    }

    /// One participant by treatment code.
    pub fn participant_by_code(&self, code: &Code) -> Result<Option<Participant>, StoreError> {
        let tail = "WHERE reference = (SELECT participant FROM allocations WHERE code = ?1)";
        self.one(&query(PARTICIPANT, tail), [code.to_string()], read_participant)
    }

    /// Participants by enrolment number after `after`; of these centres, or of all.
    pub fn participants(
        &self,
        centres: Option<&[CentreId]>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Participant>, StoreError> {
        let names = centres.map(one_value);
        let tail = "WHERE number > ?1 AND (?2 IS NULL OR instr(?2, ',' || centre || ',') > 0)
                    ORDER BY number LIMIT ?3";
        self.all(&query(PARTICIPANT, tail), (after, names, limit), read_participant)
    }

    /// Other participants who might be the same person, anywhere in the trial (AL-7).
    pub fn same_person(&self, of: &Participant) -> Result<Vec<Participant>, StoreError> {
        let tail = "WHERE (initials = ?1 OR birth_date = ?2) AND reference <> ?3";
        let values = (&of.initials, &of.birth_date, of.reference.as_str());
        let mut found = self.all(&query(PARTICIPANT, tail), values, read_participant)?;
        found.retain(|other| might_be_one(&of.particulars(), &other.particulars()));
        Ok(found)
    }

    /// A participant's code.
    pub fn allocation(&self, participant: &Reference) -> Result<Option<Allocation>, StoreError> {
        let sql = "SELECT reference, stratum, code, at, entry FROM allocations
                   WHERE participant = ?1";
        self.one(sql, [participant.as_str()], |row| {
            Ok(Allocation {
                reference: reference(row, 0)?,
                stratum: read_id(StratumId::parse(&row.get::<_, String>(1)?))?,
                code: read_id(Code::parse(&row.get::<_, String>(2)?))?,
                at: Moment::from_millis(row.get(3)?),
                entry: row.get::<_, i64>(4)? as u64,
            })
        })
    }

    // Releases --------------------------------------------------------------------------------------------------------

    /// One release.
    pub fn release(&self, reference: &Reference) -> Result<Option<Release>, StoreError> {
        let sql = query(RELEASE, "WHERE r.reference = ?1");
        self.one(&sql, [reference.as_str()], read_release)
    }

    /// The releases of one participant, oldest first.
    pub fn releases_of(
        &self,
        participant: &Reference,
        purpose: &str,
    ) -> Result<Vec<Release>, StoreError> {
        let tail = "WHERE r.participant = ?1 AND r.purpose = ?2 ORDER BY r.entry";
        self.all(&query(RELEASE, tail), (participant.as_str(), purpose), read_release)
    }

    /// Code breaks, newest first; of these centres, or of all.
    pub fn breaks(&self, centres: Option<&[CentreId]>) -> Result<Vec<Release>, StoreError> {
        let tail = "WHERE r.purpose = 'break' ORDER BY r.entry DESC";
        let all = self.all(&query(RELEASE, tail), [], read_release)?;
        Ok(match centres {
            None => all,
            Some(own) => all.into_iter().filter(|r| own.contains(&r.present)).collect(),
        })
    }

    // The trail -------------------------------------------------------------------------------------------------------

    /// How many entries there are.
    pub fn trail_size(&self) -> Result<u64, StoreError> {
        history::size(self.connection)
    }

    /// The root over the first `size` entries.
    pub fn trail_root(&self, size: u64) -> Result<Hash, StoreError> {
        history::root(self.connection, size)
    }

    /// The inclusion proof of one entry in the tree of `size`.
    pub fn trail_path(&self, size: u64, seq: u64) -> Result<Vec<Hash>, StoreError> {
        history::path(self.connection, size, seq)
    }

    /// The proof that one tree is the beginning of another.
    pub fn trail_consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
        history::consistency(self.connection, old, new)
    }

    /// One line, byte for byte.
    pub fn line(&self, seq: u64) -> Result<Option<String>, StoreError> {
        let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
        self.one("SELECT line FROM entries WHERE seq = ?1", [seq], |row| row.get(0))
    }

    /// Lines from `from` on, oldest first.
    pub fn lines(&self, from: u64, limit: u32) -> Result<Vec<String>, StoreError> {
        let Ok(from) = i64::try_from(from) else { return Ok(vec![]) };
        let sql = "SELECT line FROM entries WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
        self.all(sql, (from, limit), |row| row.get(0))
    }

    /// The private record of an entry, unless it was erased or never was.
    pub fn private_record(&self, seq: u64) -> Result<Option<Facts>, StoreError> {
        let sql = "SELECT record FROM private_records WHERE seq = ?1";
        let record: Option<String> = self.one(sql, [seq as i64], |row| row.get(0))?;
        record.map(|text| line::read_private(&text).map_err(|_| StoreError::Damaged)).transpose()
    }
}

/// Centre ids hold no comma, so that a list of them is one value: `instr(?, ',' || centre || ',') > 0`.
pub(super) fn one_value(centres: &[CentreId]) -> String {
    let names: Vec<_> = centres.iter().map(CentreId::as_str).collect();
    format!(",{},", names.join(","))
}

fn query(head: &str, tail: &str) -> String {
    format!("{head}{tail}")
}

fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let role: String = row.get(2)?;
    Ok(Account {
        person: Person {
            id: read_id(PersonId::parse(&row.get::<_, String>(0)?))?,
            name: row.get(1)?,
            role: Role::parse(&role).ok_or(rusqlite::Error::InvalidQuery)?,
            centres: vec![],
        },
        state: row.get(3)?,
        principal: row.get(4)?,
    })
}

fn read_text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    String::from_utf8(row.get(column)?).map_err(|_| rusqlite::Error::InvalidQuery)
}

fn read_card(row: &Row<'_>) -> rusqlite::Result<HeldCard> {
    Ok(HeldCard {
        person: read_id(PersonId::parse(&row.get::<_, String>(0)?))?,
        fingerprint: row.get(1)?,
        card: read_text(row, 2)?,
    })
}
