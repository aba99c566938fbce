//! Printing and parsing.

use numbra_front::error::{Error, ErrorClass};
use numbra_front::ir::{Function, Module, Op, Statement, parse, text, verify};
use numbra_front::types::{Constant, ScalarType};

/// Everything that the text form has, in the printer's own layout.
const ALL: &str = r#"table @tens: u32 = [
  1, 2, 3, 4, 5, 6, 7, 8,
  4294967295
]
table @"odd name": f64 = [
  0.1, -inf, nan, 0x7ff0000000000001
]

function @main(%0 n: i64, %1 "λ x": f32, read a: f32[any, unit] window(-1 to 1, 0 to 2) distinct, write b#1: f32[any], write b#2: f32[zero]) -> i64, bool {
  variable $x#0: i64
  variable $x#1: f64
  variable $"a b": bool
  site #0 zero_division "a \"quoted\" \\ message: {}\u{a}"
  site #1 raised ""
  %2: bool = constant true
  %3: i64 = get $x#0
  set $x#0 = %0
  %4: index = extent a, 1
  %5: f32 = load a[%4, %4]
  store b#1[%4] = %5
  %6: i64, %7: bool = call @"<lambda>"(%0, a)
  call @"<nothing>"()
  if %2 {
    trap #0 if %7 payload %6
  } else {
    trap #1 if %2 payload %5 position %4
  }
  if rare %7 {
    %8: f32 = fma.contract.finite %5, %5, %5
    %9: f64 = convert.fast %8
  }
  loop {
    if %2 {
      break
    }
    continue
  } step {
    %10: f64 = entry @"odd name"[%0]
    set $x#1 = %10
  }
  parallel (%11, %12) in (%4, %4) {
    %13: f32 = load a[%11, %12]
  } border ((1, 0), (2, 3)) {
    %14: i64 = sub %0, %0
  }
  launch @all.kernel0(%4) captures (%0, %1) arrays (a, b#1)
  return %6, %7
}

function @"<lambda>"(%0 n: i64, read a: f32[any, any]) -> i64, bool {
  loop {
  }
}

function @"<nothing>"() {
}

kernel @all.kernel0(%0 space0: index space_extent(0), %1 c: i64 argument(0), %2 d: f32, read a: f32[any, unit] window(0 to 0, -1 to 1), write out: f32[any]) {
  parallel (%3) in (%0) {
  }
}

range @ranged(read a: f32[unit] window(0 to 0, -1 to 1) buffer, %0 begin: index begin, %1 end: index end, %2 offset: index offset(a), %3 e: index extent(a, 1), %4 s: index stride(a, 0)) {
  return
}

grid(256) @gridded(%0 begin: index begin) {
  %1: index = group_id_x
  %2: index = group_id_y
  %3: index = local_id_x
  %4: index = group_count_x
}
"#;

#[test]
fn everything_goes_round() {
    let module = parse::parse(ALL).unwrap_or_else(|error| panic!("{error}"));
    let printed = module.to_string();
    // Long parameter lists are broken; otherwise the text is the printer's.
    let joined = |text: &str| {
        text.replace("(\n    ", "(").replace(",\n    ", ", ").replace("\n) ->", ") ->").replace("\n) {", ") {")
    };
    assert_eq!(joined(&printed), ALL);
    assert_eq!(parse::parse(&printed).expect("printed text"), module);
    verify_all_but_launch(&module);
}

/// The text above is not a sensible module: its launch gives the kernel too little.
fn verify_all_but_launch(module: &Module) {
    let error = verify::verify(module).expect_err("the launch does not fit").to_string();
    assert!(error.contains("launch @all.kernel0"), "{error}");
    for function in &module.functions {
        verify::verify_function(function).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn values_are_renumbered_in_order() {
    let text = "function @f(%b: i64, %a: i64) -> i64 { %zz: i64 = add %b, %a return %zz }";
    let module = parse::parse(text).expect("text");
    assert_eq!(
        module.to_string(),
        "function @f(%0 b: i64, %1 a: i64) -> i64 {\n  %2: i64 = add %0, %1\n  return %2\n}\n"
    );
}

#[test]
fn every_op_has_a_text() {
    for info in numbra_front::ir::op::OPS {
        assert_eq!(Op::from_name(info.name), Some(info.op));
        assert_eq!(info.op.info().name, info.name);
        assert!(!info.name.contains('.'), "flags come after a dot");
        let operands: Vec<String> = (0..info.arity).map(|number| format!("%{number}")).collect();
        let operands = operands.join(", ");
        // Whatever the types: the parser leaves them to the verifier.
        let text = format!("function @f(%0: f64, %1: f64, %2: f64) {{ %3: f64 = {} {operands} }}", info.name);
        let module = parse::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        assert!(module.to_string().contains(&format!("= {} {operands}\n", info.name)));
    }
}

#[test]
fn literals_read_back() {
    let cases: &[(ScalarType, &[u64])] = &[
        (ScalarType::Bool, &[0, 1]),
        (ScalarType::I8, &[0, 127, i8::MIN as i64 as u64]),
        (ScalarType::I64, &[i64::MIN as u64, i64::MAX as u64]),
        (ScalarType::U64, &[u64::MAX]),
        (ScalarType::Index, &[u64::MAX]),
        (ScalarType::F32, &[0, 1, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f80_0001, 0x3dcc_cccd]),
        (ScalarType::F64, &[1, 1 << 63, 0x7ff8 << 48, 0xfff8 << 48, 0x7ff0_0000_0000_0001, f64::MAX.to_bits()]),
    ];
    for (scalar, all) in cases {
        for &bits in *all {
            let text = text::literal(Constant { scalar: *scalar, bits });
            assert_eq!(parse::literal_bits(&text, *scalar), Some(bits), "{scalar:?} {text}");
        }
    }
    // Decimal text is rounded once: in two steps this would be 1.0.
    let once = parse::literal_bits("1.00000005960464477541", ScalarType::F32);
    assert_eq!(once, Some(1.000_000_1_f32.to_bits() as u64));
    for (text, scalar) in [
        ("128", ScalarType::I8),
        ("-1", ScalarType::U8),
        ("0x100", ScalarType::U8),
        ("1.0", ScalarType::I64),
        ("1", ScalarType::Bool),
        ("true", ScalarType::I64),
        ("infinity", ScalarType::F64),
        ("18446744073709551616", ScalarType::U64),
        ("9223372036854775808", ScalarType::I64),
        ("0x", ScalarType::F64),
        ("", ScalarType::F32),
    ] {
        assert_eq!(parse::literal_bits(text, scalar), None, "{text} {scalar:?}");
    }
}

#[test]
fn mistakes_have_a_place() {
    let cases = [
        ("function @f() { store", 1, 22, "expected an array"),
        ("function @f()\n{ %1: i64 = add %0, %0 }", 2, 17, "'%0' is used before its definition"),
        ("function @f() { %1: i64 = constant 1\n%1: i64 = constant 2 }", 2, 1, "defined twice"),
        ("function @f() { %1: i64 = constant 1.5 }", 1, 36, "a literal of type i64"),
        ("function @f() { %1: i65 = constant 1 }", 1, 21, "expected a type"),
        ("function @f() { set $x = %1 }", 1, 21, "no such variable"),
        ("function @f() { variable $x: i64 variable $x: i64 }", 1, 43, "two variables have one name"),
        ("function @f() { %1: f64 = frob %1 }", 1, 27, "unknown operation 'frob'"),
        ("function @f(%0: f64) { %1: f64 = add.quick %0, %0 }", 1, 34, "unknown flags 'quick'"),
        ("function @f() { %1: i64 = entry @t[%1] }", 1, 33, "no constant table 't'"),
        ("function @f() { site #1 raised \"\" }", 1, 22, "numbered in order"),
        ("function @f() { jump }", 1, 17, "unknown statement 'jump'"),
        ("function @f() { ~ }", 1, 17, "unknown character '~'"),
        ("function @f() { site #0 raised \"", 1, 32, "not closed"),
        ("function @f(%0: i64 favourite(1)) {}", 1, 21, "unknown role 'favourite'"),
        ("function @f() {", 1, 16, "the end of the text"),
        ("table @t: u8 = [256]", 1, 17, "a literal of type u8"),
        ("nonsense", 1, 1, "expected 'function'"),
    ];
    for (text, line, column, message) in cases {
        let error = parse::parse(text).expect_err(text);
        let Error::Kernel(mistake) = &error else { panic!("{error}") };
        assert_eq!(mistake.class, ErrorClass::Syntax);
        assert_eq!(mistake.source.position(mistake.span.start), (line, column), "{text}\n{error}");
        assert!(mistake.message.contains(message), "{text}\n{error}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let nested =
        |depth: usize| format!("function @f(%0: bool) {{ {}{} }}", "if %0 { ".repeat(depth), "}".repeat(depth));
    let module = parse::parse(&nested(verify::NESTING)).expect("within the limit");
    verify::verify(&module).expect("within the limit");
    let error = parse::parse(&nested(100_000)).expect_err("too deep").to_string();
    assert!(error.contains("nested more than"), "{error}");
    parse::parse(&"{".repeat(1_000_000)).expect_err("nonsense");
    parse::parse(&"table @t: f64 = [".repeat(100_000)).expect_err("nonsense");
}

/// A small generator of pseudo-random numbers (splitmix64): the tests need no more.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

/// Text with words dropped, doubled, swapped and bytes changed: parser and verifier answer, printing goes round.
#[test]
fn any_text_is_parsed_or_refused() {
    let mut random = Random(7);
    let words: Vec<&str> = ALL.split_inclusive([' ', '\n', '(', ')', '%', ',']).collect();
    let mut parsed = 0;
    for _ in 0..3000 {
        let mut words = words.clone();
        for _ in 0..=random.below(3) {
            let (a, b) = (random.below(words.len()), random.below(words.len()));
            match random.below(4) {
                0 if words.len() > 1 => drop(words.remove(a)),
                1 => words.insert(a, words[b]),
                2 => words.swap(a, b),
                _ => words.truncate(a + 1),
            }
        }
        let mut text = words.concat();
        if random.below(2) == 0 {
            let mut bytes = text.into_bytes();
            let place = random.below(bytes.len());
            bytes[place] = random.below(256) as u8;
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
        if let Ok(module) = parse::parse(&text) {
            parsed += 1;
            let _ = verify::verify(&module);
            let printed = module.to_string();
            assert_eq!(parse::parse(&printed).unwrap_or_else(|error| panic!("{error}\n{text}")), module);
        }
    }
    assert!(parsed > 20, "only {parsed} of the texts were parsed: the test tests too little");
}

#[test]
fn broken_functions_print() {
    let mut function = Function::new("broken");
    let value = numbra_front::ir::Value(7);
    function.body.push(Statement::Set { variable: numbra_front::ir::VariableId(3), value });
    function.body.push(Statement::Store { array: numbra_front::ir::ArrayId(1), indices: vec![value], value });
    assert_eq!(function.to_string(), "function @broken() {\n  set $?#3 = %7\n  store ?#1[%7] = %7\n}\n");
}
