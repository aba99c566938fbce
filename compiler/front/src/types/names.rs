//! The names of types: Numba's, NumPy's and Python's own.

use super::ScalarType;

/// What a canonical path means as a type.
pub(super) enum Meaning {
    Scalar(ScalarType),
    Void,
    /// A type of Numba, NumPy or Python that there is no such thing for here.
    Unsupported,
    /// `numba.types.Array`
    Array,
    Unknown,
}

/// Numba's names and NumPy's differ: `numba.float_` is float32, `numba.byte` is unsigned. C types have the sizes that
/// they have on 64-bit Linux.
pub(super) fn meaning(path: &str) -> Meaning {
    match path.split_once('.') {
        Some(("numba", name)) => in_numba(name),
        Some(("numpy", name)) => in_numpy(name),
        Some(_) => Meaning::Unknown,
        // As Numba's typeof has them.
        None => match path {
            "bool" => Meaning::Scalar(ScalarType::Bool),
            "int" => Meaning::Scalar(ScalarType::I64),
            "float" => Meaning::Scalar(ScalarType::F64),
            "complex" | "str" | "object" | "tuple" | "list" | "dict" => Meaning::Unsupported,
            _ => Meaning::Unknown,
        },
    }
}

fn in_numba(name: &str) -> Meaning {
    use ScalarType::*;
    Meaning::Scalar(match name {
        "b1" | "bool_" | "boolean" => Bool,
        "i1" | "char" => I8,
        "i2" | "short" => I16,
        "i4" | "intc" => I32,
        "i8" | "intp" | "int_" | "long_" | "longlong" | "ssize_t" => I64,
        "u1" | "byte" | "uchar" => U8,
        "u2" | "ushort" => U16,
        "u4" | "uintc" => U32,
        "u8" | "uintp" | "uint" | "ulong" | "ulonglong" | "size_t" => U64,
        "f4" | "float_" => F32,
        "f8" | "double" => F64,
        "void" | "none" => return Meaning::Void,
        "Array" => return Meaning::Array,
        "complex64" | "complex128" | "c8" | "c16" | "float16" | "f2" | "bfloat16" | "string" | "unicode_type"
        | "pyobject" | "voidptr" | "optional" | "Optional" | "Tuple" | "UniTuple" | "List" | "ListType"
        | "DictType" | "Set" | "Record" | "NPDatetime" | "NPTimedelta" | "from_dtype" | "typeof" | "deferred_type"
        | "CPointer" | "FunctionType" | "StructRef" => return Meaning::Unsupported,
        _ => return ScalarType::from_name(name).map_or(Meaning::Unknown, Meaning::Scalar),
    })
}

fn in_numpy(name: &str) -> Meaning {
    use ScalarType::*;
    Meaning::Scalar(match name {
        "bool_" => Bool,
        "byte" => I8,
        "short" => I16,
        "intc" => I32,
        "int_" | "intp" | "long" | "longlong" => I64,
        "ubyte" => U8,
        "ushort" => U16,
        "uintc" => U32,
        "uint" | "uintp" | "ulong" | "ulonglong" => U64,
        "single" => F32,
        "double" | "float_" => F64,
        "complex64" | "complex128" | "float16" | "half" | "longdouble" | "clongdouble" | "float128" | "complex256"
        | "csingle" | "cdouble" | "str_" | "bytes_" | "object_" | "datetime64" | "timedelta64" | "ndarray" | "void"
        | "dtype" => return Meaning::Unsupported,
        _ => return ScalarType::from_name(name).map_or(Meaning::Unknown, Meaning::Scalar),
    })
}
