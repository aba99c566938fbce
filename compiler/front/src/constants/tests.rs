use super::*;
use crate::source::Source;
use crate::syntax::python;

#[test]
fn constants_are_what_is_assigned_once() {
    let text = "A = 1\nB: float = 2.5\nC, D = -3, 4 * 5 - 2 ** 3\nE = F = A\nG = 1\nG = 2\nH = 1\nH += 1\n\
         if A:\n    I = 1\nelse:\n    I = 2\nif B:\n    J = 1\nfor K in range(3):\n    L = K\nM, N = pair()\n\
         with x as y:\n    O = 7\nimport math, numpy as np\nP = math.pi\nQ = -np.inf\nR = -7 // 2\nS = S\nT = 1 / 0\n";
    let module = python::parse(&Source::new("test.py", text)).unwrap();
    let number = |name: &str| module.constant(name).map(|found| super::number(&module, &found.value));
    let integer = |value| Some(Some(Number::Integer(value)));
    let float = |value| Some(Some(Number::Float(value)));
    assert_eq!(number("A"), integer(1));
    assert_eq!(number("B"), float(2.5));
    assert!(module.constant("B").unwrap().annotation.is_some());
    assert_eq!((number("C"), number("D")), (integer(-3), integer(12)));
    assert_eq!((number("E"), number("F")), (integer(1), integer(1)));
    assert_eq!(number("G"), integer(2));
    assert_eq!((number("J"), number("O")), (integer(1), integer(7)));
    assert_eq!((number("P"), number("Q")), (float(std::f64::consts::PI), float(f64::NEG_INFINITY)));
    assert_eq!(number("R"), integer(-4));
    // Not known, and not guessed.
    for name in ["H", "I", "K", "L", "M", "N", "S", "T"] {
        assert_eq!(number(name), Some(None), "{name}");
    }
    for name in ["H", "I", "L"] {
        assert!(matches!(module.constant(name).unwrap().value.kind, ExpressionKind::Unsupported { .. }), "{name}");
    }
}

#[test]
fn numbers_compare_by_what_they_are() {
    let text = "A = 2**53 == 2**53 + 1\nB = 2**53 + 1 < 2.0**53\nC = 3 < 3.5 < 4\nD = float('nan') != 1\nE = np.nan < 1\n\
                F = 0 and x\nG = 1 or x\nH = len((1, 2)) > 1 and 5\nI = abs(-2**100) > 1e30\nJ = min(3, 2.5)\n";
    let text = format!("import numpy as np\n{text}def len(x):\n    return 0\n");
    let module = python::parse(&Source::new("test.py", text)).unwrap();
    let number = |name: &str| module.constant(name).and_then(|found| super::number(&module, &found.value));
    for (name, expected) in [("A", false), ("B", false), ("C", true), ("E", false), ("I", true)] {
        assert_eq!(number(name), Some(Number::Bool(expected)), "{name}");
    }
    assert_eq!((number("F"), number("G")), (Some(Number::Integer(0)), Some(Number::Integer(1))));
    assert_eq!(number("J"), Some(Number::Float(2.5)));
    // A function of the file is not Python's.
    assert_eq!(number("H"), None);
}
