//! The same for people: a sentence and a table for each thing that a newcomer asks.

use npo_network::format::{Kind, rate_words};

use super::super::import::report_lines;
use super::document::{Document, Traffic};
use crate::text::table::Table;
use crate::text::{Line, Tone, count, percent, wrap};

/// The page, with at most `rows` rows in each table.
pub(super) fn lines(document: &Document<'_>, rows: usize) -> Vec<Line> {
    let mut page = Page { lines: Vec::new(), rows };
    page.title(document);
    page.capacities(document);
    page.bridges(document);
    page.cut_nodes(document);
    page.nodes(document);
    page.bundles(document);
    page.sites(document);
    if let Some(demands) = &document.demands {
        page.traffic("Demands in the network's own file", demands);
    }
    if let Some(traffic) = &document.traffic {
        page.traffic("Traffic", traffic);
    }
    page.reservations(document);
    page.lines
}

struct Page {
    lines: Vec<Line>,
    rows: usize,
}

impl Page {
    fn heading(&mut self, text: &str) {
        self.lines.push(Line::empty());
        self.lines.push(Line::of(Tone::Strong, text));
    }

    fn words(&mut self, tone: Tone, text: &str) {
        let lines = wrap(text, crate::output::columns(), 0);
        self.lines.extend(lines.into_iter().map(|line| Line::of(tone, line)));
    }

    /// A table's lines, and how many rows were left out.
    fn table(&mut self, table: Table, of: usize) {
        self.lines.extend(table.lines());
        if of > self.rows {
            let more = format!("and {} more; --rows {of} shows all", of - self.rows);
            self.lines.push(Line::of(Tone::Faint, more));
        }
    }

    fn title(&mut self, document: &Document<'_>) {
        let name = if document.name.is_empty() { "A network" } else { document.name };
        let text = format!(
            "{name}: {}, {}",
            count(document.nodes.len() as u64, "node"),
            count(document.links as u64, "link")
        );
        self.lines.push(Line::of(Tone::Strong, text));
        let external = document.nodes.iter().filter(|node| node.external).count();
        if external > 0 {
            self.words(Tone::Plain, &format!("{external} of the nodes belong to other networks."));
        }
        match document.parts.as_slice() {
            [_] => self.words(Tone::Plain, "Every node can reach every other, as far as links go."),
            parts => {
                let sizes: Vec<String> = parts.iter().take(8).map(ToString::to_string).collect();
                let more = if parts.len() > 8 { ", …" } else { "" };
                let text = format!(
                    "It falls into {} parts that no link joins, of {}{more} nodes.",
                    parts.len(),
                    sizes.join(", ")
                );
                self.words(Tone::Care, &text);
            }
        }
        if document.one_way_links > 0 {
            let text = format!(
                "{} of {} carry traffic one way only.",
                document.one_way_links,
                count(document.links as u64, "link")
            );
            self.words(Tone::Care, &text);
        }
    }

    fn capacities(&mut self, document: &Document<'_>) {
        self.heading("Capacities");
        if document.links == 0 {
            return self.words(Tone::Faint, "There are no links.");
        }
        if document.capacities.iter().all(|row| row.capacity_bps.is_none()) {
            let text = "No link states its capacity. What links would carry can be said, how full they \
                        would be cannot; --assume-capacity 10G gives each one.";
            return self.words(Tone::Care, text);
        }
        let mut table = Table::new(&[">CAPACITY", ">LINKS", ">SHARE"]);
        for row in document.capacities.iter().take(self.rows) {
            let share = row.links as f64 / document.links as f64;
            table.row([rate(row.capacity_bps), row.links.to_string(), percent(share)]);
        }
        self.table(table, document.capacities.len());
    }

    fn bridges(&mut self, document: &Document<'_>) {
        self.heading("Links that must not fail");
        if document.bridges.is_empty() {
            return self.words(Tone::Good, "None: whichever link fails, nobody is cut off.");
        }
        let text = format!(
            "{}: each is the only way between what it joins.",
            count(document.bridges.len() as u64, "link")
        );
        self.words(Tone::Care, &text);
        let mut table = Table::new(&["LINK", ">CAPACITY", ">NODES CUT OFF"]);
        for row in document.bridges.iter().take(self.rows) {
            let [from, to] = row.ends;
            // A name of the source's own may not say what the link joins.
            let link = match row.link.starts_with(&format!("{from}--{to}")) {
                true => row.link.to_owned(),
                false => format!("{} ({from}--{to})", row.link),
            };
            table.row([link, rate(row.capacity_bps), row.cut_off.to_string()]);
        }
        self.table(table, document.bridges.len());
    }

    fn cut_nodes(&mut self, document: &Document<'_>) {
        self.heading("Nodes that must not fail");
        if document.cut_nodes.is_empty() {
            return self.words(
                Tone::Good,
                "None: whichever node fails, the others still reach each other.",
            );
        }
        let text = match document.cut_nodes.len() {
            1 => "1 node holds others together; without it the rest falls apart.".to_owned(),
            many => format!(
                "{many} nodes hold others together; without one of them the rest falls apart."
            ),
        };
        self.words(Tone::Care, &text);
        let mut table = Table::new(&["NODE", ">PARTS LEFT", ">NODES CUT OFF"]);
        for row in document.cut_nodes.iter().take(self.rows) {
            table.row([row.node.to_owned(), row.parts.to_string(), row.cut_off.to_string()]);
        }
        self.table(table, document.cut_nodes.len());
    }

    fn nodes(&mut self, document: &Document<'_>) {
        self.heading("Nodes with most neighbours");
        let mut table = Table::new(&["NODE", ">NEIGHBOURS", ">LINKS", ">CAPACITY OUT"]);
        for row in document.nodes.iter().take(self.rows) {
            let out = if row.links == 0 { "-".to_owned() } else { rate(row.capacity_bps) };
            let name = match row.site {
                "" => row.name.to_owned(),
                site => format!("{} ({site})", row.name),
            };
            table.row([name, row.neighbours.to_string(), row.links.to_string(), out]);
        }
        self.table(table, document.nodes.len());
    }

    fn bundles(&mut self, document: &Document<'_>) {
        if document.bundles.is_empty() {
            return;
        }
        self.heading("Parallel links");
        let mut table = Table::new(&["BETWEEN", "AND", ">LINKS", ">CAPACITY"]);
        for row in document.bundles.iter().take(self.rows) {
            let [one, other] = row.ends.map(str::to_owned);
            table.row([one, other, row.links.len().to_string(), rate(row.capacity_bps)]);
        }
        self.table(table, document.bundles.len());
    }

    fn sites(&mut self, document: &Document<'_>) {
        if document.sites.is_empty() {
            return;
        }
        self.heading("Sites");
        let mut table = Table::new(&["SITE", ">NODES"]);
        for row in document.sites.iter().take(self.rows) {
            table.row([row.site.to_owned(), row.nodes.to_string()]);
        }
        self.table(table, document.sites.len());
    }

    fn traffic(&mut self, heading: &str, traffic: &Traffic<'_>) {
        self.heading(heading);
        let [least, mean, most] = traffic.total_bps;
        let text = if traffic.steps > 1 {
            format!(
                "{} in {}: {} in all on average, between {} and {}.",
                count(traffic.pairs.len() as u64, "pair"),
                count(traffic.steps as u64, "step"),
                rate_words(mean),
                rate_words(least),
                rate_words(most)
            )
        } else {
            format!("{}, {} in all.", count(traffic.pairs.len() as u64, "pair"), rate_words(most))
        };
        self.words(Tone::Plain, &text);
        let share = |bps: f64| if mean > 0.0 { percent(bps / mean) } else { "-".to_owned() };
        let mut table = if traffic.steps > 1 {
            Table::new(&["FROM", "TO", ">MEAN", ">SHARE", ">PEAK"])
        } else {
            Table::new(&["FROM", "TO", ">RATE", ">SHARE"])
        };
        for row in traffic.pairs.iter().take(self.rows) {
            let (from, to) = (row.from.to_owned(), row.to.to_owned());
            let (mean, share) = (rate_words(row.mean_bps), share(row.mean_bps));
            if traffic.steps > 1 {
                table.row([from, to, mean, share, rate_words(row.peak_bps)]);
            } else {
                table.row([from, to, mean, share]);
            }
        }
        self.table(table, traffic.pairs.len());
    }

    /// What to know before relying on all this.
    fn reservations(&mut self, document: &Document<'_>) {
        let wanted = |kind| kind != Kind::Read;
        for report in &document.import {
            if report.notes.iter().any(|note| wanted(note.kind)) {
                self.lines.push(Line::empty());
                self.lines.extend(report_lines(report, &wanted));
            }
        }
    }
}

fn rate(bps: Option<f64>) -> String {
    bps.map_or_else(|| "not known".to_owned(), rate_words)
}
