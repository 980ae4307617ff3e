//! `klero config`, and the service started by its file.

use crate::desk::Desk;

// shows: SG-8
#[test]
fn a_configuration_is_checked_by_line_and_shown_with_the_origin_of_every_value() {
    let desk = Desk::new("config");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/klero.toml");
    assert_eq!(desk.done(&format!("config check {sample}")).out.trim(), "nothing to mend");
    desk.write("wrong.toml", "[service]\nserver_secret = \"c0ffee\"\nlisten = \"8787\"\n");
    for line in ["config check wrong.toml", "config show --config wrong.toml"] {
        let ran = desk.refused(15, "configuration-wrong", line);
        assert!(!ran.err.contains("c0ffee") && !ran.out.contains("c0ffee"), "{}", ran.err);
        let out = desk.run(line).out;
        assert!(out.contains("wrong.toml:2: error: unknown key `server_secret`"), "{out}");
        assert!(out.contains("wrong.toml:3: error: "), "{out}");
    }
    desk.refused(10, "file-missing", "config check none.toml");
    desk.write("klero.toml", "[service]\ndata = \"data\"\nlisten = \"127.0.0.1:1\"\n");
    let shown = desk.data("config show --config klero.toml --data other");
    let of = |name: &str| {
        let all = shown["settings"].as_array().expect("a list");
        let one = all.iter().find(|one| one["name"] == name).expect("it is shown");
        (one["value"].as_str().unwrap_or_default().to_owned(), one["origin"].clone())
    };
    assert_eq!(of("service.data"), ("other".into(), "--data".into()));
    assert_eq!(of("service.listen"), ("127.0.0.1:1".into(), "file, line 3".into()));
    assert_eq!(of("service.https"), ("false".into(), "default".into()));
    // What the file names is used, and a flag stands above it.
    let ran = desk.refused(10, "no-store", "serve --config klero.toml");
    assert!(ran.err.contains("at data"), "{}", ran.err);
    let ran = desk.refused(10, "no-store", "serve --config klero.toml --data other");
    assert!(ran.err.contains("at other"), "{}", ran.err);
    desk.refused(2, "no-data-folder", "serve");
    desk.refused(2, "no-data-folder", "backup create copy.db");
}
