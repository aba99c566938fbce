//! Pictures of results, without fonts or other files: fields and curves as PNG, the Game of Life as an animated GIF.

mod canvas;
mod colors;
mod font;
mod heat;
mod life;

pub use colors::ColorMap;
pub use heat::draw_initial_heat;
pub use life::write_life;

use canvas::Canvas;
use colors::{BLACK, GRAY};
use numbra_front::types::ScalarType;
use numbra_runtime::array::{ArrayError, HostArray, shape_text};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error("cannot write the picture '{}': {error}", path.display())]
    Write { path: PathBuf, error: Box<dyn std::error::Error + Send + Sync> },
    #[error("a result of shape {} cannot be drawn\n  help: pictures show one or two axes, with at least one element", shape_text(.0))]
    Shape(Vec<usize>),
    #[error("a picture of the Game of Life needs frames of one size, between 1 and 65535 cells each way")]
    Frames,
    #[error(transparent)]
    Array(#[from] ArrayError),
}

/// Pixels that a field or curve takes along its longer side, at most and (by repeating pixels) at least.
const LARGEST: usize = 1000;
const SMALLEST: usize = 400;
/// Around everything, and between parts.
const MARGIN: usize = 14;
/// Pixels of a dot of the labels.
const TEXT: usize = 2;
const TEXT_HEIGHT: usize = font::HEIGHT * TEXT;
const BAR_WIDTH: usize = 18;
const LABELS: usize = 5;

/// Draws an array: two axes as a field of colours with row 0 at the top, one axis as a curve.
///
/// What is larger than the picture is averaged over boxes of elements. NaN is gray; infinities count as the largest
/// and smallest finite values.
pub fn plot(path: &Path, array: &HostArray, title: &str, colors: ColorMap) -> Result<(), PictureError> {
    draw(array, title, colors)?.write_png(path)
}

fn draw(array: &HostArray, title: &str, colors: ColorMap) -> Result<Canvas, PictureError> {
    let converted;
    let values = match array.as_slice::<f64>() {
        Some(values) => values,
        None => {
            converted = array.view().cast(ScalarType::F64)?;
            converted.as_slice::<f64>().unwrap_or_default()
        }
    };
    match array.shape() {
        [rows, columns] if !array.is_empty() => Ok(draw_field(values, *rows, *columns, title, colors)),
        [_] if !array.is_empty() => Ok(draw_curve(values, title, colors)),
        shape => Err(PictureError::Shape(shape.to_vec())),
    }
}

fn draw_field(values: &[f64], rows: usize, columns: usize, title: &str, colors: ColorMap) -> Canvas {
    let box_size = rows.max(columns).div_ceil(LARGEST);
    let (height, width) = (rows.div_ceil(box_size), columns.div_ceil(box_size));
    let averages: Vec<f64> = (0..height * width)
        .map(|pixel| average(values, (rows, columns), box_size, (pixel / width, pixel % width)))
        .collect();
    let (low, high) = range(&averages);

    // A small field, or a very flat one, would be hard to see.
    let repeat = SMALLEST.div_ceil(height.max(width)).max(1);
    let (repeat_down, repeat_across) = (repeat.max(24_usize.div_ceil(height)), repeat.max(24_usize.div_ceil(width)));
    let (field_height, field_width) = (height * repeat_down, width * repeat_across);
    let labels: Vec<String> =
        (0..LABELS).map(|label| low + (high - low) * label as f64 / (LABELS - 1) as f64).map(short).collect();
    let label_width = labels.iter().map(|label| Canvas::text_width(TEXT, label)).max().unwrap_or(0);
    let bar_height = field_height.max(LABELS * 2 * TEXT_HEIGHT);
    let total_width = (3 * MARGIN + field_width + BAR_WIDTH + TEXT_HEIGHT / 2 + label_width)
        .max(2 * MARGIN + Canvas::text_width(TEXT, title));
    let top = if title.is_empty() { MARGIN } else { 2 * MARGIN + TEXT_HEIGHT };
    let mut canvas = Canvas::new(total_width, top + bar_height + MARGIN);

    canvas.text(MARGIN, MARGIN, TEXT, title, BLACK);
    let color = |value: f64| if value.is_nan() { GRAY } else { colors.at((value - low) / (high - low)) };
    for (pixel, value) in averages.iter().enumerate() {
        let (down, across) = (pixel / width * repeat_down, pixel % width * repeat_across);
        canvas.fill(MARGIN + across, top + down, repeat_across, repeat_down, color(*value));
    }

    let bar_left = 2 * MARGIN + field_width;
    for row in 0..bar_height {
        let position = 1.0 - row as f64 / (bar_height - 1) as f64;
        canvas.fill(bar_left, top + row, BAR_WIDTH, 1, colors.at(position));
    }
    for (number, label) in labels.iter().enumerate() {
        let middle = (bar_height - 1) * (LABELS - 1 - number) / (LABELS - 1);
        // The outermost labels stay beside the bar.
        let label_top = middle.saturating_sub(TEXT_HEIGHT / 2).min(bar_height - TEXT_HEIGHT);
        canvas.fill(bar_left + BAR_WIDTH, top + middle, 4, 1, BLACK);
        canvas.text(bar_left + BAR_WIDTH + TEXT_HEIGHT / 2, top + label_top, TEXT, label, BLACK);
    }
    canvas
}

/// The average of the numbers in a box of elements; NaN if there is no other.
fn average(values: &[f64], (rows, columns): (usize, usize), box_size: usize, (down, across): (usize, usize)) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for row in down * box_size..((down + 1) * box_size).min(rows) {
        for value in &values[row * columns + across * box_size..row * columns + ((across + 1) * box_size).min(columns)]
        {
            if !value.is_nan() {
                sum += value;
                count += 1;
            }
        }
    }
    sum / f64::from(count)
}

fn draw_curve(values: &[f64], title: &str, colors: ColorMap) -> Canvas {
    let (low, high) = range(values);
    let (width, height) = (values.len().clamp(SMALLEST * 2, LARGEST), SMALLEST);
    let labels = [short(low), short(low + (high - low) / 2.0), short(high)];
    let label_width = labels.iter().map(|label| Canvas::text_width(TEXT, label)).max().unwrap_or(0);
    let (left, top) = (2 * MARGIN + label_width, if title.is_empty() { MARGIN } else { 2 * MARGIN + TEXT_HEIGHT });
    let total_width = (left + width + MARGIN).max(2 * MARGIN + Canvas::text_width(TEXT, title));
    let mut canvas = Canvas::new(total_width, top + height + 2 * MARGIN + TEXT_HEIGHT);

    canvas.text(MARGIN, MARGIN, TEXT, title, BLACK);
    canvas.fill(left - 2, top, 2, height + 2, BLACK);
    canvas.fill(left - 2, top + height, width + 2, 2, BLACK);
    for (number, label) in labels.iter().enumerate() {
        let middle = height - height * number / 2;
        let label_top = middle.saturating_sub(TEXT_HEIGHT / 2).min(height - TEXT_HEIGHT);
        canvas.text(MARGIN, top + label_top, TEXT, label, BLACK);
    }
    let last = (values.len() - 1).to_string();
    canvas.text(left, top + height + MARGIN, TEXT, "0", BLACK);
    canvas.text(left + width - Canvas::text_width(TEXT, &last), top + height + MARGIN, TEXT, &last, BLACK);

    // Every column of pixels shows the range of its values and the way to the next column's first one.
    let row = |value: f64| ((high - value.clamp(low, high)) / (high - low) * (height - 3) as f64).round() as usize;
    let position = |column: usize| column * values.len() / width;
    for column in 0..width {
        let first = position(column);
        let end = (position(column + 1) + 1).clamp(first + 1, values.len());
        let rows = values[first..end].iter().filter(|value| !value.is_nan()).map(|value| row(*value));
        if let (Some(upper), Some(lower)) = (rows.clone().min(), rows.max()) {
            canvas.fill(left + column, top + upper, 1, lower - upper + 3, colors.at(0.3));
        }
    }
    canvas
}

/// The smallest and the largest finite value, never equal.
fn range(values: &[f64]) -> (f64, f64) {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match low.partial_cmp(&high) {
        // Half of the range, so that its width is finite too.
        Some(std::cmp::Ordering::Less) => (low.max(f64::MIN / 2.0), high.min(f64::MAX / 2.0)),
        Some(std::cmp::Ordering::Equal) => (low - low.abs().max(1.0) / 2.0, low + low.abs().max(1.0) / 2.0),
        _ => (0.0, 1.0),
    }
}

/// A number in few letters.
fn short(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-3..1e5).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let digits = if magnitude >= 100.0 { 1 } else { 3 };
    let text = format!("{value:.digits$}");
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    if trimmed == "-0" { "0".to_string() } else { trimmed.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], value: impl Fn(usize) -> f64) -> HostArray {
        let values: Vec<f64> = (0..shape.iter().product()).map(value).collect();
        HostArray::from_slice(shape, &values).unwrap()
    }

    #[test]
    fn a_field_shows_its_values_where_they_are() {
        let field = array(&[2, 2], |place| [0.0, 1.0, f64::NAN, 0.5][place]);
        let canvas = draw(&field, "", ColorMap::Viridis).unwrap();
        let at = |row: usize, column: usize| canvas.pixel(MARGIN + row, MARGIN + column);
        assert_eq!(at(10, 10), ColorMap::Viridis.at(0.0));
        assert_eq!(at(10, 390), ColorMap::Viridis.at(1.0));
        assert_eq!(at(390, 10), GRAY);
        assert_eq!(at(390, 390), ColorMap::Viridis.at(0.5));
    }

    #[test]
    fn large_and_odd_shapes_stay_within_bounds() {
        for shape in [&[3000, 10][..], &[1, 100_000], &[1, 1], &[100_000], &[1], &[2500, 2500]] {
            let canvas = draw(&array(shape, |place| place as f64), "A title: f(x, y)", ColorMap::Inferno).unwrap();
            let (width, height) = canvas.size();
            assert!((100..1300).contains(&width) && (80..1300).contains(&height), "{shape:?}: {width} by {height}");
        }
    }

    #[test]
    fn odd_values_are_drawn() {
        for value in [f64::NAN, f64::INFINITY, f64::MAX, -f64::MAX, 0.0, 5e-324] {
            draw(&array(&[3, 3], |place| if place == 4 { value } else { -value / 2.0 }), "", ColorMap::Viridis)
                .unwrap();
            draw(&array(&[5], |place| if place == 2 { value } else { -value / 2.0 }), "", ColorMap::Viridis).unwrap();
        }
    }

    #[test]
    fn what_has_no_picture_is_refused() {
        let error = draw(&array(&[2, 2, 2], |_| 0.0), "", ColorMap::Viridis).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("(2,2,2)"), "{error}");
        assert!(draw(&array(&[0, 4], |_| 0.0), "", ColorMap::Viridis).is_err());
        assert!(draw(&array(&[], |_| 0.0), "", ColorMap::Viridis).is_err());
    }

    #[test]
    fn integers_and_bools_are_drawn_too_and_the_file_is_a_png() {
        let folder = std::env::temp_dir().join(format!("numbra-picture-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("bools.png");
        let bools = HostArray::from_slice(&[2, 2], &[true, false, false, true]).unwrap();
        plot(&path, &bools, "bools", ColorMap::Viridis).unwrap();
        let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap()));
        assert!(decoder.read_info().unwrap().info().width > 400);
        std::fs::remove_dir_all(&folder).unwrap();
        let error = plot(&path, &bools, "", ColorMap::Viridis).unwrap_err();
        assert!(error.to_string().starts_with("cannot write the picture"), "{error}");
    }

    #[test]
    fn labels_are_short() {
        let texts: Vec<String> = [0.0, -0.0, 1.0, -2.5, 0.125, 1234.56, 1e9, 1e-7, -0.0001].map(short).to_vec();
        assert_eq!(texts, ["0", "0", "1", "-2.5", "0.125", "1234.6", "1.00e9", "1.00e-7", "-1.00e-4"]);
    }
}
