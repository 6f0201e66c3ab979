//! The tree of nouns and verbs.

mod admin;
mod alignment;
mod autonomy;
mod decision;
mod escalation;
mod feedback;
mod lab;
mod log;
mod model;
mod monitor;
mod network;
mod outcome;
mod policy;
mod policy_child;
mod red_button;
mod scenario;
mod serve;
mod threshold;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::{self, Answer, Failure};
use crate::options::Options;

/// Oversight between network automation and the people who answer for it.
#[derive(Debug, Parser)]
#[command(name = "npo", version, about, after_help = exit::EXIT_CODES, disable_help_subcommand = true, propagate_version = false, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Run the server
    Serve(serve::Serve),
    /// Propose, list, show, watch and withdraw decisions
    #[command(subcommand)]
    Decision(decision::Verb),
    /// Answer decisions
    #[command(subcommand)]
    Feedback(feedback::Verb),
    /// Record what the world did after an action
    #[command(subcommand)]
    Outcome(outcome::Verb),
    /// Manage scenario types, and show what was learned
    #[command(subcommand)]
    Scenario(scenario::Verb),
    /// Check, test and activate safety policies
    #[command(subcommand)]
    Policy(policy::Verb),
    /// Show how far npo agrees with its people
    Alignment(alignment::Alignment),
    /// Show thresholds, certificates and the evidence for them
    #[command(subcommand)]
    Threshold(threshold::Verb),
    /// Grant autonomy
    #[command(subcommand)]
    Autonomy(autonomy::Verb),
    /// Stop everything, a scenario type or a site at once
    #[command(subcommand, name = "red-button")]
    RedButton(red_button::Verb),
    /// Show what the monitor watches, and judge it
    #[command(subcommand)]
    Monitor(monitor::Verb),
    /// Settle what was handed to people with more authority
    #[command(subcommand)]
    Escalation(escalation::Verb),
    /// Refit, promote and roll back models
    #[command(subcommand)]
    Model(model::Verb),
    /// Replay network telemetry, and say what changes would do
    #[command(subcommand)]
    Network(network::Verb),
    /// Simulate, compare methods, and ask questions to a log
    #[command(subcommand)]
    Lab(lab::Verb),
    /// Verify, show and move the log of a data directory
    #[command(subcommand)]
    Log(log::Verb),
    /// Set up a server, manage people and tokens
    #[command(subcommand)]
    Admin(admin::Verb),
    /// Check a policy bundle given on stdin; npo starts this itself
    #[command(hide = true, name = "policy-child")]
    PolicyChild,
}

impl Cli {
    /// Does what was asked and gives the exit code.
    pub(crate) fn run(self) -> ExitCode {
        let Self { options, noun } = self;
        if let Noun::PolicyChild = noun {
            return policy_child::run();
        }
        exit::finish(run(&options, noun))
    }
}

fn run(options: &Options, noun: Noun) -> Result<Answer, Failure> {
    match noun {
        Noun::Serve(serve) => serve.run(),
        Noun::Decision(verb) => verb.run(options),
        Noun::Feedback(verb) => verb.run(options),
        Noun::Outcome(verb) => verb.run(options),
        Noun::Scenario(verb) => verb.run(options),
        Noun::Policy(verb) => verb.run(options),
        Noun::Alignment(alignment) => alignment.run(options),
        Noun::Threshold(verb) => verb.run(options),
        Noun::Autonomy(verb) => verb.run(options),
        Noun::RedButton(verb) => verb.run(options),
        Noun::Monitor(verb) => verb.run(options),
        Noun::Escalation(verb) => verb.run(options),
        Noun::Model(verb) => verb.run(options),
        Noun::Network(verb) => verb.run(options),
        Noun::Lab(verb) => verb.run(options),
        Noun::Log(verb) => verb.run(options),
        Noun::Admin(verb) => verb.run(options),
        Noun::PolicyChild => Ok(Answer::Yes),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn walk(command: &clap::Command, visit: &mut dyn FnMut(&clap::Command)) {
        visit(command);
        command.get_subcommands().for_each(|sub| walk(sub, visit));
    }

    #[test]
    fn the_tree_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_text_fits_on_a_line() {
        walk(&Cli::command(), &mut |command| {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty(), "`{}` has no help text", command.get_name());
            assert!(
                about.len() <= 72 && !about.ends_with('.') || command.get_name() == "npo",
                "`{}`: {about}",
                command.get_name()
            );
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(
                    !help.is_empty() && help.len() <= 90,
                    "`{}` {}: `{help}`",
                    command.get_name(),
                    argument.get_id()
                );
            }
        });
    }

    fn check(line: &str, expected: Option<ErrorKind>) {
        let found = Cli::try_parse_from(line.split_whitespace()).err().map(|error| error.kind());
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn lines_are_read_as_documented() {
        let value = Some(ErrorKind::ValueValidation);
        let invalid = Some(ErrorKind::InvalidValue);
        let missing = Some(ErrorKind::MissingRequiredArgument);
        let conflict = Some(ErrorKind::ArgumentConflict);
        check("npo decision list --status open --limit 5 --output json", None);
        check("npo --server http://x:1 alignment", None);
        check("npo alignment --server https://x", value);
        check("npo decision list --limit 0", value);
        check("npo decision list --status bogus", invalid);
        check(
            "npo decision propose --type t --entity e --action a --feature x=1 --fact y=2[s]",
            None,
        );
        check("npo decision propose --type t --entity e --action a --feature x", value);
        check("npo decision propose --type t --entity e --action a --feature x=NaN", value);
        check("npo decision propose --type t", missing);
        check("npo decision propose --file p.json --type t", conflict);
        check("npo decision propose --batch", None);
        check("npo decision show", missing);
        check("npo feedback give d1 like --confidence 0.5 --reason ok", None);
        check("npo feedback give d1 adore", invalid);
        check("npo feedback give d1 like --confidence 2", value);
        check("npo outcome record d1 not-carried-out", None);
        check("npo decision withdraw d1", missing);
        check("npo red-button press --site fra1 --reason smoke", None);
        check("npo red-button press --all --reason smoke", None);
        check("npo red-button press --reason smoke", missing);
        check("npo red-button press --all --site fra1 --reason smoke", conflict);
        check("npo red-button release --all", missing);
        check("npo autonomy grant alert automatic --reason x", None);
        check("npo autonomy grant alert sometimes --reason x", invalid);
        check("npo decision rca d1 wrong --note x", None);
        check("npo decision rca d1 maybe", invalid);
        check("npo monitor verdict alert 3 yes", None);
        check("npo monitor verdict alert x yes", value);
        check("npo model promote m1", missing);
        check("npo escalation settle alert --reason x", None);
        check("npo threshold show", missing);
        check("npo network replay dir --speed 20x", None);
        check("npo network replay dir --speed 0x", value);
        check("npo network replay dir --speed fast", value);
        check("npo network replay", missing);
        check("npo network replay --prometheus http://p:9090 --from 2h --preset gnmi", None);
        check("npo network replay --prometheus http://p:9090", missing);
        check("npo network replay dir --prometheus http://p:9090 --from 2h", conflict);
        check("npo network replay --prometheus http://p:9090 --from later", value);
        check("npo network check-prometheus http://p:9090 --minutes 5", None);
        check("npo network check-prometheus", missing);
        check("npo network what-if f.graphml --remove a--b --weight a--b=3 --shift a->b=0.5", None);
        check("npo network what-if f.graphml --sweep --worst 3 --limit 0.9", None);
        check("npo network what-if f.graphml", missing);
        check("npo network what-if f.graphml --weight a--b", value);
        check("npo network what-if f.graphml --sweep --limit 0", value);
        check("npo network what-if f.graphml --drain a --forecast 100", value);
        check("npo admin setup http://x:1/setup#c --handle h --name n", None);
        check("npo admin setup http://x:1/ --handle h --name n", value);
        check("npo admin login", missing);
        check("npo log verify", missing);
        check("npo log verify --data d --expect 7:00", value);
        check("npo", Some(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand));
    }
}
