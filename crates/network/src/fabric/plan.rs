//! The plan of a generated fabric: its devices, its links, and what a link counts.

use super::config::{Error, FabricConfig};
use super::forward::Lane;
use crate::cabling::Cabling;
use crate::catalog::{Catalog, PortId, SessionId};
use crate::sample::{Counters, LinkState};

/// Bytes of an average packet.
const PACKET_BYTES: f64 = 800.0;

#[derive(Debug)]
pub(super) struct End {
    pub(super) port: PortId,
    pub(super) session: SessionId,
    pub(super) counters: Counters,
    /// The counters at the step before.
    pub(super) before: Counters,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) leaf: usize,
    pub(super) spine: usize,
    /// The leaf's end, then the spine's.
    pub(super) ends: [End; 2],
    pub(super) state: [LinkState; 2],
    pub(super) session_up: bool,
}

impl Link {
    pub(super) fn is_usable(&self) -> bool {
        self.session_up && self.state[0] == LinkState::Up && self.state[1] == LinkState::Up
    }

    /// Counts at both ends what a direction carried for `seconds`: 0 leaves the leaf, 1 arrives there.
    pub(super) fn count(&mut self, direction: usize, lane: &Lane, seconds: f64) {
        let bytes = |bps: f64| (bps * seconds / 8.0) as u64;
        let packets = |bps: f64| (bps * seconds / 8.0 / PACKET_BYTES) as u64;
        let from = &mut self.ends[direction].counters;
        from.bytes_sent += bytes(lane.sent_bps);
        from.packets_sent += packets(lane.sent_bps);
        let to = &mut self.ends[1 - direction].counters;
        to.bytes_received += bytes(lane.received_bps);
        to.packets_received += packets(lane.received_bps);
        let errors = packets(lane.sent_bps * lane.errors);
        to.input_errors += errors;
        to.crc_errors += errors;
    }
}

impl End {
    /// The counters as the device tells them: those of traffic are behind by this share of the interval.
    pub(super) fn told(&self, behind: f64) -> Counters {
        let back = |now: u64, before: u64| now - ((now - before) as f64 * behind) as u64;
        let (now, before) = (&self.counters, &self.before);
        Counters {
            bytes_received: back(now.bytes_received, before.bytes_received),
            bytes_sent: back(now.bytes_sent, before.bytes_sent),
            packets_received: back(now.packets_received, before.packets_received),
            packets_sent: back(now.packets_sent, before.packets_sent),
            ..self.counters
        }
    }
}

/// Names and plugs in everything.
pub(super) fn build(config: &FabricConfig) -> Result<(Catalog, Cabling, Vec<Link>), Error> {
    let prefix = config.interface_prefix()?;
    let (mut catalog, mut cabling, mut links) =
        (Catalog::default(), Cabling::default(), Vec::new());
    let mut end = |device: String, site: &str, port: usize, peer: String| {
        // The limits of a fabric are far below those of a catalog.
        let device = catalog.device(&device, site).expect("fewer devices than a catalog holds");
        let name = format!("{prefix}0/0/0/{port}");
        let port = catalog.port(device, &name).expect("fewer ports than a catalog holds");
        let session = catalog.session(port, &peer).expect("one session per port");
        End { port, session, counters: Counters::default(), before: Counters::default() }
    };
    for (s, site) in config.sites.iter().enumerate() {
        for l in 0..config.leaves {
            for p in 0..config.spines {
                for k in 0..config.parallel_links {
                    let (leaf, spine) = (s * config.leaves + l, s * config.spines + p);
                    let (leaf_name, spine_name) =
                        (format!("leaf{}", leaf + 1), format!("spine{}", spine + 1));
                    let up = end(
                        leaf_name.clone(),
                        site,
                        p * config.parallel_links + k,
                        spine_name.clone(),
                    );
                    let down = end(spine_name, site, l * config.parallel_links + k, leaf_name);
                    cabling.connect(up.port, down.port);
                    let state = [LinkState::Up; 2];
                    links.push(Link { leaf, spine, ends: [up, down], state, session_up: true });
                }
            }
        }
    }
    Ok((catalog, cabling, links))
}
