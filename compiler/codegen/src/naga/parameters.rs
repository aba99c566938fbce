//! The scalar parameters of a kernel as one block of 32-bit words.
//!
//! In the kernel's order, without gaps: 64-bit types take two words, the low half first; everything else takes one
//! (bool: 0 or 1; index: 32 bits). Behind them is a word that is 0 (see [`super::zero`]). The block is a uniform
//! buffer, read as vectors of four words.

use numbra_front::types::{Constant, ScalarType};

/// How many words a parameter takes.
pub fn words_of(scalar: ScalarType) -> usize {
    match scalar {
        ScalarType::I64 | ScalarType::U64 | ScalarType::F64 => 2,
        _ => 1,
    }
}

/// Bytes of the block for parameters of these types: whole vectors.
pub fn block_bytes(scalars: impl Iterator<Item = ScalarType>) -> usize {
    (scalars.map(words_of).sum::<usize>() + 1).div_ceil(4) * 16
}

/// The block's words for these values, which are of the parameters' types in the kernel's order.
pub fn pack(values: &[Constant]) -> Vec<u32> {
    let mut words = Vec::with_capacity(block_bytes(values.iter().map(|value| value.scalar)) / 4);
    for value in values {
        words.push(value.bits as u32);
        if words_of(value.scalar) == 2 {
            words.push((value.bits >> 32) as u32);
        }
    }
    words.resize((words.len() + 1).div_ceil(4) * 4, 0);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_the_order_of_the_parameters() {
        let values = [
            Constant::index(-2),
            Constant::f64(1.0),
            Constant::bool(true),
            Constant::f32(2.0),
            Constant::integer(ScalarType::I64, -1),
        ];
        let words = pack(&values);
        assert_eq!(words, [0xffff_fffe, 0, 0x3ff0_0000, 1, 0x4000_0000, 0xffff_ffff, 0xffff_ffff, 0]);
        assert_eq!(pack(&values[..3]), [0xffff_fffe, 0, 0x3ff0_0000, 1, 0, 0, 0, 0]);
        assert_eq!(words.len() * 4, block_bytes(values.iter().map(|value| value.scalar)));
        assert_eq!(pack(&[]).len(), 4);
    }
}
