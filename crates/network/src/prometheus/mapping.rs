//! Which metric carries which field, and which labels name the port.

use super::field::Field;

/// Metrics of one mapping at most; a port has ten fields, and each may have some alternatives.
pub(super) const METRICS_MAX: usize = 64;

/// Bytes of one query at most.
pub(super) const QUERY_BYTES_MAX: usize = 4096;

/// How the series of a server become readings of ports.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Labels that may name the device; the first that a series has is taken.
    pub device: Vec<String>,
    /// Labels that may name the interface; the first that a series has is taken.
    pub interface: Vec<String>,
    /// The label that names the device's site, if there is one.
    pub site: Option<String>,
    /// Whether a port number at the end of the device's name, as in `spine1:57400`, is part of it.
    pub keep_port: bool,
    /// Label matchers added to every metric that is asked for by name, such as `job="snmp"`; may be empty.
    pub select: String,
    /// The metrics; where several carry one field of a port, the first of them is taken.
    pub metrics: Vec<Metric>,
}

/// A metric that carries a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// How it is asked for.
    pub source: Source,
    /// What it carries.
    pub field: Field,
    /// What its values are multiplied by to get bytes, packets, counts or bit/s; for states it means nothing.
    pub scale: f64,
    /// For states: the label that holds the state as a word, if a series has it.
    pub state_label: Option<String>,
}

/// How a metric is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// By its name, together with others.
    Name(String),
    /// By a selector of its own, `name{label="value"}`; read as it was scraped.
    Selector(String),
    /// By an expression, whose values the server computes for given times.
    Expression(String),
}

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// A name is not one.
    #[error("found `{found}`, expected a {what}")]
    Name {
        /// What was found.
        found: String,
        /// What was expected.
        what: &'static str,
    },
    /// Nothing says which labels name devices, or interfaces.
    #[error("no label names the {what}")]
    NoLabel {
        /// `device` or `interface`.
        what: &'static str,
    },
    /// No metric, or too many.
    #[error("found {found} metrics, expected 1 to {METRICS_MAX}")]
    Metrics {
        /// How many.
        found: usize,
    },
    /// A factor that makes no sense.
    #[error("the scale of `{field}` is {found}, expected a finite number above 0")]
    Scale {
        /// Of which field.
        field: &'static str,
        /// What was found.
        found: String,
    },
    /// Matchers that would end the selector.
    #[error(
        "found `{found}`, expected label matchers such as job=\"snmp\", without braces around them"
    )]
    Select {
        /// What was found.
        found: String,
    },
}

impl Source {
    /// What `text` is: a metric's name, a selector, or an expression.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if is_metric_name(text) {
            return Self::Name(text.to_owned());
        }
        let selector = text.split_once('{').is_some_and(|(name, rest)| {
            (name.is_empty() || is_metric_name(name))
                && braces_end_at(rest).is_some_and(|at| at + 1 == rest.len())
        });
        if selector { Self::Selector(text.to_owned()) } else { Self::Expression(text.to_owned()) }
    }

    /// The name, selector or expression.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Selector(text) | Self::Expression(text) => text,
        }
    }
}

impl Mapping {
    /// Checks names, labels and factors; the server judges expressions.
    ///
    /// # Errors
    /// [`MappingError`] names the first that is wrong.
    pub fn check(&self) -> Result<(), MappingError> {
        for (labels, what) in [(&self.device, "device"), (&self.interface, "interface")] {
            if labels.is_empty() {
                return Err(MappingError::NoLabel { what });
            }
        }
        let state_labels = self.metrics.iter().filter_map(|metric| metric.state_label.as_ref());
        let labels = self.device.iter().chain(&self.interface).chain(&self.site);
        if let Some(found) = labels.chain(state_labels).find(|label| !is_label_name(label)) {
            return Err(MappingError::Name { found: found.clone(), what: "name of a label" });
        }
        if !(1..=METRICS_MAX).contains(&self.metrics.len()) {
            return Err(MappingError::Metrics { found: self.metrics.len() });
        }
        for metric in &self.metrics {
            let text = metric.source.text();
            if text.is_empty() || text.len() > QUERY_BYTES_MAX || text.chars().any(char::is_control)
            {
                let found: String = text.chars().take(60).flat_map(char::escape_debug).collect();
                return Err(MappingError::Name {
                    found,
                    what: "query of 1 to 4096 bytes on one line",
                });
            }
            if let Source::Name(name) = &metric.source
                && !is_metric_name(name)
            {
                return Err(MappingError::Name { found: name.clone(), what: "name of a metric" });
            }
            if !(metric.scale.is_finite() && metric.scale > 0.0) {
                let found = metric.scale.to_string();
                return Err(MappingError::Scale { field: metric.field.name(), found });
            }
        }
        let select = &self.select;
        // A brace outside quotes would end the selector that the matchers are put into.
        let closed = format!("{select}}}");
        let fits = select.len() <= QUERY_BYTES_MAX
            && !select.chars().any(char::is_control)
            && braces_end_at(&closed) == Some(select.len())
            && (select.is_empty() || select.contains('='));
        if fits { Ok(()) } else { Err(MappingError::Select { found: select.clone() }) }
    }

    /// The same with `prefix` before the name of every metric that is asked for by name, as some collectors put it.
    #[must_use]
    pub fn prefixed(mut self, prefix: &str) -> Self {
        for metric in &mut self.metrics {
            if let Source::Name(name) = &mut metric.source {
                name.insert_str(0, prefix);
            }
        }
        self
    }
}

/// Where the brace stands that ends a selector whose opening brace has been read; none within it.
fn braces_end_at(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            // Between backquotes a backslash is a backslash.
            (Some(open), '\\') if open != '`' => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '}') => return Some(at),
            (None, '{') => return None,
            _ => {}
        }
    }
    None
}

fn is_metric_name(text: &str) -> bool {
    is_name(text, |b| b == b'_' || b == b':')
}

fn is_label_name(text: &str) -> bool {
    is_name(text, |b| b == b'_')
}

fn is_name(text: &str, also: fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || also(b))
        && bytes.all(|b| b.is_ascii_alphanumeric() || also(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::presets;

    #[test]
    fn queries_are_told_apart() {
        let check = |text: &str, expected: fn(String) -> Source| {
            assert_eq!(Source::of(text), expected(text.trim().to_owned()), "{text}");
        };
        check("ifHCInOctets", Source::Name);
        check(" job:in:sum ", Source::Name);
        check(r#"ifHCInOctets{job="a}b\"}",x!~'y'}"#, Source::Selector);
        check(r#"{__name__="x"}"#, Source::Selector);
        check("sum by (instance) (ifHCInOctets)", Source::Expression);
        check("rate(x{a=\"b\"}[5m])", Source::Expression);
        check("x{a=\"b\"} * 8", Source::Expression);
        check("x{a=\"b\"} + y{a=\"b\"}", Source::Expression);
        check("x{", Source::Expression);
    }

    #[test]
    fn what_is_wrong_with_a_mapping_is_named() {
        let check = |change: fn(&mut Mapping), expected: &str| {
            let mut mapping = presets::snmp_exporter();
            change(&mut mapping);
            match mapping.check() {
                Ok(()) => assert_eq!(expected, ""),
                Err(error) => {
                    assert!(!expected.is_empty() && error.to_string().contains(expected), "{error}")
                }
            }
        };
        check(|_| {}, "");
        check(|m| m.select = r#"job="a}b",site=~"x|y""#.into(), "");
        check(|m| m.select = r#"job="a"} or {b="c""#.into(), "label matchers");
        check(|m| m.select = r#"{job="a"}"#.into(), "label matchers");
        check(|m| m.select = r#"job="a"#.into(), "label matchers");
        check(|m| m.select = "job".into(), "label matchers");
        check(|m| m.device.clear(), "no label names the device");
        check(|m| m.interface = vec!["if name".into()], "`if name`, expected a name of a label");
        check(|m| m.metrics.clear(), "found 0 metrics");
        check(|m| m.metrics[0].scale = f64::NAN, "the scale of `bytes_received` is NaN");
        check(|m| m.metrics[0].scale = 0.0, "expected a finite number above 0");
        check(|m| m.metrics[0].source = Source::Name("a b".into()), "name of a metric");
        check(|m| m.metrics[0].source = Source::Expression("x\ny".into()), "on one line");
    }
}
