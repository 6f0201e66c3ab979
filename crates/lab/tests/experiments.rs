//! Experiments as files: what is read, what is refused and where.

use std::path::Path;

use npo_lab::experiment::{Experiment, Setting};
use npo_lab::shipped;

const SMALL: &str = r#"
name = "small"
seeds = { count = 2 }

[worlds.w]
horizon = 100

[methods.paper]
base = "paper"

[methods.cautious]
base = "calibrated"
profile = { audit = false, selector = { fixed = { theta = 0.9 } } }
"#;

fn read(text: &str, settings: &[(&str, &str)]) -> Result<Experiment, String> {
    let settings: Vec<Setting> =
        settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let find = |name: &str| shipped::find(Path::new("/nonexistent"), name);
    Experiment::read(text, &settings, &find).map_err(|error| error.to_string())
}

#[test]
fn what_ships_is_read_and_its_resolved_copy_reads_the_same() {
    for (name, text) in shipped::EXPERIMENTS {
        let experiment = read(text, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(experiment.name, name);
        let again = read(&experiment.to_toml(), &[]);
        assert_eq!(again.as_ref(), Ok(&experiment), "{name}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(SMALL.contains(from), "`{from}` is in the file");
        let error = read(&SMALL.replace(from, to), &[]).expect_err(to);
        assert_eq!(error, expected, "{to}");
    };
    check(
        "horizon = 100",
        "horizont = 100",
        "line 6, column 1: `worlds.w.horizont`: unknown key `horizont`, did you mean `horizon`?",
    );
    check(
        "horizon = 100",
        "horizon = 0",
        "line 6, column 1: `worlds.w.horizon`: found 0, expected a number from 1 to 100000000",
    );
    check(
        "horizon = 100",
        "noise = nan",
        "line 6, column 1: `worlds.w.noise`: found NaN, expected a number from 0 to 1",
    );
    check(
        "horizon = 100",
        "base = \"v\"",
        "line 6, column 1: `worlds.w.base`: no world is called `v`; did you mean `w`?",
    );
    check(
        "theta = 0.9",
        "thta = 0.9",
        "line 13, column 51: `methods.cautious.profile.selector.fixed.thta`: unknown key `thta`, did you mean `theta`?",
    );
    check(
        "theta = 0.9",
        "theta = 9.0",
        "line 13, column 28: `methods.cautious.profile.selector.theta`: found 9, expected a number from 0 to 1",
    );
    check(
        "base = \"paper\"",
        "base = \"papers\"",
        "line 9, column 1: `methods.paper.base`: found base `papers`, expected `paper`, `calibrated` or another method",
    );
    check(
        "seeds = { count = 2 }",
        "seeds = { count = 2 }\nbaseline = \"papr\"",
        "line 4, column 1: `baseline`: no method is called `papr`; did you mean `paper`?",
    );
    check(
        "horizon = 100",
        "horizon = 100\nlike_below = 0.9\noverride_above = 0.2",
        "line 7, column 1: `worlds.w.like_below`: found `like_below` 0.9 above `override_above` 0.2, expected at most as much: a like and an override together would be more than certain",
    );
    check(
        "horizon = 100",
        "adversarial = 0.7\nsloppy = 0.7",
        "line 6, column 1: `worlds.w.adversarial`: found `adversarial` 0.7 and `sloppy` 0.7, expected shares of the operators that are together at most 1",
    );
    check(
        "seeds = { count = 2 }",
        "seeds = { count = 2 }\ntail = 101",
        "line 4, column 1: `tail`: found 101, expected at most the 100 episodes of `worlds.w.horizon`",
    );
    check(
        "seeds = { count = 2 }",
        "seeds = { count = 2 }\ncheckpoints = 0",
        "line 4, column 1: `checkpoints`: found 0, expected a number from 1 to 1000",
    );
    check(
        "horizon = 100",
        "dim = 1",
        "line 5, column 9: `worlds.w.prior_cosine`: found 0.4 with `dim` 1, expected 1 or -1: one feature has no other angles",
    );
    check(
        "horizon = 100",
        "dim = 1\nprior_cosine = 1\nrotation_deg = 90",
        "line 8, column 1: `worlds.w.rotation_deg`: found 90 with `dim` 1, expected 0: one feature leaves no plane to turn in",
    );
    check(
        "fixed = { theta = 0.9 }",
        "random = { arms = [] }",
        "line 13, column 52: `methods.cautious.profile.selector.random.arms`: found 0 thresholds, expected 1 to 64",
    );
    check(
        "fixed = { theta = 0.9 }",
        "random = { arms = [0.5, 0.6, 0.5] }",
        "line 13, column 52: `methods.cautious.profile.selector.random.arms`: found 0.5 more than once, expected thresholds that differ",
    );
    check(
        "horizon = 100",
        "noise = \"1.5\"",
        "line 6, column 1: `worlds.w.noise`: found the text \"1.5\", expected a number",
    );
    check(
        "seeds = { count = 2 }",
        "seeds = 2",
        "line 3, column 1: `seeds`: found `2`, expected a table",
    );
    check(
        "name = \"small\"",
        "name = small",
        "line 2, column 8: found small; a text stands in quotes",
    );
}

#[test]
fn settings_and_includes_go_over_what_is_shipped() {
    let text = r#"
name = "mine"
seeds = { count = 1 }
include = ["regimes"]

[worlds.D_adv20]
base = "D_adv20"
override_cost = 9

[methods.no-trust]
base = "no-trust"
"#;
    let mine = read(text, &[("worlds.D_adv20.sloppy", "0.1"), ("seeds.count", "3")]).expect("read");
    let world = &mine.worlds["D_adv20"];
    assert_eq!((world.override_cost, world.adversarial, world.sloppy), (9.0, 0.2, 0.1));
    assert_eq!((world.horizon, mine.seeds.count), (5000, 3));
    let profile = &mine.methods["no-trust"].profile;
    assert!(profile.trust.is_none() && profile.audit.is_some() && profile.watch.is_none());
    let error = read(text, &[("worlds.D_adv20.slopppy", "0.1")]).expect_err("unknown");
    assert!(error.contains("did you mean `sloppy`?"), "{error}");
    // Names are checked as keys are: another letter is not another world.
    let check = |key: &str, expected: &str| {
        let error = read(text, &[(key, "0.1")]).expect_err(key);
        assert!(error.contains(expected), "{error}");
    };
    check(
        "worlds.D_adv2.sloppy",
        "no world of the experiment is called `D_adv2`; did you mean `D_adv20`?",
    );
    check("methods.other.override_cost", "`no-trust`; a new one needs `methods.other.base`");
    let new = [("worlds.new.base", "D_adv20"), ("worlds.new.override_cost", "4")];
    assert_eq!(read(text, &new).expect("read").worlds["new"].override_cost, 4.0);
    let circle = "name = \"c\"\nseeds = { count = 1 }\n[worlds.a]\nbase = \"b\"\n[worlds.b]\nbase = \"a\"\n[methods.m]\nbase = \"paper\"\n";
    let error = read(circle, &[]).expect_err("a circle");
    assert!(error.contains("circle"), "{error}");
    let find = |name: &str| Ok(format!("include = [\"{}\"]", if name == "a" { "b" } else { "a" }));
    let text = "name = \"c\"\nseeds = { count = 1 }\ninclude = [\"a\"]\n";
    let error = Experiment::read(text, &[], &find).expect_err("a circle").to_string();
    assert!(error.contains("in a circle: `a` includes `b` includes `a`"), "{error}");
}
