//! Random programs about who keeps memory: arrays, views, variables that are set and read in branches and loops, calls
//! with arrays, early returns and failures. They compute little; what counts is that nothing is freed too early, twice or
//! never.

use crate::random::Random;
use std::fmt::Write;

/// The text of a module whose first function is `@f0(%x: i64, a: i64[any]) -> i64, i64[any], i64[any]`; the others
/// have the same parameters and results, and call those behind them.
pub fn text(random: &mut Random) -> String {
    let functions = 1 + random.below(3);
    (0..functions).map(|number| Writer::function(random, number, functions)).collect()
}

struct Writer<'r> {
    random: &'r mut Random,
    number: usize,
    functions: usize,
    body: String,
    declarations: String,
    names: usize,
    /// The arrays that can be used here, as the innermost scope's and those around it.
    arrays: Vec<String>,
    /// Statements that may still be written.
    budget: usize,
}

const VARIABLES: usize = 3;

impl Writer<'_> {
    fn function(random: &mut Random, number: usize, functions: usize) -> String {
        let budget = 6 + random.below(30);
        let mut writer = Writer {
            random,
            number,
            functions,
            body: String::new(),
            declarations: String::new(),
            names: 0,
            arrays: vec!["a".to_string()],
            budget,
        };
        writer.block(0, false);
        writer.leave();
        let Writer { body, mut declarations, .. } = writer;
        for variable in 0..VARIABLES {
            let _ = writeln!(declarations, "variable $v{variable}: i64[any]");
        }
        format!(
            "function @f{number}(%x: i64, read_write a: i64[any]) -> i64, i64[any], i64[any] {{
               site #0 out_of_memory \"no memory\"
               site #1 value \"{{}} is too much\"
               variable $sum: i64
               {declarations}
               %zero: index = constant 0 %one: index = constant 1 %minus: index = constant -1
               set $sum = %x
               {body}
             }}\n"
        )
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn line(&mut self, text: &str) {
        self.body.push_str(text);
        self.body.push('\n');
    }

    fn array(&mut self) -> String {
        self.random.pick(&self.arrays).clone()
    }

    /// A condition that depends on what was computed so far, true about once in `times`.
    fn condition(&mut self, times: i64) -> String {
        let (get, times_name, rest, which, condition) =
            (self.fresh("%s"), self.fresh("%t"), self.fresh("%r"), self.fresh("%w"), self.fresh("%c"));
        let wanted = self.random.between(0, times - 1);
        self.line(&format!(
            "{get}: i64 = get $sum {times_name}: i64 = constant {times} {rest}: i64 = mod {get}, {times_name}
             {which}: i64 = constant {wanted} {condition}: bool = eq {rest}, {which}"
        ));
        condition
    }

    /// Adds something to the sum.
    fn count(&mut self, value: &str) {
        let (old, new) = (self.fresh("%s"), self.fresh("%s"));
        self.line(&format!("{old}: i64 = get $sum {new}: i64 = add {old}, {value} set $sum = {new}"));
    }

    fn block(&mut self, depth: usize, in_loop: bool) {
        let visible = self.arrays.len();
        for _ in 0..1 + self.random.below(8) {
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            self.statement(depth, in_loop);
        }
        self.arrays.truncate(visible);
    }

    fn statement(&mut self, depth: usize, in_loop: bool) {
        match self.random.below(14) {
            0 | 1 => {
                let (name, extent) = (self.fresh("n"), self.fresh("%e"));
                let length = self.random.below(4);
                self.line(&format!("{extent}: index = constant {length}"));
                self.line(&format!("array {name}: i64[unit] = allocate ({extent}) zeroed site #0"));
                self.arrays.push(name);
            }
            2 => {
                let (name, extent, last) = (self.fresh("b"), self.fresh("%e"), self.fresh("%l"));
                let base = self.array();
                self.line(&format!(
                    "{extent}: index = extent {base}, 0 {last}: index = sub {extent}, %one
                     array {name}: i64[any] = view {base}[{last}] axes ({extent} along 0 step %minus)"
                ));
                self.arrays.push(name);
            }
            3 | 4 => {
                let (name, variable) = (self.fresh("g"), self.random.below(VARIABLES));
                self.line(&format!("array {name}: i64[any] = get $v{variable}"));
                self.arrays.push(name);
            }
            5 | 6 => {
                let (array, variable) = (self.array(), self.random.below(VARIABLES));
                self.line(&format!("set $v{variable} = {array}"));
            }
            7 | 8 => {
                let (array, extent, some, old, new, value) = (
                    self.array(),
                    self.fresh("%e"),
                    self.fresh("%c"),
                    self.fresh("%o"),
                    self.fresh("%p"),
                    self.fresh("%q"),
                );
                let number = self.random.below(10);
                self.line(&format!(
                    "{extent}: index = extent {array}, 0 {some}: bool = gt {extent}, %zero
                     if {some} {{
                       {old}: i64 = load {array}[%zero] {new}: i64 = constant {number} {value}: i64 = add {old}, {new}
                       store {array}[%zero] = {value}"
                ));
                self.count(&value);
                self.line("}");
            }
            9 if self.number + 1 < self.functions => {
                let (callee, array) =
                    (self.random.between(self.number as i64 + 1, self.functions as i64 - 1), self.array());
                let (value, result, first, second) =
                    (self.fresh("%s"), self.fresh("%k"), self.fresh("r"), self.fresh("r"));
                self.line(&format!("{value}: i64 = get $sum"));
                self.line(&format!(
                    "{result}: i64, array {first}: i64[any], array {second}: i64[any] = call @f{callee}({value}, {array})"
                ));
                self.count(&result);
                self.arrays.extend([first, second]);
            }
            10 if depth < 4 => {
                let condition = self.condition(2);
                self.line(&format!("if {condition} {{"));
                self.block(depth + 1, in_loop);
                self.jump(in_loop);
                self.line("} else {");
                self.block(depth + 1, in_loop);
                self.line("}");
            }
            11 if depth < 3 => {
                let (counter, now, end, limit, next) =
                    (self.fresh("i"), self.fresh("%i"), self.fresh("%d"), self.fresh("%m"), self.fresh("%j"));
                let turns = self.random.below(4);
                let _ = writeln!(self.declarations, "variable ${counter}: index");
                self.line(&format!("set ${counter} = %zero {limit}: index = constant {turns}"));
                self.line(&format!(
                    "loop {{ {now}: index = get ${counter} {end}: bool = ge {now}, {limit} if {end} {{ break }}"
                ));
                // Before anything can go on with the next turn.
                self.line(&format!("{next}: index = add {now}, %one set ${counter} = {next}"));
                self.block(depth + 1, true);
                self.line("}");
            }
            12 => {
                let (condition, value) = (self.condition(11), self.fresh("%s"));
                self.line(&format!("{value}: i64 = get $sum trap #1 if {condition} payload {value}"));
            }
            _ => {
                let one = self.fresh("%k");
                self.line(&format!("{one}: i64 = constant 1"));
                self.count(&one);
            }
        }
    }

    /// Sometimes, at the end of a branch.
    fn jump(&mut self, in_loop: bool) {
        match self.random.below(6) {
            0 => self.leave(),
            1 if in_loop => self.line("break"),
            2 if in_loop => self.line("continue"),
            3 if self.random.once_in(3) => {
                let value = self.fresh("%s");
                self.line(&format!("{value}: i64 = get $sum raise #1 payload {value}"));
            }
            _ => {}
        }
    }

    fn leave(&mut self) {
        let (first, second, value) = (self.array(), self.array(), self.fresh("%s"));
        self.line(&format!("{value}: i64 = get $sum return {value}, {first}, {second}"));
    }
}
