//! Why a bundle's content was refused: what the validation child finds and the parent reports.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::engines::one_line;

/// A place in a bundle. Lines and columns start at 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Path inside the bundle.
    pub file: String,
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Something in the text of a bundle that keeps it out.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// The Rego text does not parse. Only the first error is known.
    #[error("{place}: {message}")]
    Parse {
        /// Where.
        place: Place,
        /// The parser's words.
        message: String,
    },
    /// The bundle parses but does not compile.
    #[error("the bundle does not compile: {message}")]
    Compile {
        /// The compiler's words.
        message: String,
    },
    /// A rule can reach itself.
    #[error(
        "recursion at {place}: {cycle} (a local variable named like a rule counts as that rule)"
    )]
    Recursion {
        /// A rule on the cycle.
        place: Place,
        /// The cycle, first rule repeated at the end.
        cycle: String,
    },
    /// Rules call rules in too long a chain.
    #[error("rules call each other {depth} deep, expected at most {depth_max}")]
    CallDepth {
        /// Found.
        depth: usize,
        /// Allowed.
        depth_max: usize,
    },
    /// An expression is nested too deeply.
    #[error("expression at {place} is nested deeper than {depth_max}")]
    ExpressionDepth {
        /// Where.
        place: Place,
        /// Allowed.
        depth_max: usize,
    },
    /// A built-in function that policies may not call.
    #[error("`{name}` at {place} is refused: {why}")]
    Builtin {
        /// Where.
        place: Place,
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// A construct that policies may not use.
    #[error("{place}: {what}")]
    Construct {
        /// Where.
        place: Place,
        /// What and why.
        what: String,
    },
    /// An entry point is missing.
    #[error(
        "no rule `{path}`: a bundle defines `data.npo.policy.allow` and `data.npo.policy.deny`"
    )]
    NoEntry {
        /// The missing rule.
        path: String,
    },
    /// `data.json` cannot be used.
    #[error("`data.json`: {message}")]
    Data {
        /// What is wrong.
        message: String,
    },
    /// A case file cannot be used.
    #[error("`{file}`: {message}")]
    Tests {
        /// Path inside the bundle.
        file: String,
        /// What is wrong.
        message: String,
    },
}

impl Refusal {
    /// Reads place and words out of the parser's message, which has the form `--> file:line:column … error: words`.
    pub(crate) fn parse(file: &str, message: &str) -> Self {
        let numbers = message.split_once("--> ").and_then(|(_, rest)| {
            let mut parts = rest.lines().next()?.rsplit(':').map(|part| part.trim().parse::<u32>());
            let column = parts.next()?.ok()?;
            Some((parts.next()?.ok()?, column))
        });
        let (line, column) = numbers.unwrap_or((1, 1));
        let words = message.rsplit_once("error: ").map_or(message, |(_, words)| words);
        let place = Place { file: file.to_owned(), line, column };
        Self::Parse { place, message: one_line(words) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_errors_keep_their_place() {
        let mut engine = regorus::Engine::new();
        let source = "package p\n\nallow if {\n  input.x ==\n}\n";
        let error =
            engine.add_policy("a.rego".to_owned(), source.to_owned()).expect_err("does not parse");
        let Refusal::Parse { place, message } = Refusal::parse("a.rego", &error.to_string()) else {
            panic!("not a parse error");
        };
        assert_eq!((place.file.as_str(), place.line, place.column), ("a.rego", 5, 1));
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
        let unknown = Refusal::parse("a.rego", "something else");
        assert_eq!(unknown.to_string(), "a.rego:1:1: something else");
    }
}
