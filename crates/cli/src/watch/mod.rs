//! The live inbox of `npo decision watch`.
//!
//! [`model`] is what is on the screen, [`mod@update`] how it changes (pure: event in, model and errands
//! out), [`view`] how it looks, [`inbox`] the threads, the terminal and the errands.
//! [`plain`] is what is printed where there is no terminal.

pub(crate) mod inbox;
mod keys;
mod model;
pub(crate) mod plain;
mod update;
mod view;
