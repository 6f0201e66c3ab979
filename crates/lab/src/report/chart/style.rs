//! Colours, dashes and markers: series stay apart without colour, and colours without good eyes.
//!
//! After Okabe and Ito, darkened on light and lightened on dark until each has a contrast of 3 to 1
//! or more against its ground.

use std::fmt::Write as _;

use super::svg::{Fixed, Svg};

/// Number of styles; series beyond it are drawn as context.
pub(crate) const STYLES: usize = 12;

/// Colours of the series on light and on dark ground; the first, ink, is the baseline's.
const COLOURS: [(&str, &str); STYLES] = [
    ("#1a1a1a", "#f5f5f5"),
    ("#0072b2", "#56b4e9"),
    ("#cc5200", "#ff8f4d"),
    ("#007a5a", "#2ccb9b"),
    ("#a8478c", "#e79ccb"),
    ("#946300", "#f0b93a"),
    ("#5b5bd6", "#a5a5ff"),
    ("#8a2846", "#ff9aa8"),
    ("#667a00", "#c3d34a"),
    ("#6b6b6b", "#ababab"),
    ("#007687", "#5fd3e0"),
    ("#7a5230", "#d0a37c"),
];

/// Ground, text, faint text, grid and context on light and on dark ground.
pub(crate) const GROUND: [(&str, &str, &str); 6] = [
    ("paper", "#ffffff", "#15171a"),
    ("ink", "#1a1a1a", "#f0f0f0"),
    ("faint", "#555b61", "#b3b9c0"),
    ("grid", "#e4e6e9", "#2f343a"),
    ("axis", "#7c838a", "#7f878f"),
    ("context", "#c3c7cc", "#4a5057"),
];

const DASHES: [&str; STYLES] = [
    "",
    "7 3",
    "2 2.5",
    "10 3 2 3",
    "4 3",
    "",
    "12 4",
    "2 5",
    "7 2 2 2 2 2",
    "5 5",
    "1.5 1.5",
    "14 3",
];

/// Shapes of the markers; the second half of the styles has them hollow.
const SHAPES: usize = STYLES / 2;

/// Corners of the markers around their middle, for a size of 1; the first is a circle.
const MARKERS: [&[(f64, f64)]; SHAPES] = [
    &[],
    &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    &[(0.0, -1.15), (1.05, 0.8), (-1.05, 0.8)],
    &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
    &[(0.0, 1.15), (1.05, -0.8), (-1.05, -0.8)],
    &[(-0.5, -1.2), (0.5, -1.2), (0.5, 1.2), (-0.5, 1.2)],
];

/// How a series looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// One of the styles, below [`STYLES`].
    Series(usize),
    /// Thin and grey, behind the others.
    Context,
}

impl Style {
    /// What is drawn later lies on top: context behind, the baseline in front.
    pub(crate) fn depth(self) -> usize {
        match self {
            Self::Context => 0,
            Self::Series(0) => 2,
            Self::Series(_) => 1,
        }
    }

    /// Class of the series' line.
    pub(crate) fn line(self) -> String {
        match self {
            Self::Series(at) => format!("l s{at}"),
            Self::Context => "l sc".to_owned(),
        }
    }

    /// Class of the series' band or bar.
    pub(crate) fn area(self) -> String {
        match self {
            Self::Series(at) => format!("f{at}"),
            Self::Context => "fc".to_owned(),
        }
    }

    fn hollow(self) -> bool {
        matches!(self, Self::Series(at) if at >= SHAPES)
    }

    /// Draws the series' marker; `filled` false draws it hollow.
    pub(crate) fn marker(self, svg: &mut Svg, (x, y): (f64, f64), filled: bool) {
        let size = if self == Self::Context { 2.2 } else { 3.8 };
        let at = match self {
            Self::Series(at) => at,
            Self::Context => 0,
        };
        let colour = match self {
            Self::Series(at) => format!("s{at}"),
            Self::Context => "sc".to_owned(),
        };
        let class = match filled && !self.hollow() {
            true => format!("m {colour} {}", self.area()),
            false => format!("m {colour} fp"),
        };
        let mut commands = String::new();
        match MARKERS[at % SHAPES] {
            [] => {
                let (left, y, r) = (Fixed(x - size), Fixed(y), Fixed(size));
                let d = Fixed(size * 2.0);
                let _ = write!(commands, "M{left} {y}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0Z");
            }
            corners => {
                for (ix, (dx, dy)) in corners.iter().enumerate() {
                    let (cx, cy) = (Fixed(x + dx * size), Fixed(y + dy * size));
                    let _ = write!(commands, "{}{cx} {cy}", if ix == 0 { "M" } else { "L" });
                }
                commands.push('Z');
            }
        }
        svg.path(&class, &commands, "");
    }
}

/// Rules of the classes; `colour` gives the text of a colour by its name: `paper`, …, `c0`, ….
pub(crate) fn rules(colour: impl Fn(&str) -> String) -> String {
    let mut css = String::new();
    let mut rule = |selector: &str, body: String| {
        let _ = writeln!(css, "{selector}{{{body}}}");
    };
    rule(".l", "fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:butt".into());
    rule(".m", "stroke-width:1.3".into());
    rule(".e", "fill:none;stroke-width:1.6".into());
    rule(".tx", format!("fill:{};font-size:12px", colour("ink")));
    rule(".tt", format!("fill:{};font-size:14px;font-weight:bold", colour("ink")));
    rule(".tf", format!("fill:{};font-size:12px", colour("faint")));
    rule(".gr", format!("stroke:{};stroke-width:1", colour("grid")));
    rule(".ax", format!("stroke:{};stroke-width:1", colour("axis")));
    rule(
        ".rf",
        format!("stroke:{};stroke-width:1.4;stroke-dasharray:4 3;fill:none", colour("faint")),
    );
    rule(".bd", "opacity:0.16;stroke:none".into());
    rule(".br", "opacity:0.55;stroke:none".into());
    rule(".bh", "opacity:0.22;stroke:none".into());
    rule(".fp", format!("fill:{}", colour("paper")));
    rule(".sc", format!("stroke:{};stroke-width:1.1", colour("context")));
    rule(".fc", format!("fill:{}", colour("context")));
    for (at, dash) in DASHES.iter().enumerate() {
        let ink = colour(&format!("c{at}"));
        rule(&format!(".s{at}"), format!("stroke:{ink}"));
        rule(&format!(".f{at}"), format!("fill:{ink}"));
        if !dash.is_empty() {
            rule(&format!(".d{at}"), format!("stroke-dasharray:{dash}"));
        }
    }
    css
}

/// All colours by name, on light and on dark ground.
pub(crate) fn colours() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    let ground = GROUND.iter().map(|(name, light, dark)| ((*name).to_owned(), *light, *dark));
    let series = COLOURS.iter().enumerate();
    ground.chain(series.map(|(at, (light, dark))| (format!("c{at}"), *light, *dark)))
}
