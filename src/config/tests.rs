use super::{Mistake, Origin, Retention, SETTINGS, Settled, Sources, settle};
use std::ffi::OsString;

const SAMPLE: &str = include_str!("../../deploy/klero.toml");

fn read(file: &str) -> Result<Settled, Vec<Mistake>> {
    settle(&Sources { flags: vec![], variable: &|_| None, file })
}

fn shown<'s>(settled: &'s Settled, name: &str) -> (&'s str, &'s Origin) {
    let one = settled.shown.iter().find(|one| one.name == name).expect("every setting is shown");
    (&one.value, &one.origin)
}

#[test]
fn a_flag_stands_above_a_variable_above_the_file_above_the_default() {
    let file = "[service]\nlisten = \"10.0.0.1:1\"\noperations = \"10.0.0.1:2\"\nhttps = true\n";
    let variable = |name: &str| {
        let text = match name {
            "KLERO_LISTEN" => "10.0.0.2:1",
            "KLERO_OPERATIONS" => "10.0.0.2:2",
            "KLERO_BACKUP_KEEP" => "daily=3",
            _ => return None,
        };
        Some(OsString::from(text))
    };
    let flags = vec![("service.listen", "--listen", OsString::from("10.0.0.3:1"))];
    let settled = settle(&Sources { flags, variable: &variable, file }).expect("it is right");
    assert_eq!(shown(&settled, "service.listen"), ("10.0.0.3:1", &Origin::Flag("--listen")));
    let variable = Origin::Variable("KLERO_OPERATIONS".into());
    assert_eq!(shown(&settled, "service.operations"), ("10.0.0.2:2", &variable));
    assert_eq!(shown(&settled, "service.https"), ("true", &Origin::File(4)));
    assert_eq!(shown(&settled, "service.data"), ("not set", &Origin::Default));
    assert_eq!(settled.config.backup.keep, Retention { daily: 3, weekly: 0, monthly: 0 });
    assert_eq!(settled.shown.len(), SETTINGS.len());
}

#[test]
fn every_mistake_of_a_file_is_told_at_once_with_its_line_and_without_its_value() {
    let file = "[service]\nlisten = 8787\nserver_secret = \"c0ffee\"\n\n[bakup]\nfolder = \"x\"\n\n\
                [backup]\nkeep = \"dayly=1\"\nfolder = 26\n";
    let wrong = read(file).expect_err("it is wrong");
    let lines: Vec<_> = wrong.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [2, 3, 5, 6, 9, 10].map(Some), "{wrong:?}");
    assert!(wrong[1].next.contains("_file"), "{wrong:?}");
    assert!(wrong.iter().all(|mistake| !mistake.what.contains("c0ffee")), "{wrong:?}");
    let wrong = read("[service\n").expect_err("it is not TOML");
    assert_eq!(wrong[0].line, Some(1));
    assert_eq!(read("listen = 1").expect_err("no section")[0].line, Some(1));
}

#[test]
fn an_address_with_a_password_or_a_path_is_no_public_address() {
    for (text, right) in [
        ("https://klero.example.org", true),
        ("https://klero.example.org:8443/", true),
        ("https://me:word@klero.example.org", false),
        ("https://klero.example.org/klero", false),
        ("klero.example.org", false),
        ("https://", false),
    ] {
        let file = format!("[service]\npublic_url = \"{text}\"\n");
        assert_eq!(read(&file).is_ok(), right, "{text}");
    }
}

// shows: AC-9
#[test]
fn passkeys_are_made_for_a_name_over_https_alone_and_for_the_address_that_people_type() {
    for (text, right) in [
        ("https://klero.example.org", true),
        ("https://klero.example.org:8443", true),
        ("http://localhost:8787", true),
        ("http://klero.example.org", false),
        ("https://192.0.2.1", false),
        ("https://[::1]:8443", false),
    ] {
        let file = format!("[passkeys]\norigin = \"{text}\"\n");
        assert_eq!(read(&file).is_ok(), right, "{text}");
    }
    let (here, there) = ("https://klero.example.org", "https://klero.example.com");
    for (typed, pointed_out) in [(here, false), (there, true)] {
        let file =
            format!("[service]\npublic_url = \"{typed}\"\n[passkeys]\norigin = \"{here}\"\n");
        let warnings = read(&file).expect("both are addresses").config.warnings();
        assert_eq!(warnings.iter().any(|one| one.what.contains("passkeys")), pointed_out);
    }
}

#[test]
fn the_sample_loads_and_explains_every_key_that_there_is() {
    read(SAMPLE).expect("the sample is right as it is");
    // What it only mentions is right too.
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.contains(" = ") && !rest.starts_with(' ') => rest.to_owned(),
        _ => line.to_owned(),
    };
    let whole: String = SAMPLE.lines().map(|line| uncomment(line) + "\n").collect();
    let settled = read(&whole).expect("with every comment taken away it is right too");
    for setting in SETTINGS {
        let (_, origin) = shown(&settled, &format!("{}.{}", setting.section, setting.key));
        assert!(matches!(origin, Origin::File(_)), "{setting:?} stands in the sample");
        assert!(!setting.about.is_empty(), "{setting:?} is explained");
    }
}

#[test]
fn an_open_door_is_pointed_out() {
    let said = |file: &str| {
        let warnings = read(file).expect("it is right").config.warnings();
        warnings.into_iter().map(|w| w.what).collect::<Vec<_>>().join("\n")
    };
    let open = said("[service]\nlisten = \"0.0.0.0:80\"\noperations = \"0.0.0.0:81\"\n");
    for part in ["passwords travel readable", "asks for no sign-in", "public_url is not set"] {
        assert!(open.contains(part), "{part}: {open}");
    }
    assert_eq!(said(SAMPLE), "", "the sample is how it should be");
}
