//! Pages of many people at once: a table is pasted, checked and taken; a monitor looks at everybody's rights and signs.

use crate::browser::{Browser, HERE, between, plain};
use crate::frame::stage;
use klero::cli::stage::password;

// shows: AT-11, I6
#[test]
fn a_table_is_checked_then_taken_and_every_faulty_row_is_named_in_either_language() {
    let stage = stage();
    let faulty = "person,name,role,centres\nx-1,Demo,surgeon,\nx-2,Demo\n";
    for (language, row, short) in
        [("en", "Row 2, role: ", "Row 3: "), ("zh-CN", "第 2 行，角色：", "第 3 行：")]
    {
        let mut admin = Browser::signed_in(&stage, language, "admin-1");
        let form = admin.get("/people/import");
        for pressed in ["check", "take"] {
            let wrong = admin.press(&form, &[("table", faulty), ("_do", pressed)]);
            let html = plain(&wrong.html);
            assert!(html.contains(row) && html.contains(short), "{html}");
            assert!(html.contains("x-1,Demo,surgeon"), "what was pasted stands there still");
        }
        assert!(!admin.get("/people").html.contains("x-1"));
    }
    let mut admin = Browser::signed_in(&stage, "en", "admin-1");
    let form = admin.get("/people/import");
    let table = "person\tname\trole\tcentres\nc-hsh-9\tDemo nine\tcoordinator\thuashan\nmon-9\tDemo ten\tmonitor\t\n";
    let checked = admin.press(&form, &[("table", table), ("_do", "check")]);
    assert_eq!(checked.status, 200);
    assert!(
        checked.html.contains("Nobody has been invited yet") && checked.html.contains("Demo nine")
    );
    assert!(!checked.html.contains("/start/") && !admin.get("/people").html.contains("c-hsh-9"));
    let taken = admin.press(&checked, &[("table", table), ("_do", "take")]);
    let links: Vec<_> = taken.html.split("<pre class=\"copy\">").skip(1).collect();
    assert_eq!(links.len(), 2);
    let link = between(&taken.html, "<pre class=\"copy\">", "</pre>").expect("a link");
    let mut newcomer = Browser::new(&stage, "en");
    let start = newcomer.get(link.strip_prefix(HERE).expect("a whole address"));
    assert!(start.status == 200 && start.html.contains("Demo nine"));
    assert!(admin.get("/people").html.contains("c-hsh-9"));
}

// shows: AC-2, AT-12
#[test]
fn a_monitor_looks_at_the_rights_of_a_day_and_signs_that_they_were_reviewed() {
    let stage = stage();
    let mut monitor = Browser::signed_in(&stage, "en", "mon-1");
    let today = monitor.get("/people/rights");
    assert!(
        today.html.contains("Nobody has reviewed this so far") && today.html.contains("Demo p-rjs")
    );
    let day = [("day.year", "2020"), ("day.month", "1"), ("day.day", "1")];
    let before = monitor.press(&today, &day);
    assert!(before.status == 200 && !before.html.contains("Demo p-rjs"), "{}", before.html);
    let form = monitor.get("/people/rights/review");
    let wrong = monitor.press(&form, &[("password", "not the password")]);
    assert!(wrong.status != 200 && wrong.html.contains("password"));
    let done = monitor.press(&form, &[("password", &password("mon-1"))]);
    assert_eq!((done.status, done.path.as_str()), (200, "/people/rights"));
    assert!(done.html.contains("Last reviewed"));
    // Whoever gives rights sees the list and signs nothing.
    let mut admin = Browser::signed_in(&stage, "zh-CN", "admin-1");
    let seen = admin.get("/people/rights");
    assert!(seen.status == 200 && !seen.html.contains("/people/rights/review"));
    assert_eq!(admin.get("/people/rights/review").status, 403);
}
