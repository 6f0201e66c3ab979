//! Every shared topology and traffic set loads and counts what its index says, or is refused with the reason.

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod mutation;
mod small;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use npo_network::Positive;
use npo_network::format::{
    Error, ImportOptions, Imported, ImportedTraffic, Kind, Subject, TrafficOptions, open,
    read_topology, write_topology,
};
use npo_network::traffic::Times;

use common::data;

fn topology(path: &Path) -> Imported {
    open::topology(path, &ImportOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn traffic(path: &Path) -> Result<ImportedTraffic, Error> {
    open::traffic(path, &TrafficOptions::default())
}

/// Rows of the index by file.
fn index(dir: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(dir.join("INDEX.csv")).expect("the index");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
fn every_shared_topology_counts_what_the_index_says() {
    let Some(dir) = data("topologies") else { return };
    let rows = index(&dir);
    assert_eq!(rows.len(), 49);
    for row in rows {
        let file = &row["file"];
        let number = |name: &str| row[name].parse::<u64>().unwrap_or(0);
        let imported = topology(&dir.join(file));
        let report = &imported.report;
        let read = |subject| report.count(Kind::Read, subject);
        assert_eq!(imported.topology.nodes().len() as u64, number("nodes"), "{file}");
        assert_eq!(read(Subject::Links), number("links"), "{file}");
        assert_eq!(read(Subject::Capacities), number("links_with_capacity"), "{file}");
        let placed =
            imported.topology.nodes().iter().filter(|node| node.position.is_some()).count();
        assert_eq!(placed as u64, number("nodes_with_coordinates"), "{file}");
        assert_eq!(read(Subject::Demands), number("demands"), "{file}");
        let parts = row["connectivity"]
            .strip_suffix(" components")
            .map_or(0, |parts| parts.parse().expect("a number of components"));
        assert_eq!(report.count(Kind::Doubtful, Subject::Components), parts, "{file}");
        let parallel = imported.topology.bundles().iter().any(|bundle| bundle.links.len() > 1);
        assert_eq!(parallel, row["kind"] == "multigraph", "{file}");
        let directed = if row["kind"] == "directed" { 1 } else { 2 };
        let arcs = imported.topology.arcs().len() as u64;
        assert_eq!(arcs, directed * number("links"), "{file}");
        if let Some((total, unit)) = row["total_demand"].split_once(' ') {
            let total = total.parse::<f64>().expect("a number") * 1e6;
            let found = imported.demands.as_ref().expect("demands").total_bps();
            assert!((found - total).abs() <= 1e-9 * total, "{file}: {found} and {total}");
            let kind = if unit.is_empty() { Kind::Assumed } else { Kind::Read };
            assert!(report.note(kind, Subject::Unit).is_some(), "{file}");
        }
    }
}

#[test]
fn both_writings_of_sndlib_say_the_same() {
    let Some(dir) = data("topologies/sndlib-xml") else { return };
    let mut checked = 0;
    for entry in std::fs::read_dir(&dir).expect("a folder") {
        let xml = entry.expect("an entry").path();
        let name = xml.file_stem().expect("a name").to_string_lossy().into_owned();
        let native = dir.join("../sndlib-native").join(format!("{name}.txt"));
        let (xml, native) = (topology(&xml), topology(&native));
        assert_eq!(xml.topology, native.topology, "{name}");
        assert_eq!(xml.demands, native.demands, "{name}");
        checked += 1;
    }
    assert_eq!(checked, 12);
}

#[test]
fn what_is_written_is_read_again_exactly() {
    let Some(dir) = data("topologies") else { return };
    for row in index(&dir) {
        let first = topology(&dir.join(&row["file"]));
        let text = write_topology(&first.topology, first.demands.as_ref());
        let again = read_topology(text.as_bytes(), "again.json", &ImportOptions::default())
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.topology, first.topology, "{}", row["file"]);
        assert_eq!(again.demands, first.demands, "{}", row["file"]);
    }
}

#[test]
fn gaps_are_filled_as_asked_and_told() {
    let Some(dir) = data("topologies") else { return };
    let esnet = dir.join("topology-zoo-graphml/Esnet.graphml");
    let plain = topology(&esnet);
    assert_eq!(plain.report.count(Kind::Missing, Subject::Capacities), 2 * (92 - 10));
    let options =
        ImportOptions { assume_capacity: Positive::new(10e9), ..ImportOptions::default() };
    let filled = open::topology(&esnet, &options).expect("readable");
    assert_eq!(filled.report.count(Kind::Missing, Subject::Capacities), 0);
    assert!(filled.topology.arcs().iter().all(|arc| arc.capacity_bps.is_some()));
    let equinix = filled.topology.nodes().iter().filter(|node| node.name.starts_with("Equinix ("));
    assert_eq!(equinix.count(), 2);
    // Modules that could be installed stand in for what is not, unless a capacity is given.
    let france = dir.join("sndlib-native/france.txt");
    let capacity = |imported: &Imported| imported.topology.arcs()[0].capacity_bps;
    assert_eq!(capacity(&topology(&france)), Some(2.5e9));
    assert_eq!(capacity(&open::topology(&france, &options).expect("readable")), Some(10e9));
}

fn check_steps(path: PathBuf, steps: usize, pairs: usize, step_ms: Option<i64>) -> ImportedTraffic {
    let imported = traffic(&path).unwrap_or_else(|error| panic!("{error}"));
    let series = &imported.series;
    let found = (series.len(), series.pairs.len(), series.step_ms());
    assert_eq!(found, (steps, pairs, step_ms), "{}", path.display());
    imported
}

#[test]
fn every_shared_traffic_set_loads() {
    let Some(dir) = data(".") else { return };
    let abilene = dir.join("tm-abilene-2004");
    let csv =
        check_steps(abilene.join("abilene_tm_20040301_20040314.csv.gz"), 4032, 132, Some(300_000));
    let Times::Clock(at) = &csv.series.times else { panic!("times") };
    assert_eq!(at[0], 1_078_099_200_000);
    assert_eq!(csv.report.count(Kind::Assumed, Subject::Times), 4032);

    // The folder is the first hour of the table.
    let folder = check_steps(abilene.join("xml-sample"), 12, 132, Some(300_000));
    let topology = topology(&dir.join("topologies/sndlib-native/abilene.txt")).topology;
    let (table, folder) = (csv.series.resolve(&topology), folder.series.resolve(&topology));
    let (table, folder) = (table.expect("known names"), folder.expect("known names"));
    for step in 0..12 {
        let (one, other) = (table.matrix(step), folder.matrix(step));
        assert_eq!(one.demands().len(), other.demands().len());
        for (a, b) in one.demands().iter().zip(other.demands()) {
            assert_eq!((a.from, a.to), (b.from, b.to));
            assert!((a.bps - b.bps).abs() <= 0.5, "{} and {}", a.bps, b.bps);
        }
    }

    let germany = dir.join("tm-germany50-2005");
    check_steps(germany.join("germany50_tm_daily_200502.csv.gz"), 28, 2450, Some(86_400_000));
    let one = germany.join("demandMatrix-germany50-DFN-1day-20050201.xml");
    assert!(matches!(check_steps(one, 1, 2028, None).series.times, Times::Clock(_)));

    let meta = check_steps(dir.join("tm-meta-pod-a/meta_pod_a_tm.csv.gz"), 10_000, 12, None);
    assert_eq!(meta.series.times, Times::Steps);
    assert_eq!(meta.report.count(Kind::LeftOut, Subject::Columns), 2);

    let bell = dir.join("tm-bell-labs-1router");
    let od = check_steps(bell.join("bell_labs_od.csv.gz"), 287, 16, Some(300_000));
    assert_eq!(od.report.count(Kind::LeftOut, Subject::SelfDemands), 4);
}

#[test]
fn what_is_no_traffic_or_packed_otherwise_is_refused_with_what_to_do() {
    let Some(dir) = data(".") else { return };
    let check = |file: &str, expected: &str| {
        let error = traffic(&dir.join(file)).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("tm-abilene-2004/abilene_sndlib_xml_20040301_20040314.tar.zst", "zstd -d --long=27");
    check(
        "tm-bell-labs-1router/bell_labs_routing.csv.gz",
        "line 2 has `src fddi` as column `link`",
    );
    check("tm-bell-labs-1router/bell_labs_links.csv.gz", "expected some called `A>B`");
    check("tm-meta-pod-a/original/train_1.head200.hist", "as columns, expected some");
    check("tm-meta-pod-a", "has no file `*.xml`");
    check("topologies/topology-zoo-graphml/Colt.graphml", "<graphml>");
}
