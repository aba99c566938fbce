//! What names mean: builtins, and near names for messages.

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
