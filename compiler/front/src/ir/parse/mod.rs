//! Reading the text form (its grammar stands in [`super::text`]).

mod body;

use super::lexer::{Label, Token, tokens};
use super::text::{ACCESSES, FAULTS, STRIDES};
use super::*;
use crate::error::{ErrorClass, Mistake, Result};
use std::collections::HashMap;

/// Reads a module. Only what the text cannot express is checked; the rest is [`super::verify`]'s.
///
/// # Errors
/// A [`Mistake`] with the place in the text, whatever the text is.
pub fn parse(text: &str) -> Result<Module> {
    parse_source(&Source::new("<ir>", text))
}

/// [`parse()`], with messages that name the source.
pub fn parse_source(source: &Arc<Source>) -> Result<Module> {
    if source.text.len() > u32::MAX as usize {
        return Err(Mistake::new(ErrorClass::Value, source, Span::NONE, "the text is larger than 4 GiB").into());
    }
    Parser::new(source)?.module()
}

/// Reads text word by word: modules ([`parse_source`]), and what tests write in the same words.
pub struct Parser<'a> {
    source: &'a Arc<Source>,
    tokens: Vec<(Token, Span)>,
    next: usize,
    tables: Vec<Table>,
}

/// What the names of the function being read mean.
#[derive(Default)]
struct Names {
    values: HashMap<String, Value>,
    variables: HashMap<Label, VariableId>,
    arrays: HashMap<Label, ArrayId>,
}

impl<'a> Parser<'a> {
    pub fn new(source: &'a Arc<Source>) -> Result<Parser<'a>> {
        Ok(Parser { source, tokens: tokens(source)?, next: 0, tables: Vec::new() })
    }

    pub fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    pub fn span(&self) -> Span {
        self.tokens[self.next].1
    }

    /// Takes a token; the end stays.
    pub fn take(&mut self) -> Token {
        let token = self.tokens[self.next].0.clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    pub fn mistake_at<T>(&self, span: Span, message: impl Into<String>) -> Result<T> {
        Err(Mistake::new(ErrorClass::Syntax, self.source, span, message).into())
    }

    pub fn expected<T>(&self, what: &str) -> Result<T> {
        let found = match self.peek() {
            Token::End => "the end of the text".to_string(),
            _ => {
                let span = self.span();
                format!("'{}'", &self.source.text[span.start as usize..span.end as usize])
            }
        };
        self.mistake_at(self.span(), format!("expected {what}, found {found}"))
    }

    pub fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    pub fn accept(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.take();
        }
        found
    }

    pub fn expect(&mut self, sign: &str) -> Result<()> {
        if self.accept(sign) { Ok(()) } else { self.expected(&format!("'{sign}'")) }
    }

    /// The bare word that comes next, if it is one.
    fn word(&self) -> Option<&str> {
        match self.peek() {
            Token::Name(Label { name, number: None }) => Some(name),
            _ => None,
        }
    }

    pub fn accept_word(&mut self, word: &str) -> bool {
        let found = self.word() == Some(word);
        if found {
            self.take();
        }
        found
    }

    pub fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.accept_word(word) { Ok(()) } else { self.expected(&format!("'{word}'")) }
    }

    /// One of a list of words, with what it stands for.
    fn accept_one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| self.word() == Some(word)).map(|(_, thing)| *thing);
        if found.is_some() {
            self.take();
        }
        found
    }

    fn expect_one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Result<T> {
        match self.accept_one_of(words) {
            Some(thing) => Ok(thing),
            None => {
                let words: Vec<String> = words.iter().map(|(word, _)| format!("'{word}'")).collect();
                self.expected(&words.join(" or "))
            }
        }
    }

    pub fn global(&mut self) -> Result<String> {
        match self.peek() {
            Token::Global(label) if label.number.is_none() => {
                let name = label.name.clone();
                self.take();
                Ok(name)
            }
            _ => self.expected("a name with '@'"),
        }
    }

    pub fn integer<T: TryFrom<i64>>(&mut self) -> Result<T> {
        let parsed = match self.peek() {
            Token::Number(text) => text.parse::<i64>().ok().and_then(|number| T::try_from(number).ok()),
            _ => None,
        };
        match parsed {
            Some(number) => {
                self.take();
                Ok(number)
            }
            None => self.expected("an integer"),
        }
    }

    fn scalar(&mut self) -> Result<ScalarType> {
        match self.word().and_then(ScalarType::from_short_name) {
            Some(scalar) => {
                self.take();
                Ok(scalar)
            }
            None => self.expected("a type"),
        }
    }

    /// A scalar type, or an array type: `f64[packed, unit]`, which may be read and written, or `read f64[any]`.
    fn kind(&mut self) -> Result<Kind> {
        let access = self.accept_one_of(&ACCESSES);
        let scalar = self.scalar()?;
        if access.is_none() && !self.is_sign("[") {
            return Ok(Kind::Scalar(scalar));
        }
        Ok(Kind::Array(ArrayType { scalar, access: access.unwrap_or(Access::ReadWrite), strides: self.strides()? }))
    }

    fn array_type(&mut self) -> Result<ArrayType> {
        match self.kind()? {
            Kind::Array(array) => Ok(array),
            Kind::Scalar(_) => self.expected("'['"),
        }
    }

    /// What is known of strides, in brackets.
    fn strides(&mut self) -> Result<Vec<Stride>> {
        self.expect("[")?;
        self.list("]", |parser| parser.expect_one_of(&STRIDES))
    }

    /// Elements with commas between, up to the closing sign, which is taken.
    pub fn list<T>(&mut self, close: &str, mut element: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut elements = Vec::new();
        if self.accept(close) {
            return Ok(elements);
        }
        loop {
            elements.push(element(self)?);
            if self.accept(close) {
                return Ok(elements);
            }
            self.expect(",")?;
        }
    }

    pub fn literal(&mut self, scalar: ScalarType) -> Result<u64> {
        let text = match self.peek() {
            Token::Number(text) => text.clone(),
            Token::Name(Label { name, number: None }) => name.clone(),
            _ => return self.expected("a literal"),
        };
        match literal_bits(&text, scalar) {
            Some(bits) => {
                self.take();
                Ok(bits)
            }
            None => self.expected(&format!("a literal of type {}", scalar.short_name())),
        }
    }

    fn module(&mut self) -> Result<Module> {
        let mut functions = Vec::new();
        // Functions may use tables that stand after them.
        let start = self.next;
        self.tables_only()?;
        self.next = start;
        loop {
            match self.word() {
                Some("table") => {
                    self.table()?;
                }
                Some("function" | "host" | "kernel" | "range" | "grid") => functions.push(self.function()?),
                _ if *self.peek() == Token::End => break,
                _ => return self.expected("'function', 'host', 'kernel', 'range', 'grid' or 'table'"),
            }
        }
        Ok(Module { functions, tables: std::mem::take(&mut self.tables) })
    }

    /// Reads the tables and skips the rest.
    fn tables_only(&mut self) -> Result<()> {
        let mut depth = 0usize;
        while *self.peek() != Token::End {
            match self.peek() {
                Token::Sign("{") => depth += 1,
                Token::Sign("}") => depth = depth.saturating_sub(1),
                _ => {}
            }
            // Outside of all braces, `table` before a global is nothing else.
            let after = self.tokens.get(self.next + 1).map(|(token, _)| token);
            if depth == 0 && self.word() == Some("table") && matches!(after, Some(Token::Global(_))) {
                let table = self.table()?;
                self.tables.push(table);
            } else {
                self.take();
            }
        }
        Ok(())
    }

    fn table(&mut self) -> Result<Table> {
        self.expect_word("table")?;
        let name = self.global()?;
        self.expect(":")?;
        let scalar = self.scalar()?;
        self.expect("=")?;
        self.expect("[")?;
        let entries = self.list("]", |parser| parser.literal(scalar))?;
        Ok(Table { name, scalar, entries })
    }

    fn function(&mut self) -> Result<Function> {
        let form = match self.take() {
            Token::Name(label) if label.name == "kernel" => Form::Kernel,
            Token::Name(label) if label.name == "range" => Form::Range,
            Token::Name(label) if label.name == "grid" => {
                self.expect("(")?;
                let group = self.integer()?;
                let rows = self.accept(",");
                if rows {
                    self.expect_word("rows")?;
                }
                self.expect(")")?;
                Form::Grid { group, rows }
            }
            Token::Name(label) if label.name == "host" => Form::Host,
            _ => Form::Function,
        };
        let mut function = Function { form, ..Function::new(self.global()?) };
        let mut names = Names::default();
        self.expect("(")?;
        // Roles may name arrays that stand after them.
        let mut roles = Vec::new();
        self.list(")", |parser| parser.parameter(&mut function, &mut names, &mut roles))?;
        for (position, start) in roles {
            let end = std::mem::replace(&mut self.next, start);
            let found = self.role(&names)?;
            self.next = end;
            if let Some(Parameter::Scalar { role, .. }) = function.parameters.get_mut(position) {
                *role = found;
            }
        }
        if self.accept("->") {
            loop {
                function.results.push(self.kind()?);
                if !self.accept(",") {
                    break;
                }
            }
        }
        self.expect("{")?;
        loop {
            if self.accept_word("variable") {
                self.variable_declaration(&mut function, &mut names)?;
            } else if self.accept_word("site") {
                self.site(&mut function)?;
            } else {
                break;
            }
        }
        function.body = self.statements(&mut function, &mut names, 0)?;
        Ok(function)
    }

    /// `roles`: where a role stands that is to be read when all arrays are known.
    fn parameter(&mut self, function: &mut Function, names: &mut Names, roles: &mut Vec<(usize, usize)>) -> Result<()> {
        if let Token::Value(label) = self.peek().clone() {
            let span = self.span();
            self.take();
            let name = match self.peek().clone() {
                Token::Name(name) | Token::Quoted(name) => {
                    self.take();
                    name.name
                }
                _ => label.clone(),
            };
            self.expect(":")?;
            let scalar = self.scalar()?;
            let value = self.define(function, names, label, scalar, span)?;
            let position = function.parameters.len();
            function.parameters.push(Parameter::Scalar { name, value, role: Role::Argument(position as u32) });
            if self.word().is_some() {
                roles.push((position, self.next));
                self.skip_role();
            }
            return Ok(());
        }
        let Some(access) = self.accept_one_of(&ACCESSES) else {
            return self.expected("a parameter: a value, 'read', 'write' or 'read_write'");
        };
        let span = self.span();
        let (Token::Name(label) | Token::Quoted(label)) = self.peek().clone() else {
            return self.expected("an array's name");
        };
        self.take();
        self.expect(":")?;
        let scalar = self.scalar()?;
        let strides = self.strides()?;
        let footprint = match self.accept_word("window") {
            true => {
                self.expect("(")?;
                Footprint::Window(self.list(")", |parser| {
                    let low = parser.integer()?;
                    parser.expect_word("to")?;
                    Ok((low, parser.integer()?))
                })?)
            }
            false => Footprint::Whole,
        };
        let array = Array {
            name: label.name.clone(),
            scalar,
            rank: strides.len() as u32,
            access,
            strides,
            footprint,
            buffer: self.accept_word("buffer"),
            distinct: self.accept_word("distinct"),
        };
        let id = function.array_parameter(array);
        match names.arrays.insert(label, id) {
            None => Ok(()),
            Some(_) => self.mistake_at(span, "two arrays have one name: give them numbers, 'name#0' and 'name#1'"),
        }
    }

    /// Goes to the end of a role: a word and perhaps something in parentheses.
    fn skip_role(&mut self) {
        self.take();
        if self.accept("(") {
            while !self.is_sign(")") && *self.peek() != Token::End {
                self.take();
            }
            self.accept(")");
        }
    }

    fn role(&mut self, names: &Names) -> Result<Role> {
        let start = self.span();
        let Token::Name(Label { name, .. }) = self.take() else {
            return self.mistake_at(start, "expected a role");
        };
        match name.as_str() {
            "begin" => return Ok(Role::Begin),
            "end" => return Ok(Role::End),
            _ => self.expect("(")?,
        }
        let role = match name.as_str() {
            "argument" => Role::Argument(self.integer()?),
            "space_extent" => Role::SpaceExtent(self.integer()?),
            "offset" => Role::Offset(self.array(names)?),
            "extent" | "stride" => {
                let array = self.array(names)?;
                self.expect(",")?;
                let axis = self.integer()?;
                if name == "extent" { Role::Extent(array, axis) } else { Role::Stride(array, axis) }
            }
            _ => return self.mistake_at(start, format!("unknown role '{name}'")),
        };
        self.expect(")")?;
        Ok(role)
    }

    fn variable_declaration(&mut self, function: &mut Function, names: &mut Names) -> Result<()> {
        let span = self.span();
        let Token::Variable(label) = self.peek().clone() else {
            return self.expected("a variable");
        };
        self.take();
        self.expect(":")?;
        let kind = self.kind()?;
        let id = function.variable_of(label.name.clone(), kind);
        match names.variables.insert(label, id) {
            None => Ok(()),
            Some(_) => self.mistake_at(span, "two variables have one name: give them numbers, '$name#0' and '$name#1'"),
        }
    }

    fn site(&mut self, function: &mut Function) -> Result<()> {
        let number = function.sites.len() as u32;
        if *self.peek() != Token::Site(number) {
            return self.expected(&format!("'#{number}': sites are numbered in order"));
        }
        self.take();
        let fault = self.expect_one_of(&FAULTS)?;
        let Token::Quoted(label) = self.peek().clone() else {
            return self.expected("a message in quotes");
        };
        self.take();
        let told = match self.accept("(") {
            true => self.list(")", Parser::told)?,
            false => Vec::new(),
        };
        function.site(Site { fault, message: label.name, told, span: Span::NONE, source: None });
        Ok(())
    }

    /// What a site speaks of.
    fn told(&mut self) -> Result<Told> {
        if let Token::Quoted(label) = self.peek().clone() {
            self.take();
            return Ok(Told::Text(label.name.into()));
        }
        if self.accept("(") {
            return Ok(Told::Tuple(self.list(")", Parser::told)?));
        }
        if self.accept_word("none") {
            return Ok(Told::None);
        }
        if self.accept_word("complex") {
            return Ok(Told::Complex(self.scalar()?));
        }
        if self.accept_word("array") {
            return Ok(Told::Array(self.scalar()?, self.integer()?));
        }
        let scalar = self.scalar()?;
        Ok(match self.accept("=") {
            true => Told::Known(Constant { scalar, bits: self.literal(scalar)? }),
            false => Told::Scalar(scalar),
        })
    }

    fn define(
        &self,
        function: &mut Function,
        names: &mut Names,
        label: String,
        scalar: ScalarType,
        span: Span,
    ) -> Result<Value> {
        let value = function.fresh(scalar, Span::NONE);
        match names.values.insert(label, value) {
            None => Ok(value),
            Some(_) => self.mistake_at(span, "the value is defined twice"),
        }
    }

    /// `%label: type`
    fn definition(&mut self, function: &mut Function, names: &mut Names) -> Result<Value> {
        let span = self.span();
        let Token::Value(label) = self.peek().clone() else {
            return self.expected("a value");
        };
        self.take();
        self.expect(":")?;
        let scalar = self.scalar()?;
        self.define(function, names, label, scalar, span)
    }

    fn value(&mut self, names: &Names) -> Result<Value> {
        let Token::Value(label) = self.peek() else {
            return self.expected("a value");
        };
        match names.values.get(label) {
            Some(&value) => {
                self.take();
                Ok(value)
            }
            None => self.mistake_at(self.span(), format!("'%{label}' is used before its definition")),
        }
    }

    fn array(&mut self, names: &Names) -> Result<ArrayId> {
        let (Token::Name(label) | Token::Quoted(label)) = self.peek() else {
            return self.expected("an array");
        };
        match names.arrays.get(label) {
            Some(&array) => {
                self.take();
                Ok(array)
            }
            None => self.mistake_at(self.span(), "there is no such array"),
        }
    }

    fn variable(&mut self, names: &Names) -> Result<VariableId> {
        let Token::Variable(label) = self.peek() else {
            return self.expected("a variable");
        };
        match names.variables.get(label) {
            Some(&variable) => {
                self.take();
                Ok(variable)
            }
            None => self.mistake_at(self.span(), "there is no such variable"),
        }
    }

    /// Values in parentheses or brackets, the opening one included.
    fn values(&mut self, open: &str, close: &str, names: &Names) -> Result<Vec<Value>> {
        self.expect(open)?;
        self.list(close, |parser| parser.value(names))
    }
}

/// The bits of a literal of a type, as in [`Constant::bits`]; `None` if it is none. Accepts what the text form says.
pub fn literal_bits(text: &str, scalar: ScalarType) -> Option<u64> {
    let hexadecimal = text.strip_prefix("0x").map(|digits| match digits.starts_with('+') {
        true => None,
        false => u64::from_str_radix(digits, 16).ok(),
    });
    let fits = |bits: u64| scalar.bits() == 64 || bits >> scalar.bits() == 0;
    let decimal = |text: &str| text.starts_with(|first: char| first.is_ascii_digit() || first == '-' || first == '.');
    match scalar {
        ScalarType::Bool => match text {
            "true" => Some(1),
            "false" => Some(0),
            _ => None,
        },
        _ if hexadecimal.is_some() => {
            let bits = hexadecimal.flatten().filter(|&bits| fits(bits))?;
            Some(Constant::canonical(bits, scalar))
        }
        ScalarType::F32 | ScalarType::F64 if !decimal(text) && !matches!(text, "inf" | "nan") => None,
        ScalarType::F32 => text.parse::<f32>().ok().map(|value| value.to_bits() as u64),
        ScalarType::F64 => text.parse::<f64>().ok().map(f64::to_bits),
        _ => {
            let value = text.parse::<i128>().ok()?;
            let constant = Constant::integer(scalar, value);
            (constant.as_integer() == Some(value)).then_some(constant.bits)
        }
    }
}
