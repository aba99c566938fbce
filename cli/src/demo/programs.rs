//! What the demo runs, with a float64 reference for each, computed here in plain Rust.

use crate::failure::Failure;
use crate::picture::{self, ColorMap};
use numbra::array::{Element, HostArray};
use numbra::device::Device;
use numbra::stencil::Stencil;
use numbra::{Input, Kernel};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a run gives: its result, and for Life every generation.
pub struct Outcome {
    pub result: HostArray,
    pub frames: Vec<HostArray>,
}

pub trait Demonstration {
    fn name(&self) -> &'static str;
    /// The kernel, from its text.
    fn kernel(&self) -> Result<Kernel, Failure>;
    /// Units of progress; `interpreted`: at the interpreter's size.
    fn steps(&self, interpreted: bool) -> usize;
    /// The arrays that it runs on.
    fn inputs(&self, interpreted: bool) -> Result<Vec<Input>, Failure>;
    fn run(
        &self,
        kernel: &Kernel,
        device: &Arc<dyn Device>,
        inputs: &[Input],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Outcome, Failure>;
    /// Largest difference from the reference on a fixed sample.
    fn difference(&self, outcome: &Outcome) -> f64;
    fn picture(&self, outcome: &Outcome, device: &str, out: &Path) -> Result<(), Failure>;
}

/// All programs, in the order of the table.
pub fn all(quick: bool) -> Vec<Box<dyn Demonstration>> {
    let size = |full: usize| if quick { full / 16 } else { full };
    vec![
        Box::new(Wave { size: size(5000) }),
        Box::new(Neighbours { size: size(2048) }),
        Box::new(Life),
        Box::new(Heat::new(size(2048), if quick { 20 } else { 500 })),
    ]
}

fn parse(file: &str, text: &str, name: &str) -> Result<Kernel, Failure> {
    Ok(numbra::KernelFile::parse(file, text)?.kernel(name)?)
}

fn as_stencil(kernel: &Kernel) -> Result<&Stencil, Failure> {
    match kernel {
        Kernel::Stencil(stencil) => Ok(stencil),
        Kernel::Vectorize(_) => Err(Failure::message("a demo kernel is no stencil")),
    }
}

fn input<T: Element>(shape: &[usize], elements: &[T]) -> Result<Input, Failure> {
    Ok(HostArray::from_slice(shape, elements).map_err(numbra::Error::from)?.into())
}

fn plot(result: &HostArray, path: PathBuf, title: &str, colors: ColorMap) -> Result<(), Failure> {
    picture::plot(&path, result, title, colors).map_err(Failure::message)
}

/// The larger difference; a NaN stays.
fn worse(largest: f64, difference: f64) -> f64 {
    if difference > largest || difference.is_nan() { difference } else { largest }
}

/// The edge of the interpreter's square: a sixteenth of the points.
fn interpreted_size(size: usize) -> usize {
    size / 4
}

/// Seed 001's function of two variables over a square grid in float64.
struct Wave {
    size: usize,
}

impl Wave {
    fn coordinate(index: usize, size: usize) -> f64 {
        -3.0 + 6.0 * index as f64 / (size - 1) as f64
    }
}

impl Demonstration for Wave {
    fn name(&self) -> &'static str {
        "f(x, y) float64"
    }

    fn kernel(&self) -> Result<Kernel, Failure> {
        parse("wave.py", include_str!("../../../examples/wave.py"), "f")
    }

    fn steps(&self, _: bool) -> usize {
        1
    }

    fn inputs(&self, interpreted: bool) -> Result<Vec<Input>, Failure> {
        let size = if interpreted { interpreted_size(self.size) } else { self.size };
        let line: Vec<f64> = (0..size).map(|index| Wave::coordinate(index, size)).collect();
        let x: Vec<f64> = (0..size * size).map(|index| line[index % size]).collect();
        let y: Vec<f64> = (0..size * size).map(|index| line[index / size]).collect();
        Ok(vec![input(&[size, size], &x)?, input(&[size, size], &y)?])
    }

    fn run(
        &self,
        kernel: &Kernel,
        device: &Arc<dyn Device>,
        inputs: &[Input],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Outcome, Failure> {
        let Kernel::Vectorize(kernel) = kernel else { return Err(Failure::message("f is not vectorized")) };
        let result = kernel.call(device, inputs)?;
        progress(1);
        Ok(Outcome { result, frames: Vec::new() })
    }

    fn difference(&self, outcome: &Outcome) -> f64 {
        let size = outcome.result.shape()[0];
        let values = outcome.result.as_slice::<f64>().unwrap_or_default();
        let step = (size / 100).max(1);
        let mut largest = 0.0f64;
        for row in (0..size).step_by(step) {
            for column in (0..size).step_by(step) {
                let (x, y) = (Wave::coordinate(column, size), Wave::coordinate(row, size));
                let square = x * x + y * y;
                let expected = square.cos() / (1.0 + x * x + y * y);
                largest = worse(largest, (values[row * size + column] - expected).abs());
            }
        }
        largest
    }

    fn picture(&self, outcome: &Outcome, device: &str, out: &Path) -> Result<(), Failure> {
        plot(&outcome.result, out.join(format!("wave-{device}.png")), "f(x, y)", ColorMap::Viridis)
    }
}

/// Seed 002's four-point stencil over float64.
struct Neighbours {
    size: usize,
}

impl Neighbours {
    fn value(row: usize, column: usize) -> f64 {
        ((row * 7 + column * 13) % 101) as f64 * 0.25 + 0.1
    }
}

impl Demonstration for Neighbours {
    fn name(&self) -> &'static str {
        "four-point stencil float64"
    }

    fn kernel(&self) -> Result<Kernel, Failure> {
        parse("neighbours.py", include_str!("../../../examples/neighbours.py"), "kernel1")
    }

    fn steps(&self, _: bool) -> usize {
        1
    }

    fn inputs(&self, interpreted: bool) -> Result<Vec<Input>, Failure> {
        let size = if interpreted { interpreted_size(self.size) } else { self.size };
        let values: Vec<f64> = (0..size * size).map(|index| Neighbours::value(index / size, index % size)).collect();
        Ok(vec![input(&[size, size], &values)?])
    }

    fn run(
        &self,
        kernel: &Kernel,
        device: &Arc<dyn Device>,
        inputs: &[Input],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Outcome, Failure> {
        let result = as_stencil(kernel)?.iterate(device, inputs, 1, progress)?;
        Ok(Outcome { result, frames: Vec::new() })
    }

    fn difference(&self, outcome: &Outcome) -> f64 {
        let size = outcome.result.shape()[0];
        let values = outcome.result.as_slice::<f64>().unwrap_or_default();
        let at = Neighbours::value;
        let mut largest = 0.0;
        for row in 0..size {
            for column in 0..size {
                let inside = (1..size - 1).contains(&row) && (1..size - 1).contains(&column);
                let expected = if inside {
                    at(row, column + 1) + at(row + 1, column) + at(row, column - 1) + at(row - 1, column)
                } else {
                    0.0
                };
                largest = worse(largest, (values[row * size + column] - expected).abs());
            }
        }
        largest
    }

    fn picture(&self, outcome: &Outcome, device: &str, out: &Path) -> Result<(), Failure> {
        plot(&outcome.result, out.join(format!("neighbours-{device}.png")), "four neighbours", ColorMap::Viridis)
    }
}

/// Seed 002's Game of Life: its two figures on a board of 20x20, for 45 generations.
struct Life;

const BOARD: usize = 20;
const GENERATIONS: usize = 45;

impl Life {
    fn board() -> Vec<i64> {
        let mut board = vec![0; BOARD * BOARD];
        let glider = [(2, 4), (3, 2), (3, 4), (4, 3), (4, 4)];
        let second = [(15, 4), (16, 2), (16, 4), (15, 3), (17, 4)];
        for (row, column) in glider.into_iter().chain(second) {
            board[row * BOARD + column] = 1;
        }
        board
    }

    /// The next generation by the rules: the reference.
    fn next(board: &[i64]) -> Vec<i64> {
        let mut next = vec![0; BOARD * BOARD];
        for row in 1..BOARD - 1 {
            for column in 1..BOARD - 1 {
                let mut alive = -board[row * BOARD + column];
                for r in row - 1..=row + 1 {
                    alive += board[r * BOARD + column - 1..=r * BOARD + column + 1].iter().sum::<i64>();
                }
                let lives = alive == 3 || (board[row * BOARD + column] == 1 && alive == 2);
                next[row * BOARD + column] = lives as i64;
            }
        }
        next
    }
}

impl Demonstration for Life {
    fn name(&self) -> &'static str {
        "Game of Life int64"
    }

    fn kernel(&self) -> Result<Kernel, Failure> {
        parse("life.py", include_str!("../../../examples/life.py"), "life")
    }

    fn steps(&self, _: bool) -> usize {
        GENERATIONS
    }

    fn inputs(&self, _: bool) -> Result<Vec<Input>, Failure> {
        Ok(vec![input(&[BOARD, BOARD], &Life::board())?])
    }

    fn run(
        &self,
        kernel: &Kernel,
        device: &Arc<dyn Device>,
        inputs: &[Input],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Outcome, Failure> {
        let life = as_stencil(kernel)?;
        let mut inputs = life.on_device(device, inputs)?;
        let mut frames = Vec::new();
        for generation in 0..GENERATIONS {
            if let Input::Device(board) = &inputs[0] {
                frames.push(board.clone().into_host()?);
            }
            inputs[0] = life.step(device, &inputs)?.into();
            progress(generation + 1);
        }
        let last = frames.last().ok_or_else(|| Failure::message("Life has no generations"))?;
        let shape = last.shape().to_vec();
        let result = HostArray::from_bytes(last.scalar(), &shape, last.bytes()).map_err(numbra::Error::from)?;
        Ok(Outcome { result, frames })
    }

    fn difference(&self, outcome: &Outcome) -> f64 {
        let mut board = Life::board();
        let mut largest = if outcome.frames.len() == GENERATIONS { 0.0 } else { f64::NAN };
        for frame in &outcome.frames {
            let cells = frame.as_slice::<i64>().unwrap_or_default();
            let differs = cells != board.as_slice();
            largest = worse(largest, differs as u8 as f64);
            board = Life::next(&board);
        }
        largest
    }

    fn picture(&self, outcome: &Outcome, device: &str, out: &Path) -> Result<(), Failure> {
        picture::write_life(&out.join(format!("life-{device}.gif")), &outcome.frames).map_err(Failure::message)
    }
}

/// Heat spreading from a picture over a square plate, in float32 with exact typing.
struct Heat {
    size: usize,
    steps: usize,
    /// The float64 references by size and steps, which take a while.
    references: RefCell<BTreeMap<(usize, usize), Vec<f64>>>,
}

/// On the interpreter.
const INTERPRETED_STEPS: usize = 5;

impl Heat {
    fn new(size: usize, steps: usize) -> Heat {
        Heat { size, steps, references: RefCell::default() }
    }

    fn reference(size: usize, steps: usize) -> Vec<f64> {
        let mut plate: Vec<f64> = picture::draw_initial_heat(size).into_iter().map(f64::from).collect();
        let mut next = vec![0.0; size * size];
        for _ in 0..steps {
            for row in 1..size - 1 {
                let at = row * size;
                for column in at + 1..at + size - 1 {
                    let around = plate[column - size] + plate[column + size] + plate[column - 1] + plate[column + 1];
                    next[column] = plate[column] + 0.2 * (around - 4.0 * plate[column]);
                }
            }
            std::mem::swap(&mut plate, &mut next);
        }
        plate
    }
}

impl Demonstration for Heat {
    fn name(&self) -> &'static str {
        "heat equation float32"
    }

    fn kernel(&self) -> Result<Kernel, Failure> {
        parse("heat.py", include_str!("../../../examples/heat.py"), "heat")
    }

    fn steps(&self, interpreted: bool) -> usize {
        if interpreted { INTERPRETED_STEPS } else { self.steps }
    }

    fn inputs(&self, interpreted: bool) -> Result<Vec<Input>, Failure> {
        let size = if interpreted { interpreted_size(self.size) } else { self.size };
        Ok(vec![input(&[size, size], &picture::draw_initial_heat(size))?])
    }

    fn run(
        &self,
        kernel: &Kernel,
        device: &Arc<dyn Device>,
        inputs: &[Input],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Outcome, Failure> {
        let steps = self.steps(inputs[0].shape() != [self.size, self.size]);
        let result = as_stencil(kernel)?.iterate(device, inputs, steps, progress)?;
        Ok(Outcome { result, frames: Vec::new() })
    }

    fn difference(&self, outcome: &Outcome) -> f64 {
        let size = outcome.result.shape()[0];
        let key = (size, self.steps(size != self.size));
        let mut references = self.references.borrow_mut();
        let expected = references.entry(key).or_insert_with(|| Heat::reference(key.0, key.1));
        let values = outcome.result.as_slice::<f32>().unwrap_or_default();
        if values.len() != expected.len() {
            return f64::NAN;
        }
        values
            .iter()
            .zip(expected.iter())
            .fold(0.0, |largest, (&value, expected)| worse(largest, (value as f64 - expected).abs()))
    }

    fn picture(&self, outcome: &Outcome, device: &str, out: &Path) -> Result<(), Failure> {
        plot(&outcome.result, out.join(format!("heat-{device}.png")), "heat", ColorMap::Inferno)
    }
}
