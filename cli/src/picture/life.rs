//! Generations of the Game of Life as an animated GIF.

use super::PictureError;
use gif::{Encoder, Frame, Repeat};
use numbra_front::types::ScalarType;
use numbra_runtime::array::HostArray;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Hundredths of a second that a generation stays.
const DELAY: u16 = 12;
/// Dead, alive, the lines between cells.
const PALETTE: [u8; 9] = [0xf7, 0xf7, 0xf2, 0x44, 0x01, 0x54, 0xdd, 0xdd, 0xd4];
const ALIVE: u8 = 1;
const LINE: u8 = 2;

/// Writes one frame per generation. Each is an array of the same two extents, whose cells live where they are not 0.
pub fn write_life(path: &Path, generations: &[HostArray]) -> Result<(), PictureError> {
    let [rows, columns] = *generations.first().ok_or(PictureError::Frames)?.shape() else {
        return Err(PictureError::Frames);
    };
    if generations.iter().any(|generation| generation.shape() != [rows, columns]) {
        return Err(PictureError::Frames);
    }
    // Cells of many pixels with lines between them where there are few, one pixel where there are many.
    let cell = (420 / rows.max(columns).max(1)).clamp(1, 16);
    let line = usize::from(cell >= 6);
    let size = |cells: usize| u16::try_from(cells * cell + line).ok().filter(|_| cells > 0).ok_or(PictureError::Frames);
    let (width, height) = (size(columns)?, size(rows)?);

    let alive: Result<Vec<HostArray>, _> =
        generations.iter().map(|generation| generation.view().cast(ScalarType::Bool)).collect();
    let alive = alive?;
    let write = || -> Result<(), gif::EncodingError> {
        let mut file = BufWriter::new(File::create(path)?);
        let mut encoder = Encoder::new(&mut file, width, height, &PALETTE)?;
        encoder.set_repeat(Repeat::Infinite)?;
        for generation in &alive {
            let cells = generation.bytes();
            let mut pixels = vec![LINE; usize::from(width) * usize::from(height)];
            for (place, pixel) in pixels.iter_mut().enumerate() {
                let (down, across) = (place / usize::from(width), place % usize::from(width));
                if line == 0 || (down % cell > 0 && across % cell > 0) {
                    *pixel = if cells[down / cell * columns + across / cell] != 0 { ALIVE } else { 0 };
                }
            }
            let mut frame = Frame::from_indexed_pixels(width, height, pixels, None);
            frame.delay = DELAY;
            encoder.write_frame(&frame)?;
        }
        drop(encoder);
        Ok(file.flush()?)
    };
    write().map_err(|error| PictureError::Write { path: path.to_path_buf(), error: error.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_every_generation() {
        let folder = std::env::temp_dir().join(format!("numbra-life-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("life.gif");
        let blinker = |upright: bool| {
            let cells: Vec<i64> = (0..25)
                .map(|place| {
                    i64::from(if upright {
                        place % 5 == 2 && place != 2 && place != 22
                    } else {
                        (11..14).contains(&place)
                    })
                })
                .collect();
            HostArray::from_slice(&[5, 5], &cells).unwrap()
        };
        write_life(&path, &[blinker(false), blinker(true), blinker(false)]).unwrap();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::Indexed);
        let mut decoder = options.read_info(File::open(&path).unwrap()).unwrap();
        let width = usize::from(decoder.width());
        assert_eq!(width, 5 * 16 + 1);
        let (mut frames, middle_of_cell_12, middle_of_cell_7) = (Vec::new(), 40 * width + 40, 24 * width + 40);
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            assert_eq!(frame.buffer[0], LINE);
            frames.push((frame.buffer[middle_of_cell_12], frame.buffer[middle_of_cell_7]));
        }
        assert_eq!(frames, [(ALIVE, 0), (ALIVE, ALIVE), (ALIVE, 0)]);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn frames_must_fit() {
        let path = Path::new("unused.gif");
        let frame = |shape: &[usize]| HostArray::zeros(ScalarType::U8, shape).unwrap();
        assert!(matches!(write_life(path, &[]), Err(PictureError::Frames)));
        assert!(matches!(write_life(path, &[frame(&[3])]), Err(PictureError::Frames)));
        assert!(matches!(write_life(path, &[frame(&[3, 3]), frame(&[3, 4])]), Err(PictureError::Frames)));
        assert!(matches!(write_life(path, &[frame(&[0, 4])]), Err(PictureError::Frames)));
        assert!(matches!(write_life(path, &[frame(&[1, 70000])]), Err(PictureError::Frames)));
    }
}
