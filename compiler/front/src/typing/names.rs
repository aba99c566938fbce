//! What names mean: types, builtins, and near names for messages.

use crate::syntax::tree::{Expression, ExpressionKind, Module};
use crate::types::ScalarType::{self, *};

/// What to do instead of a function of Python that kernels do not have.
pub fn instead_of(builtin: &str) -> Option<&'static str> {
    Some(match builtin {
        "print" | "input" | "open" => "return a value and print it outside of the kernel",
        "list" | "dict" | "set" | "frozenset" | "tuple" | "sorted" | "reversed" | "map" | "filter" | "iter"
        | "next" | "slice" => {
            "kernels compute one element at a time from numbers; use variables, or a loop over range(...)"
        }
        "any" | "all" => "write the conditions with 'or' and 'and'",
        "enumerate" | "zip" => "it stands after 'in' of a 'for' loop over tuples; elsewhere use range(...)",
        "str" | "repr" | "format" | "ascii" | "bin" | "hex" | "oct" | "ord" | "chr" | "bytes" | "bytearray" => {
            "kernels compute with numbers, not with text"
        }
        "complex" => "compute with the real and the imaginary part",
        "isinstance" | "issubclass" | "type" | "hasattr" | "getattr" | "setattr" | "callable" | "id" | "hash"
        | "eval" | "exec" | "globals" | "locals" | "vars" | "object" | "super" => {
            "types are fixed when the kernel is compiled; write one kernel per case"
        }
        _ => return None,
    })
}

/// Functions that need no import. The second group exists under the rules `Exact` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    Abs,
    Bool,
    Divmod,
    Float,
    Int,
    Len,
    Max,
    Min,
    Pow,
    Range,
    Round,
    Sum,

    Bitcast,
    Ceil,
    Copysign,
    Floor,
    IsInf,
    IsNan,
    MulExact,
    Rare,
    Rint,
    Select,
    Sqrt,
    Trunc,
}

/// With whether the rules `Exact` are needed.
const BUILTINS: &[(&str, Builtin, bool)] = &[
    ("abs", Builtin::Abs, false),
    ("bool", Builtin::Bool, false),
    ("divmod", Builtin::Divmod, false),
    ("float", Builtin::Float, false),
    ("int", Builtin::Int, false),
    ("len", Builtin::Len, false),
    ("max", Builtin::Max, false),
    ("min", Builtin::Min, false),
    ("pow", Builtin::Pow, false),
    ("range", Builtin::Range, false),
    ("round", Builtin::Round, false),
    ("sum", Builtin::Sum, false),
    ("bitcast", Builtin::Bitcast, true),
    ("ceil", Builtin::Ceil, true),
    ("copysign", Builtin::Copysign, true),
    ("floor", Builtin::Floor, true),
    ("isinf", Builtin::IsInf, true),
    ("isnan", Builtin::IsNan, true),
    ("mul_exact", Builtin::MulExact, true),
    ("rare", Builtin::Rare, true),
    ("rint", Builtin::Rint, true),
    ("select", Builtin::Select, true),
    ("sqrt", Builtin::Sqrt, true),
    ("trunc", Builtin::Trunc, true),
];

impl Builtin {
    /// The builtin of Python that has this name.
    pub fn from_name(name: &str) -> Option<Builtin> {
        BUILTINS.iter().find(|(text, _, exact)| *text == name && !exact).map(|(_, builtin, _)| *builtin)
    }

    /// Those of the rules `Exact` as well.
    pub fn from_exact_name(name: &str) -> Option<Builtin> {
        BUILTINS.iter().find(|(text, _, _)| *text == name).map(|(_, builtin, _)| *builtin)
    }

    pub fn name(self) -> &'static str {
        BUILTINS.iter().find(|(_, builtin, _)| *builtin == self).map_or("?", |(name, _, _)| name)
    }

    pub fn all_names(exact: bool) -> Vec<&'static str> {
        BUILTINS.iter().filter(move |(_, _, needs_exact)| exact || !needs_exact).map(|(name, _, _)| *name).collect()
    }
}

/// The names that numpy and numba have for scalar types.
const TYPES: &[(&str, ScalarType)] = &[
    ("bool_", Bool),
    ("bool", Bool),
    ("bool8", Bool),
    ("boolean", Bool),
    ("b1", Bool),
    ("int8", I8),
    ("byte", I8),
    ("char", I8),
    ("i1", I8),
    ("int16", I16),
    ("short", I16),
    ("i2", I16),
    ("int32", I32),
    ("intc", I32),
    ("i4", I32),
    ("int64", I64),
    ("int_", I64),
    ("intp", I64),
    ("long_", I64),
    ("longlong", I64),
    ("i8", I64),
    ("uint8", U8),
    ("ubyte", U8),
    ("uchar", U8),
    ("u1", U8),
    ("uint16", U16),
    ("ushort", U16),
    ("u2", U16),
    ("uint32", U32),
    ("uintc", U32),
    ("u4", U32),
    ("uint64", U64),
    ("uint", U64),
    ("uintp", U64),
    ("ulong", U64),
    ("ulonglong", U64),
    ("u8", U64),
    ("float32", F32),
    ("single", F32),
    ("f4", F32),
    ("float64", F64),
    ("double", F64),
    ("float_", F64),
    ("f8", F64),
];

fn type_of_path(path: &str) -> Option<ScalarType> {
    let name = path.strip_prefix("numpy.").or_else(|| path.strip_prefix("numba."))?;
    TYPES.iter().find(|(text, _)| *text == name).map(|(_, scalar)| *scalar)
}

/// The type that an annotation or a dtype names: `np.float32`, `float64`, `int`, `"float32"`.
pub fn scalar_type(module: &Module, expression: &Expression) -> Option<ScalarType> {
    if let Some(scalar) = cast_type(module, expression) {
        return Some(scalar);
    }
    match &expression.kind {
        ExpressionKind::Name(name) | ExpressionKind::String(name) => match name.as_str() {
            "int" => Some(I64),
            "float" => Some(F64),
            "bool" => Some(Bool),
            _ => ScalarType::from_name(name),
        },
        _ => None,
    }
}

/// The type to which a call of this expression converts by an imported name: `np.float32(x)`, `numba.int8(x)`.
pub fn cast_type(module: &Module, expression: &Expression) -> Option<ScalarType> {
    type_of_path(&module.path(expression)?)
}

/// Those of `candidates` that look like `name`, nearest first, at most three.
pub fn near<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = (name.chars().count() + 1) / 3;
    let mut scored: Vec<(usize, &str)> = candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    scored.sort();
    scored.dedup();
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// `did you mean 'a', 'b' or 'c'?`, or nothing.
pub fn suggestion(near: &[&str]) -> Option<String> {
    let (last, rest) = near.split_last()?;
    let rest: Vec<String> = rest.iter().map(|name| format!("'{name}'")).collect();
    Some(if rest.is_empty() {
        format!("did you mean '{last}'?")
    } else {
        format!("did you mean {} or '{last}'?", rest.join(", "))
    })
}

/// Levenshtein's distance, without regard to case.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + (a != *b) as usize;
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_nearest_first() {
        assert_eq!(near("atan", ["arctan", "tan", "atan2", "exp"].into_iter()), ["atan2", "tan"]);
        assert!(near("xyzzy", ["exp", "log"].into_iter()).is_empty());
        assert_eq!(suggestion(&["a", "b"]).unwrap(), "did you mean 'a' or 'b'?");
    }
}
