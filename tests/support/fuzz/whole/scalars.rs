//! Numbers and conditions.

use super::generator::{ArrayKind, Generator, Gives, Kind};
use crate::fuzz::tree::Expression;
use numbra::front::types::ScalarType::{self, Bool, F64, I64};

impl Generator {
    /// An integer.
    pub fn int(&mut self, depth: usize) -> Expression {
        if depth == 0 || self.random.once_in(4) {
            return self.int_leaf();
        }
        let depth = depth - 1;
        let pair = |generator: &mut Generator, pattern: &str| {
            let operands = vec![generator.int(depth), generator.int(depth)];
            Expression::new(I64, pattern, operands)
        };
        match self.random.below(16) {
            0 | 1 => pair(self, "({} + {})"),
            2 => pair(self, "({} - {})"),
            3 => pair(self, "({} * {})"),
            4 => pair(self, "({} // {})"),
            5 => pair(self, "({} % {})"),
            6 => {
                let operator = *self.random.pick(&["&", "|", "^"]);
                pair(self, &format!("({{}} {operator} {{}})"))
            }
            7 => {
                let (pattern, divisor) = (*self.random.pick(&["//", "%"]), self.random.between(1, 7));
                let operand = self.int(depth);
                Expression::new(I64, format!("({{}} {pattern} {divisor})"), vec![operand])
            }
            8 => {
                let name = *self.random.pick(&["min", "max"]);
                pair(self, &format!("{name}({{}}, {{}})"))
            }
            9 => {
                let pattern = *self.random.pick(&["-{}", "abs({})", "+{}"]);
                let operand = self.int(depth);
                Expression::new(I64, format!("({pattern})"), vec![operand])
            }
            10 => {
                let operands = vec![self.int(depth), self.condition(depth), self.int(depth)];
                Expression::new(I64, "({} if {} else {})", operands)
            }
            11..=13 => self.element(I64, depth).unwrap_or_else(|| self.int_leaf()),
            14 => self.call(Kind::Int).unwrap_or_else(|| self.int_leaf()),
            _ => self.sum(depth).unwrap_or_else(|| self.int_leaf()),
        }
    }

    fn int_leaf(&mut self) -> Expression {
        let names = self.names_of(|kind| kind == Kind::Int);
        if !names.is_empty() && !self.random.once_in(3) {
            return Expression::leaf(I64, self.random.pick(&names).clone());
        }
        if let Some((name, kind)) = self.some_array(|_| true)
            && self.random.once_in(3)
        {
            let axis = self.random.below(kind.rank);
            let text = match self.random.below(5) {
                0 => format!("{name}.size"),
                1 => format!("{name}.ndim"),
                2 | 3 => format!("len({name})"),
                _ => format!("{name}.shape[{axis}]"),
            };
            return Expression::leaf(I64, text);
        }
        Expression::leaf(I64, self.random.between(-3, 5).to_string())
    }

    pub fn float(&mut self, depth: usize) -> Expression {
        if depth == 0 || self.random.once_in(4) {
            return self.float_leaf();
        }
        let depth = depth - 1;
        match self.random.below(10) {
            0..=3 => {
                let operator = *self.random.pick(&["+", "-", "*"]);
                let other = if self.random.once_in(3) { self.int(depth) } else { self.float(depth) };
                let operands = vec![self.float(depth), other];
                Expression::new(F64, format!("({{}} {operator} {{}})"), operands)
            }
            4 => {
                let number = |generator: &mut Generator| match generator.random.once_in(2) {
                    true => generator.int(depth),
                    false => generator.float(depth),
                };
                let operands = vec![number(self), number(self)];
                Expression::new(F64, "({} / {})", operands)
            }
            5 => {
                let pattern = *self.random.pick(&["-{}", "abs({})"]);
                let operand = self.float(depth);
                Expression::new(F64, format!("({pattern})"), vec![operand])
            }
            6 => {
                let operands = vec![self.float(depth), self.condition(depth), self.float(depth)];
                Expression::new(F64, "({} if {} else {})", operands)
            }
            7 => self.call(Kind::Float).unwrap_or_else(|| self.float_leaf()),
            8 => {
                let operand = self.int(depth);
                Expression::new(F64, "float({})", vec![operand])
            }
            _ => self.element(F64, depth).unwrap_or_else(|| self.float_leaf()),
        }
    }

    fn float_leaf(&mut self) -> Expression {
        let names = self.names_of(|kind| kind == Kind::Float);
        let mixed = self.names_of(|kind| kind == Kind::Mixed);
        if !mixed.is_empty() && self.random.once_in(2) {
            return Expression::leaf(F64, format!("({} + 0.0)", self.random.pick(&mixed)));
        }
        if !names.is_empty() && !self.random.once_in(3) {
            return Expression::leaf(F64, self.random.pick(&names).clone());
        }
        let text = *self.random.pick(&["0.0", "-0.0", "0.5", "1.0", "-1.5", "2.0", "3.75", "0.1", "1e308"]);
        Expression::leaf(F64, text)
    }

    pub fn condition(&mut self, depth: usize) -> Expression {
        let comparison = *self.random.pick(&["<", "<=", ">", ">=", "==", "!="]);
        let depth = depth.saturating_sub(1);
        match self.random.below(8) {
            0 => {
                let (joined, operands) =
                    (*self.random.pick(&["and", "or"]), vec![self.condition(depth), self.condition(depth)]);
                Expression::new(Bool, format!("({{}} {joined} {{}})"), operands)
            }
            1 => {
                let operand = self.condition(depth);
                Expression::new(Bool, "(not {})", vec![operand])
            }
            2 => {
                let operands = vec![self.float(depth), self.float(depth)];
                Expression::new(Bool, format!("({{}} {comparison} {{}})"), operands)
            }
            3 => {
                let operands = vec![self.int(depth), self.float(depth)];
                Expression::new(Bool, format!("({{}} {comparison} {{}})"), operands)
            }
            4 => {
                let operands = vec![self.int(depth), self.int(depth), self.int(depth)];
                Expression::new(Bool, format!("({{}} <= {{}} {comparison} {{}})"), operands)
            }
            5 => match self.optional_call() {
                Some(call) => call,
                None => Expression::leaf(Bool, *self.random.pick(&["True", "False"])),
            },
            _ => {
                let operands = vec![self.int(depth), self.int(depth)];
                Expression::new(Bool, format!("({{}} {comparison} {{}})"), operands)
            }
        }
    }

    /// An index: mostly one that there is.
    pub fn index(&mut self, array: &str, axis: usize, depth: usize) -> Expression {
        match self.random.below(16) {
            0 | 1 => Expression::leaf(I64, self.random.between(-2, 2).to_string()),
            2..=13 => {
                let operand = self.int(depth.saturating_sub(1));
                Expression::new(I64, format!("{{}} % max({array}.shape[{axis}], 1)"), vec![operand])
            }
            14 => self.int_leaf(),
            _ => self.int(depth),
        }
    }

    fn element(&mut self, scalar: ScalarType, depth: usize) -> Option<Expression> {
        let fits = |kind: ArrayKind| (kind.scalar == F64) == (scalar == F64);
        let (name, kind) = self.some_array(fits)?;
        let operands: Vec<Expression> = (0..kind.rank).map(|axis| self.index(&name, axis, depth)).collect();
        let pattern = match self.random.once_in(4) {
            // Row by row.
            true => "[{}]".repeat(kind.rank),
            false => format!("[{}]", vec!["{}"; kind.rank].join(", ")),
        };
        Some(Expression::new(scalar, format!("{name}{pattern}"), operands))
    }

    /// Of integers: NumPy adds floats in another order.
    fn sum(&mut self, depth: usize) -> Option<Expression> {
        let (name, kind) = self.some_array(|kind| kind.scalar != F64)?;
        let (view, operands, _) = self.view(&name, kind, depth)?;
        Some(Expression::new(I64, format!("{view}.sum()"), operands))
    }

    /// Whether a function gives None.
    fn optional_call(&mut self) -> Option<Expression> {
        let (pattern, operands) = self.call_where(|gives| matches!(gives, Gives::Optional(_)))?;
        let is = *self.random.pick(&["is", "is not"]);
        Some(Expression::new(Bool, format!("({pattern} {is} None)"), operands))
    }

    fn call(&mut self, kind: Kind) -> Option<Expression> {
        let place = |gives: &Gives| match gives {
            Gives::One(given) if *given == kind => Some(String::new()),
            Gives::One(Kind::Mixed) if kind == Kind::Float => Some(" + 0.0".to_string()),
            Gives::Tuple(kinds) => kinds.iter().position(|given| *given == kind).map(|place| format!("[{place}]")),
            _ => None,
        };
        let mut tail = String::new();
        let (pattern, operands) = self.call_where(|gives| match place(gives) {
            Some(text) => {
                tail = text;
                true
            }
            None => false,
        })?;
        let scalar = if kind == Kind::Int { I64 } else { F64 };
        let text = if tail.starts_with(' ') { format!("({pattern}{tail})") } else { format!("{pattern}{tail}") };
        Some(Expression::new(scalar, text, operands))
    }

    /// A call of a function that gives such a thing.
    pub fn call_where(&mut self, mut wanted: impl FnMut(&Gives) -> bool) -> Option<(String, Vec<Expression>)> {
        let current = self.current;
        let in_recursion = self.helpers.get(current).is_some_and(|helper| helper.recursive);
        let number = self.random.below(self.helpers.len().max(1));
        let helper = self.helpers.get(number)?.clone();
        // What is recursive calls only such functions, with less; others call what stands before them.
        let allowed = if in_recursion { helper.recursive } else { helper.recursive || number < current };
        if self.calls == 0 || !allowed || !wanted(&helper.gives) {
            return None;
        }
        self.calls -= 1;
        let mut patterns = Vec::new();
        let mut all = Vec::new();
        if helper.recursive {
            let text = if in_recursion { "n - 1".to_string() } else { self.random.between(0, 3).to_string() };
            patterns.push(text);
        }
        for kind in &helper.parameters {
            let (pattern, operands) = self.value(*kind, 1);
            patterns.push(pattern);
            all.extend(operands);
        }
        Some((format!("{}({})", helper.name, patterns.join(", ")), all))
    }
}
