//! The picture that the heat demo starts from.

use super::font;

/// Temperatures of the letters and discs, and of the plate around them.
pub const HOT: f32 = 100.0;
pub const COLD: f32 = 0.0;

const WORD: &str = "NUMBRA";

/// Discs: (row, column, radius) as parts of the side, and their temperature.
const DISCS: [(f32, f32, f32, f32); 6] = [
    (0.20, 0.16, 0.070, HOT),
    (0.17, 0.50, 0.045, 60.0),
    (0.22, 0.82, 0.090, 80.0),
    (0.80, 0.22, 0.100, 70.0),
    (0.84, 0.58, 0.055, HOT),
    (0.77, 0.85, 0.060, 50.0),
];

/// A square plate of `side` by `side` temperatures in C order: the word NUMBRA and some discs, hot on cold.
/// The edge is cold.
pub fn draw_initial_heat(side: usize) -> Vec<f32> {
    let mut plate = vec![COLD; side * side];
    let unit = side as f32;
    for (row, column, radius, temperature) in DISCS {
        let (row, column, radius) = (row * unit, column * unit, radius * unit);
        for (place, value) in plate.iter_mut().enumerate() {
            let (down, across) = ((place / side) as f32 + 0.5 - row, (place % side) as f32 + 0.5 - column);
            if down * down + across * across <= radius * radius {
                *value = temperature;
            }
        }
    }

    // The word takes 84 % of the side, across the middle.
    let dots = WORD.len() * (font::WIDTH + 1) - 1;
    let dot = unit * 0.84 / dots as f32;
    let (top, left) = ((unit - dot * font::HEIGHT as f32) / 2.0, unit * 0.08);
    for (place, value) in plate.iter_mut().enumerate() {
        let down = ((place / side) as f32 + 0.5 - top) / dot;
        let across = ((place % side) as f32 + 0.5 - left) / dot;
        if down < 0.0 || across < 0.0 || down >= font::HEIGHT as f32 {
            continue;
        }
        let (letter, column) = (across as usize / (font::WIDTH + 1), across as usize % (font::WIDTH + 1));
        if let Some(letter) = WORD.chars().nth(letter)
            && column < font::WIDTH
            && font::dot(letter, down as usize, column)
        {
            *value = HOT;
        }
    }
    plate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_shows_the_same_picture() {
        // The share of hot elements hardly depends on the size.
        let share = |side: usize| {
            let plate = draw_initial_heat(side);
            plate.iter().filter(|value| **value > COLD).count() as f32 / plate.len() as f32
        };
        let expected = share(1024);
        assert!((0.12..0.35).contains(&expected), "{expected}");
        for side in [64, 128, 300] {
            assert!((share(side) - expected).abs() < 0.02, "{side}: {} against {expected}", share(side));
        }
    }

    #[test]
    fn the_edge_is_cold_and_small_plates_are_possible() {
        let side = 128;
        let plate = draw_initial_heat(side);
        for step in 0..side {
            for place in [step, step * side, step * side + side - 1, (side - 1) * side + step] {
                assert_eq!(plate[place], COLD);
            }
        }
        assert_eq!(draw_initial_heat(0).len(), 0);
        assert_eq!(draw_initial_heat(1).len(), 1);
    }
}
