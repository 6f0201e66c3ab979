//! What a recording may look like, and what is said about one that cannot be read.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::sample::{LinkState, Reading, SessionState};

const COUNTERS: &str = "time,device,interface,bytes-received,bytes-sent,packets-received,packets-sent,input-errors,\
                        crc-errors,carrier-transitions\n";
const ROW: &str = "2020-01-21 05:23:42.636000+00:00,spine1,HundredGigE0/0/0/0,1,2,3,4,5,6,7\n";

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn dir_with(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).expect("a writable directory");
    }
    dir
}

fn read_all(dir: &Path, limits: &Limits) -> Result<Vec<Sample>, Error> {
    let mut recording = Recording::open(dir, "lab", limits)?;
    let mut samples = Vec::new();
    recording.replay(&mut |_| {}, &mut |_, sample| samples.push(*sample))?;
    Ok(samples)
}

/// The error of a recording of these files, with its causes, and with the directory written as `DIR`.
fn check(files: &[(&str, &[u8])], limits: &Limits, expected: &str) {
    let dir = dir_with(files);
    let error = read_all(dir.path(), limits).expect_err(expected);
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    let text = text.replace(&dir.path().display().to_string(), "DIR");
    assert_eq!(text, expected);
}

#[test]
fn rows_of_all_tables_come_in_order_of_time() {
    let counters = format!("{COUNTERS}{ROW}{}", ROW.replace("05:23:42", "05:23:52"));
    let state = "extra,time,device,interface,bandwidth,state\r\n\
                 \"a, b\",2020-01-21 05:23:50+00:00,spine1,HundredGigE0/0/0/0,100000000,im-state-admindown\r\n";
    let bfd = "time,device,interface,destination-address,state\n\
               2020-01-21 05:23:41+00:00,leaf1,HundredGigE0/0/0/9,172.31.24.4,bfd-mgmt-session-state-init\n";
    let links =
        "device,interface,peer_device,peer_interface\nspine1,Hu0/0/0/0,leaf1,HundredGigE0/0/0/9\n";
    let events = "timestamp,event,duration,device,interface,comment\n1579584854.3,set_loopback,,spine3,loopback 0,\"x\"\n";
    let dir = dir_with(&[
        ("counters.csv.gz", &packed(counters.as_bytes())),
        ("state.csv", state.as_bytes()),
        ("bfd.csv.gz", &packed(bfd.as_bytes())),
        ("cdp_links.csv", links.as_bytes()),
        ("events.csv", events.as_bytes()),
        ("notes.md", b"a note"),
    ]);
    let mut recording = Recording::open(dir.path(), "lab", &Limits::default()).expect("readable");
    let mut samples = Vec::new();
    let mut last = Progress::default();
    recording
        .replay(&mut |progress| last = progress, &mut |_, sample| samples.push(*sample))
        .expect("readable");
    let times: Vec<i64> = samples.iter().map(|sample| sample.at_ms - 1_579_584_000_000).collect();
    assert_eq!(times, [221_000, 222_636, 230_000, 232_636]);
    assert!(matches!(samples[0].reading, Reading::Session { state: SessionState::Down, .. }));
    assert!(matches!(
        samples[2].reading,
        Reading::Link { state: LinkState::AdminDown, bandwidth_kbps: 100_000_000 }
    ));
    let Reading::Counters(counters) = samples[3].reading else {
        panic!("{samples:?}");
    };
    assert_eq!(
        (counters.bytes_received, counters.crc_errors, counters.carrier_transitions),
        (1, 6, 7)
    );
    assert_eq!(samples[1].port, samples[3].port);
    let peer = recording.cabling().peer(samples[1].port).expect("cabled");
    assert_eq!(recording.catalog().label(peer), "leaf1:HundredGigE0/0/0/9");
    assert_eq!((recording.notes(), recording.labelled_events().len()), ("a note", 1));
    assert_eq!((last.rows_done, last.bytes_done), (4, last.bytes_total));
}

#[test]
fn an_unreadable_recording_says_where_and_why() {
    let limits = Limits::default();
    check(
        &[],
        &limits,
        "recording `DIR` is incomplete: found neither `counters.csv.gz` nor `counters.csv`",
    );
    check(
        &[("counters.csv", b"time,device\n")],
        &limits,
        "`DIR/counters.csv` line 1 has no column `interface`: found `time,device`",
    );
    check(
        &[("counters.csv", format!("{COUNTERS}{ROW}{}", ROW.replace(",5,", ",5x,")).as_bytes())],
        &limits,
        "`DIR/counters.csv` line 3 column `input-errors`: found `5x`, expected a whole number from 0 to \
         18446744073709551615",
    );
    check(
        &[(
            "counters.csv",
            format!("{COUNTERS}{}", ROW.replace("2020-01-21", "yesterday")).as_bytes(),
        )],
        &limits,
        "`DIR/counters.csv` line 2 column `time`: found `yesterday 05:23:42.636000+00:00`, expected a time such as \
         2020-01-21 05:24:00.801+00:00",
    );
    check(
        &[("counters.csv", format!("{COUNTERS}2020-01-21 05:23:42,spine1\n").as_bytes())],
        &limits,
        "`DIR/counters.csv` line 2 has 2 fields, expected at least 10",
    );
    check(
        &[
            ("counters.csv", COUNTERS.as_bytes()),
            (
                "state.csv",
                b"time,device,interface,state,bandwidth\n2020-01-21 05:23:42,a,b,sideways,1\n",
            ),
        ],
        &limits,
        "`DIR/state.csv` line 2 column `state`: found `sideways`, expected up, down, admin-down or a state such as \
         im-state-up",
    );
    check(
        &[
            ("counters.csv", COUNTERS.as_bytes()),
            ("events.csv", b"timestamp,event,device,interface\nnoon,x,,\n"),
        ],
        &limits,
        "`DIR/events.csv` line 2 column `timestamp`: found `noon`, expected seconds since 1970",
    );
}

#[test]
fn a_truncated_or_foreign_gzip_is_an_error() {
    let limits = Limits::default();
    let whole = packed(format!("{COUNTERS}{}", ROW.repeat(1_000)).as_bytes());
    let dir = dir_with(&[("counters.csv.gz", &whole[..whole.len() - 12])]);
    let error = read_all(dir.path(), &limits).expect_err("truncated");
    assert!(
        matches!(&error, Error::Read { source, .. } if source.kind() == std::io::ErrorKind::UnexpectedEof),
        "{error:?}"
    );
    let dir = dir_with(&[("counters.csv.gz", COUNTERS.as_bytes())]);
    assert!(matches!(read_all(dir.path(), &limits), Err(Error::Read { line: 0, .. })));
    let error = read_all(Path::new("/nowhere/at/all"), &limits).expect_err("absent");
    assert!(matches!(error, Error::NotADirectory { .. }));
}

#[test]
fn limits_stop_bombs() {
    let text = format!("{COUNTERS}{}", ROW.repeat(30_000));
    let bomb = packed(text.as_bytes());
    let small = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
    check(
        &[("counters.csv.gz", &bomb)],
        &small,
        "`DIR/counters.csv.gz` is too large: found more than 1048576 bytes unpacked",
    );
    let small = Limits { file_bytes_max: 1_000, ..Limits::default() };
    check(
        &[("counters.csv", text.as_bytes())],
        &small,
        "`DIR/counters.csv` is too large: found more than 1000 bytes on disk",
    );
    let long = format!("{COUNTERS}{}\n", "x".repeat(20_000));
    check(
        &[("counters.csv", long.as_bytes())],
        &Limits::default(),
        "`DIR/counters.csv` line 2 is too long: found more than 16384 bytes",
    );
    let many = format!("timestamp,event,device,interface\n{}", "1,x,,\n".repeat(20));
    let few = Limits { small_table_lines_max: 10, ..Limits::default() };
    check(
        &[("counters.csv", COUNTERS.as_bytes()), ("events.csv", many.as_bytes())],
        &few,
        "`DIR/events.csv` has too many lines: found more than 10",
    );
    let ratio =
        Limits { unpacked_ratio_from: 1 << 20, unpacked_ratio_max: 10, ..Limits::default() };
    check(
        &[("counters.csv.gz", &bomb)],
        &ratio,
        "`DIR/counters.csv.gz` is too large: found more than 10 bytes unpacked per packed byte",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000), is_packed in any::<bool>()) {
        let name = if is_packed { "counters.csv.gz" } else { "counters.csv" };
        let dir = dir_with(&[(name, &bytes)]);
        let _ = read_all(dir.path(), &Limits::default());
    }

    #[test]
    fn random_rows_below_sound_headers_never_panic(
        rows in "([0-9a-z:. ,\"+-]{0,80}\r?\n){0,20}",
        damaged in 0usize..110,
        byte in any::<u8>(),
    ) {
        let mut row = ROW.as_bytes().to_vec();
        if let Some(hit) = row.get_mut(damaged) {
            *hit = byte;
        }
        let counters = [COUNTERS.as_bytes(), ROW.as_bytes(), &row, ROW.as_bytes()].concat();
        let links = format!("device,interface,peer_device,peer_interface\n{rows}");
        let bfd = format!("time,device,interface,destination-address,state\n{rows}");
        let dir = dir_with(&[("counters.csv", &counters), ("cdp_links.csv", links.as_bytes())]);
        let _ = read_all(dir.path(), &Limits::default());
        let dir = dir_with(&[("counters.csv", &counters), ("bfd.csv", bfd.as_bytes())]);
        let _ = read_all(dir.path(), &Limits::default());
    }
}

#[test]
fn cabling_on_its_own_finds_ports_under_both_of_their_names() {
    let links = "peer_interface,device,interface,peer_device\n\
                 HundredGigE0/0/0/1,leaf1,Hu0/0/0/1,spine1\nTe1/1,leaf1,Te1/1,spine1\n";
    let dir = dir_with(&[("links.csv", links.as_bytes())]);
    let mut catalog = Catalog::default();
    let leaf = catalog.device("leaf1", "lab").expect("room");
    let spine = catalog.device("spine1", "lab").expect("room");
    let long = catalog.port(leaf, "HundredGigE0/0/0/1").expect("room");
    let short = catalog.port(spine, "Hu0/0/0/1").expect("room");
    let path = dir.path().join("links.csv");
    let cabling =
        read_cabling(&path, "lab", &Limits::default(), &mut catalog).expect("a table of links");
    assert_eq!(cabling.peer(long), Some(short));
    assert_eq!(cabling.ends().count(), 4);
    assert!(catalog.find_port("leaf1", "TenGigE1/1").is_some());
    let absent = dir.path().join("absent.csv");
    let error = read_cabling(&absent, "lab", &Limits::default(), &mut catalog).expect_err("absent");
    assert!(error.to_string().contains("absent.csv"), "{error}");
}
