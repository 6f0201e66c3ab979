//! A bundle as bytes: read once from a directory, within limits, and never read again.
//!
//! Layout: `*.rego` at any depth outside `tests/`, optional `data.json`, `tests/*.json`,
//! `bundle.toml`. Everything else is ignored. Symbolic links are refused, because what they point
//! at is not part of what was reviewed.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::check::CheckError;
use crate::limits::Limits;
use crate::scan;

/// A bundle in memory. Paths are relative, with `/`, and sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bundle {
    /// `bundle.toml`.
    pub(crate) manifest: Manifest,
    /// Rego sources.
    pub(crate) rego: Vec<SourceFile>,
    /// Text of `data.json`; `{}` when there is none.
    pub(crate) data: String,
    /// Case files.
    pub(crate) tests: Vec<SourceFile>,
    /// SHA-256 over everything that a verdict depends on.
    pub(crate) digest: Digest,
}

/// One text file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What `bundle.toml` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Short name of the bundle.
    pub name: String,
    /// Version, in whatever scheme its owners use.
    pub version: String,
    /// One line on what it is for.
    #[serde(default)]
    pub description: String,
}

/// Identity of a bundle: SHA-256, shown as 64 hexadecimal digits.
///
/// Tests are left out: they show that a bundle is right, they do not change what it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Bundle {
    /// Reads and looks over a bundle without parsing any Rego.
    pub(crate) fn read(dir: &Path, limits: &Limits) -> Result<Self, CheckError> {
        let mut reader = Reader { limits, entries: 0, total: 0, files: Vec::new() };
        reader.walk(dir, "", 0)?;
        let mut files = reader.files;
        files.sort_by(|a, b| a.path.cmp(&b.path));

        let digest = digest_of(files.iter().filter(|file| !file.path.starts_with("tests/")));
        let mut bundle = Self {
            manifest: Manifest {
                name: String::new(),
                version: String::new(),
                description: String::new(),
            },
            rego: Vec::new(),
            data: "{}".to_owned(),
            tests: Vec::new(),
            digest,
        };
        let mut has_manifest = false;
        for file in files {
            match file.path.as_str() {
                "bundle.toml" => {
                    bundle.manifest = npo_wording::read(&file.text).map_err(|wrong| {
                        CheckError::Manifest { message: format!("`bundle.toml`: {wrong}") }
                    })?;
                    has_manifest = true;
                }
                "data.json" => bundle.data = file.text,
                path if path.starts_with("tests/") => bundle.tests.push(file),
                _ => bundle.rego.push(file),
            }
        }
        if !has_manifest {
            return Err(CheckError::Manifest {
                message: "`bundle.toml` is missing, expected it with `name`, `version` and perhaps `description`"
                    .to_owned(),
            });
        }
        if bundle.rego.is_empty() {
            return Err(CheckError::Empty);
        }
        for file in &bundle.rego {
            if let Some(at) = scan::too_deep(&file.text, limits.literal_depth_max) {
                return Err(CheckError::LiteralDepth {
                    file: file.path.clone(),
                    line: at.line,
                    column: at.column,
                    depth_max: limits.literal_depth_max,
                });
            }
        }
        Ok(bundle)
    }
}

struct Reader<'a> {
    limits: &'a Limits,
    entries: usize,
    total: u64,
    files: Vec<SourceFile>,
}

impl Reader<'_> {
    fn walk(&mut self, dir: &Path, prefix: &str, depth: usize) -> Result<(), CheckError> {
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |source| CheckError::Io { path, source }
        };
        if depth > self.limits.directory_depth_max {
            return Err(CheckError::DirectoryDepth {
                path: prefix.to_owned(),
                depth_max: self.limits.directory_depth_max,
            });
        }
        for entry in fs::read_dir(dir).map_err(io(dir))? {
            let entry = entry.map_err(io(dir))?;
            self.entries += 1;
            if self.entries > self.limits.entries_max {
                return Err(CheckError::TooManyFiles { max: self.limits.entries_max });
            }
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if name.starts_with('.') {
                continue;
            }
            let path = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(io(&entry.path()))?;
            if kind.is_dir() {
                self.walk(&entry.path(), &format!("{path}/"), depth + 1)?;
            } else if is_part(&path) {
                if !kind.is_file() {
                    return Err(CheckError::NotAFile { path });
                }
                self.take(&entry.path(), path)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, on_disk: &Path, path: String) -> Result<(), CheckError> {
        if self.files.len() >= self.limits.files_max {
            return Err(CheckError::TooManyFiles { max: self.limits.files_max });
        }
        let max = self.limits.file_bytes_max;
        let io = |source| CheckError::Io { path: path.clone(), source };
        let file = fs::File::open(on_disk).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        if bytes > max {
            return Err(CheckError::FileTooLarge { path, bytes, max });
        }
        let mut content = Vec::new();
        // One byte more than allowed, so that a file that grew in between is noticed too.
        file.take(max + 1).read_to_end(&mut content).map_err(io)?;
        let bytes = content.len() as u64;
        if bytes > max {
            return Err(CheckError::FileTooLarge { path, bytes, max });
        }
        self.total += bytes;
        if self.total > self.limits.total_bytes_max {
            return Err(CheckError::TooLarge { max: self.limits.total_bytes_max });
        }
        let text = String::from_utf8(content).map_err(|error| CheckError::NotUtf8 {
            path: path.clone(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        self.files.push(SourceFile { path, text });
        Ok(())
    }
}

/// Whether a relative path belongs to a bundle.
fn is_part(path: &str) -> bool {
    match path.strip_prefix("tests/") {
        Some(rest) => rest.ends_with(".json") && !rest.contains('/'),
        None => matches!(path, "bundle.toml" | "data.json") || path.ends_with(".rego"),
    }
}

fn digest_of<'a>(files: impl Iterator<Item = &'a SourceFile>) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(b"npo policy bundle 1\n");
    for file in files {
        // Lengths first, so that no two different bundles feed the same bytes.
        for part in [&file.path, &file.text] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, files: &[(&str, &[u8])]) {
        for (path, bytes) in files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().expect("inside the directory")).expect("directory");
            fs::write(path, bytes).expect("file");
        }
    }

    const MANIFEST: (&str, &[u8]) = ("bundle.toml", b"name = \"t\"\nversion = \"1\"\n");

    fn check(files: &[(&str, &[u8])], expected: Result<&[&str], &str>) {
        let dir = tempfile::tempdir().expect("temporary directory");
        write(dir.path(), files);
        let limits =
            Limits { file_bytes_max: 64, total_bytes_max: 100, files_max: 4, ..Limits::default() };
        match (Bundle::read(dir.path(), &limits), expected) {
            (Ok(bundle), Ok(paths)) => {
                assert_eq!(
                    bundle.rego.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
                    paths
                );
            }
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
            (found, expected) => panic!("found {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_wrong_manifest_is_told_with_its_place_and_without_types() {
        let check = |manifest: &str, expected: &str| {
            let expected = format!("`bundle.toml`: {expected}");
            check(&[("bundle.toml", manifest.as_bytes()), ("a.rego", b"x")], Err(&expected));
        };
        check("name = 3", "line 1, column 8: `name`: found `3`, expected a text");
        check("nam = \"t\"", "line 1, column 1: `nam`: unknown key `nam`, did you mean `name`?");
        check("name = \"t\"", "the key `version` is missing");
        check("name = \"t\"\nversion =", "line 2, column 10: found nothing, expected a value");
        check("[name]\na = 1", "line 1, column 1: `name`: found a table, expected a text");
    }

    #[test]
    fn reads_what_belongs_and_refuses_what_is_out_of_bounds() {
        check(
            &[
                MANIFEST,
                ("b.rego", b"x"),
                ("a/c.rego", b"y"),
                ("tests/t.rego", b"z"),
                ("README.md", b"w"),
            ],
            Ok(&["a/c.rego", "b.rego"]),
        );
        check(
            &[MANIFEST, ("a.rego", &[b'x'; 65])],
            Err("`a.rego` has 65 bytes, expected at most 64"),
        );
        check(
            &[MANIFEST, ("a.rego", &[b'x'; 60]), ("b.rego", &[b'x'; 60])],
            Err("more than 100 bytes"),
        );
        check(&[MANIFEST, ("a.rego", b"\xff")], Err("`a.rego` is not UTF-8 at byte 0"));
        check(&[MANIFEST], Err("no `.rego` file"));
        check(&[("a.rego", b"x")], Err("`bundle.toml` is missing"));
        check(&[("bundle.toml", b"name = 1"), ("a.rego", b"x")], Err("`bundle.toml`"));
        check(
            &[MANIFEST, ("a.rego", b"x"), ("b.rego", b""), ("c.rego", b""), ("d.rego", b"")],
            Err("more than 4 files"),
        );
    }

    #[test]
    fn digest_covers_names_and_bytes_but_not_tests() {
        let digest = |files: &[(&str, &[u8])]| {
            let dir = tempfile::tempdir().expect("temporary directory");
            write(dir.path(), &[MANIFEST]);
            write(dir.path(), files);
            Bundle::read(dir.path(), &Limits::default()).expect("a readable bundle").digest
        };
        let base = digest(&[("a.rego", b"x")]);
        assert_eq!(base, digest(&[("a.rego", b"x"), ("tests/t.json", b"[]")]));
        assert_ne!(base, digest(&[("b.rego", b"x")]));
        assert_ne!(base, digest(&[("a.rego", b"y")]));
        assert_ne!(base, digest(&[("a.rego", b"x"), ("data.json", b"{}")]));
        assert_eq!(base.to_string().len(), 64);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_refused() {
        let dir = tempfile::tempdir().expect("temporary directory");
        write(dir.path(), &[MANIFEST]);
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("a.rego")).expect("link");
        let error = Bundle::read(dir.path(), &Limits::default()).expect_err("refused");
        assert!(error.to_string().contains("`a.rego` is not a plain file"), "{error}");
    }
}
