//! What expressions stand for while a function is being typed.

use super::closures::Closure;
use crate::constants::ConstantValue;
use crate::ir::{ArrayId, Value};
use crate::types::{Constant, ScalarType};
use std::rc::Rc;

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
    Array(ArrayId),
    Function(Rc<Closure<'t>>),
    /// A name that means things that do not fit together, depending on the way taken; why, for the message.
    Mixed(String),
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

/// How an integer relates to the extent of an array along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent {
    Is(ArrayId, u32),
    /// 0 <= it < extent.
    Below(ArrayId, u32),
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
}

impl ItemType {
    /// The scalar types in order, literals as the type that they have where they meet none.
    pub fn scalars(&self) -> Vec<ScalarType> {
        match self {
            ItemType::Scalar(scalar) => vec![*scalar],
            ItemType::Integer => vec![ScalarType::I64],
            ItemType::Float => vec![ScalarType::F64],
            ItemType::Tuple(item_types) => item_types.iter().flat_map(ItemType::scalars).collect(),
        }
    }

    /// Literals take the type that they have where they meet none.
    pub fn settled(&self) -> ItemType {
        match self {
            ItemType::Integer => ItemType::Scalar(ScalarType::I64),
            ItemType::Float => ItemType::Scalar(ScalarType::F64),
            ItemType::Tuple(item_types) => ItemType::Tuple(item_types.iter().map(ItemType::settled).collect()),
            ItemType::Scalar(_) => self.clone(),
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
                write!(formatter, "({})", parts.join(", "))
            }
        }
    }
}

impl<'t> Item<'t> {
    /// The form of an item that can be kept in variables; `None` for arrays, functions and the like.
    pub fn item_type(&self) -> Option<ItemType> {
        match self {
            Item::Scalar(scalar) => Some(ItemType::Scalar(scalar.scalar)),
            Item::Literal(Literal::Integer(_)) => Some(ItemType::Integer),
            Item::Literal(Literal::Float(_)) => Some(ItemType::Float),
            Item::Tuple(items) => {
                items.iter().map(Item::item_type).collect::<Option<Vec<ItemType>>>().map(ItemType::Tuple)
            }
            Item::Constants(_) | Item::Array(_) | Item::Function(_) | Item::Mixed(_) => None,
        }
    }

    /// Whether both stand for the very same thing, so that no variable is needed to join them.
    pub fn same(&self, other: &Item<'t>) -> bool {
        match (self, other) {
            (Item::Scalar(left), Item::Scalar(right)) => left.value == right.value,
            (Item::Literal(left), Item::Literal(right)) => left == right,
            (Item::Tuple(left), Item::Tuple(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.same(right))
            }
            (Item::Constants(left), Item::Constants(right)) => Rc::ptr_eq(left, right) || left == right,
            (Item::Array(left), Item::Array(right)) => left == right,
            (Item::Function(left), Item::Function(right)) => Rc::ptr_eq(left, right) || left.same(right),
            (Item::Mixed(left), Item::Mixed(right)) => left == right,
            _ => false,
        }
    }

    /// For messages: `float32`, `a tuple`, `an array`.
    pub fn describe(&self) -> String {
        match self {
            Item::Scalar(scalar) => scalar.scalar.to_string(),
            Item::Literal(Literal::Integer(_)) => "an integer literal".into(),
            Item::Literal(Literal::Float(_)) => "a float literal".into(),
            Item::Tuple(_) => "a tuple".into(),
            Item::Constants(_) => "a tuple of constants".into(),
            Item::Array(_) => "an array".into(),
            Item::Function(_) => "a function".into(),
            Item::Mixed(_) => "nothing definite".into(),
        }
    }
}
