//! Progress of long work, on the terminal's standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A bar on a terminal, a line every few seconds elsewhere; nothing for work that is done at once.
pub struct Progress {
    what: String,
    total: usize,
    bar: ProgressBar,
    said: Instant,
}

const SILENCE: Duration = Duration::from_secs(5);

impl Progress {
    pub fn new(what: impl Into<String>, total: usize) -> Progress {
        let what = what.into();
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.clone());
        Progress { what, total, bar, said: Instant::now() }
    }

    pub fn at(&mut self, done: usize) {
        self.bar.set_position(done as u64);
        if !std::io::stderr().is_terminal() && self.said.elapsed() > SILENCE && done < self.total {
            eprintln!("{}: {done} of {}", self.what, self.total);
            self.said = Instant::now();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
