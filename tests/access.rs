//! The table of rights against its golden text: a change of that file is a change of policy.

use klero::domain::access::{
    BreakCode, Caller, Entrust, GrantKey, MACHINES, ManageTokens, Prepare, Randomise, Reach,
    ReadParticipants, SignEligibility, table,
};
use klero::domain::ids::{CentreId, PersonId};
use klero::domain::people::{Person, Role};

fn printed() -> String {
    let mut text = format!("{:<20}", "");
    Role::ALL.iter().for_each(|role| text.push_str(&format!("{role:<13}")));
    let mut lines = vec![text.trim_end().to_owned()];
    for (act, reaches) in table() {
        let mut line = format!("{act:<20}");
        for reach in reaches {
            let word = match reach {
                Reach::Never => "-",
                Reach::Centre => "centre",
                Reach::Trial => "trial",
            };
            line.push_str(&format!("{word:<13}"));
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

// shows: I11, AC-3, CO-7, DI-1
#[test]
fn every_role_has_exactly_the_rights_of_the_golden_table() {
    assert_eq!(printed(), include_str!("golden/access.txt"));
}

// shows: I11, AT-10 (a token that names every act)
#[test]
fn a_machine_may_what_the_golden_list_says_and_nothing_else() {
    let word = |reach: &Reach| if *reach == Reach::Trial { "trial" } else { "centre" };
    let printed = MACHINES.iter().map(|(act, reach)| format!("{act:<20}{}\n", word(reach)));
    assert_eq!(printed.collect::<String>(), include_str!("golden/machines.txt"));
    let here = CentreId::parse("here").unwrap();
    let machine = Caller {
        person: Person {
            id: PersonId::parse("edc-1").unwrap(),
            name: "a data system".to_owned(),
            role: Role::Coordinator,
            centres: vec![here.clone()],
        },
        verbs: Some(table().into_iter().map(|(act, _)| act.to_owned()).collect()),
    };
    // It signs nothing, so whatever is only ever done under a signature, or opens anything, is refused by name.
    assert!(machine.may::<Randomise>(&here).is_ok_and(|may| may.role() == "machine"));
    assert!(machine.may::<Prepare>(&here).is_err() && machine.may::<BreakCode>(&here).is_err());
    assert!(machine.may::<SignEligibility>(&here).is_err());
    assert!(machine.may_somewhere::<GrantKey>().is_err());
    assert!(machine.may_somewhere::<ManageTokens>().is_err());
    assert!(machine.may::<Entrust>(&here).is_err(), "it cannot entrust a participant to itself");
    let few = Caller { verbs: Some(vec!["read-participants".to_owned()]), ..machine.clone() };
    assert!(few.may::<Randomise>(&here).is_err() && few.may::<ReadParticipants>(&here).is_ok());
    assert!(few.may::<ReadParticipants>(&CentreId::parse("there").unwrap()).is_err());
}

// shows: I11, CO-7
#[test]
fn nobody_who_randomises_or_screens_holds_a_key_or_learns_an_arm() {
    let reach = |act: &str, role: usize| {
        table().into_iter().find(|(name, _)| *name == act).map(|(_, reaches)| reaches[role])
    };
    for (at, role) in Role::ALL.into_iter().enumerate() {
        let enrols = ["screen", "randomise"].iter().any(|act| reach(act, at) != Some(Reach::Never));
        let learns = ["prepare", "break-code", "register-key", "grant-key"]
            .iter()
            .any(|act| reach(act, at) != Some(Reach::Never));
        assert!(!(enrols && learns), "{role} enrols and learns");
        assert!(!enrols || !role.holds_keys(), "{role} enrols and holds keys");
        let may_register = reach("register-key", at) != Some(Reach::Never);
        assert_eq!(may_register, role.holds_keys(), "{role}");
    }
}

// shows: AC-4
#[test]
fn who_makes_the_list_reads_no_participants_record_and_a_live_list_waits_until_it_is_said_who_analyses()
 {
    let reach = |act: &str| {
        let reaches =
            table().into_iter().find(|(name, _)| *name == act).map(|(_, reaches)| reaches);
        let at = Role::ALL.iter().position(|role| *role == Role::Statistician);
        reaches.zip(at).map(|(reaches, at)| reaches[at])
    };
    for act in ["read-participants", "screen", "randomise", "record-visit", "read-reports"] {
        assert_eq!(reach(act), Some(Reach::Never), "{act}");
    }
    let trial = klero::trial_file::read(include_str!("../deploy/nct04515719.toml")).unwrap();
    let asked = trial.decisions.iter().find(|one| one.id == "unblinded_statistician").unwrap();
    assert!(asked.answer.is_none(), "a person answers it, not the file as it is shipped");
}
