//! `count_ones` of 64 bits as that of two halves: Vulkan's instruction takes 32.

use super::rewrite::{self, strict};
use crate::capabilities::{Capabilities, Lack};
use crate::ir::*;
use crate::types::{Constant, ScalarType};

pub fn run(function: &mut Function, capabilities: &Capabilities) {
    rewrite::lacking(function, capabilities, Lack::WideBitCounts, &mut |function, out, _, _, operands| {
        let number = operands[0];
        let width = function.constant(out, Constant::integer(function.scalar(number), 32));
        let above = function.apply(out, Op::ShrInRange, &[number, width]);
        let mut halves = [number, above];
        for half in &mut halves {
            let bits = function.convert(out, *half, ScalarType::U32);
            *half = function.apply(out, Op::CountOnes, &[bits]);
        }
        let count = function.apply(out, Op::Add, &halves);
        Some(strict(Op::Convert, &[count]))
    });
}
