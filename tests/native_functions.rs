//! Whole functions compiled for this machine: the cases of the IR texts, against what the texts and the interpreter say;
//! how calls fail, end and give memory back.

use numbra::front::interp::{Failure, InterpretedProgram, Limits};
use numbra::front::ir::{Module, parse};
use numbra::{Error, ErrorClass};
use numbra_codegen::llvm::{Emit, NativeOptions};
use numbra_expectation::{Case, Expected, Outcome, whole_functions};
use numbra_runtime::function::{Borrowed, NativeFunction, Owned, memory};
use numbra_runtime::interrupt::interruptible;
use numbra_tests::native;
use std::time::{Duration, Instant};

const LIMITS: Limits = Limits { steps: 10_000_000, cancel: None, printer: None };

fn compile(module: &Module) -> NativeFunction {
    NativeFunction::compile(module, &NativeOptions::default()).unwrap_or_else(|error| panic!("{error}\n{module}"))
}

fn module(text: &str) -> Module {
    parse::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn native_code_does_what_the_texts_say() {
    let (mut returns, mut failures) = (0, 0);
    for (source, entry) in whole_functions() {
        let code = compile(&entry.module);
        for case in &entry.cases {
            let place = format!("{}:{}", source.name, case.line);
            let outcome = native::run(case, &entry.module.functions[0], &code);
            match (outcome, &case.expected) {
                (Ok(outcome), _) => {
                    case.check(&outcome).unwrap_or_else(|message| panic!("{place}: {message}"));
                    returns += 1;
                }
                (Err(error), Expected::Traps { .. }) => {
                    // As the interpreter tells it.
                    let (message, class) = failure(case, &entry.module);
                    assert_eq!((error.to_string(), error.class()), (message, class), "{place}");
                    failures += 1;
                }
                (Err(error), Expected::Returns { .. }) => panic!("{place}: {error}"),
            }
        }
    }
    assert!(returns > 140 && failures >= 8, "{returns} and {failures}");
}

fn failure(case: &Case, module: &Module) -> (String, Option<ErrorClass>) {
    let program = InterpretedProgram::new(module).unwrap_or_else(|error| panic!("{error}"));
    let mut found = None;
    let outcome = case.run(|arguments, buffers| {
        let result = program.evaluate(&case.function, arguments, buffers, &LIMITS);
        if let Err(Failure::Trap(trap)) = &result {
            let site = &module.function(&trap.function).expect("its function").sites[trap.site.index()];
            found = Some((trap.message(module), numbra_runtime::device::class_of(site.fault)));
        }
        result.map(|_| (Vec::new(), Vec::new()))
    });
    assert!(matches!(outcome, Ok(Outcome::Traps { .. })));
    let (message, class) = found.expect("a trap");
    (message, Some(class))
}

/// Counts down by calls of itself and of another one; fails at 0 if asked to.
const DEEP: &str = "
    function @deep(%n: i64, %fail: bool) -> i64 {
      site #0 out_of_memory \"no memory\"
      site #1 value \"the end of {} and {}\"
      variable $kept: f64[unit]
      %zero: i64 = constant 0
      %one: i64 = constant 1
      %length: index = constant 3
      array a: f64[unit] = allocate (%length) site #0
      set $kept = a
      array b: f64[unit] = allocate (%length) site #0
      %end: bool = eq %n, %zero
      if %end {
        %half: f32 = constant 0.5
        trap #1 if %fail payload %n, %half
        return %zero
      }
      %less: i64 = sub %n, %one
      %rest: i64 = call @other(%less, %fail)
      %first: index = constant 0
      %x: f64 = convert %rest
      store b[%first] = %x
      array c: f64[unit] = get $kept
      store c[%first] = %x
      %y: f64 = load b[%first]
      %m: i64 = convert %y
      %more: i64 = add %m, %one
      return %more
    }
    function @other(%n: i64, %fail: bool) -> i64 {
      %r: i64 = call @deep(%n, %fail)
      return %r
    }";

fn call(code: &NativeFunction, arguments: &[u64]) -> Result<u64, Error> {
    let mut results = [0];
    // SAFETY: numbers alone.
    unsafe { code.call(arguments, &mut results) }.map(|()| results[0])
}

#[test]
fn failures_leave_through_every_caller() {
    let code = compile(&module(DEEP));
    assert_eq!(call(&code, &[1000, 0]).expect("returns"), 1000);
    let error = call(&code, &[1000, 1]).expect_err("fails");
    assert_eq!((error.to_string(), error.class()), ("the end of 0 and 0.5".into(), Some(ErrorClass::Value)));
    assert_eq!(memory::live_blocks(), 0);
}

#[test]
fn recursion_ends_before_the_stack_does() {
    let code = compile(&module(DEEP));
    let run = || {
        let error = call(&code, &[100_000_000, 0]).expect_err("too deep");
        assert_eq!(error.class(), Some(ErrorClass::Recursion), "{error}");
        assert!(error.to_string().contains("maximum recursion depth exceeded in '"), "{error}");
        assert_eq!(memory::live_blocks(), 0);
        // And goes on as before.
        assert_eq!(call(&code, &[10, 0]).expect("returns"), 10);
    };
    run();
    std::thread::scope(|scope| {
        for bytes in [512 << 10, 64 << 20] {
            let thread = std::thread::Builder::new().stack_size(bytes).spawn_scoped(scope, run);
            thread.expect("a thread").join().expect("no panic");
        }
    });
    // On a stack that is not the thread's own nothing is known.
    numbra::front::stack::with_stack(64 << 20, || assert_eq!(call(&code, &[1000, 0]).expect("returns"), 1000))
        .expect("a stack");
}

#[test]
fn loops_and_recursion_end_when_nobody_wants_them() {
    let endless = "function @f(%n: i64) -> i64 {
           site #0 out_of_memory \"\"
           variable $i: i64
           %length: index = constant 10
           array a: i64[unit] = allocate (%length) site #0
           loop { %a: i64 = get $i %b: i64 = add %a, %n set $i = %b }
         }";
    let counted = "function @f(%n: i64) -> i64 {
           variable $i: i64 variable $sum: f64
           %one: i64 = constant 1
           loop {
             %i: i64 = get $i %done: bool = ge %i, %n if %done { break }
             %s: f64 = get $sum %x: f64 = convert %i %y: f64 = add %s, %x set $sum = %y
           } step { %a: i64 = get $i %b: i64 = add %a, %one set $i = %b }
           %t: f64 = get $sum %r: i64 = convert %t return %r
         }";
    let nested = "function @f(%n: i64) -> i64 {
           variable $i: i64
           %one: i64 = constant 1
           %few: i64 = constant 10000
           loop {
             %i: i64 = get $i %done: bool = ge %i, %n if %done { break }
             %r: i64 = call @g(%few)
           } step { %a: i64 = get $i %b: i64 = add %a, %one set $i = %b }
           return %one
         }
         function @g(%n: i64) -> i64 {
           variable $i: i64 variable $sum: f64
           %one: i64 = constant 1
           loop {
             %i: i64 = get $i %done: bool = ge %i, %n if %done { break }
             %s: f64 = get $sum %x: f64 = convert %i %y: f64 = add %s, %x set $sum = %y
           } step { %a: i64 = get $i %b: i64 = add %a, %one set $i = %b }
           %t: f64 = get $sum %r: i64 = convert %t return %r
         }";
    let recursive = "function @f(%n: i64) -> i64 {
           %two: i64 = constant 2 %one: i64 = constant 1 %small: bool = lt %n, %two
           if %small { return %n }
           %a: i64 = sub %n, %one %b: i64 = sub %n, %two
           %c: i64 = call @f(%a) %d: i64 = call @f(%b) %s: i64 = add %c, %d return %s
         }";
    for (name, text, n) in [
        ("endless", endless, 1),
        ("counted", counted, 1 << 62),
        ("nested", nested, 1 << 62),
        ("recursive", recursive, 90),
    ] {
        let code = compile(&module(text));
        // Twice: the watchdog has fallen asleep before the last one.
        for pause in [0, 1500] {
            std::thread::sleep(Duration::from_millis(if name == "recursive" { pause } else { 0 }));
            let start = Instant::now();
            let wanted = || start.elapsed() < Duration::from_millis(200);
            let result = interruptible(&wanted, || call(&code, &[n]));
            assert!(matches!(result, Err(Error::Interrupted)), "{name}: {result:?}");
            assert!(start.elapsed() < Duration::from_secs(1), "{name}: {:?}", start.elapsed());
            assert_eq!(memory::live_blocks(), 0, "{name}");
        }
    }
    // What is asked in vain changes nothing.
    let code = compile(&module(recursive));
    assert_eq!(interruptible(&|| true, || call(&code, &[38])).expect("wanted"), 39_088_169);
}

#[test]
fn results_own_their_memory_and_views_keep_it() {
    let text = "function @f(read_write a: i32[any], %n: index) -> i32[any], i32[unit] {
        site #0 out_of_memory \"\"
        %one: index = constant 1
        %less: index = sub %n, %one
        array fresh: i32[unit] = allocate (%n) zeroed site #0
        array rest: i32[unit] = view fresh[%one] axes (%less along 0)
        return a, rest
      }";
    let code = compile(&module(text));
    let mut elements = [1i32, 2, 3];
    let borrowed = Borrowed::default();
    let arguments = [borrowed.word(), elements.as_mut_ptr() as u64, 3, 1, 5];
    let mut results = [0; 8];
    // SAFETY: an array of three elements and a number.
    unsafe { code.call(&arguments, &mut results) }.expect("returns");
    assert_eq!(results[..4], arguments[..4]);
    assert_eq!(borrowed.kept(), 1);
    // SAFETY: a result, taken over once.
    let owned = unsafe { Owned::from_word(results[4]) }.expect("an owner");
    let first = owned.pointer().expect("a block");
    assert_eq!((results[5], results[6], results[7]), (first as u64 + 4, 4, 1));
    assert_eq!((owned.references(), owned.bytes(), first as usize % 64), (1, 64, 0));
    assert_eq!(memory::live_blocks(), 1);
    drop(owned);
    assert_eq!(memory::live_blocks(), 0);
}

#[test]
fn wrong_numbers_of_words_are_refused() {
    let code = compile(&module("function @f(%n: i64) -> i64 { return %n }"));
    assert!(matches!(call(&code, &[]), Err(Error::Internal(_))));
}

/// Lines of the assembly that matter are counted: a loop over memory with a known stride is one of vectors.
#[test]
fn loops_become_vectors() {
    let saxpy = module(
        "function @saxpy(%a: f64, read x: f64[unit], read_write y: f64[unit]) {
           variable $i: index
           %n: index = extent x, 0
           %one: index = constant 1
           loop {
             %i: index = get $i %done: bool = ge %i, %n if %done { break }
             %x: f64 = load x[%i] %y: f64 = load y[%i]
             %p: f64 = mul %a, %x %s: f64 = add %p, %y
             store y[%i] = %s
           } step { %b: index = get $i %c: index = add %b, %one set $i = %c }
         }",
    );
    let assembly = NativeFunction::text(&saxpy, &NativeOptions::default(), Emit::Assembly).expect("compiles");
    let vectors = assembly.lines().filter(|line| line.contains("mulpd") || line.contains("fmla")).count();
    assert!(vectors > 0, "{assembly}");
}
