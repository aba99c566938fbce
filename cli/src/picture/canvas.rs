//! A picture in memory: rectangles, text, and the file.

use super::PictureError;
use super::colors::{Color, WHITE};
use super::font;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Pixels in rows from the top, white at first.
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Color>,
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, height, pixels: vec![WHITE; width * height] }
    }

    /// Fills a rectangle, as far as it is inside.
    pub fn fill(&mut self, left: usize, top: usize, width: usize, height: usize, color: Color) {
        let right = (left + width).min(self.width);
        for row in top..(top + height).min(self.height) {
            if left < right {
                self.pixels[row * self.width + left..row * self.width + right].fill(color);
            }
        }
    }

    /// Writes a line of text with dots of `size` pixels, its upper left corner given.
    pub fn text(&mut self, left: usize, top: usize, size: usize, text: &str, color: Color) {
        for (number, letter) in text.chars().enumerate() {
            let left = left + number * (font::WIDTH + 1) * size;
            for row in 0..font::HEIGHT {
                for column in (0..font::WIDTH).filter(|column| font::dot(letter, row, *column)) {
                    self.fill(left + column * size, top + row * size, size, size, color);
                }
            }
        }
    }

    /// Pixels that a text takes across.
    pub fn text_width(size: usize, text: &str) -> usize {
        text.chars().count() * (font::WIDTH + 1) * size
    }

    pub fn write_png(&self, path: &Path) -> Result<(), PictureError> {
        let write = || -> Result<(), png::EncodingError> {
            let mut file = BufWriter::new(File::create(path)?);
            let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
            encoder.set_color(png::ColorType::Rgb);
            encoder.set_depth(png::BitDepth::Eight);
            let mut writer = encoder.write_header()?;
            writer.write_image_data(self.pixels.as_flattened())?;
            writer.finish()?;
            Ok(file.flush()?)
        };
        write().map_err(|error| PictureError::Write { path: path.to_path_buf(), error: error.into() })
    }

    #[cfg(test)]
    pub fn pixel(&self, row: usize, column: usize) -> Color {
        self.pixels[row * self.width + column]
    }

    #[cfg(test)]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }
}
