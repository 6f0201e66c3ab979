//! A bundle in groups of rules that add to the verdict without knowing of each other.
//!
//! `deny` and `passed` are sets, and each of their definitions adds members to them whatever the
//! others do. So as long as nothing reads the sets themselves, giving every definition a set of
//! its own and uniting these afterwards makes the same sets. `allow` stays as it is; it is a rule
//! like any other, which some of the definitions may call. What a definition adds depends only on
//! the paths under `input` that it or the rules that it may evaluate mention ([`crate::footprint`]).
//!
//! The split is made in the text: the name in the head of every definition is replaced by the name
//! of its group, at the place where the parser found it, and nothing else is touched.
//! It is not made, and the bundle is remembered only as a whole, where `deny` or `passed` is
//! anything but a set of such definitions, where any rule mentions either of them or a document
//! that contains them (over-approximated, see [`crate::walk`]), or where there would be one group.
//!
//! Definitions are grouped by what of the input is in motion for them, so that few groups are
//! asked and those that miss are small. How groups are run is up to [`crate::parts`].

use regorus::Engine;

use crate::analysis::{Analysis, Seen};
use crate::bundle::Bundle;
use crate::engines::{self, ENTRY_PACKAGE};
use crate::footprint::Footprint;
use crate::limits::Limits;
use crate::walk::{Definition, Path};

/// How names of groups begin; a bundle that has such names is not split.
const PREFIX: &str = "npo_part_";
/// Most groups: each costs a look-up. What is left over shares the last one.
const GROUPS_MAX: usize = 24;
/// Most definitions that are split, because each is followed through the whole bundle.
const MEMBERS_MAX: usize = 512;

/// A bundle, divided.
pub(crate) struct Split {
    /// The divided sources, parsed.
    pub(crate) parsed: Engine,
    /// Module of entry rules: one per group, and one for all groups in order.
    pub(crate) entry: String,
    /// The groups.
    pub(crate) groups: Vec<Group>,
    /// What they see together, at least.
    pub(crate) footprint: Footprint,
}

/// Some of the definitions of `deny` and `passed`, and perhaps `allow`.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// What they see of the input.
    pub(crate) footprint: Footprint,
    /// How many they are, which is roughly what they cost.
    pub(crate) weight: usize,
    /// Which answers they are part of.
    pub(crate) deny: bool,
    pub(crate) passed: bool,
    pub(crate) allow: bool,
    /// The rule to run.
    pub(crate) rule: String,
}

/// The rule that runs all groups.
pub(crate) const ALL_RULE: &str = "data.npo_entry.all";

impl Group {
    /// Whether the rule to run is a set of denials, and not an object of answers.
    pub(crate) fn is_bare(&self) -> bool {
        !self.passed && !self.allow
    }
}

/// A definition to be placed: which answer it is part of and what it sees.
struct Member<'a> {
    of: Answer,
    definition: &'a Definition,
    seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Deny,
    Passed,
    Allow,
}

impl Answer {
    fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Passed => "passed",
            Self::Allow => "allow",
        }
    }

    fn path(self) -> Path {
        ["npo", "policy", self.name()].map(str::to_owned).to_vec()
    }
}

/// Divides a bundle, or leaves it whole (see the module text).
pub(crate) fn split(bundle: &Bundle, analysis: &Analysis, limits: &Limits) -> Option<Split> {
    if bundle.rego.iter().any(|file| file.text.contains(PREFIX)) {
        return None;
    }
    let members = members(analysis)?;
    let placed = place(&members);
    if placed.len() < 2 {
        return None;
    }
    let mut sources = bundle.rego.clone();
    // From the end, so that earlier places stay where they are.
    let mut renames = Vec::new();
    for (i, group) in placed.iter().enumerate() {
        for member in group.iter().filter(|member| member.of != Answer::Allow) {
            renames.push((member.definition.name.as_ref()?, member.of.name(), i));
        }
    }
    renames.sort_by_key(|(name, ..)| std::cmp::Reverse(name.bytes.start));
    for (name, old, i) in renames {
        let file = sources.iter_mut().find(|file| file.path == name.file)?;
        if file.text.get(name.bytes.clone()) != Some(old) {
            return None;
        }
        file.text.replace_range(name.bytes.clone(), &format!("{PREFIX}{i}_{old}"));
    }
    let groups: Vec<Group> =
        placed.iter().enumerate().map(|(i, members)| group(i, members)).collect();
    Some(Split {
        parsed: engines::parse(&sources, limits).ok()?,
        entry: entry(&groups),
        groups,
        footprint: Footprint::new(&analysis.input),
    })
}

/// The definitions of the three answers, unless they depend on each other.
fn members(analysis: &Analysis) -> Option<Vec<Member<'_>>> {
    let sets = [Answer::Deny, Answer::Passed].map(Answer::path);
    let touches = |a: &Path, b: &Path| a.starts_with(b) || b.starts_with(a);
    let mut members = Vec::new();
    for definition in &analysis.definitions {
        let path = &definition.path;
        if sets.iter().any(|set| definition.data.iter().any(|read| touches(read, set))) {
            return None;
        }
        let of = [Answer::Deny, Answer::Passed, Answer::Allow]
            .into_iter()
            .find(|answer| answer.path() == *path);
        match of {
            Some(Answer::Deny | Answer::Passed) if definition.name.is_none() => return None,
            None if sets.iter().any(|set| touches(path, set)) => return None,
            None => {}
            Some(of) => members.push(Member { of, definition, seen: Seen::default() }),
        }
    }
    if members.len() > MEMBERS_MAX {
        return None;
    }
    for member in &mut members {
        member.seen = analysis.seen_by(member.definition);
    }
    Some(members)
}

/// Groups by what is in motion, steady ones first. `allow` is one: its definitions stay together.
fn place<'a, 'b>(members: &'b [Member<'a>]) -> Vec<Vec<&'b Member<'a>>> {
    let allow = together(members.iter().filter(|member| member.of == Answer::Allow));
    let mut groups: Vec<(Footprint, Vec<&Member<'_>>)> = Vec::new();
    for member in members {
        let seen = match member.of {
            Answer::Allow => &allow,
            Answer::Deny | Answer::Passed => &member.seen,
        };
        // Types count here like values: a definition that asks for the types of two facts links those
        // that compare the one and the other, which then are run together.
        let motion = Footprint::new(&seen.values.union(&seen.types).cloned().collect()).volatile();
        match groups.iter_mut().find(|(other, _)| *other == motion) {
            Some((_, group)) => group.push(member),
            None => groups.push((motion, vec![member])),
        }
    }
    // What moves with a wider group for the same reason may as well join it.
    groups.sort_by_key(|(motion, _)| motion.width());
    let mut placed: Vec<(Footprint, Vec<&Member<'_>>)> = Vec::new();
    while !groups.is_empty() {
        let (motion, group) = groups.remove(0);
        let wider = groups.iter_mut().find(|(other, _)| {
            !motion.paths().is_empty() && motion.is_within(other) && motion.paces() == other.paces()
        });
        match wider {
            Some((_, wider)) => wider.extend(group),
            None if placed.len() == GROUPS_MAX => {
                if let Some((_, last)) = placed.last_mut() {
                    last.extend(group);
                }
            }
            None => placed.push((motion, group)),
        }
    }
    let mut steady = Vec::new();
    for (motion, group) in &mut placed {
        if motion.paths().is_empty() {
            steady.append(group);
        } else {
            steady.extend(group.extract_if(.., |member| member.is_steady()));
        }
    }
    let moving = placed.into_iter().map(|(_, group)| group);
    std::iter::once(steady).chain(moving).filter(|group| !group.is_empty()).collect()
}

impl Member<'_> {
    /// Whether nothing that it sees is in motion.
    fn is_steady(&self) -> bool {
        self.of != Answer::Allow && Footprint::of(&self.seen).volatile().paths().is_empty()
    }
}

/// What some definitions see together.
fn together<'a>(members: impl Iterator<Item = &'a Member<'a>>) -> Seen {
    let mut all = Seen::default();
    for member in members {
        all.values.extend(member.seen.values.iter().cloned());
        all.types.extend(member.seen.types.iter().cloned());
    }
    all
}

fn group(i: usize, members: &[&Member<'_>]) -> Group {
    let has = |answer| members.iter().any(|member| member.of == answer);
    let mut group = Group {
        footprint: Footprint::of(&together(members.iter().copied())),
        weight: members.len(),
        deny: has(Answer::Deny),
        passed: has(Answer::Passed),
        allow: has(Answer::Allow),
        rule: format!("data.{ENTRY_PACKAGE}.group_{i}"),
    };
    // A rule that would only pass a set on costs as much as a comparison; run the set itself.
    if group.is_bare() {
        group.rule = format!("data.npo.policy.{PREFIX}{i}_deny");
    }
    group
}

fn entry(groups: &[Group]) -> String {
    let mut module = format!("package {ENTRY_PACKAGE}\n");
    for (i, group) in groups.iter().enumerate() {
        if group.is_bare() {
            continue;
        }
        let mut fields = Vec::new();
        // `allow` may be undefined, which must not make the object undefined.
        if group.allow {
            fields.push("\"allow\": {x | x := data.npo.policy.allow}".to_owned());
        }
        for (has, name) in [(group.deny, "deny"), (group.passed, "passed")] {
            if has {
                fields.push(format!("\"{name}\": data.npo.policy.{PREFIX}{i}_{name}"));
            }
        }
        module += &format!("group_{i} := {{{}}}\n", fields.join(", "));
    }
    let rules: Vec<&str> = groups.iter().map(|group| group.rule.as_str()).collect();
    module + &format!("all := [{}]\n", rules.join(", "))
}
