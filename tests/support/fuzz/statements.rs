//! Random statements: assignments of every kind, branches, loops with bounded turns, early returns, failures.

use super::arguments::value;
use super::expressions::constant;
use super::generator::{Generator, Variable};
use super::tree::{Clause, Expression, Statement};
use numbra::front::syntax::tree::BinaryOperator;
use numbra::front::types::ScalarType::{self, *};
use numbra::front::typing::{Rules, promotion};

const DEPTH: usize = 3;
/// Expressions with operands in one statement, those inside one another too.
const EXPRESSIONS: usize = 7;

impl Generator {
    /// Some statements; what they declare is forgotten behind them. `outermost`: not inside any other block.
    pub fn block(&mut self, depth: usize, outermost: bool) -> Vec<Statement> {
        let (declared, helpers) = (self.variables.len(), self.helpers.len());
        let mut statements = Vec::new();
        for _ in 0..self.random.between(1, if outermost { 6 } else { 3 }) {
            statements.extend(self.statement(depth, outermost));
        }
        if !outermost {
            // Nothing behind the block reads what it declares.
            let own = self.variables[declared..].iter().find(|variable| variable.assignable);
            if let Some(name) = own.map(|variable| variable.name.clone())
                && self.random.once_in(6)
            {
                statements.push(Statement::line(format!("del {name}"), Vec::new()));
            }
            self.variables.truncate(declared);
            self.helpers.truncate(helpers);
        }
        statements
    }

    /// The last statement of a function.
    pub fn last_statement(&mut self) -> Statement {
        match self.results.as_slice() {
            &[want] if self.random.below(3) > 0 => {
                let digest = self.digest(want);
                Statement::line("return {}", vec![digest])
            }
            _ => self.return_statement(),
        }
    }

    pub fn return_statement(&mut self) -> Statement {
        let results = self.results.clone();
        let operands = results.iter().map(|&scalar| self.expression(scalar, DEPTH)).collect();
        Statement::line(format!("return {}", vec!["{}"; results.len()].join(", ")), operands)
    }

    fn statement(&mut self, depth: usize, outermost: bool) -> Vec<Statement> {
        self.size = EXPRESSIONS;
        match self.random.below(19) {
            0..=2 => vec![self.declaration()],
            3..=5 => self.assignment().into_iter().collect(),
            6 => self.augmented().into_iter().collect(),
            7 => self.exchange().into_iter().collect(),
            8 => self.unpacking().into_iter().collect(),
            9..=11 if depth > 0 => vec![self.branch(depth - 1)],
            12 if depth > 0 => self.while_loop(depth - 1),
            13 | 14 if depth > 0 => vec![self.for_loop(depth - 1)],
            15 if !outermost => vec![self.way_out()],
            16 if depth > 0 => vec![self.choice(depth - 1)],
            17 if depth > 0 && self.random.once_in(2) => vec![self.inner_function()],
            18 if self.random.once_in(2) => vec![self.named_lambda()],
            15 if self.random.once_in(8) => vec![self.failure()],
            _ => vec![self.declaration()],
        }
    }

    pub fn declare(&mut self, scalar: ScalarType) -> String {
        let name = self.fresh("v");
        self.variables.push(Variable { name: name.clone(), scalar, assignable: true, range: None });
        name
    }

    pub fn declarations(&mut self, count: usize) -> Vec<Statement> {
        (0..count).map(|_| self.declaration()).collect()
    }

    fn declaration(&mut self) -> Statement {
        let scalar = self.scalar();
        let depth = self.random.between(1, DEPTH as i64) as usize;
        let expression = self.expression(scalar, depth);
        let annotated = self.random.once_in(8);
        let name = self.declare(scalar);
        if annotated {
            let kind = if scalar == Bool { "np.bool_".to_string() } else { format!("np.{}", scalar.name()) };
            return Statement::line(format!("{name}: {kind} = {{}}"), vec![expression]);
        }
        Statement::line(format!("{name} = {{}}"), vec![expression])
    }

    /// A variable that may be assigned to.
    fn target(&mut self) -> Option<Variable> {
        let targets: Vec<Variable> = self.variables.iter().filter(|variable| variable.assignable).cloned().collect();
        (!targets.is_empty()).then(|| self.random.pick(&targets).clone())
    }

    pub fn assignment(&mut self) -> Option<Statement> {
        let target = self.target()?;
        let expression = self.expression(target.scalar, DEPTH);
        Some(Statement::line(format!("{} = {{}}", target.name), vec![expression]))
    }

    fn augmented(&mut self) -> Option<Statement> {
        let target = self.target()?;
        let (symbol, operator) = *self.random.pick(&[
            ("+=", BinaryOperator::Add),
            ("-=", BinaryOperator::Subtract),
            ("*=", BinaryOperator::Multiply),
            ("//=", BinaryOperator::FloorDivide),
            ("^=", BinaryOperator::Xor),
        ]);
        let other = if self.rules == Rules::Exact { target.scalar } else { self.scalar() };
        let fits = match self.rules {
            Rules::Numba => promotion::operator(operator, target.scalar, other) == Some(target.scalar),
            Rules::Exact if operator == BinaryOperator::Xor => !target.scalar.is_float(),
            Rules::Exact => target.scalar != Bool,
        };
        if !fits {
            return None;
        }
        let expression = self.expression(other, DEPTH);
        Some(Statement::line(format!("{} {symbol} {{}}", target.name), vec![expression]))
    }

    fn exchange(&mut self) -> Option<Statement> {
        let (first, second) = (self.target()?, self.target()?);
        if first.name == second.name {
            return None;
        }
        let operands = vec![self.expression(first.scalar, 1), self.expression(second.scalar, 1)];
        Some(Statement::line(format!("{}, {} = {{}}, {{}}", first.name, second.name), operands))
    }

    /// The results of a helper, or of divmod.
    fn unpacking(&mut self) -> Option<Statement> {
        let helpers: Vec<_> = self.helpers.iter().filter(|helper| helper.results.len() > 1).cloned().collect();
        if helpers.is_empty() {
            let scalar = *self.random.pick(&[I64, F64]);
            let operands = vec![self.expression(scalar, 2), self.expression(scalar, 2)];
            let (quotient, remainder) = (self.declare(scalar), self.declare(scalar));
            return Some(Statement::line(format!("{quotient}, {remainder} = divmod({{}}, {{}})"), operands));
        }
        let helper = self.random.pick(&helpers).clone();
        let (pattern, operands) = self.call(&helper.name, &helper.parameters, 2);
        let names: Vec<String> = helper.results.iter().map(|&scalar| self.declare(scalar)).collect();
        Some(Statement::line(format!("{} = {pattern}", names.join(", ")), operands))
    }

    fn condition(&mut self) -> Expression {
        self.expression(Bool, DEPTH)
    }

    fn branch(&mut self, depth: usize) -> Statement {
        let condition = self.condition();
        let mut clauses = vec![Clause::new("if {}", vec![condition], self.block(depth, false))];
        while self.random.once_in(4) {
            let condition = self.condition();
            clauses.push(Clause::new("elif {}", vec![condition], self.block(depth, false)));
        }
        if self.random.once_in(2) {
            clauses.push(Clause::new("else", Vec::new(), self.block(depth, false)));
        }
        Statement::Block(clauses)
    }

    /// Out of a loop, of the function, or nowhere: always under a condition of its own.
    fn way_out(&mut self) -> Statement {
        let way = match self.random.below(8) {
            0..=2 if self.loops > 0 => Statement::line("break", Vec::new()),
            3 | 4 if self.loops > 0 => Statement::line("continue", Vec::new()),
            5 if self.random.once_in(3) => {
                Statement::line("raise ValueError('a reason {}')".replace("{}", "{ }"), Vec::new())
            }
            _ => self.return_statement(),
        };
        if self.random.once_in(6) {
            return way;
        }
        let condition = self.condition();
        Statement::Block(vec![Clause::new("if {}", vec![condition], vec![way])])
    }

    fn failure(&mut self) -> Statement {
        let condition = self.condition();
        let often = Expression::new(Bool, "({} or True)", vec![condition.clone()]);
        Statement::line("assert {}, 'a reason'", vec![if self.random.once_in(4) { condition } else { often }])
    }

    /// Runs `inner` inside a loop that turns `turns` times at most, if there is room for that.
    fn in_loop<R>(&mut self, turns: usize, inner: impl FnOnce(&mut Self) -> R) -> R {
        let trips = self.trips;
        self.trips = trips / turns.max(1);
        self.loops += 1;
        let result = inner(self);
        self.loops -= 1;
        self.trips = trips;
        result
    }

    fn turns(&mut self) -> usize {
        let most = self.trips.clamp(1, 9);
        self.random.between(1, most as i64) as usize
    }

    /// Counts its turns first, so that `continue` does not make it endless.
    fn while_loop(&mut self, depth: usize) -> Vec<Statement> {
        let turns = self.turns();
        let name = self.fresh("k");
        let (start, one) = match self.rules {
            Rules::Numba => ("0", "1"),
            Rules::Exact => ("np.int32(0)", "1"),
        };
        let mut clauses = self.in_loop(turns, |generator| {
            let condition =
                if generator.random.once_in(4) { Expression::leaf(Bool, "True") } else { generator.condition() };
            let mut body = vec![Statement::line(format!("{name} += {one}"), Vec::new())];
            body.extend(generator.block(depth, false));
            vec![Clause::new(format!("while {{}} and {name} < {turns}"), vec![condition], body)]
        });
        if self.random.once_in(4) {
            clauses.push(Clause::new("else", Vec::new(), self.block(depth, false)));
        }
        vec![Statement::line(format!("{name} = {start}"), Vec::new()), Statement::Block(clauses)]
    }

    fn for_loop(&mut self, depth: usize) -> Statement {
        let name = self.fresh("i");
        let (head, operands, counter, turns) = self.iteration(&name);
        let mut clauses = self.in_loop(turns, |generator| {
            let declared = generator.variables.len();
            generator.variables.push(counter);
            let body = generator.block(depth, false);
            generator.variables.truncate(declared);
            vec![Clause::new(head, operands, body)]
        });
        if self.random.once_in(4) {
            clauses.push(Clause::new("else", Vec::new(), self.block(depth, false)));
        }
        Statement::Block(clauses)
    }

    /// The head of a `for`, its operands, its variable, and how often it turns at most.
    fn iteration(&mut self, name: &str) -> (String, Vec<Expression>, Variable, usize) {
        let exact = self.rules == Rules::Exact;
        let variable = |scalar, range| Variable { name: name.into(), scalar, assignable: false, range };
        match self.random.below(6) {
            0 => {
                // Entries of a tuple.
                let scalar = self.scalar();
                let entries: Vec<Expression> =
                    (0..self.random.between(1, 3)).map(|_| constant(scalar, value(scalar, &mut self.random))).collect();
                let places = vec!["{}"; entries.len()].join(", ");
                let turns = entries.len();
                (format!("for {name} in ({places},)"), entries, variable(scalar, None), turns)
            }
            1 | 2 => {
                // Offsets that are known when compiling.
                let (low, high) = (self.random.between(-2, 0), self.random.between(0, 2));
                let scalar = if exact { I32 } else { I64 };
                let turns = (high - low + 1) as usize;
                let head = format!("for {name} in range({low}, {})", high + 1);
                (head, Vec::new(), variable(scalar, Some((low, high))), turns)
            }
            3 => {
                // Downwards, or by large steps.
                let turns = self.turns() as i64;
                let step = *self.random.pick(&[-1, 1, 2, -3, 7, 100]);
                let start = self.random.between(-5, 5);
                let bound = |value: i64| format!("np.int64({value})");
                let stop = start + step * turns - step.signum() * self.random.between(0, step.abs() - 1);
                let head = format!("for {name} in range({}, {}, {})", bound(start), bound(stop), bound(step));
                (head, Vec::new(), variable(I64, None), turns as usize)
            }
            _ => {
                let turns = self.turns();
                let from = if exact {
                    *self.random.pick(&[I32, I64, U8, U32, U64, I8])
                } else {
                    *self.random.pick(&[I32, I64, U64, U8])
                };
                let bound = self.expression(I64, 2);
                let bound = Expression::new(I64, format!("np.{}({{}} % {})", from.name(), turns + 1), vec![bound]);
                let scalar = if exact { from } else { promotion::range(&[(from, false)]) };
                (format!("for {name} in range({{}})"), vec![bound], variable(scalar, None), turns)
            }
        }
    }
}
