//! From the text of a file to one table without inheritance: `include`, `base`, and settings from
//! the command line.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::error::{ExperimentError, wrong_at};
use npo_wording::nearest;

/// Longest experiment, in bytes.
pub const TEXT_MAX: usize = 1 << 20;
/// Files that an experiment may include, directly or not.
const INCLUDES_MAX: usize = 16;
/// A chain of bases longer than this is taken for a circle.
const BASES_MAX: usize = 32;

/// Finds the text of an included experiment by the name or path that the file gives.
pub type Find<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// A setting from outside the file: dotted path and value.
pub type Setting = (String, String);

/// The table of `text` with `settings` put in, worlds and methods with their bases merged.
pub(super) fn resolve(
    text: &str,
    settings: &[Setting],
    find: Find<'_>,
) -> Result<Table, ExperimentError> {
    let mut table = parse(text)?;
    known(&table, settings)?;
    for (path, value) in settings {
        set(&mut table, path, value)?;
    }
    let mut library = Library::default();
    library.include(&table, find, &mut Included::default())?;
    for section in ["worlds", "methods"] {
        let Some(Value::Table(named)) = table.get(section).cloned() else { continue };
        let known = library.0.entry(section).or_default();
        let mut resolved = Table::new();
        for name in named.keys() {
            let value = with_bases(name, &named, known, section == "methods")
                .map_err(|error| error.under(section))?;
            resolved.insert(name.clone(), Value::Table(value));
        }
        table.insert(section.to_owned(), Value::Table(resolved));
    }
    table.remove("include");
    Ok(table)
}

fn parse(text: &str) -> Result<Table, ExperimentError> {
    if text.len() > TEXT_MAX {
        let message = format!("found {} bytes, expected at most {TEXT_MAX}", text.len());
        return Err(wrong_at(&[], message));
    }
    npo_wording::read(text)
}

/// Refuses settings of a world or method that is not there: with another letter in its name, they
/// would be about a new one. What is meant to be new says so by its `base`.
fn known(table: &Table, settings: &[Setting]) -> Result<(), ExperimentError> {
    for (path, _) in settings {
        let mut keys = path.split('.');
        let (Some(section), Some(name), Some(_)) = (keys.next(), keys.next(), keys.next()) else {
            continue;
        };
        let what = match section {
            "worlds" => "world",
            "methods" => "method",
            _ => continue,
        };
        let named = table.get(section).and_then(Value::as_table);
        let base = format!("{section}.{name}.base");
        if named.is_some_and(|named| named.contains_key(name))
            || settings.iter().any(|(path, _)| *path == base)
        {
            continue;
        }
        let names: Vec<&str> =
            named.into_iter().flat_map(Table::keys).map(String::as_str).collect();
        let hint = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("found are `{}`; a new one needs `{base}`", names.join("`, `")),
        };
        let message = format!("no {what} of the experiment is called `{name}`; {hint}");
        return Err(wrong_at(&[path], message));
    }
    Ok(())
}

pub(crate) fn set(table: &mut Table, path: &str, value: &str) -> Result<(), ExperimentError> {
    let wrong = |message: &str| wrong_at(&[path], message.to_owned());
    // What is no TOML value is taken as a text, so that words need no quotes within quotes.
    let value = format!("value = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut keys: Vec<&str> = path.split('.').collect();
    let last = keys.pop().filter(|key| !key.is_empty()).ok_or_else(|| wrong("expected a key"))?;
    let mut at = table;
    for key in keys {
        if key.is_empty() {
            return Err(wrong("found an empty key between dots"));
        }
        let inner = at.entry(key).or_insert_with(|| Value::Table(Table::new()));
        at = inner.as_table_mut().ok_or_else(|| wrong("a part of the path is no table"))?;
    }
    at.insert(last.to_owned(), value);
    Ok(())
}

/// What has been included.
#[derive(Default)]
struct Included {
    /// Files in all.
    count: usize,
    /// From the experiment's own include down to the one being read.
    way: Vec<String>,
}

/// Worlds and methods of included files, by section and name, resolved.
#[derive(Default)]
struct Library(BTreeMap<&'static str, Table>);

impl Library {
    fn include(
        &mut self,
        table: &Table,
        find: Find<'_>,
        included: &mut Included,
    ) -> Result<(), ExperimentError> {
        let names = match table.get("include") {
            None => return Ok(()),
            Some(Value::Array(names)) => names.as_slice(),
            Some(one @ Value::String(_)) => std::slice::from_ref(one),
            Some(_) => {
                return Err(wrong_at(&["include"], "expected a list of names or paths"));
            }
        };
        for name in names {
            let wrong = |message: String| wrong_at(&["include"], message);
            let name = name.as_str().ok_or_else(|| wrong("expected names or paths".to_owned()))?;
            if included.way.iter().any(|before| before == name) {
                let way = included.way.join("` includes `");
                return Err(wrong(format!(
                    "the included files go round in a circle: `{way}` includes `{name}`"
                )));
            }
            included.count += 1;
            if included.count > INCLUDES_MAX {
                return Err(wrong(format!(
                    "expected at most {INCLUDES_MAX} included files in all"
                )));
            }
            let text = find(name).map_err(|error| wrong(format!("`{name}`: {error}")))?;
            let table = parse(&text).map_err(|error| wrong(format!("`{name}`: {error}")))?;
            included.way.push(name.to_owned());
            self.include(&table, find, included)?;
            included.way.pop();
            for section in ["worlds", "methods"] {
                let Some(Value::Table(named)) = table.get(section) else { continue };
                let known = self.0.entry(section).or_default();
                let resolved = named
                    .keys()
                    .map(|key| {
                        Ok((key.clone(), with_bases(key, named, known, section == "methods")?))
                    })
                    .collect::<Result<Vec<_>, ExperimentError>>()
                    .map_err(|error| wrong(format!("`{name}`: {section}.{error}")))?;
                known.extend(resolved.into_iter().map(|(key, table)| (key, Value::Table(table))));
            }
        }
        Ok(())
    }
}

/// The table of `name` over that of its base, and so on; a base that is the thing's own name is
/// meant among what is included. A method keeps the built-in profile at the end as its `base`.
fn with_bases(
    name: &str,
    named: &Table,
    included: &Table,
    methods: bool,
) -> Result<Table, ExperimentError> {
    let mut layers = Vec::new();
    let (mut at, mut here) = (name.to_owned(), named);
    let mut built_in = None;
    loop {
        let Some(Value::Table(table)) = here.get(&at) else {
            return Err(wrong_at(&[name], "expected a table"));
        };
        layers.push(table);
        if layers.len() > BASES_MAX {
            return Err(wrong_at(&[name, "base"], "the bases go round in a circle"));
        }
        let base = match table.get("base") {
            None => break,
            Some(Value::String(base)) => base.clone(),
            Some(_) => return Err(wrong_at(&[name, "base"], "expected a name")),
        };
        let own = base != at && std::ptr::eq(here, named) && named.contains_key(&base);
        if own {
            at = base;
        } else if included.contains_key(&base) && (base != at || std::ptr::eq(here, named)) {
            (at, here) = (base, included);
        } else if methods {
            built_in = Some(base);
            break;
        } else {
            let known: Vec<&str> =
                named.keys().chain(included.keys()).map(String::as_str).collect();
            let hint = match nearest(&base, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "one of another experiment needs that in `include`".to_owned(),
            };
            let message = format!("no world is called `{base}`; {hint}");
            return Err(wrong_at(&[name, "base"], message));
        }
    }
    let mut result = Table::new();
    for layer in layers.into_iter().rev() {
        overlay(&mut result, layer, false);
    }
    result.remove("base");
    if let Some(base) = built_in {
        result.insert("base".to_owned(), Value::String(base));
    }
    Ok(result)
}

/// Puts `over` into `base`, key by key; a choice with another name, known or not, replaces the whole
/// choice.
/// With `whole`, `base` has every setting there is, and `false` takes an optional part away.
pub(super) fn overlay(base: &mut Table, over: &Table, whole: bool) {
    let choice = |table: &Table| table.len() == 1 && table.values().all(Value::is_table);
    let one = |table: &Table| table.len() == 1;
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => {
                if choice(base) && one(over) && base.keys().ne(over.keys()) {
                    base.clone_from(over);
                } else {
                    overlay(base, over, whole);
                }
            }
            (known, Value::Boolean(false))
                if whole && !known.as_deref().is_some_and(Value::is_bool) =>
            {
                base.remove(key);
            }
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}
