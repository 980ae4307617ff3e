//! Completions and the manual: made from the tree of commands.

use crate::desk::Desk;

#[test]
fn a_shell_completes_the_commands_and_the_manual_has_a_page_for_each() {
    let desk = Desk::new("shell");
    for (shell, mark) in
        [("bash", "_klero()"), ("zsh", "#compdef klero"), ("fish", "complete -c klero")]
    {
        let script = desk.done(&format!("completions {shell}")).out;
        assert!(script.contains(mark) && script.contains("verify"), "{shell}");
    }
    assert_eq!(desk.run("completions csh").code, 2);
    let written = desk.data("man manual");
    let verify = desk.read("manual/man1/klero-trail-verify.1");
    assert!(
        verify.contains(".TH klero\\-trail\\-verify 1")
            || verify.contains(".TH klero-trail-verify 1"),
        "{verify}"
    );
    assert!(verify.contains("Examples:") && verify.contains("Exit codes:"), "{verify}");
    let (english, chinese) =
        (desk.read("manual/man1/klero.1"), desk.read("manual/zh_CN/man1/klero.1"));
    let commands = english.matches("klero\\-").count();
    assert!(commands > 12 && written["pages"].as_u64() > Some(30), "{written}");
    // The first page names every command of the other, in Chinese where Chinese words are known.
    for name in ["trial", "list", "serve", "trail", "man"] {
        assert!(chinese.contains(&format!(".B klero {name}\n")), "{name}");
    }
    assert!(chinese.contains(".SH 命令") && chinese.contains("运行服务"), "{chinese}");
    let before = chinese;
    desk.refused(17, "file-exists", "man manual");
    assert_eq!(desk.read("manual/zh_CN/man1/klero.1"), before);
}
