//! A lexical look at Rego source before the parser sees it.
//!
//! The parser backtracks between literal and comprehension at every `[` and `{`, which doubles its
//! work per level: depth 16 takes seconds and nothing can interrupt it. Counting brackets outside
//! strings and comments is enough to keep it away from such files.

/// Where nesting went past the bound. Lines and columns start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooDeep {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Finds the first bracket that nests deeper than `depth_max`.
///
/// Unbalanced source is left to the parser, which says it better.
pub(crate) fn too_deep(source: &str, depth_max: usize) -> Option<TooDeep> {
    let (mut line, mut column, mut depth) = (1u32, 0u32, 0usize);
    let mut state = State::Code;
    for c in source.chars() {
        column = column.saturating_add(1);
        state = match (state, c) {
            (State::Code, '#') => State::Comment,
            (State::Code, '"') => State::Text,
            (State::Code, '`') => State::Raw,
            (State::Code, '[' | '{' | '(') => {
                depth += 1;
                if depth > depth_max {
                    return Some(TooDeep { line, column });
                }
                State::Code
            }
            (State::Code, ']' | '}' | ')') => {
                depth = depth.saturating_sub(1);
                State::Code
            }
            // A text never spans lines in Rego; ending it here keeps a stray quote from hiding the rest of the file.
            (State::Comment | State::Text | State::Escape, '\n') => State::Code,
            (State::Text, '\\') => State::Escape,
            (State::Escape, _) => State::Text,
            (State::Text, '"') | (State::Raw, '`') => State::Code,
            (state, _) => state,
        };
        if c == '\n' {
            line = line.saturating_add(1);
            column = 0;
        }
    }
    None
}

#[derive(Clone, Copy)]
enum State {
    Code,
    Comment,
    Text,
    Escape,
    Raw,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, depth_max: usize, expected: Option<(u32, u32)>) {
        let found = too_deep(source, depth_max).map(|at| (at.line, at.column));
        assert_eq!(found, expected, "{source:?}");
    }

    #[test]
    fn brackets_count_outside_texts_and_comments() {
        check("x := [[1]]", 2, None);
        check("x := [[[1]]]", 2, Some((1, 8)));
        check("a\nx := {\"a\": [(1)]}", 2, Some((2, 13)));
        check("x := \"[[[[\" # [[[[\ny := `\n[[[[`", 1, None);
        check(r#"x := "\"[[[[""#, 1, None);
        check("x := \"unclosed\ny := [[[", 2, Some((2, 8)));
        check("]]]] [", 1, None);
    }
}
