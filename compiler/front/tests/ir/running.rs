//! The interpreter: arguments, memory, limits, hosts, grids and traps. What functions compute is tested by the texts in
//! `tests/ir`.

use numbra_front::interp::{
    self, Argument, ArrayArgument, Buffer, Failure, Host, InterpretedProgram, Launch, Limits, Part, memory,
};
use numbra_front::ir::{Module, SiteId, parse};
use numbra_front::types::{Constant, ScalarType};
use std::sync::atomic::AtomicBool;

fn module(text: &str) -> Module {
    parse::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn program(text: &str) -> InterpretedProgram {
    InterpretedProgram::new(&module(text)).unwrap_or_else(|error| panic!("{error}"))
}

const DOUBLE: &str = "
    function @f(%n: index, read_write a: i32[any, any]) {
      parallel (%i, %j) in (%n, %n) {
        %a: i32 = load a[%i, %j]
        %b: i32 = add %a, %a
        store a[%i, %j] = %b
      }
    }";

fn i32s(bytes: &[u8]) -> Vec<i32> {
    memory::from_bytes(ScalarType::I32, bytes).into_iter().map(|bits| bits as i32).collect()
}

#[test]
fn strides_and_offsets() {
    let program = program(DOUBLE);
    let elements: Vec<u64> = (0..12).collect();
    let mut bytes = memory::to_bytes(ScalarType::I32, &elements);
    // The 2 x 2 corner at (2, 3) of a 3 x 4 array, upside down and mirrored.
    let array = ArrayArgument { buffer: 0, offset: 11, shape: vec![2, 2], strides: vec![-4, -1] };
    let arguments = [Argument::Scalar(2), Argument::Array(array)];
    program.call("f", &arguments, &mut [Buffer::new(&mut bytes)], &Limits::NONE).expect("runs");
    assert_eq!(i32s(&bytes), [0, 1, 2, 3, 4, 5, 12, 14, 8, 9, 20, 22]);
}

#[test]
fn accesses_are_checked() {
    let program = program(DOUBLE);
    let mut bytes = [0; 16];
    let mut run = |n: u64, array: ArrayArgument| {
        let arguments = [Argument::Scalar(n), Argument::Array(array)];
        let failure = program.call("f", &arguments, &mut [Buffer::new(&mut bytes)], &Limits::NONE);
        failure.map_or_else(|failure| failure.to_string(), |_| "no failure".to_string())
    };
    assert_eq!(run(2, ArrayArgument::c_order(0, &[2, 2])), "no failure");
    let outside = run(3, ArrayArgument::c_order(0, &[2, 2]));
    assert!(outside.contains("the index [0, 2] is outside of the array 'a' of shape [2, 2]"), "{outside}");
    // Inside the array, but the array is not inside its buffer.
    let short = run(2, ArrayArgument { offset: 1, ..ArrayArgument::c_order(0, &[2, 2]) });
    assert!(short.contains("array 'a': element 4 is outside of its buffer of 4 elements"), "{short}");
    let before = run(2, ArrayArgument { buffer: 0, offset: 0, shape: vec![2, 2], strides: vec![-1, 1] });
    assert!(before.contains("element -1 is outside"), "{before}");
    let huge = run(2, ArrayArgument { buffer: 0, offset: 0, shape: vec![2, 2], strides: vec![i64::MAX, i64::MIN] });
    assert!(huge.contains("is outside of its buffer"), "{huge}");
    let rank = run(2, ArrayArgument::c_order(0, &[4]));
    assert!(rank.contains("the array 'a' has 2 axes"), "{rank}");
    let absent = run(2, ArrayArgument::c_order(7, &[2, 2]));
    assert!(absent.contains("its elements are not here"), "{absent}");
}

#[test]
fn unwritten_elements_are_noticed() {
    let program = program(DOUBLE);
    let mut bytes = [0; 16];
    let mut written = [true; 16];
    written[9] = false;
    let arguments = [Argument::Scalar(2), Argument::Array(ArrayArgument::c_order(0, &[2, 2]))];
    let mut buffers = [Buffer::watched(&mut bytes, &mut written)];
    let failure = program.call("f", &arguments, &mut buffers, &Limits::NONE).expect_err("unwritten").to_string();
    assert!(failure.contains("array 'a': element 2 is read before anything was stored there"), "{failure}");
}

#[test]
fn known_strides_are_checked() {
    let program = program("function @f(read a: f32[unit]) { }");
    let array = ArrayArgument { buffer: 0, offset: 0, shape: vec![3], strides: vec![2] };
    let failure = program.call("f", &[Argument::Array(array)], &mut [], &Limits::NONE).expect_err("a stride of 2");
    assert!(failure.to_string().contains("stride 2 along axis 0, expected 1"), "{failure}");
}

#[test]
fn arguments_are_checked() {
    let program = program("function @f(%x: i8, %y: bool) -> i8, bool { return %x, %y }");
    let call = |arguments: &[Argument]| program.call("f", arguments, &mut [], &Limits::NONE);
    // Bits outside of a type are cut off.
    let results = call(&[Argument::Scalar(0x1ff), Argument::Scalar(2)]).expect("runs");
    assert_eq!(results, [u64::MAX, 1]);
    assert!(call(&[Argument::Scalar(1)]).is_err());
    assert!(call(&[Argument::Scalar(1), Argument::Array(ArrayArgument::default())]).is_err());
    assert!(program.call("g", &[], &mut [], &Limits::NONE).is_err());
}

#[test]
fn endless_loops_end() {
    let text = "function @f() { loop { } }
                function @g() { loop { call @h() } }
                function @h() { loop { break } }
                function @k(%n: index) { parallel (%p) in (%n) { } }";
    let program = program(text);
    let limits = Limits { steps: 100_000, cancel: None, printer: None };
    for function in ["f", "g"] {
        let failure = program.call(function, &[], &mut [], &limits).expect_err("endless");
        assert!(matches!(failure, Failure::StepLimit), "{failure}");
    }
    let failure = program.call("k", &[Argument::Scalar(1 << 62)], &mut [], &limits).expect_err("endless");
    assert!(matches!(failure, Failure::StepLimit), "{failure}");
    program.call("k", &[Argument::Scalar(1000)], &mut [], &limits).expect("within the limit");
    let cancel = AtomicBool::new(true);
    let limits = Limits { steps: u64::MAX, cancel: Some(&cancel), printer: None };
    let failure = program.call("f", &[], &mut [], &limits).expect_err("endless");
    assert!(matches!(failure, Failure::Cancelled), "{failure}");
}

#[test]
fn traps_have_a_message() {
    let module = module(
        "function @f(%x: f64, %c: bool) { site #0 raised \"unused\" site #1 raised \"{} is too much, {}!\"
           call @g(%x, %c) }
         function @g(%x: f64, %c: bool) { site #0 zero_division \"{} / 0\" trap #0 if %c payload %x }",
    );
    let arguments = [Argument::Scalar(2.5f64.to_bits()), Argument::Scalar(1)];
    let Err(Failure::Trap(trap)) = interp::run(&module, "f", &arguments, &mut []) else { panic!("no trap") };
    assert_eq!((trap.function.as_str(), trap.site, trap.position), ("g", SiteId(0), None));
    assert_eq!(trap.payloads, [Constant::f64(2.5)]);
    assert_eq!(trap.message(&module), "2.5 / 0");
    interp::run(&module, "f", &[Argument::Scalar(0), Argument::Scalar(0)], &mut []).expect("no trap");
}

const KERNEL: &str = "
    function @host(%n: index, %scale: i64, read_write a: i64[any]) {
      %more: index = add %n, %n
      launch @k(%n) captures (%scale) arrays (a)
      launch @k(%n) captures (%scale) arrays (a)
    }
    kernel @k(%n: index space_extent(0), %scale: i64 argument(0), read_write a: i64[any]) {
      parallel (%p) in (%n) {
        %a: i64 = load a[%p]
        %b: i64 = mul %a, %scale
        store a[%p] = %b
      }
    }";

#[test]
fn launches_are_interpreted_or_handed_to_a_host() {
    let module = module(KERNEL);
    let program = InterpretedProgram::new(&module).expect("correct");
    let mut bytes = memory::to_bytes(ScalarType::I64, &[1, 2, 3]);
    let array = Argument::Array(ArrayArgument::c_order(0, &[3]));
    let arguments = [Argument::Scalar(2), Argument::Scalar(10), array];
    program.call("host", &arguments, &mut [Buffer::new(&mut bytes)], &Limits::NONE).expect("runs");
    assert_eq!(memory::from_bytes(ScalarType::I64, &bytes), [100, 200, 3]);

    #[derive(Default)]
    struct Recorder(Vec<String>);
    impl Host for Recorder {
        fn launch(&mut self, launch: &Launch, _memory: &mut [Buffer]) -> Result<(), Failure> {
            self.0.push(format!(
                "{} {:?} {:?} {}",
                launch.kernel, launch.space, launch.captures, launch.arrays[0].buffer
            ));
            Ok(())
        }
    }
    let mut recorder = Recorder::default();
    interp::run_host(&module, &arguments, &mut recorder).expect("runs without memory");
    assert_eq!(recorder.0, ["k [2] [10] 0", "k [2] [10] 0"]);
}

#[test]
fn steps_are_counted_through_launches() {
    let program = program(KERNEL);
    let mut bytes = vec![0; 8 * 20_000];
    let array = Argument::Array(ArrayArgument::c_order(0, &[20_000]));
    let arguments = [Argument::Scalar(20_000), Argument::Scalar(1), array];
    let mut call = |steps| {
        let limits = Limits { steps, cancel: None, printer: None };
        program.call("host", &arguments, &mut [Buffer::new(&mut bytes)], &limits)
    };
    assert!(call(60_000).is_ok());
    assert!(matches!(call(30_000), Err(Failure::StepLimit)));
}

/// A grid kernel over buffers: stores its thread's position, fails where the position is in the list of the payload.
const GRID: &str = "
    grid(4) @g(%begin: index begin, %end: index end, %offset: index offset(out), %fail: index argument(0),
        write out: i64[unit] buffer) {
      site #0 raised \"at {}\"
      %gx: index = group_id_x
      %gy: index = group_id_y
      %count: index = group_count_x
      %local: index = local_id_x
      %four: index = constant 4
      %row: index = mul %gy, %count
      %group: index = add %row, %gx
      %first: index = mul %group, %four
      %thread: index = add %first, %local
      %p: index = add %begin, %thread
      %inside: bool = lt %p, %end
      if %inside {
        %fails: bool = ge %p, %fail
        trap #0 if %fails payload %thread position %p
        %value: i64 = convert %p
        %at: index = add %p, %offset
        store out[%at] = %value
      }
    }";

#[test]
fn grids_run_every_thread() {
    let program = program(GRID);
    let run = |part: Part, fail: i64| {
        let mut bytes = memory::to_bytes(ScalarType::I64, &[99; 12]);
        let array = ArrayArgument { offset: 1, ..ArrayArgument::c_order(0, &[11]) };
        let launch = Launch { kernel: "g", space: &[11], captures: &[fail as u64], arrays: &[array] };
        let result = program.launch(&launch, part, &mut [Buffer::new(&mut bytes)], &Limits::NONE);
        (result, memory::from_bytes(ScalarType::I64, &bytes))
    };
    let (result, elements) = run(Part::Whole, 100);
    assert!(result.is_ok());
    assert_eq!(elements, [99, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let (_, elements) = run(Part::Grid { begin: 2, end: 9, groups: (1, 2) }, 100);
    assert_eq!(elements, [99, 99, 99, 2, 3, 4, 5, 6, 7, 8, 99, 99]);
    // All that fail are given up; the lowest is reported.
    let (result, elements) = run(Part::Whole, 3);
    let Err(Failure::Trap(trap)) = result else { panic!("no trap") };
    assert_eq!((trap.position, trap.payloads), (Some(3), vec![Constant::index(3)]));
    assert_eq!(elements, [99, 0, 1, 2, 99, 99, 99, 99, 99, 99, 99, 99]);
}

#[test]
fn ranges_run_a_part() {
    let program = program(
        "range @r(%begin: index begin, %end: index end, %n: index extent(out, 0), %step: index stride(out, 0),
             write out: i64[unit] buffer) {
           variable $at: index
           set $at = %begin
           loop {
             %at: index = get $at
             %done: bool = ge %at, %end
             if %done { break }
             %element: index = mul %at, %step
             %value: i64 = convert %n
             store out[%element] = %value
           } step {
             %before: index = get $at
             %one: index = constant 1
             %after: index = add %before, %one
             set $at = %after
           }
         }",
    );
    let mut bytes = memory::to_bytes(ScalarType::I64, &[0; 8]);
    let array = ArrayArgument { buffer: 0, offset: 0, shape: vec![4], strides: vec![2] };
    let launch = Launch { kernel: "r", space: &[4], captures: &[], arrays: std::slice::from_ref(&array) };
    let mut run = |part: Part| {
        bytes.fill(0);
        program.launch(&launch, part, &mut [Buffer::new(&mut bytes)], &Limits::NONE).expect("runs");
        memory::from_bytes(ScalarType::I64, &bytes)
    };
    assert_eq!(run(Part::Whole), [4, 0, 4, 0, 4, 0, 4, 0]);
    assert_eq!(run(Part::Range { begin: 1, end: 3 }), [0, 0, 4, 0, 4, 0, 0, 0]);
    // The same with parameters in order.
    bytes.fill(0);
    let mut memory_given = [Buffer::new(&mut bytes)];
    program.run_range("r", &[3, 4, 7, 1], &[array], &mut memory_given, &Limits::NONE).expect("runs");
    assert_eq!(memory::from_bytes(ScalarType::I64, &bytes), [0, 0, 0, 7, 0, 0, 0, 0]);
}

#[test]
fn deep_calls_end_with_an_error() {
    // Each function nests regions and calls the next one: too deep together, though no function is.
    let mut text = String::new();
    for number in 0..10 {
        let call = if number < 9 { format!("call @f{}(%c)", number + 1) } else { String::new() };
        let (open, close) = ("if %c { ".repeat(300), "}".repeat(300));
        text += &format!("function @f{number}(%c: bool) {{ {open}{call}{close} }}\n");
    }
    let program = program(&text);
    let failure = program.call("f0", &[Argument::Scalar(1)], &mut [], &Limits::NONE).expect_err("too deep");
    assert!(failure.to_string().contains("maximum recursion depth"), "{failure}");
    program.call("f0", &[Argument::Scalar(0)], &mut [], &Limits::NONE).expect("not entered");
}
