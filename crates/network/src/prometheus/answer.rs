//! The answers of the HTTP API v1, typed: vectors and matrices of numbers, or why there are none.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Characters of a message of the server that are passed on.
const MESSAGE_CHARS_MAX: usize = 300;

/// Warnings of one answer that are passed on.
const WARNINGS_MAX: usize = 16;

/// Latest and earliest time that is believed, ms since 1970: the years 2500 and 1970.
const TIME_MS: std::ops::Range<i64> = 0..16_725_225_600_000;

/// What a query found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Series of numbers, in the server's order.
    pub series: Vec<Series>,
    /// What the server warns of, such as a store that did not answer; shortened.
    pub warnings: Vec<String>,
    /// Series of native histograms, which carry no counter of an interface and are left out.
    pub histograms: usize,
}

/// One series: its labels and its points.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Name and value of every label, ordered by name; `__name__` is the metric's.
    pub labels: Vec<(String, String)>,
    /// Time in ms since 1970 UTC and value, as the server ordered them; a value may be infinite or not a number.
    pub points: Vec<(i64, f64)>,
}

impl Series {
    /// The label of this name; an empty one is none.
    pub fn label(&self, name: &str) -> Option<&str> {
        let at = self.labels.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(self.labels[at].1.as_str()).filter(|value| !value.is_empty())
    }

    /// First and last time, ms; `None` if it has no points.
    pub(super) fn span_ms(&self) -> Option<(i64, i64)> {
        let times = || self.points.iter().map(|(at_ms, _)| *at_ms);
        Some((times().min()?, times().max()?))
    }
}

/// Why an answer tells nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not what the API answers with.
    #[error("found `{found}`, expected an answer of the Prometheus HTTP API v1: {why}")]
    Malformed {
        /// The beginning of the answer.
        found: String,
        /// What is wrong, with line and column.
        why: String,
    },
    /// The server understood the request and refused or failed.
    #[error("the server says {kind}: {message}")]
    Refused {
        /// Its word for the kind of failure, such as `bad_data`, `timeout` or `execution`.
        kind: String,
        /// Its reason.
        message: String,
    },
    /// The query gives something else than series.
    #[error("the query gives a {found}, expected series of an instant vector or a matrix")]
    Kind {
        /// `scalar`, `string` or another type.
        found: String,
    },
}

/// Reads the body of an answer to `query` or `query_range`, whatever its HTTP status was.
///
/// # Errors
/// [`Error`] says what came instead of series.
pub fn parse(body: &[u8]) -> Result<Answer, Error> {
    let wire: Wire = match serde_json::from_slice(body) {
        Ok(wire) => wire,
        Err(why) => return Err(explain(body, &why)),
    };
    if wire.status != "success" {
        return Err(refused(wire.error_type, wire.error));
    }
    let Some(data) = wire.data else {
        let why = "`data` is missing".to_owned();
        return Err(Error::Malformed { found: beginning(body), why });
    };
    if !matches!(data.kind.as_str(), "vector" | "matrix") {
        return Err(Error::Kind { found: shortened(&data.kind) });
    }
    let mut answer = Answer::default();
    for WireSeries { labels: Labels(mut labels), points, has_histogram } in data.result {
        if has_histogram {
            answer.histograms += 1;
        }
        if points.is_empty() {
            continue;
        }
        labels.sort_unstable();
        answer.series.push(Series { labels, points });
    }
    let warnings = wire.warnings.into_iter().chain(wire.infos).flatten();
    answer.warnings = warnings.take(WARNINGS_MAX).map(|text| shortened(&text)).collect();
    Ok(answer)
}

/// A refusal and a scalar have another shape than series; both deserve better words than the parser's.
fn explain(body: &[u8], why: &serde_json::Error) -> Error {
    #[derive(Deserialize)]
    struct Head {
        status: String,
        #[serde(rename = "errorType", default)]
        error_type: Option<String>,
        #[serde(default)]
        error: Option<String>,
        #[serde(default)]
        data: Option<DataHead>,
    }
    #[derive(Deserialize)]
    struct DataHead {
        #[serde(rename = "resultType")]
        kind: String,
    }
    match serde_json::from_slice::<Head>(body) {
        Ok(head) if head.status == "error" => refused(head.error_type, head.error),
        Ok(Head { data: Some(data), .. }) if matches!(data.kind.as_str(), "scalar" | "string") => {
            Error::Kind { found: data.kind }
        }
        _ => Error::Malformed { found: beginning(body), why: why.to_string() },
    }
}

fn refused(kind: Option<String>, message: Option<String>) -> Error {
    let text = |text: Option<String>| shortened(&text.unwrap_or_else(|| "no reason".to_owned()));
    Error::Refused { kind: text(kind), message: text(message) }
}

fn beginning(body: &[u8]) -> String {
    let head = &body[..body.len().min(4 * 60)];
    let mut text: String =
        String::from_utf8_lossy(head).chars().take(60).flat_map(char::escape_debug).collect();
    if body.len() > 60 {
        text.push('…');
    }
    text
}

fn shortened(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).flat_map(char::escape_debug).collect()
}

#[derive(Deserialize)]
struct Wire {
    status: String,
    #[serde(default)]
    data: Option<WireData>,
    #[serde(rename = "errorType", default)]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    infos: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct WireData {
    #[serde(rename = "resultType")]
    kind: String,
    result: Vec<WireSeries>,
}

struct WireSeries {
    labels: Labels,
    points: Vec<(i64, f64)>,
    has_histogram: bool,
}

impl<'de> Deserialize<'de> for WireSeries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = WireSeries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a series with `metric` and `value` or `values`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireSeries, A::Error> {
                let (mut labels, mut points, mut has_histogram) = (None, Vec::new(), false);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "metric" => labels = Some(map.next_value::<Labels>()?),
                        "value" => points.push(map.next_value::<Point>()?.0),
                        "values" => {
                            let Points(more) = map.next_value()?;
                            points.extend(more);
                        }
                        "histogram" | "histograms" => {
                            has_histogram = true;
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let labels = labels.ok_or_else(|| de::Error::missing_field("metric"))?;
                Ok(WireSeries { labels, points, has_histogram })
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// Labels as they come; a hostile answer may name one twice, which then has two values and is found by either.
struct Labels(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("labels, text by text")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut labels = Vec::with_capacity(8);
                while let Some(pair) = map.next_entry()? {
                    labels.push(pair);
                }
                Ok(Labels(labels))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// `[1435781430.781, "1"]`.
struct Point((i64, f64));

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Point;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pair of seconds since 1970 and a number in quotes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Point, A::Error> {
                let seconds: f64 =
                    seq.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let Number(value) =
                    seq.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
                if seq.next_element::<IgnoredAny>()?.is_some() {
                    return Err(de::Error::invalid_length(3, &self));
                }
                // The cast saturates, and what is out of range is refused.
                #[expect(clippy::cast_possible_truncation, reason = "checked below")]
                let at_ms = (seconds * 1000.0).round() as i64;
                if !seconds.is_finite() || !TIME_MS.contains(&at_ms) {
                    return Err(de::Error::custom(format_args!("found the time {seconds} s")));
                }
                Ok(Point((at_ms, value)))
            }
        }
        deserializer.deserialize_seq(Pair)
    }
}

struct Points(Vec<(i64, f64)>);

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let points = Vec::<Point>::deserialize(deserializer)?;
        Ok(Self(points.into_iter().map(|Point(point)| point).collect()))
    }
}

/// A number in quotes: `"1e+09"`, `"NaN"`, `"+Inf"`.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number in quotes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                text.parse()
                    .map(Number)
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Label `a` and points of every series.
    type Expected<'a> = &'a [(&'a str, &'a [(i64, f64)])];

    fn check(body: &str, expected: Result<Expected<'_>, &str>) {
        match (parse(body.as_bytes()), expected) {
            (Ok(found), Ok(expected)) => {
                let of = |s: &Series| (s.label("a").unwrap_or("-").to_owned(), s.points.clone());
                let found: Vec<_> = found.series.iter().map(of).collect();
                assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{body}");
            }
            (Err(found), Err(expected)) => {
                assert!(found.to_string().contains(expected), "{body}: {found}");
            }
            (found, expected) => panic!("{body}: found {found:?}, expected {expected:?}"),
        }
    }

    fn success(kind: &str, result: &str) -> String {
        format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#)
    }

    #[test]
    fn vectors_and_matrices_are_series() {
        check(
            &success(
                "vector",
                r#"[{"metric":{"b":"y","a":"x"},"value":[1579584854.317,"1e+09"]}]"#,
            ),
            Ok(&[("x", &[(1_579_584_854_317, 1e9)])]),
        );
        check(
            &success(
                "matrix",
                r#"[{"metric":{"a":"x"},"values":[[1,"1"],[2.5,"NaN"],[3,"+Inf"],[4,"-Inf"]]},
                    {"metric":{},"values":[[1,"2"]]}]"#,
            ),
            Ok(&[
                (
                    "x",
                    &[
                        (1000, 1.0),
                        (2500, f64::NAN),
                        (3000, f64::INFINITY),
                        (4000, f64::NEG_INFINITY),
                    ],
                ),
                ("-", &[(1000, 2.0)]),
            ]),
        );
        check(&success("vector", "[]"), Ok(&[]));
        // The order of keys is nobody's promise.
        check(
            r#"{"data":{"result":[{"value":[1,"2"],"metric":{"a":"x"}}],"resultType":"vector"},"status":"success"}"#,
            Ok(&[("x", &[(1000, 2.0)])]),
        );
    }

    #[test]
    fn histograms_are_counted_and_warnings_passed_on() {
        let body = r#"{"status":"success","warnings":["a store is away"],"infos":null,"data":
            {"resultType":"matrix","result":[{"metric":{"a":"h"},"histograms":[[1,{"count":"2","buckets":[]}]]},
            {"metric":{"a":"x"},"values":[[1,"2"]],"histograms":[[1,{}]]}]}}"#;
        let answer = parse(body.as_bytes()).expect("series");
        assert_eq!((answer.series.len(), answer.histograms), (1, 2));
        assert_eq!(answer.warnings, ["a store is away"]);
    }

    #[test]
    fn what_is_no_series_is_said_in_words() {
        check(
            r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected \"}\""}"#,
            Err("the server says bad_data: 1:5: parse error"),
        );
        check(
            r#"{"status":"error","errorType":"execution","error":"too many","data":{"resultType":"matrix","result":7}}"#,
            Err("the server says execution: too many"),
        );
        check(&success("scalar", r#"[1,"2"]"#), Err("the query gives a scalar"));
        check(&success("string", r#"[1,"x"]"#), Err("the query gives a string"));
        check(&success("streams", "[]"), Err("the query gives a streams"));
        check("<html>502 Bad Gateway</html>", Err("found `<html>502 Bad Gateway</html>`"));
        check("", Err("EOF"));
        check("{}", Err("missing field `status`"));
        check(r#"{"status":"success"}"#, Err("`data` is missing"));
        let series = |series: &str| success("vector", &format!("[{series}]"));
        check(&series(r#"{"metric":{"a":"x"},"value":[1,2]}"#), Err("a number in quotes"));
        check(&series(r#"{"metric":{"a":"x"},"value":[1,"two"]}"#), Err("a number in quotes"));
        check(&series(r#"{"metric":{"a":"x"},"value":[1]}"#), Err("seconds since 1970"));
        check(&series(r#"{"metric":{"a":"x"},"value":[1e300,"2"]}"#), Err("found the time"));
        check(&series(r#"{"metric":{"a":"x"},"value":[-5,"2"]}"#), Err("found the time -5"));
        check(&series(r#"{"metric":{"a":1},"value":[1,"2"]}"#), Err("expected a string"));
        check(&series(r#"{"value":[1,"2"]}"#), Err("missing field `metric`"));
        let deep = "[".repeat(100_000);
        check(&deep, Err("expected an answer"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&body);
        }

        #[test]
        fn any_cut_of_an_answer_is_refused(cut in 0usize..100) {
            let whole = success("vector", r#"[{"metric":{"a":"x"},"value":[1579584854.317,"1"]}]"#);
            let at = whole.len() * cut / 100;
            prop_assert!(parse(&whole.as_bytes()[..at]).is_err());
        }
    }
}
