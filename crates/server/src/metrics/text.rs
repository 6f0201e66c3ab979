//! Writing the text format: families with help and type, samples with escaped labels.

use std::fmt::Write as _;

/// Kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Goes up, and back to 0 with the process or the log.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bound.
    Histogram,
}

/// A page that is being written.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
    family: &'static str,
}

impl Page {
    /// Begins a family.
    pub(crate) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.family = name;
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Adds a sample to the family; `suffix` is `_bucket` and the like.
    pub(crate) fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: f64) {
        let _ = write!(self.text, "{}{suffix}", self.family);
        for (i, (name, value)) in labels.iter().enumerate() {
            let open = if i == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{open}{name}=\"{}\"", escape(value));
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }

    /// A family of one sample without labels.
    pub(crate) fn one(&mut self, name: &'static str, kind: Kind, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample("", &[], value);
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_as_prometheus_expects_it() {
        let mut page = Page::default();
        page.one("npo_a", Kind::Gauge, "Words.", 1.5);
        page.family("npo_b_total", Kind::Counter, "More words.");
        page.sample("", &[("x", "a\"b\\c\nd"), ("y", "z")], 2.0);
        let expected = "# HELP npo_a Words.\n# TYPE npo_a gauge\nnpo_a 1.5\n\
            # HELP npo_b_total More words.\n# TYPE npo_b_total counter\n\
            npo_b_total{x=\"a\\\"b\\\\c\\nd\",y=\"z\"} 2\n";
        assert_eq!(page.finish(), expected);
    }
}
