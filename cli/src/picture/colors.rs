//! From numbers to colours.

/// Red, green, blue of the sRGB colour space.
pub type Color = [u8; 3];

pub const WHITE: Color = [255, 255, 255];
pub const BLACK: Color = [0, 0, 0];
/// For NaN.
pub const GRAY: Color = [160, 160, 160];

/// Colours of even perceived steps, from dark to light: they stay in order in print and for colour-blind readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorMap {
    /// Blue, green, yellow.
    Viridis,
    /// Black, red, yellow: for heat.
    Inferno,
}

impl ColorMap {
    /// The colour at `position` between 0 and 1, linear between anchors.
    pub fn at(self, position: f64) -> Color {
        let anchors = match self {
            ColorMap::Viridis => &VIRIDIS,
            ColorMap::Inferno => &INFERNO,
        };
        let scaled = position.clamp(0.0, 1.0) * (anchors.len() - 1) as f64;
        let left = (scaled as usize).min(anchors.len() - 2);
        let weight = scaled - left as f64;
        std::array::from_fn(|channel| {
            let (from, to) = (f64::from(anchors[left][channel]), f64::from(anchors[left + 1][channel]));
            (from + (to - from) * weight).round() as u8
        })
    }
}

/// Ten even steps of the maps of these names by Nathaniel Smith and Stéfan van der Walt (CC0).
const VIRIDIS: [Color; 10] = [
    [0x44, 0x01, 0x54],
    [0x48, 0x28, 0x78],
    [0x3e, 0x49, 0x89],
    [0x31, 0x68, 0x8e],
    [0x26, 0x82, 0x8e],
    [0x1f, 0x9e, 0x89],
    [0x35, 0xb7, 0x79],
    [0x6e, 0xce, 0x58],
    [0xb5, 0xde, 0x2b],
    [0xfd, 0xe7, 0x25],
];

const INFERNO: [Color; 10] = [
    [0x00, 0x00, 0x04],
    [0x1b, 0x0c, 0x41],
    [0x4a, 0x0c, 0x6b],
    [0x78, 0x1c, 0x6d],
    [0xa5, 0x2c, 0x60],
    [0xcf, 0x44, 0x46],
    [0xed, 0x69, 0x25],
    [0xfb, 0x9b, 0x06],
    [0xf7, 0xd1, 0x3d],
    [0xfc, 0xff, 0xa4],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_rises_all_the_way() {
        for map in [ColorMap::Viridis, ColorMap::Inferno] {
            let brightness = |step: usize| {
                let [red, green, blue] = map.at(step as f64 / 64.0).map(f64::from);
                0.299 * red + 0.587 * green + 0.114 * blue
            };
            for step in 0..64 {
                assert!(brightness(step) < brightness(step + 1), "{map:?} {step}");
            }
        }
        assert_eq!(ColorMap::Viridis.at(-3.0), VIRIDIS[0]);
        assert_eq!(ColorMap::Viridis.at(7.0), VIRIDIS[9]);
    }
}
