//! Constants and functions of `math` and `numpy`, on numbers known when compiling.

use super::value::ConstantValue;
use crate::types::Constant;

/// `math.NAME` and `np.NAME` that are numbers, with enough digits for one rounding to any type.
pub fn named(path: &str) -> Option<ConstantValue> {
    let name = path.strip_prefix("math.").or_else(|| path.strip_prefix("numpy."))?;
    if let "numpy.True_" | "numpy.False_" = path {
        return Some(ConstantValue::Typed(Constant::bool(name == "True_")));
    }
    let (value, text) = match name {
        "pi" => (std::f64::consts::PI, "3.14159265358979323846264338327950288"),
        "e" => (std::f64::consts::E, "2.71828182845904523536028747135266250"),
        "tau" if path.starts_with("math") => (std::f64::consts::TAU, "6.28318530717958647692528676655900577"),
        "euler_gamma" if path.starts_with("numpy") => {
            (0.577_215_664_901_532_9, "0.57721566490153286060651209008240243")
        }
        "inf" | "Inf" | "infty" | "PINF" => (f64::INFINITY, "inf"),
        "NINF" => (f64::NEG_INFINITY, "-inf"),
        "nan" | "NaN" | "NAN" => (f64::NAN, "nan"),
        _ => return None,
    };
    Some(ConstantValue::Float(value, text.into()))
}

/// Functions of `math` and `numpy` on float64.
pub(super) fn mathematical(name: &str, math: bool, values: &[ConstantValue]) -> Option<ConstantValue> {
    let arguments: Option<Vec<f64>> = values.iter().map(ConstantValue::as_f64).collect();
    let arguments = arguments?;
    let result = match (name, arguments.as_slice()) {
        ("floor", [x]) if math => return Some(ConstantValue::Integer(x.floor() as i128)),
        ("ceil", [x]) if math => return Some(ConstantValue::Integer(x.ceil() as i128)),
        ("trunc", [x]) if math => return Some(ConstantValue::Integer(x.trunc() as i128)),
        ("floor", [x]) => x.floor(),
        ("ceil", [x]) => x.ceil(),
        ("trunc", [x]) => x.trunc(),
        ("sqrt", [x]) => x.sqrt(),
        ("cbrt", [x]) => x.cbrt(),
        ("exp", [x]) => x.exp(),
        ("exp2", [x]) => x.exp2(),
        ("expm1", [x]) => x.exp_m1(),
        ("log", [x]) => x.ln(),
        ("log", [x, base]) if math => x.ln() / base.ln(),
        ("log2", [x]) => x.log2(),
        ("log10", [x]) => x.log10(),
        ("log1p", [x]) => x.ln_1p(),
        ("sin", [x]) => x.sin(),
        ("cos", [x]) => x.cos(),
        ("tan", [x]) => x.tan(),
        ("asin" | "arcsin", [x]) => x.asin(),
        ("acos" | "arccos", [x]) => x.acos(),
        ("atan" | "arctan", [x]) => x.atan(),
        ("atan2" | "arctan2", [y, x]) => y.atan2(*x),
        ("sinh", [x]) => x.sinh(),
        ("cosh", [x]) => x.cosh(),
        ("tanh", [x]) => x.tanh(),
        ("hypot", [x, y]) => x.hypot(*y),
        ("pow" | "power", [x, y]) => x.powf(*y),
        ("fabs" | "abs" | "absolute", [x]) => x.abs(),
        ("radians" | "deg2rad", [x]) => x.to_radians(),
        ("degrees" | "rad2deg", [x]) => x.to_degrees(),
        _ => return None,
    };
    Some(ConstantValue::float(result))
}
