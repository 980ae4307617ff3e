//! Check 6 of `klero verify`: every release against who was whom, where, and with which centre keys, at that moment of
//! the trail (design 3, 4).

use super::line::Line;
use super::slot::DRILL_EPOCHS;
use super::verify_trail::{Told, demand, need, number, text};
use crate::domain::access::{
    Act, BreakCode, Drill, GrantKey, ImportBreak, PassKey, Prepare, Reach, RotateKey, Transfer,
    VoidCode,
};
use crate::domain::entry::{Fact, Facts, fact};
use crate::domain::ids::CentreId;
use crate::domain::people::Role;
use std::collections::{BTreeMap, BTreeSet};

/// (6) Every release was of a code issued before to that participant, to a person entitled at that moment.
///
/// `manifests` are the hashes, as hex, of the lists that are looked at; `centres` the centre of each of their codes.
pub fn check_releases(
    manifests: &[String],
    centres: &BTreeMap<String, Option<CentreId>>,
    told: &Told,
) -> Result<usize, String> {
    let mut entitled = Entitlements::default();
    let (mut issued, mut released) = (BTreeMap::new(), BTreeMap::new());
    for line in &told.lines {
        entitled.follow(line, manifests)?;
        match line.entry.act.as_str() {
            "randomised" => {
                issued.insert(need(line, "code")?, need(line, "participant")?);
            }
            "code-voided" => entitled.may_void(line, centres)?,
            "break-imported" => check_imported(line, &entitled, centres, &issued)?,
            "unissued-opened" => entitled.may_report(line, centres, &issued)?,
            "release-for-preparation" | "release-for-break" => {
                let code = check_release(line, &entitled, centres, &issued)?;
                released.insert((need(line, "reference")?, code), line.by.as_str());
            }
            "release-redelivered" => {
                let (code, seq) = (need(line, "code")?, line.seq);
                let first = released.get(&(need(line, "reference")?, code));
                let theirs = first.is_some_and(|by| line.by == *by || line.by == "service");
                demand(theirs, || {
                    format!(
                        "entry {seq}: code {code} was delivered again without a release to {}",
                        line.by
                    )
                })?;
            }
            "drill" => {
                let (seq, code) = (line.seq, need(line, "code")?);
                // Whatever it begins with: a code of a list that issues may be somebody's.
                demand(!centres.contains_key(code), || {
                    format!("entry {seq}: a drill with a live code")
                })?;
                let centre = line.entry.centre.as_ref();
                let centre = centre.ok_or_else(|| format!("entry {seq}: a drill at no centre"))?;
                let may = entitled.may::<Drill>(line, centre);
                may.map_err(|why| format!("entry {seq}: a drill, but {why}"))?;
            }
            _ => {}
        }
    }
    Ok(released.len())
}

fn check_release<'t>(
    line: &'t Line,
    entitled: &Entitlements,
    centres: &BTreeMap<String, Option<CentreId>>,
    issued: &BTreeMap<&str, &str>,
) -> Result<&'t str, String> {
    let (seq, act) = (line.seq, &line.entry.act);
    let (code, participant) = (need(line, "code")?, need(line, "participant")?);
    demand(issued.get(code) == Some(&participant), || {
        format!("entry {seq}: {act} of code {code}, which had not been issued to {participant}")
    })?;
    let centre = centres
        .get(code)
        .and_then(Option::as_ref)
        .ok_or_else(|| format!("entry {seq}: code {code} belongs to no centre"))?;
    let now = entitled.present.get(participant).unwrap_or(centre);
    demand(line.entry.centre.as_ref().is_none_or(|at| at == now), || {
        format!("entry {seq}: code {code} is of {now}, the entry says another centre")
    })?;
    entitled
        .may_release(line, (centre, now, participant))
        .map_err(|why| format!("entry {seq}: {act} of code {code}, but {why}"))?;
    Ok(code)
}

/// A code that was opened without the service: of a code issued before to that participant, taken in by somebody who may,
/// and from the kit by somebody who had a key of that centre once.
fn check_imported(
    line: &Line,
    entitled: &Entitlements,
    centres: &BTreeMap<String, Option<CentreId>>,
    issued: &BTreeMap<&str, &str>,
) -> Result<(), String> {
    let seq = line.seq;
    let (code, participant, opener) =
        (need(line, "code")?, need(line, "participant")?, need(line, "opener")?);
    demand(issued.get(code) == Some(&participant), || {
        format!(
            "entry {seq}: break-imported of code {code}, which had not been issued to {participant}"
        )
    })?;
    let centre = centres.get(code).and_then(Option::as_ref);
    let centre = centre.ok_or_else(|| format!("entry {seq}: code {code} belongs to no centre"))?;
    let now = entitled.present.get(participant).unwrap_or(centre);
    demand(line.entry.centre.as_ref().is_none_or(|at| at == now), || {
        format!("entry {seq}: code {code} is of {now}, the entry says another centre")
    })?;
    entitled
        .may::<ImportBreak>(line, now)
        .and_then(|()| entitled.could_open(line, opener, centre))
        .map_err(|why| format!("entry {seq}: break-imported of code {code}, but {why}"))
}

/// Followed entry by entry from the first; what it says is true after the last one it was given.
#[derive(Default)]
struct Entitlements {
    people: BTreeMap<String, Known>,
    /// Person, centre, epoch.
    wraps: BTreeSet<(String, String, u64)>,
    /// Person and centre of every key that was ever given.
    ever: BTreeSet<(String, String)>,
    /// Codes of nobody that were opened, by the entries that say so.
    incidents: BTreeMap<u64, String>,
    /// Participants who moved, and where they are.
    present: BTreeMap<String, CentreId>,
    /// Participants whose code's key was passed on, and to which centre.
    passed: BTreeSet<(String, CentreId)>,
}

struct Known {
    role: Role,
    centres: Vec<String>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Invited,
    Active,
    Disabled,
}

/// The list under this name, if there is one.
fn list<'f>(facts: &'f Facts, name: &str) -> Option<&'f [Fact]> {
    match fact(facts, name)? {
        Fact::List(list) => Some(list),
        _ => None,
    }
}

impl Entitlements {
    /// Takes the next entry in. `manifests` are the hashes, as hex, of the lists that are looked at: the wraps of
    /// other lists give nobody anything here.
    ///
    /// # Errors
    /// What an entry that gives or takes a right does not say.
    fn follow(&mut self, line: &Line, manifests: &[String]) -> Result<(), String> {
        self.take(line, manifests).ok_or_else(|| {
            format!("entry {}: {} does not say whom or what", line.seq, line.entry.act)
        })
    }

    fn take(&mut self, line: &Line, manifests: &[String]) -> Option<()> {
        let (on, data) = (&line.entry.on, &line.entry.data);
        match line.entry.act.as_str() {
            "person-invited" => {
                let role = Role::parse(text(data, "role")?)?;
                let centres = list(data, "centres")?.iter().map(word).collect::<Option<_>>()?;
                let known = Known { role, centres, state: State::Invited };
                self.people.insert(text(on, "person")?.to_owned(), known);
            }
            "account-activated" => {
                let known = self.people.get_mut(text(on, "person")?);
                // Who was disabled has to be invited anew before anything makes them active.
                if let Some(known) = known.filter(|known| known.state == State::Invited) {
                    known.state = State::Active;
                }
            }
            "person-disabled" => {
                if let Some(known) = self.people.get_mut(text(on, "person")?) {
                    known.state = State::Disabled;
                }
            }
            "list-imported" if manifests.iter().any(|m| text(data, "manifest") == Some(m)) => {
                for wrap in list(data, "wraps")? {
                    let Fact::Group(wrap) = wrap else { return None };
                    self.give(wrap_of(text(wrap, "person")?, wrap)?);
                }
            }
            "key-granted" => {
                let wrap = wrap_of(text(on, "person")?, data)?;
                // Given by somebody who could not give it, it gives nothing.
                let centre = CentreId::parse(&wrap.1).ok()?;
                // A key to practise with opens nobody's code.
                let live = wrap.2 <= u64::from(DRILL_EPOCHS);
                if live && self.may::<GrantKey>(line, &centre).is_ok() {
                    self.give(wrap);
                }
            }
            // A rotation gives the next key to those who stay; the last one still opens what was issued before.
            "key-rotated" => {
                let centre = CentreId::parse(line.entry.centre.as_ref()?.as_str()).ok()?;
                let may = self.may::<RotateKey>(line, &centre).is_ok();
                for wrap in list(data, "wraps")?.iter().filter(|_| may) {
                    let Fact::Group(wrap) = wrap else { return None };
                    self.give(wrap_of(text(wrap, "person")?, wrap)?);
                }
            }
            "participant-transferred" => {
                let (who, to) =
                    (text(on, "participant")?, CentreId::parse(text(data, "to")?).ok()?);
                let from = self.present.get(who).or(line.entry.centre.as_ref())?;
                // Moved by somebody who could not move them, they are where they were.
                if self.may::<Transfer>(line, &from.clone()).is_ok() {
                    self.present.insert(who.to_owned(), to);
                }
            }
            "slot-key-passed" => {
                let (who, to) =
                    (text(on, "participant")?, CentreId::parse(text(data, "to")?).ok()?);
                if self.may::<PassKey>(line, &to).is_ok() {
                    self.passed.insert((who.to_owned(), to));
                }
            }
            "unissued-opened" => {
                self.incidents.insert(line.seq, text(on, "code")?.to_owned());
            }
            // Every key of the centre goes at once.
            "grant-removed" => {
                let (person, centre, _) = wrap_of(text(on, "person")?, data)?;
                self.wraps.retain(|(who, at, _)| (who, at) != (&person, &centre));
            }
            _ => {}
        }
        Some(())
    }

    fn give(&mut self, wrap: (String, String, u64)) {
        self.ever.insert((wrap.0.clone(), wrap.1.clone()));
        self.wraps.insert(wrap);
    }

    /// Could this person open the code of this centre without the service? A letter opens for anybody; a kit for whoever
    /// had a key of the centre once.
    fn could_open(&self, line: &Line, opener: &str, centre: &CentreId) -> Result<(), String> {
        if !self.people.contains_key(opener) {
            return Err(format!("{opener}, who opened it, was nobody then"));
        }
        let held = self.ever.contains(&(opener.to_owned(), centre.to_string()));
        let data = &line.entry.data;
        match (text(data, "serial"), text(data, "record")) {
            (Some(_), None) => Ok(()),
            (None, Some(_)) if held => Ok(()),
            (None, Some(_)) => Err(format!("{opener} never had a key of {centre}")),
            _ => Err("it names neither a record nor a letter".to_owned()),
        }
    }

    /// Could the person who took in that a code of nobody was opened do so?
    ///
    /// # Errors
    /// Why not.
    fn may_report(
        &self,
        line: &Line,
        centres: &BTreeMap<String, Option<CentreId>>,
        issued: &BTreeMap<&str, &str>,
    ) -> Result<(), String> {
        let (seq, code) = (line.seq, need(line, "code")?);
        let centre = centres.get(code).and_then(Option::as_ref);
        let centre =
            centre.ok_or_else(|| format!("entry {seq}: code {code} belongs to no centre"))?;
        demand(!issued.contains_key(code), || {
            format!("entry {seq}: unissued-opened of code {code}, which was issued")
        })?;
        self.may::<ImportBreak>(line, centre)
            .and_then(|()| self.could_open(line, need(line, "opener")?, centre))
            .map_err(|why| format!("entry {seq}: unissued-opened of code {code}, but {why}"))
    }

    /// Could the person who made this release do so, then and there?
    ///
    /// # Errors
    /// Why not.
    fn may_release(
        &self,
        line: &Line,
        (centre, now, participant): (&CentreId, &CentreId, &str),
    ) -> Result<(), String> {
        if line.entry.act == "release-for-preparation" {
            self.may::<Prepare>(line, now)?;
        } else {
            self.may::<BreakCode>(line, now)?;
        }
        let wanted = number(&line.entry.data, "epoch");
        let holds = |centre: &CentreId| {
            self.wraps.iter().any(|(person, at, epoch)| {
                *person == line.by && at == centre.as_str() && wanted.is_none_or(|w| w == *epoch)
            })
        };
        let passed = self.passed.contains(&(participant.to_owned(), now.clone()));
        if holds(centre) || (passed && holds(now)) {
            return Ok(());
        }
        Err(format!("{} had no key of {centre} then", line.by))
    }

    /// Could the person who voided this code do so then? It is left out of the order, so nobody else may.
    ///
    /// # Errors
    /// Why not.
    fn may_void(
        &self,
        line: &Line,
        centres: &BTreeMap<String, Option<CentreId>>,
    ) -> Result<(), String> {
        let (seq, code) = (line.seq, need(line, "code")?);
        let centre = centres.get(code).and_then(Option::as_ref);
        let centre =
            centre.ok_or_else(|| format!("entry {seq}: code {code} belongs to no centre"))?;
        // With the incident that it follows from, whoever took that in voids the code.
        let incident = number(&line.entry.data, "incident").and_then(|of| self.incidents.get(&of));
        let void = match incident {
            Some(known) if known == code => self.may::<ImportBreak>(line, centre),
            _ => self.may::<VoidCode>(line, centre),
        };
        void.map_err(|why| format!("entry {seq}: code-voided of code {code}, but {why}"))
    }

    fn may<A: Act>(&self, line: &Line, centre: &CentreId) -> Result<(), String> {
        let by = &line.by;
        let known = self.people.get(by).ok_or_else(|| format!("{by} was nobody then"))?;
        if known.state != State::Active {
            return Err(format!("the account of {by} was not active then"));
        }
        if known.role.as_str() != line.role {
            return Err(format!("{by} was {}, not {}", known.role, line.role));
        }
        let reaches = match A::reach(known.role) {
            Reach::Never => false,
            Reach::Centre => known.centres.iter().any(|own| own == centre.as_str()),
            Reach::Trial => true,
        };
        if reaches {
            Ok(())
        } else {
            Err(format!("{by}, {}, may not do so at {centre}", known.role))
        }
    }
}

fn word(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn wrap_of(person: &str, facts: &Facts) -> Option<(String, String, u64)> {
    Some((person.to_owned(), text(facts, "centre")?.to_owned(), number(facts, "epoch")?))
}

#[cfg(test)]
mod tests {
    use crate::domain::entry::{Entry, Fact};
    use crate::sealing::fixture::centre;
    use crate::sealing::tale::{Tale, failed, joins, key};

    /// Why the tale fails in check 6 once this release stands at its end.
    fn released(by: &'static str, role: &'static str, act: &str, row: usize, who: &str) -> String {
        let mut tale = Tale::honest();
        let entry = tale.release(act, row, who);
        tale.told.push((by, role, entry));
        why(&tale)
    }

    fn why(tale: &Tale) -> String {
        let (number, why) = failed(&tale.verdict());
        assert_eq!(number, 6, "{why}");
        why.split_once(": ").map(|(_, why)| why.to_owned()).unwrap_or(why)
    }

    fn code(row: usize) -> String {
        Tale::honest().story.list.rows()[row].code.to_string()
    }

    const PREPARE: &str = "release-for-preparation";
    const BREAK: &str = "release-for-break";

    // shows: I3, DI-1
    #[test]
    fn a_release_of_a_code_that_was_not_issued_to_that_participant_is_found() {
        let never = format!("{PREPARE} of code {}, which had not been issued to ES-009", code(2));
        assert_eq!(released("ph-e", "pharmacist", PREPARE, 2, "ES-009"), never);
        let other = format!("{PREPARE} of code {}, which had not been issued to ES-002", code(0));
        assert_eq!(released("ph-e", "pharmacist", PREPARE, 0, "ES-002"), other);
        let mut tale = Tale::honest();
        let early = tale.release(PREPARE, 0, "ES-001");
        let at = tale.first("randomised");
        tale.told.insert(at, ("ph-e", "pharmacist", early));
        let before = format!("{PREPARE} of code {}, which had not been issued to ES-001", code(0));
        assert_eq!(why(&tale), before);
    }

    // shows: I11, DI-1, CO-7
    #[test]
    fn a_release_to_somebody_whose_role_or_centre_does_not_reach_there_is_found() {
        let says = |by, role, act, row, who: &str, but: &str| {
            let expected = format!("{act} of code {}, but {but}", code(row));
            assert_eq!(released(by, role, act, row, who), expected);
        };
        says(
            "co-e",
            "coordinator",
            PREPARE,
            0,
            "ES-001",
            "co-e, coordinator, may not do so at east",
        );
        says("ph-w", "pharmacist", PREPARE, 0, "ES-001", "ph-w, pharmacist, may not do so at east");
        says("ph-e", "pharmacist", BREAK, 0, "ES-001", "ph-e, pharmacist, may not do so at east");
        says("hot-1", "hotline", PREPARE, 0, "ES-001", "hot-1, hotline, may not do so at east");
        says(
            "inv-e",
            "investigator",
            BREAK,
            16,
            "WE-001",
            "inv-e, investigator, may not do so at west",
        );
        says("ph-x", "pharmacist", PREPARE, 0, "ES-001", "ph-x was nobody then");
        says("co-e", "pharmacist", PREPARE, 0, "ES-001", "co-e was coordinator, not pharmacist");
        says(
            "ph-e2",
            "pharmacist",
            PREPARE,
            0,
            "ES-001",
            "the account of ph-e2 was not active then",
        );
    }

    // shows: I11
    #[test]
    fn an_account_that_was_invited_and_never_activated_releases_nothing() {
        let mut tale = Tale::honest();
        let at = tale
            .told
            .iter()
            .position(|(by, _, entry)| entry.act == "account-activated" && *by == "ph-e")
            .unwrap();
        tale.told.remove(at);
        assert!(why(&tale).ends_with("the account of ph-e was not active then"));
        // Who was disabled is not made active again but by a new invitation.
        let mut tale = Tale::honest();
        let active = Entry::new("account-activated").on("person", "ph-e2");
        tale.told.push(("ph-e2", "service", active));
        let entry = tale.release(PREPARE, 0, "ES-001");
        tale.told.push(("ph-e2", "pharmacist", entry.clone()));
        assert!(why(&tale).ends_with("the account of ph-e2 was not active then"));
        tale.told.pop();
        tale.told.extend(joins("ph-e2", "pharmacist", &["east"]));
        tale.told.push(("ph-e2", "pharmacist", entry));
        assert!(
            why(&tale).ends_with("ph-e2 had no key of east then"),
            "removed, and not given again"
        );
    }

    // shows: I10, I11
    #[test]
    fn a_release_to_somebody_without_a_key_is_found_and_keys_come_only_from_those_who_may_give() {
        let mut tale = Tale::honest();
        let given = tale.first("key-granted");
        tale.told.remove(given);
        assert!(why(&tale).ends_with("ph-e2 had no key of east then"));
        for (by, role) in [("adm-1", "admin"), ("co-e", "coordinator"), ("ph-w", "pharmacist")] {
            let mut tale = Tale::honest();
            (tale.told[given].0, tale.told[given].1) = (by, role);
            assert!(why(&tale).ends_with("ph-e2 had no key of east then"), "{by} gives nothing");
        }
        let mut tale = Tale::honest();
        let release = tale.told.iter().rposition(|(_, _, entry)| entry.act == PREPARE).unwrap();
        tale.told.insert(release, ("stat-1", "statistician", key("grant-removed", "ph-e")));
        assert!(why(&tale).ends_with("ph-e had no key of east then"));
        let mut tale = Tale::honest();
        let release = tale.first(PREPARE);
        let epoch = tale.told[release].2.data.iter_mut().find(|(name, _)| name == "epoch").unwrap();
        epoch.1 = 2u32.into();
        assert!(why(&tale).ends_with("ph-e had no key of east then"), "not of that epoch");
    }

    // shows: I10, I11
    #[test]
    fn a_rotation_gives_keys_only_by_the_statistician_and_a_removal_takes_all_of_a_centre() {
        let rotated = |by, role| {
            let mut tale = Tale::honest();
            let given = tale.first("key-granted");
            let wrap = Fact::Group(vec![
                ("centre".to_owned(), "east".into()),
                ("epoch".to_owned(), 2u32.into()),
                ("person".to_owned(), "ph-e2".into()),
            ]);
            let entry = Entry::new("key-rotated").at(&centre("east")).with("epoch", 2u32);
            tale.told[given] = (by, role, entry.with("wraps", vec![wrap]));
            let release =
                tale.told.iter().rposition(|(_, _, e)| e.act == "grant-removed").unwrap() - 1;
            let epoch = tale.told[release].2.data.iter_mut().find(|(name, _)| name == "epoch");
            epoch.unwrap().1 = 2u32.into();
            tale
        };
        let fine = rotated("stat-1", "statistician").verdict();
        assert!(fine.fits(), "{:?}", fine.failure());
        for (by, role) in [("hot-1", "hotline"), ("ph-e", "pharmacist"), ("adm-1", "admin")] {
            assert!(why(&rotated(by, role)).ends_with("ph-e2 had no key of east then"), "{by}");
        }
        // The entry of a removal names one number; the person holds none afterwards.
        let mut tale = rotated("stat-1", "statistician");
        let at = tale.first("grant-removed");
        tale.told.swap(at, at - 1);
        assert!(why(&tale).ends_with("ph-e2 had no key of east then"));
    }

    // shows: DI-12, I11
    #[test]
    fn after_a_move_the_new_centre_releases_once_the_key_was_passed_on_and_the_old_one_no_more() {
        let moved = |by, role: &'static str, passed: Option<(&'static str, &'static str)>| {
            let mut tale = Tale::honest();
            let entry = Entry::new("participant-transferred").at(&centre("east"));
            let entry = entry.on("participant", "ES-001").with("to", "west");
            tale.told.push(("inv-e", "investigator", entry));
            let entry = Entry::new("slot-key-passed").at(&centre("west"));
            let entry = entry.on("participant", "ES-001").with("to", "west").with("epoch", 1u32);
            tale.told.extend(passed.map(|(by, role)| (by, role, entry)));
            let act = if role == "hotline" { BREAK } else { PREPARE };
            let at = if by == "ph-e" { "east" } else { "west" };
            let release = tale.release(act, 0, "ES-001").at(&centre(at));
            tale.told.push((by, role, release));
            tale
        };
        let by_hotline = Some(("hot-1", "hotline"));
        let fine = moved("ph-w", "pharmacist", by_hotline).verdict();
        assert!(fine.fits(), "{:?}", fine.failure());
        let mut by_hotline_alone = moved("hot-1", "hotline", None);
        by_hotline_alone.data = by_hotline_alone.data.replacen(",no\n", ",yes\n", 1);
        let fine = by_hotline_alone.verdict();
        assert!(fine.fits(), "the hotline never waits: {:?}", fine.failure());
        for passed in [None, Some(("ph-w", "pharmacist")), Some(("inv-e", "investigator"))] {
            let why = why(&moved("ph-w", "pharmacist", passed));
            assert!(why.ends_with("ph-w had no key of east then"), "{why}");
        }
        let old = why(&moved("ph-e", "pharmacist", by_hotline));
        assert!(old.ends_with("is of west, the entry says another centre"), "{old}");
        let mut tale = moved("ph-w", "pharmacist", by_hotline);
        let at = tale.first("participant-transferred");
        tale.told[at].0 = "co-e";
        tale.told[at].1 = "coordinator";
        let stays = why(&tale);
        assert!(stays.ends_with("is of east, the entry says another centre"), "{stays}");
    }

    /// The honest tale with a code that was opened without the service, taken in by the hotline.
    fn taken_in(opener: &str, by: (&'static str, &'static str), road: &str) -> Tale {
        let mut tale = Tale::honest();
        let mut entry = tale.release("break-imported", 0, "ES-001");
        entry.data.clear();
        let entry = entry.with("opener", opener).with(road, "x").with("category", "pregnancy");
        tale.told.push((by.0, by.1, entry));
        tale.data = tale.data.replacen(",no\n", ",yes\n", 1);
        tale
    }

    // shows: EU-12, AT-2
    #[test]
    fn a_code_opened_without_the_service_is_checked_and_counts_as_broken() {
        let hotline = ("hot-1", "hotline");
        for (opener, road) in [("hot-1", "record"), ("inv-e", "serial"), ("co-w", "serial")] {
            let fine = taken_in(opener, hotline, road).verdict();
            assert!(fine.fits(), "{opener}: {:?}", fine.failure());
        }
        let mut silent = taken_in("hot-1", hotline, "record");
        silent.data = silent.data.replacen(",yes\n", ",no\n", 1);
        assert_eq!(failed(&silent.verdict()).0, 7, "the data set must say so");
        let by_kit = why(&taken_in("co-w", hotline, "record"));
        assert!(by_kit.ends_with("co-w never had a key of east"), "{by_kit}");
        let unknown = why(&taken_in("nobody", hotline, "serial"));
        assert!(unknown.ends_with("nobody, who opened it, was nobody then"), "{unknown}");
        let neither = why(&taken_in("hot-1", hotline, "road"));
        assert!(neither.ends_with("it names neither a record nor a letter"), "{neither}");
        let by = why(&taken_in("hot-1", ("inv-e", "investigator"), "record"));
        assert!(by.ends_with("inv-e, investigator, may not do so at east"), "{by}");
        let mut early = taken_in("hot-1", hotline, "record");
        let entry = early.told.pop().unwrap();
        early.told.insert(early.first("randomised"), entry);
        let before =
            format!("break-imported of code {}, which had not been issued to ES-001", code(0));
        assert_eq!(why(&early), before);
    }

    // shows: CO-2, AL-5, AT-2
    #[test]
    fn an_opened_code_of_nobody_is_void_by_its_incident_and_by_nothing_less() {
        let incident = |of: u64, by: &'static str, role: &'static str| {
            let mut tale = Tale::honest();
            let seq = tale.told.len() as u64;
            let opened = Entry::new("unissued-opened").on("code", code(2));
            let opened = opened.with("opener", "hot-1").with("record", "x");
            tale.told.push(("hot-1", "hotline", opened));
            let void = Entry::new("code-voided").on("code", code(2)).with("incident", seq + of);
            tale.told.push((by, role, void));
            tale
        };
        let fine = incident(0, "hot-1", "hotline").verdict();
        assert!(fine.fits(), "{:?}", fine.failure());
        assert!(incident(1, "stat-1", "statistician").verdict().fits());
        // An incident voids the code that it is about, and not the next one.
        let mut another = incident(0, "hot-1", "hotline");
        let last = another.told.len() - 1;
        another.told[last].2.on = vec![("code".to_owned(), code(3).into())];
        let other = why(&another);
        assert!(other.ends_with("hot-1, hotline, may not do so at east"), "{other}");
        let other = why(&incident(1, "hot-1", "hotline"));
        assert!(other.ends_with("hot-1, hotline, may not do so at east"), "{other}");
        let mut issued = incident(0, "hot-1", "hotline");
        issued.told.pop();
        let at = issued.told.len() - 1;
        issued.told[at].2.on = vec![("code".to_owned(), code(0).into())];
        assert_eq!(why(&issued), format!("unissued-opened of code {}, which was issued", code(0)));
    }

    // shows: SG-8
    #[test]
    fn wraps_of_another_list_give_nobody_anything_here() {
        let mut tale = Tale::honest();
        let at = tale.first("list-imported");
        let mut other = tale.told[at].2.clone();
        let wraps = tale.told[at].2.data.iter().position(|(name, _)| name == "wraps").unwrap();
        tale.told[at].2.data[wraps].1 = vec![].into();
        other.data.iter_mut().filter(|(n, _)| n == "manifest").for_each(|(_, f)| *f = "x".into());
        tale.told.insert(at, ("stat-1", "statistician", other));
        assert!(why(&tale).ends_with("ph-e had no key of east then"));
    }

    // shows: I3
    #[test]
    fn a_second_delivery_needs_the_release_it_repeats() {
        let mut tale = Tale::honest();
        let at = tale.first("release-redelivered");
        tale.told[at].0 = "ph-w";
        let again = format!("code {} was delivered again without a release to ph-w", code(0));
        assert_eq!(why(&tale), again);
        let mut tale = Tale::honest();
        tale.told.swap(at, at - 1);
        assert!(why(&tale).contains("was delivered again without a release to ph-e"));
        let mut tale = Tale::honest();
        (tale.told[at].0, tale.told[at].1) = ("service", "service");
        assert!(tale.verdict().fits());
    }

    #[test]
    fn an_entry_that_names_another_centre_a_drill_with_a_live_code_and_a_half_told_right_are_found()
    {
        let mut tale = Tale::honest();
        let at = tale.first(PREPARE);
        tale.told[at].2.centre = Some(centre("west"));
        assert_eq!(
            why(&tale),
            format!("code {} is of east, the entry says another centre", code(0))
        );
        tale.told[at].2.centre = None;
        assert!(tale.verdict().fits());
        let mut tale = Tale::honest();
        let drill = Entry::new("drill").at(&centre("east")).on("code", code(0));
        tale.told.push(("inv-e", "investigator", drill));
        assert_eq!(why(&tale), "a drill with a live code");
        let mut tale = Tale::honest();
        tale.told.push(("adm-1", "admin", Entry::new("person-invited").on("person", "x")));
        assert_eq!(why(&tale), "person-invited does not say whom or what");
    }

    // shows: SG-8, I11 (a drill is never a release, and not everybody's to do)
    #[test]
    fn a_drill_with_a_training_code_is_let_be_and_one_by_whom_or_where_it_may_not_be_is_found() {
        let drill = |by: &'static str, role, at: Option<&str>| {
            let mut tale = Tale::honest();
            let entry = Entry::new("drill").on("code", "9202901");
            let entry = at.map_or_else(|| entry.clone(), |at| entry.clone().at(&centre(at)));
            tale.told.push((by, role, entry));
            tale
        };
        assert!(drill("inv-e", "investigator", Some("east")).verdict().fits());
        assert!(drill("hot-1", "hotline", Some("west")).verdict().fits());
        let elsewhere = why(&drill("inv-e", "investigator", Some("west")));
        assert_eq!(elsewhere, "a drill, but inv-e, investigator, may not do so at west");
        let pharmacist = why(&drill("ph-e", "pharmacist", Some("east")));
        assert_eq!(pharmacist, "a drill, but ph-e, pharmacist, may not do so at east");
        assert_eq!(why(&drill("hot-1", "hotline", None)), "a drill at no centre");
    }

    // shows: SG-8, I3
    #[test]
    fn a_key_to_practise_with_opens_nobodys_code() {
        let mut tale = Tale::honest();
        let removed = Entry::new("grant-removed").on("person", "ph-e");
        let removed = removed.with("centre", "east").with("epoch", 1u32);
        let granted = Entry::new("key-granted").on("person", "ph-e");
        let granted = granted.with("centre", "east").with("epoch", 1_000_001u32);
        let release = tale.release(PREPARE, 0, "ES-001");
        tale.told.push(("hot-1", "hotline", removed));
        tale.told.push(("hot-1", "hotline", granted));
        tale.told.push(("ph-e", "pharmacist", release));
        assert!(why(&tale).ends_with("ph-e had no key of east then"));
    }
}
