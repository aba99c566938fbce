//! Which of the signatures of a function takes the arguments of a call: Numba's rules.

use numbra_front::ir::Access;
use numbra_front::ir::{ArrayType, Stride};
use numbra_front::types::ScalarType;
use numbra_front::typing::ItemType;

/// What converting the arguments loses, the worst first: how many unsafe, safe and widening conversions. Less is better.
type Cost = [usize; 3];

/// One of several signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    This(usize),
    Nothing,
    /// These are as good as each other.
    Ambiguous(Vec<usize>),
}

/// Chooses among signatures, given as the types of their arguments.
pub fn choose<'a>(signatures: impl Iterator<Item = &'a [ItemType]>, arguments: &[ItemType]) -> Choice {
    let mut best: Option<(Cost, Vec<usize>)> = None;
    let signatures: Vec<&[ItemType]> = signatures.collect();
    for (number, signature) in signatures.iter().enumerate() {
        if signatures[..number].contains(signature) {
            continue;
        }
        let Some(cost) = cost_of(signature, arguments) else { continue };
        match &mut best {
            Some((least, those)) if *least == cost => those.push(number),
            Some((least, _)) if *least < cost => {}
            _ => best = Some((cost, vec![number])),
        }
    }
    match best {
        None => Choice::Nothing,
        Some((_, those)) => match those.as_slice() {
            [this] => Choice::This(*this),
            _ => Choice::Ambiguous(those),
        },
    }
}

fn cost_of(signature: &[ItemType], arguments: &[ItemType]) -> Option<Cost> {
    if signature.len() != arguments.len() {
        return None;
    }
    let mut cost = [0; 3];
    for (to, from) in signature.iter().zip(arguments) {
        add(&mut cost, from, to)?;
    }
    Some(cost)
}

/// `None`: there is no conversion.
fn add(cost: &mut Cost, from: &ItemType, to: &ItemType) -> Option<()> {
    match (from, to) {
        _ if from == to => {}
        (ItemType::Scalar(from), ItemType::Scalar(to)) => cost[conversion(*from, *to) as usize] += 1,
        (ItemType::Complex(from), ItemType::Complex(to)) => cost[conversion(*from, *to) as usize] += 1,
        (ItemType::Scalar(from), ItemType::Complex(to)) => {
            let widens = *from == *to || !matches!(conversion(*from, *to), Conversion::Unsafe);
            cost[if widens { Conversion::Safe } else { Conversion::Unsafe } as usize] += 1;
        }
        (ItemType::Array(from), ItemType::Array(to)) if fits(from, to) => cost[Conversion::Safe as usize] += 1,
        (ItemType::Tuple(from) | ItemType::Named(_, from), ItemType::Tuple(to)) if from.len() == to.len() => {
            from.iter().zip(to).try_for_each(|(from, to)| add(cost, from, to))?;
        }
        (ItemType::Named(class, from), ItemType::Named(other, to)) if class == other => {
            from.iter().zip(to).try_for_each(|(from, to)| add(cost, from, to))?;
        }
        (ItemType::None, ItemType::Optional(_)) => cost[Conversion::Widening as usize] += 1,
        (from, ItemType::Optional(to)) => {
            add(cost, from, to)?;
            cost[Conversion::Widening as usize] += 1;
        }
        _ => return None,
    }
    Some(())
}

/// Arrays keep their dtype; an order is forgotten, but not made, and so is that an array can be written.
fn fits(from: &ArrayType, to: &ArrayType) -> bool {
    let strides = from.strides == to.strides || to.strides.iter().all(|stride| *stride == Stride::Any);
    let access = from.access == to.access || to.access == Access::Read;
    from.scalar == to.scalar && from.strides.len() == to.strides.len() && strides && access
}

#[derive(Clone, Copy)]
enum Conversion {
    Unsafe,
    Safe,
    Widening,
}

/// Of two types that differ.
fn conversion(from: ScalarType, to: ScalarType) -> Conversion {
    let same_kind = from.is_float() == to.is_float() && from.is_signed() == to.is_signed();
    match () {
        _ if from == ScalarType::Bool && to != ScalarType::Bool => Conversion::Safe,
        _ if to == ScalarType::Bool => Conversion::Unsafe,
        _ if same_kind && from.bits() < to.bits() => Conversion::Widening,
        _ if from.is_unsigned() && to.is_signed() && from.bits() < to.bits() => Conversion::Safe,
        // Numba prefers float64 to int64 for int64, as NumPy does.
        _ if from.is_signed() && to == ScalarType::F64 => Conversion::Safe,
        _ if from.is_integer() && to.is_float() && from.bits() < to.bits() => Conversion::Safe,
        _ => Conversion::Unsafe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScalarType::*;

    fn scalars(types: &[ScalarType]) -> Vec<ItemType> {
        types.iter().map(|&scalar| ItemType::Scalar(scalar)).collect()
    }

    fn chosen(signatures: &[&[ScalarType]], arguments: &[ScalarType]) -> Choice {
        let signatures: Vec<Vec<ItemType>> = signatures.iter().map(|types| scalars(types)).collect();
        choose(signatures.iter().map(Vec::as_slice), &scalars(arguments))
    }

    #[test]
    fn the_least_conversion_is_chosen() {
        assert_eq!(chosen(&[&[I64], &[F64]], &[F64]), Choice::This(1));
        assert_eq!(chosen(&[&[F64], &[I64]], &[I32]), Choice::This(1));
        assert_eq!(chosen(&[&[I64]], &[F64]), Choice::This(0));
        assert_eq!(chosen(&[&[I32], &[F64]], &[I64]), Choice::This(1));
        assert_eq!(chosen(&[&[F32], &[F64]], &[I64]), Choice::This(1));
        assert_eq!(chosen(&[&[I64, F64], &[F64, I64]], &[I64, I64]), Choice::Ambiguous(vec![0, 1]));
        assert_eq!(chosen(&[&[I64, F64], &[F64, I64], &[F64, F64]], &[F64, F64]), Choice::This(2));
        assert_eq!(chosen(&[&[I64]], &[I64, I64]), Choice::Nothing);
        // Given twice it is one.
        assert_eq!(chosen(&[&[I64], &[I64]], &[F64]), Choice::This(0));
    }

    #[test]
    fn arrays_keep_their_dtype_and_lose_their_order() {
        let array = |scalar, access, strides| ItemType::Array(ArrayType { scalar, access, strides });
        let any = array(F64, Access::ReadWrite, vec![Stride::Any]);
        let c = array(F64, Access::ReadWrite, ArrayType::c_order(1));
        let read = array(F64, Access::Read, ArrayType::c_order(1));
        let of = |signature: &ItemType, argument: &ItemType| {
            choose([std::slice::from_ref(signature)].into_iter(), std::slice::from_ref(argument))
        };
        assert_eq!(of(&any, &c), Choice::This(0));
        assert_eq!(of(&c, &any), Choice::Nothing);
        assert_eq!(of(&read, &c), Choice::This(0));
        assert_eq!(of(&c, &read), Choice::Nothing);
        assert_eq!(of(&array(F32, Access::ReadWrite, ArrayType::c_order(1)), &c), Choice::Nothing);
        let optional = ItemType::Optional(Box::new(ItemType::Scalar(F64)));
        assert_eq!(of(&optional, &ItemType::None), Choice::This(0));
        assert_eq!(of(&optional, &ItemType::Scalar(I64)), Choice::This(0));
        assert_eq!(of(&ItemType::Scalar(F64), &ItemType::None), Choice::Nothing);
    }
}
