//! Kernel sources of numbra, as text.

macro_rules! files {
    ($(#[$doc:meta])* $name:ident $folder:literal: $($file:literal),* $(,)?) => {
        $(#[$doc])*
        pub const $name: &[(&str, &str)] = &[$(($file, include_str!(concat!("../", $folder, "/", $file)))),*];
    };
}

files![
    /// The files of the prelude, the elementary functions of every backend: name and text.
    PRELUDE "prelude":

    "bessel_f32.py",
    "bessel_f64.py",
    "division_f32.py",
    "division_f64.py",
    "error_function_f32.py",
    "error_function_f64.py",
    "exponential_f32.py",
    "exponential_f64.py",
    "gamma_f32.py",
    "gamma_f64.py",
    "hyperbolic_inverse_f32.py",
    "hyperbolic_inverse_f64.py",
    "integer_functions.py",
    "integer_power.py",
    "logarithms_of_sums_f32.py",
    "logarithms_of_sums_f64.py",
    "neighbours_f32.py",
    "neighbours_f64.py",
    "power_f32.py",
    "power_f64.py",
    "roots_f32.py",
    "roots_f64.py",
    "rounding_f32.py",
    "rounding_f64.py",
    "sinc_f32.py",
    "sinc_f64.py",
    "trigonometric_f32.py",
    "trigonometric_f64.py",
];

files![
    /// NumPy's functions of whole arrays, in the language of whole functions: name and text.
    NUMPY "numpy":
    "complex_numbers.py",
    "reductions.py",
];
