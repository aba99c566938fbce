use super::*;
use crate::source::Source;
use crate::syntax::python;
use crate::types::declaration::Number;

const IMPORTS: &str = "import numpy as np\nimport numba as nb\nimport numba\nimport numbra\n\
                       from numba import vectorize, float64, int32, f8, stencil, jit, njit, cuda\n";

fn declared(text: &str) -> Declaration {
    let module = python::parse(&Source::new("test.py", format!("{IMPORTS}{text}"))).unwrap();
    let function = module.functions.last().expect("a function");
    read(&module, function).unwrap_or_else(|error| panic!("{error}"))
}

fn signatures(declaration: &Declaration) -> Vec<String> {
    declaration.signatures.iter().map(|(signature, _)| signature.to_string()).collect()
}

#[test]
fn decorators_outside_of_files() {
    let source = Source::new("t.py", "def f(x, y):\n    return x\n");
    let module = python::parse(&source).unwrap();
    let applied = apply(&module, "f", "numba.vectorize(['f8(f8, f8)'], target='cuda', identity=1)").unwrap();
    assert!(matches!(applied.kind, Kind::Vectorize { identity: Some(Identity::Number(1)) }));
    assert_eq!((applied.signatures.len(), applied.target.unwrap().0.as_str()), (1, "cuda"));
    let stencil = apply(&module, "f", "numba.stencil(cval=-math.inf, standard_indexing=('y',))").unwrap();
    assert!(matches!(stencil.kind, Kind::Stencil(options) if options.standard_indexing.len() == 1));
    let message = |decorator: &str| apply(&module, "f", decorator).unwrap_err().to_string();
    let counts = message("numba.vectorize(['f8(f8)'])");
    assert!(counts.contains("t.py:1, decorator of 'f':1:18") && !counts.contains("the function\n"), "{counts}");
    assert!(message("numba.vectorize(target='foo')").contains("Unsupported target: foo"));
    let source = Source::new("t.py", "def f(x, *rest):\n    return x\n");
    let module = python::parse(&source).unwrap();
    let message = apply(&module, "f", "numba.vectorize").unwrap_err().to_string();
    assert!(message.contains("t.py:1:10") && message.contains("*rest"), "{message}");
}

#[test]
fn every_form_of_vectorize() {
    const BODY: &str = "\ndef f(x, y):\n    return x + y\n";
    const BOTH: &[&str] = &["float64(float64, float64)"];
    for (decorator, expected, target) in [
        ("@vectorize", &[][..], None),
        ("@vectorize()", &[], None),
        ("@vectorize([])", &[], None),
        ("@numbra.vectorize", &[], None),
        ("@vectorize(['float64(float64, float64)'], target='cuda')", BOTH, Some("cuda")),
        ("@vectorize([float64(float64, float64)])", BOTH, None),
        ("@vectorize(float64(float64, f8))", BOTH, None),
        ("@nb.vectorize(\"float64(f8, double)\", nopython=True)", BOTH, None),
        ("@vectorize(signatures=['f8(f8, f8)'], target='vulkan:1')", BOTH, Some("vulkan:1")),
        ("@vectorize(('f8(f8, f8)', 'i4(i4, i4)'))", &[BOTH[0], "int32(int32, int32)"], None),
        ("@vectorize([(int32, f8), nb.types.b1(int32, f8)])", &["(int32, float64)", "bool(int32, float64)"], None),
        ("@numba.cuda.vectorize(['f8(f8, f8)'])", BOTH, Some("cuda")),
        ("S = ['f8(f8, f8)']\nT = 'parallel'\nv = vectorize(S, target=T)\n@v", BOTH, Some("parallel")),
        ("S = float64(float64, float64)\n@vectorize([S])", BOTH, None),
    ] {
        let declaration = declared(&format!("{decorator}{BODY}"));
        assert!(matches!(declaration.kind, Kind::Vectorize { identity: None }), "{decorator}");
        assert_eq!(signatures(&declaration), expected, "{decorator}");
        assert_eq!(declaration.target.as_ref().map(|(name, _)| name.as_str()), target, "{decorator}");
        assert!(!declaration.fastmath);
    }
    let declaration = declared("f = vectorize(['f8(f8)'], fastmath=True, identity='reorderable')(lambda x: x)\n");
    assert!(declaration.fastmath);
    assert!(matches!(declaration.kind, Kind::Vectorize { identity: Some(_) }));
    assert_eq!(signatures(&declaration), ["float64(float64)"]);
}

#[test]
fn every_form_of_stencil() {
    const BODY: &str = "\ndef f(a, b):\n    return a[0]\n";
    let options = |decorator: &str| match declared(&format!("{decorator}{BODY}")).kind {
        Kind::Stencil(options) => options,
        other => panic!("{decorator}: {other:?}"),
    };
    for decorator in ["@stencil", "@stencil()", "@stencil('constant')", "M = 'constant'\n@stencil(func_or_mode=M)"] {
        let options = options(decorator);
        assert!(options.cval.is_none() && options.neighborhood.is_none() && options.standard_indexing.is_empty());
    }
    let full = options("R = 2\n@numba.stencil(cval=7, neighborhood=((-1, 1), [-R, 0]), standard_indexing=('b',))");
    assert!(matches!(full.cval, Some((Number::Integer(7), _))));
    assert_eq!(full.neighborhood.unwrap().0, [(-1, 1), (-2, 0)]);
    assert_eq!(full.standard_indexing[0].0, "b");

    let module =
        python::parse(&Source::new("test.py", format!("{IMPORTS}C = -np.nan\n@stencil(cval=C){BODY}"))).unwrap();
    let Kind::Stencil(options) = read(&module, &module.functions[0]).unwrap().kind else { panic!() };
    let value = options.cval.map(|(number, _)| number);
    assert!(matches!(value, Some(Number::Float(value)) if value.is_nan()));
}

#[test]
fn helpers_are_functions() {
    for decorator in
        ["", "@jit", "@njit(fastmath=True)", "@nb.jit(nopython=True)", "@cuda.jit(device=True)", "@jit('f8(f8)')"]
    {
        let declaration = declared(&format!("{decorator}\ndef f(x=1):\n    return x\n"));
        assert!(matches!(declaration.kind, Kind::Function), "{decorator}");
        assert_eq!(declaration.fastmath, decorator.contains("fastmath"));
    }
}

#[test]
fn constants_in_a_circle_end() {
    let text = "A = B\nB = A\nC = C(C)\nD = [D]\nE = E[:]\n";
    for argument in ["A", "C", "D", "E", "[C, D]", "[E(E)]"] {
        let text = format!("{IMPORTS}{text}@vectorize({argument})\ndef f(x):\n    return x\n");
        let module = python::parse(&Source::new("test.py", text)).unwrap();
        assert!(read(&module, &module.functions[0]).is_err(), "{argument}");
    }
}

#[test]
fn options_are_constant_expressions() {
    let number = |text: &str| {
        let declared = declared(&format!("N = 3\nW = (1, 2.5)\n@stencil(cval={text})\ndef f(a):\n    return a[0]\n"));
        match declared.kind {
            Kind::Stencil(options) => options.cval.map(|(number, _)| number),
            _ => None,
        }
    };
    let float = |value| Some(Number::Float(value));
    let integer = |value| Some(Number::Integer(value));
    for (text, expected) in [
        ("1 << 4", integer(16)),
        ("7 % 4", integer(3)),
        ("-7 // 2", integer(-4)),
        ("N & 2 | 8", integer(10)),
        ("W[1] * N", float(7.5)),
        ("np.float32(.5)", float(0.5)),
        ("np.float32(.1)", float(0.1f32 as f64)),
        ("np.int8(200)", integer(-56)),
        ("float(N) / 2", float(1.5)),
        ("max(N, 2) if N > 1 else 0", integer(3)),
        ("1 < N < 3", Some(Number::Bool(false))),
        ("not N", Some(Number::Bool(false))),
        ("N or 7", integer(3)),
        ("np.sqrt(16)", float(4.0)),
        ("np.inf", float(f64::INFINITY)),
    ] {
        assert_eq!(number(text), expected, "{text}");
    }
    let neighborhood =
        declared("N = 1 << 1\n@stencil(neighborhood=((-N, N % 2), (-abs(N), 1)))\ndef f(a):\n    return a[0, 0]\n");
    let Kind::Stencil(options) = neighborhood.kind else { panic!("no stencil") };
    assert_eq!(options.neighborhood.unwrap().0, [(-2, 0), (-2, 1)]);
    let repeated = declared("@stencil(neighborhood=((-1, 1),) * 2 + ((0, 2),))\ndef f(a):\n    return a[0, 0, 0]\n");
    let Kind::Stencil(options) = repeated.kind else { panic!("no stencil") };
    assert_eq!(options.neighborhood.unwrap().0, [(-1, 1), (-1, 1), (0, 2)]);
}
