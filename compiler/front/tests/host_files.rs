//! Whole functions: the IR texts of `tests/ir/host`, and the functions of `tests/ir`, run by the interpreter as they stand and after every stage for the native host. From the stage `ownership` on it counts
//! references: memory that is used too late, freed twice or left behind is an error.

use numbra_expectation::{Case, whole_functions};
use numbra_front::capabilities::Capabilities;
use numbra_front::interp::{InterpretedProgram, Limits};
use numbra_front::ir::{Form, Function, Holder, Module, Statement, parse};
use numbra_front::passes::ownership;
use numbra_front::pipeline;
use numbra_front::source::Source;

const LIMITS: Limits = Limits { steps: 10_000_000, cancel: None, printer: None };

fn check(what: &str, source: &Source, case: &Case, program: &InterpretedProgram, module: &Module) {
    let outcome = case.interpret(program, &LIMITS).unwrap_or_else(|failure| {
        panic!("{}:{}: {what}: {}: {failure}\n{module}", source.name, case.line, case.text);
    });
    if let Err(message) = case.check(&outcome) {
        panic!("{}: {what}: {message}\n{module}", source.name);
    }
}

#[test]
fn every_host_stage_keeps_the_meaning() {
    let mut cases = 0;
    for capabilities in [Capabilities::ALL, Capabilities::llvm("cpu", true), Capabilities::llvm("cpu", false)] {
        for (source, entry) in whole_functions() {
            cases += entry.cases.len();
            let lowered = pipeline::lower_host(entry.module, &capabilities, &mut |stage, module| {
                let program = InterpretedProgram::new(module)?;
                entry.cases.iter().for_each(|case| check(stage, &source, case, &program, module));
                // What a stage leaves can be written down and read.
                let renumbered = parse::parse(&module.to_string())?.to_string();
                assert_eq!(renumbered, parse::parse(&renumbered)?.to_string());
                Ok(())
            });
            let lowered = lowered.unwrap_or_else(|error| panic!("{}: {error}", source.name));
            assert!(lowered.functions.iter().all(|function| function.form == Form::Host), "{lowered}");
        }
    }
    assert!(cases > 200, "only {cases} cases");
}

/// The last stage's form of the first function of a text.
fn lowered(text: &str) -> Function {
    let module = parse::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let lowered = pipeline::lower_host(module, &Capabilities::ALL, &mut |_, _| Ok(()));
    lowered.unwrap_or_else(|error| panic!("{error}")).functions.remove(0)
}

fn count(function: &Function, is: fn(&Statement) -> bool) -> usize {
    let mut count = 0;
    function.body.walk(&mut |statement| count += is(statement) as usize);
    count
}

#[test]
fn references_are_passed_on() {
    let retains = |statement: &Statement| matches!(statement, Statement::Retain(_));
    let releases = |statement: &Statement| matches!(statement, Statement::Release(Holder::Array(_)));
    let fresh = "site #0 out_of_memory \"\" variable $v: i64[any] array a: i64[unit] = allocate (%n) site #0";
    for (rest, expected) in [
        // To the caller; to the variable and from there to the caller.
        ("return a", (0, 0)),
        ("set $v = a array b: i64[any] = get $v return b", (0, 0)),
        // Used afterwards.
        ("set $v = a %m: index = extent a, 0 store a[%m] = %x array b: i64[any] = get $v return b", (1, 1)),
        // The variable is set while what it held is in use.
        ("set $v = a array b: i64[any] = get $v set $v = b array c: i64[any] = get $v return c", (1, 0)),
        // A view takes its base's reference along.
        (
            "%z: index = constant 0 array b: i64[unit] = view a[%z] axes (%n along 0) set $v = b array c: i64[any] = get $v return c",
            (0, 0),
        ),
        ("%z: index = constant 0 array b: i64[unit] = view a[%z] axes (%n along 0) return b", (0, 0)),
    ] {
        let text = format!("function @f(%n: index, %x: i64) -> i64[any] {{ {fresh} {rest} }}");
        let function = lowered(&text);
        let found = (count(&function, retains), count(&function, releases));
        assert_eq!(found, expected, "{rest}\n{}", Module { functions: vec![function], tables: Vec::new() });
    }
}

#[test]
fn memory_is_given_back_behind_its_last_use() {
    let function = lowered(
        "function @f(%n: index) -> i64 {
           site #0 out_of_memory \"\"
           variable $sum: i64
           array a: i64[unit] = allocate (%n) zeroed site #0
           %z: index = constant 0
           %x: i64 = load a[%z]
           array b: i64[unit] = allocate (%n) zeroed site #0
           %y: i64 = load b[%z]
           %s: i64 = add %x, %y
           return %s
         }",
    );
    let place = |wanted: fn(&Statement) -> bool| function.body.statements.iter().position(wanted).expect("there");
    let first = place(|statement| matches!(statement, Statement::Release(_)));
    let second = function.body.statements.iter().rposition(|statement| matches!(statement, Statement::Define { .. }));
    assert!(first < second.expect("there"));
}

#[test]
fn functions_with_a_parallel_are_refused() {
    let text = "function @f(%n: index) { parallel (%i) in (%n) { } }";
    let mut module = parse::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let error = ownership::run(&mut module).expect_err("a parallel");
    assert!(error.to_string().contains("'f' has a parallel"), "{error}");
}

#[test]
fn loops_are_polled() {
    let polls = |statement: &Statement| matches!(statement, Statement::Poll);
    let loops = |statement: &Statement| matches!(statement, Statement::Loop { .. });
    let counted = |start: &str, stop: &str, body: &str, by: &str| {
        format!(
            "function @f(%n: i64) -> i64 {{
               variable $i: i64 variable $j: i64
               %by: i64 = constant {by} %start: i64 = constant {start} %stop: i64 = {stop}
               set $i = %start
               loop {{
                 %i: i64 = get $i %done: bool = ge %i, %stop
                 if %done {{ break }}
                 {body}
                 %j: i64 = get $j %k: i64 = add %j, %i set $j = %k
               }} step {{ %a: i64 = get $i %b: i64 = add %a, %by set $i = %b }}
               %r: i64 = get $j return %r
             }}"
        )
    };
    let end = "call @g()";
    for (text, expected) in [
        // In strips.
        (counted("0", "add %n, %by", "", "1"), (1, 2)),
        (counted("0", "constant 16385", "", "1"), (1, 2)),
        // Few turns.
        (counted("0", "constant 16384", "", "1"), (0, 1)),
        (counted("-10", "constant 40000", "", "3"), (0, 1)),
        // Another way out; the wrong direction; nothing that ends it; a counter that something else sets.
        (counted("0", "add %n, %by", "if %done { break }", "1"), (1, 1)),
        (counted("0", "add %n, %by", "", "-1"), (1, 1)),
        (counted("0", "add %n, %by", "set $i = %start", "1"), (1, 1)),
        // A call is no loop of this function.
        (counted("0", "add %n, %by", end, "1"), (1, 2)),
        // A loop in a loop.
        (counted("0", "constant 4", "loop { if %done { break } }", "1"), (2, 2)),
    ] {
        let function = lowered(&format!("{text} function @g() {{ site #0 value \"\" raise #0 payload }}"));
        let found = (count(&function, polls), count(&function, loops));
        assert_eq!(found, expected, "{}", Module { functions: vec![function], tables: Vec::new() });
    }
}
