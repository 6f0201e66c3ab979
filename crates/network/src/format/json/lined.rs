//! A JSON document as lists of records, each with the line where it begins, for messages that name it.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::super::DEMANDS_MAX;
use super::super::error::{Fault, Result, Why, told};
use crate::topology::{LINKS_MAX, NODES_MAX};

/// Attributes of one node or link.
const ATTRIBUTES_MAX: usize = 1_000;

/// An entry of a list.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) value: Value,
}

impl Record {
    /// Its fields, if it is an object.
    pub(super) fn fields(&self, what: &str) -> Result<&Map<String, Value>> {
        self.value
            .as_object()
            .ok_or_else(|| Fault::value(self.line, what, &self.value.to_string(), "an object"))
    }
}

/// A document.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) format: Option<Value>,
    pub(super) version: Option<Value>,
    pub(super) name: Option<Value>,
    pub(super) directed: Option<Value>,
    pub(super) graph: Option<Value>,
    pub(super) nodes: Option<Vec<Record>>,
    pub(super) links: Option<Vec<Record>>,
    pub(super) edges: Option<Vec<Record>>,
    pub(super) demands: Option<Vec<Record>>,
    /// Fields that nobody asks for.
    pub(super) others: Vec<String>,
}

/// The document in a text; nesting is limited by the parser to 128.
pub(super) fn parse(text: &str) -> Result<Document> {
    let line = Rc::new(Cell::new(1));
    let input = Counting { text: text.as_bytes(), line: Rc::clone(&line) };
    let mut parser = serde_json::Deserializer::from_reader(input);
    let malformed = |error: serde_json::Error| {
        // The place is told apart from the reason.
        let words = error.to_string();
        let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
        let line = Some(error.line() as u64).filter(|line| *line > 0);
        Fault { line, why: Why::Syntax { format: "JSON of a network", found: told(&words) } }
    };
    let document = TopLevel(&line).deserialize(&mut parser).map_err(malformed)?;
    parser.end().map_err(malformed)?;
    Ok(document)
}

/// Counts lines as the parser takes bytes; it takes them one by one and looks ahead by one.
struct Counting<'a> {
    text: &'a [u8],
    line: Rc<Cell<u64>>,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        let lines = buffer[..count].iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.line.set(self.line.get() + lines);
        Ok(count)
    }
}

struct TopLevel<'a>(&'a Cell<u64>);

impl<'de> DeserializeSeed<'de> for TopLevel<'_> {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(
        self,
        parser: D,
    ) -> std::result::Result<Document, D::Error> {
        parser.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `nodes` and `links`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Document, A::Error> {
        const OTHERS_MAX: usize = 100;
        let mut document = Document::default();
        while let Some(key) = map.next_key::<String>()? {
            let list = |limit| Records { line: self.0, limit };
            match key.as_str() {
                "format" => document.format = Some(map.next_value()?),
                "version" => document.version = Some(map.next_value()?),
                "name" => document.name = Some(map.next_value()?),
                "directed" => document.directed = Some(map.next_value()?),
                "graph" => document.graph = Some(map.next_value()?),
                "nodes" => document.nodes = Some(map.next_value_seed(list(NODES_MAX))?),
                "links" => document.links = Some(map.next_value_seed(list(LINKS_MAX))?),
                "edges" => document.edges = Some(map.next_value_seed(list(LINKS_MAX))?),
                "demands" => document.demands = Some(map.next_value_seed(list(DEMANDS_MAX))?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    if key != "multigraph" && document.others.len() < OTHERS_MAX {
                        document.others.push(key);
                    }
                }
            }
        }
        Ok(document)
    }
}

struct Records<'a> {
    line: &'a Cell<u64>,
    limit: usize,
}

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = Vec<Record>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        parser: D,
    ) -> std::result::Result<Vec<Record>, D::Error> {
        parser.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = Vec<Record>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut list: A,
    ) -> std::result::Result<Vec<Record>, A::Error> {
        use serde::de::Error;
        let mut records = Vec::new();
        while let Some(record) = list.next_element_seed(OneRecord(self.line))? {
            if records.len() >= self.limit {
                return Err(A::Error::custom(format!("more than {} entries", self.limit)));
            }
            if record.value.as_object().is_some_and(|fields| fields.len() > ATTRIBUTES_MAX) {
                return Err(A::Error::custom(format!("more than {ATTRIBUTES_MAX} attributes")));
            }
            records.push(record);
        }
        Ok(records)
    }
}

struct OneRecord<'a>(&'a Cell<u64>);

impl<'de> DeserializeSeed<'de> for OneRecord<'_> {
    type Value = Record;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> std::result::Result<Record, D::Error> {
        use serde::Deserialize;
        let line = self.0.get();
        Ok(Record { line, value: Value::deserialize(parser)? })
    }
}
