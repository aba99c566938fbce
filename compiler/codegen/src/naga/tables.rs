//! Constant tables, in one read-only storage buffer of 32-bit words.
//!
//! One after the other in the order in which the kernel first reads them, without gaps: entries of 64 bits take two
//! words, the low half first, everything else takes one (bool: 0 or 1; floats: their bits). The artefact's manifest
//! carries the words. As arrays with an initializer in the code they would cost drivers a second for 250 entries and
//! minutes for 2,000; and what is read from a buffer no driver folds, be it 0, NaN or infinite.

use super::lower::{Handled, Lowering, broken, literal};
use super::parameters::words_of;
use crate::Result;
use naga::{BinaryOperator, Block, Expression as NagaExpression, Literal, ScalarKind};
use numbra_front::ir::{Expression, Function, Statement, Table, TableId, Value};
use numbra_front::types::{Constant, ScalarType};

/// Where a table that the kernel reads begins.
pub(super) struct Placed {
    table: TableId,
    scalar: ScalarType,
    length: u32,
    /// In words.
    begin: u32,
}

/// The tables that `kernel` reads, and the words of the buffer that holds them: none if it reads none.
pub(super) fn place(tables: &[Table], kernel: &Function) -> Result<(Vec<Placed>, Vec<u32>)> {
    let (mut used, mut placed, mut words) = (Vec::new(), Vec::new(), Vec::new());
    kernel.body.walk(&mut |statement| {
        if let Statement::Let { expression: Expression::TableEntry { table, .. }, .. } = statement
            && !used.contains(table)
        {
            used.push(*table);
        }
    });
    for id in used {
        let table = tables.get(id.index()).ok_or_else(|| broken("an unknown table"))?;
        if table.entries.is_empty() {
            return Err(broken(format!("the table '{}' is empty", table.name)));
        }
        let counted = |count: usize| {
            i32::try_from(count)
                .map_err(|_| broken("tables of more words than 32 bits count"))
                .map(|count| count as u32)
        };
        let begin = counted(words.len())?;
        let wide = words_of(table.scalar) == 2;
        for &entry in &table.entries {
            words.push(entry as u32);
            words.extend(wide.then_some((entry >> 32) as u32));
        }
        counted(words.len())?;
        placed.push(Placed { table: id, scalar: table.scalar, length: table.entries.len() as u32, begin });
    }
    Ok((placed, words))
}

impl Lowering<'_> {
    /// The entry of a table: at an index out of range the nearest one.
    pub(super) fn table_entry(&mut self, block: &mut Block, table: TableId, index: Value) -> Result<Handled> {
        let placed = self.tables.iter().find(|placed| placed.table == table);
        let &Placed { scalar, length, begin, .. } = placed.ok_or_else(|| broken("a table without a place"))?;
        let ty = self.type_of(index);
        let index = self.value(index)?;
        let mut index = self.at_run_time(block, index);
        // Decided in the index's own type.
        let last = literal(Constant::integer(ty, i128::from(length - 1)))?;
        let last = self.literal(last);
        let above = self.binary(block, BinaryOperator::Greater, index, last);
        index = self.emit(block, NagaExpression::Select { condition: above, accept: last, reject: index });
        if ty.is_signed() {
            let zero = literal(Constant::zero(ty))?;
            let zero = self.literal(zero);
            let below = self.binary(block, BinaryOperator::Less, index, zero);
            index = self.emit(block, NagaExpression::Select { condition: below, accept: zero, reject: index });
        }
        let index = self.cast(block, index, ScalarKind::Uint, Some(4));
        let wide = words_of(scalar) == 2;
        let place = if wide {
            let two = self.literal(Literal::U32(2));
            self.binary(block, BinaryOperator::Multiply, index, two)
        } else {
            index
        };
        let low = self.table_word(block, place, begin)?;
        let whole = if wide {
            let high = self.table_word(block, place, begin + 1)?;
            self.joined(block, low, high)
        } else {
            low
        };
        Ok(match scalar {
            ScalarType::U32 | ScalarType::U64 => whole,
            ScalarType::Bool => self.is_set(block, whole),
            _ => self.reinterpreted(block, whole, scalar)?,
        })
    }

    fn table_word(&mut self, block: &mut Block, place: Handled, begin: u32) -> Result<Handled> {
        let base = self.table_words.ok_or_else(|| broken("a kernel without its tables"))?;
        let index = if begin == 0 {
            place
        } else {
            let begin = self.literal(Literal::U32(begin));
            self.binary(block, BinaryOperator::Add, place, begin)
        };
        let pointer = self.emit(block, NagaExpression::Access { base, index });
        Ok(self.emit(block, NagaExpression::Load { pointer }))
    }
}
