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
