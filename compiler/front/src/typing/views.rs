//! Views of arrays in whole functions: slices, rows, new axes, transposition, broadcasting; what is known of their strides.

use super::indices::Index;
use super::item::{Extent, Item, Measure, Relation, Scalar};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::ir::{ArrayId, ArrayType, AxisSource, Definition, Expression, Fault, Op, Stride, ViewAxis};
use crate::source::Span;
use crate::types::ScalarType;

/// An axis of a view that is being made.
pub struct Axis {
    /// Type index.
    pub extent: Scalar,
    pub measure: Option<Measure>,
    pub source: AxisSource,
    pub stride: Stride,
}

impl<'t> Typer<'t, '_> {
    /// The view that a subscript of slices, positions and new axes means.
    pub fn view(&mut self, array: ArrayId, indices: &[Index], span: Span) -> ArrayId {
        let rank = self.function.arrays[array.index()].rank;
        let strides = self.function.arrays[array.index()].strides.clone();
        let mut starts = Vec::new();
        let mut axes: Vec<Axis> = Vec::new();
        let mut axis = 0;
        let all = Index::Slice { start: None, stop: None, step: None, span };
        for index in indices.iter().copied().chain(std::iter::repeat(all)) {
            if let Index::NewAxis = index {
                let extent = self.integer(ScalarType::Index, 1, span);
                axes.push(Axis { extent, measure: None, source: AxisSource::Repeated, stride: Stride::Zero });
                continue;
            }
            if axis == rank {
                break;
            }
            match index {
                Index::Place(index, span) => starts.push(self.checked_index(array, axis, index, span)),
                Index::Slice { start, stop, step, span } => {
                    let (first, extent, step) = self.slice((array, axis), start, stop, step, span);
                    let whole = start.is_none() && stop.is_none() && step.is_none();
                    let stride = match (strides[axis as usize], step) {
                        (known, None) => known,
                        (Stride::Zero, _) => Stride::Zero,
                        _ => Stride::Any,
                    };
                    // Strides that are products of extents stay so only while those extents do.
                    let measure = whole.then(|| self.measure(array, axis));
                    axes.push(Axis { extent, measure, source: AxisSource::Along { axis, step }, stride });
                    starts.push(first);
                }
                Index::NewAxis => {}
            }
            axis += 1;
        }
        self.forget_packed(array, &mut axes, indices);
        self.define_view(array, starts, axes)
    }

    /// Which axes of a view are still packed: those behind which, up to the axis whose stride is 1, all of the base is.
    fn forget_packed(&self, array: ArrayId, axes: &mut [Axis], indices: &[Index]) {
        let base = &self.function.arrays[array.index()];
        let rank = base.rank as usize;
        // Per axis of the base: whether the view has all of it.
        let mut whole = vec![true; rank];
        let taking = indices.iter().filter(|index| !matches!(index, Index::NewAxis));
        for (axis, index) in taking.enumerate() {
            whole[axis] = matches!(index, Index::Slice { start: None, stop: None, step: None, .. });
        }
        let Some(unit) = base.strides.iter().position(|stride| *stride == Stride::Unit) else { return };
        for axis in axes {
            if let (Stride::Packed, AxisSource::Along { axis: along, .. }) = (axis.stride, axis.source) {
                let along = along as usize;
                let between = if unit > along { &whole[along + 1..=unit] } else { &whole[unit..along] };
                if between.contains(&false) {
                    axis.stride = Stride::Any;
                }
            }
        }
    }

    /// `array` seen through `axes`, the first element at `starts` (type index).
    pub fn define_view(&mut self, base: ArrayId, starts: Vec<Scalar>, axes: Vec<Axis>) -> ArrayId {
        let array = &self.function.arrays[base.index()];
        let (name, scalar, access) = (array.name.clone(), array.scalar, array.access);
        let mut strides: Vec<Stride> = axes.iter().map(|axis| axis.stride).collect();
        // A packed stride is one up to the axis whose stride is 1: without that it is nothing.
        if !strides.contains(&Stride::Unit) {
            strides.iter_mut().filter(|stride| **stride == Stride::Packed).for_each(|stride| *stride = Stride::Any);
        }
        let definition = Definition::View {
            base,
            starts: starts.iter().map(|start| start.value).collect(),
            axes: axes.iter().map(|axis| ViewAxis { extent: axis.extent.value, source: axis.source }).collect(),
        };
        let view = self.define_array(&name, ArrayType { scalar, access, strides }, definition);
        let measures = axes.iter().enumerate().map(|(number, axis)| {
            axis.measure.unwrap_or(match axis.extent.extent {
                Some(Extent { of, relation: Relation::Is, offset: 0 }) => of,
                _ => Measure::Axis(view, number as u32),
            })
        });
        self.arrays[view.index()].measures = measures.collect();
        view
    }

    /// First index, extent and step of a slice of an axis, type index; no step is 1.
    fn slice(
        &mut self,
        (array, axis): (ArrayId, u32),
        start: Option<Scalar>,
        stop: Option<Scalar>,
        step: Option<Scalar>,
        span: Span,
    ) -> (Scalar, Scalar, Option<crate::ir::Value>) {
        let length = self.extent(array, axis, span);
        let zero = self.integer(ScalarType::I64, 0, span);
        let step = step.filter(|step| step.integer() != Some(1));
        let Some(step) = step else {
            let first = match start {
                Some(start) => self.clipped(start, length, zero, length, span),
                None => zero,
            };
            let end = match stop {
                Some(stop) => self.clipped(stop, length, zero, length, span),
                None => length,
            };
            let extent = match start {
                None => end,
                Some(_) => {
                    let extent = self.apply(Op::Sub, &[end, first], span);
                    self.apply(Op::Maximum, &[extent, zero], span)
                }
            };
            return (self.position(first, span), self.position(extent, span), None);
        };
        if step.range().is_none_or(|(low, high)| low <= 0 && high >= 0) {
            let nothing = self.apply(Op::Eq, &[step, zero], span);
            self.trap_with(nothing, Fault::Value, "slice step cannot be zero".into(), &[], span);
        }
        // -2**63 has no negative; it gives what the next number gives, at most one element.
        let least = self.integer(ScalarType::I64, i64::MIN as i128 + 1, span);
        let step = match step.range() {
            Some((low, _)) if low > i64::MIN as i128 => step,
            _ => self.apply(Op::Maximum, &[step, least], span),
        };
        // The last index that there is, and where a slice downwards ends.
        let one = self.integer(ScalarType::I64, 1, span);
        let minus_one = self.integer(ScalarType::I64, -1, span);
        let last = self.apply(Op::Sub, &[length, one], span);
        let up = self.apply(Op::Gt, &[step, zero], span);
        let (low, high) = (self.select(up, zero, minus_one, span), self.select(up, length, last, span));
        let first = match start {
            Some(start) => self.clipped(start, length, low, high, span),
            None => self.select(up, zero, last, span),
        };
        let end = match stop {
            Some(stop) => self.clipped(stop, length, low, high, span),
            None => self.select(up, length, minus_one, span),
        };
        // Turns of `range(first, end, step)`: (distance - 1) // size + 1, which cannot overflow.
        let down = self.apply(Op::Sub, &[zero, step], span);
        let size = self.select(up, step, down, span);
        let forth = self.apply(Op::Sub, &[end, first], span);
        let back = self.apply(Op::Sub, &[first, end], span);
        let distance = self.select(up, forth, back, span);
        let distance = self.apply(Op::Maximum, &[distance, zero], span);
        let before = self.apply(Op::Sub, &[distance, one], span);
        let turns = self.apply(Op::FloorDiv, &[before, size], span);
        let extent = self.apply(Op::Add, &[turns, one], span);
        let step = self.convert(step, ScalarType::Index, span);
        (self.position(first, span), self.position(extent, span), Some(step.value))
    }

    /// A bound of a slice: counted from the end if it is negative, and between `low` and `high`.
    pub fn clipped(&mut self, bound: Scalar, length: Scalar, low: Scalar, high: Scalar, span: Span) -> Scalar {
        let zero = self.integer(ScalarType::I64, 0, span);
        let mut place = bound;
        if bound.range().is_none_or(|(least, _)| least < 0) {
            let negative = self.apply(Op::Lt, &[bound, zero], span);
            let wrapped = self.apply(Op::Add, &[bound, length], span);
            place = self.select(negative, wrapped, bound, span);
        }
        let place = self.apply(Op::Minimum, &[place, high], span);
        self.apply(Op::Maximum, &[place, low], span)
    }

    fn position(&mut self, number: Scalar, span: Span) -> Scalar {
        self.convert(number, ScalarType::Index, span)
    }

    /// The extent of an array along an axis, as int64.
    pub fn extent(&mut self, array: ArrayId, axis: u32, span: Span) -> Scalar {
        if let Measure::Known(extent) = self.measure(array, axis) {
            return self.integer(ScalarType::I64, extent as i128, span);
        }
        let extent = self.define(ScalarType::Index, span, Expression::Extent { array, axis });
        let extent = self.convert(extent.with_range(Some((0, i64::MAX as i128))), ScalarType::I64, span);
        let of = self.measure(array, axis);
        Scalar { extent: Some(Extent { of, relation: Relation::Is, offset: 0 }), ..extent }
    }

    pub fn extents(&mut self, array: ArrayId, span: Span) -> Vec<Scalar> {
        let rank = self.function.arrays[array.index()].rank;
        (0..rank).map(|axis| self.extent(array, axis, span)).collect()
    }

    /// All of an axis.
    fn whole_axis(&mut self, array: ArrayId, axis: u32, span: Span) -> Axis {
        let extent = self.extent(array, axis, span);
        let extent = self.position(extent, span);
        let stride = self.function.arrays[array.index()].strides[axis as usize];
        let measure = Some(self.measure(array, axis));
        Axis { extent, measure, source: AxisSource::Along { axis, step: None }, stride }
    }

    /// The array with its axes in another order.
    pub fn permuted(&mut self, array: ArrayId, order: &[u32], span: Span) -> ArrayId {
        let zero = self.integer(ScalarType::Index, 0, span);
        let starts = vec![zero; order.len()];
        let mut axes: Vec<Axis> = order.iter().map(|&axis| self.whole_axis(array, axis, span)).collect();
        let backwards = order.iter().rev().copied().eq(0..order.len() as u32);
        let in_order = order.iter().copied().eq(0..order.len() as u32);
        if !backwards && !in_order {
            axes.iter_mut().filter(|axis| axis.stride == Stride::Packed).for_each(|axis| axis.stride = Stride::Any);
        }
        self.define_view(array, starts, axes)
    }

    /// The array seen as one of these extents (type index), along its last axes: axes of extent 1 are repeated. That it
    /// fits was checked.
    pub fn broadcast(&mut self, array: ArrayId, extents: &[(Scalar, Option<Measure>)], span: Span) -> ArrayId {
        let rank = self.function.arrays[array.index()].rank as usize;
        let lead = extents.len() - rank;
        let zero = self.integer(ScalarType::Index, 0, span);
        let one = self.integer(ScalarType::Index, 1, span);
        let mut axes = Vec::new();
        for (number, &(extent, measure)) in extents.iter().enumerate() {
            if number < lead {
                axes.push(Axis { extent, measure, source: AxisSource::Repeated, stride: Stride::Zero });
                continue;
            }
            let axis = (number - lead) as u32;
            let own = self.measure(array, axis);
            if measure.is_some_and(|measure| measure == own) {
                let mut whole = self.whole_axis(array, axis, span);
                whole.extent = extent;
                axes.push(whole);
                continue;
            }
            let given = self.define(ScalarType::Index, span, Expression::Extent { array, axis });
            let single = self.apply(Op::Eq, &[given, one], span);
            let step = self.select(single, zero, one, span);
            let source = AxisSource::Along { axis, step: Some(step.value) };
            axes.push(Axis { extent, measure, source, stride: Stride::Any });
        }
        if axes.iter().any(|axis| axis.stride == Stride::Any) {
            axes.iter_mut().filter(|axis| axis.stride == Stride::Packed).for_each(|axis| axis.stride = Stride::Any);
        }
        self.define_view(array, vec![zero; rank], axes)
    }

    /// `a.shape`, `a.T` and the like.
    pub fn attribute_of_array(&mut self, array: ArrayId, attribute: &str, span: Span) -> Result<Item<'t>> {
        let kind = self.function.arrays[array.index()].kind();
        let rank = kind.rank();
        let bytes = kind.scalar.bytes() as i128;
        Ok(match attribute {
            "shape" => Item::Tuple(self.extents(array, span).into_iter().map(Item::Scalar).collect()),
            "ndim" => Item::Scalar(self.integer(ScalarType::I64, rank as i128, span)),
            "size" => Item::Scalar(self.size(array, span)),
            "nbytes" => {
                let (size, bytes) = (self.size(array, span), self.integer(ScalarType::I64, bytes, span));
                Item::Scalar(self.apply(Op::Mul, &[size, bytes], span))
            }
            "itemsize" => Item::Scalar(self.integer(ScalarType::I64, bytes, span)),
            "dtype" => Item::Dtype(kind.scalar),
            "strides" => {
                let bytes = self.integer(ScalarType::I64, bytes, span);
                let mut strides = Vec::new();
                for axis in 0..rank {
                    let stride = self.define(ScalarType::Index, span, Expression::Stride { array, axis });
                    let stride = self.convert(stride, ScalarType::I64, span);
                    strides.push(Item::Scalar(self.apply(Op::Mul, &[stride, bytes], span)));
                }
                Item::Tuple(strides)
            }
            "T" => {
                let order: Vec<u32> = (0..rank).rev().collect();
                Item::Array(self.permuted(array, &order, span))
            }
            "real" => Item::Array(array),
            _ => {
                let message = format!("arrays have no attribute '{attribute}' in compiled functions");
                let help = "shape, size, ndim, dtype, strides, itemsize, nbytes and T are there";
                return Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into());
            }
        })
    }

    /// The number of elements, as int64.
    pub fn size(&mut self, array: ArrayId, span: Span) -> Scalar {
        let extents = self.extents(array, span);
        match extents.split_first() {
            None => self.integer(ScalarType::I64, 1, span),
            Some((first, rest)) => rest.iter().fold(*first, |size, extent| self.apply(Op::Mul, &[size, *extent], span)),
        }
    }
}
