//! SNDlib's XML: a network with its structure and demands, or a matrix of demands alone.

use super::super::DEMANDS_MAX;
use super::super::assemble::RawNode;
use super::super::error::{Fault, Result, Why};
use super::super::xml::{Element, Piece, Xml};
use super::{Demand, Document, Link, number};
use crate::topology::{LINKS_MAX, NODES_MAX};

/// What a document says.
pub(in super::super) fn parse(text: &str) -> Result<Document> {
    let mut xml = Xml::new(text);
    xml.root()?;
    let mut document = Document::default();
    loop {
        match xml.next()? {
            Piece::Open(tag) => match tag.name.as_str() {
                "meta" => meta(&xml.element(tag)?, &mut document),
                // Their content is read in turn.
                "networkStructure" | "nodes" | "links" | "demands" => {}
                "node" => {
                    check_room(document.nodes.len(), NODES_MAX, "nodes", tag.line)?;
                    document.nodes.push(node(&xml.element(tag)?)?);
                }
                "link" => {
                    check_room(document.links.len(), LINKS_MAX, "links", tag.line)?;
                    document.links.push(link(&xml.element(tag)?)?);
                }
                "demand" => {
                    check_room(document.demands.len(), DEMANDS_MAX, "demands", tag.line)?;
                    let element = xml.element(tag)?;
                    document.paths += element
                        .children("admissiblePaths")
                        .map(|paths| paths.children("admissiblePath").count())
                        .sum::<usize>();
                    document.demands.push(demand(&element)?);
                }
                _ => xml.skip()?,
            },
            Piece::Close => {}
            Piece::End => return Ok(document),
        }
    }
}

fn check_room(len: usize, limit: usize, what: &'static str, line: u64) -> Result<()> {
    if len < limit { Ok(()) } else { Err(Fault::at(line, Why::TooMany { what, limit })) }
}

fn meta(meta: &Element, document: &mut Document) {
    let said = |name: &str| {
        let element = meta.child(name).filter(|element| !element.text().is_empty())?;
        Some((element.text().to_owned(), element.tag.line))
    };
    document.unit = said("unit");
    document.time = said("time");
}

fn node(element: &Element) -> Result<RawNode> {
    let id = element.tag.needed("id")?.to_owned();
    let mut node = RawNode { line: element.tag.line, id, ..RawNode::default() };
    if let Some(coordinates) = element.child("coordinates") {
        node.longitude = Some(number_in(coordinates, "x")?);
        node.latitude = Some(number_in(coordinates, "y")?);
    }
    Ok(node)
}

fn link(element: &Element) -> Result<Link> {
    let (from, to) = ends(element)?;
    let installed = match element.child("preInstalledModule") {
        Some(module) => number_in(module, "capacity")?,
        None => 0.0,
    };
    let mut installable = 0.0_f64;
    for module in element.children("additionalModules").flat_map(|all| all.children("addModule")) {
        installable = installable.max(number_in(module, "capacity")?);
    }
    let has_price = match element.child("routingCost") {
        Some(_) => number_in(element, "routingCost")? > 0.0,
        None => false,
    };
    let id = element.tag.needed("id")?.to_owned();
    Ok(Link { line: element.tag.line, id, from, to, installed, installable, has_price })
}

fn demand(element: &Element) -> Result<Demand> {
    let (from, to) = ends(element)?;
    let routing_unit = match element.child("routingUnit") {
        Some(_) => number_in(element, "routingUnit")?,
        None => 1.0,
    };
    let rate = routing_unit * number_in(element, "demandValue")?;
    Ok(Demand { line: element.tag.line, from, to, rate })
}

fn ends(element: &Element) -> Result<(String, String)> {
    let end = |name| element.needed(name).map(|end| end.text().to_owned());
    Ok((end("source")?, end("target")?))
}

fn number_in(element: &Element, name: &str) -> Result<f64> {
    let inner = element.needed(name)?;
    number(inner.text(), inner.tag.line, &format!("`<{name}>`"))
}
