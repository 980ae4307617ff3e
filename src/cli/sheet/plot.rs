//! Pictures for a sheet: lines of dots, and points in a plane. Each has a title and a description; a table with the same
//! figures belongs beneath.

use super::escape;

/// How a dot looks; told by shape, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dot {
    /// A filled circle.
    Full,
    /// A circle.
    Open,
    /// A cross.
    Cross,
}

/// What a picture is about.
pub struct About<'t> {
    /// A word by which its parts are named; unique on the page.
    pub id: &'t str,
    /// In few words.
    pub title: &'t str,
    /// In a sentence.
    pub described: &'t str,
    /// What is counted along the axis.
    pub unit: &'t str,
}

/// The left end of the axis, its right end, and the height of a row.
const LEFT: f64 = 190.0;
const RIGHT: f64 = 700.0;
const ROW: f64 = 24.0;

fn frame(about: &About<'_>, height: f64, inside: &str) -> String {
    let About { id, title, described, .. } = about;
    let (title, described) = (escape(title), escape(described));
    format!(
        "<svg viewBox=\"0 0 720 {height:.0}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{described}</desc>\n{inside}</svg>\n"
    )
}

fn dot(kind: Dot, x: f64, y: f64) -> String {
    match kind {
        Dot::Full => format!("<circle class=\"full\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>\n"),
        Dot::Open => format!("<circle class=\"open\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>\n"),
        Dot::Cross => {
            let (left, right, up, down) = (x - 4.5, x + 4.5, y - 4.5, y + 4.5);
            format!(
                "<path class=\"cross\" d=\"M{left:.1} {up:.1} L{right:.1} {down:.1} \
                 M{left:.1} {down:.1} L{right:.1} {up:.1}\"/>\n"
            )
        }
    }
}

/// A round number at or above this one, and a step of which four or five reach it.
fn scale(highest: f64) -> (f64, f64) {
    let ten = 10f64.powf(highest.max(1e-9).log10().floor());
    let step = [0.25, 0.5, 1.0, 2.0].map(|part| part * ten);
    let step = step.into_iter().find(|step| highest / step <= 5.0).unwrap_or(2.5 * ten);
    ((highest / step).ceil().max(1.0) * step, step)
}

fn shown(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn axis(highest: f64, bottom: f64, unit: &str) -> (String, f64) {
    let (top, step) = scale(highest);
    let mut out = String::new();
    let mut at = 0.0;
    while at <= top + step / 2.0 {
        let (x, number) = (LEFT + at / top * (RIGHT - LEFT), shown(at));
        out.push_str(&format!(
            "<path class=\"rule\" d=\"M{x:.1} 8 V{bottom:.1}\"/>\n\
             <text class=\"mid\" x=\"{x:.1}\" y=\"{:.1}\">{number}</text>\n",
            bottom + 16.0
        ));
        at += step;
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    out.push_str(&format!(
        "<text class=\"mid\" x=\"{middle:.1}\" y=\"{:.1}\">{}</text>\n",
        bottom + 34.0,
        escape(unit)
    ));
    (out, top)
}

/// A row a thing, with a dot a figure, along one axis from 0.
pub fn dots(about: &About<'_>, kinds: &[Dot], rows: &[(String, Vec<f64>)]) -> String {
    let highest = rows.iter().flat_map(|(_, figures)| figures).copied().fold(0.0, f64::max);
    let bottom = 8.0 + ROW * rows.len() as f64;
    let (mut inside, top) = axis(highest, bottom, about.unit);
    for ((name, figures), at) in rows.iter().zip(0u32..) {
        let y = 8.0 + ROW * (f64::from(at) + 0.5);
        inside.push_str(&format!(
            "<text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            LEFT - 10.0,
            y + 4.0,
            escape(name)
        ));
        inside.push_str(&format!("<path class=\"rule\" d=\"M{LEFT:.1} {y:.1} H{RIGHT:.1}\"/>\n"));
        // The last kind lies lowest, so that the first is never hidden.
        for (figure, kind) in figures.iter().zip(kinds).rev() {
            inside.push_str(&dot(*kind, LEFT + figure / top * (RIGHT - LEFT), y));
        }
    }
    frame(about, bottom + 42.0, &inside)
}

/// Points in a plane, each with its name; the heights run from `low` to `high` and are told in percent.
pub fn plane(about: &About<'_>, (low, high): (f64, f64), points: &[(String, f64, f64)]) -> String {
    let highest = points.iter().map(|(_, x, _)| *x).fold(0.0, f64::max);
    let (upper, bottom) = (16.0, 300.0);
    let (mut inside, top) = axis(highest, bottom, about.unit);
    let height = |y: f64| bottom - (y - low) / (high - low) * (bottom - upper);
    for step in 0..=4 {
        let number = low + (high - low) * f64::from(step) / 4.0;
        let y = height(number);
        inside.push_str(&format!(
            "<path class=\"rule\" d=\"M{LEFT:.1} {y:.1} H{RIGHT:.1}\"/>\n\
             <text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{} %</text>\n",
            LEFT - 10.0,
            y + 4.0,
            shown(number * 100.0)
        ));
    }
    // Names that would lie on each other stand in one.
    let mut placed: Vec<(String, f64, f64)> = vec![];
    for (name, x, y) in points {
        let (x, y) = (LEFT + x / top * (RIGHT - LEFT), height(*y));
        match placed.iter_mut().find(|p| (p.1 - x).abs() < 14.0 && (p.2 - y).abs() < 12.0) {
            Some(near) => near.0 = format!("{}, {name}", near.0),
            None => placed.push((name.clone(), x, y)),
        }
        inside.push_str(&dot(Dot::Full, x, y));
    }
    for (name, x, y) in placed {
        let (end, x) = if x > RIGHT - 120.0 { (" class=\"end\"", x - 9.0) } else { ("", x + 9.0) };
        inside.push_str(&format!(
            "<text{end} x=\"{x:.1}\" y=\"{:.1}\">{}</text>\n",
            y - 6.0,
            escape(&name)
        ));
    }
    frame(about, bottom + 42.0, &inside)
}

#[cfg(test)]
mod tests {
    use super::{About, Dot, dots, plane, scale};

    const ABOUT: About<'_> = About { id: "p", title: "<t>", described: "d", unit: "u" };

    #[test]
    fn an_axis_ends_at_a_round_number_and_has_a_few_steps() {
        for highest in [0.004, 0.33, 1.0, 2.0, 7.3, 41.0, 99.0, 334.0] {
            let (top, step) = scale(highest);
            assert!(top >= highest && top <= highest * 2.0, "{highest}: {top}");
            assert!((1.0..=6.0).contains(&(top / step)), "{highest}: {top} by {step}");
        }
        assert!(scale(0.0).0 > 0.0, "nothing can be divided by it otherwise");
    }

    #[test]
    fn a_picture_has_title_and_description_and_a_dot_for_each_figure() {
        let rows = [("a & b".to_owned(), vec![1.0, 2.0]), ("c".to_owned(), vec![0.5, 4.0])];
        let svg = dots(&ABOUT, &[Dot::Full, Dot::Cross], &rows);
        assert!(svg.contains("<title id=\"p-title\">&lt;t&gt;</title>") && svg.contains("<desc"));
        assert_eq!(svg.matches("class=\"full\"").count(), 2);
        assert_eq!(svg.matches("class=\"cross\"").count(), 2);
        assert!(svg.contains("a &amp; b") && !svg.contains("NaN"));
        assert!(svg.contains("cx=\"317.5\""), "a quarter of the way to 4: {svg}");
    }

    #[test]
    fn points_that_lie_on_each_other_share_their_name() {
        let points =
            [("A".to_owned(), 1.0, 0.6), ("B".to_owned(), 1.01, 0.6), ("C".into(), 3.0, 0.7)];
        let svg = plane(&ABOUT, (0.5, 0.8), &points);
        assert!(svg.contains(">A, B</text>") && svg.contains(">C</text>"), "{svg}");
    }
}
