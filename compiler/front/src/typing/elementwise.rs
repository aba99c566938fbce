//! Operators and functions of whole arrays: a fresh array of what they give of the elements, broadcast together as in NumPy.
//!
//! Every operation makes its array; that is right, and not yet as fast as one loop for a whole expression would be.

use super::calls::Evaluated;
use super::item::{Item, Measure, Scalar};
use super::library::{self, Function};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::ir::{ArrayId, ArrayType, Expression as Emitted, Fault, Op};
use crate::source::Span;
use crate::syntax::tree::{BinaryOperator, Comparison, UnaryOperator};
use crate::types::{Constant, ScalarType};

/// What an operation gives of one element of each operand.
type OfElements<'a, 't, 'p> = &'a mut dyn FnMut(&mut Typer<'t, 'p>, &[Evaluated<'t>]) -> Result<Item<'t>>;

/// An axis of what several arrays are broadcast to.
#[derive(Clone, Copy)]
struct Common {
    extent: Scalar,
    measure: Option<Measure>,
}

impl<'t, 'p> Typer<'t, 'p> {
    /// Whether there is an array among them.
    pub fn has_array(items: &[Evaluated<'t>]) -> bool {
        items.iter().any(|(item, _)| matches!(item, Item::Array(_)))
    }

    /// `a + b`, one of them an array.
    pub fn array_binary(
        &mut self,
        operator: BinaryOperator,
        operands: [Evaluated<'t>; 2],
        span: Span,
    ) -> Result<Item<'t>> {
        if operator == BinaryOperator::MatrixMultiply {
            let mistake = self.mistake(ErrorClass::Unsupported, span, "products of matrices are not there yet");
            return Err(mistake.help("write the loops").into());
        }
        self.elementwise(&operands, span, &mut |typer, operands| {
            let path = format!("numpy.{}", name_of(operator));
            typer.library_function(&path, Function::Arithmetic(operator), operands, span)
        })
    }

    /// `a < b`, one of them an array.
    pub fn array_compare(
        &mut self,
        comparison: Comparison,
        operands: [Evaluated<'t>; 2],
        span: Span,
    ) -> Result<Item<'t>> {
        self.elementwise(&operands, span, &mut |typer, operands| {
            let [(left, left_span), (right, right_span)] = operands else { return Ok(Item::None) };
            typer.compare(comparison, left, right, *left_span, *right_span).map(Item::Scalar)
        })
    }

    /// `-a` of an array.
    pub fn array_unary(&mut self, operator: UnaryOperator, array: ArrayId, span: Span) -> Result<Item<'t>> {
        let function = match operator {
            UnaryOperator::Negative => ("numpy.negative", Function::Negative),
            UnaryOperator::Positive => ("numpy.positive", Function::Positive),
            UnaryOperator::Invert | UnaryOperator::Not => ("numpy.invert", Function::Invert),
        };
        self.function_of_arrays(function.0, function.1, &[(Item::Array(array), span)], span)
    }

    /// A function of NumPy's that takes numbers, of arrays.
    pub fn function_of_arrays(
        &mut self,
        path: &str,
        function: Function,
        arguments: &[Evaluated<'t>],
        span: Span,
    ) -> Result<Item<'t>> {
        // These keep the type of what they are given.
        let kept = match (function, arguments.first()) {
            (Function::Around | Function::Clip, Some((Item::Array(array), _))) => {
                Some(self.function.arrays[array.index()].scalar)
            }
            _ => None,
        };
        self.elementwise(arguments, span, &mut |typer, arguments| {
            let item = typer.library_function(path, function, arguments, span)?;
            match kept {
                Some(scalar) => {
                    let number = typer.number(&item, span)?;
                    Ok(Item::Scalar(typer.convert(number, scalar, span)))
                }
                None => Ok(item),
            }
        })
    }

    /// An array of what `value` gives of the elements of the operands, which are arrays and numbers. Of arrays without axes
    /// a number.
    pub fn elementwise(
        &mut self,
        operands: &[Evaluated<'t>],
        span: Span,
        value: OfElements<'_, 't, 'p>,
    ) -> Result<Item<'t>> {
        let zero_division = std::mem::replace(&mut self.unit.zero_division, false);
        let done = self.elementwise_inside(operands, span, value);
        self.unit.zero_division = zero_division;
        done
    }

    fn elementwise_inside(
        &mut self,
        operands: &[Evaluated<'t>],
        span: Span,
        value: OfElements<'_, 't, 'p>,
    ) -> Result<Item<'t>> {
        let mut arrays: Vec<ArrayId> = operands
            .iter()
            .filter_map(|(item, _)| match item {
                Item::Array(array) => Some(*array),
                _ => None,
            })
            .collect();
        // The operands with elements in place of the arrays.
        let with = |elements: &[Scalar]| {
            let mut elements = elements.iter();
            let operand = |(item, at): &Evaluated<'t>| match item {
                Item::Array(_) => (elements.next().map_or(Item::None, |element| Item::Scalar(*element)), *at),
                other => (other.clone(), *at),
            };
            operands.iter().map(operand).collect::<Vec<_>>()
        };
        let rank = arrays.iter().map(|array| self.function.arrays[array.index()].rank).max().unwrap_or(0);
        if rank == 0 {
            let mut elements = Vec::new();
            for array in &arrays {
                let scalar = self.function.arrays[array.index()].scalar;
                let load = Emitted::Load { array: *array, indices: Vec::new() };
                elements.push(self.define(scalar, span, load));
            }
            return value(self, &with(&elements));
        }
        let scalar = self.scalar_of_elements(&arrays, &with, span, value)?;
        let common = self.common_shape(&arrays, rank as usize, span);
        // In Fortran's order if all are.
        let kinds = arrays.iter().map(|array| &self.function.arrays[array.index()]);
        let fortran = rank > 1
            && kinds.clone().all(|kind| kind.strides == ArrayType::f_order(rank as usize) && kind.rank == rank);
        let strides = match fortran {
            true => ArrayType::f_order(rank as usize),
            false => ArrayType::c_order(rank as usize),
        };
        let extents: Vec<Scalar> = common.iter().map(|axis| axis.extent).collect();
        let result = self.allocated("result", scalar, strides, &extents, false, span);
        if let Some(measures) = common.iter().map(|axis| axis.measure).collect::<Option<Vec<_>>>() {
            self.arrays[result.index()].measures = measures;
        }
        for array in &mut arrays {
            *array = self.stretched(*array, &common, span);
        }
        self.each_element(result, &arrays, span, |typer, elements| {
            let item = value(typer, &with(elements))?;
            typer.number(&item, span)
        })?;
        Ok(Item::Array(result))
    }

    /// The type that the operation gives, found by typing it once for nothing.
    fn scalar_of_elements(
        &mut self,
        arrays: &[ArrayId],
        with: &dyn Fn(&[Scalar]) -> Vec<Evaluated<'t>>,
        span: Span,
        value: OfElements<'_, 't, 'p>,
    ) -> Result<ScalarType> {
        let checkpoint = self.checkpoint();
        let (_, item) = self.in_region(|typer| {
            let mut elements = Vec::new();
            for array in arrays {
                let scalar = typer.function.arrays[array.index()].scalar;
                let zero = Emitted::Constant(Constant::zero(scalar));
                // Nothing is known of it.
                elements.push(Scalar::new(typer.define(scalar, span, zero).value, scalar));
            }
            value(typer, &with(&elements))
        })?;
        self.roll_back(&checkpoint);
        match self.item_type(&item).as_ref().and_then(|item_type| item_type.scalar()) {
            Some(scalar) => Ok(scalar),
            None => {
                let message = format!("arrays of {} are not there yet", plural(&item));
                let mistake = self.mistake(ErrorClass::Unsupported, span, message);
                Err(mistake.help("write a loop over the elements").into())
            }
        }
    }

    /// The extents (int64) to which arrays are broadcast; fails if they do not go together.
    fn common_shape(&mut self, arrays: &[ArrayId], rank: usize, span: Span) -> Vec<Common> {
        let shapes: Vec<Vec<Scalar>> = arrays.iter().map(|array| self.extents(*array, span)).collect();
        let shape = |rank: usize| match rank {
            1 => "({},)".to_string(),
            rank => format!("({})", vec!["{}"; rank].join(",")),
        };
        let listed: Vec<String> = shapes.iter().map(|extents| shape(extents.len())).collect();
        let message = format!("operands could not be broadcast together with shapes {}", listed.join(" "));
        let payloads: Vec<Scalar> = shapes.iter().flatten().copied().collect();
        let one = self.integer(ScalarType::I64, 1, span);
        let mut common: Vec<Option<Common>> = vec![None; rank];
        for (array, extents) in arrays.iter().zip(&shapes) {
            let lead = rank - extents.len();
            for (axis, extent) in extents.iter().enumerate() {
                let measure = self.measure(*array, axis as u32);
                let place = lead + axis;
                common[place] = Some(match common[place] {
                    None => Common { extent: *extent, measure: Some(measure) },
                    Some(known) if known.measure == Some(measure) => known,
                    Some(known) => {
                        let differs = self.apply(Op::Ne, &[known.extent, *extent], span);
                        let first = self.apply(Op::Ne, &[known.extent, one], span);
                        let second = self.apply(Op::Ne, &[*extent, one], span);
                        let both = self.apply(Op::And, &[first, second], span);
                        let wrong = self.apply(Op::And, &[differs, both], span);
                        self.trap_with(wrong, Fault::Value, message.clone(), &payloads, span);
                        let extent = self.select(first, known.extent, *extent, span);
                        Common { extent, measure: None }
                    }
                });
            }
        }
        common.into_iter().map(|axis| axis.unwrap_or(Common { extent: one, measure: None })).collect()
    }

    /// The array seen as one of the common shape.
    fn stretched(&mut self, array: ArrayId, common: &[Common], span: Span) -> ArrayId {
        let rank = self.function.arrays[array.index()].rank as usize;
        let same = |(axis, common): (usize, &Common)| common.measure == Some(self.measure(array, axis as u32));
        if rank == common.len() && common.iter().enumerate().all(same) {
            return array;
        }
        let extents: Vec<(Scalar, Option<Measure>)> =
            common.iter().map(|axis| (self.convert(axis.extent, ScalarType::Index, span), axis.measure)).collect();
        self.broadcast(array, &extents, span)
    }
}

/// What NumPy calls an operator.
fn name_of(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "add",
        BinaryOperator::Subtract => "subtract",
        BinaryOperator::Multiply => "multiply",
        BinaryOperator::Divide => "true_divide",
        BinaryOperator::FloorDivide => "floor_divide",
        BinaryOperator::Modulo => "remainder",
        BinaryOperator::Power => "power",
        BinaryOperator::LeftShift => "left_shift",
        BinaryOperator::RightShift => "right_shift",
        BinaryOperator::And => "bitwise_and",
        BinaryOperator::Or => "bitwise_or",
        BinaryOperator::Xor => "bitwise_xor",
        BinaryOperator::MatrixMultiply => "matmul",
    }
}

fn plural(item: &Item<'_>) -> &'static str {
    match item {
        Item::Complex(_) => "complex numbers",
        Item::Tuple(_) => "tuples",
        _ => "such results",
    }
}

/// Whether a function of NumPy's gives one number for each element of arrays.
pub fn of_elements(path: &str) -> Option<Function> {
    library::find(path).filter(|_| path.starts_with("numpy."))
}
