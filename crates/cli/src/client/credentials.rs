//! Tokens kept between runs, by server, in a file that only its owner can read.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::address::Address;

/// The largest file that is read: thousands of servers.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Why tokens could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no place for the file.
    #[error("neither XDG_CONFIG_HOME nor HOME says where credentials are kept")]
    NoHome,
    /// The system refused.
    #[error("could not {action} `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Others can read it.
    #[error("`{}` can be read by others (mode {mode:o}), expected mode 600; `chmod 600` it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not what we write.
    #[error("`{}` is not a credentials file: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What the reader found.
        reason: String,
    },
}

/// The token for one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    /// Whose token it is.
    pub(crate) handle: String,
    /// The bearer secret.
    pub(crate) token: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    #[serde(default)]
    servers: BTreeMap<String, Credential>,
}

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    path: PathBuf,
}

impl Credentials {
    /// The file of the person who runs npo.
    pub(crate) fn of_user() -> Result<Self, Error> {
        let set = |name: &str| {
            std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
        };
        let config =
            set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
        Ok(Self::at(config.ok_or(Error::NoHome)?.join("npo/credentials.toml")))
    }

    /// The file at `path`.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The token kept for this server, if there is one.
    pub(crate) fn find(&self, server: &Address) -> Result<Option<Credential>, Error> {
        Ok(self.read()?.servers.remove(server.as_str()))
    }

    /// Keeps a token; the one kept before for this server is forgotten.
    pub(crate) fn keep(&self, server: &Address, credential: Credential) -> Result<(), Error> {
        let mut contents = self.read()?;
        contents.servers.insert(server.as_str().to_owned(), credential);
        let text = toml::to_string(&contents)
            .map_err(|error| Error::Form { path: self.path.clone(), reason: error.to_string() })?;
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory).map_err(|source| self.io("make the directory of", source))?;
        let temporary = self.path.with_extension(format!("toml.{}", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| {
                // A file left over from an earlier attempt may have another mode.
                file.set_permissions(fs::Permissions::from_mode(0o600))?;
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&temporary, &self.path));
        written.map_err(|source| {
            // Best effort: the rename may have failed with the file still there.
            let _ = fs::remove_file(&temporary);
            self.io("write", source)
        })
    }

    fn read(&self) -> Result<Contents, Error> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::default()),
            Err(source) => return Err(self.io("open", source)),
        };
        let mode =
            file.metadata().map_err(|source| self.io("look at", source))?.permissions().mode()
                & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::Open { path: self.path.clone(), mode });
        }
        let mut text = String::new();
        file.take(FILE_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(|source| self.io("read", source))?;
        toml::from_str(&text)
            // The message without the excerpt: a line of this file is a secret.
            .map_err(|error| Error::Form {
                path: self.path.clone(),
                reason: npo_wording::plain(error.message()),
            })
    }

    fn io(&self, action: &'static str, source: io::Error) -> Error {
        Error::Io { action, path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16) -> Address {
        format!("http://127.0.0.1:{port}").parse().expect("an address")
    }

    fn credential(token: &str) -> Credential {
        Credential { handle: "ada".into(), token: token.into() }
    }

    #[test]
    fn tokens_are_kept_by_server_and_only_for_their_owner() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = Credentials::at(directory.path().join("deep/npo/credentials.toml"));
        assert_eq!(file.find(&server(1)).expect("absent is fine"), None);
        file.keep(&server(1), credential("npo_a")).expect("keeps");
        file.keep(&server(2), credential("npo_b")).expect("keeps");
        file.keep(&server(1), credential("npo_c")).expect("keeps");
        assert_eq!(file.find(&server(1)).expect("reads"), Some(credential("npo_c")));
        assert_eq!(file.find(&server(2)).expect("reads"), Some(credential("npo_b")));
        let mode = fs::metadata(file.path()).expect("is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = Credentials::at(directory.path().join("credentials.toml"));
        file.keep(&server(1), credential("npo_a")).expect("keeps");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).expect("may change");
        assert!(matches!(file.find(&server(1)), Err(Error::Open { mode: 0o644, .. })));
    }

    #[test]
    fn a_broken_file_is_named_without_its_secrets() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("credentials.toml");
        let file = Credentials::at(path.clone());
        file.keep(&server(1), credential("npo_a")).expect("keeps");
        fs::write(&path, "[servers.\"x\"]\ntoken = npo_secret").expect("writes");
        let error = file.find(&server(1)).expect_err("broken").to_string();
        assert!(
            error.contains("not a credentials file") && !error.contains("npo_secret"),
            "{error}"
        );
    }
}
