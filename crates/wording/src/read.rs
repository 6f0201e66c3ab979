//! Reading TOML, with errors for whoever wrote it.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Value;

use super::place::{line_column, locate};
use super::plain::{plain, unknown};

/// What is wrong with a text of TOML, and where.
///
/// Shown, it is one line: `line 7, column 1: `hors`: unknown key `hors`, did you mean `hours`?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Line and column in the text, from 1; absent for what has no place in it.
    pub line_column: Option<(usize, usize)>,
    /// Keys that lead to the place, joined by dots; empty for the text as a whole.
    pub path: String,
    /// What was found and what was expected, in one line.
    pub message: String,
}

impl Wrong {
    /// What is wrong at a path of keys; where that is in a text, [`Self::in_text`] finds out.
    #[must_use]
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line_column: None, path: path.into(), message: message.into() }
    }

    /// The same below the keys of `prefix`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => prefix.to_owned(),
            path => format!("{prefix}.{path}"),
        };
        self
    }

    /// The same with the place of its path in `text`, if it has none yet.
    #[must_use]
    pub fn in_text(mut self, text: &str) -> Self {
        if self.line_column.is_none() && !self.path.is_empty() {
            self.line_column = locate(text, &self.path);
        }
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.line_column {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

/// Reads a text of TOML.
///
/// # Errors
/// [`Wrong`] has the place, what was found and what was expected.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    let document = toml::Deserializer::parse(text).map_err(|error| syntax(text, &error))?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let span = error.inner().span();
        let mut wrong = described(&error);
        // What is missing has no place but its table's, and the text as a whole is none.
        wrong.line_column = match wrong.path.is_empty() {
            true => None,
            false => span.map(|span| line_column(text, span.start)),
        };
        wrong.in_text(text)
    })
}

/// Reads a value that was a text before; the place in that is left to [`Wrong::in_text`].
///
/// # Errors
/// As [`read`].
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Wrong> {
    serde_path_to_error::deserialize(value).map_err(|error| described(&error))
}

fn described(error: &serde_path_to_error::Error<toml::de::Error>) -> Wrong {
    let mut path = error.path().to_string();
    if path == "." {
        path.clear();
    }
    let message = error.inner().message();
    // The path ends at the table or, in some cases, at the unknown key itself.
    if let Some(("key", key, _)) = unknown(message)
        && path != key
        && !path.ends_with(&format!(".{key}"))
    {
        path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    }
    Wrong::at(path, plain(message).replace('\n', " "))
}

/// What is wrong with a text that is no TOML at all, for readers that parse it themselves.
#[must_use]
pub fn syntax(text: &str, error: &toml::de::Error) -> Wrong {
    let span = error.span().unwrap_or(0..0);
    let (found, rest) = (text.get(span.clone()), text.get(span.start..).unwrap_or_default());
    let line = rest.lines().next().unwrap_or_default().trim();
    let message = match error.message().trim() {
        "duplicate key" => match found.filter(|found| !found.is_empty()) {
            Some(key) => format!("the key `{key}` is given twice"),
            None => "a key is given twice".to_owned(),
        },
        _ if line.is_empty() && text[..span.start].trim_end_matches([' ', '\t']).ends_with('=') => {
            "found nothing, expected a value".to_owned()
        }
        "string values must be quoted, expected literal string" => {
            format!("found {line}; a text stands in quotes")
        }
        message if message.starts_with("invalid basic string") => {
            "expected the `\"` that ends the text".to_owned()
        }
        message => plain(message).replace('\n', " "),
    };
    Wrong { line_column: Some(line_column(text, span.start)), path: String::new(), message }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::SocketAddr;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading is looked at")]
    struct File {
        hours: f64,
        people: Option<People>,
        choice: Option<Choice>,
        #[serde(default)]
        steps: Vec<People>,
        listen: Option<SocketAddr>,
        pair: Option<[u8; 2]>,
        #[serde(default)]
        named: BTreeMap<String, u32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading is looked at")]
    struct People {
        right: f64,
        #[serde(default)]
        count: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading is looked at")]
    enum Choice {
        Off,
        Fixed { theta: f64 },
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_without_types() {
        let check = |text: &str, expected: &str| {
            let found = read::<File>(text).expect_err(text).to_string();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "hours = \"60\"",
            "line 1, column 9: `hours`: found the text \"60\", expected a number",
        );
        check("\nhors = 60", "line 2, column 1: `hors`: unknown key `hors`, did you mean `hours`?");
        check("", "the key `hours` is missing");
        check(
            "hours = 1\n[people]\ncount = 1",
            "line 2, column 1: `people`: the key `right` is missing",
        );
        check(
            "hours = 1\n[people]\nright = 1\ncount = -1",
            "line 4, column 9: `people.count`: found `-1`, expected a whole number from 0 to 4294967295",
        );
        check("hours = 1\npeople = 3", "line 2, column 10: `people`: found `3`, expected a table");
        check(
            "hours = 1\n[[steps]]\nright = 1\n[[steps]]\nrihgt = 1",
            "line 5, column 1: `steps[1].rihgt`: unknown key `rihgt`, did you mean `right`?",
        );
        check(
            "hours = 1\nchoice = \"fixt\"",
            "line 2, column 10: `choice`: unknown choice `fixt`, did you mean `fixed`?",
        );
        check(
            "hours = 1\nchoice = \"fixed\"",
            "line 2, column 10: `choice.fixed`: found a word alone, expected a table",
        );
        check("hours = 1\nchoice = 3", "line 2, column 10: `choice`: expected a word");
        check(
            "hours = 1\nchoice = { off = {}, fixed = {} }",
            "line 2, column 10: `choice`: found several choices, expected one",
        );
        check(
            "hours = 1\nlisten = \"here\"",
            "line 2, column 10: `listen`: expected an address with a port, such as `127.0.0.1:7171`",
        );
        check(
            "hours = 1\npair = [1]",
            "line 2, column 8: `pair`: found a list of 1, expected a list of 2",
        );
        check(
            "hours = 1\nnamed = { a = true }",
            "line 2, column 15: `named.a`: found `true`, expected a whole number from 0 to 4294967295",
        );
    }

    #[test]
    fn what_is_no_toml_is_said_with_its_place() {
        let check = |text: &str, expected: &str| {
            let found = read::<File>(text).expect_err(text).to_string();
            assert_eq!(found, expected, "{text}");
        };
        check("hours = ", "line 1, column 9: found nothing, expected a value");
        check("hours = \npeople = 3", "line 1, column 9: found nothing, expected a value");
        check("hours = high", "line 1, column 9: found high; a text stands in quotes");
        check("hours = \"x\n", "line 1, column 11: expected the `\"` that ends the text");
        check("hours = 1\nhours = 2", "line 2, column 1: the key `hours` is given twice");
        check("hours 1", "line 1, column 7: key with no value, expected `=`");
        check(
            "hours = 99999999999999999999",
            "line 1, column 9: `hours`: found `99999999999999999999`, expected a number",
        );
    }
}
