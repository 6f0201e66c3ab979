//! The call graph of a bundle: no recursion, no cycles, no endless chains.
//!
//! Recursion overflows the stack in both of the engine's paths, and an overflow cannot be caught;
//! it ends the process. So a bundle whose rules can reach themselves is refused, with the cycle named.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Module, Ref};

use crate::limits::Limits;
use crate::refusal::{Place, Refusal};
use crate::walk::{self, Definition, HeadValue, Path};

/// What is known of a bundle from its text alone.
#[derive(Debug)]
pub(crate) struct Analysis {
    /// Paths of all rules, without `data`.
    pub(crate) rules: BTreeSet<Path>,
    /// Paths under `input` that the bundle mentions.
    pub(crate) input: BTreeSet<Path>,
    /// Why the VM may not run the bundle, or nothing.
    pub(crate) interpreter_only: Option<String>,
    /// Rules on the longest chain of calls.
    pub(crate) call_depth: usize,
    /// Every definition, in the order of the sources.
    pub(crate) definitions: Vec<Definition>,
    /// Per rule, the rules that it may evaluate.
    calls: BTreeMap<Path, BTreeSet<Path>>,
}

impl Analysis {
    /// What of the input `definition` sees, itself or through the rules that it may evaluate.
    pub(crate) fn seen_by(&self, definition: &Definition) -> Seen {
        let targets: Vec<&Path> = self.rules.iter().collect();
        let mut pending: Vec<&Path> =
            definition.data.iter().flat_map(|reference| reached(&targets, reference)).collect();
        let mut seen: BTreeSet<&Path> = BTreeSet::new();
        while let Some(rule) = pending.pop() {
            if seen.insert(rule) {
                pending.extend(self.calls.get(rule).into_iter().flatten());
            }
        }
        let mut sees = Seen::default();
        let through = self.definitions.iter().filter(|other| seen.contains(&other.path));
        for definition in through.chain([definition]) {
            sees.values.extend(definition.input.iter().cloned());
            sees.types.extend(definition.types.iter().cloned());
        }
        sees
    }
}

/// Paths under `input`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Those that count with their values.
    pub(crate) values: BTreeSet<Path>,
    /// Those of which only the type counts, unless they are also among the others.
    pub(crate) types: BTreeSet<Path>,
}

/// Looks a parsed bundle over.
pub(crate) fn analyse(modules: &[Ref<Module>], limits: &Limits) -> Result<Analysis, Refusal> {
    let mut definitions = Vec::new();
    for module in modules {
        definitions.extend(walk::definitions(module, limits)?);
    }
    // A bundle may have a function by the name of a built-in, which then sees more than the type.
    let is_check = |name: &String| walk::TYPE_CHECKS.contains(&name.as_str());
    if definitions.iter().any(|definition| definition.path.iter().any(is_check)) {
        for definition in &mut definitions {
            definition.input.append(&mut definition.types);
        }
    }
    let graph = Graph::new(&definitions);
    let call_depth = graph.longest_chain()?;
    if call_depth > limits.call_depth_max {
        return Err(Refusal::CallDepth { depth: call_depth, depth_max: limits.call_depth_max });
    }
    Ok(Analysis {
        input: definitions
            .iter()
            .flat_map(|definition| definition.input.iter().chain(&definition.types).cloned())
            .collect(),
        interpreter_only: interpreter_only(&definitions),
        rules: graph.nodes.keys().map(|path| (*path).clone()).collect(),
        call_depth,
        calls: graph
            .nodes
            .iter()
            .map(|(path, node)| {
                let calls = node.calls.iter().map(|call| (*call).clone());
                ((*path).clone(), calls.collect())
            })
            .collect(),
        definitions,
    })
}

/// Rules of which the VM is known to answer differently from the interpreter, whatever the tests show.
fn interpreter_only(definitions: &[Definition]) -> Option<String> {
    let at = |definition: &Definition, why: &str| {
        Some(format!("`{}` at {} is {why}", definition.path.join("."), definition.place))
    };
    let mut values: BTreeMap<&Path, &HeadValue> = BTreeMap::new();
    for definition in definitions {
        if let Some(why) = &definition.interpreter_only {
            return at(definition, why);
        }
        match &definition.value {
            HeadValue::Partial | HeadValue::Default => {}
            value => {
                // Two complete definitions that may disagree: an error in the interpreter, silence in the VM.
                let earlier = values.insert(&definition.path, value);
                if earlier.is_some_and(|earlier| earlier != value || *value == HeadValue::Computed)
                {
                    return at(definition, "one of several definitions that may conflict");
                }
            }
        }
    }
    None
}

struct Node<'a> {
    place: &'a Place,
    calls: BTreeSet<&'a Path>,
}

struct Graph<'a> {
    nodes: BTreeMap<&'a Path, Node<'a>>,
}

impl<'a> Graph<'a> {
    fn new(definitions: &'a [Definition]) -> Self {
        let mut nodes: BTreeMap<&Path, Node<'_>> = BTreeMap::new();
        for definition in definitions {
            nodes
                .entry(&definition.path)
                .or_insert_with(|| Node { place: &definition.place, calls: BTreeSet::new() });
        }
        let targets: Vec<&Path> = nodes.keys().copied().collect();
        for definition in definitions {
            let calls = definition
                .data
                .iter()
                .flat_map(|reference| reached(&targets, reference))
                .collect::<BTreeSet<_>>();
            if let Some(node) = nodes.get_mut(&definition.path) {
                node.calls.extend(calls);
            }
        }
        Self { nodes }
    }

    /// Length of the longest chain of calls, or the first cycle.
    fn longest_chain(&self) -> Result<usize, Refusal> {
        let mut depth: BTreeMap<&Path, usize> = BTreeMap::new();
        for start in self.nodes.keys().copied() {
            if depth.contains_key(start) {
                continue;
            }
            // An explicit stack: this code must survive the bundles that it is there to refuse.
            let mut trail: Vec<(&Path, Vec<&Path>)> = vec![(start, self.calls(start))];
            while let Some((rule, pending)) = trail.last_mut() {
                let rule = *rule;
                let Some(next) = pending.pop() else {
                    let deepest =
                        self.nodes[rule].calls.iter().filter_map(|call| depth.get(call)).max();
                    depth.insert(rule, deepest.copied().unwrap_or(0) + 1);
                    trail.pop();
                    continue;
                };
                if let Some(from) = trail.iter().position(|(rule, _)| *rule == next) {
                    let mut cycle: Vec<String> =
                        trail[from..].iter().map(|(rule, _)| rule.join(".")).collect();
                    cycle.push(next.join("."));
                    return Err(Refusal::Recursion {
                        place: self.nodes[next].place.clone(),
                        cycle: cycle.join(" -> "),
                    });
                }
                if !depth.contains_key(next) {
                    trail.push((next, self.calls(next)));
                }
            }
        }
        Ok(depth.values().copied().max().unwrap_or(0))
    }

    fn calls(&self, rule: &Path) -> Vec<&'a Path> {
        self.nodes[rule].calls.iter().copied().collect()
    }
}

/// Rules that a reference may evaluate: those at it, above it and below it.
fn reached<'a>(rules: &[&'a Path], reference: &Path) -> impl Iterator<Item = &'a Path> {
    rules
        .iter()
        .copied()
        .filter(|rule| rule.starts_with(reference) || reference.starts_with(rule))
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analysis(source: &str) -> Result<Analysis, Refusal> {
        let mut engine = regorus::Engine::new();
        engine.add_policy("p.rego".to_owned(), source.to_owned()).expect("test source parses");
        analyse(engine.get_modules(), &Limits::default())
    }

    fn check(rules: &str, expected: Result<usize, &str>) {
        let found = analysis(&format!("package p\n{rules}"));
        match (found, expected) {
            (Ok(found), Ok(depth)) => assert_eq!(found.call_depth, depth, "{rules}"),
            (Err(error), Err(words)) => {
                assert!(error.to_string().contains(words), "{rules}: {error}")
            }
            (found, expected) => panic!("{rules}: found {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn cycles_are_named_and_chains_are_measured() {
        check("a := 1\nb := a\nc if b == 1", Ok(3));
        check("f(x) := f(x - 1)", Err("p.f -> p.f"));
        check("f(x) := g(x)\ng(x) := f(x)", Err("p.f -> p.g -> p.f"));
        check("a if b\nb if c\nc if data.p.a", Err("p.a -> p.b -> p.c -> p.a"));
        check("a if count(data.p) > 1", Err("p.a -> p.a"));
        check("a if { some x in [1]; data[x] }", Err("p.a -> p.a"));
        check("a if { some x in {y | y := [z | z := a][_]} }", Err("p.a -> p.a"));
        check("default a := false\na if every x in input.xs { not a }", Err("p.a -> p.a"));
        check("import data.p as q\na if q.b\nb if q.a", Err("p.a -> p.b -> p.a"));
        check("o[k] := v if { some k, v in data.p.o }", Err("p.o -> p.o"));
        check("a if b with input as 1\nb := 1", Err("`with` is not for policies"));
        check("a if data.limits.x > 1", Ok(1));
    }

    #[test]
    fn calls_are_limited_to_what_is_pure_and_bounded() {
        check("a := net.cidr_expand(\"10.0.0.0/8\")", Err("`net.cidr_expand` at p.rego:2:6"));
        check("a := numbers.range(1, 100)", Ok(1));
        check("a := numbers.range(1, 1000000000)", Err("`numbers.range`"));
        check("a := numbers.range(1, input.features.n)", Err("`numbers.range`"));
        check("a := time.now_ns()", Err("reads the clock"));
        check("a if { print(1) }", Err("print to"));
        check("a := [x | x := numbers.range(-5, 5)[_]]", Ok(1));
        check("f(x) := x\na := f(1)", Ok(2));
    }

    #[test]
    fn what_the_vm_gets_wrong_goes_to_the_interpreter() {
        let check = |rules: &str, expected: Option<&str>| {
            let found =
                analysis(&format!("package p\n{rules}")).expect("no refusal").interpreter_only;
            match (&found, expected) {
                (None, None) => {}
                (Some(found), Some(words)) if found.contains(words) => {}
                _ => panic!("{rules}: found {found:?}, expected {expected:?}"),
            }
        };
        check("default a := false\na if input.source == \"x\"\na if input.source == \"y\"", None);
        check(
            "a := 1 if input.source == \"x\"\na := 2 if input.source == \"y\"",
            Some("may conflict"),
        );
        check("a := 1 if input.source == \"x\"\na := 1 if input.source == \"y\"", None);
        check("f(x) := x + 1 if x > 1\nf(x) := x if x < 5", Some("may conflict"));
        check("default f(_) := 0\nf(x) := x", Some("a default function"));
        check("a.b := 1", Some("a rule head that is a reference"));
        check("deny contains x if { x := 1 }\ndeny contains x if { x := 2 }", None);
    }

    #[test]
    fn mentions_of_the_input_are_collected() {
        let found = analysis(
            "package p\nimport input.scenario as s\na if s.risk == \"low\"\nb if input.facts[\"x\"].y > input.features[input.source]",
        );
        let found: Vec<String> =
            found.expect("no refusal").input.iter().map(|path| path.join(".")).collect();
        assert_eq!(found, ["facts.x.y", "features", "scenario.risk", "source"]);
    }
    #[test]
    fn what_a_definition_sees_is_followed_through_what_it_calls() {
        let check = |rules: &str, values: &[&str], types: &[&str]| {
            let found = analysis(&format!("package p\n{rules}")).expect("no refusal");
            let seen = found.seen_by(found.definitions.first().expect("a definition"));
            let words = |paths: &BTreeSet<Path>| -> Vec<String> {
                paths.iter().map(|path| path.join(".")).collect()
            };
            assert_eq!(
                (words(&seen.values), words(&seen.types)),
                (
                    values.iter().map(ToString::to_string).collect(),
                    types.iter().map(ToString::to_string).collect(),
                ),
                "{rules}"
            );
        };
        check("a if b\nb if c\nc if input.source == \"x\"\nd if input.facts.y", &["source"], &[]);
        check(
            "a if f(1)\nf(x) if input.facts.y > x\nf(x) if input.facts.z > x",
            &["facts.y", "facts.z"],
            &[],
        );
        check("a if is_number(input.facts.x)", &[], &["facts.x"]);
        check("a if { is_number(input.facts.x); input.facts.x > 1 }", &["facts.x"], &["facts.x"]);
        check("a if is_number(input.facts[input.source])", &["facts", "source"], &[]);
        check("a if is_number(input.facts.x.y)", &["facts.x.y"], &[]);
        check("a if is_number(input.features.x)", &["features.x"], &[]);
        // A function of the bundle by that name sees more than the type.
        check("a if is_string(input.facts.x)\nis_string(x) if x > 1", &["facts.x"], &[]);
    }
}
