//! What a server is asked, within what it answers.

use std::collections::BTreeMap;

use super::mapping::{Mapping, Source};

/// Points per series of one range query at most: servers refuse more.
pub const POINTS_MAX: i64 = 11_000;

/// One query, and which metrics of the mapping its series carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    query: String,
    is_expression: bool,
    carries: Carries,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Carries {
    /// Every series carries this metric of the mapping.
    One(usize),
    /// The series' name says which metrics of the mapping it carries.
    ByName(BTreeMap<String, Vec<usize>>),
}

/// One GET: a path below the server's address, and the parameters of its query string, not yet encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Begins with a slash.
    pub path: &'static str,
    /// Names and values.
    pub parameters: Vec<(&'static str, String)>,
}

/// A stretch of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Where it begins, ms since 1970 UTC.
    pub from_ms: i64,
    /// Where it ends, ms since 1970 UTC; not before it begins.
    pub to_ms: i64,
}

impl Interval {
    /// The stretch cut into pieces of at most `piece_ms`, in order of time; neighbours share their end.
    pub fn pieces(self, piece_ms: i64) -> impl Iterator<Item = Self> {
        let piece_ms = piece_ms.max(1);
        let starts = std::iter::successors(Some(self.from_ms), move |from_ms| {
            from_ms.checked_add(piece_ms).filter(|next| *next < self.to_ms)
        });
        starts.map(move |from_ms| Self {
            from_ms,
            to_ms: from_ms.saturating_add(piece_ms).min(self.to_ms),
        })
    }

    /// Its length, ms.
    #[must_use]
    pub fn length_ms(self) -> i64 {
        self.to_ms.saturating_sub(self.from_ms).max(0)
    }
}

/// Everything that has to be asked for a mapping: all names in one query, so that their answer is of one moment.
#[must_use]
pub fn questions(mapping: &Mapping) -> Vec<Question> {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut questions = Vec::new();
    for (index, metric) in mapping.metrics.iter().enumerate() {
        let (query, is_expression) = match &metric.source {
            Source::Name(name) => {
                by_name.entry(name.clone()).or_default().push(index);
                continue;
            }
            Source::Selector(text) => (text.clone(), false),
            Source::Expression(text) => (text.clone(), true),
        };
        questions.push(Question { query, is_expression, carries: Carries::One(index) });
    }
    if !by_name.is_empty() {
        // Names hold letters, digits, underscores and colons, none of which means anything in a regular expression.
        let names: Vec<&str> = by_name.keys().map(String::as_str).collect();
        let comma = if mapping.select.is_empty() { "" } else { "," };
        let query = format!("{{__name__=~\"{}\"{comma}{}}}", names.join("|"), mapping.select);
        let carries = Carries::ByName(by_name);
        questions.insert(0, Question { query, is_expression: false, carries });
    }
    questions
}

impl Question {
    /// Its text in the server's language, without a range.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Positions in the mapping's metrics of what a series of this name carries.
    pub(super) fn metrics_of(&self, name: Option<&str>) -> &[usize] {
        match &self.carries {
            Carries::One(index) => std::slice::from_ref(index),
            Carries::ByName(by_name) => {
                name.and_then(|name| by_name.get(name)).map_or(&[], Vec::as_slice)
            }
        }
    }

    /// What was scraped in the last `window_ms` by the server's own clock; of an expression its value now.
    #[must_use]
    pub fn latest(&self, window_ms: i64) -> Request {
        Request { path: INSTANT, parameters: vec![("query", self.ranged(window_ms))] }
    }

    /// What was scraped within `interval`; of an expression its value every `step_ms`.
    #[must_use]
    pub fn between(&self, interval: Interval, step_ms: i64) -> Vec<Request> {
        if !self.is_expression {
            let query = self.ranged(interval.length_ms());
            let parameters = vec![("query", query), ("time", seconds(interval.to_ms))];
            return vec![Request { path: INSTANT, parameters }];
        }
        let step_ms = step_ms.max(1);
        let pieces = interval.pieces(step_ms.saturating_mul(POINTS_MAX - 1));
        let request = |piece: Interval| Request {
            path: "/api/v1/query_range",
            parameters: vec![
                ("query", self.query.clone()),
                ("start", seconds(piece.from_ms)),
                ("end", seconds(piece.to_ms)),
                ("step", seconds(step_ms)),
            ],
        };
        pieces.map(request).collect()
    }

    fn ranged(&self, window_ms: i64) -> String {
        if self.is_expression {
            return self.query.clone();
        }
        format!("{}[{}ms]", self.query, window_ms.max(1))
    }
}

const INSTANT: &str = "/api/v1/query";

fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prometheus::{Field, Metric, presets};

    fn mapping() -> Mapping {
        let mut mapping = presets::snmp_exporter();
        mapping.metrics.truncate(2);
        mapping.metrics.push(Metric {
            source: Source::of("sum by (instance, ifName) (x)"),
            field: Field::InputErrors,
            scale: 1.0,
            state_label: None,
        });
        mapping
    }

    #[test]
    fn names_are_asked_for_together_and_read_as_scraped() {
        let mut mapping = mapping().prefixed("x_");
        mapping.select = r#"job="snmp""#.into();
        let questions = questions(&mapping);
        let query = r#"{__name__=~"x_ifHCInOctets|x_ifHCOutOctets",job="snmp"}"#;
        assert_eq!((questions.len(), questions[0].query()), (2, query));
        assert_eq!(questions[0].metrics_of(Some("x_ifHCOutOctets")), [1]);
        assert_eq!(questions[0].metrics_of(Some("y")), [0usize; 0]);
        assert_eq!(questions[1].metrics_of(None), [2]);
        assert_eq!(
            questions[0].latest(60_000).parameters,
            [("query", format!("{query}[60000ms]"))]
        );
        let interval = Interval { from_ms: 1_000, to_ms: 601_500 };
        assert_eq!(
            questions[0].between(interval, 10_000)[0].parameters,
            [("query", format!("{query}[600500ms]")), ("time", "601.500".to_owned())]
        );
    }

    #[test]
    fn expressions_are_asked_for_in_steps() {
        let question = &questions(&mapping())[1];
        assert_eq!(question.latest(60_000).parameters.len(), 1);
        let day = Interval { from_ms: 0, to_ms: 86_400_000 };
        let requests = question.between(day, 5_000);
        let ends: Vec<&str> =
            requests.iter().map(|request| request.parameters[2].1.as_str()).collect();
        assert_eq!(ends, ["54995.000", "86400.000"]);
        assert_eq!(requests[0].path, "/api/v1/query_range");
        assert_eq!(requests[0].parameters[3], ("step", "5.000".to_owned()));
    }

    proptest! {
        #[test]
        fn pieces_cover_the_interval_within_the_limit(
            from_ms in 0i64..1_000_000, length in 0i64..1_000_000, piece in 1i64..200_000,
        ) {
            prop_assume!(length / piece < 10_000);
            let whole = Interval { from_ms, to_ms: from_ms + length };
            let pieces: Vec<Interval> = whole.pieces(piece).collect();
            prop_assert_eq!(pieces[0].from_ms, whole.from_ms);
            prop_assert_eq!(pieces[pieces.len() - 1].to_ms, whole.to_ms);
            for pair in pieces.windows(2) {
                prop_assert_eq!(pair[0].to_ms, pair[1].from_ms);
            }
            prop_assert!(pieces.iter().all(|p| p.length_ms() <= piece));
        }
    }
}
