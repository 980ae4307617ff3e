//! Codes to be scanned, drawn as SVG: black on white in the dark and on paper too. Nothing is loaded for it, and it is no
//! script.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code, as its standard asks.
const QUIET: usize = 4;

/// A drawing that stands on its page once, under the id `qr`, for others to repeat.
pub struct Drawn {
    /// What is drawn.
    pub drawn: String,
    /// How many modules wide it is.
    pub side: usize,
}

/// How much of the picture may be lost: a card is carried in a pocket, a sealed file needs the room.
#[derive(Clone, Copy)]
pub enum Spare {
    /// About a seventh.
    Some,
    /// Hardly any.
    Little,
}

/// One stroke a run of dark modules, since a drawing of every module would be heavier than any page. Nothing when the
/// text is longer than such a code can be.
pub fn draw(text: &str, spare: Spare) -> Option<Drawn> {
    let level = match spare {
        Spare::Some => EcLevel::M,
        Spare::Little => EcLevel::L,
    };
    let code = QrCode::with_error_correction_level(text, level).ok()?;
    let width = code.width();
    let mut strokes = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let (mut x, mut end) = (0, None);
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                strokes += &match end {
                    None => format!("M{x} {y}.5h{}", run.len()),
                    Some(end) => format!("m{} 0h{}", x - end, run.len()),
                };
                end = Some(x + run.len());
            }
            x += run.len();
        }
    }
    let side = width + 2 * QUIET;
    let ground = format!("<rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>");
    let dark =
        format!("<path transform=\"translate({QUIET} {QUIET})\" stroke=\"#000\" d=\"{strokes}\"/>");
    let drawn = format!("<g id=\"qr\" shape-rendering=\"crispEdges\">{ground}{dark}</g>");
    Some(Drawn { drawn, side })
}
