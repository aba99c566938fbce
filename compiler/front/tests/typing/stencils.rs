//! Arrays: relative and absolute indexing, footprints, traps.

use super::*;
use numbra_front::ir::Footprint;

const F64_2D: ArgumentType = ArgumentType::Relative { scalar: ScalarType::F64, rank: 2 };
const F64_1D: ArgumentType = ArgumentType::Relative { scalar: ScalarType::F64, rank: 1 };
const TABLE: ArgumentType = ArgumentType::Absolute { scalar: ScalarType::F64, rank: 1 };

fn stencil(text: &str, arguments: &[ArgumentType]) -> Typed {
    match typed(text, arguments, Rules::Numba, &Relative::default()) {
        Ok(typed) => typed,
        Err(error) => panic!("{error}"),
    }
}

fn window(typed: &Typed, array: usize) -> Vec<(i64, i64)> {
    match &typed.module.functions[0].arrays[array].footprint {
        Footprint::Window(window) => window.clone(),
        Footprint::Whole => panic!("no window"),
    }
}

#[test]
fn constant_offsets() {
    let typed = stencil("def f(a):\n    return 0.25 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])", &[F64_2D]);
    assert_eq!(window(&typed, 0), [(-1, 1), (-1, 1)]);
    let elements: Vec<f64> = (0..9).map(f64::from).collect();
    let result = at_point(&typed, &[(&[3, 3], &elements)], &[1, 1]).unwrap();
    assert_eq!(result, f64(4.0));
    assert_eq!(window(&stencil("def f(a):\n    return a[2]", &[F64_1D]), 0), [(0, 2)]);
    assert_eq!(window(&stencil("K = 2\ndef f(a):\n    return a[-K, K - 1]", &[F64_2D]), 0), [(-2, 0), (0, 1)]);
    assert_eq!(window(&stencil("def f(a):\n    t = (1, -1)\n    return a[t]", &[F64_2D]), 0), [(0, 1), (-1, 0)]);
}

#[test]
fn loops_over_constants() {
    let text = "def f(a):\n    s = 0.0\n    for i in range(-1, 2):\n        for j in range(2):\n            s += a[i, -j]\n    return s";
    let typed = stencil(text, &[F64_2D]);
    assert_eq!(window(&typed, 0), [(-1, 1), (-1, 0)]);
    let elements: Vec<f64> = (0..9).map(f64::from).collect();
    assert_eq!(at_point(&typed, &[(&[3, 3], &elements)], &[1, 1]).unwrap(), f64(0.0 + 1.0 + 3.0 + 4.0 + 6.0 + 7.0));
    let text = "def f(a):\n    s = 0.0\n    for k in (-3, 1):\n        if k == 5:\n            continue\n        s += a[2 * k + 1]\n    return s";
    assert_eq!(window(&stencil(text, &[F64_1D]), 0), [(-5, 3)]);
    let text = "def f(a):\n    s = 0.0\n    for k in range(6, -1, -2):\n        s += a[k // 2 - 1]\n    return s";
    assert_eq!(window(&stencil(text, &[F64_1D]), 0), [(-1, 2)]);
    let text = "def f(a):\n    s = 0.0\n    for k in range(10):\n        s += a[k % 3] + a[min(k, 4)]\n    return s";
    assert_eq!(window(&stencil(text, &[F64_1D]), 0), [(0, 4)]);
}

#[test]
fn two_arrays_have_windows_of_their_own() {
    let typed = stencil("def f(a, b):\n    return a[1, 0] + b[0, -2]", &[F64_2D, F64_2D]);
    assert_eq!(window(&typed, 0), [(0, 1), (0, 0)]);
    assert_eq!(window(&typed, 1), [(0, 0), (-2, 0)]);
}

#[test]
fn neighborhoods() {
    let relative = Relative { neighborhood: Some(vec![(-2, 0)]) };
    let text = "def f(a, n):\n    s = 0.0\n    for k in range(n):\n        s += a[-k]\n    return s";
    let arguments = [F64_1D, ArgumentType::Scalar(ScalarType::I64)];
    let typed = typed(text, &arguments, Rules::Numba, &relative).unwrap();
    assert_eq!(window(&typed, 0), [(-2, 0)]);
    let bytes: Vec<u64> = [1.0f64, 10.0, 100.0, 1000.0].iter().map(|element| element.to_bits()).collect();
    let mut bytes = interp::memory::to_bytes(ScalarType::F64, &bytes);
    let mut run_with = |n: u64| {
        let mut memory = [Buffer::new(&mut bytes)];
        let array = Argument::Array(ArrayArgument::c_order(0, &[4]));
        run(&typed, &[array, Argument::Scalar(n), Argument::Scalar(3)], &mut memory)
    };
    assert_eq!(run_with(3).unwrap(), f64(1110.0));
    assert_eq!(run_with(4).unwrap_err(), "index -3 is outside the neighborhood (-2, 0) of axis 0 of 'a'");
}

#[test]
fn offsets_inside_the_neighborhood_need_no_check() {
    let relative = Relative { neighborhood: Some(vec![(-3, 3)]) };
    let text = "def f(a):\n    s = 0.0\n    for k in range(-3, 4):\n        s += a[k]\n    return s";
    let typed = typed(text, &[F64_1D], Rules::Numba, &relative).unwrap();
    assert!(!typed.module.functions[0].has_traps());
}

#[test]
fn absolute_arrays() {
    let typed = stencil("def f(a, b):\n    return a[1] + b[-1]", &[F64_1D, TABLE]);
    assert_eq!(typed.module.functions[0].arrays[1].footprint, Footprint::Whole);
    let arrays: [(&[usize], &[f64]); 2] = [(&[2], &[1.0, 2.0]), (&[3], &[10.0, 20.0, 30.0])];
    assert_eq!(at_point(&typed, &arrays, &[0]).unwrap(), f64(32.0));
    let typed = stencil("def f(a, b):\n    return b[int(a[0])]", &[F64_1D, TABLE]);
    let arrays: [(&[usize], &[f64]); 2] = [(&[4], &[1.0, 3.0, -3.0, -4.0]), (&[3], &[10.0, 20.0, 30.0])];
    assert_eq!(at_point(&typed, &arrays, &[0]).unwrap(), f64(20.0));
    assert_eq!(at_point(&typed, &arrays, &[2]).unwrap(), f64(10.0));
    assert_eq!(at_point(&typed, &arrays, &[1]).unwrap_err(), "index 3 is out of bounds for axis 0 of 'b'");
    assert_eq!(at_point(&typed, &arrays, &[3]).unwrap_err(), "index -4 is out of bounds for axis 0 of 'b'");
}

#[test]
fn loops_over_an_extent_need_no_check() {
    let text = "def f(a, b):\n    s = a[0]\n    for k in range(b.shape[0]):\n        s += b[k]\n    return s";
    let typed = stencil(text, &[F64_1D, TABLE]);
    assert!(!typed.module.functions[0].has_traps());
    let arrays: [(&[usize], &[f64]); 2] = [(&[1], &[1.0]), (&[3], &[10.0, 20.0, 30.0])];
    assert_eq!(at_point(&typed, &arrays, &[0]).unwrap(), f64(61.0));
}

#[test]
fn attributes_of_arrays() {
    let typed = stencil(
        "def f(a):\n    return a[0, 0] * 0 + len(a) * 1000 + a.shape[1] * 100 + a.ndim * 10 + a.size",
        &[F64_2D],
    );
    assert_eq!(at_point(&typed, &[(&[2, 3], &[0.0; 6])], &[0, 0]).unwrap(), f64(2326.0));
}

#[test]
fn the_game_of_life_has_integer_results() {
    let text = "\
def f(a):
    s = a[-1, -1] + a[-1, 0] + a[-1, 1] + a[0, -1] + a[0, 1] + a[1, -1] + a[1, 0] + a[1, 1]
    if a[0, 0] == 1:
        if s < 2 or s > 3:
            return 0
        else:
            return 1
    else:
        if s == 3:
            return 1
        return 0";
    let arguments = [ArgumentType::Relative { scalar: ScalarType::I64, rank: 2 }];
    let typed = typed(text, &arguments, Rules::Numba, &Relative::default()).unwrap();
    assert_eq!(typed.module.functions[0].scalar_results(), [ScalarType::I64]);
    assert_eq!(window(&typed, 0), [(-1, 1), (-1, 1)]);
    let narrow = [ArgumentType::Relative { scalar: ScalarType::U8, rank: 2 }];
    let sum = "def f(a):\n    return a[0, 1] + a[1, 0]";
    let typed = super::typed(sum, &narrow, Rules::Numba, &Relative::default()).unwrap();
    assert_eq!(typed.module.functions[0].scalar_results(), [ScalarType::U64]);
}
