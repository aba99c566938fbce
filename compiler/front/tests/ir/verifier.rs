//! One broken module per rule of the verifier, and what it says.

use numbra_front::error::Error;
use numbra_front::ir::{Footprint, Function, Module, Table, Value, parse, verify};
use numbra_front::types::ScalarType;

fn refuses(text: &str, message: &str) {
    let module = parse::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    refuses_module(&module, message);
}

fn refuses_module(module: &Module, message: &str) {
    match verify::verify(module) {
        Err(Error::Internal(found)) => assert!(found.contains(message), "expected: {message}\nfound: {found}"),
        other => panic!("expected: {message}\nfound: {other:?}\n{module}"),
    }
}

/// A function with a few things to use and a body.
fn body(text: &str) -> String {
    format!(
        "table @t: u8 = [1]
         function @f(%i: i64, %x: f64, %c: bool, %n: index, read a: f64[any], write w: f64[any]) {{
           variable $v: i64
           site #0 raised \"\"
           {text}
         }}
         function @g(%i: i64, read_write a: f64[unit]) -> i64 {{ return %i }}
         kernel @k(%n: index space_extent(0), %x: f64 argument(0), read a: f64[any]) {{ parallel (%p) in (%n) {{ }} }}"
    )
}

#[test]
fn statements() {
    let cases = [
        ("%1: f64 = add %x, %i", "'add' does not take (f64, i64), in: %4: f64 = add %1, %0"),
        ("%1: f64 = add %x", "'add' does not take (f64)"),
        ("%1: i64 = add %x, %x", "the result is i64, expected f64"),
        ("%1: f64 = sqrt %i", "'sqrt' does not take (i64)"),
        ("%1: f64 = floor_div %x, %x", "'floor_div' does not take"),
        ("%1: f64 = select %i, %x, %x", "'select' does not take"),
        ("%1: i32 = bitcast %x", "'bitcast' does not take (f64)"),
        ("%1: bool = is_nan %i", "'is_nan' does not take (i64)"),
        ("%1: f64 = get $v", "the result is f64, expected i64"),
        ("set $v = %x", "the value is f64, expected i64"),
        ("%1: f64 = load w[%n]", "the array 'w' may not be read"),
        ("%1: f64 = load a[%n, %n]", "the array 'a' has 1 axes"),
        ("%1: f64 = load a[%i]", "the index is i64, expected index"),
        ("%1: f32 = load a[%n]", "the result is f32, expected f64"),
        ("store a[%n] = %x", "the array 'a' may not be written"),
        ("store w[%n] = %i", "the value is i64, expected f64"),
        ("store w[] = %x", "the array 'w' has 1 axes"),
        ("%1: index = extent a, 1", "the array has no such axis"),
        ("%1: i64 = extent a, 0", "the result is i64, expected index"),
        ("%1: u8 = entry @t[%x]", "the index is no integer"),
        ("%1: i8 = entry @t[%i]", "the result is i8, expected u8"),
        ("%1: index = local_id_x", "a function has no threads"),
        ("if %i { }", "the condition is i64, expected bool"),
        ("if %c { %1: i64 = constant 1 } %2: i64 = neg %1", "%4 is used outside its region"),
        ("loop { %1: i64 = constant 1 break } step { set $v = %1 }", "is used outside its region"),
        ("break", "it stands in no loop's body, in: break"),
        ("continue", "it stands in no loop's body"),
        ("loop { } step { break }", "it stands in no loop's body"),
        ("loop { } step { if %c { continue } }", "it stands in no loop's body"),
        ("loop { } step { loop { return } }", "a loop's step holds no return"),
        ("loop { break set $v = %i }", "it is not the last statement of its region"),
        ("return set $v = %i", "it is not the last statement of its region"),
        ("return %i", "the function has 0 results"),
        ("trap #1 if %c payload %i", "there is no such site"),
        ("trap #0 if %i payload %i", "the condition is i64, expected bool"),
        ("trap #0 if %c payload %i position %i", "the position is i64, expected index"),
        ("%1: i64 = call @g(%i)", "the function takes 2 arguments"),
        ("%1: i64 = call @g(%i, %i)", "an array meets a scalar parameter"),
        ("%1: i64 = call @g(%x, a)", "the argument 'i' is f64, expected i64"),
        ("%1: i64 = call @g(%i, a)", "the array 'a' may not be accessed as the parameter 'a'"),
        ("%1: i64 = call @missing(%i)", "there is no such function"),
        ("call @k(%n, %x, a)", "what it calls is a kernel"),
        ("retain a", "a function counts no references"),
        ("release $v", "a function counts no references"),
        ("raise #0 payload %i set $v = %i", "it is not the last statement of its region"),
        ("raise #1 payload", "there is no such site"),
        ("array b: f64[unit] = allocate (%n) site #1", "there is no such site"),
        ("array b: f64[any] = allocate (%n) site #0", "memory is packed in C or in Fortran's order"),
        ("array b: f64[unit] = allocate (%i) site #0", "an extent, start or step is i64, expected index"),
        ("array b: f64[any] = view a[%n] axes (%n along 0)", "has other elements, or another access"),
        ("array b: read f64[any] = view a[] axes (%n along 0)", "the starts or the axes are too many or too few"),
        ("array b: read f64[any] = view a[%n] axes (%n along 1)", "the base has no such axis"),
        ("array b: read f64[any, any] = view a[%n] axes (%n along 0, %n along 0)", "two axes go along the same one"),
        ("array b: read f64[unit] = view a[%n] axes (%n repeated)", "the stride of a repeated axis is zero"),
        ("array b: read f64[unit] = reshape a (%n)", "only what is packed in C order has another shape"),
        ("array b: i64[unit] = get $v", "the array is a scalar"),
        ("if %c { array b: read f64[any] = view a[%n] axes (%n along 0) } %1: f64 = load b[%n]", "is used outside"),
        ("parallel (%p) in (%n) { array b: f64[unit] = allocate (%n) site #0 }", "a parallel allocates nothing"),
        ("launch @k(%n) captures () arrays (a)", "no capture fills 'x'"),
        ("launch @k(%n) captures (%i) arrays (a)", "the capture for 'x' is i64, expected f64"),
        ("launch @k(%n) captures (%x) arrays ()", "the kernel takes 1 arrays"),
        ("launch @k(%n) captures (%x) arrays (w)", "may not be accessed as"),
        ("launch @k(%n, %n) captures (%x) arrays (a)", "the kernel's space has 1 axes"),
        ("launch @k(%i) captures (%x) arrays (a)", "the extent is i64, expected index"),
        ("launch @g() captures () arrays ()", "what it launches is no kernel"),
        ("launch @missing() captures () arrays ()", "there is no such kernel"),
        ("parallel (%p) in (%i) { }", "the extent is i64, expected index"),
        ("parallel (%p, %q) in (%n) { }", "differ in their number of axes"),
        ("parallel (%p) in (%n) { } border ((1, 1), (1, 1)) { }", "the border and the space differ"),
        ("parallel (%p) in (%n) { } border ((-1, 1)) { }", "a margin is negative"),
        ("parallel (%p) in (%n) { return }", "a parallel holds no return"),
        ("parallel (%p) in (%n) { parallel (%q) in (%n) { } }", "a parallel holds no parallel"),
        ("parallel (%p) in (%n) { launch @k(%n) captures (%x) arrays (a) }", "a parallel holds no launch"),
        ("loop { parallel (%p) in (%n) { break } }", "it stands in no loop's body"),
        ("parallel (%p) in (%n) { } store w[%p] = %x", "%4 is used outside its region"),
        ("set $v = %i parallel (%p) in (%n) { %1: i64 = get $v }", "the variable 'v' is used inside and outside"),
        ("parallel (%p) in (%n) { set $v = %i } parallel (%q) in (%n) { set $v = %i }", "inside and outside"),
    ];
    for (text, message) in cases {
        refuses(&body(text), message);
    }
}

#[test]
fn what_is_right_passes() {
    let text = body(
        "loop { if %c { break } else { continue } } step { loop { break } }
         parallel (%p) in (%n) { set $v = %i } border ((0, 1)) { set $v = %i store w[%p] = %x }
         launch @k(%n) captures (%x) arrays (a)
         trap #0 if %c payload %x
         loop { return }",
    );
    verify::verify(&parse::parse(&text).expect("text")).expect("correct");
}

#[test]
fn functions() {
    let cases = [
        ("function @f() -> i64 { }", "it has results, but its end can be reached"),
        ("function @f(%c: bool) -> bool { if %c { return %c } }", "its end can be reached"),
        ("function @f(%c: bool) -> bool { loop { if %c { break } } }", "its end can be reached"),
        ("function @f(%c: bool) -> i64 { return %c }", "the result is bool, expected i64"),
        ("function @f() { } function @f() { }", "two functions are called 'f'"),
        ("table @t: u8 = [1] table @t: u8 = [1]", "two constant tables are called 't'"),
        ("table @t: u8 = []", "the constant table 't' is empty"),
        (
            "function @f(%n: index) { parallel (%p) in (%n) { call @g(%n) } }
             function @g(%n: index) { call @h(%n) } function @h(%n: index) { call @g(%n) }",
            "in function 'f': a parallel calls 'g', which calls itself",
        ),
        ("host @f(%n: index) { parallel (%p) in (%n) { } }", "a host function has no parallel"),
        ("host @f() { call @g() } function @g() { }", "a host function and another function do not call each other"),
        (
            "range @f(read a: f64[any]) { array b: read f64[any] = view a[] axes () }",
            "it has an array that is no parameter",
        ),
        ("function @f(read a: f64[any]) -> f64[unit] { return a }", "the result 'a' has another type"),
        (
            "function @f(%n: index) { parallel (%p) in (%n) { call @g(%n) } }
             function @g(%n: index) { call @h(%n) } function @h(%n: index) { parallel (%p) in (%n) { } }",
            "in function 'f': a parallel calls 'g', which has a parallel itself",
        ),
        ("function @f(%n: index space_extent(0)) { }", "a function has no parameter of this role"),
        ("kernel @f(%n: index begin) { parallel () in () { } }", "a kernel has no parameter of this role"),
        ("range @f(%n: i64 begin) { }", "the parameter 'n': it is i64, expected index"),
        ("function @f(read a: index[any]) { }", "an index is never stored"),
        ("function @f(read a: f32[unit] buffer) { }", "only a kernel's arrays are buffers"),
        ("range @f(read a: f32[any, unit] buffer) { }", "a buffer has one axis"),
        ("range @f(read a: f32[unit] buffer, read b: f32[unit]) { }", "some of its arrays are buffers"),
        ("range @f(read a: f32[unit] buffer) { %1: index = extent a, 0 }", "a buffer has no extent"),
        ("function @f(read a: f32[unit] window(0 to 0, 0 to 0)) { }", "it has 1 axes and a window of 2"),
        ("function @f(read a: f32[unit] window(1 to 0)) { }", "its window is empty"),
        ("kernel @f() { }", "the body of a kernel is exactly one parallel"),
        ("kernel @f() { %1: i8 = constant 1 parallel () in () { } }", "the body of a kernel is exactly one parallel"),
        ("kernel @f() -> i8 { parallel () in () { } }", "a kernel has no results"),
        ("range @f() { parallel () in () { } }", "a range kernel has no parallel"),
        ("range @f() { call @g() } function @g() { }", "a range kernel has no call"),
        (
            "grid(8) @f() { launch @g() captures () arrays () } kernel @g() { parallel () in () { } }",
            "a grid kernel has no launch",
        ),
        ("range @f(%c: bool) { site #0 raised \"\" trap #0 if %c payload %c }", "a trap has a position"),
        ("grid(0) @f() { }", "a group has at least one thread"),
    ];
    for (text, message) in cases {
        refuses(text, message);
    }
}

/// What the text form cannot say.
#[test]
fn broken_tables_of_a_function() {
    let module = |change: fn(&mut Function)| {
        let text = "function @f(%x: i64, read a: f64[any]) { %y: i64 = add %x, %x }";
        let mut module = parse::parse(text).expect("text");
        change(&mut module.functions[0]);
        module
    };
    refuses_module(&module(|function| function.values.truncate(1)), "%1 has no type");
    let kernel = |function: &mut Function| {
        function.parameters.truncate(1);
        function.form = numbra_front::ir::Form::Range;
    };
    refuses_module(&module(kernel), "it has an array that is no parameter");
    refuses_module(&module(|function| function.arrays[0].strides.clear()), "it has 1 axes and 0 strides");
    refuses_module(
        &module(|function| {
            let parameter = function.parameters[1].clone();
            function.parameters.push(parameter);
        }),
        "its array parameters do not stand in the order of its arrays",
    );
    refuses_module(
        &module(|function| {
            let statement = function.body.statements[0].clone();
            function.body.push(statement);
        }),
        "%1 is defined twice",
    );
    refuses_module(
        &module(|function| {
            function.body.statements[0].map_operands(&mut |_| Value(1));
        }),
        "%1 is used before its definition",
    );
    refuses_module(
        &module(|function| function.arrays[0].footprint = Footprint::Window(vec![(0, 0); 2])),
        "it has 1 axes and a window of 2",
    );
    let table = Table { name: "t".into(), scalar: ScalarType::F32, entries: Vec::new() };
    refuses_module(&Module { functions: Vec::new(), tables: vec![table] }, "is empty");
}

#[test]
fn constants_have_the_bits_of_their_type() {
    let mut module = parse::parse("function @f() { %x: u8 = constant 1 }").expect("text");
    let mut count = 0;
    module.functions[0].body.walk_mut(&mut |statement| {
        if let numbra_front::ir::Statement::Let {
            expression: numbra_front::ir::Expression::Constant(constant), ..
        } = statement
        {
            constant.bits = 256;
            count += 1;
        }
    });
    assert_eq!(count, 1);
    refuses_module(&module, "the constant's bits 0x100 are not of its type");
}
