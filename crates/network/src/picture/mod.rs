//! The part of a network that an action touches, drawn before and after.
//!
//! [`neighbourhood`] chooses what matters: what is touched, what changes most, what is close to its limit. Everything
//! else is put together by kind and site, so that a fabric of a thousand links is still a picture and not a hairball.
//! [`svg`] draws a [`Neighbourhood`]; [`words`] says the same for those who cannot see it.
//! A neighbourhood is plain data, so that it can be kept with a decision and drawn again years later.

mod choose;
mod layout;
mod svg;
mod view;
mod words;

pub use choose::{LINKS_DRAWN, NODES_DRAWN, neighbourhood};
pub use svg::{Theme, svg};
pub use view::{DrawnLink, DrawnNode, LinkState, Neighbourhood};
pub use words::words;
