//! Tokens of machines, and which participants are entrusted to them.

use super::queries::read_id;
use super::{StoreError, Tx, View};
use crate::domain::ids::{CentreId, PersonId, Reference};
use crate::domain::network::Network;
use crate::domain::time::Moment;
use crate::sealing::bytes::Hash;
use rusqlite::Row;

/// A machine's token: everything but the token itself, which nobody keeps.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its id, by which entries name it.
    pub id: PersonId,
    /// What it is for.
    pub what: String,
    /// The acts it may ask for.
    pub verbs: Vec<String>,
    /// At which centres.
    pub centres: Vec<CentreId>,
    /// From where it may call; empty is anywhere.
    pub networks: Vec<Network>,
    /// Who made it.
    pub by: PersonId,
    /// When.
    pub made: Moment,
    /// Until when it is good.
    pub expires: Moment,
    /// Was it ended before?
    pub ended: bool,
    /// When it was last used, to the minute.
    pub seen: Option<Moment>,
}

/// A participant for whom a coordinator signed that a machine may ask for the allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrusted {
    /// Who signed.
    pub person: PersonId,
    /// Over which answers: the entry of the screening.
    pub screening: u64,
    /// And which investigator's signature: its entry.
    pub eligibility: u64,
    /// When.
    pub at: Moment,
    /// The entry.
    pub entry: u64,
}

const TOKEN: &str =
    "SELECT t.id, t.what, t.verbs, t.centres, t.networks, t.by, t.at, t.expires, t.ended,
                     h.seen FROM tokens t LEFT JOIN token_hashes h ON h.id = t.id ";

fn read_token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let text = |column| row.get::<_, String>(column);
    let centres = text(3)?;
    let centres = centres.split_whitespace().map(|id| read_id(CentreId::parse(id)));
    let networks = text(4)?;
    let networks = networks
        .split_whitespace()
        .map(|network| Network::parse(network).ok_or(rusqlite::Error::InvalidQuery));
    Ok(Token {
        id: read_id(PersonId::parse(&text(0)?))?,
        what: text(1)?,
        verbs: text(2)?.split_whitespace().map(str::to_owned).collect(),
        centres: centres.collect::<Result<_, _>>()?,
        networks: networks.collect::<Result<_, _>>()?,
        by: read_id(PersonId::parse(&text(5)?))?,
        made: Moment::from_millis(row.get(6)?),
        expires: Moment::from_millis(row.get(7)?),
        ended: row.get::<_, Option<i64>>(8)?.is_some(),
        seen: row.get::<_, Option<i64>>(9)?.map(Moment::from_millis),
    })
}

impl View<'_> {
    /// The token with this hash.
    ///
    /// # Errors
    /// When the store fails.
    pub fn token_by_hash(&self, hash: &Hash) -> Result<Option<Token>, StoreError> {
        self.one(&format!("{TOKEN} WHERE h.token = ?1"), [&hash[..]], read_token)
    }

    /// One token.
    ///
    /// # Errors
    /// When the store fails.
    pub fn token(&self, id: &PersonId) -> Result<Option<Token>, StoreError> {
        self.one(&format!("{TOKEN} WHERE t.id = ?1"), [id.as_str()], read_token)
    }

    /// Every token there ever was, by id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.all(&format!("{TOKEN} ORDER BY t.id"), [], read_token)
    }

    /// Is the participant entrusted to machines, and by whom?
    ///
    /// # Errors
    /// When the store fails.
    pub fn entrusted(&self, participant: &Reference) -> Result<Option<Entrusted>, StoreError> {
        let sql = "SELECT person, screening, eligibility, at, entry FROM entrusted
                   WHERE participant = ?1";
        self.one(sql, [participant.as_str()], |row| {
            Ok(Entrusted {
                person: read_id(PersonId::parse(&row.get::<_, String>(0)?))?,
                screening: row.get::<_, i64>(1)? as u64,
                eligibility: row.get::<_, i64>(2)? as u64,
                at: Moment::from_millis(row.get(3)?),
                entry: row.get::<_, i64>(4)? as u64,
            })
        })
    }
}

impl Tx<'_> {
    /// Keeps a token's hash; an older one of the same id ends.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_token(&self, hash: &Hash, id: &PersonId) -> Result<(), StoreError> {
        self.put("DELETE FROM token_hashes WHERE id = ?1", [id.as_str()])?;
        let sql = "INSERT INTO token_hashes (token, id) VALUES (?1, ?2)";
        self.put(sql, (&hash[..], id.as_str())).map(|_| ())
    }

    /// Forgets the hashes of tokens that have ended: nothing fits them any more.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_ended_tokens(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM token_hashes
                   WHERE id IN (SELECT id FROM tokens WHERE ended IS NOT NULL)";
        self.put(sql, []).map(|_| ())
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// When the store fails.
    pub fn touch_token(&self, hash: &Hash) -> Result<(), StoreError> {
        let sql = "UPDATE token_hashes SET seen = ?2 WHERE token = ?1";
        self.put(sql, (&hash[..], self.now().millis())).map(|_| ())
    }
}
