//! `npo policy activate`: checks a bundle here, uploads it, and puts it in force.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use npo_api::policy::{BundleFile, BundleUpload, Policy};
use npo_policy::Limits;

use super::list;
use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::say;

/// Upload a bundle and put it in force.
#[derive(Debug, Args)]
pub(crate) struct Activate {
    /// Directory of the bundle
    directory: PathBuf,
    /// Upload it without putting it in force
    #[arg(long)]
    keep_only: bool,
}

impl Activate {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let report = super::inspect(&self.directory)?;
        if !report.passed() {
            let failed: Vec<&str> = report
                .findings
                .cases
                .iter()
                .filter(|case| !case.passed)
                .map(|case| case.name.as_str())
                .collect();
            return Err(Failure::Refused(format!(
                "cases failed: {}; `npo policy test` tells more",
                failed.join(", ")
            )));
        }
        let mut files = Vec::new();
        collect(&self.directory, "", &Limits::default(), &mut files)?;
        let upload = BundleUpload { files, activate: !self.keep_only };
        let policy: Received<Policy> = options.client()?.post("/v1/policies", &upload, None)?;
        if policy.value.digest != report.digest.to_string() {
            say(&format!(
                "note: the bundle changed while it was uploaded; the server has {}",
                policy.value.digest
            ));
        }
        let mut out = options.out();
        out.received(&policy, |policy| list::lines(std::slice::from_ref(policy)))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

/// Collects the files that make up a bundle; the check before has refused links and anything too large.
fn collect(
    directory: &Path,
    prefix: &str,
    limits: &Limits,
    files: &mut Vec<BundleFile>,
) -> Result<(), Failure> {
    let unreadable = |path: &Path| {
        let what = format!("could not read `{}`", path.display());
        move |error| Failure::could_not(what, error)
    };
    for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
        let entry = entry.map_err(unreadable(directory))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let (on_disk, path) = (entry.path(), format!("{prefix}{name}"));
        let kind = entry.file_type().map_err(unreadable(&on_disk))?;
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            if path.matches('/').count() < limits.directory_depth_max {
                collect(&on_disk, &format!("{path}/"), limits, files)?;
            }
        } else if kind.is_file() && is_part(&path) {
            let mut content = String::new();
            let file = fs::File::open(&on_disk).map_err(unreadable(&on_disk))?;
            file.take(limits.file_bytes_max)
                .read_to_string(&mut content)
                .map_err(unreadable(&on_disk))?;
            files.push(BundleFile { path, content });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(())
}

/// Whether a file belongs to a bundle: its manifest, its data, its rules, its cases.
fn is_part(path: &str) -> bool {
    match path.strip_prefix("tests/") {
        Some(rest) => rest.ends_with(".json") && !rest.contains('/'),
        None => matches!(path, "bundle.toml" | "data.json") || path.ends_with(".rego"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_part_of_a_bundle_stays_here() {
        let directory = tempfile::tempdir().expect("a directory");
        for (path, _) in [
            ("bundle.toml", 1),
            ("a.rego", 1),
            ("README.md", 0),
            ("tests/a.json", 1),
            ("tests/b.txt", 0),
            (".git/x.rego", 0),
            ("rules/b.rego", 1),
        ] {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("makes");
            fs::write(path, "x").expect("writes");
        }
        let mut files = Vec::new();
        collect(directory.path(), "", &Limits::default(), &mut files).expect("reads");
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a.rego", "bundle.toml", "rules/b.rego", "tests/a.json"]);
    }
}
