//! Which format a text is in, by what it begins with.

use super::error::{Fault, Result, Why, shown};
use super::xml::Xml;

/// What a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Graphml,
    SndlibXml,
    SndlibNative,
    Json,
}

const EXPECTED: &str = "GraphML, SNDlib (native or XML) or node-link JSON";

/// The format of a topology.
pub(super) fn topology(text: &str) -> Result<Content> {
    let start = text.trim_start();
    match start.chars().next() {
        None => Err(Fault::whole(Why::Empty { expected: EXPECTED })),
        Some('<') => xml(text),
        Some('{') => Ok(Content::Json),
        Some(_) if start.starts_with("?SNDlib native format") => Ok(Content::SndlibNative),
        Some(_) => {
            let found = shown(start.lines().next().unwrap_or_default());
            let line = 1 + text[..text.len() - start.len()].matches('\n').count() as u64;
            Err(Fault::at(line, Why::Unrecognised { found, expected: EXPECTED }))
        }
    }
}

/// The format of an XML document, by its outermost element.
pub(super) fn xml(text: &str) -> Result<Content> {
    let root = Xml::new(text).root()?;
    match root.name.as_str() {
        "graphml" => Ok(Content::Graphml),
        "network" => Ok(Content::SndlibXml),
        other => {
            let found = format!("<{}>", shown(other));
            let expected = "`<graphml>` or the `<network>` of SNDlib";
            Err(Fault::at(root.line, Why::Unrecognised { found, expected }))
        }
    }
}
