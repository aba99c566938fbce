//! For drivers that end a loop after so many turns, whatever its condition says: kernels count, and fail before that.
//!
//! llvmpipe gives each group of threads that it runs as one vector ("lanes") a number of turns for all their loops
//! together, 65,535, and goes on behind the loop when they are used up: the result would be wrong without a word. Loops whose
//! turns are known when compiling need no counting if they keep below that. All others count their turns.
//!
//! A thread sees its own turns only. The vector turns as long as any lane does: for one loop that stands in no other, as
//! often as its busiest lane; otherwise each turn is at least one lane's, so no more often than all lanes together, and each
//! has its share of the turns.

use super::flatten::turns_once;
use super::nesting;
use crate::capabilities::LoopLimit;
use crate::ir::*;
use crate::source::Span;
use crate::types::{Constant, ScalarType};
use std::collections::HashMap;

pub fn run(kernel: &mut Function, limit: LoopLimit) {
    let mut turns = Turns { constants: HashMap::new(), all_unknown: false };
    kernel.body.walk(&mut |statement| {
        if let Statement::Let { value, expression: Expression::Constant(constant) } = statement
            && let Some(number) = constant.as_integer().and_then(|number| i64::try_from(number).ok())
        {
            turns.constants.insert(*value, number);
        }
    });
    let mut allowed = u64::from(limit.turns);
    turns.all_unknown = turns.known(&kernel.body) > allowed;
    let unknown = turns.unknown(&kernel.body, false);
    if unknown.count == 0 {
        return;
    }
    // The loop around a kernel with many traps turns once.
    let traps = nesting::traps(&kernel.body) + unknown.count;
    allowed -= u64::from(traps > nesting::FEW_TRAPS);
    let shares = if unknown.count == 1 && !unknown.nested { 1 } else { u64::from(limit.lanes) };
    let share = (allowed - turns.known(&kernel.body)) / shares;
    let message = format!(
        "the driver {} ends loops early, after {allowed} turns of neighbouring elements together, and this one may turn more \
         often: run the kernel on cpu, parallel or interp",
        limit.driver
    );
    let counter = kernel.variable("turns", ScalarType::Index);
    let mut body = std::mem::take(&mut kernel.body);
    turns.count(kernel, &mut body, counter, share, &message);
    kernel.body = body;
}

struct Turns {
    constants: HashMap<Value, i64>,
    /// What is known is too much: every loop counts.
    all_unknown: bool,
}

/// Loops whose turns are not known.
struct Unknown {
    count: usize,
    /// Whether one stands in another loop.
    nested: bool,
}

impl Turns {
    /// The turns of loops, as far as they are known, when the region runs once.
    fn known(&self, region: &Region) -> u64 {
        let mut sum = 0u64;
        for (place, statement) in region.statements.iter().enumerate() {
            let inside = || statement.regions().iter().fold(0u64, |sum, region| sum.saturating_add(self.known(region)));
            let own = match statement {
                Statement::Loop { .. } => match self.of_loop(&region.statements[..place], statement) {
                    // Once more, to find that it is over.
                    Some(turns) => turns.saturating_mul(inside().saturating_add(1)).saturating_add(1),
                    None => 0,
                },
                _ => inside(),
            };
            sum = sum.saturating_add(own);
        }
        sum
    }

    fn unknown(&self, region: &Region, in_loop: bool) -> Unknown {
        let mut found = Unknown { count: 0, nested: false };
        for (place, statement) in region.statements.iter().enumerate() {
            let is_loop = matches!(statement, Statement::Loop { .. });
            if is_loop && self.of_loop(&region.statements[..place], statement).is_none() {
                found.count += 1;
                found.nested |= in_loop;
            }
            for inner in statement.regions() {
                let inner = self.unknown(inner, in_loop || is_loop);
                found.count += inner.count;
                found.nested |= inner.nested;
            }
        }
        found
    }

    /// How often a loop turns at most: one that counts a variable from a constant to a constant in constant steps, as
    /// `range` makes them. `before`: what stands before it.
    fn of_loop(&self, before: &[Statement], statement: &Statement) -> Option<u64> {
        let Statement::Loop { body, step } = statement else { return None };
        if turns_once(body) {
            return Some(1);
        }
        if self.all_unknown {
            return None;
        }
        // The test is the first branch of the body.
        let place = body.statements.iter().position(|statement| !matches!(statement, Statement::Let { .. }))?;
        let Statement::If { condition, then, .. } = &body.statements[place] else { return None };
        if then.statements != [Statement::Break] {
            return None;
        }
        let defined = |region: &[Statement], wanted: Value| {
            region.iter().find_map(|statement| match statement {
                Statement::Let { value, expression } if *value == wanted => Some(expression.clone()),
                _ => None,
            })
        };
        let Expression::Apply { op, operands, .. } = defined(&body.statements, *condition)? else { return None };
        let Expression::Get(variable) = defined(&body.statements, operands[0])? else { return None };
        let stop = *self.constants.get(operands.get(1)?)?;
        let [.., Statement::Set { variable: stepped, value }] = &step.statements[..] else { return None };
        let Expression::Apply { op: Op::Add, operands, .. } = defined(&step.statements, value.value()?)? else {
            return None;
        };
        let Expression::Get(read) = defined(&step.statements, operands[0])? else { return None };
        let by = *self.constants.get(&operands[1])?;
        let mut changed = false;
        body.walk(&mut |statement| {
            changed |= matches!(statement, Statement::Set { variable: set, .. } if *set == variable)
        });
        if changed || *stepped != variable || read != variable {
            return None;
        }
        let start = before.iter().rev().find_map(|statement| match statement {
            Statement::Set { variable: set, value } if *set == variable => {
                Some(self.constants.get(&value.value()?).copied())
            }
            // Might set it.
            Statement::If { .. } | Statement::Loop { .. } => Some(None),
            _ => None,
        })??;
        let distance = match op {
            Op::Ge if by > 0 => i128::from(stop) - i128::from(start),
            Op::Le if by < 0 => i128::from(start) - i128::from(stop),
            _ => return None,
        };
        u64::try_from(distance.max(0)).ok().map(|distance| distance.div_ceil(by.unsigned_abs()))
    }

    fn count(&self, kernel: &mut Function, region: &mut Region, counter: VariableId, share: u64, message: &str) {
        for place in 0..region.statements.len() {
            let (before, rest) = region.statements.split_at_mut(place);
            let unknown = matches!(rest[0], Statement::Loop { .. }) && self.of_loop(before, &rest[0]).is_none();
            let weight =
                1 + if unknown { rest[0].regions().iter().map(|region| self.known(region)).sum::<u64>() } else { 0 };
            for inner in rest[0].regions_mut() {
                self.count(kernel, inner, counter, share, message);
            }
            let Statement::Loop { body, .. } = &mut rest[0] else { continue };
            if unknown {
                let mut counting = Region::default();
                let old = kernel.get(&mut counting, counter);
                let weight = kernel.constant(&mut counting, Constant::index(weight as i64));
                let new = kernel.apply(&mut counting, Op::Add, &[old, weight]);
                counting.statements.push(Statement::Set { variable: counter, value: new.into() });
                let share = kernel.constant(&mut counting, Constant::index(share as i64));
                let condition = kernel.apply(&mut counting, Op::Gt, &[new, share]);
                let span = body.statements.iter().find_map(|statement| match statement {
                    Statement::Let { value, .. } => {
                        Some(kernel.values[value.index()].span).filter(|span| *span != Span::NONE)
                    }
                    _ => None,
                });
                let site = kernel.site(Site {
                    told: Vec::new(),
                    fault: Fault::LoopLimit,
                    message: message.to_string(),
                    span: span.unwrap_or(Span::NONE),
                    source: kernel.source.clone(),
                });
                counting.statements.push(Statement::Trap { condition, site, payloads: vec![new], position: None });
                counting.statements.append(&mut body.statements);
                body.statements = counting.statements;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::parse::parse;

    /// The shares and weights of the loops of a kernel: one trap each.
    fn counted(body: &str) -> Vec<(i64, i64)> {
        let text = format!(
            "kernel @k(write out: i64[unit] distinct, %0 n: i64 argument(0), %1 space0: index space_extent(0)) {{\n  \
             variable $i: i64\n  variable $j: i64\n  parallel (%2) in (%1) {{\n{body}\n  }}\n}}\n"
        );
        let mut module = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        run(&mut module.functions[0], LoopLimit { driver: "d", turns: 1000, lanes: 8 });
        let kernel = &module.functions[0];
        let mut constants = HashMap::new();
        let (mut weights, mut shares) = (Vec::new(), Vec::new());
        kernel.body.walk(&mut |statement| match statement {
            Statement::Let { value, expression: Expression::Constant(constant) } => {
                constants.insert(*value, constant.as_integer().unwrap_or(0) as i64);
            }
            Statement::Let { expression: Expression::Apply { op: Op::Gt, operands, .. }, .. } => {
                shares.push(constants[&operands[1]])
            }
            Statement::Let { value, expression: Expression::Apply { op: Op::Add, operands, .. } }
                if kernel.scalar(*value) == ScalarType::Index =>
            {
                weights.push(constants[&operands[1]]);
            }
            _ => {}
        });
        shares.into_iter().zip(weights).collect()
    }

    /// `for variable in range(stop): body`; values from `first` on are free.
    fn range(variable: &str, first: u32, stop: &str, body: &str) -> String {
        let [a, b, c, d, e, f, g] = [0, 1, 2, 3, 4, 5, 6].map(|offset| first + offset);
        let stop_line =
            if stop == "n" { format!("%{b}: i64 = add %0, %0") } else { format!("%{b}: i64 = constant {stop}") };
        format!(
            "%{a}: i64 = constant 0\n{stop_line}\n%{c}: i64 = constant 1\nset {variable} = %{a}\nloop {{\n%{d}: i64 = get {variable}\n\
             %{e}: bool = ge %{d}, %{b}\nif %{e} {{\nbreak\n}}\n{body}\n}} step {{\n%{f}: i64 = get {variable}\n\
             %{g}: i64 = add %{f}, %{c}\nset {variable} = %{g}\n}}"
        )
    }

    #[test]
    fn loops_that_keep_below_the_limit_do_not_count() {
        assert_eq!(counted(&range("$i", 10, "999", "")), []);
        assert_eq!(counted(&range("$i", 10, "30", &range("$j", 20, "30", ""))), []);
    }

    #[test]
    fn loops_of_unknown_turns_count() {
        // Alone: all of the driver's turns. Known turns inside are part of each.
        assert_eq!(counted(&range("$i", 10, "n", "")), [(1000, 1)]);
        assert_eq!(counted(&range("$i", 10, "n", &range("$j", 20, "30", ""))), [(1000, 32)]);
        // Others' lanes may turn when this one does not.
        assert_eq!(counted(&range("$i", 10, "9", &range("$j", 20, "n", ""))), [((1000 - 10) / 8, 1)]);
        assert_eq!(counted(&range("$i", 10, "n", &range("$j", 20, "n", ""))), [(125, 1), (125, 1)]);
        // Known to be too many.
        assert_eq!(counted(&range("$i", 10, "1000", "")), [(1000, 1)]);
        assert_eq!(counted(&range("$i", 10, "40", &range("$j", 20, "40", ""))), [(125, 1), (125, 1)]);
    }
}
