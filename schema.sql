-- Klero's store: SQLite, WAL, synchronous=FULL, foreign keys on.            design 9
-- Three kinds of table, and no fourth:
--   the trail       entries, private_records, nodes: what happened; nothing here is ever changed
--   projections     what the entries add up to; written by store/apply.rs alone, re-made and compared by
--                   `klero trail verify --tables`
--   keepsakes       bytes an entry names by hash (contents, slots), and what is nobody's history:
--                   credentials, invitations, sessions, repeats, drafts
-- There is no column for an arm, and none of the sealed bytes can be opened with anything in this file.

-- The trail ---------------------------------------------------------------------------------------------------------

CREATE TABLE entries (
  seq  INTEGER PRIMARY KEY CHECK (seq >= 0),          -- 0, 1, 2 … without a gap
  leaf BLOB NOT NULL CHECK (length(leaf) = 32),       -- SHA-256(00 ‖ line); first, so that a proof reads no line
  line TEXT NOT NULL CHECK (length(line) <= 65535)    -- kept exactly as it was hashed
) STRICT;

CREATE TABLE private_records (
  seq    INTEGER PRIMARY KEY REFERENCES entries(seq), -- the entry that holds its salted hash
  record TEXT NOT NULL                                -- personal data and free text; may be erased by law
) STRICT;

CREATE TABLE nodes (
  level INTEGER NOT NULL CHECK (level IN (8, 16, 24)),-- every eighth level of the tree: 1 row for 255 hashes
  idx   INTEGER NOT NULL CHECK (idx >= 0),            -- the how-manyth complete subtree of 2^level entries
  hash  BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the trail only grows'); END;
CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the trail only grows'); END;
CREATE TRIGGER private_records_never_change BEFORE UPDATE ON private_records
BEGIN SELECT RAISE(ABORT, 'a private record may be erased, never altered'); END;
CREATE TRIGGER nodes_never_change BEFORE UPDATE ON nodes
BEGIN SELECT RAISE(ABORT, 'the trail only grows'); END;
CREATE TRIGGER nodes_never_go BEFORE DELETE ON nodes
BEGIN SELECT RAISE(ABORT, 'the trail only grows'); END;

-- Keepsakes ---------------------------------------------------------------------------------------------------------

CREATE TABLE contents (
  hash  BLOB PRIMARY KEY CHECK (length(hash) = 32),   -- SHA-256 of the bytes: how entries name them
  bytes BLOB NOT NULL                                 -- trial file, manifest, list report, public card, sealed identity,
                                                      -- wrap: deleted with its grant
) STRICT;

CREATE TABLE slots (
  segment  INTEGER NOT NULL CHECK (segment >= 0),
  stratum  TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),    -- list order; read by no blinded role
  code     TEXT NOT NULL UNIQUE CHECK (length(code) = 7),
  epoch    INTEGER NOT NULL CHECK (epoch >= 1),       -- which centre key seals it
  leaf     BLOB NOT NULL CHECK (length(leaf) = 32),   -- commitment; its salt is inside the seal
  sealed   BLOB NOT NULL CHECK (length(sealed) = 120),-- sealed arm under the service's lock; never changes
  PRIMARY KEY (segment, stratum, position)
) STRICT;

CREATE TABLE resealed (                               -- since schema 3: slots that were unissued when their centre's
  segment  INTEGER NOT NULL,                          -- key was rotated, under the new key
  stratum  TEXT NOT NULL,
  position INTEGER NOT NULL,
  epoch    INTEGER NOT NULL CHECK (epoch >= 2),
  sealed   BLOB NOT NULL CHECK (length(sealed) = 120),-- locked as a slot is
  PRIMARY KEY (segment, stratum, position, epoch),
  FOREIGN KEY (segment, stratum, position) REFERENCES slots (segment, stratum, position)
) STRICT;

CREATE TRIGGER contents_never_change BEFORE UPDATE ON contents
BEGIN SELECT RAISE(ABORT, 'contents are named by their hash'); END;
CREATE TRIGGER slots_never_change BEFORE UPDATE ON slots
BEGIN SELECT RAISE(ABORT, 'a slot never changes'); END;
CREATE TRIGGER slots_never_go BEFORE DELETE ON slots
BEGIN SELECT RAISE(ABORT, 'a slot never goes'); END;
CREATE TRIGGER resealed_never_change BEFORE UPDATE ON resealed
BEGIN SELECT RAISE(ABORT, 'a slot never changes'); END;
CREATE TRIGGER resealed_never_go BEFORE DELETE ON resealed
BEGIN SELECT RAISE(ABORT, 'a slot never goes'); END;

CREATE TABLE credentials (
  person   TEXT PRIMARY KEY,
  password TEXT NOT NULL                              -- Argon2id, PHC string
) STRICT;

CREATE TABLE invitations (
  token   BLOB PRIMARY KEY CHECK (length(token) = 32),-- SHA-256 of the token; the token itself is shown once
  person  TEXT NOT NULL,
  expires INTEGER NOT NULL                            -- milliseconds since 1970
) STRICT;

CREATE TABLE sessions (
  token   BLOB PRIMARY KEY CHECK (length(token) = 32),-- SHA-256 of the bearer token
  person  TEXT NOT NULL,
  seen    INTEGER NOT NULL,                           -- last request, to the minute; idle end counts from it
  expires INTEGER NOT NULL                            -- absolute end
) STRICT, WITHOUT ROWID;

CREATE TABLE second_factors (                         -- since schema 4
  person TEXT PRIMARY KEY,
  sealed BLOB CHECK (length(sealed) = 48),            -- what phone and service share, sealed under the server secret;
                                                      -- none: given up, only a link sets it up anew
  step   INTEGER NOT NULL                             -- the last half minute whose code was used; none before it counts
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (                         -- since schema 4
  code   BLOB PRIMARY KEY CHECK (length(code) = 32),  -- keyed hash: without the server secret nothing can be tried
  person TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (                                -- since schema 4: where a person is not asked for a code
  token   BLOB PRIMARY KEY CHECK (length(token) = 32),-- SHA-256 of the token that the browser keeps
  person  TEXT NOT NULL,
  at      INTEGER NOT NULL,                           -- since when
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (                               -- since schema 5: in the place of a code, beside the password
  id      BLOB PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 1023), -- by what its authenticator knows it
  person  TEXT NOT NULL,
  number  INTEGER NOT NULL CHECK (number >= 1),       -- 1, 2, 3 of this person: what it is called
  at      INTEGER NOT NULL,                           -- since when
  key     TEXT NOT NULL,                              -- the public key and what is known of it, as JSON; opens nothing
  counter INTEGER NOT NULL CHECK (counter >= 0),      -- how often it had signed when it was used last; 0: does not count
  UNIQUE (person, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE recoveries (                             -- since schema 4: links for whoever lost phone or password
  token   BLOB PRIMARY KEY CHECK (length(token) = 32),-- SHA-256 of the token; the token itself is shown once
  person  TEXT NOT NULL,
  what    TEXT NOT NULL CHECK (what IN ('password', 'second-factor')),
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_on_links (                          -- since schema 5: hospital accounts by which people may enter
  person TEXT PRIMARY KEY,
  link   BLOB NOT NULL UNIQUE                         -- keyed hash of the hospital's server and the account there: names
    CHECK (length(link) = 32),                        -- nobody, and nothing can be tried without the server secret
  at     INTEGER NOT NULL                             -- since when
) STRICT, WITHOUT ROWID;

CREATE TABLE token_hashes (                           -- since schema 4: of machines; the token itself is shown once
  token BLOB PRIMARY KEY CHECK (length(token) = 32),  -- SHA-256 of the token
  id    TEXT NOT NULL UNIQUE,
  seen  INTEGER                                       -- last request, to the minute
) STRICT, WITHOUT ROWID;

CREATE TABLE repeats (
  person TEXT NOT NULL,
  key    BLOB NOT NULL CHECK (length(key) = 32),      -- SHA-256 of the Idempotency-Key
  body   BLOB NOT NULL CHECK (length(body) = 32),     -- SHA-256 of act and body: another body is refused
  answer TEXT NOT NULL,                               -- the first answer, without its receipt
  seq    INTEGER NOT NULL,                            -- the entry of the act
  PRIMARY KEY (person, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE drafts (                                 -- since schema 2
  reference TEXT PRIMARY KEY,
  person    TEXT NOT NULL,                            -- its author; nobody else reads, replaces or drops it
  kind      TEXT NOT NULL,                            -- of which form
  about     TEXT,                                     -- reference of the record that the form is about, if it is about one
  body      TEXT NOT NULL,                            -- answers as they were typed: personal data, never in the trail
  at        INTEGER NOT NULL                          -- milliseconds since 1970; gone after 72 hours
) STRICT;

CREATE TABLE sealed_records (                         -- since schema 3: sealed pharmacy records under the service's lock
  record TEXT PRIMARY KEY,                            -- its name, rolled by the device that sealed it
  kind   TEXT NOT NULL CHECK (kind IN ('preparation', 'stock')),
  sealed BLOB NOT NULL                                -- one length for each kind, whatever it says
    CHECK (length(sealed) = CASE kind WHEN 'preparation' THEN 1080 ELSE 568 END)
) STRICT;

CREATE TABLE deliveries (                             -- since schema 4: notices on their way out, and how it went
  entry  INTEGER NOT NULL REFERENCES entries(seq),    -- of the notice; what is sent is made from that notice alone
  way    TEXT NOT NULL CHECK (way IN ('mail', 'webhook')),
  target TEXT NOT NULL,                               -- an account, or a webhook's reference; never an address
  state  TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'given-up')),
  tries  INTEGER NOT NULL,
  since  INTEGER NOT NULL,                            -- when it was queued, or asked for again: three days count from here
  due    INTEGER NOT NULL,                            -- when it is tried next, or was tried last
  said   TEXT,                                        -- how the last try went, a word of ours
  PRIMARY KEY (entry, way, target)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_by_due ON deliveries (state, due);

CREATE TRIGGER sealed_records_never_change BEFORE UPDATE ON sealed_records
BEGIN SELECT RAISE(ABORT, 'a sealed record never changes'); END;
CREATE TRIGGER sealed_records_never_go BEFORE DELETE ON sealed_records
BEGIN SELECT RAISE(ABORT, 'a sealed record never goes'); END;

CREATE TABLE sealed_break_records (                   -- since schema 4: what was written about a code break once the arm was
  record TEXT PRIMARY KEY,                            -- known, under the service's lock; named by the device that sealed it
  sealed BLOB NOT NULL CHECK (length(sealed) = 4152)  -- one length, whatever it says
) STRICT;

CREATE TRIGGER sealed_break_records_never_change BEFORE UPDATE ON sealed_break_records
BEGIN SELECT RAISE(ABORT, 'a sealed record never changes'); END;
CREATE TRIGGER sealed_break_records_never_go BEFORE DELETE ON sealed_break_records
BEGIN SELECT RAISE(ABORT, 'a sealed record never goes'); END;

-- Projections -------------------------------------------------------------------------------------------------------

CREATE TABLE people (
  id    TEXT PRIMARY KEY,                             -- never given again
  name  TEXT NOT NULL,                                -- as printed under signatures
  role  TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled'))
) STRICT, WITHOUT ROWID;

CREATE TABLE person_centres (
  person TEXT NOT NULL REFERENCES people(id),
  centre TEXT NOT NULL,
  PRIMARY KEY (person, centre)
) STRICT, WITHOUT ROWID;

CREATE TABLE recruitment (
  place TEXT PRIMARY KEY,                             -- a centre, or 'trial'
  state TEXT NOT NULL CHECK (state IN ('open', 'paused', 'closed')),
  at    INTEGER NOT NULL,
  by    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lists (
  segment  INTEGER PRIMARY KEY,
  purpose  TEXT NOT NULL CHECK (purpose IN ('live', 'training')),
  manifest BLOB NOT NULL,                             -- SHA-256 of the signed text
  file     BLOB NOT NULL REFERENCES contents(hash),   -- the manifest file
  report   BLOB NOT NULL REFERENCES contents(hash),
  root     BLOB NOT NULL,
  imported INTEGER NOT NULL,                          -- entry
  reviewed INTEGER                                    -- entry of the approval; none: the list may not issue
) STRICT;

CREATE TABLE cards (
  person      TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  card        BLOB NOT NULL REFERENCES contents(hash),
  identity    BLOB                                    -- sealed identity file, if the holder left a copy
) STRICT, WITHOUT ROWID;

CREATE TABLE wraps (
  centre      TEXT NOT NULL,
  epoch       INTEGER NOT NULL,
  person      TEXT NOT NULL,
  fingerprint TEXT NOT NULL,                          -- of the card it was wrapped to
  wrap        BLOB NOT NULL REFERENCES contents(hash),
  granted     INTEGER NOT NULL,                       -- entry
  PRIMARY KEY (centre, epoch, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE participants (
  reference   TEXT PRIMARY KEY,                       -- random; the only name in paths
  number      TEXT NOT NULL UNIQUE,                   -- enrolment number
  centre      TEXT NOT NULL,
  initials    TEXT,                                   -- these three are personal data, from the private record
  birth_date  TEXT,
  sex         TEXT,
  outcome     TEXT NOT NULL CHECK (outcome IN ('eligible', 'not-eligible', 'incomplete')),
  stratum     TEXT,                                   -- as computed; none while a component is unanswered
  screening   INTEGER NOT NULL,                       -- entry that holds the present answers
  eligibility INTEGER                                 -- entry of the investigator's signature over them
) STRICT, WITHOUT ROWID;

CREATE INDEX participants_by_person ON participants (initials, birth_date, sex);
CREATE INDEX participants_by_birth ON participants (birth_date);

CREATE TABLE allocations (
  participant TEXT PRIMARY KEY REFERENCES participants(reference),
  reference   TEXT NOT NULL UNIQUE,
  segment     INTEGER NOT NULL,
  stratum     TEXT NOT NULL,
  position    INTEGER NOT NULL,
  code        TEXT NOT NULL UNIQUE,
  at          INTEGER NOT NULL,
  entry       INTEGER NOT NULL,
  UNIQUE (segment, stratum, position),                -- the last guard of I4
  FOREIGN KEY (segment, stratum, position) REFERENCES slots (segment, stratum, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER allocations_never_change BEFORE UPDATE ON allocations
BEGIN SELECT RAISE(ABORT, 'an allocation never changes'); END;
CREATE TRIGGER allocations_never_go BEFORE DELETE ON allocations
BEGIN SELECT RAISE(ABORT, 'an allocation never goes'); END;

CREATE TABLE releases (
  reference   TEXT PRIMARY KEY,
  purpose     TEXT NOT NULL CHECK (purpose IN ('prepare', 'break')),
  participant TEXT NOT NULL REFERENCES participants(reference),
  code        TEXT NOT NULL,
  centre      TEXT NOT NULL,
  visit       TEXT,                                   -- of a preparation
  category    TEXT,                                   -- of a code break
  person      TEXT NOT NULL,                          -- to whom
  at          INTEGER NOT NULL,
  entry       INTEGER NOT NULL,
  opened      INTEGER,                                -- entry of the opening receipt; none counts as unblinded all the same
  read_back   INTEGER                                 -- entry of the read-back of a code break
) STRICT, WITHOUT ROWID;

CREATE INDEX releases_by_participant ON releases (participant, purpose);

CREATE TABLE sign_ins (                               -- since schema 2
  person TEXT PRIMARY KEY,
  last   INTEGER NOT NULL,                            -- when the newest session began
  before INTEGER                                      -- when the one before it began
) STRICT, WITHOUT ROWID;

CREATE TABLE verifications (                          -- since schema 2
  person TEXT PRIMARY KEY,                            -- who verified the trail
  size   INTEGER NOT NULL,                            -- how many entries there were, the last time
  root   BLOB NOT NULL,                               -- and the root over them
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shortages (                              -- since schema 2
  centre TEXT PRIMARY KEY,                            -- where a code was asked for and the list had none
  at     INTEGER NOT NULL,                            -- the last time
  entry  INTEGER NOT NULL                             -- the entry of that refusal, which names no stratum
) STRICT, WITHOUT ROWID;

CREATE TABLE records (                                -- since schema 3: signed records of a participant's way
  entry       INTEGER PRIMARY KEY REFERENCES entries(seq), -- which holds what was recorded
  act         TEXT NOT NULL,
  participant TEXT NOT NULL REFERENCES participants(reference),
  release     TEXT REFERENCES releases(reference),    -- which release it is about, if it is about one
  at          INTEGER NOT NULL
) STRICT;

CREATE INDEX records_by_participant ON records (participant, entry);
CREATE INDEX records_by_release ON records (release);

CREATE TABLE pharmacy_records (                       -- since schema 3: which sealed record is whose, never what it says
  record  TEXT PRIMARY KEY,
  kind    TEXT NOT NULL,
  centre  TEXT NOT NULL,                              -- whose key seals it
  epoch   INTEGER NOT NULL CHECK (epoch >= 1),        -- the number of that key
  release TEXT UNIQUE REFERENCES releases(reference), -- of a preparation: one record a release
  entry   INTEGER NOT NULL UNIQUE REFERENCES entries(seq)
) STRICT;

CREATE INDEX pharmacy_records_by_centre ON pharmacy_records (centre, entry);
CREATE TABLE centre_keys (                            -- since schema 3: every key that a centre ever had
  centre  TEXT NOT NULL,
  epoch   INTEGER NOT NULL,
  segment INTEGER NOT NULL,                           -- of the list whose slots it seals
  drill   INTEGER NOT NULL CHECK (drill IN (0, 1)),   -- a list to practise with, beside the one that issues
  sealed  BLOB,                                       -- SHA-256 over the slots sealed anew; none before a rotation
  entry   INTEGER NOT NULL,
  PRIMARY KEY (centre, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE held (                                   -- since schema 3: who ever held which key; ended, never removed
  centre  TEXT NOT NULL,
  epoch   INTEGER NOT NULL,
  person  TEXT NOT NULL,
  granted INTEGER NOT NULL,                           -- entry
  ended   INTEGER,                                    -- entry
  PRIMARY KEY (centre, epoch, person, granted)
) STRICT, WITHOUT ROWID;

CREATE TABLE passed_keys (                            -- since schema 3: one slot's key for the centre a participant moved to
  participant TEXT NOT NULL REFERENCES participants(reference),
  centre      TEXT NOT NULL,
  epoch       INTEGER NOT NULL,                       -- of that centre's key, which seals it
  sealed      BLOB NOT NULL REFERENCES contents(hash),
  entry       INTEGER NOT NULL,
  PRIMARY KEY (participant, centre, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE voids (                                  -- since schema 3: codes that became known before they were issued
  segment  INTEGER NOT NULL,
  stratum  TEXT NOT NULL,
  position INTEGER NOT NULL,
  code     TEXT NOT NULL UNIQUE,
  entry    INTEGER NOT NULL,
  PRIMARY KEY (segment, stratum, position),
  FOREIGN KEY (segment, stratum, position) REFERENCES slots (segment, stratum, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER voids_never_change BEFORE UPDATE ON voids
BEGIN SELECT RAISE(ABORT, 'a void code stays void'); END;
CREATE TRIGGER voids_never_go BEFORE DELETE ON voids
BEGIN SELECT RAISE(ABORT, 'a void code stays void'); END;
CREATE TRIGGER voids_never_of_the_issued BEFORE INSERT ON voids
WHEN EXISTS (SELECT 1 FROM allocations a WHERE (a.segment, a.stratum, a.position)
                                             = (NEW.segment, NEW.stratum, NEW.position))
BEGIN SELECT RAISE(ABORT, 'an issued code is never void'); END;
CREATE TRIGGER allocations_never_of_the_void BEFORE INSERT ON allocations
WHEN EXISTS (SELECT 1 FROM voids v WHERE (v.segment, v.stratum, v.position)
                                       = (NEW.segment, NEW.stratum, NEW.position))
BEGIN SELECT RAISE(ABORT, 'a void code is never issued'); END;

CREATE TABLE disclosures (                            -- since schema 3: what was published of the list, and no arm of it
  entry INTEGER PRIMARY KEY,
  stage TEXT NOT NULL CHECK (stage IN ('groups', 'meaning', 'issued', 'list')),
  file  BLOB NOT NULL UNIQUE CHECK (length(file) = 32) -- SHA-256 of the published file
) STRICT;

CREATE TABLE principals (                             -- since schema 3: who closes code breaks, where anybody is marked
  person TEXT PRIMARY KEY REFERENCES people(id)
) STRICT, WITHOUT ROWID;

CREATE TABLE withdrawals (                            -- since schema 3: code breaks that were asked for and not done
  entry INTEGER PRIMARY KEY REFERENCES entries(seq),
  at    INTEGER NOT NULL
) STRICT;

CREATE TABLE break_records (                          -- since schema 4: which sealed record is about which code break
  record  TEXT PRIMARY KEY,
  release TEXT NOT NULL REFERENCES releases(reference),
  centre  TEXT NOT NULL,                              -- whose key seals it
  epoch   INTEGER NOT NULL CHECK (epoch >= 1),        -- the number of that key
  entry   INTEGER NOT NULL UNIQUE REFERENCES entries(seq)
) STRICT;

CREATE INDEX break_records_by_release ON break_records (release, entry);

CREATE TABLE safety_plans (                           -- since schema 3: one named person is to be told one treatment
  entry       INTEGER PRIMARY KEY REFERENCES entries(seq), -- which holds who is told, and why
  participant TEXT NOT NULL REFERENCES participants(reference),
  due         TEXT NOT NULL,                          -- the day of the report, year-month-day
  done        INTEGER                                 -- entry of the release that did it
) STRICT;

CREATE TABLE offline_breaks (                         -- since schema 4: openings without the service, taken in once each
  item    TEXT PRIMARY KEY,                           -- 'kit' and the SHA-256 of the signed record, or 'letter' and its serial
  release TEXT REFERENCES releases(reference),        -- the code break it counts as; none: nobody had the code
  code    TEXT NOT NULL,
  opened  INTEGER NOT NULL,                           -- when, by the holder's own clock; the entry says when it was taken in
  entry   INTEGER NOT NULL REFERENCES entries(seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX offline_breaks_by_release ON offline_breaks (release);

CREATE TABLE tokens (                                 -- since schema 4: what each machine may ask for; never its token
  id       TEXT PRIMARY KEY,                          -- never given again, to no person either
  what     TEXT NOT NULL,                             -- what it is for
  verbs    TEXT NOT NULL,                             -- acts, parted by spaces
  centres  TEXT NOT NULL,                             -- centres, parted by spaces
  networks TEXT NOT NULL,                             -- from where, parted by spaces; empty is anywhere
  by       TEXT NOT NULL,                             -- who made it: it ends when that person's access ends
  at       INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  ended    INTEGER                                    -- entry
) STRICT, WITHOUT ROWID;

CREATE TABLE entrusted (                              -- since schema 4: for whom a machine may ask for the allocation
  participant TEXT PRIMARY KEY REFERENCES participants(reference),
  person      TEXT NOT NULL,                          -- the coordinator who signed
  screening   INTEGER NOT NULL,                       -- over these answers: their entry
  eligibility INTEGER NOT NULL,                       -- and this investigator's signature: its entry
  at          INTEGER NOT NULL,
  entry       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notices (                                -- since schema 4: what others are told of entries, and nothing else
  entry     INTEGER PRIMARY KEY REFERENCES entries(seq),
  kind      TEXT NOT NULL,                            -- a word of domain/notice.rs
  at        INTEGER NOT NULL,
  reference TEXT,                                     -- of the record that it is about
  centre    TEXT,
  number    TEXT                                      -- enrolment number, for mail to those who may read it
) STRICT;

CREATE INDEX notices_by_reference ON notices (kind, reference);

CREATE TABLE addresses (                              -- since schema 4: where somebody wants notices by mail
  person  TEXT PRIMARY KEY REFERENCES people(id),
  address TEXT NOT NULL                               -- personal data, from the private record of the person's own entry
) STRICT, WITHOUT ROWID;

CREATE TABLE webhooks (                               -- since schema 4: programs that are told, thinly and signed
  reference TEXT PRIMARY KEY,
  url       TEXT,                                     -- from the private record: an address may hold a word of its owner's
  host      TEXT NOT NULL,
  active    INTEGER NOT NULL CHECK (active IN (0, 1)),
  entry     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE copies (                                 -- since schema 4: files of all records, which a centre may confirm
  entry     INTEGER PRIMARY KEY REFERENCES entries(seq), -- which holds the file's hash
  person    TEXT NOT NULL,                            -- who downloaded it, and who alone confirms it
  confirmed INTEGER                                   -- entry of the confirmation
) STRICT;

CREATE INDEX copies_by_person ON copies (person, entry);

-- Drills ------------------------------------------------------------------------------------------------------------
-- A training list beside the one that issues. It lies in tables of its own, which no act of issue reads.

CREATE TABLE drill_slots (                            -- since schema 4, a keepsake: slots to practise with
  segment  INTEGER NOT NULL CHECK (segment >= 0),     -- of the training lists, which count for themselves
  stratum  TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  code     TEXT NOT NULL UNIQUE                       -- begins with 9, and is nobody's
    CHECK (length(code) = 7 AND code GLOB '9*'),
  epoch    INTEGER NOT NULL CHECK (epoch > 1000000),  -- drill keys are numbered apart from those that seal what is issued
  leaf     BLOB NOT NULL CHECK (length(leaf) = 32),
  sealed   BLOB NOT NULL CHECK (length(sealed) = 120),-- locked as a slot is
  PRIMARY KEY (segment, stratum, position)
) STRICT;

CREATE TABLE drill_lists (                            -- since schema 4, a projection
  segment  INTEGER PRIMARY KEY,
  manifest BLOB NOT NULL,                             -- SHA-256 of the signed text
  file     BLOB NOT NULL REFERENCES contents(hash),   -- the manifest file
  root     BLOB NOT NULL,
  imported INTEGER NOT NULL                           -- entry
) STRICT;

CREATE TABLE drills (                                 -- since schema 4, a projection: no release, and nobody's code
  reference   TEXT PRIMARY KEY,
  centre      TEXT NOT NULL,
  code        TEXT NOT NULL,
  person      TEXT NOT NULL,                          -- who practised
  role        TEXT NOT NULL,
  keys        INTEGER NOT NULL,                       -- how many centre keys were handed to that person to try
  at          INTEGER NOT NULL,
  entry       INTEGER NOT NULL,
  opened      INTEGER,                                -- entry of the signed receipt
  fits        INTEGER CHECK (fits IN (0, 1)),         -- did the slot open and fit its list?
  keys_opened INTEGER,                                -- how many of the keys opened
  seconds     INTEGER,                                -- from the entry to the receipt
  passed      INTEGER CHECK (passed IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX drills_by_centre ON drills (centre, entry);
CREATE INDEX drills_by_code ON drills (code, entry);

CREATE TRIGGER drill_slots_never_change BEFORE UPDATE ON drill_slots
BEGIN SELECT RAISE(ABORT, 'a slot never changes'); END;
CREATE TRIGGER drill_slots_never_go BEFORE DELETE ON drill_slots
BEGIN SELECT RAISE(ABORT, 'a slot never goes'); END;
CREATE TRIGGER drill_slots_never_meet_the_list BEFORE INSERT ON drill_slots
WHEN EXISTS (SELECT 1 FROM slots s WHERE s.code = NEW.code)
BEGIN SELECT RAISE(ABORT, 'a code of the list is no drill'); END;
CREATE TRIGGER slots_never_meet_a_drill BEFORE INSERT ON slots
WHEN EXISTS (SELECT 1 FROM drill_slots d WHERE d.code = NEW.code)
BEGIN SELECT RAISE(ABORT, 'a drill is no code of the list'); END;
