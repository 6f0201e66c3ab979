//! A rule to consider, in words and as a file in the style of `policies/default`.
//!
//! Entities, sites and facts come from outside: what stands in the file is quoted as JSON, which Rego
//! reads as its own strings, and what stands in words has no control characters.

use super::bins::{Binned, Meaning};

/// A suggestion.
pub(super) struct Suggested {
    pub(super) words: String,
    pub(super) rego: String,
}

/// The rule that would deny a slice.
pub(super) fn rule(
    slice: &[(String, String)],
    overrides: u64,
    labels: u64,
    interval: (f64, f64),
    everything: bool,
    binned: &Binned<'_>,
) -> Suggested {
    let meanings: Vec<(&str, Meaning)> =
        slice.iter().map(|(key, value)| (key.as_str(), binned.meaning_of(key, value))).collect();
    let told: Vec<String> = meanings
        .iter()
        .map(|(key, meaning)| format!("{key} is {}", plain(&meaning.words())))
        .collect();
    let told = told.join(" and ");
    let evidence = format!(
        "people overrode {overrides} of {labels} decisions ({:.0} % to {:.0} %)",
        interval.0 * 100.0,
        interval.1 * 100.0
    );
    let words = if everything {
        // A rule against all that there is would end the automation, which is not what anybody asks.
        format!(
            "Where {told}, which is all that was answered, {evidence} that policy allowed. Ask those who overrode for what sets apart what they object to; a rule that denies all of it would leave nothing."
        )
    } else {
        format!(
            "Where {told}, {evidence} that policy allowed. Consider a rule that denies them, or ask those who overrode for what policy does not know. Test it against history before it goes live: `npo policy test`, then `npo policy activate`."
        )
    };
    let name = name(slice);
    let conditions: String =
        meanings.iter().flat_map(|(key, meaning)| conditions(key, meaning)).collect();
    let message = quoted(&format!("people object where {told}"));
    // No entry in `passed`: wherever the rule applies, it denies.
    let rego = format!(
        "# Where {told}, {evidence}.\npackage npo.policy\n\ndeny contains {{\n\t\"rule\": \"{name}\",\n\t\"message\": {message},\n}} if {{\n{conditions}}}\n"
    );
    Suggested { words, rego }
}

/// A name for the rule: kebab-case letters and digits.
fn name(slice: &[(String, String)]) -> String {
    let mut name = "people-object".to_owned();
    for (key, value) in slice {
        let last = key.rsplit('.').next().unwrap_or_default();
        for word in [last, value] {
            name.push('-');
            name.extend(
                word.chars()
                    .take(24)
                    .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }),
            );
        }
    }
    let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

/// The lines of a rule's body that hold for a condition.
fn conditions(key: &str, meaning: &Meaning) -> Vec<String> {
    let path = path(key);
    let line = |compared: &str, value: String| format!("\t{path} {compared} {value}\n");
    match meaning {
        Meaning::Equal(value) => vec![line("==", number(*value))],
        Meaning::Text(text) => vec![line("==", quoted(text))],
        Meaning::Flag(yes) => vec![line("==", yes.to_string())],
        Meaning::Range(low, high) => {
            let low = low.map(|low| line(">=", number(low)));
            let high = high.map(|high| line("<", number(high)));
            low.into_iter().chain(high).collect()
        }
    }
}

/// Where a policy finds a key.
fn path(key: &str) -> String {
    let (section, name) = key.split_once('.').unwrap_or(("facts", key));
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    // Some names are words of the language.
    let is_free = ![
        "default", "else", "every", "false", "if", "import", "in", "not", "null", "package", "set",
        "some", "true", "with", "as", "contains",
    ]
    .contains(&name);
    if is_name && is_free {
        format!("input.{section}.{name}")
    } else {
        format!("input.{section}[{}]", quoted(name))
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn number(value: f64) -> String {
    serde_json::Value::from(value).to_string()
}

/// A text without what would break a line or a comment.
fn plain(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if shown.is_empty() { "not named".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::divergence::rows::Collected;

    fn suggested(slice: &[(&str, &str)]) -> Suggested {
        let collected = Collected::default();
        let slice: Vec<_> = slice.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        rule(&slice, 30, 40, (0.55, 0.9), false, &Binned::of(&collected))
    }

    #[test]
    fn a_rule_reads_like_those_that_are_shipped() {
        let rule = suggested(&[("scenario.site", "fra1"), ("scenario.type", "alert")]);
        assert_eq!(
            rule.rego,
            "# Where scenario.site is fra1 and scenario.type is alert, people overrode 30 of 40 decisions (55 % to 90 %).\n\
             package npo.policy\n\n\
             deny contains {\n\
             \t\"rule\": \"people-object-site-fra1-type-alert\",\n\
             \t\"message\": \"people object where scenario.site is fra1 and scenario.type is alert\",\n\
             } if {\n\
             \tinput.scenario.site == \"fra1\"\n\
             \tinput.scenario.type == \"alert\"\n\
             }\n"
        );
        assert!(rule.words.starts_with("Where scenario.site is fra1 and"), "{}", rule.words);
    }

    #[test]
    fn what_comes_from_outside_cannot_leave_its_quotes() {
        let rule = suggested(&[("facts.a b", "x\"\n}\nallow := true")]);
        assert!(
            rule.rego.contains("input.facts[\"a b\"] == \"x\\\"\\n}\\nallow := true\"\n"),
            "{}",
            rule.rego
        );
        // The words stand in a comment and in quotes, and begin no line.
        assert!(rule.rego.lines().all(|line| !line.starts_with("allow")), "{}", rule.rego);
        assert!(
            rule.rego.starts_with("# Where facts.a b is x\" } allow := true, people"),
            "{}",
            rule.rego
        );
    }

    #[test]
    fn ranges_have_both_ends() {
        let both = conditions("features.load", &Meaning::Range(Some(0.25), Some(0.75)));
        assert_eq!(both, ["\tinput.features.load >= 0.25\n", "\tinput.features.load < 0.75\n"]);
        let one = conditions("facts.in", &Meaning::Range(None, Some(2.0)));
        assert_eq!(one, ["\tinput.facts[\"in\"] < 2.0\n"]);
    }
}
