//! Telemetry that a Prometheus server holds: what to ask it, and what its answers mean.
//!
//! ```text
//! Mapping ──► Question ──► Request ──(somebody sends it)──► bytes ──► Answer ──► Reader ──► Samples
//! ```
//!
//! A [`Mapping`] says which metric carries which counter and which labels name device and interface; [`presets`] has
//! those of the usual collectors.
//! An [`Answer`] is the typed form of what the HTTP API v1 returns; a [`Reader`] joins the series of one port and one
//! moment into [`Sample`](crate::Sample)s, in order of time, each exactly once.
//!
//! Metrics are read as they were scraped, with their own time stamps, by an instant query with a range selector
//! (`metric[2m]`).
//! The values that a range query gives are taken anew at every step, repeat for minutes when a device is silent, and
//! would look like links that carry nothing; they are used only for expressions, which have no samples of their own.
//!
//! Nothing here sends, waits or looks at a clock.

mod answer;
mod field;
mod mapping;
mod names;
mod notes;
pub mod presets;
mod question;
mod reader;
mod row;
mod survey;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Error as AnswerError, Series, parse};
pub use field::{Field, Fields};
pub use mapping::{Mapping, MappingError, Metric, Source};
pub use notes::{Note, Notes};
pub use question::{Interval, POINTS_MAX, Question, Request, questions};
pub use reader::Reader;
pub use survey::{Survey, Watchable};
