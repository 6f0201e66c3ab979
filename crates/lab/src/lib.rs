//! The laboratory: simulated worlds, methods to compare, real streams as operators, and questions
//! to a real log.
//!
//! A run drives the same `decide` and `apply` that serve in production; nothing here scores,
//! chooses a threshold or learns by itself.
//! What happens to be on a disk, a screen or a network is left to callers: the laboratory reads
//! text and logs that it is given and writes into folders that it is given.

pub mod counterfactual;
pub mod experiment;
pub mod folder;
pub mod record;
pub mod recovery;
pub mod report;
pub mod results;
pub mod run;
pub mod runner;
pub mod shipped;
pub mod stream;
pub mod summary;
pub mod world;
