//! How a run ends: an answer, or a reason why there is none, and the exit code of each.
//!
//! Scripts tell *asked, and the answer is no* from *could not ask*; see [`EXIT_CODES`].

use std::error::Error;
use std::process::ExitCode;

use npo_api::Problem;

use crate::output::say;

/// What `npo --help` says about exit codes.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  yes: it was done, or the answer is good
  1  asked, and the answer is no: blocked by policy, refused, not found, log damaged
  2  usage: the command line is wrong
  3  could not ask: no connection, no access, a file that cannot be read

Environment:
  NPO_SERVER  address of the server, http://127.0.0.1:7171 if absent
  NPO_TOKEN   token; else the one kept by `npo admin setup` or `npo admin login`
  NO_COLOR    no colours if set";

/// Code of an error answer that says nothing in the API's form.
pub(crate) const NO_PROBLEM_DETAIL: &str = "no-problem-detail";

/// The answer of a run that could ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the answer becomes the exit code"]
pub(crate) enum Answer {
    /// Done, or good.
    Yes,
    /// Asked, and the answer is no; what was printed says why.
    No,
}

/// Why there is no answer to print.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Asked, and refused.
    #[error("{0}")]
    Refused(String),
    /// The server answered with a problem.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// No answer was to be had.
    #[error("{what}")]
    CouldNotAsk {
        /// What was attempted.
        what: String,
        /// Why it did not work.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// Whoever reads our output has gone; nothing is wrong.
    #[error("nobody reads the output")]
    ReaderGone,
}

impl Failure {
    /// An attempt that failed for a reason with words of its own.
    pub(crate) fn could_not(
        what: impl Into<String>,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self::CouldNotAsk { what: what.into(), source: Some(Box::new(source)) }
    }

    /// An attempt that failed, with nothing underneath.
    pub(crate) fn cannot(what: impl Into<String>) -> Self {
        Self::CouldNotAsk { what: what.into(), source: None }
    }

    fn code(&self) -> u8 {
        match self {
            Self::ReaderGone => 0,
            Self::Refused(_) => 1,
            Self::CouldNotAsk { .. } => 3,
            // Whoever answered so was not npo.
            Self::Problem(problem) if problem.code == NO_PROBLEM_DETAIL => 3,
            Self::Problem(problem) => match problem.status {
                401 | 403 | 408 | 429 | 500.. => 3,
                _ => 1,
            },
        }
    }

    /// What somebody could try, where that is known.
    fn hint(&self) -> Option<&'static str> {
        let Self::Problem(problem) = self else { return None };
        match (problem.status, problem.code.as_str()) {
            (401, _) => Some(
                "set NPO_TOKEN or run `npo admin login`; a new server prints a set-up link for `npo admin setup`",
            ),
            (_, "setup-code-wrong") => {
                Some("use the link that the server printed when it last started")
            }
            (_, "already-set-up") => {
                Some("ask an admin for a token: `npo admin token issue --person HANDLE`")
            }
            (403, _) => Some("an admin can give roles: `npo admin person change ID --role ROLE`"),
            (429, _) => Some("try again in a moment"),
            (503, _) => Some("see the server's log; reading may still work"),
            _ => None,
        }
    }
}

/// Tells what happened on stderr and gives the exit code.
pub(crate) fn finish(result: Result<Answer, Failure>) -> ExitCode {
    match result {
        Ok(Answer::Yes) | Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(failure) => {
            // Messages may quote what came from outside; excerpts of files have several lines.
            chain(&failure).lines().enumerate().for_each(|(ix, line)| {
                say(&format!("{}{line}", if ix == 0 { "npo: " } else { "     " }));
            });
            if let Some(hint) = failure.hint() {
                say(&format!("hint: {hint}"));
            }
            ExitCode::from(failure.code())
        }
    }
}

/// An error with its causes on one line; a cause that repeats its effect is left out.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, code: &str) -> Failure {
        Failure::Problem(Box::new(Problem::new(status, code, "found this, expected that")))
    }

    #[test]
    fn codes_tell_no_from_could_not_ask() {
        assert_eq!(Failure::Refused(String::new()).code(), 1);
        assert_eq!(Failure::cannot("x").code(), 3);
        assert_eq!(problem(404, NO_PROBLEM_DETAIL).code(), 3);
        for (status, code) in [
            (401, 3),
            (403, 3),
            (404, 1),
            (409, 1),
            (410, 1),
            (422, 1),
            (429, 3),
            (500, 3),
            (503, 3),
        ] {
            assert_eq!(problem(status, "x").code(), code, "{status}");
        }
    }

    #[test]
    fn causes_are_told_once() {
        let inner = std::io::Error::other("disk gone");
        assert_eq!(
            chain(&Failure::could_not("could not read `a`", inner)),
            "could not read `a`: disk gone"
        );
        let inner = std::io::Error::other("disk gone");
        assert_eq!(chain(&Failure::could_not("disk gone", inner)), "disk gone");
    }

    #[test]
    fn a_problem_is_told_with_its_code_and_what_to_try() {
        let failure = problem(403, "forbidden");
        assert_eq!(failure.to_string(), "found this, expected that (forbidden)");
        assert!(failure.hint().is_some_and(|hint| hint.contains("person change")));
        assert!(problem(404, "unknown-decision").hint().is_none());
    }
}
