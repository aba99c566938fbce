use super::*;
use crate::syntax::python;
use crate::types::ScalarType::*;

fn scalar(text: &str) -> ScalarType {
    match parse_type(text) {
        Ok(Type::Scalar(scalar)) => scalar,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn names_mean_what_numba_and_numpy_say() {
    for (names, expected) in [
        ("bool bool_ boolean b1 np.bool_ np.bool types.boolean", Bool),
        ("int8 i1 char np.byte np.int8", I8),
        ("int16 i2 short np.short", I16),
        ("int32 i4 intc np.intc nb.int32", I32),
        ("int64 i8 int intp int_ long_ longlong np.int_ np.long numba.types.int64 numbra.i8", I64),
        ("uint8 u1 byte uchar np.ubyte", U8),
        ("uint16 u2 ushort np.uint16", U16),
        ("uint32 u4 uintc np.uintc", U32),
        ("uint64 u8 uintp uint ulong ulonglong np.uint", U64),
        ("float32 f4 float_ np.single np.float32", F32),
        ("float64 f8 double float np.double np.float64 numba.core.types.float64", F64),
    ] {
        for name in names.split(' ') {
            assert_eq!(scalar(name), expected, "{name}");
        }
    }
}

#[test]
fn signatures_read_back_as_they_are_written() {
    for (text, expected) in [
        ("float64(float64, int32)", "float64(float64, int32)"),
        (" f8( i4,u1 ,) ", "float64(int32, uint8)"),
        ("int64()", "int64()"),
        ("(int32, f8)", "(int32, float64)"),
        ("(int32,)", "(int32)"),
        ("void(f8[:], i4)", "(float64[:], int32)"),
        ("none(f8)", "(float64)"),
        (
            "uint64[::1](f8[:,:], f4[:, ::1], f4[::1, :], b1[:,:,:])",
            "uint64[::1](float64[:, :], float32[:, ::1], float32[::1, :], bool[:, :, :])",
        ),
        (
            "f8(Array(f8, 2, 'F'), Array(f4, 1, 'F'), Array(i1, 3, 'A'))",
            "float64(float64[::1, :], float32[::1], int8[:, :, :])",
        ),
    ] {
        let signature = parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(signature.to_string(), expected);
        if !text.starts_with(['v', 'n']) && text != "(int32,)" {
            assert_eq!(parse(expected).unwrap(), signature, "{expected}");
        }
    }
    assert_eq!(parse("void(i4)").unwrap().result, None);
}

#[test]
fn bad_texts_say_what_is_wrong() {
    for (text, class, message) in [
        ("float64(foo)", ErrorClass::Type, "unknown type 'foo'"),
        ("float64(np.foo)", ErrorClass::Type, "unknown type 'np.foo'"),
        ("complex64(complex64)", ErrorClass::Unsupported, "type 'complex64' is not supported yet"),
        ("float16(float16)", ErrorClass::Unsupported, "type 'float16' is not supported yet"),
        ("f8(string)", ErrorClass::Unsupported, "type 'string' is not supported yet"),
        ("f8(UniTuple(f8, 2))", ErrorClass::Unsupported, "type 'UniTuple' is not supported yet"),
        ("float64", ErrorClass::Type, "'float64' is a type, not a signature"),
        ("float64(", ErrorClass::Syntax, "'(' was never closed"),
        ("", ErrorClass::Syntax, "it is empty"),
        ("   ", ErrorClass::Syntax, "it is empty"),
        ("f8(f8) + 1", ErrorClass::Type, "'f8(f8) + 1' is no type"),
        ("f8('f8')", ErrorClass::Type, "a string in a string"),
        ("f8(f8)(f8)", ErrorClass::Type, "'f8(f8)' is no type"),
        ("f8(1)", ErrorClass::Type, "'1' is no type"),
        ("f8(f8[])", ErrorClass::Syntax, "expected index or slice expression"),
        ("f8(f8[()])", ErrorClass::Type, "an array type needs an axis"),
        ("f8(f8[1:])", ErrorClass::Type, "'1:' is no axis of an array type"),
        ("f8(*f8)", ErrorClass::Type, "'*f8' is no type"),
        ("f8(x=f8)", ErrorClass::Type, "a signature has no keywords"),
        ("f8(void)", ErrorClass::Type, "'void' can only be a result"),
        ("f8(f8)\0", ErrorClass::Syntax, "the text contains a null byte"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.class(), Some(class), "{text}");
        let Error::Request { message: found, help, .. } = error else { panic!("{text}: {error:?}") };
        assert_eq!(found, format!("bad signature '{text}': {message}"));
        assert!(help.is_some(), "{text}");
    }
    assert!(parse(&format!("f8({})", "f8[".repeat(5000))).is_err());
    let many = format!("f8({})", vec!["f8"; 1000].join(","));
    assert_eq!(parse(&many).unwrap().arguments.len(), 1000);
}

#[test]
fn annotations_are_types() {
    let text = "import numpy as np\nfrom numba import float32 as real, types\nother = real\n\
                def f(a: np.float32, b: real, c: other, d: int, e: 'f8[:, ::1]', g: types.u1, h: np.ndarray, i: j): pass\n";
    let source = Source::new("test.py", text);
    let module = python::parse(&source).unwrap();
    let read: Vec<_> = module.functions[0]
        .parameters
        .iter()
        .map(|parameter| type_from_expression(&module, parameter.annotation.as_ref().unwrap()))
        .collect();
    let names: Vec<String> = read.iter().flatten().map(Type::to_string).collect();
    assert_eq!(names, ["float32", "float32", "float32", "int64", "float64[:, ::1]", "uint8"]);
    assert_eq!(read[6].as_ref().unwrap_err().class(), Some(ErrorClass::Unsupported));
    assert_eq!(read[7].as_ref().unwrap_err().class(), Some(ErrorClass::Type));
}

#[test]
fn mistakes_in_strings_point_into_them() {
    for (literal, expected) in [
        ("'f8(foo)'", "foo"),
        ("\"\"\" f8(foo)\"\"\"", "foo"),
        ("'''f8(f8,\n  foo)'''", "foo"),
        ("'f8(\\x66oo)'", "'f8(\\x66oo)'"),
        ("'f8' '(foo)'", "'f8' '(foo)'"),
        ("r'f8(foo)'", "r'f8(foo)'"),
    ] {
        let text = format!("# é\nX = {literal}\n");
        let module = python::parse(&Source::new("test.py", text.clone())).unwrap();
        let Err(Error::Kernel(mistake)) = from_expression(&module, &module.constants[0].value) else { panic!() };
        assert_eq!(&text[mistake.span.start as usize..mistake.span.end as usize], expected, "{literal}");
    }
}
