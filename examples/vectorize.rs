//! A function of scalars over arrays, on a device of your choice:
//!
//!     cargo run --example vectorize -- vulkan

use ndarray::{Array1, Array2};
use numbra::{Device, Result};

const KERNELS: &str = "
from math import exp, sqrt

def payoff(price, strike, volatility):
    spread = volatility * sqrt(price)
    return max(price - strike, 0) * exp(-spread)
";

fn main() -> Result<()> {
    let device = match std::env::args().nth(1) {
        Some(name) => Device::open(&name)?,
        None => Device::auto()?,
    };
    let source = numbra::source(KERNELS)?;
    let payoff = source.vectorize("payoff")?.typing(numbra::Typing::Exact).on(&device);

    // A row of prices against a column of strikes: 1000 x 4 results.
    let prices = Array1::<f32>::linspace(50.0, 150.0, 1000);
    let strikes = Array2::<f32>::from_shape_vec((4, 1), vec![80.0, 90.0, 100.0, 110.0]).expect("four strikes");
    let result: Array2<f32> = payoff.call((&prices, &strikes, 0.05))?.try_into()?;

    for (strike, row) in strikes.iter().zip(result.rows()) {
        println!("strike {strike}: at most {:.3}", row.iter().fold(0f32, |most, value| most.max(*value)));
    }
    println!("computed on {device}: {}", device.description());
    Ok(())
}
