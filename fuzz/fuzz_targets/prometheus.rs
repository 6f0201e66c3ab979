//! An answer of a Prometheus server is read with values in order of time, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use npo_network::prometheus::parse;

fuzz_target!(|body: &[u8]| {
    let _ = parse(body);
});
