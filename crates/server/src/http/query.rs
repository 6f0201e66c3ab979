//! Reading query strings, with errors that name the parameter, what was given and what was expected.

use axum::extract::Query;
use npo_api::Problem;
use serde::de::DeserializeOwned;

/// Characters of what was given that an error repeats at most.
const SHOWN_MAX: usize = 64;

/// Parses a query string.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let pairs = pairs(text)?;
    let uri = format!("/?{text}").parse().map_err(|_| invalid("the query string is malformed"))?;
    Query::<T>::try_from_uri(&uri).map(|Query(value)| value).map_err(|rejection| {
        let text = rejection.body_text();
        let words =
            text.rsplit_once("Failed to deserialize query string: ").map_or(&*text, |(_, w)| w);
        told(words, &pairs)
    })
}

/// The problem of a parameter with a value that is not among those expected.
pub(crate) fn unexpected(name: &str, found: &str, expected: &str) -> Problem {
    invalid(&format!("`{name}` is `{}`, expected {expected}", shown(found)))
}

/// What was given, short enough to be repeated.
pub(crate) fn shown(found: &str) -> String {
    found.chars().take(SHOWN_MAX).collect()
}

fn invalid(detail: &str) -> Problem {
    Problem::new(400, "invalid-query", detail)
}

/// Names and values; each name once, for a filter of two values would be one of them only.
fn pairs(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let read = |raw: &str| {
            decoded(raw).ok_or_else(|| {
                invalid(&format!(
                    "`{}` is no text in percent encoding, such as `a%20b` for `a b`",
                    shown(part).escape_debug()
                ))
            })
        };
        let (name, value) = (read(name)?, read(value)?);
        if pairs.iter().any(|(known, _)| *known == name) {
            let name = shown(&name);
            return Err(invalid(&format!(
                "query parameter `{name}` is given twice, expected it once"
            )));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// A reader's message, which begins with the name of the parameter, in words.
fn told(words: &str, pairs: &[(String, String)]) -> Problem {
    // Names of parameters can hold anything, so that the one meant is found among those given.
    let given = pairs.iter().find_map(|(name, value)| {
        let words = words.strip_prefix(name.as_str())?.strip_prefix(": ")?;
        Some((name, value, words))
    });
    let Some((name, value, words)) = given else { return invalid(&npo_wording::plain(words)) };
    match npo_wording::unknown(words) {
        Some(("key", _, known)) => invalid(&format!(
            "unknown query parameter `{}`, {}",
            shown(name),
            npo_wording::meant(name, &known)
        )),
        Some((_, _, known)) => unexpected(name, value, &format!("one of `{}`", known.join("`, `"))),
        // What is no text and no choice is a position or a count.
        None if words.contains("too large") => unexpected(name, value, "a smaller whole number"),
        None if words.contains("digit") || words.contains("integer") => {
            unexpected(name, value, "a whole number, 0 or more")
        }
        None => unexpected(name, value, &npo_wording::plain(words)),
    }
}

/// A name or value without its encoding; `None` if it is wrongly encoded or no UTF-8.
fn decoded(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use npo_api::decision::DecisionQuery;
    use npo_api::event::EventQuery;

    use super::*;

    #[test]
    fn what_is_wrong_is_named_with_what_was_given_and_expected() {
        let check = |text: &str, expected: &str| {
            let problem = parse::<DecisionQuery>(text).expect_err(text);
            assert_eq!((problem.status, problem.code.as_str()), (400, "invalid-query"), "{text}");
            assert_eq!(problem.detail, expected, "{text}");
        };
        check("limt=3", "unknown query parameter `limt`, did you mean `limit`?");
        check(
            "colour=red",
            "unknown query parameter `colour`, expected one of `status`, `disposition`, `scenario_type`, `entity`, `site`, `signal`, `since`, `until`, `cursor`, `limit`",
        );
        check("limit=3&site=a&limit=4", "query parameter `limit` is given twice, expected it once");
        check("limit=many", "`limit` is `many`, expected a whole number, 0 or more");
        check("limit=", "`limit` is ``, expected a whole number, 0 or more");
        check("limit=-1", "`limit` is `-1`, expected a whole number, 0 or more");
        check("limit=99999999999", "`limit` is `99999999999`, expected a smaller whole number");
        check(
            "status=opn",
            "`status` is `opn`, expected one of `open`, `answered`, `expired`, `withdrawn`, `closed`",
        );
        check("site=a%zz", "`site=a%zz` is no text in percent encoding, such as `a%20b` for `a b`");
        check("site=%ff", "`site=%ff` is no text in percent encoding, such as `a%20b` for `a b`");
        // A name may look like a message.
        check("limit%3A%20x=1", "unknown query parameter `limit: x`, did you mean `limit`?");
        let one = parse::<EventQuery>("aftr=1").expect_err("unknown").detail;
        assert_eq!(one, "unknown query parameter `aftr`, did you mean `after`?");
    }

    #[test]
    fn what_is_right_is_read() {
        let read = |text| parse::<DecisionQuery>(text).expect("is read");
        let expected = DecisionQuery {
            site: Some("fra 1".into()),
            entity: Some("leaf1→spine2".into()),
            limit: Some(3),
            ..DecisionQuery::default()
        };
        assert_eq!(read("site=fra+1&&entity=leaf1%E2%86%92spine2&limit=3"), expected);
        assert_eq!(read(""), DecisionQuery::default());
    }
}
