//! OpenMetrics 1.0 as text, as far as counters, gauges and histograms go. Names, labels and their values are written in the
//! program: what comes from a request has no way in.

use crate::meter::Spread;
use std::fmt::{self, Display, Write};

/// The media type.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One label and its value.
pub type Label = (&'static str, &'static str);

/// A text that is being written.
#[derive(Default)]
pub struct Exposition(String);

impl Exposition {
    /// What only grows.
    pub fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        self.counters(name, help, std::iter::once((vec![], value)));
    }

    /// The same, told apart by labels.
    pub fn counters(
        &mut self,
        name: &'static str,
        help: &'static str,
        samples: impl Iterator<Item = (Vec<Label>, u64)>,
    ) {
        self.family(name, "counter", help);
        for (labels, value) in samples {
            self.sample(name, "_total", &labels, None, value);
        }
    }

    /// What goes up and down.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, "", &[], None, value);
    }

    /// How values spread, told apart by labels. What was seen in millionths is told in wholes.
    pub fn spreads<'s>(
        &mut self,
        name: &'static str,
        help: &'static str,
        unit: Unit,
        spreads: impl Iterator<Item = (Vec<Label>, &'s Spread)>,
    ) {
        self.family(name, "histogram", help);
        for (labels, spread) in spreads {
            for (bound, count) in spread.up_to() {
                let bound = unit.of(bound).to_string();
                self.sample(name, "_bucket", &labels, Some(&bound), count);
            }
            let count = spread.count();
            self.sample(name, "_bucket", &labels, Some("+Inf"), count);
            self.sample(name, "_count", &labels, None, count);
            self.sample(name, "_sum", &labels, None, unit.of(spread.sum()));
        }
    }

    /// The whole text.
    pub fn end(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.put(format_args!("# TYPE {name} {kind}\n"));
        for unit in ["seconds", "bytes"].iter().filter(|unit| name.ends_with(**unit)) {
            self.put(format_args!("# UNIT {name} {unit}\n"));
        }
        self.put(format_args!("# HELP {name} {help}\n"));
    }

    fn sample(
        &mut self,
        name: &str,
        part: &str,
        labels: &[Label],
        bound: Option<&str>,
        value: impl Display,
    ) {
        let all = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        let all: Vec<String> = all.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) };
        self.put(format_args!("{name}{part}{labels} {value}\n"));
    }

    fn put(&mut self, text: fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a string takes whatever is written");
    }
}

/// In what a spread was measured.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    /// In wholes.
    One,
    /// In millionths, such as microseconds of a second.
    Millionth,
}

impl Unit {
    /// A value in wholes.
    pub fn of(self, value: u64) -> f64 {
        match self {
            Unit::One => value as f64,
            Unit::Millionth => value as f64 / 1e6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_families_with_their_samples_and_ends() {
        let mut text = Exposition::default();
        text.counter("klero_acts", "Acts.", 3);
        let spread = Spread::new(&[1_000, 2_500_000]);
        spread.saw(900);
        spread.saw(9_000_000);
        let labelled = (vec![("kind", "read")], &spread);
        text.spreads("klero_x_seconds", "Time.", Unit::Millionth, std::iter::once(labelled));
        assert_eq!(
            text.end(),
            "# TYPE klero_acts counter\n\
             # HELP klero_acts Acts.\n\
             klero_acts_total 3\n\
             # TYPE klero_x_seconds histogram\n\
             # UNIT klero_x_seconds seconds\n\
             # HELP klero_x_seconds Time.\n\
             klero_x_seconds_bucket{kind=\"read\",le=\"0.001\"} 1\n\
             klero_x_seconds_bucket{kind=\"read\",le=\"2.5\"} 1\n\
             klero_x_seconds_bucket{kind=\"read\",le=\"+Inf\"} 2\n\
             klero_x_seconds_count{kind=\"read\"} 2\n\
             klero_x_seconds_sum{kind=\"read\"} 9.0009\n\
             # EOF\n"
        );
    }
}
