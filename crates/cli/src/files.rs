//! Reading what people point at, within limits.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::exit::Failure;

/// The bytes of the file at `path`, or of standard input for `-`; at most `max`.
pub(crate) fn read(path: &Path, max: u64) -> Result<Vec<u8>, Failure> {
    let name = if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        format!("`{}`", path.display())
    };
    let unreadable = |error: io::Error| Failure::could_not(format!("could not read {name}"), error);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        File::open(path)
            .map_err(unreadable)?
            .take(max + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    }
    if bytes.len() as u64 > max {
        return Err(Failure::cannot(format!("{name} has more than {max} bytes")));
    }
    Ok(bytes)
}

/// The same as text.
pub(crate) fn read_text(path: &Path, max: u64) -> Result<String, Failure> {
    String::from_utf8(read(path, max)?).map_err(|error| {
        Failure::could_not(format!("`{}` is not UTF-8", path.display()), error.utf8_error())
    })
}
