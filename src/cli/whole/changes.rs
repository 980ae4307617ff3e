//! What changes under way in the simulated trial: a centre's next key, a participant who moves, a list that grows. Each is
//! made at its maker's own machine, of what the service gives them and no more.

use super::{SLOTS, Whole};
use crate::cli::stage::{CENTRES, Study, signature};
use crate::dice::{FixedDice, roll};
use crate::domain::ids::{CentreId, Code, EnrolmentNumber, PersonId, StratumId};
use crate::sealing::bytes::{hex, sha256, unhex};
use crate::sealing::card::Card;
use crate::sealing::centre_key::CentreKey;
use crate::sealing::passed::{PassedTerms, pass_key, sign_passed};
use crate::sealing::rotate::rotate;
use crate::sealing::slot::{Place, Wrap};
use crate::sealing::wrap::{WrapPlace, unwrap};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The centre whose key is rotated.
const ROTATED: usize = 2;
/// The first segment is extended when a stratum has no more left than one day can take.
const LOW: usize = 1;

fn id(centre: &str) -> CentreId {
    CentreId::parse(centre).expect("the cast's centres are well formed")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn number(value: &Value, name: &str) -> u32 {
    value[name].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
}

/// A centre's key of this number, as somebody's own wrap gives it.
///
/// # Panics
/// When the service has no such wrap for them, or it does not open.
pub fn centre_key(whole: &mut Whole, who: &str, centre: &str, epoch: u32) -> CentreKey {
    whole.wake(who);
    let told = whole.stage.get(who, &format!("/v1/wraps/{centre}")).body;
    let wraps = told["wraps"].as_array().cloned().unwrap_or_default();
    let held = wraps.iter().find(|held| number(held, "epoch") == epoch);
    let bytes = held.and_then(|held| unhex(text(held, "wrap")));
    let wrap = bytes.and_then(|bytes| Wrap::from_bytes(&bytes)).expect("a wrap travels");
    let identity = &whole.stage.identities[who];
    let at = WrapPlace {
        trial: whole.stage.house().trial.id.clone(),
        centre: id(centre),
        epoch,
        person: identity.card().person.clone(),
    };
    unwrap(&wrap, &at, identity.opening()).expect("a holder's own wrap opens")
}

/// The statistician seals a centre's unissued slots under a new key, from the list; the service takes the file in.
pub fn rotated(whole: &mut Whole) {
    let (centre, letters) = CENTRES[ROTATED];
    let issued = whole.people.iter().filter_map(|one| Code::parse(&one.code).ok()).collect();
    let cards: Vec<Card> = whole.stage.identities.values().map(|one| one.card().clone()).collect();
    let (list, by) = (&whole.stage.study.list, &whole.stage.identities["stat-1"]);
    let epoch = whole.epoch + 1;
    let made = rotate(list, &id(centre), epoch, &issued, (&cards, by), &whole.dice);
    let rotation = made.expect("everybody of the centre stays").to_json();
    whole.done("stat-1", "/v1/rotations", json!({"rotation": rotation}));
    whole.epoch = epoch;
    let key = centre_key(whole, &format!("p-{letters}"), centre, epoch);
    whole.keys.insert(centre.to_owned(), (epoch, key));
    whole.count("centre keys rotated");
}

/// Somebody goes on at the next centre; the hotline passes the key of that one code on.
pub fn moved(whole: &mut Whole) {
    let Some(one) = whole.people.iter().position(|one| !one.gone) else { return };
    let (who, to) = (whole.staff(one, "i"), (whole.people[one].centre + 1) % CENTRES.len());
    let today = whole.today().to_string();
    let answers = json!({"to": CENTRES[to].0, "day": today, "note": "an invented move"});
    whole.record((&who, "transfer"), one, "transfers", answers);
    whole.people[one].centre = to;
    whole.wake("hot-1");
    let told = whole.stage.get("hot-1", "/v1/passed-keys").body;
    let waits = told["waiting"].as_array().cloned().unwrap_or_default();
    let waits = waits.iter().find(|waits| text(waits, "number") == whole.people[one].number);
    let body = passed(whole, waits.expect("whoever moved waits for a key"));
    whole.done("hot-1", "/v1/passed-keys", body);
    whole.count("moved to another centre, the key of one code passed on");
}

/// What the hotline's device makes for the one that waits.
fn passed(whole: &mut Whole, waits: &Value) -> Value {
    let (slot, to, epoch) = (&waits["slot"], text(waits, "to"), number(waits, "epoch"));
    let place = Place {
        trial: whole.stage.house().trial.id.clone(),
        segment: number(slot, "segment"),
        stratum: StratumId::parse(text(slot, "stratum")).expect("the service's own stratum"),
        position: number(slot, "position"),
        code: Code::parse(text(slot, "code")).expect("the service's own code"),
        epoch: number(slot, "epoch"),
    };
    let old = centre_key(whole, "hot-1", text(waits, "from"), place.epoch);
    let new = centre_key(whole, "hot-1", to, epoch);
    let sealed = pass_key(&old, &place, (&new, &id(to), epoch), roll(&whole.dice));
    let terms = PassedTerms {
        trial: place.trial.clone(),
        participant: EnrolmentNumber::parse(text(waits, "number")).expect("the service's own"),
        code: place.code,
        centre: id(to),
        epoch,
        sealed: sha256(sealed.as_bytes()),
        by: PersonId::parse("hot-1").expect("the cast's ids are well formed"),
    };
    let signed = sign_passed(&terms, &whole.stage.identities["hot-1"]);
    json!({"participant": waits["participant"], "centre": to, "epoch": epoch,
           "sealed": hex(sealed.as_bytes()), "signature": hex(&signed)})
}

/// Is a stratum of the first segment nearly used up?
pub fn is_low(whole: &Whole) -> bool {
    let gone =
        |code: &str| whole.voided.contains(code) || whole.people.iter().any(|p| p.code == code);
    let mut left: BTreeMap<&StratumId, usize> = BTreeMap::new();
    for row in whole.stage.study.list.rows() {
        *left.entry(&row.stratum).or_default() += usize::from(!gone(&row.code.to_string()));
    }
    left.values().any(|left| *left <= LOW)
}

/// The statistician draws and seals a second segment, without the codes of the first; it comes in, and a monitor approves it.
///
/// # Panics
/// When the service does not take it.
pub fn extended(whole: &mut Whole) {
    let epoch = whole.epoch + 1;
    let dice = FixedDice::new(whole.seed ^ 0x5e62);
    let next = whole.stage.study.next_segment(SLOTS, &whole.stage.identities, epoch, &dice);
    let taken = whole.stage.house().import_list(&next.package);
    taken.expect("the next segment is the one committed to");
    let body = json!({"signature": signature("mon-1", "review-list")});
    whole.done("mon-1", "/v1/lists/1/review", body);
    whole.commitment = whole.stage.send("GET", "/v1/commitment", &[], None).text;
    whole.arms.extend(next.arms().into_iter().map(|(code, arm)| (code, arm.to_owned())));
    (whole.extension, whole.epoch) = (Some(next), epoch);
    whole.count("segments added to the list");
}

impl Whole {
    /// The statistician's studies, segment 0 first.
    pub fn studies(&self) -> Vec<&Study> {
        std::iter::once(&self.stage.study).chain(&self.extension).collect()
    }

    /// How many codes of the second segment were issued.
    pub fn of_extension(&self) -> usize {
        let arms = self.extension.iter().flat_map(Study::arms);
        let codes: BTreeSet<String> = arms.map(|(code, _)| code).collect();
        self.people.iter().filter(|one| codes.contains(&one.code)).count()
    }
}
