//! Bundles as files: what an upload may hold, and where bundles are kept.
//!
//! `policies/<digest>/` holds the files of a bundle, `policies/<digest>.json` what the check said,
//! for lists; the check itself is repeated before a bundle is used.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use npo_api::policy::Policy;
use npo_core::Digest;

/// Files in one upload at most.
const FILES_MAX: usize = 256;
/// All files of an upload together at most, in bytes.
const BYTES_MAX: usize = 4 << 20;
/// Longest path inside a bundle, in bytes.
const PATH_MAX: usize = 256;
/// Deepest directory inside a bundle, as the check has it.
const DEPTH_MAX: usize = 8;
/// Largest description of a bundle that is read back, in bytes.
const DESCRIPTION_BYTES_MAX: u64 = 1 << 20;

/// Files of a bundle, by their path inside it.
#[derive(Debug)]
pub(crate) struct Upload(BTreeMap<String, String>);

/// Why files are no upload.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// A path leads somewhere else, or nowhere.
    #[error("path `{0}` is not allowed, expected a relative path with `/` and plain names")]
    Path(String),
    /// A path is there twice.
    #[error("path `{0}` is given twice")]
    Twice(String),
    /// Too many files.
    #[error("the bundle has more than {FILES_MAX} files")]
    TooMany,
    /// Too many bytes.
    #[error("the files of the bundle have more than {BYTES_MAX} bytes in all")]
    TooLarge,
    /// A directory cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Upload {
    /// Checks names and sizes.
    pub(crate) fn new(files: impl Iterator<Item = (String, String)>) -> Result<Self, UploadError> {
        let (mut upload, mut bytes) = (BTreeMap::new(), 0);
        for (path, text) in files {
            if !is_plain(&path) {
                return Err(UploadError::Path(path.chars().take(PATH_MAX).collect()));
            }
            bytes += text.len();
            if bytes > BYTES_MAX {
                return Err(UploadError::TooLarge);
            }
            if upload.len() >= FILES_MAX {
                return Err(UploadError::TooMany);
            }
            if upload.insert(path.clone(), text).is_some() {
                return Err(UploadError::Twice(path));
            }
        }
        Ok(Self(upload))
    }

    /// Reads the files of a directory.
    pub(crate) fn read(directory: &Path) -> Result<Self, UploadError> {
        let mut files = Vec::new();
        let mut open = vec![directory.to_owned()];
        while let Some(next) = open.pop() {
            let read = |source| UploadError::Read { path: next.clone(), source };
            for entry in fs::read_dir(&next).map_err(read)? {
                let entry = entry.map_err(read)?;
                let path = entry.path();
                let inside =
                    path.strip_prefix(directory).unwrap_or(&path).to_string_lossy().into_owned();
                let kind = entry.file_type().map_err(read)?;
                if kind.is_dir() && inside.split('/').count() <= DEPTH_MAX {
                    open.push(path);
                } else if kind.is_file() && is_part(&inside) {
                    if files.len() >= FILES_MAX {
                        return Err(UploadError::TooMany);
                    }
                    if entry.metadata().map_err(read)?.len() > BYTES_MAX as u64 {
                        return Err(UploadError::TooLarge);
                    }
                    let read = |source| UploadError::Read { path: path.clone(), source };
                    files.push((inside, fs::read_to_string(&path).map_err(read)?));
                }
            }
        }
        Self::new(files.into_iter())
    }

    /// Writes the files below `directory`, durably.
    pub(crate) fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        for (path, text) in &self.0 {
            let path = directory.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            write_durably(&path, text.as_bytes())?;
        }
        Ok(())
    }
}

/// Moves a checked bundle to the place of its digest, unless it is there already.
pub(crate) fn settle(temporary: &Path, directory: &Path, policy: &Policy) -> io::Result<()> {
    let place = directory.join(&policy.digest);
    if place.exists() {
        // Same digest, but what is there may have been changed or lack its tests.
        fs::remove_dir_all(&place)?;
    }
    fs::rename(temporary, &place)?;
    write_durably(
        &directory.join(format!("{}.json", policy.digest)),
        &serde_json::to_vec(policy)?,
    )?;
    File::open(directory)?.sync_all()
}

/// What the checks said of the bundles that are kept.
pub(crate) fn known(directory: &Path) -> io::Result<BTreeMap<Digest, Policy>> {
    let mut known = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if name.starts_with("incoming-") {
            // Left behind by a process that ended during a check.
            fs::remove_dir_all(&path)?;
            continue;
        }
        let Some(digest) = name.strip_suffix(".json").and_then(digest) else { continue };
        let small = path.metadata()?.len() <= DESCRIPTION_BYTES_MAX;
        let policy = small.then(|| fs::read(&path)).transpose()?;
        match policy.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            Some(policy) => {
                known.insert(digest, policy);
            }
            None => {
                tracing::warn!(path = %path.display(), "not a description of a bundle; passed over")
            }
        }
    }
    Ok(known)
}

/// The digest written in 64 hexadecimal digits.
pub(crate) fn digest(text: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(digest)
}

/// Whether the policy engine looks at a file.
fn is_part(path: &str) -> bool {
    path.ends_with(".rego")
        || matches!(path, "bundle.toml" | "data.json")
        || (path.starts_with("tests/") && path.ends_with(".json"))
}

fn is_plain(path: &str) -> bool {
    let plain = |c: Component<'_>| matches!(c, Component::Normal(_));
    let names = path.split('/').count();
    !path.is_empty()
        && path.len() <= PATH_MAX
        && names <= DEPTH_MAX
        && !path.contains(['\\', '\0', ':'])
        && path.split('/').all(|name| !name.is_empty() && !name.starts_with('.'))
        && Path::new(path).components().all(plain)
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_bundle() {
        let check = |path: &str, expected: bool| {
            let upload = Upload::new([(path.to_owned(), String::new())].into_iter());
            assert_eq!(upload.is_ok(), expected, "{path}");
        };
        check("policy.rego", true);
        check("rules/window.rego", true);
        check("README.md", true);
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "a/",
            ".hidden",
            "a\\b",
            "c:x",
            "a/./b",
        ] {
            check(path, false);
        }
        check(&"a/".repeat(9), false);
        check(&"a".repeat(257), false);
    }
}
