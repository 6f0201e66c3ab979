//! What the readers of TOML and JSON say, without the names of Rust's types.
//!
//! `invalid type: string "1.5", expected f64` is what a library tells whoever wrote the program. Who
//! wrote the file knows of texts, numbers, lists and tables.

/// What is found or expected, in the readers' words and in ours; whole words only.
const WORDS: [(&str, &str); 24] = [
    ("f64", "a number"),
    ("f32", "a number"),
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number that is not negative"),
    ("u64", "a whole number that is not negative"),
    ("usize", "a whole number that is not negative"),
    ("i8", "a whole number"),
    ("i16", "a whole number"),
    ("i32", "a whole number"),
    ("i64", "a whole number"),
    ("isize", "a whole number"),
    ("a string", "a text"),
    ("string or map", "a word"),
    ("string or table", "a word"),
    ("a borrowed string", "a text"),
    ("path string", "a path"),
    ("a boolean", "`true` or `false`"),
    ("a sequence", "a list"),
    ("sequence", "a list"),
    ("a map", "a table"),
    ("map", "a table"),
    ("null", "nothing"),
    ("unit", "nothing"),
];

/// The message with values and types as people call them; lines of another kind as they are.
#[must_use]
pub fn plain(message: &str) -> String {
    message.trim().lines().map(plain_line).collect::<Vec<_>>().join("\n")
}

fn plain_line(line: &str) -> String {
    let Some((found, expected)) = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix))
        .and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return line.to_owned();
    };
    // A place may follow, as in ` at line 1 column 5`.
    let (expected, place) = expected.split_at(expected.find(" at line ").unwrap_or(expected.len()));
    format!("found {}, expected {}{place}", value(found), kind(expected))
}

/// A value as it stands in the file.
fn value(found: &str) -> String {
    for kind in ["integer ", "floating point ", "boolean ", "character "] {
        if let Some(value) = found.strip_prefix(kind) {
            return value.to_owned();
        }
    }
    match found.strip_prefix("string ") {
        Some(text) => format!("the text {text}"),
        None => kind(found),
    }
}

fn kind(expected: &str) -> String {
    if expected.starts_with("struct ") || expected.starts_with("internally tagged enum ") {
        return "a table".to_owned();
    }
    if expected.starts_with("enum ") {
        return "a word".to_owned();
    }
    let word = WORDS.iter().find(|(theirs, _)| *theirs == expected);
    word.map_or(expected, |(_, ours)| ours).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_people_call_them() {
        let check = |message: &str, expected: &str| assert_eq!(plain(message), expected);
        check(
            "invalid type: string \"1.5\", expected f64",
            "found the text \"1.5\", expected a number",
        );
        check(
            "invalid value: integer `-1`, expected u32",
            "found `-1`, expected a whole number that is not negative",
        );
        check("invalid type: integer `3`, expected struct Seeds", "found `3`, expected a table");
        check(
            "invalid type: integer `1`, expected string or map at line 1 column 12",
            "found `1`, expected a word at line 1 column 12",
        );
        check(
            "invalid type: map, expected a string\nin `name`\n",
            "found a table, expected a text\nin `name`",
        );
        check("missing field `name`", "missing field `name`");
    }
}
