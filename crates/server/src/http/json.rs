//! Reading JSON, with errors that say where and what.

use npo_api::Problem;
use serde::Deserialize;
use serde_json::error::Category;

/// Parses a whole document.
///
/// The second pass, which knows the path of the field, is only taken for a document that is wrong.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|first| problem(&first, &path::<T>(bytes), bytes))
}

/// Path of the first field that is wrong; empty if it is the document itself.
fn path<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> String {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) if error.path().iter().next().is_some() => error.path().to_string(),
        _ => String::new(),
    }
}

fn problem(error: &serde_json::Error, path: &str, bytes: &[u8]) -> Problem {
    let (line, column) = (error.line(), error.column());
    let place = format!("line {line} column {column}");
    let text = error.to_string();
    let words = in_plain_words(text.strip_suffix(&format!(" at {place}")).unwrap_or(&text));
    match error.classify() {
        Category::Data => {
            let field =
                if path.is_empty() || path == "." { String::new() } else { format!("`{path}`: ") };
            let code =
                if words.starts_with("unknown field") { "unknown-field" } else { "invalid-body" };
            Problem::new(422, code, format!("{field}{words} ({place})"))
        }
        Category::Eof if bytes.iter().all(u8::is_ascii_whitespace) => {
            Problem::new(400, "invalid-json", "the body is empty, expected a JSON document")
        }
        // A word is asked for as a value that begins with a quote; another value is JSON all the same.
        Category::Syntax if words == "expected value" && is_json(bytes) => {
            let field =
                if path.is_empty() || path == "." { String::new() } else { format!("`{path}`: ") };
            Problem::new(422, "invalid-body", format!("{field}expected a text ({place})"))
        }
        Category::Syntax | Category::Eof | Category::Io => {
            let detail = match not_a_number(bytes, line, column) {
                Some(token) => {
                    format!("`{token}` at {place} is not JSON, which has finite numbers only")
                }
                None => format!("the body is not JSON: {words} at {place}"),
            };
            Problem::new(400, "invalid-json", detail)
        }
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// What was expected, without the names that only a programmer knows.
pub(crate) fn in_plain_words(words: &str) -> String {
    let Some((found, expected)) = words.rsplit_once("expected ") else { return words.to_owned() };
    let plain = match expected {
        "f32" | "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a sequence" => "a list",
        "a map" => "an object",
        "path string" => "a path",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    format!("{found}expected {plain}")
}

/// `NaN` or `Infinity`, in some spelling, where the parser stopped.
fn not_a_number(bytes: &[u8], line: usize, column: usize) -> Option<String> {
    let line = bytes.split(|b| *b == b'\n').nth(line.checked_sub(1)?)?;
    let is_word = |b: &u8| b.is_ascii_alphabetic() || *b == b'-' || *b == b'+';
    // The parser stops at the first letter, or after some of them.
    let at = column.saturating_sub(1).min(line.len().saturating_sub(1));
    let start = line[..at].iter().rposition(|b| !is_word(b)).map_or(0, |i| i + 1);
    let word: Vec<u8> = line[start..].iter().copied().take_while(is_word).take(16).collect();
    let word = String::from_utf8(word).ok()?;
    let bare = word.trim_start_matches(['-', '+']).to_ascii_lowercase();
    matches!(bare.as_str(), "nan" | "infinity" | "inf").then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use npo_api::decision::Proposal;

    #[test]
    fn a_document_that_is_wrong_says_where_and_what() {
        let check = |text: &str, status: u16, code: &str, expected: &str| {
            let problem = parse::<Proposal>(text.as_bytes()).expect_err(text);
            assert_eq!(
                (problem.status, problem.code.as_str()),
                (status, code),
                "{text}: {problem}"
            );
            assert!(problem.detail.contains(expected), "{text}: {problem}");
        };
        check("", 400, "invalid-json", "the body is empty");
        check("{\"action\": \"x\"}", 422, "invalid-body", "expected an object (line 1");
        check("{\"features\": {\"a\": \"x\"}}", 422, "invalid-body", "expected a number (line 1");
        check("{", 400, "invalid-json", "EOF");
        check("{\n\"features\": {\"a\": NaN}}", 400, "invalid-json", "`NaN` at line 2 column 19");
        check("{\"features\": {\"a\": nan}}", 400, "invalid-json", "`nan` at line 1");
        check("{\"features\": {\"a\": -Infinity}}", 400, "invalid-json", "`-Infinity` at line 1");
        check(
            "{\"features\": {\"a\": 1e999}}",
            400,
            "invalid-json",
            "number out of range at line 1",
        );
        check("{\"features\": {\"a\": \"x\"}}", 422, "invalid-body", "`features.a`: invalid type");
        check("{\"sitee\": \"x\"}", 422, "unknown-field", "unknown field `sitee`");
        check("{}", 422, "invalid-body", "missing field `scenario_type`");
        check("[]", 422, "invalid-body", "invalid length 0");
        check("{} x", 422, "invalid-body", "missing field");
    }

    #[test]
    fn another_value_than_a_word_is_json_all_the_same() {
        let problem =
            parse::<npo_api::feedback::Feedback>(b"{\"signal\": 1}").expect_err("refused");
        assert_eq!((problem.status, problem.code.as_str()), (422, "invalid-body"), "{problem}");
        assert_eq!(problem.detail, "`signal`: expected a text (line 1 column 12)");
    }
}
