//! What expressions stand for while a function is being typed.

use super::closures::Closure;
use super::complex::Complex;
use super::program::Unit;
use crate::constants::ConstantValue;
use crate::ir::{Access, ArrayId, ArrayType, Kind, Value};
use crate::syntax::tree::FunctionDefinition;
use crate::types::{Constant, ScalarType};
use std::rc::Rc;
use std::sync::Arc;

/// The least and the greatest value of an integer.
pub type Interval = (i128, i128);

/// What a name or an expression stands for.
#[derive(Debug, Clone)]
pub enum Item<'t> {
    Scalar(Scalar),
    /// A literal that has not met a type yet (rules `Exact` only).
    Literal(Literal),
    Tuple(Vec<Item<'t>>),
    /// A tuple, list or array of constants, from which entries are taken by index.
    Constants(Rc<Sequence>),
    /// A tuple with names for its parts: a named tuple, a slice, a range.
    Named(Arc<Class>, Vec<Item<'t>>),
    Array(ArrayId),
    Function(Rc<Closure<'t>>),
    /// A function of a module. Whole functions only.
    Defined(Unit<'t>, &'t FunctionDefinition),
    Complex(Complex),
    None,
    /// A string that is known when compiling.
    Text(Arc<str>),
    /// A type of elements, as a value.
    Dtype(ScalarType),
    /// Something or None: whether it is there, and what it is then.
    Optional(Scalar, Box<Item<'t>>),
    /// A name that may not have been assigned: whether it was, and what it means then. Functions only.
    Maybe(Scalar, Box<Item<'t>>),
    /// A name that means things that do not fit together, depending on the way taken; why, for the message.
    Mixed(String),
}

/// What has named parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Class {
    /// `start`, `stop`, `step`: int64 or None.
    Slice,
    /// The same three, all of that type.
    Range(ScalarType),
    /// A named tuple; classes of one name and the same fields differ by their number.
    Tuple { name: String, fields: Vec<String>, number: u64 },
}

impl Class {
    /// The place of a part.
    pub fn place(&self, name: &str) -> Option<usize> {
        match self {
            Class::Slice | Class::Range(_) => ["start", "stop", "step"].iter().position(|part| *part == name),
            Class::Tuple { fields, .. } => fields.iter().position(|field| field == name),
        }
    }
}

/// Constants in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    pub name: String,
    /// The type of all entries, if it is fixed (an annotation, the dtype of a NumPy array).
    pub scalar: Option<ScalarType>,
    pub entries: Vec<ConstantValue>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `None` while the type of a loop's variable is being found: an integer literal of unknown value.
    Integer(Option<i128>),
    /// With its decimal text, so that it is rounded once.
    Float(Option<(f64, String)>),
}

/// A value of the IR with what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scalar {
    pub value: Value,
    pub scalar: ScalarType,
    pub known: Known,
    pub extent: Option<Extent>,
    /// It is a float literal of the text, or arithmetic on such.
    pub from_literal: bool,
}

/// What is known of a value when compiling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Known {
    Nothing,
    /// An integer in `low..=high`.
    Range {
        low: i128,
        high: i128,
    },
    /// A constant float or bool.
    Constant(Constant),
}

/// How an integer relates to an extent: it is `extent + offset`, or below that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    pub of: Measure,
    pub relation: Relation,
    pub offset: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Is,
    Below,
}

/// What an extent is known as: arrays that were made with one extent share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// That of an array along an axis.
    Axis(ArrayId, u32),
    /// A number of the program.
    Value(Value),
    /// A number that is known.
    Known(i64),
}

impl Scalar {
    pub fn new(value: Value, scalar: ScalarType) -> Scalar {
        Scalar { value, scalar, known: Known::Nothing, extent: None, from_literal: false }
    }

    pub fn with_range(self, range: Option<Interval>) -> Scalar {
        let known = match range {
            Some((low, high)) if self.scalar.is_integer() => Known::Range { low, high },
            _ => self.known,
        };
        Scalar { known, ..self }
    }

    /// The range of an integer: what is known, or else all of its type.
    pub fn range(&self) -> Option<Interval> {
        match self.known {
            Known::Range { low, high } => Some((low, high)),
            Known::Constant(constant) => constant.as_integer().map(|value| (value, value)),
            Known::Nothing => self.scalar.range(),
        }
    }

    /// The range, if it says more than the type.
    pub fn known_range(&self) -> Option<Interval> {
        match self.known {
            Known::Nothing => None,
            _ => self.range(),
        }
    }

    /// The integer (or 0 / 1) that this is known to be.
    pub fn integer(&self) -> Option<i128> {
        self.known_range().filter(|(low, high)| low == high).map(|(low, _)| low)
    }

    pub fn constant(&self) -> Option<Constant> {
        match self.known {
            Known::Constant(constant) => Some(constant),
            Known::Range { low, high } if low == high => Some(Constant::integer(self.scalar, low)),
            _ => None,
        }
    }
}

/// `range`, if the type holds all of it: otherwise the operation may have wrapped and nothing is known.
pub fn within(scalar: ScalarType, range: Option<Interval>) -> Option<Interval> {
    let (low, high) = range?;
    let (least, greatest) = scalar.range()?;
    (least <= low && high <= greatest).then_some((low, high))
}

/// The form of an item: what its variables look like where ways join.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ItemType {
    Scalar(ScalarType),
    /// An integer literal without a type.
    Integer,
    /// A float literal without a type.
    Float,
    Tuple(Vec<ItemType>),
    Named(Arc<Class>, Vec<ItemType>),
    Array(ArrayType),
    /// With parts of that type.
    Complex(ScalarType),
    None,
    Text(Arc<str>),
    Dtype(ScalarType),
    /// A function of a module: its number in the program that is being typed, and its name.
    Function(u32, Arc<str>),
    Optional(Box<ItemType>),
    /// Of a name that may not have been assigned.
    Maybe(Box<ItemType>),
    /// An argument that was left out: the parameter's default, known when compiling.
    Omitted,
}

impl ItemType {
    /// What it takes to hold such an item, in order; literals as the type that they have where they meet none.
    pub fn kinds(&self) -> Vec<Kind> {
        match self {
            ItemType::Scalar(scalar) => vec![Kind::Scalar(*scalar)],
            ItemType::Integer => vec![Kind::Scalar(ScalarType::I64)],
            ItemType::Float => vec![Kind::Scalar(ScalarType::F64)],
            ItemType::Tuple(item_types) | ItemType::Named(_, item_types) => {
                item_types.iter().flat_map(ItemType::kinds).collect()
            }
            ItemType::Array(array) => vec![Kind::Array(array.clone())],
            ItemType::Complex(part) => vec![Kind::Scalar(*part); 2],
            ItemType::None | ItemType::Text(_) | ItemType::Dtype(_) | ItemType::Function(..) | ItemType::Omitted => {
                Vec::new()
            }
            ItemType::Optional(inner) | ItemType::Maybe(inner) => {
                let mut kinds = vec![Kind::Scalar(ScalarType::Bool)];
                kinds.extend(inner.kinds());
                kinds
            }
        }
    }

    /// Whether there is a function in it.
    pub fn holds_function(&self) -> bool {
        match self {
            ItemType::Function(..) => true,
            ItemType::Tuple(parts) | ItemType::Named(_, parts) => parts.iter().any(ItemType::holds_function),
            ItemType::Optional(inner) | ItemType::Maybe(inner) => inner.holds_function(),
            _ => false,
        }
    }

    /// The type of a scalar or a literal.
    pub fn scalar(&self) -> Option<ScalarType> {
        match self {
            ItemType::Scalar(scalar) => Some(*scalar),
            ItemType::Integer => Some(ScalarType::I64),
            ItemType::Float => Some(ScalarType::F64),
            _ => None,
        }
    }

    /// Literals take the type that they have where they meet none.
    pub fn settled(&self) -> ItemType {
        match self {
            ItemType::Integer => ItemType::Scalar(ScalarType::I64),
            ItemType::Float => ItemType::Scalar(ScalarType::F64),
            ItemType::Tuple(item_types) => ItemType::Tuple(item_types.iter().map(ItemType::settled).collect()),
            ItemType::Named(class, item_types) => {
                ItemType::Named(class.clone(), item_types.iter().map(ItemType::settled).collect())
            }
            ItemType::Optional(inner) => ItemType::Optional(Box::new(inner.settled())),
            ItemType::Maybe(inner) => ItemType::Maybe(Box::new(inner.settled())),
            _ => self.clone(),
        }
    }
}

impl std::fmt::Display for ItemType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ItemType::Scalar(scalar) => write!(formatter, "{scalar}"),
            ItemType::Integer => formatter.write_str("an integer literal"),
            ItemType::Float => formatter.write_str("a float literal"),
            ItemType::Tuple(item_types) => {
                let parts: Vec<String> = item_types.iter().map(ItemType::to_string).collect();
                let comma = if parts.len() == 1 { "," } else { "" };
                write!(formatter, "({}{comma})", parts.join(", "))
            }
            ItemType::Named(class, item_types) => match class.as_ref() {
                Class::Slice if item_types.get(2) == Some(&ItemType::None) => formatter.write_str("slice<a:b>"),
                Class::Slice => formatter.write_str("slice<a:b:c>"),
                Class::Range(scalar) => write!(formatter, "range_state_{scalar}"),
                Class::Tuple { name, .. } => {
                    let parts: Vec<String> = item_types.iter().map(ItemType::to_string).collect();
                    match parts.split_first() {
                        Some((first, rest)) if rest.iter().all(|part| part == first) => {
                            write!(formatter, "{name}({first} x {})", parts.len())
                        }
                        _ => write!(formatter, "{name}({})", parts.join(", ")),
                    }
                }
            },
            ItemType::Array(array) => write!(formatter, "{}", describe_array(array)),
            ItemType::Complex(part) => write!(formatter, "complex{}", 2 * part.bits()),
            ItemType::None => formatter.write_str("none"),
            ItemType::Text(text) => write!(formatter, "Literal[str]({text})"),
            ItemType::Dtype(scalar) => write!(formatter, "dtype({scalar})"),
            ItemType::Function(_, name) => write!(formatter, "type(CPUDispatcher(<function {name}>))"),
            ItemType::Optional(inner) => write!(formatter, "OptionalType({inner})"),
            ItemType::Maybe(inner) => inner.fmt(formatter),
            ItemType::Omitted => formatter.write_str("omitted"),
        }
    }
}

/// An array type as Numba writes it: `array(float64, 2d, C)`.
pub fn describe_array(array: &ArrayType) -> String {
    let rank = array.strides.len();
    let layout = if array.strides == ArrayType::c_order(rank) {
        "C"
    } else if array.strides == ArrayType::f_order(rank) {
        "F"
    } else {
        "A"
    };
    let access = if array.access == Access::Read { "readonly " } else { "" };
    format!("{access}array({}, {rank}d, {layout})", array.scalar)
}

impl<'t> Item<'t> {
    /// Whether both stand for the very same thing, so that no variable is needed to join them.
    pub fn same(&self, other: &Item<'t>) -> bool {
        match (self, other) {
            (Item::Scalar(left), Item::Scalar(right)) => left.value == right.value,
            (Item::Literal(left), Item::Literal(right)) => left == right,
            (Item::Tuple(left), Item::Tuple(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.same(right))
            }
            (Item::Named(left_class, left), Item::Named(right_class, right)) => {
                left_class == right_class && left.iter().zip(right).all(|(left, right)| left.same(right))
            }
            (Item::Constants(left), Item::Constants(right)) => Rc::ptr_eq(left, right) || left == right,
            (Item::Array(left), Item::Array(right)) => left == right,
            (Item::Function(left), Item::Function(right)) => Rc::ptr_eq(left, right) || left.same(right),
            (Item::Defined(_, left), Item::Defined(_, right)) => std::ptr::eq(*left, *right),
            (Item::Mixed(left), Item::Mixed(right)) => left == right,
            (Item::Complex(left), Item::Complex(right)) => {
                left.real.value == right.real.value && left.imaginary.value == right.imaginary.value
            }
            (Item::None, Item::None) => true,
            (Item::Text(left), Item::Text(right)) => left == right,
            (Item::Dtype(left), Item::Dtype(right)) => left == right,
            (Item::Optional(there, left), Item::Optional(here, right))
            | (Item::Maybe(there, left), Item::Maybe(here, right)) => there.value == here.value && left.same(right),
            _ => false,
        }
    }

    /// The same thing as seen on two ways: what is known of it on both.
    pub fn known_of_both(&self, other: &Item<'t>) -> Item<'t> {
        match (self, other) {
            (Item::Scalar(left), Item::Scalar(right)) if left.known != right.known => {
                let known = match (left.known_range(), right.known_range()) {
                    (Some((low, high)), Some((other_low, other_high))) => {
                        Known::Range { low: low.min(other_low), high: high.max(other_high) }
                    }
                    _ => Known::Nothing,
                };
                Item::Scalar(Scalar { known, ..*left })
            }
            _ => self.clone(),
        }
    }

    /// A named tuple as a plain one.
    pub fn plain(self) -> Item<'t> {
        match self {
            Item::Named(class, parts) if matches!(*class, Class::Tuple { .. }) => Item::Tuple(parts),
            other => other,
        }
    }

    /// For messages: `float32`, `a tuple`, `an array`.
    pub fn describe(&self) -> String {
        match self {
            Item::Scalar(scalar) => scalar.scalar.to_string(),
            Item::Literal(Literal::Integer(_)) => "an integer literal".into(),
            Item::Literal(Literal::Float(_)) => "a float literal".into(),
            Item::Tuple(_) => "a tuple".into(),
            Item::Named(class, _) => match class.as_ref() {
                Class::Slice => "a slice".into(),
                Class::Range(_) => "a range".into(),
                Class::Tuple { name, .. } => name.clone(),
            },
            Item::Constants(_) => "a tuple of constants".into(),
            Item::Array(_) => "an array".into(),
            Item::Function(_) | Item::Defined(..) => "a function".into(),
            Item::Complex(number) => format!("complex{}", 2 * number.part().bits()),
            Item::None => "None".into(),
            Item::Text(_) => "a string".into(),
            Item::Dtype(_) => "a type".into(),
            Item::Optional(_, item) => format!("{} or None", item.describe()),
            Item::Maybe(_, item) => item.describe(),
            Item::Mixed(_) => "nothing definite".into(),
        }
    }
}
