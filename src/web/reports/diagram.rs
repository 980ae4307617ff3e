//! The flow diagram: boxes on a trunk, and beside each what branches off. One column, so that a phone shows it as large
//! as paper does.

use super::told;
use crate::http::pages::Visit;
use crate::service::reports::{Flow, Label};

/// The units of the picture, and the height of a line of words.
const WIDTH: f64 = 360.0;
const LINE: f64 = 18.0;
/// Where the trunk runs, and where what branches off begins.
const TRUNK: f64 = 24.0;
const BRANCH: f64 = 48.0;
/// How many letters a line holds; a Chinese character is as wide as two.
const LETTERS: usize = 42;

/// One box with its words.
pub struct Boxed {
    /// Its left side.
    pub x: f64,
    /// Its upper side.
    pub y: f64,
    /// How wide.
    pub width: f64,
    /// How high.
    pub height: f64,
    /// Each line of words, and where it stands.
    pub lines: Vec<(f64, String)>,
}

/// The whole picture.
pub struct Diagram {
    /// What it shows, in a sentence.
    pub desc: String,
    /// How high it is.
    pub height: f64,
    /// All boxes.
    pub boxes: Vec<Boxed>,
    /// All lines between them, as one path.
    pub path: String,
}

impl Diagram {
    /// Draws the figures.
    pub fn of(visit: &Visit, flow: &Flow) -> Self {
        let all = &flow.all;
        let line = |word: &str, count: u64| {
            format!("{}: {count}", told(visit, &Label::Told(word.to_owned())))
        };
        let under = |counted: &[(String, u64)], label: fn(String) -> Label| -> Vec<String> {
            let named = |(word, count): &(String, u64)| {
                format!("– {}: {count}", told(visit, &label(word.clone())))
            };
            counted.iter().take(4).map(named).collect()
        };
        let mut out = vec![line("failed", all.failed)];
        out.extend(under(&flow.criteria, Label::Criterion));
        out.extend([
            line("incomplete", all.incomplete),
            line("waiting", all.waiting),
            line("left-before", all.left_before),
        ]);
        let mut stopped = vec![line("stopped", all.stopped)];
        stopped.extend(under(&flow.stops, Label::Stop));
        let ends = vec![
            line("withdrawn", all.withdrawn),
            line("lost", all.lost),
            line("died", all.died),
            line("going-on", all.going_on),
        ];
        let steps = vec![
            (false, vec![line("screened", all.screened)]),
            (true, out),
            (false, vec![line("randomised", all.randomised)]),
            (true, vec![line("never-infused", all.never_infused)]),
            (false, vec![line("infused", all.infused)]),
            (true, stopped),
            (true, ends),
            (false, vec![line("completed", all.completed)]),
        ];
        let desc = [
            line("screened", all.screened),
            line("randomised", all.randomised),
            line("infused", all.infused),
            line("completed", all.completed),
        ];
        Self::drawn(desc.join(" · "), steps)
    }

    fn drawn(desc: String, steps: Vec<(bool, Vec<String>)>) -> Self {
        let (mut y, mut boxes, mut path) = (4.0, vec![], String::new());
        let mut trunk_from = None;
        for (branches, lines) in steps {
            let height = LINE * lines.len() as f64 + 10.0;
            let x = if branches { BRANCH } else { 4.0 };
            if branches {
                let middle = y + height / 2.0;
                path.push_str(&format!("M{TRUNK} {middle} H{BRANCH} "));
            } else {
                if let Some(from) = trunk_from {
                    path.push_str(&format!("M{TRUNK} {from} V{y} "));
                }
                trunk_from = Some(y + height);
            }
            let lines = lines.iter().zip(1u32..);
            let lines = lines.map(|(text, at)| (y + LINE * f64::from(at), cut(text))).collect();
            boxes.push(Boxed { x, y, width: WIDTH - x - 4.0, height, lines });
            y += height + 12.0;
        }
        Self { desc, height: y, boxes, path: path.trim_end().to_owned() }
    }
}

/// As much of a line as its box holds; the whole of it stands in the table.
fn cut(text: &str) -> String {
    let wide = |c: char| if c.is_ascii() { 1 } else { 2 };
    if text.chars().map(wide).sum::<usize>() <= LETTERS {
        return text.to_owned();
    }
    // The figure at its end is what counts.
    let (words, figure) = text.rsplit_once(": ").unwrap_or((text, ""));
    let mut left = LETTERS.saturating_sub(figure.len() + 4);
    let fits = |c: &char| {
        left = left.saturating_sub(wide(*c));
        left > 0
    };
    let kept: String = words.chars().take_while(fits).collect();
    format!("{kept}…: {figure}")
}

#[cfg(test)]
mod tests {
    use super::{Diagram, cut};

    #[test]
    fn a_long_line_is_cut_and_keeps_its_figure() {
        assert_eq!(cut("Randomised: 12"), "Randomised: 12");
        let long = cut("– No cyclophosphamide for six months before the screening: 12");
        assert!(long.ends_with("…: 12") && long.chars().count() <= 42, "{long}");
        let chinese = cut("– 筛选前六个月内未使用环磷酰胺且未使用任何其他细胞毒药物治疗: 12");
        assert!(chinese.ends_with("…: 12") && chinese.chars().count() <= 26, "{chinese}");
    }

    #[test]
    fn boxes_stand_below_each_other_and_branches_hang_on_the_trunk() {
        let steps = vec![
            (false, vec!["a: 1".to_owned()]),
            (true, vec!["b: 2".to_owned(), "c: 3".to_owned()]),
            (false, vec!["d: 4".to_owned()]),
        ];
        let drawn = Diagram::drawn(String::new(), steps);
        let tops: Vec<f64> = drawn.boxes.iter().map(|one| one.y).collect();
        assert_eq!(tops, [4.0, 44.0, 102.0]);
        assert_eq!(drawn.path, "M24 67 H48 M24 32 V102");
        assert!(drawn.boxes.iter().all(|one| one.x + one.width <= 360.0));
    }
}
