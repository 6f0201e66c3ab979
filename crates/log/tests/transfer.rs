//! A log as text: what goes out comes in again, and a changed text is refused by line.

use npo_log::{
    EventLog, Head, ImportError, LineError, MAX_BODY, MAX_LINE, MemoryLog, Record, check_export,
    export, import,
};

fn log(bodies: impl IntoIterator<Item = Vec<u8>>) -> MemoryLog {
    let mut log = MemoryLog::new();
    for (i, body) in bodies.into_iter().enumerate() {
        let record = Record { kind: i as u16 * 7, version: i as u8, body };
        log.append(i as u64, &[record]).expect("appends");
    }
    log
}

fn text(log: &MemoryLog, after: u64) -> String {
    let mut out = Vec::new();
    let mut reader = log.reader().expect("opens");
    export(&mut *reader, after, &mut out, &mut |_| {}).expect("exports");
    String::from_utf8(out).expect("is text")
}

fn five() -> MemoryLog {
    log((0..5_u8).map(|i| vec![i; usize::from(i) * 3 + 1]))
}

#[test]
fn text_has_a_frozen_form() {
    let text = text(&log([b"hello".to_vec()]), 0);
    assert!(text.starts_with(r#"{"position":1,"kind":0,"version":0,"body":"aGVsbG8=","hash":""#));
    assert!(text.ends_with("\"}\n"));
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn there_and_back() {
    let bodies = [vec![], vec![0xff; MAX_BODY], (0..=255).collect(), b"\"\n\\".to_vec()];
    let source = log(bodies);
    let text = text(&source, 0);
    let mut target = MemoryLog::new();
    let head = import(&mut text.as_bytes(), &mut target, &mut |_| {}).expect("imports");
    assert_eq!(head, source.head().expect("has a head"));
    assert_eq!(check_export(&mut text.as_bytes(), Head::EMPTY).expect("checks"), head);
}

#[test]
fn import_continues_after_the_head() {
    let (source, mut target) = (five(), MemoryLog::new());
    let all = text(&source, 0);
    let half: String = all.lines().take(2).map(|line| format!("{line}\n\n")).collect();
    import(&mut half.as_bytes(), &mut target, &mut |_| {}).expect("imports");
    let rest = text(&source, 2);
    let head = import(&mut rest.as_bytes(), &mut target, &mut |_| {}).expect("imports");
    assert_eq!(head, source.head().expect("has a head"));
}

/// The error with its cause, as it is printed at the edge.
fn chain(error: &ImportError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

fn check(change: impl FnOnce(&mut Vec<String>), line: u64, reason: &str) {
    let mut lines: Vec<String> = text(&five(), 0).lines().map(str::to_owned).collect();
    change(&mut lines);
    let changed = lines.join("\n");
    let error = check_export(&mut changed.as_bytes(), Head::EMPTY).expect_err("was changed");
    let message = chain(&error);
    assert!(message.starts_with(&format!("line {line} is refused: {reason}")), "{message}");
    let mut target = MemoryLog::new();
    let error = import(&mut changed.as_bytes(), &mut target, &mut |_| {}).expect_err("was changed");
    assert_eq!(chain(&error), message);
}

#[test]
fn a_changed_text_is_refused_by_line() {
    let swap = |from: &'static str, to: &'static str| {
        move |lines: &mut Vec<String>| lines[2] = lines[2].replace(from, to)
    };
    check(swap("\"body\":\"Ag", "\"body\":\"Aw"), 3, "event 3 has the hash `");
    check(swap("\"kind\":14", "\"kind\":15"), 3, "event 3 has the hash `");
    check(swap("\"kind\":14", "\"kind\":65536"), 3, "expected an event as one JSON object");
    check(swap("\"kind\":14", "\"kind\":14,\"note\":1"), 3, "expected an event as one JSON object");
    check(swap("\"version\":2,", ""), 3, "expected an event as one JSON object");
    check(swap("\"body\":\"", "\"body\":\"*"), 3, "expected the body in base64");
    check(swap("\"hash\":\"", "\"hash\":\"0"), 3, "found the hash `0");
    check(|lines| lines[2].truncate(30), 3, "expected an event as one JSON object");
    check(|lines| drop(lines.remove(2)), 3, "found position 4, expected 3");
    check(|lines| lines.insert(2, lines[1].clone()), 3, "found position 2, expected 3");
    check(|lines| lines.swap(0, 1), 1, "found position 2, expected 1");
    check(|lines| lines[4] = " ".repeat(MAX_LINE + 1), 5, "the line is longer than ");
    check(|lines| lines[0] = "\u{0}".into(), 1, "expected an event as one JSON object");
}

#[test]
fn a_body_over_the_limit_is_refused() {
    // Fits the line limit, which has room to spare, but not the body limit.
    let body = "A".repeat((MAX_BODY + 2).div_ceil(3) * 4);
    let line = format!(
        r#"{{"position":1,"kind":1,"version":1,"body":"{body}","hash":"{}"}}"#,
        "0".repeat(64)
    );
    let error = check_export(&mut line.as_bytes(), Head::EMPTY).expect_err("too large");
    assert!(
        matches!(error, ImportError::Line { line: 1, source: LineError::BodyTooLarge(n) } if n > MAX_BODY),
        "{error}"
    );
}

#[test]
fn a_full_log_refuses_by_line_and_keeps_whole_groups() {
    let source = five();
    let mut target = MemoryLog::with_max_bytes(4);
    let text = text(&source, 0);
    let error = import(&mut text.as_bytes(), &mut target, &mut |_| {}).expect_err("is full");
    assert!(matches!(error, ImportError::Append { .. }), "{error}");
    assert_eq!(target.head().expect("has a head"), Head::EMPTY);
}
