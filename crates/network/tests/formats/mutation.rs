//! Files with random damage: whatever is in them, there is a topology or a refusal, never a panic, and what is refused
//! within a text is refused with its line.
//!
//! The seed is fixed, so that a failure stays. `PROPTEST_CASES` makes the search longer.

use npo_network::format::{
    Error, ImportOptions, TrafficOptions, Why, read_topology, read_traffic, write_topology,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::common::data;
use crate::small::{GRAPHML, LONG, NATIVE, NODE_LINK, OWN, SNDLIB_XML, WIDE, YED};

/// Pieces that have meaning in some format.
const PIECES: [&str; 40] = [
    "<",
    ">",
    "</",
    "/>",
    "&",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "<!DOCTYPE a [",
    "]]>",
    "<![CDATA[",
    "<!--",
    "<node id=\"0\">",
    "<graph>",
    "</graph>",
    "<data key=\"d0\">",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    ";",
    "\n",
    "\t",
    "\0",
    "é",
    "NaN",
    "1e999",
    "-1",
    "0",
    "999999999999999999999",
    "null",
    "->",
    ">B",
    "UNLIMITED",
    "\u{feff}",
];

#[derive(Debug, Clone)]
enum Damage {
    Flip(usize, u8),
    Insert(usize, usize),
    Cut(usize, usize),
    Copy(usize, usize, usize),
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = || any::<usize>();
    let one = prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (at(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (at(), 1usize..200).prop_map(|(at, len)| Damage::Cut(at, len)),
        (at(), at(), 1usize..200).prop_map(|(from, to, len)| Damage::Copy(from, to, len)),
    ];
    prop::collection::vec(one, 1..6)
}

fn damaged(bytes: &[u8], damage: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for one in damage {
        let len = bytes.len().max(1);
        let end = |at: usize, by: usize| (at % len + by).min(bytes.len());
        match *one {
            Damage::Flip(at, byte) => {
                if let Some(place) = bytes.get_mut(at % len) {
                    *place = byte;
                }
            }
            Damage::Insert(at, piece) => {
                let at = end(at, 0);
                bytes.splice(at..at, PIECES[piece].bytes());
            }
            Damage::Cut(at, by) => {
                let (from, to) = (end(at, 0), end(at, by));
                bytes.drain(from..to);
            }
            Damage::Copy(from, to, by) => {
                let piece = bytes[end(from, 0)..end(from, by)].to_vec();
                let to = end(to, 0);
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

/// Reasons that have no place in the text, but in the file as a whole.
fn of_the_whole(why: &Why) -> bool {
    match why {
        Why::Empty { .. } | Why::Gzip(_) | Why::Packed { .. } | Why::Missing(_) => true,
        Why::TooMany { .. } | Why::Weights(_) | Why::Unrecognised { .. } => true,
        Why::Syntax { format, .. } => *format == "node-link JSON",
        Why::Value { .. } => false,
        Why::Unreadable(_) | Why::NotAFile { .. } => false,
        Why::Encoding { .. } | Why::Hostile { .. } | Why::Twice { .. } => false,
        Why::Unknown { .. } | Why::Topology(_) => false,
    }
}

fn has_its_line(error: &Error, bytes: &[u8]) -> Result<(), TestCaseError> {
    let lines = 1 + bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
    match error.line {
        Some(line) => prop_assert!((1..=lines).contains(&line), "{error} of {lines} lines"),
        None => prop_assert!(of_the_whole(&error.why), "{error}"),
    }
    prop_assert!(error.to_string().len() < 2_000);
    Ok(())
}

fn search(corpus: Vec<Vec<u8>>) {
    let config = Config { failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[4; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let input = (0..corpus.len(), damage(), any::<bool>());
    let result = runner.run(&input, |(file, damage, assume)| {
        let bytes = damaged(&corpus[file], &damage);
        let options = ImportOptions { both_ways: assume, ..ImportOptions::default() };
        match read_topology(&bytes, "f", &options) {
            Ok(imported) => {
                // What was read can be written and read again.
                let text = write_topology(&imported.topology, imported.demands.as_ref());
                let again = read_topology(text.as_bytes(), "f", &ImportOptions::default());
                let again = again.map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(again.topology, imported.topology);
            }
            Err(error) => has_its_line(&error, &bytes)?,
        }
        if let Err(error) = read_traffic(&bytes, "f", &TrafficOptions::default()) {
            has_its_line(&error, &bytes)?;
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn damaged_small_files() {
    let small = [GRAPHML, YED, NATIVE, SNDLIB_XML, NODE_LINK, OWN, WIDE, LONG];
    search(small.iter().map(|text| text.as_bytes().to_vec()).collect());
}

#[test]
fn damaged_real_files() {
    let Some(dir) = data(".") else { return };
    let files = [
        "topologies/topology-zoo-graphml/Kreonet.graphml",
        "topologies/sndlib-native/polska.txt",
        "topologies/sndlib-xml/polska.xml",
        "topologies/node-link-json/B4.json",
        "tm-abilene-2004/xml-sample/demandMatrix-abilene-zhang-5min-20040301-0000.xml",
        "tm-bell-labs-1router/bell_labs_od.csv.gz",
    ];
    search(files.map(|file| std::fs::read(dir.join(file)).expect("readable")).to_vec());
}
