//! Arrays: names, views of them, fresh ones.

use super::generator::{ArrayKind, Generator, Gives, Kind};
use crate::fuzz::tree::Expression;
use numbra::front::types::ScalarType::F64;

/// How seldom names are read that may be unassigned.
const RISK: usize = 40;

/// A pattern with its operands.
type Text = (String, Vec<Expression>);

impl Generator {
    pub fn names_of(&mut self, wanted: impl Fn(Kind) -> bool) -> Vec<String> {
        let risk = self.random.once_in(RISK);
        let found = self.variables.iter().filter(|variable| wanted(variable.kind) && (risk || !variable.maybe));
        found.map(|variable| variable.name.clone()).collect()
    }

    pub fn some_array(&mut self, wanted: impl Fn(ArrayKind) -> bool) -> Option<(String, ArrayKind)> {
        let risk = self.random.once_in(RISK);
        let found: Vec<(String, ArrayKind)> = self
            .variables
            .iter()
            .filter_map(|variable| match variable.kind {
                Kind::Array(kind) if wanted(kind) && (risk || !variable.maybe) => Some((variable.name.clone(), kind)),
                _ => None,
            })
            .collect();
        if found.is_empty() { None } else { Some(self.random.pick(&found).clone()) }
    }

    /// An array of that kind.
    pub fn array(&mut self, kind: ArrayKind, depth: usize) -> Text {
        for _ in 0..6 {
            let found = match self.random.below(6) {
                0 => self.some_array(|other| other == kind).map(|(name, _)| (name, Vec::new())),
                1..=3 => self.view_of_kind(kind, depth),
                4 => self.array_call(kind),
                _ if depth > 0 => {
                    let ((left, mut operands), condition) = (self.array(kind, 0), self.condition(1));
                    let (right, more) = self.array(kind, 0);
                    operands.push(condition);
                    operands.extend(more);
                    Some((format!("({left} if {{}} else {right})"), operands))
                }
                _ => None,
            };
            if let Some(found) = found {
                return found;
            }
        }
        if kind.readonly {
            let found = self.some_array(|other| other == kind);
            if let Some((name, _)) = found {
                return (name, Vec::new());
            }
        }
        self.allocation(kind, depth)
    }

    fn array_call(&mut self, kind: ArrayKind) -> Option<Text> {
        let mut tail = String::new();
        let (pattern, operands) = self.call_where(|gives| match gives {
            Gives::One(given) => *given == Kind::Array(kind),
            Gives::Tuple(kinds) => match kinds.iter().position(|given| *given == Kind::Array(kind)) {
                Some(place) => {
                    tail = format!("[{place}]");
                    true
                }
                None => false,
            },
            _ => false,
        })?;
        Some((pattern + &tail, operands))
    }

    fn view_of_kind(&mut self, kind: ArrayKind, depth: usize) -> Option<Text> {
        let base = self.some_array(|other| {
            other.scalar == kind.scalar && other.readonly == kind.readonly && other.rank + 1 >= kind.rank
        })?;
        let (pattern, operands, found) = self.view(&base.0, base.1, depth)?;
        (found == kind).then_some((pattern, operands))
    }

    /// A view of an array, or of a view of it.
    pub fn view(&mut self, name: &str, kind: ArrayKind, depth: usize) -> Option<(String, Vec<Expression>, ArrayKind)> {
        let (mut text, mut operands, mut kind) = (name.to_string(), Vec::new(), kind);
        for _ in 0..self.random.between(1, 2) {
            if self.random.once_in(6) {
                text += ".T";
                continue;
            }
            let (pattern, more, rank) = self.items(name, kind.rank, depth)?;
            text += &pattern;
            operands.extend(more);
            kind.rank = rank;
        }
        Some((text, operands, kind))
    }

    /// Brackets that leave a view, and its rank.
    pub fn items(&mut self, name: &str, rank: usize, depth: usize) -> Option<(String, Vec<Expression>, usize)> {
        let (mut items, mut operands, mut left) = (Vec::new(), Vec::new(), rank);
        let shown = self.random.between(1, rank as i64) as usize;
        let ellipsis = if self.random.once_in(6) { Some(self.random.below(shown + 1)) } else { None };
        for axis in 0..shown {
            if ellipsis == Some(axis) {
                items.push("...".to_string());
            }
            if left < 3 && self.random.once_in(9) {
                items.push((*self.random.pick(&["None", "np.newaxis"])).to_string());
                left += 1;
            }
            if left > 1 && self.random.once_in(3) {
                items.push("{}".into());
                operands.push(self.index(name, axis, depth));
                left -= 1;
                continue;
            }
            let bound = |generator: &mut Generator, operands: &mut Vec<Expression>| match generator.random.below(5) {
                0 | 1 => String::new(),
                2 | 3 => generator.random.between(-3, 4).to_string(),
                _ => {
                    operands.push(generator.int(depth.saturating_sub(1)));
                    "{}".into()
                }
            };
            let (from, to) = (bound(self, &mut operands), bound(self, &mut operands));
            let step = match self.random.below(6) {
                0 => ":-1".to_string(),
                1 => format!(":{}", self.random.pick(&[2, -2, 3, 1])),
                2 if self.random.once_in(3) => {
                    operands.push(self.int(depth.saturating_sub(1)));
                    ":{}".into()
                }
                _ => String::new(),
            };
            items.push(format!("{from}:{to}{step}"));
        }
        if ellipsis == Some(shown) {
            items.push("...".into());
        }
        (left > 0).then(|| (format!("[{}]", items.join(", ")), operands, left))
    }

    /// A new array.
    fn allocation(&mut self, kind: ArrayKind, depth: usize) -> Text {
        if let Some((name, _)) = self.some_array(|other| other.scalar == kind.scalar && other.rank == kind.rank)
            && self.random.once_in(3)
        {
            let text = match self.random.below(4) {
                0 => format!("np.zeros_like({name})"),
                1 => format!("np.ones_like({name})"),
                _ => format!("{name}.copy()"),
            };
            return (text, Vec::new());
        }
        let mut operands = Vec::new();
        let dimensions: Vec<String> = (0..kind.rank)
            .map(|_| match self.random.below(8) {
                0 => {
                    operands.push(self.int(depth.saturating_sub(1)));
                    "abs({}) % 4".to_string()
                }
                1 if self.random.once_in(3) => {
                    operands.push(self.int(depth.saturating_sub(1)));
                    "{} % 5 - 1".to_string()
                }
                2 => match self.some_array(|_| true) {
                    Some((name, _)) => format!("len({name})"),
                    None => "2".into(),
                },
                _ => self.random.between(0, 4).to_string(),
            })
            .collect();
        let shape = match dimensions.as_slice() {
            [one] if self.random.once_in(2) => one.clone(),
            [one] => format!("({one},)"),
            several => format!("({})", several.join(", ")),
        };
        let dtype = format!("np.{}", kind.scalar.name());
        match self.random.below(3) {
            0 => (format!("np.ones({shape}, dtype={dtype})"), operands),
            1 => {
                operands.push(if kind.scalar == F64 { self.float(1) } else { self.int(0) });
                (format!("np.full({shape}, {{}}, {dtype})"), operands)
            }
            _ if kind.scalar == F64 => (format!("np.zeros({shape})"), operands),
            _ => (format!("np.zeros({shape}, {dtype})"), operands),
        }
    }
}
