//! The pages that problems point at: what each code means and what to try.
//!
//! They are the files of `docs/errors/`, built in, so that the `type` of a problem can be followed
//! on the server that gave it.

use axum::extract::Path;
use axum::response::Response;
use npo_api::Problem;

use crate::http::call::content;
use crate::http::problem;

macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        &[$(($code, include_str!(concat!("../../../docs/errors/", $code, ".md")))),*]
    };
}

/// Text of every page, by code.
const PAGES: &[(&str, &str)] = pages![
    "already-answered",
    "already-held",
    "already-set-up",
    "body-timeout",
    "body-too-large",
    "body-unreadable",
    "decision-expired",
    "decision-not-asked",
    "decision-withdrawn",
    "feature-given-twice",
    "feature-not-finite",
    "feature-out-of-range",
    "handle-taken",
    "idempotency-key-reused",
    "inactive-person",
    "internal",
    "invalid-body",
    "invalid-bundle",
    "invalid-cursor",
    "invalid-field",
    "invalid-idempotency-key",
    "invalid-json",
    "invalid-path",
    "invalid-profile",
    "invalid-query",
    "invalid-scenario-type",
    "last-admin",
    "line-too-long",
    "list-too-slow",
    "log-unavailable",
    "method-not-allowed",
    "missing-feature",
    "model-conflict",
    "needs-approver",
    "not-escalated",
    "not-for-rca",
    "not-found",
    "no-picture",
    "not-held",
    "outcome-recorded",
    "overloaded",
    "permission-denied",
    "policy-changed",
    "policy-refused",
    "policy-tests-failed",
    "refit-conflict",
    "secret-not-repeatable",
    "setup-code-wrong",
    "setup-locked",
    "timed-out",
    "token-expired",
    "token-malformed",
    "token-missing",
    "token-revoked",
    "token-unknown",
    "too-few-labels",
    "too-many-policies",
    "too-many-streams",
    "unknown-action",
    "unknown-decision",
    "unknown-feature",
    "unknown-field",
    "unknown-model",
    "unknown-person",
    "unknown-policy",
    "unknown-scenario",
    "unknown-scenario-type",
    "unknown-token-id",
    "version-conflict",
    "views-behind",
];

/// Shows the page of a code.
pub(crate) async fn page(Path(code): Path<String>) -> Response {
    match PAGES.iter().find(|(known, _)| *known == code) {
        Some((_, text)) => content(200, "text/markdown; charset=utf-8", *text),
        None => {
            let found: String = code.chars().take(64).collect();
            let detail = format!("no problem has the code `{found}`");
            problem::response(&Problem::new(404, "not-found", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    /// Codes in the text of a source file: those given to problems, and those of rejections.
    fn codes(text: &str) -> BTreeSet<String> {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let quoted = |rest: &str| rest.split('"').nth(1).map(str::to_owned);
        let is_code = |word: &String| {
            word.contains('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        };
        [
            "Problem::new(",
            "=> refused(",
            "=> \"",
            "unauthorized(",
            "(\n            \"token",
            "=> (\n",
            "(\"inactive-",
        ]
        .into_iter()
        .flat_map(|marker| text.split(marker).skip(1).map(move |rest| (marker, rest)))
        .filter_map(|(marker, rest)| {
            if marker.ends_with('"') {
                rest.split('"').next().map(str::to_owned)
            } else {
                quoted(rest)
            }
        })
        .filter(is_code)
        .collect()
    }

    fn sources() -> Vec<PathBuf> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut files = vec![root.join("../core/src/rejection.rs")];
        let mut open =
            vec![root.join("src/http"), root.join("src/routes"), root.join("src/auth.rs")];
        while let Some(next) = open.pop() {
            if next.is_dir() {
                open.extend(
                    std::fs::read_dir(&next)
                        .expect("it is there")
                        .map(|e| e.expect("an entry").path()),
                );
            } else if next.extension().is_some_and(|e| e == "rs")
                && !next.ends_with("routes/mod.rs")
            {
                files.push(next);
            }
        }
        files
    }

    #[test]
    fn every_code_has_a_page_and_every_page_is_built_in() {
        let known: BTreeSet<_> = PAGES.iter().map(|(code, _)| (*code).to_owned()).collect();
        let mut used = BTreeSet::new();
        for file in sources() {
            used.extend(codes(&std::fs::read_to_string(&file).expect("a text")));
        }
        let not_codes = ["color-scheme", "application/json"];
        used.retain(|code| !not_codes.contains(&code.as_str()));
        assert!(used.len() > 40, "{used:?}");
        let missing: Vec<_> = used.difference(&known).collect();
        assert!(missing.is_empty(), "no page for {missing:?}");
        let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
        let files = std::fs::read_dir(directory).expect("it is there");
        let files: BTreeSet<_> = files
            .map(|f| f.expect("an entry").file_name().to_string_lossy().replace(".md", ""))
            .collect();
        assert_eq!(files, known);
        for (code, text) in PAGES {
            assert!(
                text.contains(&format!("`{code}`")) && text.contains("## What to try"),
                "{code}"
            );
        }
    }
}
