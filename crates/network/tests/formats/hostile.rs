//! Files made to do harm or merely broken: each is refused with its file, line, what was found and what was expected.

use std::io::Write;

use npo_network::format::{ImportOptions, TrafficOptions, read_topology, read_traffic};

use crate::small::{GRAPHML, LONG, NATIVE, NODE_LINK, OWN, SNDLIB_XML, WIDE};

fn check(text: &str, expected: &str) {
    let error = read_topology(text.as_bytes(), "f", &ImportOptions::default())
        .expect_err("refused")
        .to_string();
    assert_eq!(error, format!("`f` {expected}"));
}

fn check_traffic(text: &str, expected: &str) {
    let error = read_traffic(text.as_bytes(), "f", &TrafficOptions::default())
        .expect_err("refused")
        .to_string();
    assert_eq!(error, format!("`f` {expected}"));
}

/// `text` with its first `from` replaced.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn entities_and_definitions() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY lol \"lol\">\n\
                <!ENTITY lol2 \"&lol;&lol;\">]>\n<graphml>&lol2;</graphml>";
    check(
        bomb,
        "line 4 has a DOCTYPE with definitions of its own, which is refused: expanding entities of its \
         own can make a small file fill the memory",
    );
    let unknown = with(GRAPHML, "R&amp;D", "R&xxe;D");
    check(
        &unknown,
        "line 11 has the entity `&xxe;`, which is refused: only the five entities of XML itself are known",
    );
    // Character references are none of this.
    let plain = with(GRAPHML, "R&amp;D", "R&#38;D");
    read_topology(plain.as_bytes(), "f", &ImportOptions::default()).expect("readable");
}

#[test]
fn depth_and_counts() {
    let deep = format!("<graphml>{}", "<a>".repeat(100_000));
    check(&deep, "line 1 has elements nested 64 deep, which is refused: no network needs that");
    let deep = format!("{{\"nodes\": {}", "[".repeat(100_000));
    check(&deep, "line 1 is no well-formed JSON of a network: recursion limit exceeded");
    let many = (0..200_001).map(|n| format!("{n}")).collect::<Vec<_>>().join(",");
    let many = format!("{{\"nodes\": [{many}], \"links\": []}}");
    check(&many, "line 1 is no well-formed JSON of a network: more than 200000 entries");
    let long = with(GRAPHML, "R&amp;D", &"x".repeat(257));
    let error =
        read_topology(long.as_bytes(), "f", &ImportOptions::default()).expect_err("refused");
    assert!(error.to_string().starts_with("`f` line 11 cannot be used: a node is called `xxx"));
    let long = with(GRAPHML, "R&amp;D", &"x".repeat(70_000));
    check(&long, "line 11 is too large: found more than 65536 bytes of text in one element");
}

#[test]
fn numbers_that_are_none() {
    let expected = "a number from 0 to 1e18 bit/s, with or without a unit";
    for speed in ["NaN", "inf", "-1", "1e300", "99999999999999999999999999", "2,5", "ten"] {
        let text = with(GRAPHML, ">2.5<", &format!(">{speed}<"));
        check(&text, &format!("line 12 has `{speed}` as a capacity, expected {expected}"));
    }
    check(
        &with(GRAPHML, ">1.5<", ">-3<"),
        "line 12 has `-3` as a routing weight, expected a number above 0",
    );
    check(
        &with(NODE_LINK, "2500", "-2500"),
        &format!("line 4 has `-2500` as a capacity, expected {expected}"),
    );
    check(
        &with(NATIVE, "1.50", "nan"),
        "line 13 has `nan` as the value of a demand, expected a finite number",
    );
    check(
        &with(NATIVE, "1.50", "-1.50"),
        "line 13 has `-3` as a demand, expected a number from 0 to 1e18 bit/s",
    );
    check(
        &with(SNDLIB_XML, " 2.5 ", "1e999"),
        "line 10 has `1e999` as `<demandValue>`, expected a finite number",
    );
    check(
        &with(OWN, "\"weight\":7", "\"weight\":0"),
        "line 7 cannot be used: the routing weight of `cable` is 0, expected 1 to 16777214",
    );
}

#[test]
fn names_that_lead_nowhere_or_twice() {
    check(
        &with(GRAPHML, "source=\"2\" target=\"0\"", "source=\"2\" target=\"7\""),
        "line 15 names node `7`, which is not among the 3 nodes",
    );
    check(
        &with(GRAPHML, "<node id=\"1\">", "<node id=\"0\">"),
        "line 10 has a second node `0`, the first is on line 9",
    );
    check(
        &with(GRAPHML, "<data key=\"d1\">", "<data key=\"d9\">"),
        "line 9 names key `d9`, which is not among the 5 keys",
    );
    check(
        &with(NODE_LINK, "\"target\": 2", "\"target\": \"2\\u0007\""),
        "line 5 names node `2\\u{7}`, which is not among the 3 nodes",
    );
    check(
        &with(NODE_LINK, "{\"id\": 2}", "{\"id\": 0}"),
        "line 2 has a second node `0`, the first is on line 2",
    );
    check(
        &with(NATIVE, "( N2 N1 )", "( N2 N9 )"),
        "line 13 names node `N9`, which is not among the 2 nodes",
    );
    check(
        &with(OWN, "\"to\":\"b\",\"bps\"", "\"to\":\"c\",\"bps\""),
        "line 10 names node `c`, which is not among the 2 nodes",
    );
}

#[test]
fn what_breaks_the_rules_of_its_format() {
    check("", "is empty, expected GraphML, SNDlib (native or XML) or node-link JSON");
    check(
        "\n\nhello\u{1b}[31m",
        "line 3 is in no format that is known: begins with `hello\\u{1b}[31m`, expected GraphML, SNDlib \
         (native or XML) or node-link JSON",
    );
    check(
        "<svg/>",
        "line 1 is in no format that is known: begins with `<svg>`, expected `<graphml>` or the \
         `<network>` of SNDlib",
    );
    check("<graphml/>", "has no `<graph>`");
    check("<graphml><graph/></graphml>", "has no nodes");
    let cut = &GRAPHML[..GRAPHML.len() - 12];
    check(cut, "line 16 is no well-formed XML: ends within 1 open elements");
    let crossed = with(GRAPHML, "</graph>", "</node>");
    check(
        &crossed,
        "line 16 is no well-formed XML: ill-formed document: expected `</graph>`, but `</node>` was \
         found",
    );
    check(
        &NODE_LINK[..100],
        "line 2 is no well-formed JSON of a network: EOF while parsing a value",
    );
    check(
        &with(NATIVE, "DEMANDS", "DEMAND"),
        "line 12 has `DEMAND` as a section, expected `META`, `NODES`, `LINKS`, `DEMANDS` or \
         `ADMISSIBLE_PATHS`",
    );
    check(
        &NATIVE[..NATIVE.len() - 3],
        "line 16 is no well-formed SNDlib native: ends where an entry, or `)` is expected",
    );
    check(
        &with(NATIVE, "GBITPERSEC", "FURLONGS"),
        "line 3 has `FURLONGS` as the unit, expected one such as `MBITPERSEC`, or another unit given by you",
    );
    check(
        &with(OWN, "\"weight\":7", "\"wieght\":7"),
        "line 7 is no well-formed npo JSON: a link: unknown field `wieght`, expected one of `capacity_bps`, \
         `weight`, `split`",
    );
    check(
        &with(OWN, "\"version\": 1", "\"version\": 2"),
        "line 1 has `2` as `version`, expected 1",
    );
}

#[test]
fn tables_that_do_not_add_up() {
    check_traffic(
        &with(WIDE, "2.5", "-2.5"),
        "line 3 has `-2.5` as column `A>B`, expected a number, 0 or above",
    );
    check_traffic(
        &with(WIDE, "2.5", ""),
        "line 3 has `` as column `A>B`, expected a number, 0 or above",
    );
    check_traffic(
        &with(WIDE, "2.5", "1e30"),
        "line 3 has `1e30` as column `A>B`, expected a rate of at most 1e18 bit/s",
    );
    check_traffic(
        &with(WIDE, ",3,y", ",3"),
        "line 3 has `4, where the header has 5` as the number of fields, expected as many as the header has",
    );
    check_traffic(
        &with(WIDE, "00:05:00Z", "00:00:00Z"),
        "line 3 has `2004-03-01T00:00:00Z` as column `time`, expected a time later than that of the row \
         before",
    );
    check_traffic(
        &with(WIDE, "B->A", "A > B"),
        "line 1 has a second column `A > B`, the first is on line 1",
    );
    check_traffic("time,A>B\n", "has no rows below its header");
    check_traffic(
        &with(LONG, "x;B;A;2;2004-03-01 00:05", "x;A;B;2;2004-03-01 00:00"),
        "line 3 has a second demand `A>B`, the first is on line 2",
    );
    check_traffic(
        &with(LONG, "x;B;A", "x;;A"),
        "line 3 has `` as column `src`, expected the name of a node, 1 to 256 bytes",
    );
    check_traffic(
        GRAPHML,
        "is in no format that is known: begins with `<graphml>`, expected a matrix of SNDlib's XML, or CSV \
         with a column `A>B` per pair or columns from, to and rate",
    );
}

#[test]
fn packed_and_foreign_bytes() {
    let pack = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    };
    let read = |bytes: &[u8]| {
        read_topology(bytes, "f", &ImportOptions::default()).map_err(|error| error.to_string())
    };
    let packed = pack(GRAPHML.as_bytes());
    assert_eq!(read(&packed).expect("readable").topology.nodes().len(), 3);
    let error = read(&packed[..packed.len() / 2]).expect_err("cut");
    assert!(error.starts_with("`f` is a damaged gzip stream"), "{error}");
    let error = read(&pack(&vec![b' '; 64 << 20])).expect_err("a bomb");
    assert!(error.contains("bytes when unpacked, 300 times what it was"), "{error}");
    let mut latin = GRAPHML.as_bytes().to_vec();
    let at = GRAPHML.find("R&amp;D").expect("there");
    latin[at] = 0xfc;
    let error = read(&latin).expect_err("no UTF-8");
    assert!(error.starts_with("`f` line 11 is no text in UTF-8"), "{error}");
}
