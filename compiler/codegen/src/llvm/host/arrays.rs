//! Arrays of whole functions: descriptors, memory, references.

use super::super::backend_error;
use super::super::lower::{Lowering, malformed, memory_type};
use super::{HostContext, OWNER_BYTES};
use crate::error::Result;
use inkwell::basic_block::BasicBlock;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{BasicValueEnum, IntValue, PointerValue};
use inkwell::{AddressSpace, IntPredicate};
use numbra_front::ir::{
    ArrayId, ArrayType, AxisSource, Expression, SiteId, Stride, TableId, Value, VariableId, ViewAxis,
};
use std::mem::offset_of;

/// An array.
#[derive(Clone)]
pub struct Descriptor<'ctx> {
    /// Who counts the references to its memory; null where nobody does.
    pub owner: PointerValue<'ctx>,
    /// The first element.
    pub data: PointerValue<'ctx>,
    pub extents: Vec<IntValue<'ctx>>,
    /// In elements.
    pub strides: Vec<IntValue<'ctx>>,
    /// The strides that addresses are computed with: the same wherever an axis has two elements, and constants, or products
    /// of extents, where the array's type says so.
    steps: Vec<IntValue<'ctx>>,
}

impl<'ctx> Descriptor<'ctx> {
    /// As functions pass them: see [`super::array_words`].
    pub fn words(&self) -> Vec<BasicValueEnum<'ctx>> {
        let integers = self.extents.iter().chain(&self.strides).map(|&integer| integer.into());
        [self.owner.into(), self.data.into()].into_iter().chain(integers).collect()
    }
}

/// Where a variable has the words of its array.
#[derive(Clone)]
pub struct Slots<'ctx> {
    places: Vec<PointerValue<'ctx>>,
}

impl<'ctx> Lowering<'ctx, '_> {
    pub fn array(&self, array: ArrayId) -> Result<Descriptor<'ctx>> {
        let known = self.frame()?.arrays.get(array.index()).cloned().flatten();
        known.ok_or_else(|| malformed(format!("array {} is used before it is defined", array.0)))
    }

    fn integer(&self, number: i64) -> IntValue<'ctx> {
        self.context.i64_type().const_int(number as u64, false)
    }

    fn times(&self, left: IntValue<'ctx>, right: IntValue<'ctx>) -> Result<IntValue<'ctx>> {
        let is_one = |value: IntValue| value.get_sign_extended_constant() == Some(1);
        match (is_one(left), is_one(right)) {
            (true, _) => Ok(right),
            (_, true) => Ok(left),
            _ => self.builder.build_int_mul(left, right, "").map_err(backend_error),
        }
    }

    fn product(&self, factors: &[IntValue<'ctx>]) -> Result<IntValue<'ctx>> {
        factors.iter().try_fold(self.integer(1), |product, &factor| self.times(product, factor))
    }

    /// What addresses are computed with; `any`: for axes of which the type says nothing.
    fn steps(
        &self,
        known: &[Stride],
        extents: &[IntValue<'ctx>],
        any: &[IntValue<'ctx>],
    ) -> Result<Vec<IntValue<'ctx>>> {
        let unit = known.iter().position(|stride| *stride == Stride::Unit);
        let step = |(axis, stride): (usize, &Stride)| match (stride, unit) {
            (Stride::Zero, _) => Ok(self.integer(0)),
            (Stride::Unit, _) | (Stride::Packed, None) => Ok(self.integer(1)),
            // From the unit axis outwards, so that neighbours share what they compute.
            (Stride::Packed, Some(unit)) if unit > axis => {
                let mut between = extents[axis + 1..=unit].to_vec();
                between.reverse();
                self.product(&between)
            }
            (Stride::Packed, Some(unit)) => self.product(&extents[unit..axis]),
            (Stride::Any, _) => Ok(any[axis]),
        };
        known.iter().enumerate().map(step).collect()
    }

    /// An array as a function was passed it.
    pub fn descriptor_of(&self, words: &[BasicValueEnum<'ctx>], known: &[Stride]) -> Result<Descriptor<'ctx>> {
        let (pointers, integers) = words.split_at_checked(2).ok_or_else(|| malformed("an array of no words"))?;
        let integers: Vec<IntValue> = integers.iter().map(|integer| integer.into_int_value()).collect();
        if integers.len() != 2 * known.len() {
            return Err(malformed("an array with other than its words"));
        }
        let (extents, strides) = integers.split_at(known.len());
        Ok(Descriptor {
            owner: pointers[0].into_pointer_value(),
            data: pointers[1].into_pointer_value(),
            extents: extents.to_vec(),
            strides: strides.to_vec(),
            steps: self.steps(known, extents, strides)?,
        })
    }

    /// The address of an element.
    pub fn element(&self, array: ArrayId, indices: &[Value]) -> Result<PointerValue<'ctx>> {
        let Descriptor { data, steps, .. } = self.array(array)?;
        if indices.len() != steps.len() {
            return Err(malformed("an array with another number of indices than axes"));
        }
        let kind = memory_type(self.context, self.kernel.arrays[array.index()].scalar);
        // Axis by axis, so that what does not change in a loop is computed before it.
        indices.iter().zip(steps).try_fold(data, |place, (&index, step)| {
            if step.get_sign_extended_constant() == Some(0) {
                return Ok(place);
            }
            let distance = self.times(self.value(index)?.into_int_value(), step)?;
            // In bounds, because the IR promises that indices are in range.
            unsafe { self.builder.build_in_bounds_gep(kind, place, &[distance], "element").map_err(backend_error) }
        })
    }

    /// An extent, a stride, or whether two arrays overlap.
    pub fn of_array(&self, expression: &Expression) -> Result<BasicValueEnum<'ctx>> {
        let missing = || malformed("an axis that the array does not have");
        match expression {
            Expression::Extent { array, axis } => {
                Ok((*self.array(*array)?.extents.get(*axis as usize).ok_or_else(missing)?).into())
            }
            Expression::Stride { array, axis } => {
                Ok((*self.array(*array)?.strides.get(*axis as usize).ok_or_else(missing)?).into())
            }
            Expression::Overlap { left, right } => Ok(self.overlap(*left, *right)?.into()),
            _ => Err(malformed("nothing of an array")),
        }
    }

    fn overlap(&self, left: ArrayId, right: ArrayId) -> Result<IntValue<'ctx>> {
        let (left, right) = (self.range_of(left)?, self.range_of(right)?);
        let builder = &self.builder;
        let below = |low, high| builder.build_int_compare(IntPredicate::ULT, low, high, "").map_err(backend_error);
        let mut all = below(left.0, right.1)?;
        for condition in [below(right.0, left.1)?, left.2, right.2] {
            all = builder.build_and(all, condition, "").map_err(backend_error)?;
        }
        Ok(all)
    }

    /// The address of the first byte that an array touches, the one behind the last, and whether there is any.
    fn range_of(&self, array: ArrayId) -> Result<(IntValue<'ctx>, IntValue<'ctx>, IntValue<'ctx>)> {
        let descriptor = self.array(array)?;
        let bytes = self.kernel.arrays[array.index()].scalar.bytes() as i64;
        let (builder, int64) = (&self.builder, self.context.i64_type());
        let add = |left, right| builder.build_int_add(left, right, "").map_err(backend_error);
        let mut low = builder.build_ptr_to_int(descriptor.data, int64, "").map_err(backend_error)?;
        let mut high = add(low, self.integer(bytes))?;
        let mut any = self.context.bool_type().const_int(1, false);
        for (&extent, &step) in descriptor.extents.iter().zip(&descriptor.steps) {
            let last = add(extent, self.integer(-1))?;
            let reach = self.times(self.times(last, step)?, self.integer(bytes))?;
            let zero = int64.const_zero();
            let part = |name| self.intrinsic(name, &[int64.into()], &[reach.into(), zero.into()]);
            low = add(low, part("llvm.smin")?.into_int_value())?;
            high = add(high, part("llvm.smax")?.into_int_value())?;
            let some = builder.build_int_compare(IntPredicate::SGT, extent, zero, "").map_err(backend_error)?;
            any = builder.build_and(any, some, "").map_err(backend_error)?;
        }
        Ok((low, high, any))
    }

    /// Extents as values.
    fn extents(&self, extents: &[Value]) -> Result<Vec<IntValue<'ctx>>> {
        extents.iter().map(|&extent| Ok(self.value(extent)?.into_int_value())).collect()
    }

    /// The strides of memory packed in C order, or in Fortran's.
    fn packed(&self, extents: &[IntValue<'ctx>], fortran: bool) -> Result<Vec<IntValue<'ctx>>> {
        let mut strides = vec![self.integer(1); extents.len()];
        let int64 = self.context.i64_type();
        let mut stride = self.integer(1);
        for place in 0..extents.len() {
            let axis = if fortran { place } else { extents.len() - 1 - place };
            strides[axis] = stride;
            let (extent, one) = (extents[axis].into(), self.integer(1).into());
            let extent = self.intrinsic("llvm.smax", &[int64.into()], &[extent, one])?.into_int_value();
            stride = self.times(stride, extent)?;
        }
        Ok(strides)
    }

    pub fn allocate(
        &mut self,
        array: ArrayId,
        extents: &[Value],
        zeroed: bool,
        site: SiteId,
    ) -> Result<Descriptor<'ctx>> {
        let owner = self.request(array, extents, zeroed)?;
        let failed = self.builder.build_is_null(owner, "").map_err(backend_error)?;
        let (fail, proceed) = self.rarely_to(failed, "no_memory")?;
        self.builder.position_at_end(fail);
        self.fail_at(site, extents)?;
        self.builder.position_at_end(proceed);
        self.fresh(array, extents, owner)
    }

    /// The owner of fresh memory; null if there is not so much.
    pub fn request(&mut self, array: ArrayId, extents: &[Value], zeroed: bool) -> Result<PointerValue<'ctx>> {
        let info = &self.kernel.arrays[array.index()];
        let values = self.extents(extents)?;
        let bytes = self.bytes_for(&values, info.scalar.bytes() as i64)?;
        let zeroed = self.context.i32_type().const_int(zeroed.into(), false);
        let pointer = BasicTypeEnum::from(self.context.ptr_type(AddressSpace::default()));
        let owner = self.callback(offset_of!(HostContext, allocate), Some(pointer), &[bytes.into(), zeroed.into()])?;
        Ok(owner.ok_or_else(|| malformed("a callback without a result"))?.into_pointer_value())
    }

    /// The array in its fresh memory.
    pub fn fresh(&mut self, array: ArrayId, extents: &[Value], owner: PointerValue<'ctx>) -> Result<Descriptor<'ctx>> {
        let info = &self.kernel.arrays[array.index()];
        let fortran = info.strides != ArrayType::c_order(info.strides.len());
        let values = self.extents(extents)?;
        let begin = self.integer(OWNER_BYTES as i64);
        // In bounds: that is where the elements begin.
        let data = unsafe { self.builder.build_in_bounds_gep(self.context.i8_type(), owner, &[begin], &info.name) };
        let strides = self.packed(&values, fortran)?;
        let steps = self.steps(&info.strides, &values, &strides)?;
        Ok(Descriptor { owner, data: data.map_err(backend_error)?, extents: values, strides, steps })
    }

    /// The entries of a table as an array, which nobody owns.
    pub fn constant_array(&mut self, array: ArrayId, table: TableId, extents: &[Value]) -> Result<Descriptor<'ctx>> {
        let info = &self.kernel.arrays[array.index()];
        let values = self.extents(extents)?;
        let strides = self.packed(&values, false)?;
        let steps = self.steps(&info.strides, &values, &strides)?;
        let owner = self.context.ptr_type(AddressSpace::default()).const_null();
        let data = self.table(table)?.as_pointer_value();
        Ok(Descriptor { owner, data, extents: values, strides, steps })
    }

    /// The bytes of so many elements; more than there can be, if the number has no room.
    fn bytes_for(&self, extents: &[IntValue<'ctx>], element: i64) -> Result<IntValue<'ctx>> {
        let (builder, int64) = (&self.builder, self.context.i64_type());
        let mut bytes = self.integer(element);
        let mut overflows = self.context.bool_type().const_zero();
        let mut empty = overflows;
        for &extent in extents {
            let both = self.intrinsic("llvm.umul.with.overflow", &[int64.into()], &[bytes.into(), extent.into()])?;
            let both = both.into_struct_value();
            let part = |number| builder.build_extract_value(both, number, "").map_err(backend_error);
            bytes = part(0)?.into_int_value();
            overflows = builder.build_or(overflows, part(1)?.into_int_value(), "").map_err(backend_error)?;
            let none = builder.build_int_compare(IntPredicate::EQ, extent, int64.const_zero(), "");
            empty = builder.build_or(empty, none.map_err(backend_error)?, "").map_err(backend_error)?;
        }
        let most = self.integer(-1);
        let bytes = builder.build_select(overflows, most, bytes, "").map_err(backend_error)?;
        let bytes = builder.build_select(empty, int64.const_zero(), bytes.into_int_value(), "");
        Ok(bytes.map_err(backend_error)?.into_int_value())
    }

    pub fn view(
        &mut self,
        array: ArrayId,
        base: ArrayId,
        starts: &[Value],
        axes: &[ViewAxis],
    ) -> Result<Descriptor<'ctx>> {
        let info = &self.kernel.arrays[array.index()];
        let base = self.array(base)?;
        let kind = memory_type(self.context, info.scalar);
        let data = starts.iter().zip(&base.steps).try_fold(base.data, |place, (&start, &step)| {
            let distance = self.times(self.value(start)?.into_int_value(), step)?;
            if distance.get_sign_extended_constant() == Some(0) {
                return Ok(place);
            }
            // Perhaps not in bounds: an empty view begins anywhere.
            unsafe { self.builder.build_gep(kind, place, &[distance], &info.name).map_err(backend_error) }
        })?;
        let (mut extents, mut strides, mut steps) = (Vec::new(), Vec::new(), Vec::new());
        for axis in axes {
            extents.push(self.value(axis.extent)?.into_int_value());
            match axis.source {
                AxisSource::Repeated => {
                    strides.push(self.integer(0));
                    steps.push(self.integer(0));
                }
                AxisSource::Along { axis, step } => {
                    let along = |list: &[IntValue<'ctx>]| {
                        list.get(axis as usize)
                            .copied()
                            .ok_or_else(|| malformed("a view along an axis that is not there"))
                    };
                    let factor = match step {
                        Some(step) => self.value(step)?.into_int_value(),
                        None => self.integer(1),
                    };
                    strides.push(self.times(along(&base.strides)?, factor)?);
                    steps.push(self.times(along(&base.steps)?, factor)?);
                }
            }
        }
        let steps = self.steps(&info.strides, &extents, &steps)?;
        Ok(Descriptor { owner: base.owner, data, extents, strides, steps })
    }

    pub fn reshape(&mut self, array: ArrayId, base: ArrayId, extents: &[Value]) -> Result<Descriptor<'ctx>> {
        let info = &self.kernel.arrays[array.index()];
        let base = self.array(base)?;
        let extents = self.extents(extents)?;
        let strides = self.packed(&extents, false)?;
        let steps = self.steps(&info.strides, &extents, &strides)?;
        Ok(Descriptor { owner: base.owner, data: base.data, extents, strides, steps })
    }

    /// The places of an array variable, which refers to nothing yet.
    pub fn array_variable(&self, kind: &ArrayType) -> Result<Slots<'ctx>> {
        let pointer = self.context.ptr_type(AddressSpace::default());
        let mut types: Vec<BasicTypeEnum> = vec![pointer.into(); 2];
        types.resize(2 + 2 * kind.strides.len(), self.context.i64_type().into());
        let place = |kind: BasicTypeEnum<'ctx>| {
            let place = self.builder.build_alloca(kind, "variable").map_err(backend_error)?;
            self.builder.build_store(place, kind.const_zero()).map_err(backend_error)?;
            Ok(place)
        };
        Ok(Slots { places: types.into_iter().map(place).collect::<Result<_>>()? })
    }

    fn slots(&self, variable: VariableId) -> Result<Slots<'ctx>> {
        let slots = self.frame()?.slots.get(variable.index()).cloned().flatten();
        slots.ok_or_else(|| malformed("a variable that is no array"))
    }

    pub fn set_array(&mut self, variable: VariableId, array: ArrayId) -> Result<()> {
        let words = self.array(array)?.words();
        for (place, word) in self.slots(variable)?.places.into_iter().zip(words) {
            self.builder.build_store(place, word).map_err(backend_error)?;
        }
        self.passed_on(array)
    }

    pub fn get_array(&mut self, array: ArrayId, variable: VariableId) -> Result<Descriptor<'ctx>> {
        let known = &self.kernel.arrays[array.index()].strides;
        let pointer = self.context.ptr_type(AddressSpace::default());
        let words = (self.slots(variable)?.places.into_iter().enumerate())
            .map(|(number, place)| {
                let kind = if number < 2 { pointer.into() } else { BasicTypeEnum::from(self.context.i64_type()) };
                self.builder.build_load(kind, place, "").map_err(backend_error)
            })
            .collect::<Result<Vec<_>>>()?;
        self.descriptor_of(&words, known)
    }

    pub fn release_variable(&mut self, variable: VariableId) -> Result<()> {
        let place = *self.slots(variable)?.places.first().ok_or_else(|| malformed("a variable without an owner"))?;
        let pointer = self.context.ptr_type(AddressSpace::default());
        let owner = self.builder.build_load(pointer, place, "owner").map_err(backend_error)?;
        self.release(owner.into_pointer_value())
    }

    pub fn retain(&mut self, owner: PointerValue<'ctx>) -> Result<()> {
        let (counts, after) = (self.block("retain"), self.block("retained"));
        self.unless_null(owner, counts, after)?;
        self.count(owner, 1)?;
        self.jump(after)?;
        self.builder.position_at_end(after);
        Ok(())
    }

    pub fn release(&mut self, owner: PointerValue<'ctx>) -> Result<()> {
        let (counts, last, after) = (self.block("release"), self.block("last"), self.block("released"));
        self.unless_null(owner, counts, after)?;
        let left = self.count(owner, -1)?;
        let none =
            self.builder.build_int_compare(IntPredicate::EQ, left, self.integer(0), "").map_err(backend_error)?;
        self.builder.build_conditional_branch(none, last, after).map_err(backend_error)?;
        self.builder.position_at_end(last);
        self.callback(offset_of!(HostContext, release), None, &[owner.into()])?;
        self.jump(after)?;
        self.builder.position_at_end(after);
        Ok(())
    }

    fn unless_null(&self, owner: PointerValue<'ctx>, there: BasicBlock<'ctx>, nowhere: BasicBlock<'ctx>) -> Result<()> {
        let is_null = self.builder.build_is_null(owner, "").map_err(backend_error)?;
        self.builder.build_conditional_branch(is_null, nowhere, there).map_err(backend_error)?;
        self.builder.position_at_end(there);
        Ok(())
    }

    /// Changes the number of references; gives the new one.
    fn count(&self, owner: PointerValue<'ctx>, change: i64) -> Result<IntValue<'ctx>> {
        let count = self.builder.build_load(self.context.i64_type(), owner, "count").map_err(backend_error)?;
        let count =
            self.builder.build_int_add(count.into_int_value(), self.integer(change), "").map_err(backend_error)?;
        self.builder.build_store(owner, count).map_err(backend_error)?;
        Ok(count)
    }
}
