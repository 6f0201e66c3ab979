//! Files and folders for the readers: regular files only, within limits.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::{Error, Why};
use super::report::{Kind, Subject, counted_as, listed};
use super::{
    FILE_BYTES_MAX, ImportOptions, Imported, ImportedTraffic, TrafficOptions, read_topology,
    read_traffic, read_traffic_files,
};

/// Entries of one folder that are looked at.
const ENTRIES_MAX: usize = 200_000;

/// Reads a topology from a file.
///
/// # Errors
/// As [`read_topology`], or the file cannot be read.
pub fn topology(path: &Path, options: &ImportOptions) -> Result<Imported, Error> {
    read_topology(&bytes(path, false)?, &name(path), options)
}

/// Reads traffic from a file, or from a folder of SNDlib XML files over time.
///
/// # Errors
/// As [`read_traffic`] and [`read_traffic_files`], or something cannot be read.
pub fn traffic(path: &Path, options: &TrafficOptions) -> Result<ImportedTraffic, Error> {
    if !path.is_dir() {
        return read_traffic(&bytes(path, true)?, &name(path), options);
    }
    let (matrices, others) = entries(path)?;
    if matrices.is_empty() {
        let among = match others.as_slice() {
            [] => "there is nothing in it".to_owned(),
            others => format!("there is {}", listed(others.iter().map(String::as_str))),
        };
        let what = format!("file `*.xml` or `*.xml.gz`, a matrix of SNDlib each; {among}");
        return Err(error(path, Why::Missing(what)));
    }
    let mut files = matrices.iter().map(|file| Ok((name(file), bytes(file, false)?)));
    let mut imported = read_traffic_files(&mut files, &name(path), options)?;
    let all = others.len() + matrices.len();
    let words = format!(
        "{} that are no XML: {}",
        counted_as(others.len(), "entry", "entries"),
        listed(others.iter().map(String::as_str))
    );
    imported.report.say_of(Kind::LeftOut, Subject::Files, (others.len(), all), words);
    Ok(imported)
}

/// The matrices of a folder by their names in order, and the names of what else is in it.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<String>), Error> {
    let unreadable = |source| error(folder, Why::Unreadable(source));
    let mut matrices = Vec::new();
    let mut others = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let base = path.file_name().map(|base| base.to_string_lossy().into_owned());
        let base = base.unwrap_or_default();
        if base.ends_with(".xml") || base.ends_with(".xml.gz") {
            matrices.push(path);
        } else {
            others.push(base);
        }
        if matrices.len() + others.len() > ENTRIES_MAX {
            let why = Why::TooMany { what: "entries in the folder", limit: ENTRIES_MAX };
            return Err(error(folder, why));
        }
    }
    matrices.sort_unstable();
    others.sort_unstable();
    Ok((matrices, others))
}

/// The bytes of a regular file; a pipe or device could block for ever.
fn bytes(path: &Path, folder: bool) -> Result<Vec<u8>, Error> {
    let unreadable = |source| error(path, Why::Unreadable(source));
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(error(path, Why::NotAFile { folder }));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn error(path: &Path, why: Why) -> Error {
    Error { file: name(path), line: None, why }
}
