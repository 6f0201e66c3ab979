//! Where something stands in a text of TOML.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line and column, from 1, of a byte of the text; columns count characters.
#[must_use]
pub fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Line and column, from 1, of a path of keys such as `features[2].min`, or of as much of it as is
/// there; `None` if nothing of it is, or if the text is no TOML.
///
/// An item of a list can be named by its own `name` as well: `features.severity.min`.
#[must_use]
pub fn locate(text: &str, path: &str) -> Option<(usize, usize)> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut items: &[Spanned<DeValue<'_>>] = &[];
    let mut found = None;
    for part in path.split('.') {
        let (key, item) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((key, item)) => (key, item.parse::<usize>().ok()),
            None => (part, None),
        };
        let named = items.iter().find(|item| name(item.get_ref()) == Some(key));
        let mut value = if let Some(named) = named {
            found = Some(line_column(text, named.span().start));
            named.get_ref()
        } else {
            let at = table.iter().find(|(name, _)| name.get_ref() == key);
            let Some((name, value)) = at.filter(|_| items.is_empty()) else { break };
            found = Some(line_column(text, name.span().start));
            value.get_ref()
        };
        if let (DeValue::Array(list), Some(item)) = (value, item) {
            let Some(item) = list.get(item) else { break };
            found = Some(line_column(text, item.span().start));
            value = item.get_ref();
        }
        items = &[];
        match value {
            DeValue::Table(inner) => table = inner,
            DeValue::Array(list) => items = list,
            _ => break,
        }
    }
    found
}

/// What an item of a list calls itself.
fn name<'a>(item: &'a DeValue<'_>) -> Option<&'a str> {
    let DeValue::Table(table) = item else { return None };
    match table.get("name")?.get_ref() {
        DeValue::String(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_as_far_as_it_goes() {
        let text =
            "a = 1\n[b]\n  c = { d = 2 }\n[[e]]\nf = 3\n[[e]]\nf = 4\nname = \"g\"\nlist = [1]\n";
        let check = |path: &str, expected| assert_eq!(locate(text, path), expected, "{path}");
        check("a", Some((1, 1)));
        check("b.c.d", Some((3, 9)));
        check("b.x", Some((2, 2)));
        check("e[1].f", Some((7, 1)));
        check("e.g.f", Some((7, 1)));
        check("e.g.list.x", Some((9, 1)));
        check("e.x.f", Some((4, 3)));
        check("x", None);
        assert_eq!(locate("a = ", "a"), None);
        assert_eq!(line_column("ä b\nc", 3), (1, 3));
    }
}
