use numbra::{Device, Typing, ndarray::Array2};

fn main() -> numbra::Result<()> {
    let x = Array2::from_shape_fn((64, 64), |(row, column)| row as f32 / (1 + column) as f32);
    let source = numbra::source("def damped(x, y): return 0.5 * x + y")?;
    let damped = source.vectorize("damped")?.typing(Typing::Exact).on(&Device::auto()?);
    let z: Array2<f32> = damped.call((&x, x.t()))?.try_into()?;
    assert_eq!(z[[3, 1]], 0.5 * x[[3, 1]] + x[[1, 3]]);
    Ok(())
}
