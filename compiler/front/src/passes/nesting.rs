//! How deeply branches and loops stand in each other, for drivers that take only so many levels: what is deeper is made
//! flat ([`super::flatten`]), and refused if that does not help.
//!
//! WGSL names 127 levels. Mesa's llvmpipe has room for the masks of 80 branches and of 80 loops, and goes on with wrong
//! ones beyond. Before it counts, Mesa makes more levels of what it gets, which are counted here as well: what follows
//! an `if` with a `continue` goes into its other branch; what follows one with a `break` out of a loop that turns once, or one
//! that returns, as a trap does, too; and a loop of few turns that is left in two places is unrolled to one branch in the
//! other for each turn.

use super::flatten::{self, jumps, turns_once};
use crate::capabilities::Nesting;
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::*;
use crate::source::Span;

/// What Mesa's unrolling may add: it stops at 32 turns, and at 832 instructions in all.
const UNROLLED: usize = 41;
/// Of a trap: the test of its condition, and whether it is the first to fail.
const TRAP: usize = 2;
/// Levels of branches that stay where the rest is made flat.
const KEPT: usize = 8;
/// So many traps may each end the thread.
pub const FEW_TRAPS: usize = 8;

pub fn run(kernel: &mut Function, limit: Nesting) -> Result<()> {
    // What is well below the limit stays as it is.
    if Depth::of(kernel, limit).most() <= limit.levels / 4 * 3 {
        return Ok(());
    }
    flatten::run(kernel, KEPT);
    let depth = Depth::of(kernel, limit);
    if depth.most() <= limit.levels { Ok(()) } else { Err(refusal(kernel, limit, depth.at)) }
}

/// Whether the traps of a kernel are too many for each to end the thread where it stands.
pub fn has_many_traps(kernel: &Function) -> bool {
    traps(&kernel.body) > FEW_TRAPS
}

pub fn traps(region: &Region) -> usize {
    let mut traps = 0;
    region.walk(&mut |statement| traps += matches!(statement, Statement::Trap { .. }) as usize);
    traps
}

/// Levels of branches and of loops on the deepest way into a region.
#[derive(Debug, Clone, Copy, Default)]
struct Depth {
    branches: usize,
    loops: usize,
    /// Whether the driver counts both together.
    together: bool,
    /// A place in the text there.
    at: Span,
}

impl Depth {
    fn of(kernel: &Function, limit: Nesting) -> Depth {
        let mut depth = Depth::region(kernel, &kernel.body, limit.together, None);
        if kernel.has_traps() {
            // The loop around the body in place of the returns.
            depth.loops += has_many_traps(kernel) as usize;
        }
        if !limit.together {
            depth.branches += if has_many_traps(kernel) { 0 } else { traps(&kernel.body) };
            depth.branches += if may_be_unrolled(&kernel.body) { UNROLLED } else { 0 };
        }
        depth
    }

    fn most(&self) -> usize {
        if self.together { self.branches + self.loops } else { self.branches.max(self.loops) }
    }

    /// `jump`: the one of the loop around after which the driver puts what follows one level deeper.
    fn region(kernel: &Function, region: &Region, together: bool, jump: Option<&Statement>) -> Depth {
        let mut deepest = Depth { together, ..Depth::default() };
        let mut jumped = 0;
        for statement in &region.statements {
            let inside = |region| Depth::region(kernel, region, together, jump);
            let mut depth = match statement {
                Statement::If { then, otherwise, .. } => {
                    let deeper = Depth::deeper(inside(then), inside(otherwise));
                    Depth { branches: deeper.branches + 1, ..deeper }
                }
                Statement::Loop { body, step } => {
                    let jump = if turns_once(body) { Statement::Break } else { Statement::Continue };
                    let body = Depth::region(kernel, body, together, Some(&jump));
                    let deeper = Depth::deeper(body, Depth::region(kernel, step, together, None));
                    Depth { loops: deeper.loops + 1, ..deeper }
                }
                Statement::Trap { .. } => Depth { branches: TRAP, together, ..Depth::default() },
                Statement::Let { value, .. } => {
                    Depth { together, at: kernel.values[value.index()].span, ..Depth::default() }
                }
                _ => continue,
            };
            depth.branches += jumped;
            if let (Statement::If { then, otherwise, .. }, Some(jump)) = (statement, jump)
                && !together
            {
                jumped += jumps(then, jump) + jumps(otherwise, jump);
            }
            deepest = Depth::deeper(deepest, depth);
        }
        deepest
    }

    /// At least as much of everything as both.
    fn deeper(one: Depth, other: Depth) -> Depth {
        let at = if other.at != Span::NONE && (one.at == Span::NONE || other.most() > one.most()) {
            other.at
        } else {
            one.at
        };
        Depth {
            branches: one.branches.max(other.branches),
            loops: one.loops.max(other.loops),
            together: one.together,
            at,
        }
    }
}

/// Whether there is a loop that is left in more than one place.
fn may_be_unrolled(region: &Region) -> bool {
    let mut found = false;
    region.walk(&mut |statement| {
        if let Statement::Loop { body, .. } = statement {
            found |= jumps(body, &Statement::Break) + traps(body) > 1;
        }
    });
    found
}

fn refusal(kernel: &Function, limit: Nesting, span: Span) -> Error {
    let message = format!(
        "branches and loops stand in each other more deeply than {} takes them, which is some {} levels",
        limit.by, limit.levels
    );
    let help = "make parts of it with loops of their own separate kernels, or run it on cpu, parallel or interp";
    match &kernel.source {
        Some(source) if span != Span::NONE => {
            Mistake::new(ErrorClass::Unsupported, source, span, message).help(help).into()
        }
        _ => Error::request_with_help(ErrorClass::Unsupported, format!("{message} (in '{}')", kernel.name), help),
    }
}
