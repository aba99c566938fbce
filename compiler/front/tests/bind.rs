//! Functions of running programs: the names that they find around them, as values.

use numbra_front::source::Source;
use numbra_front::syntax::bind::{Meaning, Value, assemble, outer_names};
use numbra_front::syntax::python;
use numbra_front::syntax::tree::FunctionDefinition;
use numbra_front::types::{Constant, ScalarType};
use numbra_front::typing::{self, ArgumentType, Options, Relative, Rules};
use std::sync::Arc;

fn function(text: &str) -> (Arc<Source>, FunctionDefinition) {
    let source = Source::new("t.py", text);
    let module = python::parse(&source).unwrap();
    (source, module.functions[0].clone())
}

fn names(text: &str) -> Vec<String> {
    outer_names(&function(text).1).into_iter().map(|(name, _)| name).collect()
}

fn typed(text: &str, meanings: Vec<(&str, Meaning)>) -> numbra_front::Result<String> {
    let (source, function) = function(text);
    let meanings = meanings.into_iter().map(|(name, meaning)| (name.to_string(), meaning)).collect();
    let module = assemble(&source, function, meanings);
    let options = Options { rules: Rules::Numba, fastmath: false };
    let argument = [ArgumentType::Scalar(ScalarType::I64)];
    Ok(typing::infer(&module, "f", &argument, None, &Relative::default(), &options)?.module.to_string())
}

#[test]
fn names_from_outside() {
    assert_eq!(names("def f(x):\n    y = np.cos(x) + K\n    return y * a.b.c + K\n"), ["np.cos", "K", "a.b.c"]);
    // Assigned anywhere: a name of the function's own.
    assert_eq!(names("def f(x):\n    for i in range(N):\n        K = i\n    return K + x.real\n"), ["range", "N"]);
    assert_eq!(names("def f(x, y=D):\n    g = lambda z: z + q\n    return g(x) + z\n"), ["D", "q", "z"]);
    assert_eq!(names("def f(x):\n    raise ValueError('no')\n"), [""; 0]);
    assert_eq!(names("def f(a):\n    return a[K, -K] + t[0]\n"), ["K", "t"]);
}

#[test]
fn values_are_frozen() {
    let text = "def f(x):\n    return x * K + s.k + t[1] + w[x]\n";
    let meanings = || {
        vec![
            ("K", Meaning::Constant(Value::Integer(Some(3)))),
            ("s.k", Meaning::Constant(Value::Typed(Constant::f32(-0.5)))),
            ("t", Meaning::Constant(Value::Tuple(vec![Value::Bool(true), Value::Float(f64::INFINITY)]))),
            ("w", Meaning::Constant(Value::Array(ScalarType::I8, vec![3], vec![1, 2, -3i64 as u64]))),
        ]
    };
    let ir = typed(text, meanings()).unwrap();
    assert!(ir.contains("-0.5") && ir.contains("inf") && ir.contains("i8") && ir.contains("-3"), "{ir}");
    let unsupported = Meaning::Unsupported { what: "strings", instead: "use numbers" };
    let mut without = meanings();
    without[0].1 = unsupported;
    let message = typed(text, without).unwrap_err().to_string();
    assert!(message.contains("t.py:2:16") && message.contains("strings"), "{message}");
    let mut unknown = meanings();
    unknown.remove(0);
    assert!(typed(text, unknown).unwrap_err().to_string().contains("unknown name 'K'"));
}

#[test]
fn functions_of_other_modules_are_called() {
    let (source, helper) = function("def g(y):\n    return math.floor(y) + K\n");
    let meanings = vec![
        ("math".to_string(), Meaning::Import("math".into())),
        ("K".to_string(), Meaning::Constant(Value::Integer(Some(100)))),
    ];
    let helper = Arc::new(assemble(&source, helper, meanings));
    let (_, again) = function("def g(y):\n    return y - K\n");
    let again = Arc::new(assemble(&source, again, vec![("K".into(), Meaning::Constant(Value::Integer(Some(7))))]));
    let meanings = vec![("h", Meaning::Function(helper, "g".into())), ("lib.h", Meaning::Function(again, "g".into()))];
    let ir = typed("def f(x):\n    return h(x) + lib.h(x)\n", meanings).unwrap();
    assert!(ir.contains("100") && ir.contains(" 7"), "{ir}");
    assert_eq!(ir.matches("function @g").count(), 2, "{ir}");
    let message = typed("def f(x):\n    return f(x)\n", Vec::new()).unwrap_err().to_string();
    assert!(message.contains("recursion"), "{message}");
}
