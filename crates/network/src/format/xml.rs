//! XML piece by piece, with the line of each, for files from anywhere.
//!
//! Nothing is fetched and nothing is expanded but the five entities of XML itself and character references: a document
//! with definitions of its own is refused, for expanding them can make a small file fill the memory. Nesting and the
//! size of what is kept are limited.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::error::{Fault, Result, Why, shown, told};

/// Elements within elements; GraphML with nested groups has some 20.
const DEPTH_MAX: usize = 64;
/// Bytes of text that one element may hold where its text is wanted; names and numbers are far shorter.
const TEXT_MAX: usize = 64 << 10;
/// Attributes of one element.
const ATTRIBUTES_MAX: usize = 64;
/// Elements within one record: a link of SNDlib with 40 modules has 120.
const RECORD_MAX: usize = 10_000;

/// The start of an element.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    /// Name without its namespace's prefix.
    pub(super) name: String,
    /// Line of its end.
    pub(super) line: u64,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of an attribute that has to be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str> {
        self.attribute(name).ok_or_else(|| {
            Fault::at(self.line, Why::Missing(format!("`{name}` on its `<{}>`", self.name)))
        })
    }
}

/// A piece of a document.
#[derive(Debug)]
pub(super) enum Piece {
    /// An element begins.
    Open(Tag),
    /// The innermost element ends.
    Close,
    /// The document ends.
    End,
}

/// An element with all that is in it.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) tag: Tag,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The first element of this name directly within.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children(name).next()
    }

    /// All elements of this name directly within.
    pub(super) fn children(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.tag.name == name)
    }

    /// The first element directly within.
    pub(super) fn first_child(&self) -> Option<&Element> {
        self.children.first()
    }

    /// Its text without blanks around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The text of an element that has to be directly within.
    pub(super) fn needed(&self, name: &str) -> Result<&Element> {
        self.child(name).ok_or_else(|| {
            Fault::at(
                self.tag.line,
                Why::Missing(format!("`<{name}>` in its `<{}>`", self.tag.name)),
            )
        })
    }
}

/// Reads a document.
pub(super) struct Xml<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Byte up to which lines were counted, and the line there.
    counted: (usize, u64),
    depth: usize,
    close_next: bool,
    started: bool,
    skipping: bool,
    /// Text directly in the innermost open element since its start or the last inner element.
    pending: String,
}

impl<'a> Xml<'a> {
    /// A reader at the beginning of a document.
    pub(super) fn new(text: &'a str) -> Self {
        let reader = Reader::from_str(text);
        Self {
            text,
            reader,
            counted: (0, 1),
            depth: 0,
            close_next: false,
            started: false,
            skipping: false,
            pending: String::new(),
        }
    }

    /// Line of a position that is not before the last one asked for.
    fn line_at(&mut self, position: u64) -> u64 {
        let (from, line) = self.counted;
        let to = usize::try_from(position).unwrap_or(usize::MAX).clamp(from, self.text.len());
        let between = &self.text.as_bytes()[from..to];
        self.counted = (to, line + between.iter().filter(|&&byte| byte == b'\n').count() as u64);
        self.counted.1
    }

    /// Line up to which it has been read.
    pub(super) fn line(&mut self) -> u64 {
        self.line_at(self.reader.buffer_position())
    }

    /// The next piece; text goes to the element that is being read.
    pub(super) fn next(&mut self) -> Result<Piece> {
        if std::mem::take(&mut self.close_next) {
            self.depth -= 1;
            return Ok(Piece::Close);
        }
        loop {
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.malformed(&error)),
            };
            match event {
                Event::Start(start) => return self.open(&start).map(Piece::Open),
                Event::Empty(start) => {
                    self.close_next = true;
                    return self.open(&start).map(Piece::Open);
                }
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(Piece::Close);
                }
                Event::Text(text) => self.keep(&text)?,
                Event::CData(text) => self.keep(&text)?,
                Event::GeneralRef(name) => {
                    let resolved = match name.resolve_char_ref() {
                        Ok(Some(c)) => Some(c.to_string()),
                        Ok(None) => resolve_predefined_entity(&name).map(str::to_owned),
                        Err(_) => None,
                    };
                    match resolved {
                        Some(text) => self.keep(&text)?,
                        None => return Err(self.unknown_entity(&name)),
                    }
                }
                Event::DocType(definition) => self.check_doctype(&definition)?,
                Event::Eof if self.depth > 0 => {
                    let found = format!("ends within {} open elements", self.depth);
                    let line = self.line();
                    return Err(Fault::at(line, Why::Syntax { format: "XML", found }));
                }
                Event::Eof => return Ok(Piece::End),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    fn malformed(&mut self, error: &quick_xml::Error) -> Fault {
        let line = self.line_at(self.reader.error_position());
        Fault::at(line, Why::Syntax { format: "XML", found: told(&error) })
    }

    fn unknown_entity(&mut self, name: &str) -> Fault {
        let reason = "only the five entities of XML itself are known";
        let line = self.line();
        Fault::at(line, Why::Hostile { found: format!("the entity `&{};`", shown(name)), reason })
    }

    fn check_doctype(&mut self, definition: &str) -> Result<()> {
        if !definition.contains('[') {
            return Ok(());
        }
        let reason = "expanding entities of its own can make a small file fill the memory";
        let found = "a DOCTYPE with definitions of its own".to_owned();
        let line = self.line();
        Err(Fault::at(line, Why::Hostile { found, reason }))
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<Tag> {
        let line = self.line();
        if self.depth == 0 && std::mem::replace(&mut self.started, true) {
            let found = "a second outermost element".to_owned();
            return Err(Fault::at(line, Why::Syntax { format: "XML", found }));
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let found = format!("elements nested {DEPTH_MAX} deep");
            return Err(Fault::at(line, Why::Hostile { found, reason: "no network needs that" }));
        }
        self.pending.clear();
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let value = attribute.map_err(quick_xml::Error::from).and_then(|attribute| {
                let name = attribute.key.local_name().as_ref().to_owned();
                let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
                Ok((name, value.into_owned()))
            });
            let pair = value.map_err(|error| {
                Fault::at(line, Why::Syntax { format: "XML", found: told(&error) })
            })?;
            attributes.push(pair);
            if attributes.len() > ATTRIBUTES_MAX {
                let why = Why::TooMany { what: "attributes of one element", limit: ATTRIBUTES_MAX };
                return Err(Fault::at(line, why));
            }
        }
        Ok(Tag { name: start.local_name().as_ref().to_owned(), line, attributes })
    }

    fn keep(&mut self, text: &str) -> Result<()> {
        if self.skipping {
            return Ok(());
        }
        let text = if self.pending.is_empty() { text.trim_start() } else { text };
        let room = TEXT_MAX.saturating_sub(self.pending.len());
        if text.len() <= room {
            self.pending.push_str(text);
            return Ok(());
        }
        let line = self.line();
        let why = Why::TooMany { what: "bytes of text in one element", limit: TEXT_MAX };
        Err(Fault::at(line, why))
    }

    /// The outermost element's start.
    pub(super) fn root(&mut self) -> Result<Tag> {
        match self.next()? {
            Piece::Open(tag) => Ok(tag),
            Piece::Close | Piece::End => {
                Err(Fault::whole(Why::Missing("outermost element".to_owned())))
            }
        }
    }

    /// Passes over the rest of the element that was opened last.
    pub(super) fn skip(&mut self) -> Result<()> {
        let outside = self.depth - 1;
        self.skipping = true;
        while self.depth > outside {
            self.next()?;
        }
        self.skipping = false;
        Ok(())
    }

    /// The element that was opened last, with all that is in it.
    pub(super) fn element(&mut self, tag: Tag) -> Result<Element> {
        self.element_within(tag, &mut 0)
    }

    fn element_within(&mut self, tag: Tag, count: &mut usize) -> Result<Element> {
        *count += 1;
        if *count > RECORD_MAX {
            let why = Why::TooMany { what: "elements in one record", limit: RECORD_MAX };
            return Err(Fault::at(tag.line, why));
        }
        let mut element = Element { tag, text: String::new(), children: Vec::new() };
        loop {
            match self.next()? {
                Piece::Open(tag) => {
                    let child = self.element_within(tag, count)?;
                    element.children.push(child);
                    self.pending.clear();
                }
                Piece::Close | Piece::End => {
                    // Text before and between inner elements is layout.
                    element.text = std::mem::take(&mut self.pending);
                    return Ok(element);
                }
            }
        }
    }
}
