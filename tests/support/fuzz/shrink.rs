//! The smallest case that still differs at the same place: parts of the tree are left out or put in place of what is
//! around them, as long as the difference stays.

use super::arguments::{Argument, Form, Layout};
use super::check::{Checks, Difference, Verdict, check};
use super::tree::{Case, Clause, Expression, Function, Line, Statement};
use numbra::front::types::ScalarType;

/// Candidates tried at most.
const MOST_TRIED: usize = 4000;

pub fn shrink(case: &Case, difference: &Difference, checks: &Checks) -> (Case, Difference) {
    let mut shrinker =
        Shrinker { place: difference.place.clone(), checks: narrowed(checks, &difference.place), tried: 0 };
    let (mut best, mut difference) = (case.clone(), difference.clone());
    loop {
        let before = best.clone();
        for step in STEPS {
            let mut number = 0;
            while let Some(candidate) = step(&best, number) {
                match shrinker.still(&candidate) {
                    Some(found) => (best, difference) = (candidate, found),
                    None => number += 1,
                }
                if shrinker.tried >= MOST_TRIED {
                    return (best, difference);
                }
            }
        }
        if same(&before, &best) {
            return (best, difference);
        }
    }
}

/// The candidate of that number of a kind of step; `None`: there are no more.
type Step = fn(&Case, usize) -> Option<Case>;

const STEPS: [Step; 7] = [
    plain_arguments,
    without_function,
    without_statement,
    with_smaller_expression,
    smaller_space,
    without_argument,
    simpler_element,
];

struct Shrinker {
    place: String,
    checks: Checks,
    tried: usize,
}

/// Only what showed the difference.
fn narrowed(checks: &Checks, place: &str) -> Checks {
    let first = place.split(' ').next().unwrap_or_default();
    let none = Checks { stages: false, cuda_form: false, judges: None, devices: Vec::new() };
    match first {
        "stage" => Checks { stages: true, ..none },
        "cuda" => Checks { cuda_form: true, ..none },
        "judge" => Checks { judges: checks.judges.clone(), ..none },
        _ => {
            let devices: Vec<_> = checks.devices.iter().filter(|device| device.name() == first).cloned().collect();
            if devices.is_empty() { checks.clone() } else { Checks { devices, ..none } }
        }
    }
}

impl Shrinker {
    fn still(&mut self, candidate: &Case) -> Option<Difference> {
        self.tried += 1;
        match check(candidate, &self.checks) {
            Verdict::Wrong(difference) if difference.place == self.place => Some(difference),
            _ => None,
        }
    }
}

fn same(a: &Case, b: &Case) -> bool {
    a.functions == b.functions && a.arguments == b.arguments && a.space == b.space
}

/// Everything in C order, and of the whole space.
fn plain_arguments(case: &Case, number: usize) -> Option<Case> {
    if case.stencil {
        return None;
    }
    let plain = |argument: &Argument, whole: bool| match (&argument.form, whole) {
        (Form::Array { .. }, true) if !case.space.is_empty() => argument.materialized(&case.space),
        (Form::Array { shape, elements, absolute, .. }, _) => {
            let form = Form::Array {
                shape: shape.clone(),
                elements: elements.clone(),
                layout: Layout::C,
                absolute: *absolute,
            };
            Argument { scalar: argument.scalar, form }
        }
        _ => argument.clone(),
    };
    let candidate = |whole: bool| {
        let arguments = case.arguments.iter().map(|argument| plain(argument, whole)).collect();
        Case { arguments, ..case.clone() }
    };
    let candidates = [candidate(true), candidate(false)];
    let differing: Vec<Case> =
        candidates.into_iter().filter(|candidate| candidate.arguments != case.arguments).collect();
    differing.into_iter().nth(number)
}

fn without_function(case: &Case, number: usize) -> Option<Case> {
    let constants = case.constants.len();
    let mut candidate = case.clone();
    if number < constants {
        candidate.constants.remove(number);
    } else if number - constants + 1 < case.functions.len() {
        candidate.functions.remove(number - constants);
    } else {
        return None;
    }
    Some(candidate)
}

/// Applies a change to the statement (or part of one) of that number; `None` if there are fewer.
fn change_statements(statements: &mut Vec<Statement>, number: &mut usize) -> bool {
    let mut place = 0;
    while place < statements.len() {
        if *number == 0 {
            statements.remove(place);
            return true;
        }
        *number -= 1;
        if let Statement::Block(clauses) = &mut statements[place] {
            for clause in 0..clauses.len() {
                // The clause's body in place of the whole block.
                if *number == 0 {
                    let body = clauses[clause].body.clone();
                    statements.splice(place..=place, body);
                    return true;
                }
                *number -= 1;
                // The block without the clause.
                if clause > 0 {
                    if *number == 0 {
                        clauses.remove(clause);
                        return true;
                    }
                    *number -= 1;
                }
                if change_statements(&mut clauses[clause].body, number) {
                    return true;
                }
            }
        }
        place += 1;
    }
    false
}

fn without_statement(case: &Case, number: usize) -> Option<Case> {
    let mut candidate = case.clone();
    without_part(&mut candidate.functions, number).then_some(candidate)
}

/// Leaves out the part of that number; the last function's come first. `false`: there are fewer.
pub fn without_part(functions: &mut [Function], mut number: usize) -> bool {
    functions.iter_mut().rev().any(|function| change_statements(&mut function.body, &mut number))
}

/// Visits every expression, outer before inner, until `visit` says so.
fn expressions(statements: &mut [Statement], visit: &mut dyn FnMut(&mut Expression) -> bool) -> bool {
    fn of_line(line: &mut Line, visit: &mut dyn FnMut(&mut Expression) -> bool) -> bool {
        line.operands.iter_mut().any(|operand| of_expression(operand, visit))
    }
    fn of_expression(expression: &mut Expression, visit: &mut dyn FnMut(&mut Expression) -> bool) -> bool {
        visit(expression) || expression.operands.iter_mut().any(|operand| of_expression(operand, visit))
    }
    statements.iter_mut().any(|statement| match statement {
        Statement::Line(line) => of_line(line, visit),
        Statement::Block(clauses) => {
            clauses.iter_mut().any(|Clause { head, body }| of_line(head, visit) || expressions(body, visit))
        }
    })
}

/// What an expression may become: one of its operands, deeper ones too, or a literal.
fn replacements(expression: &Expression, constant: &dyn Fn(ScalarType, u64) -> Expression) -> Vec<Expression> {
    fn inner(expression: &Expression, scalar: ScalarType, out: &mut Vec<Expression>) {
        for operand in &expression.operands {
            if operand.scalar == scalar {
                out.push(operand.clone());
            }
            inner(operand, scalar, out);
        }
    }
    let mut out = Vec::new();
    inner(expression, expression.scalar, &mut out);
    let one = if expression.scalar.is_float() { 1f64.to_bits() } else { 1 };
    let one = if expression.scalar == ScalarType::F32 { 1f32.to_bits() as u64 } else { one };
    for bits in [0, one] {
        let literal = constant(expression.scalar, bits);
        if literal.pattern.len() < expression.pattern.len() || !expression.operands.is_empty() {
            out.push(literal);
        }
    }
    out
}

fn with_smaller_expression(case: &Case, number: usize) -> Option<Case> {
    let mut candidate = case.clone();
    smaller_expression(&mut candidate.functions, number, &super::expressions::constant).then_some(candidate)
}

/// Puts something smaller in the place of an expression, by the number of what may be done. `constant`: how literals are written.
pub fn smaller_expression(
    functions: &mut [Function],
    mut number: usize,
    constant: &dyn Fn(ScalarType, u64) -> Expression,
) -> bool {
    let mut visit = |expression: &mut Expression| {
        let mut replacements = replacements(expression, constant);
        if number < replacements.len() {
            *expression = replacements.swap_remove(number);
            return true;
        }
        number -= replacements.len();
        false
    };
    functions.iter_mut().rev().any(|function| expressions(&mut function.body, &mut visit))
}

/// An axis with half of its extent, from the start or from the end, or with one less.
fn smaller_space(case: &Case, number: usize) -> Option<Case> {
    let axis = number / 4;
    let extent = *case.space.get(axis)?;
    let kept = match number % 4 {
        0 => 0..extent / 2,
        1 => extent / 2..extent,
        2 => 0..extent.saturating_sub(1),
        _ => 1.min(extent)..extent,
    };
    if kept.is_empty() || kept.len() == extent {
        return Some(unchanged(case));
    }
    let mut candidate = case.clone();
    candidate.space[axis] = kept.len();
    for argument in &mut candidate.arguments {
        let Form::Array { shape, elements, absolute, .. } = &mut argument.form else { continue };
        let missing = case.space.len().saturating_sub(shape.len());
        if *absolute || axis < missing || shape[axis - missing] < extent {
            continue;
        }
        let own = axis - missing;
        let inner: usize = shape[own + 1..].iter().product();
        let all = shape[own];
        // Arrays that are larger than the space keep what they have more.
        let kept = kept.start..kept.end + (all - extent);
        *elements = elements
            .iter()
            .enumerate()
            .filter(|(place, _)| kept.contains(&(place / inner % all)))
            .map(|(_, &bits)| bits)
            .collect();
        shape[own] = kept.len();
    }
    Some(candidate)
}

/// A candidate that cannot be wrong, where there is none of that number: it has no kernel.
fn unchanged(case: &Case) -> Case {
    Case { functions: Vec::new(), ..case.clone() }
}

/// The kernel without a parameter that it does not use.
fn without_argument(case: &Case, number: usize) -> Option<Case> {
    if number >= case.arguments.len() {
        return None;
    }
    if case.arguments.len() == 1 {
        return None;
    }
    let mut candidate = case.clone();
    candidate.arguments.remove(number);
    let kernel = candidate.functions.last_mut()?;
    let name = kernel.parameters.remove(number);
    if let Some(decorator) = &mut kernel.decorator {
        *decorator = decorator.replace(&format!("'{name}',"), "").replace(&format!("'{name}'"), "");
    }
    if !candidate.stencil {
        let arrays = candidate.arguments.iter().filter_map(|argument| match &argument.form {
            Form::Array { shape, .. } => Some(shape.as_slice()),
            Form::Scalar(_) => None,
        });
        let shapes: Vec<&[usize]> = arrays.collect();
        match numbra::array::broadcast_shapes(&shapes) {
            Ok(space) => candidate.space = space,
            Err(_) => return Some(unchanged(case)),
        }
    }
    Some(candidate)
}

/// Elements and scalars that become 0 or 1.
fn simpler_element(case: &Case, number: usize) -> Option<Case> {
    let mut candidate = case.clone();
    let mut place = number / 2;
    for argument in &mut candidate.arguments {
        let scalar = argument.scalar;
        let one = match scalar {
            ScalarType::F32 => 1f32.to_bits() as u64,
            ScalarType::F64 => 1f64.to_bits(),
            _ => 1,
        };
        let simple = if number.is_multiple_of(2) { 0 } else { one };
        let elements: &mut [u64] = match &mut argument.form {
            Form::Scalar(bits) => std::slice::from_mut(bits),
            Form::Array { elements, .. } => elements,
        };
        if place < elements.len() {
            if elements[place] == 0 || elements[place] == one {
                return Some(unchanged(case));
            }
            elements[place] = simple;
            return Some(candidate);
        }
        place -= elements.len();
    }
    None
}
