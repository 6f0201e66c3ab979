//! A topology is read and kept exactly, or refused: nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use npo_network::format::{ImportOptions, read_topology, write_topology};

fuzz_target!(|bytes: &[u8]| {
    let options = ImportOptions::default();
    let Ok(read) = read_topology(bytes, "fuzzed", &options) else { return };
    let written = write_topology(&read.topology, read.demands.as_ref());
    let again = read_topology(written.as_bytes(), "written", &options)
        .unwrap_or_else(|error| panic!("what was written is refused: {error}\n{written}"));
    assert_eq!(read.topology, again.topology);
    assert_eq!(read.demands, again.demands);
});
