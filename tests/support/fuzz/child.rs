//! Checking in a process of its own, which is ended if a case takes too long: a driver or a compiler that hangs, or that ends its
//! process, costs one case.
//!
//! The other process is this program again, told to [`serve`]. It reads the numbers of cases, one a line, and answers each with
//! lines that begin with [`MARK`]; whatever else it prints goes on to the terminal.

use super::check::{Checks, Difference, Verdict, check};
use super::tree::Case;
use super::{Checker, generator, judged_by, shrink};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const MARK: char = '\u{1}';
/// A finding is shrunk for so many times as long as a case may take.
const SHRINKING: u32 = 20;

#[derive(Serialize, Deserialize)]
struct Question {
    number: u64,
    judged: bool,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Verdict(Verdict),
    /// After a verdict that is a difference: the smallest program found, as text.
    Shrunk(String),
}

/// Answers until there are no more questions. `found`: what to do with what is found, once it is shrunk; gives its text.
pub fn serve(seed: u64, checks: &Checks, found: &mut dyn FnMut(u64, Case, Difference) -> String) {
    let (send, questions) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if let Ok(question) = serde_json::from_str::<Question>(&line) {
                let _ = send.send(question);
            }
        }
        // Nobody waits for an answer any more, also if it is one that never comes.
        std::process::exit(0);
    });
    for Question { number, judged } in questions {
        let case = generator::case(seed, number);
        let checks = judged_by(checks, number, judged);
        let verdict = check(&case, &checks);
        let difference = match &verdict {
            Verdict::Wrong(difference) => Some(difference.clone()),
            _ => None,
        };
        answer(&Answer::Verdict(verdict));
        if let Some(difference) = difference {
            let (case, difference) = shrink::shrink(&case, &difference, &checks);
            answer(&Answer::Shrunk(found(number, case, difference)));
        }
    }
}

fn answer(answer: &Answer) {
    if let Ok(text) = serde_json::to_string(answer) {
        println!("{MARK}{text}");
    }
}

/// Hands cases to another process.
pub struct Child {
    /// What starts it.
    command: Box<dyn Fn() -> Command>,
    /// What a case may take.
    patience: Duration,
    process: Option<Process>,
}

struct Process {
    child: std::process::Child,
    answers: Receiver<Answer>,
}

/// Why there is no answer.
enum Lost {
    TooLong,
    Ended,
}

impl Child {
    pub fn new(command: impl Fn() -> Command + 'static, patience: Duration) -> Child {
        Child { command: Box::new(command), patience, process: None }
    }

    fn start(&mut self) -> Result<&mut Process, String> {
        let process = match self.process.take() {
            Some(process) => process,
            None => {
                let child = (self.command)().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
                let mut child = child.map_err(|error| format!("the process for the cases does not start: {error}"))?;
                let output = child.stdout.take().ok_or("the process for the cases has no output")?;
                let (send, answers) = channel();
                std::thread::spawn(move || {
                    for line in BufReader::new(output).lines().map_while(Result::ok) {
                        let Some(text) = line.strip_prefix(MARK) else {
                            println!("{line}");
                            continue;
                        };
                        if let Ok(answer) = serde_json::from_str(text) {
                            let _ = send.send(answer);
                        }
                    }
                });
                Process { child, answers }
            }
        };
        Ok(self.process.insert(process))
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, Lost> {
        let patience = self.patience;
        let Ok(process) = self.start() else { return Err(Lost::Ended) };
        let asked = serde_json::to_string(question).map_err(|_| Lost::Ended)?;
        let input = process.child.stdin.as_mut().ok_or(Lost::Ended)?;
        let sent = writeln!(input, "{asked}").and_then(|()| input.flush());
        let answer = sent.map_err(|_| Lost::Ended).and_then(|()| process.wait(patience));
        if answer.is_err() {
            self.end();
        }
        answer
    }

    /// Ends the process, whatever it does.
    fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

impl Process {
    fn wait(&mut self, patience: Duration) -> Result<Answer, Lost> {
        self.answers.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => Lost::TooLong,
            RecvTimeoutError::Disconnected => Lost::Ended,
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

impl Checker for Child {
    fn check(&mut self, number: u64, _: &Case, judged: bool) -> Verdict {
        let started = Instant::now();
        match self.ask(&Question { number, judged }) {
            Ok(Answer::Verdict(verdict)) => verdict,
            Err(Lost::TooLong) => Verdict::Hung { seconds: started.elapsed().as_secs() },
            Ok(Answer::Shrunk(_)) | Err(Lost::Ended) => {
                self.end();
                let detail = "the process ended in the middle of it".to_string();
                Verdict::Wrong(Difference { place: "process".to_string(), detail })
            }
        }
    }

    /// The other process does it, and writes it down; here the case stays as it is.
    fn shrink(&mut self, _: u64, case: &Case, difference: &Difference, _: bool) -> (Case, Difference) {
        let patience = self.patience * SHRINKING;
        let unshrunk = |why: &str| println!("\n{}: {}, {why}:\n{}", difference.place, difference.detail, case.text());
        match self.process.as_mut().map(|process| process.wait(patience)) {
            Some(Ok(Answer::Shrunk(text))) => println!("\n{text}"),
            Some(_) => {
                unshrunk("not shrunk, which took too long");
                self.end();
            }
            None => unshrunk("not shrunk"),
        }
        (case.clone(), difference.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Extent, Report, run};
    use std::cell::Cell;

    /// Runs four cases, with a shell's commands in place of the process for the cases: one for each that is started.
    fn four_cases<const N: usize>(scripts: [&'static str; N]) -> Report {
        let started = Cell::new(0);
        let command = move || {
            let script = scripts[started.replace(started.get() + 1)];
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let mut child = Child::new(command, Duration::from_secs(3));
        let extent = Extent { first: 0, count: 4, time: Duration::MAX, judged: 0, most_found: 9 };
        run(1, extent, &mut child, &mut |_, _| ())
    }

    #[test]
    fn a_case_that_hangs_or_ends_its_process_costs_one_case() {
        let answers = r#"while read question; do printf '\001{"Verdict":{"Right":{"failed":false}}}\n'; done"#;
        let never = "exec sleep 1000";
        let report = four_cases([answers]);
        assert_eq!((report.ran, report.hung.len()), (4, 0), "{report}");
        let report = four_cases([never, "read question; exit 3", answers]);
        assert_eq!(report.hung, [0], "{report}");
        assert_eq!(report.found.iter().map(|found| found.number).collect::<Vec<_>>(), [1], "{report}");
        assert_eq!(report.found[0].difference.place, "process");
        // Found ones ran as well.
        assert_eq!(report.ran, 3, "{report}");
    }
}
