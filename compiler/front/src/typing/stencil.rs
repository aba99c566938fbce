//! Reading arrays: relative to the current point, or absolutely (`standard_indexing`); attributes of arrays.

use super::item::{Item, Measure, Relation, Scalar};
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Result};
use crate::ir::{ArrayId, Expression, Fault, Footprint, Op, Site, SiteId, Statement};
use crate::source::Span;
use crate::syntax::tree::{self, ExpressionKind, FunctionDefinition};
use crate::types::ScalarType;

/// How a function uses an array parameter.
#[derive(Debug, Clone)]
pub struct ArrayUse {
    /// For relative arrays: the offsets read so far along each axis, the point itself included.
    pub window: Option<Vec<(i64, i64)>>,
    pub read: bool,
    /// What the extents are known as; the axes' own where nothing stands.
    pub measures: Vec<Measure>,
}

impl ArrayUse {
    /// Of an array of a whole function, or one that is indexed absolutely.
    pub fn absolute() -> ArrayUse {
        ArrayUse { window: None, read: false, measures: Vec::new() }
    }
}

impl<'t> Typer<'t, '_> {
    /// `array[indices]`.
    pub fn element(&mut self, array: ArrayId, indices: &'t [tree::Expression], span: Span) -> Result<Item<'t>> {
        let rank = self.function.arrays[array.index()].rank as usize;
        let relative = self.arrays[array.index()].window.is_some();
        let mut scalars: Vec<(Scalar, Span)> = Vec::new();
        for index in indices {
            if matches!(index.kind, ExpressionKind::Slice { .. } | ExpressionKind::Ellipsis | ExpressionKind::None) {
                let message = "kernels index single elements, not slices";
                let help = "write a loop over range(...) that adds up the elements";
                return Err(self.mistake(ErrorClass::Unsupported, index.span, message).help(help).into());
            }
            // A tuple index is spread out.
            let item = self.expression(index)?;
            let items = if matches!(item, Item::Tuple(_) | Item::Constants(_)) {
                self.unpack(&item, index.span)?
            } else {
                vec![item]
            };
            for item in items {
                let number = self.number(&item, index.span)?;
                if !number.scalar.is_integer() {
                    let message = format!("an index is an integer, not {}", number.scalar);
                    return Err(self.mistake(ErrorClass::Type, index.span, message).help("cast it: int(...)").into());
                }
                scalars.push((number, index.span));
            }
        }
        if scalars.len() != rank {
            let message = format!(
                "'{}' is {rank}-dimensional, and its index has {}",
                self.name_of_array(array),
                super::count_entries(scalars.len()),
            );
            let mistake = self.mistake(ErrorClass::Index, span, message).label("here");
            let example = vec!["0"; rank].join(", ");
            return Err(mistake.help(format!("write {}[{example}]", self.name_of_array(array))).into());
        }
        self.arrays[array.index()].read = true;
        let mut places = Vec::new();
        for (axis, (index, index_span)) in scalars.into_iter().enumerate() {
            let place = if relative {
                self.relative_index(array, axis, index, index_span)?
            } else {
                self.absolute_index(array, axis, index, index_span)
            };
            places.push(place.value);
        }
        let scalar = self.function.arrays[array.index()].scalar;
        Ok(Item::Scalar(self.define(scalar, span, Expression::Load { array, indices: places })))
    }

    /// The point's coordinate plus an offset that is known to lie in a window, or is checked to.
    fn relative_index(&mut self, array: ArrayId, axis: usize, offset: Scalar, span: Span) -> Result<Scalar> {
        let name = self.name_of_array(array).to_string();
        let bounds = self.neighborhood.as_ref().map(|pairs| (pairs[axis].0.min(0), pairs[axis].1.max(0)));
        let known =
            offset.known_range().and_then(|(low, high)| Some((i64::try_from(low).ok()?, i64::try_from(high).ok()?)));
        match (known, bounds) {
            (Some((low, high)), Some((least, greatest))) if least <= low && high <= greatest => {}
            (Some((low, high)), Some((least, greatest))) if low == high => {
                let message = format!("index {low} is outside the neighborhood ({least}, {greatest}) of axis {axis}");
                let help = "widen 'neighborhood', or leave it out: constant indices need none";
                return Err(self.mistake(ErrorClass::Index, span, message).help(help).into());
            }
            (_, Some((least, greatest))) => self.check_neighborhood(&name, axis, offset, (least, greatest), span),
            (Some((low, high)), None) if high.saturating_sub(low) < i64::MAX / 4 && in_reach(low) && in_reach(high) => {
                if let Some(window) = &mut self.arrays[array.index()].window {
                    window[axis] = (window[axis].0.min(low), window[axis].1.max(high));
                }
            }
            (_, None) => {
                let rank = self.point.len();
                let pairs = vec!["(-1, 1)"; rank].join(", ");
                let comma = if rank == 1 { "," } else { "" };
                let help = format!(
                    "say which offsets may occur, one (min, max) pair per dimension: @stencil(neighborhood=({pairs}{comma}))"
                );
                let message = "stencil kernel index is not constant, 'neighborhood' option required";
                return Err(self.mistake(ErrorClass::Value, span, message).help(help).into());
            }
        }
        let point = Scalar::new(self.point[axis], ScalarType::Index);
        if offset.integer() == Some(0) {
            return Ok(point);
        }
        let offset = self.convert(offset, ScalarType::Index, span);
        Ok(self.apply(Op::Add, &[point, offset], span))
    }

    fn check_neighborhood(&mut self, name: &str, axis: usize, offset: Scalar, bounds: (i64, i64), span: Span) {
        let (least, greatest) = bounds;
        let wide = if offset.scalar == ScalarType::U64 { ScalarType::U64 } else { ScalarType::I64 };
        let offset = self.convert(offset, wide, span);
        let high = self.integer(wide, greatest as i128, span);
        let mut outside = self.apply(Op::Gt, &[offset, high], span);
        if wide == ScalarType::I64 {
            let low = self.integer(wide, least as i128, span);
            let below = self.apply(Op::Lt, &[offset, low], span);
            outside = self.apply(Op::Or, &[below, outside], span);
        }
        let message =
            format!("index {{}} is outside the neighborhood ({least}, {greatest}) of axis {axis} of '{name}'");
        self.trap(outside, Fault::IndexOutOfBounds, message, offset, span);
    }

    /// An index of an absolutely indexed array: negative ones count from the end; what is not proved is checked.
    fn absolute_index(&mut self, array: ArrayId, axis: usize, index: Scalar, span: Span) -> Scalar {
        let measure = self.measure(array, axis as u32);
        let is_below = index
            .extent
            .is_some_and(|extent| extent.of == measure && extent.relation == Relation::Below && extent.offset <= 0);
        if is_below && index.range().is_some_and(|(low, _)| low >= 0) {
            return self.convert(index, ScalarType::Index, span);
        }
        let name = self.name_of_array(array).to_string();
        let message = format!("index {{}} is out of bounds for axis {axis} of '{name}'");
        let extent = self.extent(array, axis as u32, span);
        let wide = if index.scalar == ScalarType::U64 { ScalarType::U64 } else { ScalarType::I64 };
        let index = self.convert(index, wide, span);
        let extent = self.convert(extent, wide, span);
        let mut place = index;
        let mut below = None;
        if index.range().is_none_or(|(low, _)| low < 0) {
            let zero = self.integer(wide, 0, span);
            let negative = self.apply(Op::Lt, &[index, zero], span);
            let wrapped = self.apply(Op::Add, &[index, extent], span);
            place = self.select(negative, wrapped, index, span);
            below = Some(self.apply(Op::Lt, &[place, zero], span));
        }
        let mut outside = self.apply(Op::Ge, &[place, extent], span);
        if let Some(below) = below {
            outside = self.apply(Op::Or, &[below, outside], span);
        }
        self.trap(outside, Fault::IndexOutOfBounds, message, index, span);
        self.convert(place, ScalarType::Index, span)
    }

    /// `payload` takes the place of `{}` in the message.
    pub fn trap(&mut self, condition: Scalar, fault: Fault, message: String, payload: Scalar, span: Span) {
        if condition.constant().is_some_and(|constant| constant.bits == 0) {
            return;
        }
        let payload = self.convert(payload, ScalarType::I64, span);
        let site = self.site(fault, message, span);
        self.region.push(Statement::Trap {
            condition: condition.value,
            site,
            payloads: vec![payload.value],
            position: None,
        });
    }

    pub fn site(&mut self, fault: Fault, message: String, span: Span) -> SiteId {
        let source = Some(self.unit.module.source.clone());
        self.function.site(Site { fault, message, told: Vec::new(), span, source })
    }

    /// `a.shape`, `a.ndim`, `a.size`.
    pub fn array_attribute(&mut self, array: ArrayId, attribute: &str, span: Span) -> Result<Item<'t>> {
        let rank = self.function.arrays[array.index()].rank;
        match attribute {
            "shape" => Ok(Item::Tuple((0..rank).map(|axis| Item::Scalar(self.extent(array, axis, span))).collect())),
            "ndim" => Ok(Item::Scalar(self.integer(ScalarType::I64, rank as i128, span))),
            "size" => {
                let mut size = self.integer(ScalarType::I64, 1, span);
                for axis in 0..rank {
                    let extent = self.extent(array, axis, span);
                    size = if axis == 0 { extent } else { self.apply(Op::Mul, &[size, extent], span) };
                }
                Ok(Item::Scalar(size))
            }
            _ => {
                let message = format!("kernels cannot use '{}.{attribute}'", self.name_of_array(array));
                let help = "kernels read single elements; 'shape', 'ndim', 'size' and len() are there as well";
                Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into())
            }
        }
    }

    pub fn array_length(&mut self, array: ArrayId, span: Span) -> Scalar {
        self.extent(array, 0, span)
    }

    /// After the body: footprints, and that there is a relative access at all.
    pub fn finish_arrays(&mut self, definition: &FunctionDefinition) -> Result<()> {
        let relative = self.arrays.iter().any(|array| array.window.is_some());
        if relative && !self.arrays.iter().any(|array| array.window.is_some() && array.read) {
            let message = "stencil kernel with no accesses to relatively indexed arrays";
            let help = "read an array relative to the current point, for example a[0, 0]";
            return Err(self.mistake(ErrorClass::Value, definition.name_span, message).help(help).into());
        }
        for (number, array) in self.arrays.iter().enumerate() {
            let Some(window) = &array.window else { continue };
            let window = match &self.neighborhood {
                Some(pairs) if array.read => pairs.iter().map(|&(low, high)| (low.min(0), high.max(0))).collect(),
                _ => window.clone(),
            };
            let entry = self.function.arrays.get_mut(number);
            let entry = entry.ok_or_else(|| Error::Internal("an array was lost".into()))?;
            entry.footprint = Footprint::Window(window);
        }
        Ok(())
    }
}

/// Offsets beyond this are no stencil: no array is so large.
fn in_reach(offset: i64) -> bool {
    offset.unsigned_abs() < 1 << 40
}
