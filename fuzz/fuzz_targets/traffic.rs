//! Traffic is read with rates that are finite and not negative, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use npo_network::format::{TrafficOptions, read_traffic};
use npo_network::traffic::Times;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = read_traffic(bytes, "fuzzed", &TrafficOptions::default()) else { return };
    let series = read.series;
    for row in &series.rows {
        assert_eq!(row.len(), series.pairs.len());
        assert!(row.iter().all(|bps| bps.is_finite() && *bps >= 0.0), "{row:?}");
    }
    if let Times::Clock(at) = &series.times {
        assert_eq!(at.len(), series.rows.len());
        assert!(at.is_sorted_by(|a, b| a < b), "{at:?}");
    }
});
