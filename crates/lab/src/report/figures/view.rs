//! What figures look at: results, a baseline, and one look per method throughout the report.

use std::collections::BTreeMap;

use super::super::chart::style::{STYLES, Style};
use crate::results::Results;

/// Methods that a chart of lines tells apart at most.
const FOCUS_MAX: usize = 6;

/// Results as figures see them.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) results: &'a Results,
    /// The method that others are held against.
    pub(crate) baseline: Option<&'a str>,
    /// Whether the reader named the baseline, and wants everything held against it.
    pub(crate) baseline_asked: bool,
    order: Vec<&'a str>,
    styles: BTreeMap<&'a str, Style>,
    focus: Vec<&'a str>,
}

impl<'a> View<'a> {
    /// A view with these methods in focus, or the baseline and the first others if none are named.
    pub(crate) fn new(
        results: &'a Results,
        baseline: Option<&'a str>,
        focus: &'a [String],
    ) -> Self {
        let methods = results.methods();
        let compared = results.about.comparisons.iter().flat_map(|(method, other)| [other, method]);
        // The baseline comes first and in ink, then what the experiment was made to compare.
        let wanted =
            baseline.into_iter().chain(compared.map(String::as_str)).chain(methods.iter().copied());
        let mut order: Vec<&str> = Vec::new();
        for method in wanted {
            if methods.contains(&method) && !order.contains(&method) {
                order.push(method);
            }
        }
        let start = usize::from(baseline.is_none());
        let style = |at: usize| match at + start {
            at if at < STYLES => Style::Series(at),
            _ => Style::Context,
        };
        let styles = order.iter().enumerate().map(|(at, method)| (*method, style(at))).collect();
        let focus = match focus {
            [] => order.iter().take(FOCUS_MAX).copied().collect(),
            names => names.iter().map(String::as_str).collect(),
        };
        Self { results, baseline, baseline_asked: false, order, styles, focus }
    }

    /// All methods: the baseline, what the experiment compares, the others.
    pub(crate) fn methods(&self) -> Vec<&'a str> {
        self.order.clone()
    }

    /// The methods that ran in `world`, in the same order.
    pub(crate) fn methods_in(&self, world: &str) -> Vec<&'a str> {
        let ran = |method: &&str| !self.results.runs(world, method).is_empty();
        self.order.iter().copied().filter(ran).collect()
    }

    /// How a method looks where each has a row or a point of its own.
    pub(crate) fn style(&self, method: &str) -> Style {
        self.styles.get(method).copied().unwrap_or(Style::Context)
    }

    /// How a method looks where many would hide each other: as context, unless in focus.
    pub(crate) fn line_style(&self, method: &str) -> Style {
        match self.focus.contains(&method) {
            true => self.style(method),
            false => Style::Context,
        }
    }

    /// Methods in some world that have this, with the look that `style` gives; context is told once.
    pub(crate) fn keys(
        &self,
        has: impl Fn(&str, &str) -> bool,
        style: impl Fn(&str) -> Style,
    ) -> Vec<(String, Style)> {
        let worlds = self.results.worlds();
        let present = self.order.iter().copied();
        let present = present.filter(|method| worlds.iter().any(|world| has(world, method)));
        let (context, named): (Vec<&str>, Vec<&str>) =
            present.partition(|method| style(method) == Style::Context);
        let mut keys: Vec<(String, Style)> =
            named.into_iter().map(|method| (method.to_owned(), style(method))).collect();
        if !context.is_empty() {
            keys.push((format!("in grey: {}", context.join(", ")), Style::Context));
        }
        keys
    }
}
