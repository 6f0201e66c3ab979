//! Small signed bars: to the left speaks against, to the right speaks for.

use super::{Line, Tone};

/// Appends a bar of `2 · half + 1` columns for `value`, full at `full`.
pub(crate) fn signed(line: Line, value: f64, full: f64, half: usize) -> Line {
    let share = if full > 0.0 { (value.abs() / full).min(1.0) } else { 0.0 };
    // What is not nothing shows at least one block.
    let blocks = ((share * half as f64).round() as usize)
        .max(usize::from(value.abs() > 0.005 && share > 0.0));
    let (filled, rest) = ("█".repeat(blocks), " ".repeat(half - blocks.min(half)));
    if value < 0.0 {
        line.and(Tone::Plain, rest)
            .and(Tone::Bad, filled)
            .and(Tone::Faint, "│")
            .and(Tone::Plain, " ".repeat(half))
    } else {
        line.and(Tone::Plain, " ".repeat(half))
            .and(Tone::Faint, "│")
            .and(Tone::Good, filled)
            .and(Tone::Plain, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_lean_to_their_side() {
        let check = |value, full, expected: &str| {
            assert_eq!(signed(Line::empty(), value, full, 4).text(), expected);
        };
        check(1.0, 1.0, "    │████");
        check(0.5, 1.0, "    │██  ");
        check(-0.5, 1.0, "  ██│    ");
        check(-9.0, 1.0, "████│    ");
        check(0.01, 1.0, "    │█   ");
        check(0.0, 1.0, "    │    ");
        check(1.0, 0.0, "    │    ");
    }
}
