//! The heat equation on a plate: a stencil, applied 200 times without leaving the device.
//!
//!     cargo run --example heat -- vulkan

use ndarray::{Array2, s};
use numbra::{Device, Result};

const KERNELS: &str = "
def heat(a, rate):
    return a[0, 0] + rate * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0] - 4 * a[0, 0])
";

fn main() -> Result<()> {
    let device = match std::env::args().nth(1) {
        Some(name) => Device::open(&name)?,
        None => Device::auto()?,
    };
    let heat = numbra::source(KERNELS)?.stencil("heat")?.typing(numbra::Typing::Exact).on(&device);

    // A hot square in the middle of a cold plate, whose edge stays cold.
    let mut plate = Array2::<f32>::zeros((48, 96));
    plate.slice_mut(s![16..32, 40..56]).fill(100.0);
    let before = plate.sum();
    let plate: Array2<f32> = heat.iterate((&plate, 0.2), 200)?.try_into()?;

    for row in plate.rows().into_iter().step_by(4) {
        let shade = |value: &f32| b" .:-=+*#%@"[(value / 4.0).clamp(0.0, 9.0) as usize] as char;
        println!("{}", row.iter().step_by(2).map(shade).collect::<String>());
    }
    println!("of the heat {:.1} % is left on {device}", 100.0 * plate.sum() / before);
    Ok(())
}
