//! The service over HTTP: a real server on port 0, a real SQLite file, a fixed clock, and everybody signed in.

use klero::cli::stage::{Play, Stage};

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("klero-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn a_participant_is_randomised_once_and_prepared() {
    let (play, _) = Play::quick(folder("smoke"), 1);
    let stage = Stage::raise(play);
    let reference = stage.screen_eligible(0, 1, true);
    let first = stage.randomise(0, &reference);
    assert_eq!(first.status, 201, "{}", first.text);
    let again = stage.randomise(0, &reference);
    assert_eq!(again.status, 200);
    assert_eq!(first.text_at("code"), again.text_at("code"));
    println!("{}", first.text);
    let body =
        serde_json::json!({"code": first.text_at("code"), "identifier": "DEMO", "visit": "V1"});
    let release = stage.act("p-rjs", "POST", "/v1/preparations", body);
    println!("{} {}", release.status, release.text);
    assert_eq!(release.status, 201);
    stage
        .house()
        .store
        .read(|v| {
            for l in v.lines(0, 200).unwrap() {
                println!("{l}");
            }
            Ok::<_, klero::store::StoreError>(())
        })
        .unwrap();
    let checked = stage.folder.verify(true);
    assert!(checked.is_ok(), "{checked:?}");
}
