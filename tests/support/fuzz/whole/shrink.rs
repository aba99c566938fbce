//! The smallest program that is still wrong at the same place.

use super::check::{Checks, Verdict, check};
use super::{Argument, Program};
use crate::fuzz::shrink::{smaller_expression, without_part};

/// Candidates tried at most.
const MOST_TRIED: usize = 3000;

type Step = fn(&mut Program, usize) -> bool;

const STEPS: [Step; 4] = [without_function, without_statement, with_smaller_expression, simpler_argument];

/// `detail` goes with what is returned.
pub fn shrink(program: &Program, place: &str, detail: String, checks: &mut Checks) -> (Program, String) {
    let (mut best, mut detail) = (program.clone(), detail);
    // Only where it was seen.
    let (stages, native) = (checks.stages, checks.native);
    checks.stages &= place.starts_with("stage") || place == "panic" || place == "lowering";
    checks.native &= place == "native" || place == "panic";
    let mut tried = 0;
    'all: loop {
        let before = best.clone();
        for step in STEPS {
            let mut number = 0;
            loop {
                let mut candidate = best.clone();
                if !step(&mut candidate, number) {
                    break;
                }
                tried += 1;
                match check(&candidate.text(), checks) {
                    Verdict::Wrong { place: found, detail: new } if found == place && alike(&new, &detail) => {
                        (best, detail) = (candidate, new)
                    }
                    _ => number += 1,
                }
                if tried >= MOST_TRIED {
                    break 'all;
                }
            }
        }
        if before == best {
            break;
        }
    }
    (checks.stages, checks.native) = (stages, native);
    (best, detail)
}

/// A program that lost an assignment fails in Python by a name that it does not know: that is another finding.
fn alike(new: &str, old: &str) -> bool {
    ["NameError", "TypeError", "SyntaxError", "UnboundLocalError", "NotImplementedError", "AttributeError"]
        .iter()
        .all(|exception| old.contains(exception) || !new.contains(exception))
}

fn without_function(program: &mut Program, number: usize) -> bool {
    if number + 1 >= program.functions.len() {
        return false;
    }
    program.functions.remove(number);
    true
}

fn without_statement(program: &mut Program, number: usize) -> bool {
    without_part(&mut program.functions, number)
}

fn with_smaller_expression(program: &mut Program, number: usize) -> bool {
    smaller_expression(&mut program.functions, number, &|scalar, bits| {
        let text = match scalar {
            scalar if scalar.is_float() => format!("{:?}", f64::from_bits(bits)),
            numbra::front::types::ScalarType::Bool => (if bits != 0 { "True" } else { "False" }).to_string(),
            _ => bits.to_string(),
        };
        crate::fuzz::tree::Expression::leaf(scalar, text)
    })
}

/// Arrays in C order, then of zeros; the number 0.
fn simpler_argument(program: &mut Program, number: usize) -> bool {
    let Some(argument) = program.arguments.get_mut(number / 2) else { return false };
    let before = argument.clone();
    match argument {
        Argument::Int(value) => *value = 0,
        Argument::Float(value) => *value = 0.0,
        Argument::Array(given) if number.is_multiple_of(2) => {
            let mut next = 1;
            for (stride, extent) in given.strides.iter_mut().zip(&given.shape).rev() {
                *stride = next;
                next *= extent;
            }
        }
        Argument::Array(given) => given.elements.fill(0.0),
    }
    if *argument == before {
        // The same again: a text without functions, which cannot be wrong in that way.
        program.functions.clear();
    }
    true
}
