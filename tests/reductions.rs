//! `reduce` on every device against the tree of docs/ir.md, written down here a second time, slowly; left folds; and the
//! kernels of the tree after every stage of the compiler and in CUDA's form.

use numbra::array::HostArray;
use numbra::device::Device;
use numbra::front::interp::{Limits, scalar};
use numbra::front::ir::{Op, Stride};
use numbra::front::kernel::Operand;
use numbra::front::kernel::tree::{self, LANES, Order};
use numbra::front::types::{Constant, ScalarType};
use numbra::front::typing::{self, ArgumentType, Options, Relative, Rules};
use numbra::{Input, Kernel, KernelFile};
use numbra_runtime::array::BorrowedArray;
use numbra_runtime::ufunc::{Reduction, Vectorize};
use numbra_tests::call::{Agreement, Call, CallArgument, Outcome};
use numbra_tests::random::Random;
use numbra_tests::{devices, lowerings, open, stages};
use std::sync::Arc;

const KERNELS: &str = "
import numpy as np
from numba import vectorize

@vectorize(typing='exact')
def add(x, y): return x + y

@vectorize(typing='exact')
def multiply(x, y): return y * x

@vectorize(typing='exact')
def least(x, y): return np.minimum(x, y)

@vectorize(typing='exact')
def most(x, y): return np.maximum(x, y)

@vectorize(typing='exact')
def both(x, y): return x & y

@vectorize(typing='exact')
def either(x, y): return x | y

@vectorize(typing='exact')
def odd(x, y): return x ^ y

# Neither commutative nor associative: shows every exchange.
@vectorize(typing='exact', identity='reorderable')
def weigh(x, y): return x + x - y

# With a loop: no kernel has it many times.
@vectorize(typing='exact', identity='reorderable')
def long(x, y):
    r = x
    for i in range(2):
        r = r + x - y
    return r

@vectorize(typing='exact')
def minus(x, y): return x - y

@vectorize(['float64(float64, int64)'])
def mixed(x, k): return x * 0.5 + k

@vectorize(identity=0)
def total(x, y): return x + y

@vectorize
def larger(x, y): return x if x > y else y
";

fn kernel(name: &str) -> Vectorize {
    match KernelFile::parse("reductions.py", KERNELS).and_then(|program| program.kernel(name)) {
        Ok(Kernel::Vectorize(kernel)) => kernel,
        other => panic!("{name}: {other:?}"),
    }
}

fn apply(op: Op, scalar: ScalarType, left: u64, right: u64) -> u64 {
    scalar::apply(op, &[scalar, scalar], &[left, right], scalar).unwrap()
}

/// What the kernel of that name gives for two values, as bits.
fn combine(name: &str, scalar: ScalarType, x: u64, y: u64) -> u64 {
    let op = |op, left, right| apply(op, scalar, left, right);
    match name {
        "add" | "total" => op(Op::Add, x, y),
        "multiply" => op(Op::Mul, x, y),
        "least" => op(Op::Minimum, x, y),
        "most" => op(Op::Maximum, x, y),
        "both" => op(Op::And, x, y),
        "either" => op(Op::Or, x, y),
        "odd" => op(Op::Xor, x, y),
        "weigh" => op(Op::Sub, op(Op::Add, x, x), y),
        "long" => (0..2).fold(x, |r, _| op(Op::Sub, op(Op::Add, r, x), y)),
        "minus" => op(Op::Sub, x, y),
        _ => panic!("no kernel '{name}'"),
    }
}

/// The tree of docs/ir.md over a sequence, step for step as it stands there.
fn tree(elements: &[u64], join: &dyn Fn(u64, u64) -> u64) -> u64 {
    let lanes = |left: &[u64], right: &[u64]| -> Vec<u64> {
        let lane = |lane: usize| match (left.get(lane), right.get(lane)) {
            (Some(&left), Some(&right)) => join(left, right),
            (Some(&one), None) | (None, Some(&one)) => one,
            (None, None) => unreachable!(),
        };
        (0..left.len().max(right.len())).map(lane).collect()
    };
    let rows: Vec<Vec<u64>> = elements.chunks(16).map(<[u64]>::to_vec).collect();
    let folded = |group: &[Vec<u64>]| group[1..].iter().fold(group[0].clone(), |so_far, row| lanes(&so_far, row));
    let mut level: Vec<Vec<u64>> = rows.chunks(8).map(folded).collect();
    while level.len() > 1 {
        let pair = |pair: &[Vec<u64>]| if pair.len() == 2 { lanes(&pair[0], &pair[1]) } else { pair[0].clone() };
        level = level.chunks(2).map(pair).collect();
    }
    let mut row = level.remove(0);
    for half in [8, 4, 2, 1] {
        let (low, high) = row.split_at(half.min(row.len()));
        row = lanes(low, high);
    }
    row[0]
}

/// Values whose sums and products round, and stay numbers.
fn values(scalar: ScalarType, count: usize, random: &mut Random) -> Vec<u64> {
    let float = |random: &mut Random| {
        let magnitude = [1.0, 1e-3, 3.0, 1e4][random.below(4)];
        (random.between(-1_000_000, 1_000_000) as f64 + 0.5) / 700_001.0 * magnitude
    };
    (0..count)
        .map(|_| match scalar {
            ScalarType::F32 => Constant::f32(float(random) as f32).bits,
            ScalarType::F64 => Constant::f64(float(random)).bits,
            ScalarType::Bool => random.below(2) as u64,
            _ => Constant::integer(scalar, random.bits() as i64 as i128).bits,
        })
        .collect()
}

/// An array as a view of memory.
struct Strided {
    scalar: ScalarType,
    memory: Vec<u64>,
    first: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl Strided {
    fn c_order(scalar: ScalarType, shape: &[usize], random: &mut Random) -> Strided {
        let strides = numbra::array::row_major_strides(shape);
        let memory = values(scalar, shape.iter().product(), random);
        Strided { scalar, memory, first: 0, shape: shape.to_vec(), strides }
    }

    fn transposed(mut self) -> Strided {
        self.shape.reverse();
        self.strides.reverse();
        self
    }

    fn backwards(mut self, axis: usize) -> Strided {
        let reach = (self.shape[axis].max(1) - 1) as isize * self.strides[axis];
        self.first = self.first.checked_add_signed(reach).unwrap();
        self.strides[axis] = -self.strides[axis];
        self
    }

    fn every_second(mut self, axis: usize) -> Strided {
        self.shape[axis] = self.shape[axis].div_ceil(2);
        self.strides[axis] *= 2;
        self
    }

    /// The same element `count` times along an axis.
    fn repeated(mut self, axis: usize, count: usize) -> Strided {
        self.shape[axis] = count;
        self.strides[axis] = 0;
        self
    }

    fn element(&self, index: &[usize]) -> u64 {
        let steps = index.iter().zip(&self.strides).map(|(&at, &stride)| at as isize * stride);
        self.memory[self.first.checked_add_signed(steps.sum()).unwrap()]
    }

    /// The bits of the reduction along the axes, in C order.
    fn reduced(&self, axes: &[usize], combine: &dyn Fn(&[u64]) -> u64) -> Vec<u64> {
        let indices = |axes: &[usize]| -> Vec<Vec<usize>> {
            axes.iter().fold(vec![vec![0; self.shape.len()]], |so_far, &axis| {
                let with = |index: &Vec<usize>, at: usize| {
                    let mut index = index.clone();
                    index[axis] = at;
                    index
                };
                so_far.iter().flat_map(|index| (0..self.shape[axis]).map(move |at| with(index, at))).collect()
            })
        };
        let kept: Vec<usize> = (0..self.shape.len()).filter(|axis| !axes.contains(axis)).collect();
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        let inside = indices(&sorted);
        let result = |outer: Vec<usize>| {
            let sum = |inner: &Vec<usize>| outer.iter().zip(inner).map(|(a, b)| a + b).collect::<Vec<usize>>();
            combine(&inside.iter().map(|inner| self.element(&sum(inner))).collect::<Vec<u64>>())
        };
        indices(&kept).into_iter().map(result).collect()
    }

    /// Calls with the array where it lies.
    fn with<T>(&self, call: impl FnOnce(&Input) -> T) -> T {
        let size = self.scalar.bytes();
        let mut bytes: Vec<u8> = self.memory.iter().flat_map(|bits| bits.to_le_bytes()[..size].to_vec()).collect();
        // Elements are aligned as their type wants it.
        let mut words = vec![0u64; bytes.len().div_ceil(8) + 1];
        let address = words.as_mut_ptr().cast::<u8>();
        bytes.push(0);
        // SAFETY: as many bytes as the words have at least; the array is used while they are there, by this call alone.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), address, bytes.len() - 1);
            let first = address.add(self.first * size);
            let array = BorrowedArray::new(self.scalar, first, &self.shape, &self.strides).unwrap();
            call(&Input::Borrowed(array))
        }
    }
}

fn bits(array: &HostArray) -> Vec<u64> {
    let size = array.scalar().bytes();
    let number = |bytes: &[u8]| {
        let mut eight = [0; 8];
        eight[..size].copy_from_slice(bytes);
        u64::from_le_bytes(eight)
    };
    array.bytes().chunks_exact(size).map(number).collect()
}

/// Of integers the bits that count.
fn trimmed(scalar: ScalarType, bits: Vec<u64>) -> Vec<u64> {
    let mask = if scalar.bytes() == 8 { u64::MAX } else { (1 << (8 * scalar.bytes())) - 1 };
    bits.into_iter().map(|bits| bits & mask).collect()
}

fn check(device: &Arc<dyn Device>, name: &str, kernel: &Vectorize, array: &Strided, axes: &[usize]) {
    let scalar = array.scalar;
    let expected = array.reduced(axes, &|elements| tree(elements, &|x, y| combine(name, scalar, x, y)));
    let got = array.with(|input| kernel.reduce(device, input, axes));
    let what =
        format!("{name} of {scalar} {:?} by {:?} along {axes:?} on {}", array.shape, array.strides, device.name());
    let got = got.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(got.scalar(), scalar, "{what}");
    let places: Vec<usize> = (0..array.shape.len()).filter(|axis| !axes.contains(axis)).collect();
    let shape: Vec<usize> = places.iter().map(|&axis| array.shape[axis]).collect();
    assert_eq!(got.shape(), shape, "{what}");
    assert_eq!(bits(&got), trimmed(scalar, expected), "{what}");
}

fn every_device() -> Vec<Arc<dyn Device>> {
    [open("interp")].into_iter().chain(devices()).collect()
}

#[test]
fn every_length() {
    let mut random = Random::new(7);
    let mut lengths =
        vec![1, 2, 3, 8, 9, 15, 16, 17, 31, 33, 127, 128, 129, 130, 255, 257, 1023, 1024, 1025, 1040, 2047];
    lengths.extend((0..6).map(|_| 1 + random.below(5000)));
    for device in every_device() {
        for name in ["add", "weigh", "long"] {
            let kernel = kernel(name);
            let scalar = if name == "weigh" { ScalarType::I64 } else { ScalarType::F32 };
            for &length in &lengths {
                check(&device, name, &kernel, &Strided::c_order(scalar, &[length], &mut random), &[0]);
            }
        }
    }
    // Enough for several blocks of blocks, and for threads.
    for length in [16 * 1024, 100_003, 300_000] {
        let array = Strided::c_order(ScalarType::F64, &[length], &mut random);
        for device in devices() {
            check(&device, "add", &kernel("add"), &array, &[0]);
        }
    }
}

#[test]
fn every_type_and_op() {
    use ScalarType::*;
    let mut random = Random::new(8);
    let all = [I8, I16, I32, I64, U8, U16, U32, U64];
    for device in every_device() {
        for name in ["add", "multiply", "least", "most", "both", "either", "odd"] {
            let kernel = kernel(name);
            let is_bits = matches!(name, "both" | "either" | "odd");
            let others = if is_bits { &[Bool][..] } else { &[F32, F64][..] };
            let integers = if name == "add" { &all[..] } else { &[I8, U64][..] };
            for &scalar in integers.iter().chain(others) {
                check(&device, name, &kernel, &Strided::c_order(scalar, &[143], &mut random), &[0]);
            }
        }
        for scalar in [F32, I16] {
            check(&device, "weigh", &kernel("weigh"), &Strided::c_order(scalar, &[3, 71], &mut random), &[1]);
        }
    }
}

#[test]
fn every_axis_and_layout() {
    let mut random = Random::new(9);
    for device in every_device() {
        let kernel = kernel("weigh");
        let along = |array: Strided, axes: &[usize]| check(&device, "weigh", &kernel, &array, axes);
        let mut fresh = |shape: &[usize]| Strided::c_order(ScalarType::F32, shape, &mut random);
        along(fresh(&[3, 150]), &[1]);
        along(fresh(&[150, 3]), &[0]);
        along(fresh(&[1100, 40]), &[0]);
        along(fresh(&[40, 1100]), &[1]);
        along(fresh(&[3, 40, 5]), &[1]);
        along(fresh(&[3, 40, 5]), &[0, 2]);
        along(fresh(&[3, 40, 5]), &[2, 1]);
        along(fresh(&[3, 40, 5]), &[0, 1]);
        along(fresh(&[3, 40, 5]), &[0, 1, 2]);
        along(fresh(&[1, 40, 1]), &[0, 1]);
        along(fresh(&[3, 40, 5]).transposed(), &[0]);
        along(fresh(&[3, 40, 5]).transposed(), &[0, 1, 2]);
        along(fresh(&[150, 20]).backwards(0), &[0]);
        along(fresh(&[150, 20]).backwards(1), &[1]);
        along(fresh(&[150, 20]).every_second(0), &[0]);
        along(fresh(&[15, 300]).every_second(1).backwards(1), &[1]);
        along(fresh(&[150, 1]).repeated(1, 7), &[0]);
        along(fresh(&[1, 7]).repeated(0, 150), &[0]);
        along(fresh(&[1, 7]).repeated(0, 150), &[0, 1]);
    }
}

#[test]
fn sums_of_the_issue() {
    for device in every_device() {
        let total = kernel("total");
        let sum = |values: Vec<f32>| {
            let array = HostArray::from_slice(&[values.len()], &values).unwrap();
            total.reduce(&device, &array.into(), &[0]).unwrap()
        };
        assert_eq!(sum(vec![1e8, 1.0, -1e8]), HostArray::from_slice(&[], &[1f32]).unwrap());
        // Nothing is padded.
        assert_eq!(bits(&sum(vec![-0.0])), [u64::from((-0f32).to_bits())]);
        if device.name() == "interp" {
            continue;
        }
        let many = sum(vec![1.0 / 255.0; 1_000_000]);
        let many = f32::from_bits(bits(&many)[0] as u32);
        assert!((many - 1e6 / 255.0).abs() < 0.01, "{many} on {}", device.name());
    }
}

#[test]
fn left_folds() {
    let mut random = Random::new(10);
    for device in every_device() {
        // Subtraction is no tree.
        let array = Strided::c_order(ScalarType::F32, &[3, 40], &mut random);
        let left = |elements: &[u64]| {
            elements[1..].iter().fold(elements[0], |so_far, &x| combine("minus", ScalarType::F32, so_far, x))
        };
        for axis in [0, 1] {
            let got = array.with(|input| kernel("minus").reduce(&device, input, &[axis])).unwrap();
            assert_eq!(bits(&got), array.reduced(&[axis], &left), "on {}", device.name());
        }
        // What a comparison gives where NaNs are depends on the order: of floats it is no tree either.
        let numbers = HostArray::from_slice(&[3], &[1.0, f64::NAN, 2.0]).unwrap();
        let got = kernel("larger").reduce(&device, &numbers.into(), &[0]).unwrap();
        assert_eq!(got, HostArray::from_slice(&[], &[2.0]).unwrap(), "on {}", device.name());
        let numbers = HostArray::from_slice(&[4], &[3i64, -7, 9, 2]).unwrap();
        let got = kernel("larger").reduce(&device, &numbers.into(), &[0]).unwrap();
        assert_eq!(got, HostArray::from_slice(&[], &[9i64]).unwrap(), "on {}", device.name());
        // A loop whose elements are of another type.
        let counts = HostArray::from_slice(&[4], &[3i64, 1, 4, 1]).unwrap();
        let asked = Reduction { axes: &[0], dtype: Some(ScalarType::F64), initial: None };
        let got = kernel("mixed").reduce_as(&device, &counts.into(), &asked).unwrap();
        let expected = ((3.0 * 0.5 + 1.0) * 0.5 + 4.0) * 0.5 + 1.0;
        assert_eq!(got, HostArray::from_slice(&[], &[expected]).unwrap(), "on {}", device.name());
    }
}

#[test]
fn initial_values() {
    for device in every_device() {
        let numbers: Input = HostArray::from_slice(&[3], &[1e8f32, 1.0, -1e8]).unwrap().into();
        let asked = |initial: f64| Reduction { axes: &[0], dtype: None, initial: Some(Constant::f64(initial)) };
        let reduce = |name: &str, initial| kernel(name).reduce_as(&device, &numbers, &asked(initial)).unwrap();
        assert_eq!(reduce("total", 2.0), HostArray::from_slice(&[], &[3f32]).unwrap());
        // initial - result, and the start of a left fold.
        assert_eq!(reduce("weigh", 2.0), HostArray::from_slice(&[], &[4.0 - weighed()]).unwrap());
        assert_eq!(reduce("minus", 2.0), HostArray::from_slice(&[], &[((2f32 - 1e8) - 1.0) + 1e8]).unwrap());
        let none: Input = HostArray::zeros(ScalarType::F32, &[0, 2]).unwrap().into();
        let got = kernel("minus").reduce_as(&device, &none, &asked(2.0)).unwrap();
        assert_eq!(got, HostArray::from_slice(&[2], &[2f32, 2.0]).unwrap());
    }
}

/// (x0 ⊕ x2) ⊕ x1 of [1e8, 1, -1e8] with x + x - y.
fn weighed() -> f32 {
    let weigh = |x: f32, y: f32| x + x - y;
    weigh(weigh(1e8, -1e8), 1.0)
}

#[test]
fn without_elements() {
    let device = open("cpu");
    for (shape, axis) in [(&[0, 0][..], 1), (&[3, 0], 1), (&[0], 0)] {
        let empty: Input = HostArray::zeros(ScalarType::F64, shape).unwrap().into();
        let error = kernel("larger").reduce(&device, &empty, &[axis]).unwrap_err().to_string();
        assert!(error.contains("zero-size array to reduction operation larger which has no identity"), "{error}");
        let sum = kernel("total").reduce(&device, &empty, &[axis]).unwrap();
        assert_eq!(sum, HostArray::zeros(ScalarType::F64, &shape[..shape.len() - 1]).unwrap());
    }
    let empty: Input = HostArray::zeros(ScalarType::F64, &[0, 3]).unwrap().into();
    assert_eq!(kernel("larger").reduce(&device, &empty, &[1]).unwrap().shape(), [0]);
}

/// Every kind of kernel that the tree is made of, after every stage of the compiler for every target and in CUDA's form.
#[test]
fn kernels_of_the_tree() {
    let program = KernelFile::parse("reductions.py", KERNELS).unwrap();
    let mut random = Random::new(11);
    for order in [Order::Rows(5), Order::Rows(64), Order::Groups(7), Order::Lanes(11), Order::Lanes(16)] {
        for lanes in [false, true] {
            let scalar = ScalarType::F32;
            let options = Options { rules: Rules::Exact, fastmath: false };
            let types = [ArgumentType::Scalar(scalar); 2];
            let typed = typing::infer(program.module(), "weigh", &types, None, &Relative::default(), &options).unwrap();
            let strides = vec![Stride::Any, Stride::Unit, Stride::Any];
            let input = Operand::Array { scalar, strides, distinct: true };
            let module = tree::build(typed.module, &input, &Operand::c_order(scalar, 2), order, lanes).unwrap();
            let (rows, width) = (3, if lanes { LANES } else { 5 });
            let count = order.count();
            let memory = values(scalar, rows * width * count, &mut random);
            let bytes: Vec<u8> = memory.iter().flat_map(|bits| bits.to_le_bytes()[..4].to_vec()).collect();
            let array = Arc::new(HostArray::from_bytes(scalar, &[memory.len()], &bytes).unwrap());
            let join = |x, y| combine("weigh", scalar, x, y);
            let result = |row: usize, lane: usize| {
                let elements: Vec<u64> = (0..count).map(|i| memory[(row * count + i) * width + lane]).collect();
                match order {
                    Order::Lanes(_) => tree(&elements, &join),
                    Order::Rows(_) => column(&elements, 8, &join),
                    Order::Groups(_) => column(&elements, 1, &join),
                    Order::Fold(_) => unreachable!(),
                }
            };
            let expected: Vec<f32> = (0..rows)
                .flat_map(|row| (0..width).map(move |lane| (row, lane)))
                .map(|(row, lane)| f32::from_bits(result(row, lane) as u32))
                .collect();
            let expected = Outcome::Done(HostArray::from_slice(&[rows, width], &expected).unwrap());
            let argument = CallArgument::Array {
                array,
                offset: 0,
                shape: vec![rows as i64, width as i64, count as i64],
                strides: vec![(count * width) as i64, 1, width as i64],
            };
            let call = Call { arguments: vec![argument], scalar, shape: vec![rows, width] };
            let what = format!("{order:?}, lanes: {lanes}");
            stages::compare(&module, &call, &Limits::NONE, &expected).unwrap_or_else(|error| panic!("{what}: {error}"));
            let compare = &mut |form: &str, got: &Outcome| {
                got.difference(&expected, Agreement::Full).map_or(Ok(()), |text| Err(format!("{form}: {text}")))
            };
            lowerings::run_cuda_forms(&module, &call, compare).unwrap_or_else(|error| panic!("{what}: {error}"));
            if lanes {
                lowerings::judge("tree", &module, &["sm_80"]);
            }
        }
    }
}

/// What the tree makes of one lane: groups of so many elements folded from the left, then neighbours.
fn column(elements: &[u64], group: usize, join: &dyn Fn(u64, u64) -> u64) -> u64 {
    let folded = |group: &[u64]| group[1..].iter().fold(group[0], |so_far, &element| join(so_far, element));
    let mut level: Vec<u64> = elements.chunks(group).map(folded).collect();
    while level.len() > 1 {
        level = level.chunks(2).map(folded).collect();
    }
    level[0]
}
