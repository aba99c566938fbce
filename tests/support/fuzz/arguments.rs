//! Arguments of generated kernels, full of the values at which things go wrong.

use crate::call::CallArgument;
use crate::random::Random;
use numbra::array::{HostArray, broadcast_strides, row_major_strides};
use numbra::front::interp::memory::to_bytes;
use numbra::front::types::{Constant, ScalarType};
use numbra::front::typing::ArgumentType;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    pub scalar: ScalarType,
    pub form: Form,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Bits as in [`Constant::bits`].
    Scalar(u64),
    Array {
        shape: Vec<usize>,
        /// In C order.
        elements: Vec<u64>,
        layout: Layout,
        /// Indexed absolutely, in a stencil.
        absolute: bool,
    },
}

/// How the elements lie in memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Layout {
    C,
    Fortran,
    /// In C order from the end to the start: negative strides.
    Backwards,
}

/// A value of a type: mostly small, often at an end of a range.
pub fn value(scalar: ScalarType, random: &mut Random) -> u64 {
    if scalar.is_float() { float(scalar, random) } else { integer(scalar, random) }
}

fn integer(scalar: ScalarType, random: &mut Random) -> u64 {
    let bits = scalar.bits();
    let special = match random.below(12) {
        0 => 0,
        1 => 1,
        2 => -1,
        3 => random.between(2, 8),
        4 => random.between(29, 66),
        5 => (1i64 << (bits - 1).min(62)) - 1 + (bits == 64) as i64 * (1i64 << 62),
        6 => i64::MIN >> (64 - bits),
        7 => 1i64 << random.below(bits.min(63) as usize),
        8 => random.bits() as i64,
        _ => random.between(-10, 10),
    };
    Constant::canonical(special as u64, scalar)
}

fn float(scalar: ScalarType, random: &mut Random) -> u64 {
    const SPECIAL: &[f64] = &[
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        0.1,
        3.0,
        1e-3,
        1e10,
        -2147483648.0,
        2147483648.0,
        9223372036854775808.0,
        9007199254740993.0,
        16777217.0,
        1e38,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        255.5,
        -128.75,
    ];
    let unit = |random: &mut Random| random.bits() as i64 as f64 / i64::MAX as f64;
    let value = match random.below(16) {
        0..=3 => *random.pick(SPECIAL),
        4 => unit(random) * 1e-3,
        5 => unit(random) * 10f64.powi(random.between(-30, 30) as i32),
        6 => *random.pick(&[f64::MAX, f64::MIN_POSITIVE, 3.4e38, 1.2e-38]),
        7 => random.between(-100, 100) as f64 / 2.0,
        _ => unit(random) * 10.0,
    };
    match (scalar, random.once_in(400)) {
        (ScalarType::F32, true) => random.below(1 << 23) as u64,
        (ScalarType::F32, false) => Constant::f32(value as f32).bits,
        (_, true) => random.bits() >> 12,
        (_, false) => value.to_bits(),
    }
}

/// The axes in the other order.
fn reversed<T: Copy>(axes: &[T]) -> Vec<T> {
    axes.iter().rev().copied().collect()
}

impl Argument {
    pub fn argument_type(&self) -> ArgumentType {
        let scalar = self.scalar;
        match &self.form {
            Form::Scalar(_) => ArgumentType::Scalar(scalar),
            Form::Array { shape, absolute: true, .. } => ArgumentType::Absolute { scalar, rank: shape.len() as u32 },
            Form::Array { shape, .. } => ArgumentType::Relative { scalar, rank: shape.len() as u32 },
        }
    }

    /// The array in C order; `None` for scalars.
    pub fn host_array(&self) -> Option<Arc<HostArray>> {
        let Form::Array { shape, elements, .. } = &self.form else { return None };
        Some(host_array(self.scalar, shape, elements))
    }

    /// The argument as its layout has it, broadcast to `space`.
    pub fn broadcast(&self, space: &[usize]) -> CallArgument {
        let (shape, elements, layout) = match &self.form {
            Form::Scalar(bits) => return CallArgument::Scalar(*bits),
            Form::Array { shape, elements, layout, .. } => (shape, elements, layout),
        };
        if shape == space && *layout == Layout::C {
            return CallArgument::whole(host_array(self.scalar, shape, elements));
        }
        let (array, offset, own) = match layout {
            Layout::C => (host_array(self.scalar, shape, elements), 0, row_major_strides(shape)),
            Layout::Backwards => {
                let strides = row_major_strides(shape).into_iter().map(|stride| -stride).collect();
                let last = elements.len() as i64 - 1;
                (host_array(self.scalar, shape, &reversed(elements)), last.max(0), strides)
            }
            Layout::Fortran => {
                let flipped = host_array(self.scalar, shape, elements).view().transposed().to_array();
                let flipped = flipped.unwrap_or_else(|error| panic!("{error}"));
                (Arc::new(flipped), 0, reversed(&row_major_strides(&reversed(shape))))
            }
        };
        let strides = broadcast_strides(shape, &own, space).unwrap_or_else(|error| panic!("{error}"));
        CallArgument::Array {
            array,
            offset,
            shape: space.iter().map(|&extent| extent as i64).collect(),
            strides: strides.into_iter().map(|stride| stride as i64).collect(),
        }
    }

    /// The same values as an array of the whole space in C order.
    pub fn materialized(&self, space: &[usize]) -> Argument {
        let Form::Array { shape, elements, .. } = &self.form else { return self.clone() };
        let array = host_array(self.scalar, shape, elements);
        let view = array.view().broadcast_to(space).unwrap_or_else(|error| panic!("{error}"));
        let elements = view.iter().map(|constant| constant.bits).collect();
        let form = Form::Array { shape: space.to_vec(), elements, layout: Layout::C, absolute: false };
        Argument { scalar: self.scalar, form }
    }
}

fn host_array(scalar: ScalarType, shape: &[usize], elements: &[u64]) -> Arc<HostArray> {
    let array = HostArray::from_bytes(scalar, shape, &to_bytes(scalar, elements));
    Arc::new(array.unwrap_or_else(|error| panic!("{error}")))
}
