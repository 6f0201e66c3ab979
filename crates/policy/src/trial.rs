//! Trial of a bundle: its own cases, and probes derived from them, through both paths.
//!
//! The VM differs silently from the interpreter in corners of the language, so it is used only for
//! bundles on which both agree. Authors' cases alone would leave the corners out that authors did
//! not think of; the probes drop each fact, or give it another type, one at a time.

use std::collections::{BTreeMap, BTreeSet};

use regorus::rvm::RegoVM;
use regorus::{Engine, Value};

use crate::cases::{self, Case, CaseFact, CaseInput};
use crate::engines::{self, Compiled, ENTRY_RULE};
use crate::limits::Limits;
use crate::parts::Parts;
use crate::refusal::Refusal;
use crate::report::{CaseReport, EngineChoice};
use crate::split::Split;
use crate::verdict::{RULE_TIMEOUT, Verdict};

/// Most probes in all; a bundle with many cases needs fewer of each.
const PROBES_MAX: usize = 2000;

/// What came of a trial.
pub(crate) struct Trial {
    pub(crate) cases: Vec<CaseReport>,
    pub(crate) engine: EngineChoice,
    pub(crate) compared: usize,
    pub(crate) warnings: Vec<String>,
}

/// A bundle that parsed and was found free of recursion.
pub(crate) struct Subject<'a> {
    pub(crate) parsed: &'a Engine,
    /// The same, divided; see [`crate::split`].
    pub(crate) split: Option<&'a Split>,
    pub(crate) data: &'a serde_json::Value,
    pub(crate) has_passed: bool,
    pub(crate) interpreter_only: Option<String>,
    /// Names of facts that the bundle mentions; probed whether or not a case has them.
    pub(crate) facts: BTreeSet<String>,
    pub(crate) limits: &'a Limits,
}

/// Both paths over one version of the data.
struct Pair {
    interpreter: Engine,
    vm: Result<RegoVM, String>,
    parts: Option<Parts>,
}

impl Subject<'_> {
    /// Runs all cases and probes.
    pub(crate) fn trial(&self, cases: &[(String, Case)]) -> Result<Trial, Refusal> {
        let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
        let mut differs = self.interpreter_only.clone();
        let (mut reports, mut compared, mut timeouts) = (Vec::new(), 0, BTreeSet::new());
        let mut probes_left = PROBES_MAX;

        let no_case = Case {
            name: "an empty input".to_owned(),
            input: CaseInput::default(),
            data: None,
            allow: true,
            rules: None,
        };
        let runs = cases.iter().map(|(file, case)| (Some(file), case)).chain([(None, &no_case)]);
        for (file, case) in runs {
            let patch = case.data.as_ref().map(ToString::to_string).unwrap_or_default();
            let pair = match pairs.entry(patch) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(self.pair(case.data.as_ref())?)
                }
            };
            if let (Err(why), None) = (&pair.vm, &differs) {
                differs = Some(format!("the VM cannot take the bundle: {why}"));
            }
            let (verdict, other) = pair.judge(&case.input);
            let share = probes_left / (cases.len() + 1 - reports.len().min(cases.len())).max(1);
            let mut judged = vec![(case.name.clone(), verdict.clone(), other)];
            for (name, probe) in probes(&case.input, &self.facts).into_iter().take(share) {
                probes_left -= 1;
                let (verdict, other) = pair.judge(&probe);
                judged.push((format!("{} ({name})", case.name), verdict, other));
            }
            for (name, verdict, other) in judged {
                if verdict.rules.iter().any(|hit| hit.rule == RULE_TIMEOUT) {
                    timeouts.insert(name.clone());
                }
                let Some(other) = other else { continue };
                compared += 1;
                if !verdict.same_decision(&other) && differs.is_none() {
                    differs = Some(format!(
                        "case `{name}` differs: interpreter {}, VM {}",
                        words(&verdict),
                        words(&other)
                    ));
                }
            }
            if let Some(file) = file {
                reports.push(report(file, case, &verdict));
            }
        }
        if let Some(name) = timeouts.first() {
            let message = format!(
                "case `{name}` ran past the limit of {} ms for one evaluation",
                self.limits.evaluation_ms_max
            );
            return Err(Refusal::Compile { message });
        }
        let mut warnings = Vec::new();
        if cases.is_empty() {
            warnings.push("the bundle has no cases under `tests/`".to_owned());
            differs
                .get_or_insert_with(|| "the bundle has no cases to compare the VM on".to_owned());
        } else {
            for allow in [true, false] {
                if !cases.iter().any(|(_, case)| case.allow == allow) {
                    warnings.push(format!("no case expects `allow` = {allow}"));
                }
            }
        }
        let engine =
            differs.map_or(EngineChoice::Vm, |reason| EngineChoice::Interpreter { reason });
        Ok(Trial { cases: reports, engine, compared, warnings })
    }

    fn pair(&self, patch: Option<&serde_json::Value>) -> Result<Pair, Refusal> {
        let mut data = self.data.clone();
        if let Some(patch) = patch {
            cases::merge(&mut data, patch);
        }
        let data = Value::from(data);
        let entry = engines::whole(self.has_passed);
        let mut engine = engines::complete(self.parsed, data.clone(), entry)?;
        let parts = self.split.and_then(|split| Parts::new(split, data.clone(), self.limits).ok());
        let vm = Compiled::new(&mut engine, &[ENTRY_RULE], data, self.limits)
            .and_then(|compiled| compiled.vm());
        Ok(Pair { interpreter: engine, vm, parts })
    }
}

impl Pair {
    /// What the interpreter says, and the first that the VM says otherwise, or else the same, if it runs at all.
    fn judge(&mut self, input: &CaseInput) -> (Verdict, Option<Verdict>) {
        let input = input.as_input();
        let value = input.to_value();
        let verdict = engines::interpret(&mut self.interpreter, value.clone());
        let Ok(vm) = &mut self.vm else {
            return (verdict, None);
        };
        let whole = engines::run(vm, value);
        // Groups that do not answer are not a difference; the whole is then run in their place.
        let parts = self.parts.as_ref().map(|parts| parts.evaluate_fresh(&input));
        let mut differing = std::iter::once(&whole)
            .chain(parts.iter().flatten().flatten())
            .filter(|other| !verdict.same_decision(other));
        let other = differing.next().unwrap_or(&whole).clone();
        (verdict, Some(other))
    }
}

/// Variations of an input, each with a word on what was changed.
fn probes(input: &CaseInput, mentioned: &BTreeSet<String>) -> Vec<(String, CaseInput)> {
    let mut probes = Vec::new();
    let mut push = |what: String, change: &dyn Fn(&mut CaseInput)| {
        let mut probe = input.clone();
        change(&mut probe);
        probes.push((what, probe));
    };
    let facts: BTreeSet<&String> = input.facts.keys().chain(mentioned).collect();
    for name in facts {
        push(format!("without `{name}`"), &|probe| {
            probe.facts.remove(name);
        });
        for (what, value) in [
            ("a text", CaseFact::Text("npo-probe".to_owned())),
            ("a boolean", CaseFact::Bool(true)),
            ("-1", CaseFact::Number(-1.0)),
            ("1e12", CaseFact::Number(1e12)),
        ] {
            push(format!("`{name}` as {what}"), &|probe| {
                probe.facts.insert(name.clone(), value.clone());
            });
        }
    }
    for name in input.features.keys() {
        push(format!("without `{name}`"), &|probe| {
            probe.features.remove(name);
        });
    }
    push("another scenario type".to_owned(), &|probe| probe.scenario.kind = "npo-probe".to_owned());
    push("another action".to_owned(), &|probe| probe.action.name = "npo-probe".to_owned());
    push("another risk".to_owned(), &|probe| probe.scenario.risk = "npo-probe".to_owned());
    push("a busy site".to_owned(), &|probe| probe.context.in_flight.site = 1_000_000);
    probes
}

fn report(file: &str, case: &Case, verdict: &Verdict) -> CaseReport {
    let rules: BTreeSet<&str> = verdict.rules.iter().map(|hit| hit.rule.as_str()).collect();
    let expected =
        case.rules.as_ref().map(|rules| rules.iter().map(String::as_str).collect::<BTreeSet<_>>());
    CaseReport {
        file: file.to_owned(),
        name: case.name.clone(),
        passed: verdict.allow == case.allow && expected.is_none_or(|expected| expected == rules),
        expected_allow: case.allow,
        expected_rules: case.rules.clone(),
        allow: verdict.allow,
        rules: verdict.rules.to_vec(),
    }
}

fn words(verdict: &Verdict) -> String {
    let rules: Vec<&str> = verdict.rules.iter().map(|hit| hit.rule.as_str()).collect();
    format!("{} [{}]", if verdict.allow { "allows" } else { "denies" }, rules.join(", "))
}
