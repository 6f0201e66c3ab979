//! Progress bars on stderr, only where somebody watches.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `total` things, hidden where stderr is no terminal.
pub(crate) fn bar(what: &'static str, total: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    bar.set_draw_target(if stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    });
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("█▌ "));
    bar.set_prefix(what);
    bar
}

/// How bars over events look.
pub(crate) const EVENTS: &str = "{prefix} {wide_bar} {human_pos}/{human_len} events {eta}";
/// How bars over recorded time look.
pub(crate) const TIME: &str = "{prefix} {wide_bar} {percent} % {msg} {eta}";
/// How bars over bytes look.
pub(crate) const BYTES: &str = "{prefix} {wide_bar} {bytes}/{total_bytes} {msg} {eta}";
