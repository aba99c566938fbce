//! Functions and methods that make arrays in whole functions: `np.empty` and its kin, `copy`, `fill`.

use super::Rules;
use super::calls::Evaluated;
use super::closures::Around;
use super::item::{Extent, Item, Measure, Scalar};
use super::prelude;
use super::program::Unit;
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Result};
use crate::ir::{Access, ArrayId, ArrayType, Definition, Fault, Op};
use crate::source::Span;
use crate::syntax::tree::{Expression, FrozenArray, Keyword};
use crate::types::ScalarType;
use crate::types::names::{Meaning, meaning};

/// A function of NumPy's that makes an array.
#[derive(Clone, Copy, PartialEq)]
pub enum Creation {
    Empty,
    Zeros,
    Ones,
    Full,
    EmptyLike,
    ZerosLike,
    OnesLike,
    FullLike,
    Copy,
}

/// The names of their parameters, in order.
fn parameters(creation: Creation) -> &'static [&'static str] {
    match creation {
        Creation::Empty | Creation::Zeros | Creation::Ones => &["shape", "dtype", "order"],
        Creation::Full => &["shape", "fill_value", "dtype", "order"],
        Creation::EmptyLike | Creation::ZerosLike | Creation::OnesLike => &["a", "dtype", "order"],
        Creation::FullLike => &["a", "fill_value", "dtype", "order"],
        Creation::Copy => &["a"],
    }
}

pub fn find(path: &str) -> Option<Creation> {
    Some(match path.strip_prefix("numpy.")? {
        "empty" => Creation::Empty,
        "zeros" => Creation::Zeros,
        "ones" => Creation::Ones,
        "full" => Creation::Full,
        "empty_like" => Creation::EmptyLike,
        "zeros_like" => Creation::ZerosLike,
        "ones_like" => Creation::OnesLike,
        "full_like" => Creation::FullLike,
        "copy" => Creation::Copy,
        _ => return None,
    })
}

impl<'t> Typer<'t, '_> {
    /// An array that was frozen when the function was compiled.
    pub fn frozen_array(&mut self, frozen: &FrozenArray, span: Span) -> ArrayId {
        let rank = frozen.shape.len();
        let kind = ArrayType { scalar: frozen.scalar, access: Access::Read, strides: ArrayType::c_order(rank) };
        let extent = |typer: &mut Self, extent: &usize| typer.integer(ScalarType::Index, *extent as i128, span).value;
        let extents = frozen.shape.iter().map(|one| extent(self, one)).collect();
        let definition = match frozen.elements.is_empty() {
            // A table has entries.
            true => {
                let site = self.site(Fault::OutOfMemory, "there is no memory for an empty array".into(), span);
                Definition::Allocate { extents, zeroed: true, site }
            }
            false => {
                let table = self.program.table(&frozen.name, frozen.scalar, frozen.elements.to_vec());
                Definition::Constant { table, extents }
            }
        };
        let array = self.define_array(&frozen.name, kind, definition);
        let known = |extent: &usize| Measure::Known(*extent as i64);
        self.arrays[array.index()].measures = frozen.shape.iter().map(known).collect();
        array
    }

    pub fn create(
        &mut self,
        creation: Creation,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Item<'t>> {
        let names = parameters(creation);
        let given = self.by_name(names, arguments, keywords, span)?;
        let argument = |name: &str| {
            let place = names.iter().position(|other| *other == name)?;
            given[place].clone()
        };
        let first = given[0].clone();
        let Some((first, first_span)) = first else {
            return Err(self.missing(names[0], span));
        };
        let fill = match (creation, argument("fill_value")) {
            (Creation::Full | Creation::FullLike, None) => return Err(self.missing("fill_value", span)),
            (_, Some((item, at))) => Some(self.number(&item, at)?),
            (_, None) => None,
        };
        let dtype = match argument("dtype") {
            Some((item, at)) => self.dtype(&item, at)?,
            None => None,
        };
        if let Creation::Copy = creation {
            let array = self.array_argument(&first, first_span)?;
            return Ok(Item::Array(self.copied(array, span)?));
        }
        let like =
            matches!(creation, Creation::EmptyLike | Creation::ZerosLike | Creation::OnesLike | Creation::FullLike);
        let (extents, measures, own, fortran) = if like {
            let array = self.array_argument(&first, first_span)?;
            let kind = self.function.arrays[array.index()].kind();
            let extents = self.extents(array, span);
            let rank = kind.strides.len();
            let fortran = rank > 1 && kind.strides == ArrayType::f_order(rank);
            let measures = (0..rank as u32).map(|axis| self.measure(array, axis)).collect();
            (extents, measures, kind.scalar, fortran)
        } else {
            let extents = self.shape(&first, first_span)?;
            let measures = extents.iter().map(|extent| self.measure_of(*extent)).collect();
            let own = fill.map_or(ScalarType::F64, |fill| fill.scalar);
            (extents, measures, own, false)
        };
        let fortran = match argument("order") {
            Some((Item::Text(order), _)) if matches!(&*order, "C" | "c") => false,
            Some((Item::Text(order), _)) if matches!(&*order, "F" | "f") => true,
            Some((Item::Text(order), _)) if like && matches!(&*order, "K" | "A") => fortran,
            None => fortran,
            Some((_, at)) => {
                let mistake = self.mistake(ErrorClass::Value, at, "order is 'C' or 'F'");
                return Err(mistake.help("write order='C'").into());
            }
        };
        let scalar = dtype.unwrap_or(own);
        let rank = extents.len();
        let strides = if fortran { ArrayType::f_order(rank) } else { ArrayType::c_order(rank) };
        let zeroed = matches!(creation, Creation::Zeros | Creation::ZerosLike);
        let array = self.allocated("array", scalar, strides, &extents, zeroed, span);
        self.arrays[array.index()].measures = measures;
        match creation {
            Creation::Ones | Creation::OnesLike => {
                let one = self.integer(ScalarType::I64, 1, span);
                self.assign(array, &Item::Scalar(one), span)?;
            }
            Creation::Full | Creation::FullLike => {
                if let Some(fill) = fill {
                    self.assign(array, &Item::Scalar(fill), span)?;
                }
            }
            _ => {}
        }
        Ok(Item::Array(array))
    }

    /// What an extent is known as from now on. `n + 1` is a number of its own, of which its distance from `n` is kept.
    fn measure_of(&mut self, number: Scalar) -> Measure {
        let extent = Extent::of_value(number);
        if extent.offset == 0 {
            return extent.of;
        }
        self.sums.insert(number.value, (extent.of, extent.offset));
        Measure::Value(number.value)
    }

    /// A method of an array.
    pub fn array_method(
        &mut self,
        array: ArrayId,
        method: &str,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Item<'t>> {
        match method {
            "copy" => {
                self.by_name(&[], arguments, keywords, span)?;
                Ok(Item::Array(self.copied(array, span)?))
            }
            "fill" => {
                let given = self.by_name(&["value"], arguments, keywords, span)?;
                let Some((item, at)) = given[0].clone() else { return Err(self.missing("value", span)) };
                let number = self.number(&item, at)?;
                self.assign(array, &Item::Scalar(number), span)?;
                Ok(Item::None)
            }
            "sum" => {
                self.by_name(&[], arguments, keywords, span)?;
                self.sum(array, span)
            }
            "transpose" if arguments.is_empty() && keywords.is_empty() => self.attribute_of_array(array, "T", span),
            "item" if arguments.is_empty() && keywords.is_empty() => {
                let rank = self.function.arrays[array.index()].rank;
                let size = self.size(array, span);
                let one = self.integer(ScalarType::I64, 1, span);
                let wrong = self.apply(Op::Ne, &[size, one], span);
                let message = "item(): size must be 1".to_string();
                self.trap_with(wrong, Fault::Value, message, &[], span);
                let zero = self.integer(ScalarType::I64, 0, span);
                let indices = vec![super::indices::Index::Place(zero, span); rank as usize];
                self.subscript_of(array, &indices, span)
            }
            _ => {
                let message = format!("arrays have no method '{method}' in compiled functions yet");
                let help = "write the loop; copy(), fill(), item() and transpose() are there";
                Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into())
            }
        }
    }

    /// The sum of all elements: of integers and bools as 64 bits wide ones, as Numba has it.
    pub fn sum(&mut self, array: ArrayId, span: Span) -> Result<Item<'t>> {
        let kind = self.function.arrays[array.index()].kind();
        let dtype = match kind.scalar {
            scalar if scalar.is_float() => scalar,
            scalar if scalar.is_unsigned() => ScalarType::U64,
            _ => ScalarType::I64,
        };
        let row = self.in_a_row(array, span)?;
        self.array_function("sum_of_elements", &[Item::Array(row), Item::Dtype(dtype)], span)
    }

    /// The elements of an array in C order, as one axis: a view where that is possible.
    fn in_a_row(&mut self, array: ArrayId, span: Span) -> Result<ArrayId> {
        let kind = self.function.arrays[array.index()].kind();
        let rank = kind.strides.len();
        if rank == 1 {
            return Ok(array);
        }
        let packed = if kind.strides == ArrayType::c_order(rank) { array } else { self.copied(array, span)? };
        let size = self.size(packed, span);
        let size = self.convert(size, ScalarType::Index, span);
        let array = &self.function.arrays[packed.index()];
        let (name, kind) = (array.name.clone(), ArrayType { strides: ArrayType::c_order(1), ..array.kind() });
        Ok(self.define_array(&name, kind, Definition::Reshape { base: packed, extents: vec![size.value] }))
    }

    /// Calls a function of whole arrays that comes with numbra.
    pub fn array_function(&mut self, name: &str, items: &[Item<'t>], span: Span) -> Result<Item<'t>> {
        let file = prelude::find_array_function(name)?;
        let definition = file.and_then(|file| Some((file.module, file.module.function(name)?)));
        let Some((module, definition)) = definition else {
            return Err(Error::Internal(format!("there is no function '{name}' of arrays")));
        };
        let flags = self.unit.flags;
        let unit = Unit { module, rules: Rules::Numba, flags, zero_division: false, bounds: false, prelude: None };
        self.emit_call(unit, definition, items, Around::default(), None, span)
    }

    /// The arguments by the names of the parameters.
    fn by_name(
        &mut self,
        names: &[&str],
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Vec<Option<Evaluated<'t>>>> {
        if arguments.len() > names.len() {
            let message = format!("at most {} taken here", super::count(names.len(), "argument"));
            return Err(self.mistake(ErrorClass::Type, span, message).help("leave the others out").into());
        }
        let mut given: Vec<Option<Evaluated<'t>>> = vec![None; names.len()];
        for (place, argument) in arguments.iter().enumerate() {
            given[place] = Some((self.expression(argument)?, argument.span));
        }
        for keyword in keywords {
            let name = keyword.name.as_deref().unwrap_or("**");
            let place = names.iter().position(|other| *other == name).filter(|place| given[*place].is_none());
            let Some(place) = place else {
                let message = format!("keyword '{name}' is not taken here");
                let mistake = self.mistake(ErrorClass::Type, keyword.span, message);
                return Err(mistake.help(format!("the parameters are: {}", names.join(", "))).into());
            };
            given[place] = Some((self.expression(&keyword.value)?, keyword.value.span));
        }
        Ok(given)
    }

    fn missing(&self, name: &str, span: Span) -> crate::Error {
        self.mistake(ErrorClass::Type, span, format!("the argument '{name}' is missing")).help("pass it").into()
    }

    fn array_argument(&mut self, item: &Item<'t>, span: Span) -> Result<ArrayId> {
        match item {
            Item::Array(array) => Ok(*array),
            _ => {
                let message = format!("this is {}, and an array is needed", item.describe());
                Err(self.mistake(ErrorClass::Type, span, message).help("pass an array").into())
            }
        }
    }

    /// The extents that a shape gives, int64: a number, or a tuple of them. Negative ones fail.
    pub fn shape(&mut self, item: &Item<'t>, span: Span) -> Result<Vec<Scalar>> {
        let items = match item {
            Item::Tuple(_) | Item::Constants(_) => self.unpack(item, span)?,
            item => vec![item.clone()],
        };
        let mut extents = Vec::new();
        for item in &items {
            let number = self.number(item, span)?;
            if !number.scalar.is_integer() {
                let message = format!("an extent is an integer, not {}", number.scalar);
                return Err(self.mistake(ErrorClass::Type, span, message).help("cast it: int(...)").into());
            }
            let known = Extent::of_value(number);
            let extent = self.convert(number, ScalarType::I64, span);
            // A uint64 may be too large for an extent: as int64 it is negative.
            if extent.range().is_none_or(|(low, _)| low < 0) {
                let zero = self.integer(ScalarType::I64, 0, span);
                let negative = self.apply(Op::Lt, &[extent, zero], span);
                self.trap_with(negative, Fault::Value, "negative dimensions are not allowed".into(), &[], span);
                self.not_negative_from_here(number);
            }
            let range = extent.range().map(|(low, high)| (low.max(0), high));
            let extent = extent.with_range(range);
            extents.push(Scalar { extent: Some(known).filter(|_| number.scalar.bits() == 64), ..extent });
        }
        Ok(extents)
    }

    /// The type that a dtype names; `None` for None.
    pub fn dtype(&mut self, item: &Item<'t>, span: Span) -> Result<Option<ScalarType>> {
        match item {
            Item::None => Ok(None),
            Item::Dtype(scalar) => Ok(Some(*scalar)),
            Item::Text(name) => match meaning(&format!("numpy.{name}")) {
                Meaning::Scalar(scalar) => Ok(Some(scalar)),
                _ => self.no_dtype(item, span),
            },
            item => self.no_dtype(item, span),
        }
    }

    fn no_dtype<T>(&self, item: &Item<'t>, span: Span) -> Result<T> {
        let message = format!("{} is no type of elements", item.describe());
        let mistake = self.mistake(ErrorClass::Type, span, message);
        Err(mistake.help("write np.float64, another type of NumPy's, or a.dtype").into())
    }
}
