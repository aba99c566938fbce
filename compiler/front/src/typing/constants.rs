//! Constants of the module: expressions at module level, evaluated as Python would.

use super::names::{self, Builtin};
use super::promotion;
use crate::error::{Class, Mistake, Result};
use crate::source::Span;
use crate::syntax::tree::{self, BinaryOperator, Comparison, Expression, ExpressionKind, UnaryOperator};
use crate::types::{Constant, ScalarType};

/// The value of a constant expression of Python.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstantValue {
    Bool(bool),
    Integer(i128),
    /// With its decimal text, so that it is rounded once to whatever type it meets.
    Float(f64, String),
    /// `np.float32(0.1)` and the like.
    Typed(Constant),
    /// A tuple or a list.
    Tuple(Vec<ConstantValue>),
    /// A one-dimensional NumPy array.
    Array(ScalarType, Vec<ConstantValue>),
}

/// More entries than this in one constant are refused: such data belongs into an array.
const MOST_ENTRIES: usize = 1 << 16;

impl ConstantValue {
    pub fn float(value: f64) -> ConstantValue {
        ConstantValue::Float(value, format!("{value:?}"))
    }

    /// The type under Numba's rules; `None` for tuples and for integers that fit nothing.
    pub fn scalar(&self) -> Option<ScalarType> {
        match self {
            ConstantValue::Bool(_) => Some(ScalarType::Bool),
            ConstantValue::Integer(value) if i64::try_from(*value).is_ok() => Some(ScalarType::I64),
            ConstantValue::Integer(value) if u64::try_from(*value).is_ok() => Some(ScalarType::U64),
            ConstantValue::Float(..) => Some(ScalarType::F64),
            ConstantValue::Typed(constant) => Some(constant.scalar),
            ConstantValue::Integer(_) | ConstantValue::Tuple(_) | ConstantValue::Array(..) => None,
        }
    }

    /// As a constant of `scalar`. Python's numbers must fit (integers in range, no float for an integer); typed
    /// constants convert as `Op::Convert` does.
    pub fn to(&self, scalar: ScalarType) -> Option<Constant> {
        match self {
            ConstantValue::Bool(value) => Some(number_to(scalar, *value as i128)),
            ConstantValue::Integer(value) if scalar.is_float() => Some(number_to(scalar, *value)),
            ConstantValue::Integer(value) => super::item::within(scalar, Some((*value, *value)))
                .filter(|_| scalar != ScalarType::Bool)
                .map(|_| Constant::integer(scalar, *value)),
            ConstantValue::Float(value, text) => match scalar {
                ScalarType::F32 => Some(Constant::f32(text.parse().unwrap_or(*value as f32))),
                ScalarType::F64 => Some(Constant::f64(text.parse().unwrap_or(*value))),
                _ => None,
            },
            ConstantValue::Typed(constant) => Some(convert(*constant, scalar)),
            ConstantValue::Tuple(_) | ConstantValue::Array(..) => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            ConstantValue::Bool(value) => Some(*value as u8 as f64),
            ConstantValue::Integer(value) => Some(*value as f64),
            ConstantValue::Float(value, _) => Some(*value),
            ConstantValue::Typed(constant) => Some(constant.as_f64()),
            _ => None,
        }
    }

    fn as_integer(&self) -> Option<i128> {
        match self {
            ConstantValue::Bool(value) => Some(*value as i128),
            ConstantValue::Integer(value) => Some(*value),
            ConstantValue::Typed(constant) => constant.as_integer(),
            _ => None,
        }
    }

    fn entries(&self) -> usize {
        match self {
            ConstantValue::Tuple(entries) | ConstantValue::Array(_, entries) => {
                entries.iter().map(ConstantValue::entries).sum()
            }
            _ => 1,
        }
    }
}

fn number_to(scalar: ScalarType, value: i128) -> Constant {
    match scalar {
        ScalarType::F32 => Constant::f32(value as f32),
        ScalarType::F64 => Constant::f64(value as f64),
        _ => Constant::integer(scalar, value),
    }
}

/// As `Op::Convert`: float to integer truncates and saturates, integers wrap.
pub fn convert(constant: Constant, scalar: ScalarType) -> Constant {
    if constant.scalar == scalar {
        return constant;
    }
    match constant.as_integer() {
        Some(value) => number_to(scalar, value),
        None => {
            let value = constant.as_f64();
            match scalar {
                ScalarType::F32 => Constant::f32(value as f32),
                ScalarType::F64 => Constant::f64(value),
                ScalarType::Bool => Constant::bool(value != 0.0),
                _ => {
                    let (least, greatest) = super::item::type_range(scalar).unwrap_or((0, 0));
                    Constant::integer(scalar, (value as i128).clamp(least, greatest))
                }
            }
        }
    }
}

/// `left op right` on numbers of Python; `None` if Python would raise or the result is too large for us.
pub fn binary(operator: BinaryOperator, left: &ConstantValue, right: &ConstantValue) -> Option<ConstantValue> {
    if let Some(scalar) = typed(left, right) {
        return typed_binary(operator, scalar, left, right);
    }
    use BinaryOperator::*;
    if let (Some(a), Some(b)) = (left.as_integer(), right.as_integer()) {
        let both_bool = matches!((left, right), (ConstantValue::Bool(_), ConstantValue::Bool(_)));
        let bits = |value: i128| {
            if both_bool { ConstantValue::Bool(value != 0) } else { ConstantValue::Integer(value) }
        };
        return match operator {
            Divide if b != 0 => Some(ConstantValue::float(a as f64 / b as f64)),
            Power if b < 0 => float_binary(Power, a as f64, b as f64).map(ConstantValue::float),
            And => Some(bits(a & b)),
            Or => Some(bits(a | b)),
            Xor => Some(bits(a ^ b)),
            LeftShift => {
                let shift = u32::try_from(b).ok().filter(|shift| *shift < 100)?;
                a.checked_mul(1 << shift).map(ConstantValue::Integer)
            }
            RightShift => u32::try_from(b).ok().map(|shift| ConstantValue::Integer(a >> shift.min(127))),
            _ => integer_binary(operator, a, b).map(ConstantValue::Integer),
        };
    }
    float_binary(operator, left.as_f64()?, right.as_f64()?).map(ConstantValue::float)
}

/// The value of an expression that is made of integer literals alone; `None` for others. What is too large even for us is the
/// largest number that there is.
pub fn integer_literals(expression: &Expression, depth: u32) -> Option<i128> {
    const DEEPEST: u32 = 64;
    match &expression.kind {
        _ if depth > DEEPEST => None,
        ExpressionKind::Integer(value) => Some(value.unwrap_or(i128::MAX)),
        ExpressionKind::Unary { operator, operand } if *operator != UnaryOperator::Not => {
            let operand = ConstantValue::Integer(integer_literals(operand, depth + 1)?);
            unary(*operator, &operand)?.as_integer()
        }
        ExpressionKind::Binary { operator, left, right } => {
            use BinaryOperator::*;
            // The right one first: in a long chain it decides at once.
            let right = integer_literals(right, depth + 1)?;
            let left = integer_literals(left, depth + 1)?;
            match binary(*operator, &ConstantValue::Integer(left), &ConstantValue::Integer(right)) {
                Some(ConstantValue::Integer(value)) => Some(value),
                None if matches!(operator, Add | Subtract | Multiply | LeftShift) && right >= 0 => Some(i128::MAX),
                None if *operator == Power && right >= 0 => Some(i128::MAX),
                _ => None,
            }
        }
        _ => None,
    }
}

/// + - * // % ** on integers without wrapping.
fn integer_binary(operator: BinaryOperator, a: i128, b: i128) -> Option<i128> {
    use BinaryOperator::*;
    match operator {
        Add => a.checked_add(b),
        Subtract => a.checked_sub(b),
        Multiply => a.checked_mul(b),
        FloorDivide if b != 0 => {
            a.checked_div_euclid(b).map(|quotient| if b < 0 && a.rem_euclid(b) != 0 { quotient - 1 } else { quotient })
        }
        Modulo if b != 0 => {
            let remainder = a.checked_rem(b)?;
            Some(if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder })
        }
        Power => a.checked_pow(u32::try_from(b).ok()?),
        _ => None,
    }
}

pub fn float_binary(operator: BinaryOperator, a: f64, b: f64) -> Option<f64> {
    use BinaryOperator::*;
    match operator {
        Add => Some(a + b),
        Subtract => Some(a - b),
        Multiply => Some(a * b),
        Divide if b != 0.0 => Some(a / b),
        FloorDivide if b != 0.0 => {
            let remainder = python_remainder(a, b);
            Some(((a - remainder) / b).round())
        }
        Modulo if b != 0.0 => Some(python_remainder(a, b)),
        Power => Some(a.powf(b)),
        _ => None,
    }
}

fn python_remainder(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) { remainder + b } else { remainder.copysign(b) }
}

/// The type of an operation in which typed constants take part, as NumPy does it: Python's numbers adapt.
fn typed(left: &ConstantValue, right: &ConstantValue) -> Option<ScalarType> {
    use ConstantValue::*;
    match (left, right) {
        (Typed(left), Typed(right)) => Some(promotion::unify(left.scalar, right.scalar)),
        (Typed(constant), other) | (other, Typed(constant)) => match other {
            Float(..) if !constant.scalar.is_float() => Some(ScalarType::F64),
            Integer(_) if constant.scalar == ScalarType::Bool => Some(ScalarType::I64),
            _ => Some(constant.scalar),
        },
        _ => None,
    }
}

fn typed_binary(
    operator: BinaryOperator,
    scalar: ScalarType,
    left: &ConstantValue,
    right: &ConstantValue,
) -> Option<ConstantValue> {
    let (left, right) = (left.to(scalar)?, right.to(scalar)?);
    let constant = match (left.as_integer(), right.as_integer()) {
        (Some(a), Some(b)) if operator == BinaryOperator::Divide => {
            convert(Constant::f64(a as f64 / b as f64), ScalarType::F64)
        }
        (Some(a), Some(b)) => match binary(operator, &ConstantValue::Integer(a), &ConstantValue::Integer(b))? {
            ConstantValue::Integer(value) => Constant::integer(scalar, value),
            _ => return None,
        },
        // Rounding to float64 and then to float32 is harmless for + - * /.
        _ => convert(Constant::f64(float_binary(operator, left.as_f64(), right.as_f64())?), scalar),
    };
    Some(ConstantValue::Typed(constant))
}

pub fn unary(operator: UnaryOperator, operand: &ConstantValue) -> Option<ConstantValue> {
    use ConstantValue::*;
    match (operator, operand) {
        (UnaryOperator::Not, Bool(value)) => Some(Bool(!value)),
        (UnaryOperator::Positive, Integer(_) | Float(..) | Typed(_)) => Some(operand.clone()),
        (UnaryOperator::Positive, Bool(value)) => Some(Integer(*value as i128)),
        (UnaryOperator::Negative, Float(value, text)) => {
            let text = text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_string);
            Some(Float(-value, text))
        }
        (UnaryOperator::Negative, Bool(_) | Integer(_)) => operand.as_integer()?.checked_neg().map(Integer),
        (UnaryOperator::Invert, Bool(_) | Integer(_)) => Some(Integer(!operand.as_integer()?)),
        (UnaryOperator::Negative, Typed(constant)) => Some(Typed(match constant.as_integer() {
            Some(value) => Constant::integer(constant.scalar, -value),
            None => convert(Constant::f64(-constant.as_f64()), constant.scalar),
        })),
        (UnaryOperator::Invert, Typed(constant)) => {
            let value = constant.as_integer()?;
            Some(Typed(match constant.scalar {
                ScalarType::Bool => Constant::bool(value == 0),
                scalar => Constant::integer(scalar, !value),
            }))
        }
        _ => None,
    }
}

/// `math.NAME` and `np.NAME` that are numbers, with enough digits for one rounding to any type.
pub fn named(path: &str) -> Option<ConstantValue> {
    let name = path.strip_prefix("math.").or_else(|| path.strip_prefix("numpy."))?;
    if let "numpy.True_" | "numpy.False_" = path {
        return Some(ConstantValue::Typed(Constant::bool(name == "True_")));
    }
    let (value, text) = match name {
        "pi" => (std::f64::consts::PI, "3.14159265358979323846264338327950288"),
        "e" => (std::f64::consts::E, "2.71828182845904523536028747135266250"),
        "tau" if path.starts_with("math") => (std::f64::consts::TAU, "6.28318530717958647692528676655900577"),
        "euler_gamma" if path.starts_with("numpy") => {
            (0.577_215_664_901_532_9, "0.57721566490153286060651209008240243")
        }
        "inf" | "Inf" | "infty" | "PINF" => (f64::INFINITY, "inf"),
        "NINF" => (f64::NEG_INFINITY, "-inf"),
        "nan" | "NaN" | "NAN" => (f64::NAN, "nan"),
        _ => return None,
    };
    Some(ConstantValue::Float(value, text.into()))
}

/// Evaluates the constants of a module, each once.
pub struct Evaluator<'t> {
    module: &'t tree::Module,
    /// In order of definition, as far as they have been needed.
    values: Vec<Result<ConstantValue>>,
}

impl<'t> Evaluator<'t> {
    pub fn new(module: &'t tree::Module) -> Evaluator<'t> {
        Evaluator { module, values: Vec::new() }
    }

    /// The value of the constant `name` as kernels see it: its last definition.
    pub fn constant(&mut self, name: &str) -> Option<Result<ConstantValue>> {
        let index = self.module.constants.iter().rposition(|constant| constant.name == name)?;
        Some(self.definition(index))
    }

    /// The value of an expression that stands below all constants, such as the default of a parameter.
    pub fn expression(&mut self, expression: &Expression) -> Result<ConstantValue> {
        self.evaluate(expression, self.module.constants.len(), 0)
    }

    /// Evaluates from the top down, as Python does; what cannot be evaluated is an error only for those who need it.
    fn definition(&mut self, index: usize) -> Result<ConstantValue> {
        while self.values.len() <= index {
            let value = self.evaluate_definition(self.values.len());
            self.values.push(value);
        }
        self.values[index].clone()
    }

    fn evaluate_definition(&mut self, index: usize) -> Result<ConstantValue> {
        let definition = &self.module.constants[index];
        let mut value = self.evaluate(&definition.value, index, 0)?;
        if let Some(annotation) = &definition.annotation
            && let Some(scalar) = names::scalar_type(self.module, annotation)
        {
            value = self.annotated(&value, scalar, &definition.value)?;
        }
        if value.entries() > MOST_ENTRIES {
            return Err(self.mistake(
                Class::Unsupported,
                definition.value.span,
                format!("constant '{}' has more than {MOST_ENTRIES} entries", definition.name),
                "pass the data as an array",
            ));
        }
        Ok(value)
    }

    fn annotated(&self, value: &ConstantValue, scalar: ScalarType, at: &Expression) -> Result<ConstantValue> {
        match value {
            ConstantValue::Tuple(entries) => {
                let entries: Result<Vec<_>> = entries.iter().map(|entry| self.annotated(entry, scalar, at)).collect();
                Ok(ConstantValue::Array(scalar, entries?))
            }
            _ => value.to(scalar).map(ConstantValue::Typed).ok_or_else(|| {
                self.mistake(
                    Class::Type,
                    at.span,
                    format!("this value is no {scalar}, as the annotation says"),
                    "change the annotation or the value",
                )
            }),
        }
    }

    /// `before`: names mean the definitions above this one.
    fn evaluate(&mut self, expression: &Expression, before: usize, depth: u32) -> Result<ConstantValue> {
        if depth > 100 {
            return Err(self.mistake(
                Class::Unsupported,
                expression.span,
                "expression is nested too deeply",
                "split it",
            ));
        }
        let unknown = |evaluator: &Self| {
            Err(evaluator.mistake(
                Class::Unsupported,
                expression.span,
                "a kernel uses this constant, and its value cannot be computed when compiling",
                "use numbers, tuples of numbers, arithmetic and functions of 'math' on them",
            ))
        };
        let value = match &expression.kind {
            ExpressionKind::Bool(value) => Some(ConstantValue::Bool(*value)),
            ExpressionKind::Integer(value) => value.map(ConstantValue::Integer),
            ExpressionKind::Float { value, text } => Some(ConstantValue::Float(*value, text.clone())),
            ExpressionKind::Name(name) => {
                let constants = &self.module.constants[..before];
                match constants.iter().rposition(|constant| &constant.name == name) {
                    Some(index) => return self.definition(index),
                    None => self.module.path(expression).and_then(|path| named(&path)),
                }
            }
            ExpressionKind::Attribute { .. } => self.module.path(expression).and_then(|path| named(&path)),
            ExpressionKind::Tuple(items) | ExpressionKind::List(items) => {
                let items: Result<Vec<_>> = items.iter().map(|item| self.evaluate(item, before, depth + 1)).collect();
                Some(ConstantValue::Tuple(items?))
            }
            ExpressionKind::Unary { operator, operand } => {
                let operand = self.evaluate(operand, before, depth + 1)?;
                unary(*operator, &operand)
            }
            ExpressionKind::Binary { operator, left, right } => {
                let left = self.evaluate(left, before, depth + 1)?;
                let right = self.evaluate(right, before, depth + 1)?;
                binary(*operator, &left, &right)
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                match self.evaluate(condition, before, depth + 1)? {
                    ConstantValue::Bool(true) => return self.evaluate(then, before, depth + 1),
                    ConstantValue::Bool(false) => return self.evaluate(otherwise, before, depth + 1),
                    _ => None,
                }
            }
            ExpressionKind::Compare { first, rest } if rest.len() == 1 => {
                let left = self.evaluate(first, before, depth + 1)?.as_f64();
                let right = self.evaluate(&rest[0].1, before, depth + 1)?.as_f64();
                left.zip(right).and_then(|(left, right)| compare(rest[0].0, left, right)).map(ConstantValue::Bool)
            }
            ExpressionKind::Subscript { value, indices } if indices.len() == 1 => {
                let index = self.evaluate(&indices[0], before, depth + 1)?.as_integer();
                match (self.evaluate(value, before, depth + 1)?, index) {
                    (ConstantValue::Tuple(entries) | ConstantValue::Array(_, entries), Some(index)) => {
                        let index = if index < 0 { index + entries.len() as i128 } else { index };
                        usize::try_from(index).ok().and_then(|index| entries.get(index).cloned())
                    }
                    _ => None,
                }
            }
            ExpressionKind::Call { function, arguments, keywords } => {
                let values: Result<Vec<_>> =
                    arguments.iter().map(|argument| self.evaluate(argument, before, depth + 1)).collect();
                let dtype = keywords.iter().find(|keyword| keyword.name.as_deref() == Some("dtype"));
                self.call(function, &values?, dtype.map(|keyword| &keyword.value))
            }
            ExpressionKind::Unsupported { what, instead } => {
                let message = format!("kernels cannot use {what} as constants");
                return Err(self.mistake(Class::Unsupported, expression.span, message, instead));
            }
            _ => return unknown(self),
        };
        match value {
            Some(value) => Ok(value),
            None => unknown(self),
        }
    }

    fn call(
        &self,
        function: &Expression,
        values: &[ConstantValue],
        dtype: Option<&Expression>,
    ) -> Option<ConstantValue> {
        if let Some(scalar) = names::cast_type(self.module, function) {
            return match (values, scalar) {
                ([value], _) => Some(ConstantValue::Typed(value.to(scalar).or_else(|| {
                    let number = value.scalar().and_then(|scalar| value.to(scalar))?;
                    Some(convert(number, scalar))
                })?)),
                _ => None,
            };
        }
        if let Some(path) = self.module.path(function) {
            if matches!(path.as_str(), "numpy.array" | "numpy.asarray") {
                return array(values, dtype.map(|dtype| names::scalar_type(self.module, dtype)));
            }
            let name = path.strip_prefix("math.").or_else(|| path.strip_prefix("numpy."))?;
            return mathematical(name, path.starts_with("math."), values);
        }
        let ExpressionKind::Name(name) = &function.kind else { return None };
        match (Builtin::from_name(name)?, values) {
            (Builtin::Float, [value]) => value.as_f64().map(ConstantValue::float),
            (Builtin::Int, [value]) => match value.as_integer() {
                Some(value) => Some(ConstantValue::Integer(value)),
                None => value.as_f64().filter(|value| value.is_finite()).map(|v| ConstantValue::Integer(v as i128)),
            },
            (Builtin::Abs, [value]) => match value.as_integer() {
                Some(value) => value.checked_abs().map(ConstantValue::Integer),
                None => value.as_f64().map(|value| ConstantValue::float(value.abs())),
            },
            (Builtin::Len, [ConstantValue::Tuple(entries) | ConstantValue::Array(_, entries)]) => {
                Some(ConstantValue::Integer(entries.len() as i128))
            }
            (Builtin::Pow, [base, exponent]) => binary(BinaryOperator::Power, base, exponent),
            (Builtin::Min, [first, rest @ ..]) => extreme(first, rest, |new, old| new < old),
            (Builtin::Max, [first, rest @ ..]) => extreme(first, rest, |new, old| new > old),
            _ => None,
        }
    }

    fn mistake(&self, class: Class, span: Span, message: impl Into<String>, help: &str) -> crate::Error {
        Mistake::new(class, &self.module.source, span, message).help(help).into()
    }
}

fn extreme(first: &ConstantValue, rest: &[ConstantValue], better: fn(f64, f64) -> bool) -> Option<ConstantValue> {
    let mut best = first;
    for value in rest {
        if better(value.as_f64()?, best.as_f64()?) {
            best = value;
        }
    }
    best.as_f64().map(|_| best.clone())
}

fn compare(comparison: Comparison, left: f64, right: f64) -> Option<bool> {
    match comparison {
        Comparison::Equal => Some(left == right),
        Comparison::NotEqual => Some(left != right),
        Comparison::Less => Some(left < right),
        Comparison::LessEqual => Some(left <= right),
        Comparison::Greater => Some(left > right),
        Comparison::GreaterEqual => Some(left >= right),
        _ => None,
    }
}

/// `np.array([...], dtype=...)` of one dimension.
fn array(values: &[ConstantValue], dtype: Option<Option<ScalarType>>) -> Option<ConstantValue> {
    let [ConstantValue::Tuple(entries)] = values else { return None };
    let scalar = match dtype {
        Some(dtype) => dtype?,
        None => entries.iter().map(ConstantValue::scalar).try_fold(None, |common, scalar| {
            let scalar = scalar?;
            Some(Some(common.map_or(scalar, |common| promotion::unify(common, scalar))))
        })??,
    };
    let entries: Option<Vec<ConstantValue>> = entries
        .iter()
        .map(|entry| {
            let number = entry.scalar().and_then(|scalar| entry.to(scalar))?;
            Some(ConstantValue::Typed(entry.to(scalar).unwrap_or_else(|| convert(number, scalar))))
        })
        .collect();
    Some(ConstantValue::Array(scalar, entries?))
}

/// Functions of `math` and `numpy` on float64.
fn mathematical(name: &str, math: bool, values: &[ConstantValue]) -> Option<ConstantValue> {
    let arguments: Option<Vec<f64>> = values.iter().map(ConstantValue::as_f64).collect();
    let arguments = arguments?;
    let result = match (name, arguments.as_slice()) {
        ("floor", [x]) if math => return Some(ConstantValue::Integer(x.floor() as i128)),
        ("ceil", [x]) if math => return Some(ConstantValue::Integer(x.ceil() as i128)),
        ("trunc", [x]) if math => return Some(ConstantValue::Integer(x.trunc() as i128)),
        ("floor", [x]) => x.floor(),
        ("ceil", [x]) => x.ceil(),
        ("trunc", [x]) => x.trunc(),
        ("sqrt", [x]) => x.sqrt(),
        ("cbrt", [x]) => x.cbrt(),
        ("exp", [x]) => x.exp(),
        ("exp2", [x]) => x.exp2(),
        ("expm1", [x]) => x.exp_m1(),
        ("log", [x]) => x.ln(),
        ("log", [x, base]) if math => x.ln() / base.ln(),
        ("log2", [x]) => x.log2(),
        ("log10", [x]) => x.log10(),
        ("log1p", [x]) => x.ln_1p(),
        ("sin", [x]) => x.sin(),
        ("cos", [x]) => x.cos(),
        ("tan", [x]) => x.tan(),
        ("asin" | "arcsin", [x]) => x.asin(),
        ("acos" | "arccos", [x]) => x.acos(),
        ("atan" | "arctan", [x]) => x.atan(),
        ("atan2" | "arctan2", [y, x]) => y.atan2(*x),
        ("sinh", [x]) => x.sinh(),
        ("cosh", [x]) => x.cosh(),
        ("tanh", [x]) => x.tanh(),
        ("hypot", [x, y]) => x.hypot(*y),
        ("pow" | "power", [x, y]) => x.powf(*y),
        ("fabs" | "abs" | "absolute", [x]) => x.abs(),
        ("radians" | "deg2rad", [x]) => x.to_radians(),
        ("degrees" | "rad2deg", [x]) => x.to_degrees(),
        _ => return None,
    };
    Some(ConstantValue::float(result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_pythons() {
        let integer = ConstantValue::Integer;
        let check = |operator, a, b, expected: Option<ConstantValue>| {
            assert_eq!(binary(operator, &integer(a), &integer(b)), expected, "{a} {operator:?} {b}");
        };
        use BinaryOperator::*;
        check(FloorDivide, -7, 2, Some(integer(-4)));
        check(FloorDivide, 7, -2, Some(integer(-4)));
        check(FloorDivide, -7, -2, Some(integer(3)));
        check(Modulo, -7, 2, Some(integer(1)));
        check(Modulo, 7, -2, Some(integer(-1)));
        check(Divide, 1, 4, Some(ConstantValue::float(0.25)));
        check(Power, 2, -1, Some(ConstantValue::float(0.5)));
        check(FloorDivide, 1, 0, None);
        check(Power, 10, 1000, None);
        check(LeftShift, 1, 90, Some(integer(1 << 90)));
    }

    #[test]
    fn decimal_text_is_rounded_once() {
        // Between two float32, just above their middle; rounded to float64 first it becomes the middle exactly.
        let text = "1.00000005960464477540";
        let value = ConstantValue::Float(text.parse().unwrap(), text.into());
        assert_eq!(value.to(ScalarType::F32), Some(Constant::f32(1.0000001)));
        let negative = unary(UnaryOperator::Negative, &value).unwrap();
        assert_eq!(negative.to(ScalarType::F32), Some(Constant::f32(-1.0000001)));
        assert_eq!(ConstantValue::Integer(300).to(ScalarType::U8), None);
        assert_eq!(value.to(ScalarType::I32), None);
    }
}
