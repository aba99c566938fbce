//! Several kernels, one after the other, on arrays that stay on a device: leapfrog integration of a pendulum swarm.
//! Constants come from the program, and the sum of energies is a reduction.
//!
//!     cargo run --example chain -- vulkan

use numbra::{Device, DeviceArray, Result, Typing};

const KERNELS: &str = "
from math import cos, sin

def kick(velocity, angle):
    return velocity - STEP * sin(angle)

def drift(angle, velocity):
    return angle + STEP * velocity

def energy(angle, velocity):
    return 0.5 * velocity * velocity + 1 - cos(angle)

def add(x, y):
    return x + y
";

fn main() -> Result<()> {
    let device = match std::env::args().nth(1) {
        Some(name) => Device::open(&name)?,
        None => Device::auto()?,
    };
    let source = numbra::source(KERNELS)?.constant("STEP", 0.01)?;
    let kernel = |name: &str| -> Result<_> { Ok(source.vectorize(name)?.typing(Typing::Exact).on(&device)) };
    let (kick, drift, energy, add) = (kernel("kick")?, kernel("drift")?, kernel("energy")?, kernel("add")?);

    let angles: Vec<f32> = (0..1000).map(|number| number as f32 / 1000.0).collect();
    let mut angle = device.upload(&angles)?;
    let mut velocity = device.upload(vec![0f32; angles.len()])?;
    let total = |angle: &DeviceArray, velocity: &DeviceArray| -> Result<f32> {
        add.reduce(energy.call_device((angle, velocity))?, [0])?.into_scalar()
    };
    let before = total(&angle, &velocity)?;
    for _ in 0..100 {
        velocity = kick.call_device((&velocity, &angle))?;
        angle = drift.call_device((&angle, &velocity))?;
    }
    let after = total(&angle, &velocity)?;

    let angles: Vec<f32> = angle.download()?.try_into()?;
    println!("the last pendulum is at {:.4} now", angles[angles.len() - 1]);
    println!("energy: {before:.3} before, {after:.3} after 100 steps on {device}");
    Ok(())
}
