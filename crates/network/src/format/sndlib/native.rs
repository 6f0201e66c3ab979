//! SNDlib's native text: sections of entries with fields in parentheses.
//!
//! ```text
//! ?SNDlib native format; type: network; version: 1.0
//! META ( unit = MBITPERSEC )
//! NODES ( N1 ( 10.5 53.5 ) )
//! LINKS ( L1 ( N1 N2 ) 9920.00 0.00 0.00 0.00 ( 40000.00 133.00 ) )
//! DEMANDS ( D1 ( N1 N2 ) 1 3580.00 UNLIMITED )
//! ```

use super::super::assemble::RawNode;
use super::super::error::{Fault, Result, Why, shown};
use super::{Demand, Document, Link, number};

/// Bytes of one line; a link with 40 modules has 600.
const LINE_MAX: usize = 1 << 20;

/// What a file says.
pub(super) fn parse(text: &str) -> Result<Document> {
    let mut tokens = Tokens::new(text)?;
    let mut document = Document::default();
    while let Some(section) = tokens.next() {
        match section {
            "META" => meta(&mut tokens, &mut document)?,
            "NODES" => tokens.section(|tokens, id| node(tokens, id, &mut document))?,
            "LINKS" => tokens.section(|tokens, id| link(tokens, id, &mut document))?,
            "DEMANDS" => tokens.section(|tokens, id| demand(tokens, id, &mut document))?,
            "ADMISSIBLE_PATHS" => tokens.section(|tokens, _| {
                document.paths += 1;
                tokens.skip_group()
            })?,
            other => {
                let expected = "`META`, `NODES`, `LINKS`, `DEMANDS` or `ADMISSIBLE_PATHS`";
                return Err(Fault::value(tokens.line, "a section", other, expected));
            }
        }
    }
    Ok(document)
}

fn meta(tokens: &mut Tokens<'_>, document: &mut Document) -> Result<()> {
    tokens.expect("(", "META")?;
    loop {
        let key = tokens.needed("an attribute of META, or `)`")?;
        if key == ")" {
            return Ok(());
        }
        let line = tokens.line;
        let value = tokens.rest_of_line();
        let Some(value) = value.trim().strip_prefix('=') else {
            return Err(Fault::value(line, format!("META `{}`", shown(key)), value, "`= value`"));
        };
        // Somebody may close the section on the same line.
        let (value, closed) = match value.trim().strip_suffix(')') {
            Some(value) if !value.contains('(') => (value, true),
            _ => (value, false),
        };
        let value = (value.trim().to_owned(), line);
        match key {
            "unit" if !value.0.is_empty() => document.unit = Some(value),
            "time" if !value.0.is_empty() => document.time = Some(value),
            _ => {}
        }
        if closed {
            return Ok(());
        }
    }
}

fn node(tokens: &mut Tokens<'_>, id: &str, document: &mut Document) -> Result<()> {
    let line = tokens.line;
    let mut node = RawNode { line, id: id.to_owned(), ..RawNode::default() };
    if tokens.peek() == Some("(") {
        tokens.expect("(", "a node")?;
        node.longitude = Some(tokens.number("the longitude")?);
        node.latitude = Some(tokens.number("the latitude")?);
        tokens.expect(")", "a node")?;
    }
    document.nodes.push(node);
    Ok(())
}

fn link(tokens: &mut Tokens<'_>, id: &str, document: &mut Document) -> Result<()> {
    let line = tokens.line;
    let (from, to) = tokens.ends()?;
    let installed = tokens.number("the pre-installed capacity")?;
    tokens.number("the cost of pre-installed capacity")?;
    let has_price = tokens.number("the routing cost")? > 0.0;
    tokens.number("the set-up cost")?;
    tokens.expect("(", "a link's modules")?;
    let mut installable = 0.0_f64;
    while tokens.peek() != Some(")") {
        installable = installable.max(tokens.number("the capacity of a module")?);
        tokens.number("the cost of a module")?;
    }
    tokens.expect(")", "a link's modules")?;
    let id = id.to_owned();
    document.links.push(Link { line, id, from, to, installed, installable, has_price });
    Ok(())
}

fn demand(tokens: &mut Tokens<'_>, _id: &str, document: &mut Document) -> Result<()> {
    let line = tokens.line;
    let (from, to) = tokens.ends()?;
    let routing_unit = tokens.number("the routing unit")?;
    let value = tokens.number("the value of a demand")?;
    tokens.needed("the longest path, or `UNLIMITED`")?;
    document.demands.push(Demand { line, from, to, rate: routing_unit * value });
    Ok(())
}

/// Words and parentheses, with their lines.
struct Tokens<'a> {
    lines: std::iter::Zip<std::ops::RangeFrom<u64>, std::str::Lines<'a>>,
    rest: &'a str,
    /// Line of the token that was given out last.
    line: u64,
}

impl<'a> Tokens<'a> {
    /// Checks the first line.
    fn new(text: &'a str) -> Result<Self> {
        let mut lines = (1..).zip(text.lines());
        let (line, head) =
            lines.by_ref().find(|(_, line)| !line.trim().is_empty()).unwrap_or((1, ""));
        if !head.contains("type: network") {
            let expected = "`?SNDlib native format; type: network; version: 1.0`";
            return Err(Fault::value(line, "the first line", head, expected));
        }
        if let Some((line, _)) = (1..).zip(text.lines()).find(|(_, line)| line.len() > LINE_MAX) {
            return Err(Fault::at(line, Why::TooMany { what: "bytes in a line", limit: LINE_MAX }));
        }
        Ok(Self { lines, rest: "", line })
    }

    /// Moves to the next line that holds anything.
    fn fill(&mut self) -> bool {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.is_empty() && !self.rest.starts_with('#') {
                return true;
            }
            match self.lines.next() {
                Some((line, text)) => (self.line, self.rest) = (line, text),
                None => return false,
            }
        }
    }

    fn peek(&mut self) -> Option<&'a str> {
        if !self.fill() {
            return None;
        }
        let end = match self.rest.chars().next() {
            Some('(' | ')') => 1,
            _ => self
                .rest
                .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
                .unwrap_or(self.rest.len()),
        };
        Some(&self.rest[..end])
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.peek()?;
        self.rest = &self.rest[token.len()..];
        Some(token)
    }

    fn rest_of_line(&mut self) -> &'a str {
        std::mem::take(&mut self.rest)
    }

    fn needed(&mut self, what: &str) -> Result<&'a str> {
        self.next().ok_or_else(|| {
            let found = format!("ends where {what} is expected");
            Fault::at(self.line, Why::Syntax { format: "SNDlib native", found })
        })
    }

    fn expect(&mut self, token: &'static str, of: &str) -> Result<()> {
        let found = self.needed(of)?;
        if found == token {
            return Ok(());
        }
        let expected = if token == "(" { "`(`" } else { "`)`" };
        Err(Fault::value(self.line, of, found, expected))
    }

    fn number(&mut self, what: &str) -> Result<f64> {
        let text = self.needed(what)?;
        number(text, self.line, what)
    }

    fn ends(&mut self) -> Result<(String, String)> {
        self.expect("(", "the two ends")?;
        let from = self.needed("the source")?.to_owned();
        let to = self.needed("the target")?.to_owned();
        self.expect(")", "the two ends")?;
        Ok((from, to))
    }

    /// Entries up to the end of a section.
    fn section(&mut self, mut entry: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<()> {
        self.expect("(", "a section")?;
        loop {
            match self.needed("an entry, or `)`")? {
                ")" => return Ok(()),
                "(" => return Err(Fault::value(self.line, "an entry", "(", "its name")),
                id => entry(self, id)?,
            }
        }
    }

    /// Passes over a group and the groups in it.
    fn skip_group(&mut self) -> Result<()> {
        self.expect("(", "a group")?;
        let mut depth = 1_u64;
        while depth > 0 {
            match self.needed("`)`")? {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }
}
