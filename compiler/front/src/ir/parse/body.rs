//! Reading what stands in braces: statements, expressions, definitions of arrays.

use super::super::lexer::Token;
use super::super::text::{BUILTINS, FLAGS};
use super::super::verify::NESTING;
use super::super::*;
use super::{Names, Parser};
use crate::error::Result;

impl Parser<'_> {
    fn region(&mut self, function: &mut Function, names: &mut Names, depth: usize) -> Result<Region> {
        self.expect("{")?;
        if depth > NESTING {
            return self.mistake_at(self.span(), format!("regions are nested more than {NESTING} deep"));
        }
        self.statements(function, names, depth)
    }

    /// Statements up to the closing brace, which is taken.
    pub(super) fn statements(&mut self, function: &mut Function, names: &mut Names, depth: usize) -> Result<Region> {
        let mut region = Region::default();
        while !self.accept("}") {
            let statement = self.statement(function, names, depth)?;
            region.push(statement);
        }
        Ok(region)
    }

    fn statement(&mut self, function: &mut Function, names: &mut Names, depth: usize) -> Result<Statement> {
        if matches!(self.peek(), Token::Value(_)) || self.word() == Some("array") {
            return self.definition_statement(function, names);
        }
        let Some(word) = self.word().map(str::to_string) else {
            return self.expected("a statement or '}'");
        };
        let span = self.span();
        self.take();
        Ok(match word.as_str() {
            "set" => {
                let variable = self.variable(names)?;
                self.expect("=")?;
                Statement::Set { variable, value: self.argument(names)? }
            }
            "store" => {
                let array = self.array(names)?;
                let indices = self.values("[", "]", names)?;
                self.expect("=")?;
                Statement::Store { array, indices, value: self.value(names)? }
            }
            "call" => self.call(Vec::new(), names)?,
            "if" => {
                let rare = self.accept_word("rare");
                let condition = self.value(names)?;
                let then = self.region(function, names, depth + 1)?;
                let otherwise = match self.accept_word("else") {
                    true => self.region(function, names, depth + 1)?,
                    false => Region::default(),
                };
                Statement::If { condition, then, otherwise, rare }
            }
            "loop" => {
                let body = self.region(function, names, depth + 1)?;
                let step = match self.accept_word("step") {
                    true => self.region(function, names, depth + 1)?,
                    false => Region::default(),
                };
                Statement::Loop { body, step }
            }
            "break" => Statement::Break,
            "continue" => Statement::Continue,
            "return" => {
                let mut results = Vec::new();
                let is_result = match self.peek() {
                    Token::Value(_) => true,
                    Token::Name(label) | Token::Quoted(label) => names.arrays.contains_key(label),
                    _ => false,
                };
                if is_result {
                    results.push(self.argument(names)?);
                    while self.accept(",") {
                        results.push(self.argument(names)?);
                    }
                }
                Statement::Return(results)
            }
            "trap" => {
                let site = self.site_number()?;
                self.expect_word("if")?;
                let condition = self.value(names)?;
                self.expect_word("payload")?;
                let mut payloads = vec![self.value(names)?];
                while self.accept(",") {
                    payloads.push(self.value(names)?);
                }
                let position = match self.accept_word("position") {
                    true => Some(self.value(names)?),
                    false => None,
                };
                Statement::Trap { condition, site, payloads, position }
            }
            "parallel" => self.parallel(function, names, depth)?,
            "launch" => {
                let kernel = self.global()?;
                let space = self.values("(", ")", names)?;
                self.expect_word("captures")?;
                let captures = self.values("(", ")", names)?;
                self.expect_word("arrays")?;
                self.expect("(")?;
                let arrays = self.list(")", |parser| parser.array(names))?;
                Statement::Launch { kernel, space, captures, arrays }
            }
            "raise" => {
                let site = self.site_number()?;
                self.expect_word("payload")?;
                let mut payloads = Vec::new();
                if let Token::Value(_) = self.peek() {
                    payloads.push(self.value(names)?);
                    while self.accept(",") {
                        payloads.push(self.value(names)?);
                    }
                }
                Statement::Raise { site, payloads }
            }
            "print" => {
                let site = self.site_number()?;
                self.expect("(")?;
                Statement::Print { site, items: self.list(")", |parser| parser.argument(names))? }
            }
            "try" => {
                let number = self.integer()?;
                let body = self.region(function, names, depth + 1)?;
                self.expect_word("handler")?;
                Statement::Try { number, body, handler: self.region(function, names, depth + 1)? }
            }
            "reraise" => Statement::Reraise { number: self.integer()? },
            "guard" => {
                let failed = self.definition(function, names)?;
                let keep = match self.accept_word("keep") {
                    true => Some(self.integer()?),
                    false => None,
                };
                self.expect_word("in")?;
                let statement = Box::new(self.statement(function, names, depth)?);
                Statement::Guarded { failed, keep, statement }
            }
            "retain" => Statement::Retain(self.array(names)?),
            "release" => Statement::Release(match self.peek() {
                Token::Variable(_) => Holder::Variable(self.variable(names)?),
                _ => Holder::Array(self.array(names)?),
            }),
            "poll" => Statement::Poll,
            _ => return self.mistake_at(span, format!("unknown statement '{word}'")),
        })
    }

    /// `%1: i64 = expression`, `array a: f64[unit] = definition`, or a call with results of either kind.
    fn definition_statement(&mut self, function: &mut Function, names: &mut Names) -> Result<Statement> {
        // The operands are read before the results are defined: a value cannot use itself.
        let start = self.next;
        let mut kinds = Vec::new();
        loop {
            self.accept_word("array");
            self.take();
            self.expect(":")?;
            kinds.push(self.kind()?);
            if !self.accept(",") {
                break;
            }
            if !matches!(self.peek(), Token::Value(_)) && self.word() != Some("array") {
                return self.expected("a value");
            }
        }
        self.expect("=")?;
        let is_call = self.accept_word("call");
        let mut statement = match kinds.as_slice() {
            _ if is_call => self.call(Vec::new(), names)?,
            [Kind::Scalar(scalar)] => Statement::Let { value: Value(0), expression: self.expression(*scalar, names)? },
            [Kind::Array(_)] => Statement::Define { array: ArrayId(0), definition: self.array_definition(names)? },
            _ => return self.expected("'call', since there are several results"),
        };
        let end = std::mem::replace(&mut self.next, start);
        let mut defined = Vec::new();
        loop {
            defined.push(match self.accept_word("array") {
                true => Argument::Array(self.local_array(function, names)?),
                false => Argument::Value(self.definition(function, names)?),
            });
            if !self.accept(",") {
                break;
            }
        }
        self.next = end;
        match (&mut statement, defined[0]) {
            (Statement::Call { results, .. }, _) => *results = defined,
            (Statement::Let { value, .. }, Argument::Value(defined)) => *value = defined,
            (Statement::Define { array, .. }, Argument::Array(defined)) => *array = defined,
            _ => return self.expected("a value for a scalar type, 'array' and a name for an array type"),
        }
        Ok(statement)
    }

    /// `name: type`
    fn local_array(&mut self, function: &mut Function, names: &mut Names) -> Result<ArrayId> {
        let span = self.span();
        let (Token::Name(label) | Token::Quoted(label)) = self.peek().clone() else {
            return self.expected("an array's name");
        };
        self.take();
        self.expect(":")?;
        let kind = self.array_type()?;
        let array = function.local_array(label.name.clone(), kind);
        match names.arrays.insert(label, array) {
            None => Ok(array),
            Some(_) => self.mistake_at(span, "two arrays have one name: give them numbers, 'name#0' and 'name#1'"),
        }
    }

    fn array_definition(&mut self, names: &Names) -> Result<Definition> {
        let Some(word) = self.word().map(str::to_string) else {
            return self.expected("'allocate', 'view', 'reshape' or 'get'");
        };
        let span = self.span();
        self.take();
        Ok(match word.as_str() {
            "allocate" => {
                let extents = self.values("(", ")", names)?;
                let zeroed = self.accept_word("zeroed");
                self.expect_word("site")?;
                Definition::Allocate { extents, zeroed, site: self.site_number()? }
            }
            "view" => {
                let base = self.array(names)?;
                let starts = self.values("[", "]", names)?;
                self.expect_word("axes")?;
                self.expect("(")?;
                Definition::View { base, starts, axes: self.list(")", |parser| parser.view_axis(names))? }
            }
            "reshape" => Definition::Reshape { base: self.array(names)?, extents: self.values("(", ")", names)? },
            "get" => Definition::Get(self.variable(names)?),
            "constant" => Definition::Constant { table: self.table_id()?, extents: self.values("(", ")", names)? },
            _ => return self.mistake_at(span, format!("unknown definition of an array '{word}'")),
        })
    }

    /// `%1 repeated`, `%1 along 0`, `%1 along 0 step %2`
    fn view_axis(&mut self, names: &Names) -> Result<ViewAxis> {
        let extent = self.value(names)?;
        if self.accept_word("repeated") {
            return Ok(ViewAxis { extent, source: AxisSource::Repeated });
        }
        self.expect_word("along")?;
        let axis = self.integer()?;
        let step = match self.accept_word("step") {
            true => Some(self.value(names)?),
            false => None,
        };
        Ok(ViewAxis { extent, source: AxisSource::Along { axis, step } })
    }

    /// The constant table of a name.
    fn table_id(&mut self) -> Result<TableId> {
        let span = self.span();
        let name = self.global()?;
        match self.tables.iter().position(|table| table.name == name) {
            Some(table) => Ok(TableId(table as u32)),
            None => self.mistake_at(span, format!("there is no constant table '{name}'")),
        }
    }

    fn site_number(&mut self) -> Result<SiteId> {
        let Token::Site(number) = *self.peek() else {
            return self.expected("a site");
        };
        self.take();
        Ok(SiteId(number))
    }

    fn argument(&mut self, names: &Names) -> Result<Argument> {
        match self.peek() {
            Token::Value(_) => Ok(Argument::Value(self.value(names)?)),
            _ => Ok(Argument::Array(self.array(names)?)),
        }
    }

    /// What stands after the word `call`.
    fn call(&mut self, results: Vec<Argument>, names: &Names) -> Result<Statement> {
        let function = self.global()?;
        self.expect("(")?;
        let arguments = self.list(")", |parser| parser.argument(names))?;
        Ok(Statement::Call { results, function, arguments })
    }

    fn parallel(&mut self, function: &mut Function, names: &mut Names, depth: usize) -> Result<Statement> {
        self.expect("(")?;
        let labels = self.list(")", |parser| {
            let span = parser.span();
            match parser.peek().clone() {
                Token::Value(label) => {
                    parser.take();
                    Ok((label, span))
                }
                _ => parser.expected("a value"),
            }
        })?;
        self.expect_word("in")?;
        let space = self.values("(", ")", names)?;
        let mut point = Vec::new();
        for (label, span) in labels {
            point.push(self.define(function, names, label, ScalarType::Index, span)?);
        }
        let body = self.region(function, names, depth + 1)?;
        let border = match self.accept_word("border") {
            true => {
                self.expect("(")?;
                let margins = self.list(")", |parser| {
                    parser.expect("(")?;
                    let low = parser.integer()?;
                    parser.expect(",")?;
                    let high = parser.integer()?;
                    parser.expect(")")?;
                    Ok((low, high))
                })?;
                Some(Border { margins, region: self.region(function, names, depth + 1)? })
            }
            false => None,
        };
        Ok(Statement::Parallel(Box::new(Parallel { space, point, body, border })))
    }

    /// `scalar`: the type of the result.
    fn expression(&mut self, scalar: ScalarType, names: &Names) -> Result<Expression> {
        if let Some(builtin) = self.accept_one_of(&BUILTINS) {
            return Ok(Expression::Builtin(builtin));
        }
        let Some(word) = self.word().map(str::to_string) else {
            return self.expected("an expression");
        };
        let span = self.span();
        self.take();
        Ok(match word.as_str() {
            "constant" => Expression::Constant(Constant { scalar, bits: self.literal(scalar)? }),
            "get" => Expression::Get(self.variable(names)?),
            "load" => {
                let array = self.array(names)?;
                Expression::Load { array, indices: self.values("[", "]", names)? }
            }
            "extent" => {
                let array = self.array(names)?;
                self.expect(",")?;
                Expression::Extent { array, axis: self.integer()? }
            }
            "stride" => {
                let array = self.array(names)?;
                self.expect(",")?;
                Expression::Stride { array, axis: self.integer()? }
            }
            "overlap" => {
                let left = self.array(names)?;
                self.expect(",")?;
                Expression::Overlap { left, right: self.array(names)? }
            }
            "entry" => {
                let table = self.table_id()?;
                self.expect("[")?;
                let index = self.value(names)?;
                self.expect("]")?;
                Expression::TableEntry { table, index }
            }
            _ => {
                let (name, suffix) = word.split_once('.').unwrap_or((&word, ""));
                let Some(op) = Op::from_name(name) else {
                    return self.mistake_at(span, format!("unknown operation '{name}'"));
                };
                let Some(flags) = flags(suffix) else {
                    return self.mistake_at(span, format!("unknown flags '{suffix}'"));
                };
                let mut operands = vec![self.value(names)?];
                while self.accept(",") {
                    operands.push(self.value(names)?);
                }
                Expression::Apply { op, operands, flags }
            }
        })
    }
}

/// Names of flags with dots between; nothing is no flag.
fn flags(text: &str) -> Option<FloatFlags> {
    let mut flags = FloatFlags::STRICT;
    match text {
        "" => return Some(flags),
        "fast" => return Some(FloatFlags::FAST),
        _ => {}
    }
    for name in text.split('.') {
        let (_, field) = FLAGS.iter().find(|(known, _)| *known == name)?;
        *field(&mut flags) = true;
    }
    Some(flags)
}
