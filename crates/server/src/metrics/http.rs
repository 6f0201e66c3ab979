//! Requests by endpoint and status, and how long they took. Counting takes no lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use npo_api::endpoints::ENDPOINTS;

use super::text::{Kind, Page};

/// Upper bounds of the histogram's buckets, in seconds.
const BOUNDS_S: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
/// Statuses counted: 100 to 599.
const STATUSES: usize = 500;

struct OfEndpoint {
    id: &'static str,
    statuses: Box<[AtomicU64]>,
    buckets: [AtomicU64; BOUNDS_S.len() + 1],
    sum_us: AtomicU64,
}

/// Counts of all endpoints.
pub(crate) struct HttpMetrics(Vec<OfEndpoint>);

impl HttpMetrics {
    pub(crate) fn new() -> Self {
        let of = |id| OfEndpoint {
            id,
            statuses: (0..STATUSES).map(|_| AtomicU64::new(0)).collect(),
            buckets: Default::default(),
            sum_us: AtomicU64::new(0),
        };
        Self(ENDPOINTS.iter().map(|endpoint| of(endpoint.id)).collect())
    }

    /// Counts one request.
    pub(crate) fn observe(&self, endpoint: &str, status: u16, took: Duration) {
        let Some(of) = self.0.iter().find(|of| of.id == endpoint) else { return };
        if let Some(count) = usize::from(status).checked_sub(100).and_then(|i| of.statuses.get(i)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let bucket = BOUNDS_S.iter().position(|bound| took.as_secs_f64() <= *bound);
        of.buckets[bucket.unwrap_or(BOUNDS_S.len())].fetch_add(1, Ordering::Relaxed);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        of.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Writes both families.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(crate) fn render(&self, page: &mut Page) {
        page.family("npo_http_requests_total", Kind::Counter, "Requests by endpoint and status.");
        for of in &self.0 {
            for (status, count) in (100..).zip(&of.statuses) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let status: i32 = status;
                    page.sample(
                        "",
                        &[("endpoint", of.id), ("status", &status.to_string())],
                        count as f64,
                    );
                }
            }
        }
        page.family(
            "npo_http_request_seconds",
            Kind::Histogram,
            "Time from the head of a request to its answer.",
        );
        for of in &self.0 {
            let counts = of.buckets.each_ref().map(|count| count.load(Ordering::Relaxed));
            let total: u64 = counts.iter().sum();
            if total == 0 {
                continue;
            }
            let mut below = 0;
            let bounds = BOUNDS_S.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
            for (bound, count) in bounds.zip(counts) {
                below += count;
                page.sample("_bucket", &[("endpoint", of.id), ("le", &bound)], below as f64);
            }
            let sum = of.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
            page.sample("_sum", &[("endpoint", of.id)], sum);
            page.sample("_count", &[("endpoint", of.id)], total as f64);
        }
    }
}
