//! Constructs of the language that are more than a line: `match`, functions inside of functions, lambdas, `:=`; and of some
//! constructs very many, as generated code has them.

use super::arguments::value;
use super::expressions::constant;
use super::generator::{Generator, Helper, Variable};
use super::tree::{Clause, Expression, Statement};
use numbra::front::types::ScalarType::{self, *};
use std::mem::{replace, take};

/// Values that a subject takes often.
const FEW: i64 = 4;

impl Generator {
    /// An int64 that is often one of the few that patterns name.
    fn subject(&mut self) -> Expression {
        let number = self.expression(I64, 2);
        Expression::new(I64, "({} % {})", vec![number, constant(I64, FEW as u64)])
    }

    pub fn choice(&mut self, depth: usize) -> Statement {
        let scalar = *self.random.pick(&[I64, I64, I64, Bool, F64, I32, U8]);
        let two = self.random.once_in(4);
        let (head, subjects) = match scalar {
            I64 if two => ("match {}, {}", vec![self.subject(), self.subject()]),
            I64 => ("match {}", vec![self.subject()]),
            _ => ("match {}", vec![self.expression(scalar, 2)]),
        };
        let types: Vec<ScalarType> = subjects.iter().map(|subject| subject.scalar).collect();
        let mut cases = Vec::new();
        for _ in 0..self.random.between(1, 4) {
            let declared = self.variables.len();
            let patterns: Vec<String> = types.iter().map(|&scalar| self.pattern(scalar)).collect();
            // What would fit everything stands last, so every other pattern has a condition.
            let guarded = self.random.once_in(3) || self.variables.len() > declared;
            let pattern = if two { format!("({})", patterns.join(", ")) } else { patterns.concat() };
            let clause = if guarded {
                let condition = self.expression(Bool, 2);
                Clause::new(format!("case {pattern} if {{}}"), vec![condition], self.block(depth, false))
            } else {
                Clause::new(format!("case {pattern}"), Vec::new(), self.block(depth, false))
            };
            cases.push(clause);
            self.variables.truncate(declared);
        }
        if self.random.once_in(2) {
            cases.push(Clause::new("case _", Vec::new(), self.block(depth, false)));
        }
        Statement::Block(vec![Clause::new(head, subjects, vec![Statement::Block(cases)])])
    }

    /// Values, or a name for what is there.
    fn pattern(&mut self, scalar: ScalarType) -> String {
        if self.random.once_in(4) {
            let name = self.fresh("m");
            self.variables.push(Variable { name: name.clone(), scalar, assignable: true, range: None });
            return name;
        }
        let values: Vec<String> = (0..self.random.between(1, 3))
            .map(|_| match scalar {
                Bool => (*self.random.pick(&["True", "False"])).to_string(),
                F64 => (*self.random.pick(&["0.0", "1.0", "-2.5"])).to_string(),
                U8 => self.random.between(0, 5).to_string(),
                _ => self.random.between(-2, FEW - 1).to_string(),
            })
            .collect();
        values.join(" | ")
    }

    /// A function of the function at hand: it reads the variables around it, and is called as helpers are.
    pub fn inner_function(&mut self) -> Statement {
        let parameters: Vec<ScalarType> = (0..self.random.between(1, 3)).map(|_| self.scalar()).collect();
        let names: Vec<String> = parameters.iter().map(|_| self.fresh("q")).collect();
        let (name, result) = (self.fresh("g"), self.scalar());
        let around = self.variables.clone();
        self.variables.iter_mut().for_each(|variable| variable.assignable = false);
        self.take_parameters(&names, &parameters);
        let results = replace(&mut self.results, vec![result]);
        let (loops, trips) = (take(&mut self.loops), replace(&mut self.trips, 3));
        // Functions do not take arrays from around them.
        let arrays = take(&mut self.arrays);
        let helpers = self.helpers.len();
        let mut body = self.block(1, false);
        body.push(self.return_statement());
        self.helpers.truncate(helpers);
        (self.variables, self.results, self.loops, self.trips, self.arrays) = (around, results, loops, trips, arrays);
        let head = format!("def {name}({})", names.join(", "));
        self.helpers.push(Helper { name, parameters, results: vec![result] });
        Statement::Block(vec![Clause::new(head, Vec::new(), body)])
    }

    fn take_parameters(&mut self, names: &[String], parameters: &[ScalarType]) {
        let variable = |(name, &scalar): (&String, &ScalarType)| Variable {
            name: name.clone(),
            scalar,
            assignable: false,
            range: None,
        };
        self.variables.extend(names.iter().zip(parameters).map(variable));
    }

    /// A lambda with a name, which is called as helpers are.
    pub fn named_lambda(&mut self) -> Statement {
        let (name, result) = (self.fresh("l"), self.scalar());
        let (parameters, text, body) = self.lambda(result, 2);
        self.helpers.push(Helper { name: name.clone(), parameters, results: vec![result] });
        Statement::line(format!("{name} = {text}"), vec![body])
    }

    /// A lambda that is called where it stands.
    pub fn called_lambda(&mut self, want: ScalarType, depth: usize) -> Expression {
        let (parameters, text, body) = self.lambda(want, depth);
        let mut operands = vec![body];
        operands.extend(parameters.iter().map(|&scalar| self.expression(scalar, depth)));
        Expression::new(want, format!("({text})({})", vec!["{}"; parameters.len()].join(", ")), operands)
    }

    /// The types of its parameters, its text, and what stands in it.
    fn lambda(&mut self, want: ScalarType, depth: usize) -> (Vec<ScalarType>, String, Expression) {
        let parameters: Vec<ScalarType> = (0..self.random.between(1, 2)).map(|_| self.scalar()).collect();
        let names: Vec<String> = parameters.iter().map(|_| self.fresh("q")).collect();
        let declared = self.variables.len();
        self.take_parameters(&names, &parameters);
        let outer = replace(&mut self.in_lambda, true);
        let body = self.expression(want, depth);
        self.in_lambda = outer;
        self.variables.truncate(declared);
        (parameters, format!("lambda {}: {{}}", names.join(", ")), body)
    }

    /// `(name := ...)` of a variable that is there. A lambda would make a variable of its own of it.
    pub fn assignment_expression(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        let fits = |variable: &&Variable| variable.assignable && variable.scalar == want;
        let fitting: Vec<String> = self.variables.iter().filter(fits).map(|variable| variable.name.clone()).collect();
        if fitting.is_empty() || self.in_lambda {
            return None;
        }
        let name = self.random.pick(&fitting).clone();
        Some(Expression::new(want, format!("({name} := {{}})"), vec![self.expression(want, depth)]))
    }

    /// So much of one construct that limits of drivers are reached.
    pub fn very_many(&mut self) -> Vec<Statement> {
        let size = self.random.between(40, 130) as usize;
        match self.random.below(4) {
            0 => {
                let clause = |generator: &mut Self, place: usize| {
                    let head = if place == 0 { "if {}" } else { "elif {}" };
                    Clause::new(head, vec![generator.small_test()], vec![generator.small_statement()])
                };
                vec![Statement::Block((0..size).map(|place| clause(self, place)).collect())]
            }
            1 => {
                let mut inner = self.small_statement();
                for _ in 0..size {
                    let body = vec![self.small_statement(), inner];
                    inner = Statement::Block(vec![Clause::new("if {}", vec![self.small_test()], body)]);
                }
                vec![inner]
            }
            2 => (0..size)
                .map(|_| {
                    let exit = if self.random.once_in(2) {
                        self.return_of_leaves()
                    } else {
                        Statement::line("raise ValueError('one of many')", Vec::new())
                    };
                    Statement::Block(vec![Clause::new("if {}", vec![self.small_test()], vec![exit])])
                })
                .collect(),
            _ => self.declarations_of_leaves(size),
        }
    }

    fn small_test(&mut self) -> Expression {
        let symbol = *self.random.pick(&["==", "==", "<", "!="]);
        let scalar = self.variables.first().map_or(I64, |variable| variable.scalar);
        let left = self.expression(scalar, 0);
        let right = constant(scalar, value(scalar, &mut self.random));
        Expression::new(Bool, format!("({{}} {symbol} {{}})"), vec![left, right])
    }

    fn small_statement(&mut self) -> Statement {
        self.size = 2;
        if self.random.once_in(4) {
            return self.return_of_leaves();
        }
        self.assignment().unwrap_or_else(|| Statement::line("pass", Vec::new()))
    }

    fn return_of_leaves(&mut self) -> Statement {
        self.size = 0;
        self.return_statement()
    }

    /// Variables that are all alive to the end.
    fn declarations_of_leaves(&mut self, count: usize) -> Vec<Statement> {
        let scalar = self.scalar();
        let symbol = if scalar == Bool { "^" } else { "+" };
        let first = self.declare(scalar);
        let mut statements = vec![Statement::line(format!("{first} = {{}}"), vec![constant(scalar, 0)])];
        let mut names = Vec::new();
        for _ in 0..count {
            self.size = 2;
            let expression = self.expression(scalar, 1);
            let name = self.fresh("w");
            statements.push(Statement::line(format!("{name} = {{}}"), vec![expression]));
            names.push(name);
        }
        for name in names {
            let sum = Expression::new(scalar, format!("({first} {symbol} {name})"), Vec::new());
            // Small integers become wider by Numba's rules.
            let sum = self.cast_back(scalar, sum);
            statements.push(Statement::line(format!("{first} = {{}}"), vec![sum]));
        }
        statements
    }
}
