//! One letter on one sheet of A4, in three panels: the outside, the inside, and the flap that covers it. Whatever the arm
//! is called, every letter has the same panels at the same places and the same number of bytes.

use crate::cli::sheet::escape;
use crate::domain::offline::Serial;
use crate::domain::trial::{Trial, Words};
use crate::sealing::bytes::{Hash, hex};
use crate::sealing::letters::Letter;
use std::collections::BTreeMap;

/// What stands inside for each arm, all of one length.
pub struct Arms(BTreeMap<String, String>);

impl Arms {
    /// By the arm's name in the manifest; names and preparations in both languages where the trial file has them.
    pub fn of(names: &[String], words: &[Words], preparations: &[Words]) -> Self {
        let block = |(at, name): (usize, &String)| {
            let both = |all: &[Words]| {
                all.get(at).map_or_else(String::new, |w| {
                    format!("<p>{}</p><p lang=\"zh-CN\">{}</p>", escape(&w.en), escape(&w.zh))
                })
            };
            format!("<p class=\"arm\">{}</p>{}{}", escape(name), both(words), both(preparations))
        };
        let blocks: Vec<String> = names.iter().enumerate().map(block).collect();
        let longest = blocks.iter().map(String::len).max().unwrap_or_default();
        // Spaces that no browser shows: a printer's queue must not tell the arms by their lengths either.
        let padded = |block: String| {
            let room = longest - block.len();
            format!("{block}{}", " ".repeat(room))
        };
        Self(names.iter().cloned().zip(blocks.into_iter().map(padded)).collect())
    }
}

/// Three panels of 99 mm; the second and third face each other when it is folded, the first faces outwards.
const STYLE: &str = "\
@page { size: A4; margin: 0; }
* { box-sizing: border-box; }
body { margin: 0; color: #000; background: #fff;
  font: 10pt/1.35 system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; }
p { margin: 0 0 1mm; }
.letter { position: relative; width: 210mm; height: 297mm; overflow: hidden; break-after: page; }
.out, .in, .flap { position: absolute; left: 0; width: 210mm; height: 99mm; padding: 7mm 15mm; overflow: hidden; }
.out { top: 0; } .in { top: 99mm; } .flap { top: 198mm; }
.fold { position: absolute; left: 0; width: 210mm; border-top: 1px dashed #888; }
.edge { border: 1px solid #000; padding: 1mm 2mm; margin-bottom: 2mm; font-size: 8pt; height: 9mm; }
.code { font-size: 20pt; font-weight: 700; letter-spacing: 1mm; }
.serial { font-size: 12pt; font-weight: 700; }
.form span { display: inline-block; min-width: 42mm; border-bottom: 1px solid #000; }
.form p { margin: 0 0 2.2mm; }
.what { height: 38mm; overflow: hidden; } .arm { font-size: 18pt; font-weight: 700; }
.proof { font: 6pt/1.25 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.tint { position: absolute; inset: 0; z-index: 1; font: 700 9pt/8pt ui-monospace, monospace; color: #777;
  overflow: hidden; overflow-wrap: anywhere; }
.flap .words { position: relative; z-index: 2; background: #fff; padding: 2mm; margin-top: 58mm; font-size: 8pt; }
@media screen { .letter { margin: 5mm auto; outline: 1px solid #888; } }
";

/// The beginning of a file of letters.
pub fn head(trial: &Trial) -> String {
    let title = format!("Code-break letters 应急信件 {}", trial.id);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n",
        escape(&title)
    )
}

/// Its end.
pub const FOOT: &str = "</body>\n</html>\n";

/// One letter.
pub fn page(
    letter: &Letter<'_>,
    serial: &Serial,
    arms: &Arms,
    (trial, root): (&Trial, &Hash),
) -> String {
    format!(
        "<section class=\"letter\">\n{}{}{}<div class=\"fold\" style=\"top:99mm\"></div>\
         <div class=\"fold\" style=\"top:198mm\"></div>\n</section>\n",
        outside(letter, serial, trial),
        inside(letter, arms, trial, root),
        flap()
    )
}

fn outside(letter: &Letter<'_>, serial: &Serial, trial: &Trial) -> String {
    let centre = trial.centres.iter().find(|centre| centre.id == serial.centre);
    let centre = centre.map_or_else(
        || serial.centre.to_string(),
        |centre| format!("{} {}", centre.name.en, centre.name.zh),
    );
    let (trial, centre) = (escape(trial.id.as_str()), escape(&centre));
    let (code, serial) = (letter.at.code.grouped(), escape(&serial.to_string()));
    format!(
        "<div class=\"out\">\n<div class=\"edge\">Sealed edge: sign across it 封口骑缝签名 &nbsp; 1 ____________________ \
         2 ____________________ date 日期 ____________</div>\n\
         <p><b>Code-break letter 应急信件</b> · {trial} · {centre}</p>\n\
         <p><span class=\"code\">{code}</span> &nbsp; <span class=\"serial\">{serial}</span></p>\n\
         <p>Only in an emergency, when neither the service nor the kit is at hand. Whoever opens it is unblinded; \
         write first, then open. 仅限紧急情况，且服务和应急包均不可用时。打开者即为非盲；先填写，后打开。</p>\n\
         <div class=\"form\"><p>Participant 受试者 <span></span> Opened by 打开者 <span></span></p>\
         <p>Date and time 日期时间 <span></span> Signature 签名 <span></span></p>\
         <p>Why, and how care depends on it 原因及对处置的影响 <span style=\"min-width:96mm\"></span></p>\
         <p>Hotline told at 通知热线时间 <span></span> Taken in as 录入编号 <span></span></p></div>\n</div>\n"
    )
}

fn inside(letter: &Letter<'_>, arms: &Arms, trial: &Trial, root: &Hash) -> String {
    let at = &letter.at;
    let what = arms.0.get(letter.arm).map_or("", String::as_str);
    let path: Vec<String> = letter.path.path.iter().map(|node| hex(node)).collect();
    format!(
        "<div class=\"in\">\n<p>{} · {}</p>\n<div class=\"what\">{what}</div>\n\
         <p>Proof 核验: klero kit prove KIT --code {} --arm … --salt …; or, once the list is published, klero verify. \
         RFC 6962 leaf over 01, trial, segment, stratum, position, code, arm, salt.</p>\n\
         <p class=\"proof\">segment {} stratum {} position {:05} index {:05} of {}<br>salt {}<br>root {}<br>path {}</p>\n</div>\n",
        escape(trial.id.as_str()),
        at.code.grouped(),
        at.code,
        at.segment,
        escape(at.stratum.as_str()),
        at.position,
        letter.path.index,
        letter.path.size,
        hex(&letter.salt),
        hex(root),
        path.join(" ")
    )
}

/// Covers the inside when it is folded: a pattern against the light, the same on every letter.
fn flap() -> String {
    let tint = "8#B%M&0W@K$H6R".repeat(110);
    format!(
        "<div class=\"flap\">\n<div class=\"tint\" aria-hidden=\"true\">{}</div>\n\
         <div class=\"words\">Fold this third up over the middle one, then the top third behind both; seal and sign. \
         将此三分之一向上折盖住中间，再将上部向后折；封口并签名。 \
         After opening: tell the hotline, keep this letter, never seal it again. 打开后：通知热线，保存本信，不得重新封口。\
         </div>\n</div>\n",
        escape(&tint)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::Words;

    fn words(en: &str, zh: &str) -> Words {
        Words { en: en.to_owned(), zh: zh.to_owned() }
    }

    // shows: I9, EU-12
    #[test]
    fn what_stands_inside_has_one_length_whatever_the_arms_are_called() {
        let names = ["a".to_owned(), "a much <longer> name".to_owned()];
        let called = [words("A", "甲"), words("The longer one, with water", "乙组")];
        let arms = Arms::of(&names, &called, &[]);
        let [one, other] = ["a", "a much <longer> name"].map(|name| &arms.0[name]);
        assert_eq!(one.len(), other.len());
        assert!(other.contains("&lt;longer&gt;") && one.contains("<p class=\"arm\">a</p>"));
    }
}
