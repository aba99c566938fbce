//! The names of types: Numba's, NumPy's and Python's own. The one list of them; whatever else knows names of types asks
//! here, or is held against it by a test.

use super::ScalarType::{self, *};

/// What a name means as a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Scalar(ScalarType),
    Void,
    /// A type of Numba, NumPy or Python that there is no such thing for here.
    Unsupported,
    /// `numba.types.Array`
    Array,
    Unknown,
}

use Meaning::{Array, Scalar, Unsupported, Void};

type Names = &'static [(&'static str, Meaning)];

/// Numba's names that `from numba import *` brings in. C types have the sizes that they have on 64-bit Linux.
const NUMBA: Names = &[
    ("b1", Scalar(Bool)),
    ("bool", Scalar(Bool)),
    ("bool_", Scalar(Bool)),
    ("boolean", Scalar(Bool)),
    ("i1", Scalar(I8)),
    ("int8", Scalar(I8)),
    ("char", Scalar(I8)),
    ("i2", Scalar(I16)),
    ("int16", Scalar(I16)),
    ("short", Scalar(I16)),
    ("i4", Scalar(I32)),
    ("int32", Scalar(I32)),
    ("intc", Scalar(I32)),
    ("i8", Scalar(I64)),
    ("int64", Scalar(I64)),
    ("int_", Scalar(I64)),
    ("intp", Scalar(I64)),
    ("long_", Scalar(I64)),
    ("longlong", Scalar(I64)),
    ("ssize_t", Scalar(I64)),
    ("u1", Scalar(U8)),
    ("uint8", Scalar(U8)),
    // Unsigned, other than NumPy's.
    ("byte", Scalar(U8)),
    ("uchar", Scalar(U8)),
    ("u2", Scalar(U16)),
    ("uint16", Scalar(U16)),
    ("ushort", Scalar(U16)),
    ("u4", Scalar(U32)),
    ("uint32", Scalar(U32)),
    ("uintc", Scalar(U32)),
    ("u8", Scalar(U64)),
    ("uint64", Scalar(U64)),
    ("size_t", Scalar(U64)),
    ("uint", Scalar(U64)),
    ("uintp", Scalar(U64)),
    ("ulong", Scalar(U64)),
    ("ulonglong", Scalar(U64)),
    ("f4", Scalar(F32)),
    ("float32", Scalar(F32)),
    // float32, other than NumPy's. Of versions before NumPy 2.
    ("float_", Scalar(F32)),
    ("f8", Scalar(F64)),
    ("float64", Scalar(F64)),
    ("double", Scalar(F64)),
    ("void", Void),
    ("none", Void),
    ("c8", Unsupported),
    ("c16", Unsupported),
    ("complex64", Unsupported),
    ("complex128", Unsupported),
    ("deferred_type", Unsupported),
    ("optional", Unsupported),
];

/// Names of `numba` and `numba.types` that have to be named in full.
const NUMBA_IN_FULL: Names = &[
    ("Array", Array),
    ("f2", Unsupported),
    ("float16", Unsupported),
    ("bfloat16", Unsupported),
    ("CPointer", Unsupported),
    ("DictType", Unsupported),
    ("FunctionType", Unsupported),
    ("List", Unsupported),
    ("ListType", Unsupported),
    ("NamedTuple", Unsupported),
    ("NamedUniTuple", Unsupported),
    ("NPDatetime", Unsupported),
    ("NPTimedelta", Unsupported),
    ("Optional", Unsupported),
    ("Record", Unsupported),
    ("Set", Unsupported),
    ("StructRef", Unsupported),
    ("Tuple", Unsupported),
    ("UniTuple", Unsupported),
    ("from_dtype", Unsupported),
    ("pyobject", Unsupported),
    ("string", Unsupported),
    ("typeof", Unsupported),
    ("unicode_type", Unsupported),
    ("voidptr", Unsupported),
];

/// NumPy's names that `from numpy import *` brings in.
const NUMPY: Names = &[
    ("bool", Scalar(Bool)),
    ("bool_", Scalar(Bool)),
    ("int8", Scalar(I8)),
    ("byte", Scalar(I8)),
    ("int16", Scalar(I16)),
    ("short", Scalar(I16)),
    ("int32", Scalar(I32)),
    ("intc", Scalar(I32)),
    ("int64", Scalar(I64)),
    ("int_", Scalar(I64)),
    ("intp", Scalar(I64)),
    ("long", Scalar(I64)),
    ("longlong", Scalar(I64)),
    ("uint8", Scalar(U8)),
    ("ubyte", Scalar(U8)),
    ("uint16", Scalar(U16)),
    ("ushort", Scalar(U16)),
    ("uint32", Scalar(U32)),
    ("uintc", Scalar(U32)),
    ("uint64", Scalar(U64)),
    ("uint", Scalar(U64)),
    ("uintp", Scalar(U64)),
    ("ulong", Scalar(U64)),
    ("ulonglong", Scalar(U64)),
    ("float32", Scalar(F32)),
    ("single", Scalar(F32)),
    ("float64", Scalar(F64)),
    ("double", Scalar(F64)),
    ("float16", Unsupported),
    ("half", Unsupported),
    ("float128", Unsupported),
    ("longdouble", Unsupported),
    ("complex64", Unsupported),
    ("csingle", Unsupported),
    ("complex128", Unsupported),
    ("cdouble", Unsupported),
    ("complex256", Unsupported),
    ("clongdouble", Unsupported),
    ("bytes_", Unsupported),
    ("datetime64", Unsupported),
    ("dtype", Unsupported),
    ("ndarray", Unsupported),
    ("object_", Unsupported),
    ("str_", Unsupported),
    ("timedelta64", Unsupported),
    ("void", Unsupported),
];

/// Names of versions before NumPy 2.
const NUMPY_IN_FULL: Names = &[("bool8", Scalar(Bool)), ("float_", Scalar(F64))];

/// Python's own, as Numba's `typeof` has them.
const PYTHON: Names = &[
    ("bool", Scalar(Bool)),
    ("int", Scalar(I64)),
    ("float", Scalar(F64)),
    ("complex", Unsupported),
    ("dict", Unsupported),
    ("list", Unsupported),
    ("object", Unsupported),
    ("str", Unsupported),
    ("tuple", Unsupported),
];

/// What a canonical path means as a type: `numba.float64`, `numpy.single`, `int`.
pub fn meaning(path: &str) -> Meaning {
    let (lists, name): (&[Names], &str) = match path.split_once('.') {
        Some(("numba", name)) => (&[NUMBA, NUMBA_IN_FULL], name),
        Some(("numpy", name)) => (&[NUMPY, NUMPY_IN_FULL], name),
        Some(_) => return Meaning::Unknown,
        None => (&[PYTHON], path),
    };
    let found = lists.iter().copied().flatten().find(|(known, _)| *known == name);
    found.map_or(Meaning::Unknown, |(_, meaning)| *meaning)
}

/// The names of Numba for types of numbers, and `void`, with what they mean.
pub fn numba() -> impl Iterator<Item = (&'static str, Meaning)> {
    NUMBA.iter().copied().filter(|(_, meaning)| matches!(meaning, Scalar(_) | Void))
}

/// The names of types that `from module import *` brings in, by the module's canonical path.
pub fn star(module: &str) -> impl Iterator<Item = &'static str> {
    let names = match module {
        "numba" => NUMBA,
        "numpy" => NUMPY,
        _ => &[],
    };
    names.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_stands_once() {
        for lists in [[NUMBA, NUMBA_IN_FULL], [NUMPY, NUMPY_IN_FULL], [PYTHON, &[]]] {
            let mut names = HashSet::new();
            assert!(lists.iter().copied().flatten().all(|(name, _)| names.insert(*name)), "{lists:?}");
        }
    }

    #[test]
    fn every_type_has_its_own_name() {
        for scalar in ScalarType::ALL {
            for package in ["numba", "numpy"] {
                assert_eq!(meaning(&format!("{package}.{scalar}")), Scalar(scalar));
            }
        }
    }
}
