//! Errors: one type, with the place and what to do.

use super::{devices, vectorized};
use numbra::{Device, Error, ErrorClass, Result, Typing};

#[test]
fn an_error_is_an_error() {
    fn run() -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
        numbra::source("def f(x): return x +")?;
        Ok(())
    }
    let text = run().unwrap_err().to_string();
    assert!(text.contains("<source>:1:") && text.contains('^'), "{text}");
}

#[test]
fn mistakes_in_text_have_a_place() {
    let message =
        |text: &str| numbra::source(text).and_then(|source| source.vectorize("f").map(|_| ())).unwrap_err().to_string();
    assert!(message("def g(x): return x").contains("there is no function 'f'"));
    assert!(message("").contains("it has no functions"));
    let stencil = message("from numba import stencil\n@stencil\ndef f(a): return a[0]");
    assert!(stencil.contains("<source>:3:5") && stencil.contains(".stencil(\"f\")"), "{stencil}");
    let message = message("from numba import vectorize\n@vectorize(colour=3)\ndef f(x): return x");
    assert!(message.contains("<source>:2:12") && message.contains("colour"), "{message}");
    let error = numbra::Source::named("kernels.py", "def f(x):\n    retrun x\n").unwrap_err();
    assert!(error.to_string().contains("kernels.py:2:"), "{error}");
    assert!(!error.to_string().starts_with("error"), "{error}");
}

#[test]
fn files_that_cannot_be_read() {
    let source_of = |error: numbra::Error| {
        assert!(matches!(error, Error::File(_)) && error.to_string().starts_with("no/such/file"), "{error}");
        let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
        source.map(std::io::Error::kind)
    };
    assert_eq!(source_of(numbra::read("no/such/file.py").unwrap_err()), Some(std::io::ErrorKind::NotFound));
    let array = numbra::array::npy::read_file("no/such/file.npy".as_ref()).map_err(Error::from);
    assert_eq!(source_of(array.unwrap_err()), Some(std::io::ErrorKind::NotFound));
}

#[test]
fn options_that_are_wrong() {
    let f = numbra::source("def f(x, y): return x + y").unwrap().vectorize("f").unwrap();
    for (signature, part) in [
        ("float64(float64)", "has 1 argument but 'f' has 2 parameters"),
        ("f32(f32, f33)", "unknown type 'f33'"),
        ("i8(i8, i8)", "8 bits in Rust, 8 bytes in Numba"),
        ("float64(float65, float64)", "float65"),
        ("float64[:](float64[:], float64)", "takes and returns scalars"),
        ("void(float64, float64)", "not 'void'"),
        ("float64(float64, '\n\"'", "'"),
    ] {
        let error = f.clone().signatures([signature]).unwrap_err().to_string();
        assert!(error.contains(part) && !error.contains("internal"), "{signature}: {error}");
        // Nobody wrote a decorator.
        assert!(!error.contains("decorator") && !error.contains("numba.") && !error.contains('^'), "{error}");
    }
    let error = f.clone().identity(numbra::Identity::Number(2)).unwrap_err().to_string();
    assert!(error.contains("Invalid identity value 2"), "{error}");
}

#[test]
fn arguments_that_do_not_fit() {
    for device in devices() {
        let f = vectorized(&device, "def f(x, y): return x & y");
        for (error, part, class) in [
            (f.call(&[1]), "takes 2 positional arguments but 1 was given", ErrorClass::Type),
            (f.call((&[1, 2], &[1, 2, 3])), "could not be broadcast together with shapes (2,) (3,)", ErrorClass::Value),
            (f.call((&[1.0], 2)), "float64", ErrorClass::Type),
        ] {
            let error = error.unwrap_err();
            assert!(error.to_string().contains(part), "{device}: {error}");
            assert_eq!(error.class(), Some(class), "{device}: {error}");
        }
    }
}

#[test]
fn messages_speak_of_rust() {
    for device in devices() {
        let source = numbra::source("def f(x): return x + 1").unwrap();
        let narrow = source.vectorize("f").unwrap().signatures(["f32(f32)", "u16(u16)"]).unwrap();
        assert_eq!(narrow.declared_signatures(), ["float32(float32)", "uint16(uint16)"]);
        let f = narrow.on(&device);
        let mut floats = [0f32; 1];
        for (error, parts) in [
            (f.call(&[1i64]).map(|_| ()), &["(i64)", "f32(f32), u16(u16)"][..]),
            (f.call_into(&[1f32], &mut [0i32; 1]), &["from f32 to i32", "pass an array of f32 as 'out'"]),
            (
                narrow.clone().signatures(["u16(u16)"]).unwrap().on(&device).call(70_000).map(|_| ()),
                &["(i32)", "u16(u16)"],
            ),
            (f.call_into(&[1f32, 2.0], &mut floats), &["(1,)"]),
        ] {
            let error = error.unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{device}: {error}");
            assert!(!error.contains("float32") && !error.contains("int64"), "{error}");
        }
        let array = device.upload(&[1f32, 2.0]).unwrap();
        assert_eq!(format!("{array:?}"), format!("f32[2] on {device}"));
    }
}

#[test]
fn work_that_is_given_up() {
    let text = "
        def f(x, n):
            for i in range(n):
                x = x * 0.5 + 1.0
            return x
    ";
    for device in devices() {
        let f = vectorized(&device, text);
        let x = vec![1f32; 1 << 20];
        // More than anybody waits for.
        let error = numbra::interruptible(&|| false, || f.call((&x, 60_000))).unwrap_err();
        assert!(matches!(error, Error::Interrupted), "{device}: {error}");
        assert_eq!(numbra::interruptible(&|| true, || f.call((&x[..10], 2))).unwrap().len(), 10);
    }
}

#[test]
fn what_a_kernel_raises() {
    let text = "
        def f(x):
            if x < 0:
                raise ValueError('negative')
            return x
    ";
    for device in devices() {
        let f = vectorized(&device, text);
        let error = f.call(&[1, 2, -3]).unwrap_err();
        assert_eq!(error.class(), Some(ErrorClass::Raised));
        let message = error.to_string();
        assert!(message.contains("ValueError: negative") && message.contains("<source>:4:9"), "{device}: {message}");
        assert!(message.contains("at position (2)"), "{device}: {message}");
        // The next call is not hurt by it.
        assert_eq!(f.call(&[4]).unwrap().into_vec::<i32>().unwrap(), [4]);
        let there = f.call_device(&[-1]).and_then(|array| array.download().map(|_| ()));
        assert!(there.unwrap_err().to_string().contains("negative"), "{device}");
        assert_eq!(f.call(&[5]).unwrap().into_vec::<i32>().unwrap(), [5]);
    }
}

#[test]
fn devices_that_are_not_here() {
    let error = Device::open("vulkan:99").unwrap_err().to_string();
    assert!(error.contains("vulkan:99") && error.contains("help:"), "{error}");
    assert!(Device::open("").unwrap_err().to_string().contains("devices are cpu"));
    if !cfg!(feature = "llvm") {
        assert!(Device::open("cpu").unwrap_err().to_string().contains("feature 'llvm'"));
    }
    let found = Device::list();
    assert!(found.iter().any(|(name, device)| name == "interp" && device.is_ok()));
    assert!(!Device::auto().unwrap().is_software_gpu());
    assert!(numbra::versions().iter().any(|(what, _)| *what == "numbra") && numbra::threads() >= 1);
}

#[test]
fn warnings_are_told_once() -> Result<()> {
    let source = numbra::source("def f(x):\n    return 2.5 * x\n")?;
    let f = source.vectorize("f")?;
    assert!(f.warnings().is_empty());
    for _ in 0..2 {
        f.on(&Device::open("interp")?).call(&[1f32])?;
    }
    let texts: Vec<String> = f.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("warning: a float64 literal widens"), "{}", texts[0]);
    assert!(texts[0].contains("<source>:2:12") && texts[0].contains('^'), "{}", texts[0]);
    // Options make another kernel, which all copies of it share.
    let fast = f.clone().fastmath(true);
    for _ in 0..2 {
        let on = fast.on(&Device::open("interp")?);
        on.call(&[1f32])?;
        assert_eq!((fast.warnings().len(), on.kernel().clone().warnings().len()), (1, 1));
    }
    let exact = f.typing(Typing::Exact);
    exact.on(&Device::open("interp")?).call(&[1f32])?;
    assert!(exact.warnings().is_empty());
    Ok(())
}

#[test]
fn deep_text_on_a_small_stack() {
    let worker = std::thread::Builder::new().stack_size(512 << 10).spawn(|| {
        for (open, close) in [("(", ")"), ("abs(", ")"), ("-", ""), ("1 + (", ")")] {
            let text = format!("def f(x): return {}x{}", open.repeat(2000), close.repeat(2000));
            // Either way, but with an answer.
            let _ = numbra::source(text).and_then(|source| source.vectorize("f")?.outcome(&[1.0]));
        }
    });
    worker.unwrap().join().unwrap();
}

#[test]
fn main_shows_the_place() {
    let error =
        numbra::source("def f(x): return x + y").and_then(|source| source.vectorize("f")?.outcome(1)).unwrap_err();
    assert!(format!("{error:?}").starts_with("unknown name 'y'\n  ┌─ <source>:1:22\n"), "{error:?}");
}
