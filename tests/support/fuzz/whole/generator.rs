//! Whole functions at random: what there is, and the functions around the statements.
//!
//! The generator knows what each name holds wherever it stands. A name that may hold an integer or a float, by the way that
//! was taken, is [`Kind::Mixed`] and only read as `(x + 0.0)`: compiled code has one type for it, Python two. In loops no
//! name changes its kind, except for those that were chosen to be mixed at the head.

use super::{Argument, ArrayGiven, Program};
use crate::fuzz::tree::{Clause, Expression, Function, Statement};
use crate::random::Random;
use numbra::front::types::ScalarType;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ArrayKind {
    pub scalar: ScalarType,
    pub rank: usize,
    pub readonly: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Int,
    Float,
    Mixed,
    Array(ArrayKind),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variable {
    pub name: String,
    pub kind: Kind,
    /// It keeps its kind.
    pub locked: bool,
    /// Nobody assigns it.
    pub fixed: bool,
    /// It may be unassigned: mostly left alone, since what fails ends the program.
    pub maybe: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Gives {
    Nothing,
    One(Kind),
    /// That, or None.
    Optional(Kind),
    Tuple(Vec<Kind>),
}

#[derive(Debug, Clone)]
pub(super) struct Helper {
    pub name: String,
    pub parameters: Vec<Kind>,
    pub gives: Gives,
    /// It takes a counter first, and fewer calls are left with each.
    pub recursive: bool,
}

pub(super) struct Generator {
    pub random: Random,
    pub variables: Vec<Variable>,
    pub helpers: Vec<Helper>,
    /// The number of the function that is being made; `helpers.len()`: it is `f`.
    pub current: usize,
    pub gives: Gives,
    /// How many calls may still be made in this function.
    pub calls: usize,
    /// Statements that may still be made.
    pub size: usize,
    pub loops: usize,
    /// Handlers in each other, around the statement at hand.
    pub handlers: usize,
    pub names: usize,
}

pub(super) const SCALARS: [ScalarType; 3] = [ScalarType::I64, ScalarType::F64, ScalarType::I32];

/// The program of that number.
pub fn program(seed: u64, number: u64) -> Program {
    let mut generator = Generator {
        random: Random::stream(seed, number),
        variables: Vec::new(),
        helpers: Vec::new(),
        current: 0,
        gives: Gives::Nothing,
        calls: 0,
        size: 0,
        loops: 0,
        handlers: 0,
        names: 0,
    };
    generator.program()
}

impl Generator {
    fn program(&mut self) -> Program {
        for number in 0..self.random.below(4) {
            let parameters = (0..self.random.between(1, 3)).map(|_| self.parameter_kind()).collect();
            let recursive = self.random.once_in(3);
            let gives = self.some_gives();
            let gives = if recursive && gives == Gives::Nothing { Gives::One(Kind::Float) } else { gives };
            self.helpers.push(Helper { name: format!("h{number}"), parameters, gives, recursive });
        }
        let mut functions = Vec::new();
        for number in 0..self.helpers.len() {
            let Helper { name, parameters, gives, recursive } = self.helpers[number].clone();
            self.size = self.random.between(2, 8) as usize;
            functions.push(self.function(number, name, &parameters, gives, recursive));
        }
        let parameters: Vec<Kind> = (0..self.random.between(1, 4))
            .map(|_| match self.parameter_kind() {
                Kind::Array(kind) => Kind::Array(ArrayKind { readonly: self.random.once_in(6), ..kind }),
                other => other,
            })
            .collect();
        self.size = self.random.between(6, 22) as usize;
        let gives = self.some_gives();
        functions.push(self.function(self.helpers.len(), "f".to_string(), &parameters, gives, false));
        let arguments = parameters.iter().map(|kind| self.argument(*kind)).collect();
        Program { functions, arguments }
    }

    fn parameter_kind(&mut self) -> Kind {
        match self.random.below(5) {
            0 | 1 => Kind::Int,
            2 => Kind::Float,
            _ => Kind::Array(self.array_kind()),
        }
    }

    pub fn array_kind(&mut self) -> ArrayKind {
        let scalar = *self.random.pick(&[SCALARS[0], SCALARS[0], SCALARS[1], SCALARS[1], SCALARS[2]]);
        ArrayKind { scalar, rank: *self.random.pick(&[1, 1, 1, 2, 2, 3]), readonly: false }
    }

    fn some_gives(&mut self) -> Gives {
        let scalar = |random: &mut Random| *random.pick(&[Kind::Int, Kind::Float, Kind::Mixed]);
        match self.random.below(8) {
            0 => Gives::Nothing,
            1 => Gives::Optional(*self.random.pick(&[Kind::Int, Kind::Float])),
            2 => Gives::Tuple(
                (0..self.random.between(2, 3)).map(|_| *self.random.pick(&[Kind::Int, Kind::Float])).collect(),
            ),
            3 => {
                let array = Kind::Array(self.array_kind());
                Gives::Tuple(
                    vec![array, scalar(&mut self.random)].into_iter().filter(|kind| *kind != Kind::Mixed).collect(),
                )
            }
            4 | 5 => Gives::One(Kind::Array(self.array_kind())),
            _ => Gives::One(scalar(&mut self.random)),
        }
    }

    fn function(&mut self, number: usize, name: String, kinds: &[Kind], gives: Gives, recursive: bool) -> Function {
        (self.current, self.gives, self.calls, self.loops) = (number, gives, 4, 0);
        self.variables.clear();
        let mut parameters = Vec::new();
        if recursive {
            parameters.push("n".to_string());
            self.variables.push(Variable {
                name: "n".into(),
                kind: Kind::Int,
                locked: true,
                fixed: true,
                maybe: false,
            });
        }
        for kind in kinds {
            let name = format!("p{}", parameters.len());
            parameters.push(name.clone());
            // Parameters keep their type: what else is assigned is converted to it in neither language.
            self.variables.push(Variable { name, kind: *kind, locked: true, fixed: false, maybe: false });
        }
        let mut body = Vec::new();
        if recursive {
            // Without calls.
            let calls = std::mem::take(&mut self.calls);
            let end = self.return_statement();
            body.push(Statement::Block(vec![Clause::new("if n <= 0", Vec::new(), vec![end])]));
            self.calls = calls;
        }
        while self.size > 0 {
            let statements = self.statement(3);
            body.extend(statements);
        }
        if !matches!(self.gives, Gives::Nothing | Gives::Optional(_)) || self.random.once_in(2) {
            let end = self.return_statement();
            body.push(end);
        }
        Function { decorator: Some("njit".into()), name, parameters, body }
    }

    pub fn return_statement(&mut self) -> Statement {
        match self.gives.clone() {
            Gives::Nothing => Statement::line("return", Vec::new()),
            Gives::Optional(_) if self.random.once_in(2) => Statement::line("return None", Vec::new()),
            Gives::One(kind) | Gives::Optional(kind) => {
                let (pattern, operands) = self.value(kind, 2);
                Statement::line(format!("return {pattern}"), operands)
            }
            Gives::Tuple(kinds) => {
                let mut all = Vec::new();
                let patterns: Vec<String> = kinds
                    .iter()
                    .map(|kind| {
                        let (pattern, operands) = self.value(*kind, 2);
                        all.extend(operands);
                        pattern
                    })
                    .collect();
                let comma = if patterns.len() == 1 { "," } else { "" };
                Statement::line(format!("return ({}{comma})", patterns.join(", ")), all)
            }
        }
    }

    /// Something of that kind.
    pub fn value(&mut self, kind: Kind, depth: usize) -> (String, Vec<Expression>) {
        match kind {
            Kind::Int => ("{}".into(), vec![self.int(depth)]),
            Kind::Float => ("{}".into(), vec![self.float(depth)]),
            Kind::Mixed if self.random.once_in(2) => ("{}".into(), vec![self.int(depth)]),
            Kind::Mixed => ("{}".into(), vec![self.float(depth)]),
            Kind::Array(kind) => self.array(kind, depth),
        }
    }

    pub fn fresh(&mut self, letter: &str) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    /// A name now holds that.
    pub fn assign(&mut self, name: &str, kind: Kind) {
        let in_loop = self.loops > 0;
        match self.variables.iter_mut().find(|variable| variable.name == name) {
            Some(variable) => {
                variable.maybe = false;
                if !variable.locked {
                    variable.kind = kind;
                }
            }
            None => {
                let array = matches!(kind, Kind::Array(_));
                self.variables.push(Variable {
                    name: name.into(),
                    kind,
                    locked: in_loop || array,
                    fixed: false,
                    maybe: false,
                });
            }
        }
    }

    fn argument(&mut self, kind: Kind) -> Argument {
        match kind {
            Kind::Int => Argument::Int(self.random.between(-3, 6)),
            Kind::Float | Kind::Mixed => Argument::Float(*self.random.pick(&[0.0, 1.0, -0.5, 2.25, -3.0, 1e300, 0.1])),
            Kind::Array(ArrayKind { scalar, rank, readonly }) => {
                let shape: Vec<i64> =
                    (0..rank).map(|_| *self.random.pick(&[0, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5])).collect();
                let count: i64 = shape.iter().product();
                let elements = (0..count).map(|_| match scalar {
                    ScalarType::F64 => self.random.between(-40, 40) as f64 / 4.0,
                    _ => self.random.between(-9, 9) as f64,
                });
                let elements = elements.collect();
                // The axes from the innermost on, with room between elements, some backwards.
                let mut axes: Vec<usize> = (0..rank).rev().collect();
                let spread = self.random.once_in(3);
                if self.random.once_in(3) {
                    axes.reverse();
                }
                let mut strides = vec![0; rank];
                let mut next = 1;
                for axis in axes {
                    if spread && self.random.once_in(2) {
                        next *= 2;
                    }
                    strides[axis] = if spread && self.random.once_in(3) { -next } else { next };
                    next *= shape[axis].max(1);
                }
                Argument::Array(ArrayGiven { dtype: scalar.name().into(), shape, strides, elements, readonly })
            }
        }
    }
}
