use crate::error::{Error, ErrorClass, Mistake};
use crate::source::Source;
use crate::syntax::python::parse;
use crate::syntax::tree::*;

fn module(text: &str) -> Module {
    parse(&Source::new("test.py", text)).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn mistake(text: &str) -> Mistake {
    match parse(&Source::new("test.py", text)) {
        Err(Error::Kernel(mistake)) => *mistake,
        other => panic!("{text}\n{other:?}"),
    }
}

fn path(module: &Module, name: &str) -> Option<String> {
    let span = crate::source::Span::NONE;
    let mut names = name.split('.');
    let mut expression = Expression { kind: ExpressionKind::Name(names.next().unwrap_or_default().to_string()), span };
    for name in names {
        let value = Box::new(expression);
        expression =
            Expression { kind: ExpressionKind::Attribute { value, name: name.to_string(), name_span: span }, span };
    }
    module.path(&expression)
}

/// The body of the first function.
fn body(text: &str) -> Vec<Statement> {
    module(text).functions.remove(0).body
}

fn returned(text: &str) -> Expression {
    match body(&format!("def f(a, b, c):\n    return {text}\n")).remove(0).kind {
        StatementKind::Return(Some(value)) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn imports_become_paths() {
    let module = module(
        "import numpy as np, math\nimport numba as nb\nimport numbra.cuda\nimport a.b.c as abc\n\
         from numba import vectorize as v, float64, types\nfrom math import cos\nfrom numba.types import int8\n\
         from numba.core import types as core\nfrom . import near\nfrom ..far import thing\nfrom numbra import stencil\n",
    );
    for (name, expected) in [
        ("np.cos", "numpy.cos"),
        ("math.sin", "math.sin"),
        ("nb.vectorize", "numba.vectorize"),
        ("numbra.cuda.jit", "numba.cuda.jit"),
        ("abc.d", "a.b.c.d"),
        ("v", "numba.vectorize"),
        ("float64", "numba.float64"),
        ("types.f8", "numba.f8"),
        ("nb.types.f8", "numba.f8"),
        ("nb.core.types.f8", "numba.f8"),
        ("core.f8", "numba.f8"),
        ("int8", "numba.int8"),
        ("cos", "math.cos"),
        ("near.x", ".near.x"),
        ("thing", "..far.thing"),
        ("stencil", "numba.stencil"),
        ("nb.typesystem", "numba.typesystem"),
    ] {
        assert_eq!(path(&module, name).as_deref(), Some(expected), "{name}");
    }
    assert_eq!(path(&module, "unknown.cos"), None);
}

#[test]
fn star_imports_bring_in_the_names_that_kernels_want() {
    let module = module("from numba import *\nfrom math import *\ne = 3\n");
    assert_eq!(path(&module, "vectorize").as_deref(), Some("numba.vectorize"));
    assert_eq!(path(&module, "f8").as_deref(), Some("numba.f8"));
    assert_eq!(path(&module, "cos").as_deref(), Some("math.cos"));
    assert!(module.import("*").is_some());
    // A later definition hides an import.
    assert_eq!(path(&module, "e"), None);
    assert!(module.constant("e").is_some());
}

#[test]
fn imports_in_try_and_if_count_and_the_first_one_wins() {
    let module = module(
        "try:\n    from numba import vectorize\nexcept ImportError:\n    def vectorize(f):\n        return f\n\
         try:\n    import cupy as xp\nexcept ImportError:\n    import numpy as xp\n\
         if True:\n    from numba import stencil\nelse:\n    stencil = None\n\
         if __name__ == '__main__':\n    import math as vectorize\n",
    );
    assert_eq!(path(&module, "vectorize").as_deref(), Some("numba.vectorize"));
    assert_eq!(path(&module, "xp").as_deref(), Some("cupy"));
    assert_eq!(path(&module, "stencil").as_deref(), Some("numba.stencil"));
    assert!(module.functions.is_empty());
}

#[test]
fn decorators_that_are_applied_are_definitions() {
    let module = module(
        "from numba import vectorize, stencil, jit\nimport numpy as np\ndef g(x):\n    'Doc.'\n    return x\n\
         f = vectorize(['f8(f8)'], target='cpu')(g)\ns = stencil(lambda a: a[0] + a[1])\nj = jit(g)\n\
         t = stencil(lambda a: a[0], cval=1)\nl = lambda x, y: x * y\ng = jit(g, nopython=True)\n\
         dev = jit(inline='always')\nd = dev(g)\nn = np.vectorize(g)\nu = vectorize(unknown)\n",
    );
    let names: Vec<&str> = module.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["g", "f", "s", "j", "t", "l", "g", "d"]);
    let decorators = |name: &str| module.function(name).unwrap().decorators.clone();
    assert!(matches!(&decorators("f")[..], [Expression { kind: ExpressionKind::Call { arguments, keywords, .. }, .. }]
        if arguments.len() == 1 && keywords.len() == 1));
    assert!(matches!(&decorators("s")[0].kind, ExpressionKind::Name(name) if name == "stencil"));
    assert!(matches!(&decorators("j")[0].kind, ExpressionKind::Name(name) if name == "jit"));
    assert!(matches!(&decorators("t")[0].kind, ExpressionKind::Call { arguments, keywords, .. }
        if arguments.is_empty() && keywords.len() == 1));
    assert!(matches!(&decorators("g")[0].kind, ExpressionKind::Call { arguments, keywords, .. }
        if arguments.is_empty() && keywords.len() == 1));
    assert!(decorators("l").is_empty());
    let f = module.function("f").unwrap();
    assert_eq!((f.parameters[0].name.as_str(), f.documentation.as_deref()), ("x", Some("Doc.")));
    assert!(matches!(module.function("s").unwrap().body[0].kind, StatementKind::Return(Some(_))));
    assert!(module.constant("n").is_some() && module.constant("u").is_some());
}

#[test]
fn numbers_keep_their_text() {
    let float = |text: &str| match returned(text).kind {
        ExpressionKind::Float { value, text } => (value, text),
        other => panic!("{other:?}"),
    };
    assert_eq!(float("1_0.5e-3"), (0.0105, "10.5e-3".to_string()));
    assert_eq!(float("1."), (1.0, "1.".to_string()));
    let integer = |text: &str| match returned(text).kind {
        ExpressionKind::Integer(value) => value,
        other => panic!("{other:?}"),
    };
    assert_eq!(integer("0xFF_ff"), Some(0xffff));
    assert_eq!(integer("0b101"), Some(5));
    assert_eq!(integer("0O17"), Some(15));
    assert_eq!(integer("18446744073709551616"), Some(1 << 64));
    assert_eq!(integer("0xffffffffffffffffff"), Some((1 << 72) - 1));
    assert_eq!(integer(&"9".repeat(60)), None);
}

#[test]
fn expressions_have_their_shapes_and_spans() {
    let text = "def f(a):\n    return a[-1, 0] + a[0:2, ::1]\n";
    let module = module(text);
    let StatementKind::Return(Some(sum)) = &module.functions[0].body[0].kind else { panic!() };
    let at = |expression: &Expression| &text[expression.span.start as usize..expression.span.end as usize];
    assert_eq!(at(sum), "a[-1, 0] + a[0:2, ::1]");
    let ExpressionKind::Binary { operator: BinaryOperator::Add, left, right } = &sum.kind else { panic!() };
    let ExpressionKind::Subscript { indices, .. } = &left.kind else { panic!() };
    assert_eq!((indices.len(), at(&indices[0])), (2, "-1"));
    let ExpressionKind::Subscript { indices, .. } = &right.kind else { panic!() };
    assert!(matches!(&indices[0].kind, ExpressionKind::Slice { start: Some(_), stop: Some(_), step: None }));
    assert!(matches!(&indices[1].kind, ExpressionKind::Slice { start: None, stop: None, step: Some(_) }));
    assert!(matches!(returned("a < b <= c != 1").kind, ExpressionKind::Compare { rest, .. } if rest.len() == 3));
    assert!(matches!(returned("a and b and c").kind, ExpressionKind::Logical { operands, .. } if operands.len() == 3));
    assert!(matches!(returned("a if b else c").kind, ExpressionKind::Conditional { .. }));
    assert!(matches!(returned("f(a, x=b, **c)").kind, ExpressionKind::Call { keywords, .. }
        if keywords.len() == 2 && keywords[1].name.is_none()));
    assert!(matches!(returned("'a' 'b'").kind, ExpressionKind::String(text) if text == "ab"));
    assert!(matches!(returned("a[...]").kind, ExpressionKind::Subscript { indices, .. }
        if matches!(indices[0].kind, ExpressionKind::Ellipsis)));
}

#[test]
fn statements_have_their_shapes() {
    let body = body(
        "def f(x, n: int = 3) -> float:\n    'Doc.'\n    y = z = x\n    y += 1\n    w: float = y\n    a, b = b, a\n    \
         if x:\n        pass\n    elif y:\n        return\n    elif z:\n        return 1\n    else:\n        return 2\n    \
         while x:\n        break\n    else:\n        pass\n    for i in range(n):\n        continue\n    assert x, 'no'\n    \
         raise ValueError('x')\n",
    );
    use StatementKind as Kind;
    assert!(matches!(&body[0].kind, Kind::Expression(_)));
    assert!(matches!(&body[1].kind, Kind::Assign { targets, .. } if targets.len() == 2));
    assert!(matches!(&body[2].kind, Kind::AugmentedAssign { operator: BinaryOperator::Add, .. }));
    assert!(matches!(&body[3].kind, Kind::AnnotatedAssign { value: Some(_), .. }));
    let Kind::If { otherwise, .. } = &body[5].kind else { panic!() };
    let Kind::If { otherwise, .. } = &otherwise[0].kind else { panic!() };
    let Kind::If { otherwise, then, .. } = &otherwise[0].kind else { panic!() };
    assert!(matches!(then[0].kind, Kind::Return(Some(_))));
    assert!(matches!(otherwise[0].kind, Kind::Return(Some(_))));
    assert!(matches!(&body[6].kind, Kind::While { otherwise, .. } if otherwise.len() == 1));
    assert!(matches!(&body[7].kind, Kind::For { body, .. } if matches!(body[0].kind, Kind::Continue)));
    assert!(matches!(&body[8].kind, Kind::Assert { message: Some(_), .. }));
    assert!(matches!(&body[9].kind, Kind::Raise { exception: Some(_) }));
}

#[test]
fn a_match_is_a_chain_of_branches() {
    let body = body(
        "def f(x, y):\n    match x + 1, y:\n        case 1 | None, n if n > 2:\n            pass\n        case _:\n            return 1\n",
    );
    let text: Vec<String> = body.iter().map(|statement| format!("{:?}", statement.kind)).collect();
    assert!(matches!(&body[0].kind, StatementKind::Assign { targets, .. }
        if matches!(&targets[0].kind, ExpressionKind::Name(name) if name == "match 1")));
    let StatementKind::If { condition, otherwise, .. } = &body[1].kind else { panic!("{text:?}") };
    let ExpressionKind::Logical { operator: Logical::And, operands } = &condition.kind else { panic!("{text:?}") };
    assert!(matches!(operands[0].kind, ExpressionKind::Logical { operator: Logical::Or, .. }));
    assert!(matches!(operands[1].kind, ExpressionKind::Subscript { .. }));
    assert!(matches!(operands[2].kind, ExpressionKind::Compare { .. }));
    let StatementKind::If { condition, otherwise, .. } = &otherwise[0].kind else { panic!("{text:?}") };
    assert!(matches!(condition.kind, ExpressionKind::Bool(true)) && otherwise.is_empty());
    assert_eq!(body.len(), 2);
}

#[test]
fn names_are_deleted_together_or_in_tuples() {
    let body = body("def f(a, b, c):\n    del a, (b, c)\n");
    let StatementKind::Delete { targets } = &body[0].kind else { panic!("{:?}", body[0].kind) };
    assert!(matches!(&targets[0].kind, ExpressionKind::Name(name) if name == "a"));
    assert!(matches!(&targets[1].kind, ExpressionKind::Tuple(parts) if parts.len() == 2));
}

#[test]
fn what_kernels_cannot_have_is_a_node() {
    for (text, what) in [
        ("try:\n        pass\n    except A:\n        pass\n    except B:\n        pass", "several 'except' clauses"),
        ("with x:\n        pass", "'with' statements"),
        ("global x", "'global' statements"),
        ("nonlocal x", "'nonlocal' statements"),
        ("import math", "imports inside functions"),
        ("class C:\n        pass", "classes"),
        ("async for x in y:\n        pass", "'async for' loops"),
    ] {
        match &body(&format!("def f(x):\n    {text}\n"))[0].kind {
            StatementKind::Unsupported { what: found, .. } => assert_eq!(*found, what),
            other => panic!("{text}: {other:?}"),
        }
    }
    for (text, what) in [
        ("[x for x in a]", "list comprehensions"),
        ("{x for x in a}", "set comprehensions"),
        ("{x: x for x in a}", "dictionary comprehensions"),
        ("(x for x in a)", "generator expressions"),
        ("f'{a}'", "f-strings"),
        ("{1: 2}", "dictionaries"),
        ("{1, 2}", "sets"),
        ("b'x'", "bytes literals"),
        ("(yield a)", "generators ('yield')"),
        ("(yield from a)", "generators ('yield')"),
        ("(await a)", "'await' expressions"),
    ] {
        match returned(text).kind {
            ExpressionKind::Unsupported { what: found, .. } => assert_eq!(found, what),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(matches!(&body("async def f(x):\n    return x\n")[0].kind, StatementKind::Unsupported { .. }));
    let function = module("def f(x, /, y, *rest, z, **options):\n    return x\n").functions.remove(0);
    assert_eq!(function.parameters.len(), 2);
    assert!(function.unsupported_parameters.is_some());
}

#[test]
fn text_comes_as_files_have_it() {
    let with_mark = Source::new("test.py", "\u{feff}def f(x):\r\n\treturn x\r\n");
    let module = parse(&with_mark).unwrap();
    let name = module.functions[0].name_span;
    assert_eq!(with_mark.position(name.start), (1, 5));
    assert_eq!(&with_mark.text[name.start as usize..name.end as usize], "f");
    // A mark that the source was not made without.
    let source = std::sync::Arc::new(Source { name: String::new(), text: with_mark.text.clone(), first_line: 7 });
    assert_eq!(parse(&source).unwrap().functions.len(), 1);

    // Indented as a whole, as a function of a class or a function is.
    let text = "    # Comment.\n    @njit\n    def f(x):\n        return y +\n";
    let mistake = mistake(text);
    assert_eq!(mistake.source.position(mistake.span.start), (4, 19));
    let text = "\n    @njit\n    def f(x):\n        return y\n";
    let module = self::module(text);
    let span = module.functions[0].name_span;
    assert_eq!(&text[span.start as usize..span.end as usize], "f");

    assert!(parse(&Source::new("", "")).unwrap().functions.is_empty());
    assert!(parse(&Source::new("", "   \n\t\n# c")).unwrap().functions.is_empty());
    let error = Source::from_bytes("latin.py", b"# caf\xe9\nx = 1\n").unwrap_err().to_string();
    assert!(error.contains("latin.py:1:6") && error.contains("byte 0xe9"), "{error}");
    assert_eq!(Source::from_bytes("", b"\xef\xbb\xbfx = 1").unwrap().text, "x = 1");
}

#[test]
fn commands_of_notebooks_are_skipped() {
    let text = "%matplotlib inline (\n!ls '\nx = (1\n% 2)\n?help\n\ndef f(a):\n    return a\n\n%timeit f(1)\n";
    let module = module(text);
    assert!(matches!(module.constants[0].value.kind, ExpressionKind::Binary { operator: BinaryOperator::Modulo, .. }));
    assert_eq!(module.functions[0].name_span.start as usize, text.find("f(a)").unwrap());
    // In a function they are none of Python's.
    assert_eq!(mistake("def f(a):\n    %time a\n").class, ErrorClass::Syntax);
}

#[test]
fn null_bytes_are_refused() {
    let mistake = mistake("x = 1\0\n");
    assert_eq!((mistake.class, mistake.span.start), (ErrorClass::Syntax, 5));
}

#[test]
fn deep_text_is_refused_and_never_overflows_the_stack() {
    let nested = |count: usize, open: &str, inner: &str, close: &str| {
        format!("def f(a, b):\n    return {}{inner}{}\n", open.repeat(count), close.repeat(count))
    };
    for text in [
        nested(10_000, "(", "a", ")"),
        nested(201, "(", "a", ")"),
        nested(100_000, "[", "a", "]"),
        nested(10_000, "f(", "a", ")"),
        nested(100_000, "a+", "a", ""),
        nested(2_000, "a+", "a", ""),
        nested(1_001, "a+", "a", ""),
        nested(9_000, "a**", "a", ""),
        nested(50_000, "-", "a", ""),
        nested(5_000, "not ", "a", ""),
        nested(3_000, "", "a", "[0]"),
        nested(3_000, "", "a", ".b"),
        nested(3_000, "", "a", "()"),
        nested(3_000, "a if a else ", "a", ""),
        nested(3_000, "lambda a, b: ", "a", ""),
        nested(10_000, "f'{", "a", "}'"),
        nested(150, "(", "a", "+a+a+a+a+a+a+a)"),
        format!("x = {}", "(".repeat(1_000_000)),
    ] {
        let mistake = mistake(&text);
        assert_eq!(mistake.message, "expression nested too deeply", "{}", &text[..40.min(text.len())]);
        assert!(!mistake.to_string().is_empty());
    }
    let ifs = |count: usize| -> String {
        let lines = (1..=count).map(|depth| format!("{}if a:\n", " ".repeat(depth)));
        "def f(a):\n".to_string() + &lines.collect::<String>() + &" ".repeat(count + 1) + "return 1\n"
    };
    assert_eq!(mistake(&ifs(5_000)).message, "block nested too deeply");
    assert_eq!(mistake(&ifs(200)).message, "block nested too deeply");
    module(&ifs(198));
    let elifs =
        "def f(a):\n    if a == 0:\n        a = 0\n".to_string() + &"    elif a == 1:\n        a = 1\n".repeat(3_000);
    assert_eq!(mistake(&elifs).message, "block nested too deeply");

    // What is allowed.
    module(&nested(200, "(", "a", ")"));
    module(&nested(1_000, "a+", "a", ""));
    module(&nested(20_000, "a, ", "a", ""));
    module(&nested(5_000, "a and ", "a", ""));
    module(&"x = a + b\n".repeat(20_000));
}
