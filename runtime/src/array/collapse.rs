//! Fewer axes for elementwise launches.

use super::row_major_strides;

/// What [`collapse`] returns: the shape of the launch, and for each operand its strides in elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collapsed {
    pub shape: Vec<usize>,
    pub strides: Vec<Vec<isize>>,
}

/// Describes the same elements of all operands with as few axes as possible, the fastest one last.
///
/// `strides` has one entry per operand, in elements, 0 along broadcast axes, each as long as `shape`. Elements that
/// belong together still do, but the order in which they are visited may differ: for elementwise kernels alone.
/// Axes of extent 1 go; axes are exchanged where no operand prefers the given order (so operands that are all in
/// Fortran order become contiguous); neighbours are merged where every operand steps over them evenly. Contiguous
/// operands end with one axis, scalars with none; an empty launch is one axis of extent 0.
pub fn collapse(shape: &[usize], strides: &[&[isize]]) -> Collapsed {
    if shape.contains(&0) {
        return Collapsed { shape: vec![0], strides: vec![vec![0]; strides.len()] };
    }
    let axes = memory_order(shape, strides);
    let mut result = Collapsed { shape: Vec::new(), strides: vec![Vec::new(); strides.len()] };
    for axis in axes {
        let extent = shape[axis];
        let merges = strides.iter().zip(&result.strides).all(|(operand, outer)| {
            outer.last().is_some_and(|outer| operand[axis].checked_mul(extent as isize) == Some(*outer))
        });
        match result.shape.last_mut() {
            // Without operands the extents alone are left, and nothing is in the way of merging.
            Some(outer) if merges && outer.checked_mul(extent).is_some() => {
                *outer *= extent;
                for (operand, merged) in strides.iter().zip(&mut result.strides) {
                    merged.pop();
                    merged.push(operand[axis]);
                }
            }
            _ => {
                result.shape.push(extent);
                for (operand, merged) in strides.iter().zip(&mut result.strides) {
                    merged.push(operand[axis]);
                }
            }
        }
    }
    result
}

/// The strides of an array without gaps whose axes lie in memory in the order in which the operands' do: what NumPy
/// calls the order 'K'. `strides` as for [`collapse`].
pub fn like(shape: &[usize], strides: &[&[isize]]) -> Vec<isize> {
    let mut result = row_major_strides(shape);
    let mut step = 1;
    for &axis in memory_order(shape, strides).iter().rev() {
        result[axis] = step;
        // A shape that has too many elements is refused where its memory is asked for.
        step = step.saturating_mul(shape[axis].max(1) as isize);
    }
    result
}

/// The axes whose extent is not 1, the fastest one last.
fn memory_order(shape: &[usize], strides: &[&[isize]]) -> Vec<usize> {
    let mut axes: Vec<usize> = (0..shape.len()).filter(|axis| shape[*axis] != 1).collect();
    // Insertion sort: "goes inside" is not transitive where operands disagree, and then any order will do.
    for end in 1..axes.len() {
        let mut place = end;
        while place > 0 && belongs_inside(axes[place - 1], axes[place], strides) {
            axes.swap(place - 1, place);
            place -= 1;
        }
    }
    axes
}

/// Whether `outer` is the faster axis for at least one operand and the slower one for none. Broadcast axes (stride 0)
/// have no opinion, as in NumPy's iterator.
fn belongs_inside(outer: usize, inner: usize, strides: &[&[isize]]) -> bool {
    let mut wanted = false;
    for operand in strides {
        let (outer, inner) = (operand[outer].unsigned_abs(), operand[inner].unsigned_abs());
        if outer != 0 && inner != 0 {
            if outer >= inner {
                return false;
            }
            wanted = true;
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn check(shape: &[usize], strides: &[&[isize]], expected_shape: &[usize], expected_strides: &[&[isize]]) {
        let collapsed = collapse(shape, strides);
        assert_eq!(collapsed.shape, expected_shape);
        assert_eq!(collapsed.strides, expected_strides);
    }

    #[test]
    fn contiguous_operands_have_one_axis() {
        check(&[4, 5, 6], &[&[30, 6, 1], &[30, 6, 1]], &[120], &[&[1], &[1]]);
        check(&[4, 5], &[&[1, 4], &[1, 4]], &[20], &[&[1], &[1]]);
        check(&[4, 5], &[&[5, 1], &[0, 0]], &[20], &[&[1], &[0]]);
        check(&[1, 5, 1], &[&[77, 1, 3]], &[5], &[&[1]]);
    }

    #[test]
    fn results_lie_as_their_operands_do() {
        assert_eq!(like(&[4, 5], &[&[5, 1]]), [5, 1]);
        assert_eq!(like(&[4, 5], &[&[1, 4], &[0, 0]]), [1, 4]);
        assert_eq!(like(&[4, 5], &[&[1, 4], &[5, 1]]), [5, 1]);
        assert_eq!(like(&[2, 3, 4], &[&[1, 8, 2]]), [1, 8, 2]);
        assert_eq!(like(&[2, 3, 4], &[&[1, 100, 7]]), [1, 8, 2]);
        assert_eq!(like(&[4, 1, 5], &[&[-5, 9, -1]]), [5, 5, 1]);
        assert_eq!(like(&[], &[]), [0; 0]);
        assert_eq!(like(&[3, 0], &[&[1, 3]]), [1, 3]);
    }

    #[test]
    fn what_cannot_be_merged_stays() {
        // A row and a column stretched against each other.
        check(&[4, 5], &[&[5, 1], &[0, 1], &[1, 0]], &[4, 5], &[&[5, 1], &[0, 1], &[1, 0]]);
        // C against Fortran order: the given order.
        check(&[4, 5], &[&[5, 1], &[1, 4]], &[4, 5], &[&[5, 1], &[1, 4]]);
        // Every second column.
        check(&[4, 5], &[&[10, 2]], &[20], &[&[2]]);
        check(&[4, 5], &[&[20, 2]], &[4, 5], &[&[20, 2]]);
    }

    #[test]
    fn scalars_and_empty_launches() {
        check(&[], &[&[], &[]], &[], &[&[], &[]]);
        check(&[1, 1], &[&[0, 0]], &[], &[&[]]);
        check(&[3, 0, 2], &[&[0, 2, 1]], &[0], &[&[0]]);
        check(&[3, 4], &[], &[12], &[]);
    }

    /// How often each tuple of offsets, one per operand, is visited.
    fn visits(shape: &[usize], strides: &[Vec<isize>]) -> BTreeMap<Vec<isize>, usize> {
        let mut counts = BTreeMap::new();
        let total: usize = shape.iter().product();
        for mut linear in 0..total {
            let mut offsets = vec![0; strides.len()];
            for axis in (0..shape.len()).rev() {
                let index = (linear % shape[axis]) as isize;
                linear /= shape[axis];
                for (offset, operand) in offsets.iter_mut().zip(strides) {
                    *offset += index * operand[axis];
                }
            }
            *counts.entry(offsets).or_default() += 1;
        }
        counts
    }

    proptest! {
        #[test]
        fn the_same_elements_meet(
            shape in prop::collection::vec(0_usize..5, 0..5),
            seeds in prop::collection::vec(prop::collection::vec((0_usize..6, -7_isize..8), 5), 0..4),
        ) {
            // Each operand: C order, Fortran order, or whatever; some axes broadcast.
            let strides: Vec<Vec<isize>> = seeds.iter().map(|seed| {
                let mut strides = super::super::row_major_strides(&shape);
                if seed[0].1 < 0 {
                    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
                    strides = super::super::row_major_strides(&reversed);
                    strides.reverse();
                }
                for (stride, (kind, value)) in strides.iter_mut().zip(seed) {
                    match kind { 0 => *stride = 0, 1 => *stride = *value, 2 => *stride = -*stride, _ => {} }
                }
                strides
            }).collect();
            let borrowed: Vec<&[isize]> = strides.iter().map(Vec::as_slice).collect();
            let collapsed = collapse(&shape, &borrowed);
            prop_assert!(collapsed.shape.len() <= shape.len().max(1));
            prop_assert_eq!(visits(&shape, &strides), visits(&collapsed.shape, &collapsed.strides));
        }
    }
}
