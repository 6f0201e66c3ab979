//! Small files of every format, by hand: what is read of them, and what is said of them.

use npo_network::format::{
    ImportOptions, Imported, Kind, Subject, TrafficOptions, read_topology, read_traffic,
};
use npo_network::topology::Topology;
use npo_network::traffic::Times;

pub(crate) const GRAPHML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="label" attr.type="string" for="node" id="d0"/>
  <key attr.name="Internal" attr.type="int" for="node" id="d1"/>
  <key attr.name="LinkSpeed" attr.type="string" for="edge" id="d2"/>
  <key attr.name="LinkSpeedUnits" attr.type="string" for="edge" id="d3"/>
  <key attr.name="weight" attr.type="double" for="edge" id="d4"/>
  <graph edgedefault="undirected">
    <node id="0"><data key="d0">London</data><data key="d1">1</data></node>
    <node id="1"><data key="d0">London</data><data key="d1">0</data></node>
    <node id="2"><data key="d0">R&amp;D</data></node>
    <edge source="0" target="1"><data key="d2">2.5</data><data key="d3">G</data><data key="d4">1.5</data></edge>
    <edge source="0" target="1"/>
    <edge source="2" target="2"/>
    <edge source="2" target="0"><data key="d2">45</data><data key="d3">M</data></edge>
  </graph>
</graphml>
"#;

pub(crate) const YED: &str = r#"<graphml xmlns:y="http://www.yworks.com/xml/graphml">
  <key for="node" id="d6" yfiles.type="nodegraphics"/>
  <key attr.name="bandwidth_gbps" attr.type="double" for="edge" id="d7"/>
  <graph edgedefault="directed">
    <node id="n0">
      <data key="d6"><y:ProxyAutoBoundsNode><y:Realizers><y:GroupNode><y:NodeLabel>Pod 1</y:NodeLabel></y:GroupNode></y:Realizers></y:ProxyAutoBoundsNode></data>
      <graph edgedefault="directed" id="n0:">
        <node id="n0::n0"><data key="d6"><y:ShapeNode><y:NodeLabel>leaf1</y:NodeLabel></y:ShapeNode></data></node>
        <node id="n0::n1"><data key="d6"><y:ShapeNode><y:NodeLabel>spine1</y:NodeLabel></y:ShapeNode></data></node>
      </graph>
    </node>
    <edge id="e0" source="n0::n0" target="n0::n1"><data key="d7">100</data></edge>
  </graph>
</graphml>
"#;

pub(crate) const NATIVE: &str = "?SNDlib native format; type: network; version: 1.0
META (
  unit = GBITPERSEC
)
NODES (
  N1 ( 10.5 53.5 )
  N2
)
LINKS (
  L1 ( N1 N2 ) 0.00 0.00 3.00 0.00 ( 10.00 1.00 40.00 3.00 )
)
DEMANDS (
  D1 ( N2 N1 ) 2 1.50 UNLIMITED
)
ADMISSIBLE_PATHS (
  D1 ( P_1 ( L1 ) )
)
";

pub(crate) const SNDLIB_XML: &str = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<network xmlns="http://sndlib.zib.de/network" version="1.0">
 <meta><time>20040301-0005</time><unit>MBITPERSEC</unit></meta>
 <networkStructure>
  <nodes><node id="A"/><node id="B"/></nodes>
  <links><link id="L"><source>A</source><target>B</target>
   <preInstalledModule><capacity>10</capacity><cost>0</cost></preInstalledModule></link></links>
 </networkStructure>
 <demands>
  <demand id="D"><source>A</source><target>B</target><demandValue> 2.5 </demandValue></demand>
 </demands>
</network>
"#;

pub(crate) const NODE_LINK: &str = r#"{"directed": true, "multigraph": true, "graph": {"name": "three"},
"nodes": [{"id": 0, "lat": 51.5, "lon": -0.1}, {"id": "b", "pod": "P"}, {"id": 2}],
"edges": [{"source": 0, "target": "b", "capacity": "10 Gbps"},
{"source": "b", "target": 0, "capacity": 2500},
{"source": 0, "target": 2, "metric": 20}]}
"#;

pub(crate) const OWN: &str = r#"{"format": "npo-topology", "version": 1, "name": "own",
"nodes": [
{"name":"a","site":"x","position":{"longitude":0.1,"latitude":-3.5}},
{"name":"b","external":true}
],
"links": [
{"name":"cable","from":"a","to":"b","forward":{"capacity_bps":1e9,"weight":3,"split":0.25},"backward":{"weight":7}}
],
"demands": [
{"from":"a","to":"b","bps":123.456}
]}
"#;

pub(crate) const WIDE: &str = "time,A>B,B->A,A>A,note
2004-03-01T00:00:00Z,1.5,0,3,x
2004-03-01T00:05:00Z,2.5,1,3,y
";

pub(crate) const LONG: &str = "when_seen;src;dst;mbps;time
x;A;B;1.5;2004-03-01 00:00
x;B;A;2;2004-03-01 00:05
";

fn topology(text: &str, file: &str) -> Imported {
    read_topology(text.as_bytes(), file, &ImportOptions::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

fn nodes(topology: &Topology) -> Vec<(&str, &str, bool)> {
    topology
        .nodes()
        .iter()
        .map(|node| (node.name.as_str(), node.site.as_str(), node.external))
        .collect()
}

/// Name, capacity and weight of each direction.
fn arcs(topology: &Topology) -> Vec<(String, Option<f64>, u32)> {
    (0u32..)
        .zip(topology.arcs())
        .map(|(id, arc)| {
            (topology.arc_label(npo_network::topology::ArcId(id)), arc.capacity_bps, arc.weight)
        })
        .collect()
}

fn check_arcs(topology: &Topology, expected: &[(&str, Option<f64>, u32)]) {
    let expected: Vec<(String, Option<f64>, u32)> =
        expected.iter().map(|(name, bps, weight)| ((*name).to_owned(), *bps, *weight)).collect();
    assert_eq!(arcs(topology), expected);
}

#[test]
fn graphml_of_the_topology_zoo() {
    let imported = topology(GRAPHML, "folder/zoo.graphml.gz");
    assert_eq!(imported.topology.name(), "zoo");
    let expected = [("London (0)", "", false), ("London (1)", "", true), ("R&D", "", false)];
    assert_eq!(nodes(&imported.topology), expected);
    check_arcs(
        &imported.topology,
        &[
            ("London (0)→London (1)#1", Some(2.5e9), 15),
            ("London (1)→London (0)#1", Some(2.5e9), 15),
            ("London (0)→London (1)#2", None, 1),
            ("London (1)→London (0)#2", None, 1),
            ("R&D→London (0)", Some(45e6), 1),
            ("London (0)→R&D", Some(45e6), 1),
        ],
    );
    let count = |kind, subject| imported.report.count(kind, subject);
    assert_eq!(count(Kind::LeftOut, Subject::SelfLoops), 1);
    assert_eq!(count(Kind::Assumed, Subject::Names), 2);
    assert_eq!(count(Kind::Read, Subject::ExternalNodes), 1);
    assert_eq!(count(Kind::Missing, Subject::Coordinates), 3);
    assert_eq!(count(Kind::Missing, Subject::Capacities), 2);
    // Units stand beside every number, so none is assumed.
    assert_eq!(count(Kind::Assumed, Subject::Unit), 0);
}

#[test]
fn graphml_of_yed_with_groups_and_one_way_links() {
    let imported = topology(YED, "drawing.graphml");
    assert_eq!(nodes(&imported.topology), [("leaf1", "Pod 1", false), ("spine1", "Pod 1", false)]);
    check_arcs(&imported.topology, &[("leaf1→spine1", Some(100e9), 1)]);
    assert_eq!(imported.report.count(Kind::Doubtful, Subject::Directions), 1);
    assert_eq!(imported.report.count(Kind::LeftOut, Subject::Nodes), 1);
    let options = ImportOptions { both_ways: true, ..ImportOptions::default() };
    let both = read_topology(YED.as_bytes(), "drawing.graphml", &options).expect("readable");
    assert_eq!(both.topology.arcs().len(), 2);
}

#[test]
fn sndlib_in_both_writings() {
    let imported = topology(NATIVE, "small.txt");
    check_arcs(&imported.topology, &[("N1→N2", Some(40e9), 1), ("N2→N1", Some(40e9), 1)]);
    assert_eq!(imported.topology.links()[0].name, "L1");
    assert_eq!(imported.demands.map(|demands| demands.total_bps()), Some(3e9));
    assert_eq!(imported.report.count(Kind::Assumed, Subject::Capacities), 1);
    assert_eq!(imported.report.count(Kind::LeftOut, Subject::Weights), 1);
    assert_eq!(imported.report.count(Kind::LeftOut, Subject::Parts), 1);

    // The declared encoding is that of the bytes.
    let latin: Vec<u8> = SNDLIB_XML
        .replace("\"A\"", "\"Köln\"")
        .replace(">A<", ">Köln<")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).expect("Latin"))
        .collect();
    let imported = read_topology(&latin, "x.xml", &ImportOptions::default()).expect("readable");
    check_arcs(&imported.topology, &[("Köln→B", Some(10e6), 1), ("B→Köln", Some(10e6), 1)]);
}

#[test]
fn node_link_json_with_ids_of_both_kinds() {
    let imported = topology(NODE_LINK, "three.json");
    assert_eq!(imported.topology.name(), "three");
    assert_eq!(nodes(&imported.topology), [("0", "", false), ("b", "P", false), ("2", "", false)]);
    check_arcs(
        &imported.topology,
        &[("0→b", Some(10e9), 1), ("b→0", Some(2.5e9), 1), ("0→2", None, 20)],
    );
    assert_eq!(imported.report.count(Kind::Assumed, Subject::Unit), 1);
    assert_eq!(imported.report.count(Kind::Assumed, Subject::Weights), 2);
    // Older versions wrote positions where there were no ids.
    let old = r#"{"nodes": [{"name": "x"}, {"name": "y"}], "links": [{"source": 0, "target": 1}]}"#;
    check_arcs(&topology(old, "old.json").topology, &[("x→y", None, 1), ("y→x", None, 1)]);
}

#[test]
fn own_json_to_the_last_bit() {
    let imported = topology(OWN, "own.json");
    let written =
        npo_network::format::write_topology(&imported.topology, imported.demands.as_ref());
    assert_eq!(written, OWN.replace("1e9", "1000000000.0"));
    assert_eq!(imported.topology.arcs()[0].split.get(), 0.25);
    assert_eq!(topology(&written, "again.json").topology, imported.topology);
}

#[test]
fn traffic_in_a_wide_and_a_long_table() {
    let read = |text: &str| {
        read_traffic(text.as_bytes(), "tm.csv", &TrafficOptions::default())
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let wide = read(WIDE);
    let pairs = [("A", "B"), ("B", "A"), ("A", "A")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(wide.series.pairs, pairs);
    assert_eq!(wide.series.rows, [[1.5e6, 0.0, 3e6], [2.5e6, 1e6, 3e6]]);
    let clock = Times::Clock(vec![1_078_099_200_000, 1_078_099_500_000]);
    assert_eq!(wide.series.times, clock);
    assert_eq!(wide.report.count(Kind::LeftOut, Subject::Columns), 1);
    assert_eq!(wide.report.count(Kind::Assumed, Subject::Times), 0);

    let long = read(LONG);
    assert_eq!(long.series.pairs, pairs[..2]);
    assert_eq!(long.series.rows, [[1.5e6, 0.0], [0.0, 2e6]]);
    assert_eq!(long.series.times, clock);
    assert_eq!(long.report.count(Kind::Read, Subject::Unit), 2);
    assert_eq!(long.report.count(Kind::Assumed, Subject::Times), 2);
    assert_eq!(long.report.count(Kind::Assumed, Subject::Demands), 2);

    // A matrix says its own time, and its unit.
    let matrix = read(SNDLIB_XML);
    assert_eq!(matrix.series.rows, [[2.5e6]]);
    assert_eq!(matrix.series.times, Times::Clock(vec![1_078_099_500_000]));
}
