//! The address of a server, as people write it.

use std::fmt;
use std::str::FromStr;

/// Where a server is: `http://HOST:PORT`, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// The URL of `path`, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The address itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with("https://") {
            return Err("npo does not speak TLS yet; put a proxy with TLS in front of the server and reach it over http:// from its own network".to_owned());
        }
        let Some(rest) = text.strip_prefix("http://") else {
            return Err(format!("found `{text}`, expected http://HOST:PORT"));
        };
        let rest = rest.trim_end_matches('/');
        let plain = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_' | '/' | '%')
        };
        if rest.is_empty() || rest.starts_with(['/', ':']) || !rest.chars().all(plain) {
            return Err(format!("found `{text}`, expected http://HOST:PORT"));
        }
        Ok(Self(format!("http://{rest}")))
    }
}

/// A set-up link: the server that printed it, and the one-time code in its fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetUpLink {
    /// The server.
    pub(crate) address: Address,
    /// The code.
    pub(crate) code: String,
}

impl FromStr for SetUpLink {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "found `{text}`, expected the link that the server printed: http://HOST:PORT/setup#CODE"
            )
        };
        let (page, code) = text.trim().split_once('#').ok_or_else(wrong)?;
        let server = page.strip_suffix("/setup").ok_or_else(wrong)?;
        if code.is_empty() {
            return Err(wrong());
        }
        Ok(Self { address: server.parse()?, code: code.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_written() {
        let check =
            |text: &str, expected: Result<&str, &str>| match (text.parse::<Address>(), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.as_str(), expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{text}: found {found:?}, expected {expected:?}"),
            };
        check("http://127.0.0.1:7171", Ok("http://127.0.0.1:7171"));
        check(" http://npo.example/ ", Ok("http://npo.example"));
        check("http://[::1]:7171/npo/", Ok("http://[::1]:7171/npo"));
        check("https://npo.example", Err("does not speak TLS"));
        check("127.0.0.1:7171", Err("expected http://"));
        check("http://", Err("expected http://"));
        check("http://a b", Err("expected http://"));
        check("http://user@host", Err("expected http://"));
    }

    #[test]
    fn set_up_links_carry_a_code() {
        let link: SetUpLink = "http://127.0.0.1:7171/setup#abc".parse().expect("a link");
        assert_eq!((link.address.as_str(), link.code.as_str()), ("http://127.0.0.1:7171", "abc"));
        for wrong in [
            "http://127.0.0.1:7171/setup",
            "http://127.0.0.1:7171/setup#",
            "http://127.0.0.1:7171/#abc",
            "x",
        ] {
            assert!(wrong.parse::<SetUpLink>().is_err(), "{wrong}");
        }
    }
}
