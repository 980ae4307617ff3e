//! Second factors, recovery codes, own devices, sessions and recoveries: what belongs to accounts and is nobody's history.
//! The entries beside them say that something happened, and never hold any of this.

use super::queries::read_id;
use super::{StoreError, Tx, View};
use crate::domain::ids::PersonId;
use crate::domain::people::Anew;
use crate::domain::time::Moment;
use crate::sealing::bytes::{Hash, sha256_of};

/// A person's second factor as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// The sealed secret; none: it was given up, and only a link of the administrator's sets it up anew.
    pub sealed: Option<Vec<u8>>,
    /// The last step whose code was used.
    pub step: u64,
}

/// A session, or a device that is known for a while, as its owner sees it.
#[derive(Debug, Clone)]
pub struct OwnSession {
    /// A short name for it; it opens nothing.
    pub id: String,
    /// Last used, to the minute, or when the device became known.
    pub seen: Moment,
    /// When it is over.
    pub expires: Moment,
    /// A device on which no code is asked for, rather than a session.
    pub device: bool,
}

/// A session's short name: it follows from what is kept, and tells nothing of the token.
pub fn short_name(token: &Hash) -> String {
    crate::sealing::bytes::hex(&sha256_of(&[b"klero/v1/session\0", token])[..8])
}

impl View<'_> {
    /// A person's second factor, if there ever was one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn factor(&self, person: &PersonId) -> Result<Option<Factor>, StoreError> {
        let sql = "SELECT sealed, step FROM second_factors WHERE person = ?1";
        self.one(sql, [person.as_str()], |row| {
            Ok(Factor { sealed: row.get(0)?, step: row.get::<_, i64>(1)? as u64 })
        })
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn recovery_codes(&self, person: &PersonId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM recovery_codes WHERE person = ?1";
        let count = self.one(sql, [person.as_str()], |row| row.get::<_, i64>(0))?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    /// Is it a device of this person's that is known at this moment?
    ///
    /// # Errors
    /// When the store fails.
    pub fn knows_device(
        &self,
        token: &Hash,
        person: &PersonId,
        now: Moment,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM devices WHERE token = ?1 AND person = ?2 AND expires > ?3";
        let found = self.one(sql, (&token[..], person.as_str(), now.millis()), |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// A person's sessions and devices, the newest first; those that are over are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn own_sessions(
        &self,
        person: &PersonId,
        now: Moment,
    ) -> Result<Vec<OwnSession>, StoreError> {
        let sql = "SELECT token, seen, expires, 0 FROM sessions WHERE person = ?1 AND expires > ?2
                   UNION ALL
                   SELECT token, at, expires, 1 FROM devices WHERE person = ?1 AND expires > ?2
                   ORDER BY 4, 3 DESC";
        self.all(sql, (person.as_str(), now.millis()), |row| {
            Ok(OwnSession {
                id: short_name(&row.get(0)?),
                seen: Moment::from_millis(row.get(1)?),
                expires: Moment::from_millis(row.get(2)?),
                device: row.get(3)?,
            })
        })
    }

    /// Whose link this is, what it sets up anew, and until when.
    ///
    /// # Errors
    /// When the store fails.
    pub fn recovery(&self, token: &Hash) -> Result<Option<(PersonId, Anew, Moment)>, StoreError> {
        let sql = "SELECT person, what, expires FROM recoveries WHERE token = ?1";
        self.one(sql, [&token[..]], |row| {
            let anew = Anew::parse(&row.get::<_, String>(1)?);
            let person = read_id(PersonId::parse(&row.get::<_, String>(0)?))?;
            let anew = anew.ok_or(rusqlite::Error::InvalidQuery)?;
            Ok((person, anew, Moment::from_millis(row.get(2)?)))
        })
    }
}

impl Tx<'_> {
    /// Keeps a second factor, whose first code was of this step, with its recovery codes. Devices that did without the
    /// old one, and passkeys beside it, are not known any more.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_factor(
        &self,
        person: &PersonId,
        sealed: &[u8],
        step: u64,
        codes: &[Hash],
    ) -> Result<(), StoreError> {
        let sql =
            "INSERT OR REPLACE INTO second_factors (person, sealed, step) VALUES (?1, ?2, ?3)";
        self.put(sql, (person.as_str(), sealed, step as i64))?;
        self.put("DELETE FROM devices WHERE person = ?1", [person.as_str()])?;
        self.forget_passkeys(person)?;
        self.keep_recovery_codes(person, codes)
    }

    /// Keeps recovery codes, hashed; the old ones end.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_recovery_codes(&self, person: &PersonId, codes: &[Hash]) -> Result<(), StoreError> {
        self.put("DELETE FROM recovery_codes WHERE person = ?1", [person.as_str()])?;
        let sql = "INSERT INTO recovery_codes (code, person) VALUES (?1, ?2)";
        codes.iter().try_for_each(|code| self.put(sql, (&code[..], person.as_str())).map(|_| ()))
    }

    /// Uses a step up. No when it, or a later one, was used before.
    ///
    /// # Errors
    /// When the store fails.
    pub fn use_step(&self, person: &PersonId, step: u64) -> Result<bool, StoreError> {
        let sql = "UPDATE second_factors SET step = ?2 WHERE person = ?1 AND step < ?2";
        Ok(self.put(sql, (person.as_str(), step as i64))? == 1)
    }

    /// Uses a recovery code up. No when there is none such.
    ///
    /// # Errors
    /// When the store fails.
    pub fn use_recovery_code(&self, person: &PersonId, code: &Hash) -> Result<bool, StoreError> {
        let sql = "DELETE FROM recovery_codes WHERE person = ?1 AND code = ?2";
        Ok(self.put(sql, (person.as_str(), &code[..]))? == 1)
    }

    /// A device on which this person is not asked for a code until then.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_device(
        &self,
        token: &Hash,
        person: &PersonId,
        expires: Moment,
    ) -> Result<(), StoreError> {
        self.put("DELETE FROM devices WHERE expires < ?1", [self.now().millis()])?;
        let sql = "INSERT INTO devices (token, person, at, expires) VALUES (?1, ?2, ?3, ?4)";
        let (at, expires) = (self.now().millis(), expires.millis());
        self.put(sql, (&token[..], person.as_str(), at, expires)).map(|_| ())
    }

    /// Gives the second factor up: recovery codes, passkeys, devices and sessions end with it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn give_factor_up(&self, person: &PersonId) -> Result<(), StoreError> {
        let sql =
            "INSERT OR REPLACE INTO second_factors (person, sealed, step) VALUES (?1, NULL, 0)";
        self.put(sql, [person.as_str()])?;
        self.keep_recovery_codes(person, &[])?;
        self.forget_passkeys(person)?;
        self.end_sessions(person, None)
    }

    /// From now on a second factor may be set up without a link.
    ///
    /// # Errors
    /// When the store fails.
    pub fn let_factor_be_set_up(&self, person: &PersonId) -> Result<(), StoreError> {
        let sql = "DELETE FROM second_factors WHERE person = ?1 AND sealed IS NULL";
        self.put(sql, [person.as_str()]).map(|_| ())
    }

    /// Ends a person's sessions and forgets the devices, all but one session.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end_sessions(&self, person: &PersonId, but: Option<&Hash>) -> Result<(), StoreError> {
        let but = but.map(|token| &token[..]);
        let sql = "DELETE FROM sessions WHERE person = ?1 AND token IS NOT ?2";
        self.put(sql, (person.as_str(), but))?;
        self.put("DELETE FROM devices WHERE person = ?1", [person.as_str()]).map(|_| ())
    }

    /// Ends one session, or forgets one device, by its short name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end_one(&self, person: &PersonId, id: &str) -> Result<bool, StoreError> {
        for table in ["sessions", "devices"] {
            let sql = format!("SELECT token FROM {table} WHERE person = ?1");
            let view = self.view();
            let tokens: Vec<Hash> = view.all(&sql, [person.as_str()], |row| row.get(0))?;
            if let Some(token) = tokens.iter().find(|token| short_name(token) == id) {
                self.put(&format!("DELETE FROM {table} WHERE token = ?1"), [&token[..]])?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps another password; sessions but this one end.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_password(
        &self,
        person: &PersonId,
        password: &str,
        but: Option<&Hash>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO credentials (person, password) VALUES (?1, ?2)";
        self.put(sql, (person.as_str(), password))?;
        self.end_sessions(person, but)
    }

    /// Keeps a link's token, hashed; an older one for the same thing ends.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_recovery(
        &self,
        token: &Hash,
        person: &PersonId,
        anew: Anew,
        expires: Moment,
    ) -> Result<(), StoreError> {
        self.forget_recovery(person, anew)?;
        let sql = "INSERT INTO recoveries (token, person, what, expires) VALUES (?1, ?2, ?3, ?4)";
        self.put(sql, (&token[..], person.as_str(), anew.as_str(), expires.millis())).map(|_| ())
    }

    /// Uses a link up.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_recovery(&self, person: &PersonId, anew: Anew) -> Result<(), StoreError> {
        let sql = "DELETE FROM recoveries WHERE person = ?1 AND what = ?2";
        self.put(sql, (person.as_str(), anew.as_str())).map(|_| ())
    }

    /// Forgets everything by which a person could sign in a second way.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_factors(&self, person: &PersonId) -> Result<(), StoreError> {
        let tables = [
            "second_factors",
            "recovery_codes",
            "passkeys",
            "devices",
            "recoveries",
            "sign_on_links",
        ];
        for table in tables {
            self.put(&format!("DELETE FROM {table} WHERE person = ?1"), [person.as_str()])?;
        }
        Ok(())
    }
}
