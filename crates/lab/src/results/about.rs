//! What an experiment's file says: names in their order, and parameters as text.
//!
//! The runner knows what the parameters mean; here they are only shown and compared, so that a
//! folder written by another version can still be read.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// Keys that describe in words.
const DESCRIPTIONS: [&str; 2] = ["about", "description"];

/// What an experiment's file says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The experiment's name; empty if it has none.
    pub name: String,
    /// What it is for, where the file says so.
    pub description: Option<String>,
    /// The worlds, in the file's order.
    pub worlds: Vec<String>,
    /// The methods, in the file's order.
    pub methods: Vec<String>,
    /// Descriptions by `worlds.NAME` and `methods.NAME`.
    pub descriptions: BTreeMap<String, String>,
    /// The method that others are held against.
    pub baseline: Option<String>,
    /// Pairs that the experiment was made to compare: a method, and what it is held against.
    pub comparisons: Vec<(String, String)>,
    /// All parameters by dotted key, as the file writes them; descriptions left out.
    pub parameters: BTreeMap<String, String>,
}

impl About {
    /// Reads an experiment's file.
    ///
    /// # Errors
    /// What is wrong with the TOML and in which line, on one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table =
            DeTable::parse(text).map_err(|error| npo_wording::syntax(text, &error).to_string())?;
        let table = table.get_ref();
        let mut about = Self {
            name: string(table, "name").unwrap_or_default(),
            description: DESCRIPTIONS.iter().find_map(|key| string(table, key)),
            worlds: names(table, "worlds"),
            methods: names(table, "methods"),
            baseline: string(table, "baseline"),
            comparisons: comparisons(table),
            ..Self::default()
        };
        about.take(table, "");
        Ok(about)
    }

    /// Parameters of one world or method, by the key below `kind.name`.
    #[must_use]
    pub fn parameters_of(&self, kind: &str, name: &str) -> BTreeMap<&str, &str> {
        let prefix = format!("{}.", join(kind, name));
        self.parameters
            .range(prefix.clone()..)
            .take_while(|(key, _)| key.starts_with(&prefix))
            .map(|(key, value)| (&key[prefix.len()..], value.as_str()))
            .collect()
    }

    fn take(&mut self, table: &DeTable<'_>, path: &str) {
        for (key, value) in table {
            let key = key.get_ref();
            let value = value.get_ref();
            if let (true, DeValue::String(text)) = (DESCRIPTIONS.contains(&key.as_ref()), value) {
                self.descriptions.insert(path.to_owned(), text.to_string());
                continue;
            }
            let path = join(path, key);
            match value {
                DeValue::Table(table) => self.take(table, &path),
                other => drop(self.parameters.insert(path, shown(other))),
            }
        }
    }
}

/// A key below a path; names with a dot are quoted so that keys stay apart.
pub(super) fn join(path: &str, key: &str) -> String {
    let key = if key.contains('.') { format!("\"{key}\"") } else { key.to_owned() };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

fn string(table: &DeTable<'_>, key: &str) -> Option<String> {
    match table.get(key)?.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}

/// Names of the tables below `key`, in the order of their first mention.
fn names(table: &DeTable<'_>, key: &str) -> Vec<String> {
    let Some(DeValue::Table(table)) = table.get(key).map(|value| value.get_ref()) else {
        return Vec::new();
    };
    let mut names: Vec<(usize, String)> =
        table.keys().map(|key| (key.span().start, key.get_ref().to_string())).collect();
    names.sort_unstable();
    names.into_iter().map(|(_, name)| name).collect()
}

/// Pairs of `comparisons`; what is no pair of names is passed over, for the runner refused it.
fn comparisons(table: &DeTable<'_>) -> Vec<(String, String)> {
    let Some(DeValue::Array(items)) = table.get("comparisons").map(|value| value.get_ref()) else {
        return Vec::new();
    };
    let pair = |item: &toml::Spanned<DeValue<'_>>| match item.get_ref() {
        DeValue::Table(pair) => Some((string(pair, "method")?, string(pair, "against")?)),
        _ => None,
    };
    items.iter().filter_map(pair).collect()
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => {
            let text = number.to_string();
            // What differs only in how it is written does not differ.
            text.parse::<f64>().map_or(text, |number| number.to_string())
        }
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) => {
            let pair = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                let key: &toml::de::DeString<'_> = key.get_ref();
                format!("{key} = {}", shown(value.get_ref()))
            };
            format!("{{ {} }}", table.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
name = "try"
description = "two worlds"
baseline = "full"
comparisons = [{ method = "full", against = "static" }]
[seeds]
first = 1
count = 20
[worlds.zebra]
horizon = 1000
rotation = 0.50
[worlds.ant]
description = "small"
horizon = 10
[methods]
full = { base = "paper", arms = [0.5, 0.6] }
static.base = "paper"
"#;

    #[test]
    fn names_keep_the_order_of_the_file() {
        let about = About::parse(FILE).unwrap();
        assert_eq!((about.name.as_str(), about.baseline.as_deref()), ("try", Some("full")));
        assert_eq!(about.worlds, ["zebra", "ant"]);
        assert_eq!(about.methods, ["full", "static"]);
        assert_eq!(about.descriptions["worlds.ant"], "small");
        assert_eq!(about.comparisons, [("full".to_owned(), "static".to_owned())]);
    }

    #[test]
    fn parameters_are_flat() {
        let about = About::parse(FILE).unwrap();
        assert_eq!(about.parameters["seeds.count"], "20");
        assert_eq!(about.parameters["methods.full.arms"], "[0.5, 0.6]");
        let zebra = about.parameters_of("worlds", "zebra");
        assert_eq!(
            zebra.into_iter().collect::<Vec<_>>(),
            [("horizon", "1000"), ("rotation", "0.5")]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let error = About::parse("name = \"a\"\nworlds = [\n").unwrap_err();
        assert!(error.starts_with("line "), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
