//! What readers of files say to whoever wrote the file: the place, what was found, what was expected,
//! and the word that was probably meant.
//!
//! `invalid type: string "1.5", expected f64` is what a library tells whoever wrote the program. Who
//! wrote the file knows of texts, numbers, lists and tables, and of lines and columns.
//! Everything in npo that reads TOML reads it here ([`read`], [`typed`]); [`plain()`] is for messages of
//! other readers, [`nearest()`] for words of any kind.
//!
//! It knows nothing of what the files mean, and depends on no other crate of npo.

mod nearest;
mod place;
mod plain;
mod read;

pub use nearest::{meant, nearest};
pub use place::{line_column, locate};
pub use plain::{plain, unknown};
pub use read::{Wrong, read, syntax, typed};
