//! `NAME=VALUE` as people write it on a command line.

use npo_api::decision::{Fact, FactValue};

/// A feature with its raw value.
pub(crate) type Feature = (String, f64);

/// Reads `NAME=NUMBER`.
pub(crate) fn feature(text: &str) -> Result<Feature, String> {
    let (name, value) = split(text)?;
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((name.to_owned(), number)),
        Ok(_) | Err(_) => Err(format!("found the value `{value}`, expected a finite number")),
    }
}

/// Reads `NAME=VALUE[UNIT]`: `true` and `false` are flags, what reads as a number is one, the rest is
/// text; quotes make anything text.
pub(crate) fn fact(text: &str) -> Result<Fact, String> {
    let (name, value) = split(text)?;
    let (value, unit) = match value.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((value, unit)) if !value.is_empty() => (value, unit),
        _ => (value, ""),
    };
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = match (quoted, value, value.parse::<f64>()) {
        (Some(text), _, _) => FactValue::Text(text.to_owned()),
        (None, "true", _) => FactValue::Flag(true),
        (None, "false", _) => FactValue::Flag(false),
        (None, _, Ok(number)) if number.is_finite() => FactValue::Number(number),
        (None, text, _) => FactValue::Text(text.to_owned()),
    };
    Ok(Fact { name: name.to_owned(), value, unit: unit.to_owned(), source: "cli".to_owned() })
}

fn split(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name, value)),
        _ => Err(format!("found `{text}`, expected NAME=VALUE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_numbers_flags_or_text() {
        let check = |text: &str, value: FactValue, unit: &str| {
            let found = fact(text).expect("reads");
            assert_eq!((found.value, found.unit.as_str()), (value, unit), "{text}");
        };
        let text = |t: &str| FactValue::Text(t.into());
        check("a=3", FactValue::Number(3.0), "");
        check("a=-3.5e2[ms]", FactValue::Number(-350.0), "ms");
        check("a=true", FactValue::Flag(true), "");
        check("a=\"true\"", text("true"), "");
        check("a=leaf1,leaf2", text("leaf1,leaf2"), "");
        check("a=x=y", text("x=y"), "");
        check("a=NaN", text("NaN"), "");
        check("a=[1]", text("[1]"), "");
        check("a=\"x [y]\"", text("x [y]"), "");
        for wrong in ["a", "=1", "a="] {
            assert!(fact(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn features_are_finite_numbers() {
        assert_eq!(feature("x=0.5"), Ok(("x".into(), 0.5)));
        for wrong in ["x=NaN", "x=inf", "x=a", "x"] {
            assert!(feature(wrong).is_err(), "{wrong}");
        }
    }
}
