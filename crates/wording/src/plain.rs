//! Messages of the readers of TOML and JSON without the names of Rust's types.

/// What is found or expected, in the readers' words and in ours; whole words only.
const WORDS: [(&str, &str); 34] = [
    ("f64", "a number"),
    ("f32", "a number"),
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number that is not negative"),
    ("usize", "a whole number that is not negative"),
    ("i8", "a whole number from -128 to 127"),
    ("i16", "a whole number from -32768 to 32767"),
    ("i32", "a whole number from -2147483648 to 2147483647"),
    ("i64", "a whole number"),
    ("isize", "a whole number"),
    ("a string", "a text"),
    ("string only", "a word"),
    ("string or map", "a word"),
    ("string or table", "a word"),
    ("a borrowed string", "a text"),
    ("path string", "a path"),
    ("any valid TOML value", "a value"),
    ("any valid JSON value", "a value"),
    ("field identifier", "a key"),
    ("socket address", ADDRESS),
    ("variant identifier", "a word"),
    ("a boolean", "`true` or `false`"),
    ("a sequence", "a list"),
    ("sequence", "a list"),
    ("a map", "a table"),
    ("map", "a table"),
    ("null", "nothing"),
    ("unit", "nothing"),
    ("unit variant", "a word alone"),
    ("newtype variant", "a table"),
    ("struct variant", "a table"),
    ("Option value", "nothing"),
];

const ADDRESS: &str = "an address with a port, such as `127.0.0.1:7171`";

/// Whole messages that lead astray, and ours.
const MESSAGES: [(&str, &str); 10] = [
    ("invalid type: unit variant, expected string only", "expected a word or a table"),
    ("wanted string or table", "expected a word"),
    ("wanted exactly 1 element, found 0 elements", "found no choice, expected one"),
    ("wanted exactly 1 element, more than 1 element", "found several choices, expected one"),
    ("integer number overflowed", "found a number that is too large"),
    ("u64 value was too large", "found a number that is too large"),
    ("floating-point number overflowed", "found a number that is too large"),
    ("expected empty table", "expected an empty table"),
    ("invalid socket address syntax", "expected an address with a port, such as `127.0.0.1:7171`"),
    ("string values must be quoted, expected literal string", "a text stands in quotes"),
];

/// The message with values and types as people call them; lines of another kind as they are.
///
/// Unknown keys and choices come with the nearest known one.
#[must_use]
pub fn plain(message: &str) -> String {
    message.trim().lines().map(plain_line).collect::<Vec<_>>().join("\n")
}

fn plain_line(line: &str) -> String {
    // A place may follow, as in ` at line 1 column 5`.
    let (line, place) = line.split_at(line.rfind(" at line ").unwrap_or(line.len()));
    format!("{}{place}", without_place(line))
}

fn without_place(line: &str) -> String {
    if let Some((_, ours)) = MESSAGES.iter().find(|(theirs, _)| *theirs == line) {
        return (*ours).to_owned();
    }
    if let Some((what, found, known)) = unknown(line) {
        return format!("unknown {what} `{found}`, {}", super::meant(found, &known));
    }
    for (theirs, ours) in [("missing field `", "missing"), ("duplicate field `", "given twice")] {
        if let Some(key) = line.strip_prefix(theirs).and_then(|rest| rest.strip_suffix('`')) {
            return format!("the key `{key}` is {ours}");
        }
    }
    if line.starts_with("data did not match any variant of untagged enum ") {
        return "expected another kind of value".to_owned();
    }
    let Some((found, expected)) = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix))
        .and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return line.to_owned();
    };
    format!("found {}, expected {}", value(found), kind(expected))
}

/// What kind of word, `key` or `choice`, is not known in a reader's message, the word, and the known
/// ones; `None` for a message of another kind.
#[must_use]
pub fn unknown(message: &str) -> Option<(&'static str, &str, Vec<&str>)> {
    let kinds = [("unknown field `", "key"), ("unknown variant `", "choice")];
    let (_, what) = kinds.into_iter().find(|(theirs, _)| message.starts_with(theirs))?;
    let mut quoted = message.split('`').skip(1).step_by(2);
    Some((what, quoted.next()?, quoted.collect()))
}

/// A value as it stands in the file.
fn value(found: &str) -> String {
    for kind in ["integer ", "floating point ", "boolean ", "character "] {
        if let Some(value) = found.strip_prefix(kind) {
            // Numbers of very many digits come with the type that they were read as.
            let value = value.split_once(" as ").map_or(value, |(value, _)| value);
            return value.to_owned();
        }
    }
    if found.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("a list of {found}");
    }
    match found.strip_prefix("string ") {
        Some(text) => format!("the text {text}"),
        None => kind(found),
    }
}

fn kind(expected: &str) -> String {
    if let Some(length) = ["an array of length ", "a tuple of size "]
        .iter()
        .find_map(|prefix| expected.strip_prefix(prefix))
    {
        return format!("a list of {length}");
    }
    if expected.starts_with("a nonzero ") {
        return "a whole number above 0".to_owned();
    }
    if ["struct ", "internally tagged enum ", "adjacently tagged enum "]
        .iter()
        .any(|prefix| expected.starts_with(prefix))
    {
        return "a table".to_owned();
    }
    if ["enum ", "unit variant "].iter().any(|prefix| expected.starts_with(prefix)) {
        return "a word".to_owned();
    }
    if expected.starts_with("tuple ") || expected.starts_with("newtype ") {
        return "another kind of value".to_owned();
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
            "invalid value: integer `-1`, expected u16",
            "found `-1`, expected a whole number from 0 to 65535",
        );
        check("invalid type: integer `3`, expected struct Seeds", "found `3`, expected a table");
        check(
            "invalid type: unit variant, expected struct variant Selector::Fixed",
            "found a word alone, expected a table",
        );
        check(
            "invalid type: map, expected unit variant Monitor::Off",
            "found a table, expected a word",
        );
        check(
            "invalid type: integer `1`, expected string or map at line 1 column 12",
            "found `1`, expected a word at line 1 column 12",
        );
        check(
            "invalid type: map, expected a string\nin `name`\n",
            "found a table, expected a text\nin `name`",
        );
        check(
            "invalid length 1, expected an array of length 2",
            "found a list of 1, expected a list of 2",
        );
        check("missing field `name`", "the key `name` is missing");
        check(
            "unknown variant `wild`, expected `moving-average` or `hierarchical`",
            "unknown choice `wild`, expected one of `moving-average`, `hierarchical`",
        );
        check("unknown field `a`, there are no fields", "unknown key `a`, expected none");
        check(
            "unknown field `colour`, expected one of `kind`, `color` at line 2 column 4",
            "unknown key `colour`, did you mean `color`? at line 2 column 4",
        );
        check("something else", "something else");
    }
}
