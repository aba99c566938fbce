//! Failures that a function handles itself.

use super::super::backend_error;
use super::super::lower::{Lowering, malformed};
use super::{DONE, FAILED, HostContext, HostFailure};
use crate::error::Result;
use inkwell::IntPredicate;
use inkwell::values::{IntValue, PointerValue};
use numbra_front::ir::{Definition, Statement, Value};
use std::mem::{offset_of, size_of};

impl<'ctx> Lowering<'ctx, '_> {
    /// Does what `statement` says; `failed` is whether that failed.
    pub fn guarded(&mut self, failed: Value, keep: Option<u32>, statement: &Statement) -> Result<()> {
        let condition = match statement {
            Statement::Trap { condition, site, payloads, position: _ } => {
                let condition = self.value(*condition)?.into_int_value();
                let (fail, proceed) = self.rarely_to(condition, "fail")?;
                self.builder.position_at_end(fail);
                self.record(*site, payloads)?;
                self.jump(proceed)?;
                self.builder.position_at_end(proceed);
                condition
            }
            Statement::Define { array, definition: Definition::Allocate { extents, zeroed, site } } => {
                let owner = self.request(*array, extents, *zeroed)?;
                let condition = self.builder.build_is_null(owner, "").map_err(backend_error)?;
                let (fail, proceed) = self.rarely_to(condition, "no_memory")?;
                self.builder.position_at_end(fail);
                self.record(*site, extents)?;
                self.jump(proceed)?;
                self.builder.position_at_end(proceed);
                // Nobody uses it where it has no memory.
                let descriptor = self.fresh(*array, extents, owner)?;
                let frame = self.frame_mut()?;
                frame.arrays[array.index()] = Some(descriptor);
                frame.owning.push(*array);
                condition
            }
            Statement::Call { results, function, arguments } => {
                let (given, can_fail) = self.called(function, arguments)?;
                let condition = match can_fail {
                    true => self.is_failed(self.status_of(given)?)?,
                    false => self.context.bool_type().const_zero(),
                };
                self.take(given, results)?;
                condition
            }
            Statement::Reraise { number } => {
                let kept = self.kept(*number)?;
                let record = self.field(offset_of!(HostContext, failure))?;
                self.copy_failure(record, kept)?;
                self.context.bool_type().const_all_ones()
            }
            _ => return Err(malformed("a guard around what cannot fail")),
        };
        if let Some(number) = keep {
            let (fail, proceed) = self.rarely_to(condition, "keep")?;
            self.builder.position_at_end(fail);
            let kept = self.kept(number)?;
            let record = self.field(offset_of!(HostContext, failure))?;
            self.copy_failure(kept, record)?;
            self.jump(proceed)?;
            self.builder.position_at_end(proceed);
        }
        self.values[failed.index()] = Some(condition.into());
        Ok(())
    }

    /// Fails as what the handler of that `try` is there for.
    pub fn fail_again(&mut self, number: u32) -> Result<()> {
        let kept = self.kept(number)?;
        let record = self.field(offset_of!(HostContext, failure))?;
        self.copy_failure(record, kept)?;
        let failed = self.int32(FAILED);
        self.leave(failed)
    }

    /// Whether a call failed; where it was interrupted, nobody handles that.
    fn is_failed(&mut self, status: IntValue<'ctx>) -> Result<IntValue<'ctx>> {
        let compare = |lowering: &Self, predicate, with| {
            let with = lowering.int32(with);
            lowering.builder.build_int_compare(predicate, status, with, "").map_err(backend_error)
        };
        let failed = compare(self, IntPredicate::EQ, FAILED)?;
        let done = compare(self, IntPredicate::EQ, DONE)?;
        let goes_on = self.builder.build_or(failed, done, "").map_err(backend_error)?;
        let interrupted = self.builder.build_not(goes_on, "").map_err(backend_error)?;
        let (leave, proceed) = self.rarely_to(interrupted, "interrupted")?;
        self.builder.position_at_end(leave);
        self.leave(status)?;
        self.builder.position_at_end(proceed);
        Ok(failed)
    }

    fn kept(&mut self, number: u32) -> Result<PointerValue<'ctx>> {
        if let Some(place) = self.frame()?.kept.get(&number) {
            return Ok(*place);
        }
        let place = self.entry_memory(size_of::<HostFailure>() as u64, "kept")?;
        self.frame_mut()?.kept.insert(number, place);
        Ok(place)
    }

    fn copy_failure(&self, to: PointerValue<'ctx>, from: PointerValue<'ctx>) -> Result<()> {
        let bytes = self.context.i64_type().const_int(size_of::<HostFailure>() as u64, false);
        self.builder.build_memcpy(to, 8, from, 8, bytes).map_err(backend_error)?;
        Ok(())
    }

    /// So many bytes of the function's own stack.
    pub fn entry_memory(&self, bytes: u64, name: &str) -> Result<PointerValue<'ctx>> {
        let here = self.builder.get_insert_block().ok_or_else(|| malformed("code outside of any block"))?;
        let entry = self.function.get_first_basic_block().ok_or_else(|| malformed("a function without a block"))?;
        match entry.get_first_instruction() {
            Some(first) => self.builder.position_before(&first),
            None => self.builder.position_at_end(entry),
        }
        let words = self.context.i64_type().array_type(bytes.div_ceil(8) as u32);
        let place = self.builder.build_alloca(words, name).map_err(backend_error);
        self.builder.position_at_end(here);
        place
    }
}
