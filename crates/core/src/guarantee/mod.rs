//! The mathematics of what is promised: certificates, alarms, intervals and honest reports
//! (METHODS 2.5–2.8).
//!
//! Everything here is a function of counts and labels; which decisions were surfaced, audited or
//! executed, and what a crossing sets in motion, is the business of [`mod@crate::decide`] and the fold.
//!
//! Two kinds of code live here and must stay apart.
//! What the fold calls (the `observe` of [`EProcess`], [`Evidence`], [`ShiryaevRoberts`] and their
//! like) uses sums, products and comparisons only, so that a replay gives the same bits everywhere.
//! What is only read (intervals, reports, tests of slices) may use the platform's logarithm.

pub mod bernstein;
pub mod calibration;
pub mod certificate;
pub mod detector;
pub mod discovery;
pub mod divergence;
pub mod doubt;
pub mod e_process;
pub mod fidelity;
pub mod review_queue;
pub mod sequence;

pub use bernstein::EmpiricalBernstein;
pub use calibration::{Calibration, CalibrationSettings};
pub use certificate::{CertificateSettings, Evidence};
pub use detector::{Cusum, PageHinkley, ShiryaevRoberts};
pub use divergence::{DivergenceSettings, Finding};
pub use e_process::EProcess;
pub use fidelity::{Fidelity, FidelityCounts};
pub use review_queue::{ReviewQueue, ReviewSettings};
pub use sequence::Estimate;

#[cfg(test)]
pub(crate) mod chance;
