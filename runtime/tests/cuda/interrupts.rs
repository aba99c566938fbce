//! Launches that somebody may give up.

use crate::fake::{Fake, with_fake_driver};
use crate::running::Running;
use crate::*;
use numbra_runtime::interrupt::interruptible;
use numbra_runtime::{DeviceArray, Error};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Launches and waits since the last time, in order: `5000 20000` is a launch of those positions.
fn launches_and_waits(fake: &Fake) -> Vec<String> {
    let launch = |call: &str| {
        let (arguments, _) = call.split_once("cuLaunchKernel ")?.1.split_once(") grid ")?;
        // Arrays, the space, begin and end, an offset for each array.
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let arrays = arguments.iter().filter(|argument| argument.contains('+')).count();
        let begin = arguments.len() - arrays - 2;
        Some(arguments[begin..begin + 2].join(" "))
    };
    let (mut found, mut last): (Vec<String>, _) = (Vec::new(), String::new());
    for call in fake.calls() {
        // Who waits asks about the same event again and again.
        let waits = call.contains("Synchronize") || call.contains("cuEventQuery") && call == last;
        let waited = last.contains("Synchronize") || found.last().is_some_and(|last| last == "wait");
        if let Some(launch) = launch(&call) {
            found.push(launch);
        } else if waits && !waited {
            found.push("wait".into());
        }
        last = call;
    }
    found
}

/// The sum of two arrays of that length, which stays on the device.
fn sum(device: &Arc<dyn Device>, add: &Kernel, length: usize) -> Result<DeviceArray> {
    let Kernel::Vectorize(add) = add else { panic!("vectorize") };
    add.call_on_device(device, &hosts(&[array(&[length], &vec![1.0; length]), array(&[length], &vec![2.0; length])]))
}

#[test]
fn a_launch_goes_in_pieces_until_it_is_known_to_be_short() {
    with_fake_driver("interrupts::a_launch_goes_in_pieces_until_it_is_known_to_be_short", |fake| {
        let (device, add) = (Running::on(fake, open("cuda")), kernel(ADD));
        let watched = |length| interruptible(&|| true, || sum(&device, &add, length)).unwrap();
        // As many points as four multiprocessors run at once are not worth the trouble.
        watched(8192);
        assert_eq!(launches_and_waits(fake), ["0 8192"]);
        let result = watched(50_000);
        let expected = ["wait", "0 8192", "wait", "8192 24576", "wait", "24576 50000", "wait"];
        assert_eq!(launches_and_waits(fake), expected);
        assert_eq!(result.into_host().unwrap().as_slice::<f64>().unwrap(), [3.0; 50_000]);
        launches_and_waits(fake);
        // Now it is known.
        watched(50_000);
        assert_eq!(launches_and_waits(fake), ["0 50000"]);
        // Nobody asks.
        sum(&device, &add, 200_000).unwrap();
        assert_eq!(launches_and_waits(fake), ["0 200000"]);
    });
}

#[test]
fn pieces_of_rows() {
    with_fake_driver("interrupts::pieces_of_rows", |fake| {
        let (device, add) = (Running::on(fake, open("cuda")), kernel(ADD));
        let values: Vec<f64> = (0..100 * 1000).map(f64::from).collect();
        let inputs = hosts(&[array(&[100, 1000], &values), array(&[1000], &values[..1000])]);
        let result = interruptible(&|| true, || call(&add, &device, &inputs)).unwrap();
        assert_eq!(result, call(&add, &device, &inputs).unwrap());
        let grids: Vec<String> = fake
            .calls_of(&["cuLaunchKernel"])
            .iter()
            .map(|call| call.split_once(") grid ").unwrap().1[..5].into())
            .collect();
        // 8192 points are 8 rows; then each piece has twice as many as the last one.
        assert_eq!(grids, ["4 8 1", "4 16 ", "4 32 ", "4 44 ", "4 100"]);
    });
}

#[test]
fn a_slow_launch_ends_between_pieces() {
    with_fake_driver("interrupts::a_slow_launch_ends_between_pieces", |fake| {
        let (device, add) = (Running::on(fake, open("cuda")), kernel(ADD));
        // A piece takes 32 groups' time, all of it 4 seconds.
        fake.set("slow", 1000);
        let asked = Cell::new(0);
        let go_on = || asked.replace(asked.get() + 1) < 2;
        let result = interruptible(&go_on, || sum(&device, &add, 1_000_000));
        assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
        let calls = launches_and_waits(fake);
        let first = calls.iter().position(|call| call == "0 8192").expect("a first piece");
        assert_eq!(calls[first..first + 4], ["0 8192", "wait", "8192 16384", "wait"]);
        assert!(calls.len() < first + 60 && calls.last().unwrap() == "wait", "{calls:?}");
        // The next call is as good as any.
        fake.set("slow", 0);
        assert_eq!(sum(&device, &add, 3).unwrap().into_host().unwrap().as_slice::<f64>().unwrap(), [3.0; 3]);
    });
}

#[test]
fn a_piece_that_fails_is_the_last() {
    with_fake_driver("interrupts::a_piece_that_fails_is_the_last", |fake| {
        let device = Running::on(fake, open("cuda"));
        let text = "@stencil(standard_indexing=('b',))\ndef f(a, b):\n    return b[a[0]]\n";
        let mut places = vec![1i64; 50_000];
        places[10_000] = 77;
        let inputs = hosts(&[array(&[50_000], &places), array(&[2], &[0.5, 1.5])]);
        let f = kernel(text);
        let expected = call(&f, &device, &inputs).unwrap_err().to_string();
        assert!(expected.contains("10000"), "{expected}");
        fake.calls();
        let error = interruptible(&|| true, || call(&f, &device, &inputs)).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(fake.calls_of(&["cuLaunchKernel"]).len(), 2, "of three");
    });
}

#[test]
fn a_wait_ends_when_nobody_wants_it() {
    with_fake_driver("interrupts::a_wait_ends_when_nobody_wants_it", |fake| {
        let device = Running::on(fake, open("cuda"));
        let Kernel::Stencil(stencil) = kernel(OUT_OF_BOUNDS) else { panic!("a stencil") };
        let on_device = |weights: usize| {
            let inputs = hosts(&[array(&[4], &[1.0; 4]), array(&[weights], &vec![2.0; weights])]);
            stencil.on_device(&device, &inputs).unwrap()
        };
        let (failing, fine) = (on_device(4), on_device(10));
        // Short launches, so that nobody waits for them: each takes a fifth of a second, all of them 6.
        stencil.step(&device, &fine).unwrap().into_host().unwrap();
        fake.set("slow", 200_000);
        let launches = || (0..30).map(|_| stencil.step(&device, &fine).unwrap()).last().unwrap();
        let asked = Cell::new(0);
        let go_on = || asked.replace(asked.get() + 1) < 2;
        let start = Instant::now();
        let (failed, last) = interruptible(&|| true, || (stencil.step(&device, &failing).unwrap(), launches()));
        for wait in [&|| device.wait(), &|| last.clone().into_host().map(|_| ())] as [&dyn Fn() -> Result<()>; 2] {
            asked.set(0);
            let result = interruptible(&go_on, wait);
            assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
        }
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        // Nothing is forgotten: who waits to the end is told what failed, and has the other results.
        fake.set("slow", 0);
        let error = device.wait().unwrap_err().to_string();
        assert!(error.contains("out of bounds"), "{error}");
        assert_eq!(failed.into_host().unwrap_err().to_string(), error);
        assert_eq!(last.into_host().unwrap().as_slice::<f64>().unwrap(), [3.0; 4]);
    });
}

/// Milliseconds: an hour, of which a test that waits for it would tell.
const FOREVER: i64 = 3_600_000;

#[test]
fn nobody_waits_for_a_driver_that_compiles_for_ever() {
    with_fake_driver("interrupts::nobody_waits_for_a_driver_that_compiles_for_ever", |fake| {
        let (device, add) = (open("cuda"), kernel(ADD));
        fake.set("compiling", FOREVER);
        let result = interruptible(&|| false, || sum(&device, &add, 3));
        assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
        // The device goes on with other work, with this kernel too, and the process ends while the driver compiles.
        fake.set("compiling", 0);
        let other = kernel("@vectorize\ndef twice(x):\n    return x + x\n");
        call(&other, &device, &hosts(&[array(&[3], &[1.0; 3])])).unwrap();
        sum(&device, &add, 3).unwrap().into_host().unwrap();
    });
}

#[test]
fn a_driver_that_compiles_too_long_is_an_error() {
    with_fake_driver("interrupts::a_driver_that_compiles_too_long_is_an_error", |fake| {
        let (device, add) = (open("cuda"), kernel(ADD));
        // SAFETY: the test has a process of its own, in which no other thread reads variables.
        unsafe { std::env::set_var("NUMBRA_COMPILE_SECONDS", "0.25") };
        fake.set("compiling", FOREVER);
        let error = sum(&device, &add, 3).unwrap_err().to_string();
        assert!(error.contains("cuda:0: the driver has been compiling this kernel for 0.25 seconds"), "{error}");
        assert!(error.contains("help: ") && error.contains("NUMBRA_COMPILE_SECONDS"), "{error}");
        fake.set("compiling", 0);
        sum(&device, &add, 3).unwrap();
        // SAFETY: as above; the driver's thread sleeps.
        unsafe { std::env::set_var("NUMBRA_COMPILE_SECONDS", "soon") };
        let error =
            sum(&device, &kernel("@vectorize\ndef less(x, y):\n    return x - y\n"), 3).unwrap_err().to_string();
        assert!(error.contains("'soon', which is no time"), "{error}");
    });
}
