//! What comes with npo: scenario types and the default policy bundle, built into the program.

/// Text of every shipped scenario type, by file name.
pub(crate) const SCENARIO_TYPES: &[(&str, &str)] = &[
    ("alert.toml", include_str!("../../../scenarios/alert.toml")),
    ("error-growth.toml", include_str!("../../../scenarios/error-growth.toml")),
    ("interface-down.toml", include_str!("../../../scenarios/interface-down.toml")),
    ("link-flapping.toml", include_str!("../../../scenarios/link-flapping.toml")),
    ("link-imbalance.toml", include_str!("../../../scenarios/link-imbalance.toml")),
    ("session-loss.toml", include_str!("../../../scenarios/session-loss.toml")),
    ("silent-drops.toml", include_str!("../../../scenarios/silent-drops.toml")),
];

macro_rules! bundle {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../policies/default/", $path)))),*]
    };
}

/// Every file of the default policy bundle, by its path inside the bundle.
pub(crate) const DEFAULT_POLICY: &[(&str, &str)] = bundle![
    "bundle.toml",
    "data.json",
    "policy.rego",
    "rules/actions.rego",
    "rules/blast_radius.rego",
    "rules/capacity.rego",
    "rules/concurrency.rego",
    "rules/freeze.rego",
    "rules/protected.rego",
    "rules/redundancy.rego",
    "rules/window.rego",
    "tests/actions.json",
    "tests/blast_radius.json",
    "tests/capacity.json",
    "tests/concurrency.json",
    "tests/freeze.json",
    "tests/protected.json",
    "tests/redundancy.json",
    "tests/window.json",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn nothing_that_is_shipped_is_left_out_of_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let check = |dir: &str, listed: &[(&str, &str)]| {
            let dir = root.join(dir);
            let mut found = BTreeSet::new();
            let mut open = vec![dir.clone()];
            while let Some(next) = open.pop() {
                for entry in std::fs::read_dir(next).expect("the directory is there") {
                    let path = entry.expect("it can be listed").path();
                    if path.is_dir() {
                        open.push(path);
                    } else if path.extension().is_some_and(|e| e != "md") {
                        let inside = path.strip_prefix(&dir).expect("it is inside");
                        found.insert(inside.to_string_lossy().into_owned());
                    }
                }
            }
            let listed: BTreeSet<_> = listed.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(listed, found, "{}", dir.display());
        };
        check("scenarios", SCENARIO_TYPES);
        check("policies/default", DEFAULT_POLICY);
    }
}
