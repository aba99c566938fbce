//! Statements: assignments, stores, branches, loops that end.

use super::generator::{Generator, Gives, Kind, Variable};
use crate::fuzz::tree::{Clause, Expression, Statement};
use numbra::front::types::ScalarType::{F64, I64};

/// Loops in each other.
const MOST_LOOPS: usize = 3;

impl Generator {
    /// A statement, with what it needs around it; `depth` blocks in each other at most.
    pub fn statement(&mut self, depth: usize) -> Vec<Statement> {
        self.size = self.size.saturating_sub(1);
        match self.random.below(20) {
            0..=3 => vec![self.scalar_assignment()],
            4 | 5 => vec![self.array_assignment()],
            6 | 7 => self.element_store(),
            8 | 9 => self.view_store(),
            10 => self.in_place(),
            11 => self.tuple_assignment(),
            12..=14 if depth > 0 => vec![self.branch(depth - 1)],
            15..=18 if depth > 0 && self.loops < MOST_LOOPS => self.some_loop(depth - 1),
            19 => self.odd_statement(),
            _ => vec![self.scalar_assignment()],
        }
    }

    fn block(&mut self, depth: usize) -> Vec<Statement> {
        let mut body = Vec::new();
        for _ in 0..self.random.between(1, 3) {
            body.extend(self.statement(depth));
        }
        body
    }

    /// A name to assign, and what kind it may be given.
    fn target(&mut self) -> (String, Kind) {
        let is_scalar = |variable: &Variable| !matches!(variable.kind, Kind::Array(_)) && !variable.fixed;
        let known: Vec<Variable> = self.variables.iter().filter(|variable| is_scalar(variable)).cloned().collect();
        let either = *self.random.pick(&[Kind::Int, Kind::Int, Kind::Float]);
        if known.is_empty() || self.random.once_in(4) {
            return (self.fresh("v"), either);
        }
        let variable = self.random.pick(&known).clone();
        let kind = match variable.kind {
            Kind::Mixed => either,
            kind if variable.locked => kind,
            _ => either,
        };
        (variable.name, kind)
    }

    fn scalar_assignment(&mut self) -> Statement {
        let (name, kind) = self.target();
        let known = self
            .variables
            .iter()
            .find(|variable| variable.name == name)
            .map(|variable| (variable.kind, variable.maybe));
        if self.random.once_in(3)
            && let Some(known) = known
            && (known.0 == kind || known.0 == Kind::Mixed)
            && (!known.1 || self.random.once_in(8))
        {
            let operator = *self.random.pick(&["+", "-", "*"]);
            let (pattern, operands) = self.value(kind, 2);
            let statement = Statement::line(format!("{name} {operator}= {pattern}"), operands);
            self.assign(&name, known.0);
            return statement;
        }
        let (pattern, operands) = match (kind, self.random.once_in(3)) {
            (Kind::Int, true) => ("{} % 1009".to_string(), vec![self.int(3)]),
            _ => self.value(kind, 3),
        };
        self.assign(&name, kind);
        Statement::line(format!("{name} = {pattern}"), operands)
    }

    fn array_assignment(&mut self) -> Statement {
        let known = self.some_array(|_| true);
        if let Some((name, kind)) = known
            && self.random.once_in(2)
        {
            let (pattern, operands) = self.array(kind, 2);
            return Statement::line(format!("{name} = {pattern}"), operands);
        }
        // A view of what there is, of whatever rank, or something new.
        let base = self.some_array(|_| true);
        let view = base.and_then(|(name, kind)| self.view(&name, kind, 2));
        let (pattern, operands, kind) = match view {
            Some(view) if !self.random.once_in(3) => view,
            _ => {
                let kind = self.array_kind();
                let (pattern, operands) = self.array(kind, 2);
                (pattern, operands, kind)
            }
        };
        let name = self.fresh("a");
        self.assign(&name, Kind::Array(kind));
        Statement::line(format!("{name} = {pattern}"), operands)
    }

    /// One number into an array.
    fn element_store(&mut self) -> Vec<Statement> {
        let Some((name, kind)) = self.some_array(|kind| !kind.readonly) else { return vec![self.array_assignment()] };
        let mut operands: Vec<Expression> = (0..kind.rank).map(|axis| self.index(&name, axis, 1)).collect();
        let holes = vec!["{}"; kind.rank].join(", ");
        let operator = if self.random.once_in(3) { *self.random.pick(&["+", "-", "*"]) } else { "" };
        let value = if kind.scalar == F64 { self.float(2) } else { self.int(2) };
        let small = if kind.scalar == F64 { "" } else { " % 1009" };
        operands.push(value);
        vec![Statement::line(format!("{name}[{holes}] {operator}= {{}}{small}"), operands)]
    }

    /// Into a view: a number, or an array that goes there or does not.
    fn view_store(&mut self) -> Vec<Statement> {
        let Some((name, kind)) = self.some_array(|kind| !kind.readonly) else { return vec![self.array_assignment()] };
        let Some((items, mut operands, rank)) = self.items(&name, kind.rank, 1) else {
            return vec![self.scalar_assignment()];
        };
        let source = self.some_array(|other| (kind.scalar == F64 || other.scalar != F64) && other.rank <= rank);
        let operator = if self.random.once_in(3) { *self.random.pick(&["+", "-", "*"]) } else { "" };
        let value = match source {
            Some((name, kind)) if !self.random.once_in(3) => match self.view(&name, kind, 1) {
                Some((text, more, found)) if found.rank <= rank => {
                    operands.extend(more);
                    text
                }
                _ => name,
            },
            _ => {
                operands.push(if kind.scalar == F64 { self.float(2) } else { self.int(1) });
                "{}".into()
            }
        };
        vec![Statement::line(format!("{name}{items} {operator}= {value}"), operands)]
    }

    fn in_place(&mut self) -> Vec<Statement> {
        let Some((name, kind)) = self.some_array(|kind| !kind.readonly) else { return vec![self.array_assignment()] };
        let divisor = self.random.between(1, 9);
        let (text, operands) = match self.random.below(6) {
            0 if kind.scalar == F64 => (format!("{name} /= {divisor}"), Vec::new()),
            0 => (format!("{name} %= {divisor}"), Vec::new()),
            1 if kind.scalar != F64 => (format!("{name} //= {divisor}"), Vec::new()),
            1 | 2 => {
                let value = if kind.scalar == F64 { self.float(1) } else { self.int(0) };
                (format!("{name}.fill({{}})"), vec![value])
            }
            3 => {
                let value = if kind.scalar == F64 { self.float(1) } else { self.int(0) };
                (format!("{name} {}= {{}}", self.random.pick(&["+", "-", "*"])), vec![value])
            }
            _ => {
                let fits = |other: super::generator::ArrayKind| {
                    (kind.scalar == F64 || other.scalar != F64) && other.rank <= kind.rank
                };
                let (other, other_kind) = self.some_array(fits).unwrap_or((name.clone(), kind));
                let view = self.view(&other, other_kind, 1).filter(|(_, _, found)| found.rank <= kind.rank);
                let (value, operands) = view.map_or((other, Vec::new()), |(text, operands, _)| (text, operands));
                (format!("{name} {}= {value}", self.random.pick(&["+", "-", "*"])), operands)
            }
        };
        vec![Statement::line(text, operands)]
    }

    fn tuple_assignment(&mut self) -> Vec<Statement> {
        let (first, second) = (self.target(), self.target());
        if first.0 == second.0 {
            return vec![self.scalar_assignment()];
        }
        let wanted = [first.1, second.1];
        let call = self.call_where(|gives| matches!(gives, Gives::Tuple(kinds) if kinds[..] == wanted));
        let (pattern, operands) = call.unwrap_or_else(|| {
            let (left, mut operands) = self.value(first.1, 2);
            let (right, more) = self.value(second.1, 2);
            operands.extend(more);
            (format!("{left}, {right}"), operands)
        });
        self.assign(&first.0, first.1);
        self.assign(&second.0, second.1);
        vec![Statement::line(format!("{}, {} = {pattern}", first.0, second.0), operands)]
    }

    /// What ends a round, a loop or the function, under a condition; a call for what it does.
    fn odd_statement(&mut self) -> Vec<Statement> {
        if self.random.once_in(4)
            && let Some((pattern, operands)) = self.call_where(|_| true)
        {
            return vec![Statement::line(pattern, operands)];
        }
        // Later turns of a loop mostly fail where a name is deleted.
        if (self.loops == 0 || self.random.once_in(4)) && self.random.once_in(4) {
            let deletable = |variable: &&mut Variable| !variable.fixed && !variable.maybe;
            if let Some(variable) = self.variables.iter_mut().rev().find(deletable) {
                variable.maybe = true;
                return vec![Statement::line(format!("del {}", variable.name), Vec::new())];
            }
        }
        let condition = self.condition(1);
        let end = match self.random.below(6) {
            0 => Statement::line("raise ValueError('a')", Vec::new()),
            1 => Statement::line("raise IndexError('b')", Vec::new()),
            2 | 3 if self.loops > 0 => Statement::line("break", Vec::new()),
            4 if self.loops > 0 => Statement::line("continue", Vec::new()),
            _ => self.return_statement(),
        };
        vec![Statement::Block(vec![Clause::new("if {}", vec![condition], vec![end])])]
    }

    fn branch(&mut self, depth: usize) -> Statement {
        let mut clauses = Vec::new();
        let mut after: Vec<Vec<Variable>> = Vec::new();
        let conditions = self.random.between(1, 2);
        for number in 0..conditions {
            let condition = self.condition(2);
            let before = self.variables.clone();
            let body = self.block(depth);
            clauses.push(Clause::new(if number == 0 { "if {}" } else { "elif {}" }, vec![condition], body));
            after.push(std::mem::replace(&mut self.variables, before));
        }
        if self.random.once_in(2) {
            let body = self.block(depth);
            clauses.push(Clause::new("else", Vec::new(), body));
        }
        after.into_iter().for_each(|other| self.join(other));
        Statement::Block(clauses)
    }

    /// After two ways: names hold what they hold on either. One that only one way assigns may be unassigned.
    fn join(&mut self, other: Vec<Variable>) {
        for own in &mut self.variables {
            own.maybe |= !other.iter().any(|variable| variable.name == own.name);
        }
        for variable in other {
            match self.variables.iter_mut().find(|own| own.name == variable.name) {
                Some(own) => {
                    own.maybe |= variable.maybe;
                    if own.kind != variable.kind {
                        own.kind = Kind::Mixed;
                    }
                }
                None => self.variables.push(Variable { maybe: true, ..variable }),
            }
        }
    }

    fn some_loop(&mut self, depth: usize) -> Vec<Statement> {
        let before = self.variables.clone();
        // Numbers that a loop may make floats, or integers again.
        let mut variables = std::mem::take(&mut self.variables);
        for variable in &mut variables {
            let number = matches!(variable.kind, Kind::Int | Kind::Float);
            if number && !variable.locked && self.random.once_in(4) {
                variable.kind = Kind::Mixed;
            }
            variable.locked = true;
        }
        self.variables = variables;
        let mut ahead = Vec::new();
        let mut head = self.loop_head(&mut ahead);
        self.loops += 1;
        // A name that the first round may read too early.
        let late = self.random.once_in(6).then(|| self.fresh("v"));
        if let Some(name) = &late {
            self.assign(name, Kind::Int);
            self.variables.iter_mut().filter(|variable| variable.name == *name).for_each(|late| late.maybe = true);
        }
        head.body.extend(self.block(depth));
        if let Some(name) = late {
            let value = self.int(1);
            head.body.push(Statement::line(format!("{name} = {{}}"), vec![value]));
        }
        self.loops -= 1;
        let mut clauses = vec![head];
        if self.random.once_in(5) {
            let body = self.block(depth);
            clauses.push(Clause::new("else", Vec::new(), body));
        }
        for variable in &mut self.variables {
            if let Some(old) = before.iter().find(|old| old.name == variable.name) {
                variable.locked = old.locked;
            } else {
                variable.maybe = true;
            }
        }
        ahead.push(Statement::Block(clauses));
        ahead
    }

    /// The head of a loop; `ahead`: what must stand before it.
    fn loop_head(&mut self, ahead: &mut Vec<Statement>) -> Clause {
        // What the head gives is known in the body.
        let known = |generator: &mut Generator, name: &str, kind: Kind, fixed: bool| {
            generator.variables.push(Variable { name: name.into(), kind, locked: true, fixed, maybe: false });
        };
        let number = |scalar| if scalar == F64 { Kind::Float } else { Kind::Int };
        match self.random.below(9) {
            0 => {
                let counter = self.fresh("k");
                let start = self.random.between(1, 5);
                ahead.push(Statement::line(format!("{counter} = {start}"), Vec::new()));
                known(self, &counter, Kind::Int, true);
                let condition = self.condition(1);
                let less = Statement::line(format!("{counter} -= 1"), Vec::new());
                Clause::new(format!("while {counter} > 0 and {{}}"), vec![condition], vec![less])
            }
            choice @ 1..=4 => {
                let array = self.some_array(|_| true);
                let Some((name, kind)) = array.filter(|_| choice < 4) else { return self.range_head() };
                let (view, operands, kind) = match self.view(&name, kind, 1) {
                    Some(view) if self.random.once_in(2) => view,
                    _ => (name, Vec::new(), kind),
                };
                let entry = match kind.rank {
                    1 => number(kind.scalar),
                    rank => Kind::Array(super::generator::ArrayKind { rank: rank - 1, ..kind }),
                };
                let target = self.fresh(if matches!(entry, Kind::Array(_)) { "a" } else { "x" });
                known(self, &target, entry, false);
                match choice {
                    1 => Clause::new(format!("for {target} in {view}"), operands, Vec::new()),
                    2 => {
                        let index = self.fresh("i");
                        known(self, &index, Kind::Int, false);
                        Clause::new(format!("for {index}, {target} in enumerate({view})"), operands, Vec::new())
                    }
                    _ => {
                        let other = self.fresh("i");
                        known(self, &other, Kind::Int, false);
                        let count = self.random.between(0, 4);
                        let head = format!("for {other}, {target} in zip(range({count}), {view})");
                        Clause::new(head, operands, Vec::new())
                    }
                }
            }
            _ => self.range_head(),
        }
    }

    fn range_head(&mut self) -> Clause {
        let mut operands = Vec::new();
        let array = self.some_array(|_| true);
        let text = match (self.random.below(7), array) {
            (0 | 1, Some((name, kind))) => format!("range({name}.shape[{}])", self.random.below(kind.rank)),
            (2, Some((name, _))) => format!("range(len({name}) - 1, -1, -1)"),
            (3, _) => {
                operands.push(self.int(1));
                "range({} % 5)".into()
            }
            (4, _) => format!("reversed(range({}))", self.random.between(0, 4)),
            (5, _) => {
                operands.push(Expression::leaf(I64, self.random.pick(&["-2", "-1", "1", "2"]).to_string()));
                "range(1, 4, {})".into()
            }
            _ => format!("range({})", self.random.between(0, 4)),
        };
        let index = self.fresh("i");
        self.variables.push(Variable {
            name: index.clone(),
            kind: Kind::Int,
            locked: true,
            fixed: false,
            maybe: false,
        });
        Clause::new(format!("for {index} in {text}"), operands, Vec::new())
    }
}
