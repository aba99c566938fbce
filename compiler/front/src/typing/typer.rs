//! Typing one function: its results, and the search for the type that its returns have in common.
//!
//! Inference is an abstract interpretation that emits IR as it goes. Where a type was assumed that turns out too
//! narrow (of the result here, of a loop's variable in `loops`) what was emitted is thrown away and done again.

use super::closures::{Evaluation, Form};
use super::complex::Complex;
use super::emit::Checkpoint;
use super::environment::Environment;
use super::handlers::{Final, Guard};
use super::instances::Wanted;
use super::item::{Item, ItemType, Measure, Scalar};
use super::liveness::Liveness;
use super::loops::Loop;
use super::parameters::unknown_type;
use super::program::{TypedProgram, Unit};
use super::stencil::ArrayUse;
use super::{ArgumentType, Relative, Rules};
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::{self, Argument, ArrayType, Definition, Kind, Region, Statement};
use crate::source::Span;
use crate::syntax;
use crate::syntax::dtype;
use crate::syntax::tree::{Expression, ExpressionKind, FunctionDefinition, StatementKind};
use crate::types::{Constant, ScalarType};
use std::collections::{HashMap, HashSet};

/// The state of typing one function.
pub struct Typer<'t, 'p> {
    pub program: &'p mut TypedProgram<'t>,
    pub unit: Unit<'t>,
    pub function: ir::Function,
    /// What is being filled.
    pub region: Region,
    pub environment: Environment<'t>,
    pub liveness: Liveness<'t>,
    /// Names that the function assigns somewhere: they are never names of the module.
    pub assigned: HashSet<&'t str>,
    /// Lambdas that are being evaluated, the innermost last.
    pub lambdas: Vec<Evaluation<'t>>,
    /// The loops around, the innermost last.
    pub loops: Vec<Loop<'t>>,
    /// Bodies of `try` around, the innermost last.
    pub guards: Vec<Guard<'t>>,
    /// `finally` blocks around.
    pub finals: Vec<Final<'t>>,
    /// Handlers around: the number of the `try`, and the exception's name.
    pub caught: Vec<(u32, Option<&'t str>)>,
    /// How many `try` there are so far.
    pub tries: u32,
    /// Extents of arrays that are another number and a constant.
    pub sums: HashMap<ir::Value, (Measure, i64)>,
    /// Operands around that are evaluated only on a way of their own.
    pub sides: u32,
    /// The statements that follow are never reached.
    pub ended: bool,
    /// The form of the result, if it is settled.
    pub result: Option<ItemType>,
    /// The result's form was given by a signature or an annotation, not found.
    pub result_is_given: bool,
    /// The result's form was declared: what is returned must have it (rules `Exact`).
    pub declared: bool,
    /// The forms of what is returned, while the result's form is not settled.
    pub returns: Vec<(ItemType, Span)>,
    /// A `raise` was met: it needs a return of zeros once the result is known.
    pub raises: bool,
    pub arrays: Vec<ArrayUse>,
    /// The current point, for relative arrays.
    pub point: Vec<ir::Value>,
    pub neighborhood: Option<Vec<(i64, i64)>>,
}

/// What is settled before the body is looked at.
struct Header<'t, 'a> {
    unit: Unit<'t>,
    definition: &'t FunctionDefinition,
    name: &'a str,
    arguments: Arguments<'t, 'a>,
    result: Option<ItemType>,
    declared: bool,
}

#[derive(Clone, Copy)]
enum Arguments<'t, 'a> {
    Kernel(&'a [ArgumentType], &'a Relative),
    Helper(&'a [ItemType], &'a [(&'t str, Form<'t>)]),
}

impl<'t> Typer<'t, '_> {
    /// The function that a request asks for.
    pub fn kernel(
        program: &mut TypedProgram<'t>,
        definition: &'t FunctionDefinition,
        name: &str,
        arguments: &[ArgumentType],
        result: Option<ScalarType>,
        relative: &Relative,
    ) -> Result<ir::Function> {
        let unit = program.unit;
        let arguments = Arguments::Kernel(arguments, relative);
        let result = result.map(ItemType::Scalar);
        let header = Header { unit, definition, name, arguments, result, declared: false };
        let (function, result) = settle(program, &header)?;
        if let ItemType::Tuple(_) = result {
            let message = format!("kernel '{}' returns a tuple", definition.name);
            let mistake = Mistake::new(ErrorClass::Unsupported, &unit.module.source, definition.name_span, message);
            return Err(mistake.help("return one number; write one kernel per output").into());
        }
        Ok(function)
    }

    /// A function that is called by another one.
    pub fn helper(
        program: &mut TypedProgram<'t>,
        wanted: &Wanted<'t, '_>,
        name: &str,
    ) -> Result<(ir::Function, ItemType)> {
        let &Wanted { unit, definition, arguments, around, ref result } = wanted;
        let result = match (&definition.returns, unit.rules) {
            _ if result.is_some() => result.clone(),
            (Some(annotation), Rules::Exact) => Some(annotated_type(unit, annotation)?),
            _ => None,
        };
        let declared = result.is_some() && unit.rules == Rules::Exact;
        let arguments = Arguments::Helper(arguments, around);
        settle(program, &Header { unit, definition, name, arguments, result, declared })
    }
}

/// A function is typed again as long as the type of its result changes; few types are that wide.
const MOST_ATTEMPTS: usize = 12;

/// Types the body until the type of the result is settled: twice at most, unless the function calls itself.
fn settle<'t>(program: &mut TypedProgram<'t>, header: &Header<'t, '_>) -> Result<(ir::Function, ItemType)> {
    let source = &header.unit.module.source;
    let warnings = program.warnings.len();
    let mut settled = header.result.clone();
    for _ in 0..MOST_ATTEMPTS {
        program.warnings.truncate(warnings);
        program.instances.assume(settled.clone());
        let Typer { program: _, mut function, region, returns, raises, .. } =
            attempt(program, header, settled.clone())?;
        let called = program.instances.was_called();
        function.body = region;
        if let Some(result) = settled.as_ref().filter(|_| header.result.is_some() || !called) {
            function.results = result.kinds();
            return Ok((function, result.clone()));
        }
        let Some((first, first_span)) = returns.first() else {
            let never_gives = program.host && !returns_something(&header.definition.body);
            if called && never_gives && settled.is_none() {
                // Once more, with what follows the calls of itself.
                settled = Some(ItemType::None);
                continue;
            }
            if called && !never_gives {
                let name = &header.definition.name;
                let message =
                    format!("cannot type infer runaway recursion: the type that '{name}' returns depends on itself");
                let mistake = Mistake::new(ErrorClass::Type, source, header.definition.name_span, message);
                return Err(mistake.help("return a value on a way without a recursive call, before the others").into());
            }
            if !never_gives && program.instances.waits() {
                // What it returns is known once those are that it calls.
                return Err(Error::Diverges);
            }
            if program.host && header.unit.prelude.is_none() {
                // It never returns.
                return Ok((function, ItemType::None));
            }
            let message = format!("'{}' returns no value", header.definition.name);
            let mistake = Mistake::new(ErrorClass::Type, source, header.definition.name_span, message);
            return Err(mistake.help("return a number").into());
        };
        let mut common = first.settled();
        for (item_type, span) in &returns[1..] {
            common = super::environment::unify(header.unit.rules, &common, item_type).ok_or_else(|| {
                Mistake::new(
                    ErrorClass::Type,
                    source,
                    *span,
                    format!("cannot unify {common} and {item_type} for the returned value"),
                )
                .also(*first_span, "the other return")
                .help("return values of one type, for example by a cast such as np.float64(...)")
            })?;
        }
        let plain = !raises && returns.iter().all(|(item_type, _)| *item_type == common);
        if (!called && plain) || settled.as_ref() == Some(&common) {
            function.results = common.kinds();
            return Ok((function, common));
        }
        settled = Some(common);
    }
    let message = format!("Return type of recursive function does not converge: that of '{}'", header.definition.name);
    let mistake = Mistake::new(ErrorClass::Type, source, header.definition.name_span, message);
    Err(mistake.help("return values of one type, for example by a cast such as np.float64(...)").into())
}

/// Whether there is a `return` of something: otherwise a function gives None, whatever it calls.
fn returns_something(statements: &[syntax::tree::Statement]) -> bool {
    statements.iter().any(|statement| {
        let mut found = match &statement.kind {
            StatementKind::Return(Some(value)) => !matches!(value.kind, ExpressionKind::None),
            _ => false,
        };
        statement.blocks(&mut |_, block| found |= returns_something(block));
        found
    })
}

/// Types the body once, with the form of the result if it is known.
fn attempt<'t, 'p>(
    program: &'p mut TypedProgram<'t>,
    header: &Header<'t, '_>,
    result: Option<ItemType>,
) -> Result<Typer<'t, 'p>> {
    let definition = header.definition;
    let mut assigned: HashSet<&'t str> = syntax::names::assigned(&definition.body).into_iter().collect();
    assigned.extend(definition.parameters.iter().chain(&definition.rest).map(|parameter| parameter.name.as_str()));
    let mut typer = Typer {
        program,
        unit: header.unit,
        function: ir::Function::new(header.name),
        region: Region::default(),
        environment: Environment::new(),
        liveness: Liveness::of(&definition.body),
        assigned,
        lambdas: Vec::new(),
        loops: Vec::new(),
        guards: Vec::new(),
        finals: Vec::new(),
        caught: Vec::new(),
        tries: 0,
        sums: HashMap::new(),
        sides: 0,
        ended: false,
        result,
        result_is_given: header.result.is_some(),
        declared: header.declared,
        returns: Vec::new(),
        raises: false,
        arrays: Vec::new(),
        point: Vec::new(),
        neighborhood: None,
    };
    typer.function.source = Some(header.unit.module.source.clone());
    if let Some((span, instead)) = definition.unsupported_parameters
        && !(typer.is_host() && definition.rest.is_some())
    {
        return Err(typer
            .mistake(ErrorClass::Unsupported, span, "kernels cannot have such parameters")
            .help(instead)
            .into());
    }
    match header.arguments {
        Arguments::Kernel(arguments, relative) => typer.kernel_parameters(definition, arguments, relative)?,
        Arguments::Helper(arguments, around) => {
            typer.helper_parameters(definition, arguments)?;
            for (name, form) in around {
                let item = typer.restored(name, form, definition.name_span);
                typer.environment.insert(name, item);
            }
        }
    }
    typer.block(&definition.body)?;
    if !typer.ended && typer.is_host() {
        typer.return_item(Item::None, definition.name_span)?;
    }
    if !typer.ended {
        let message = format!("'{}' must return a value on every path", definition.name);
        let mistake = typer.mistake(ErrorClass::Type, definition.name_span, message);
        return Err(mistake.help("end it with a 'return' of a number").into());
    }
    typer.finish_arrays(definition)?;
    Ok(typer)
}

impl<'t> Typer<'t, '_> {
    pub fn mistake(&self, class: ErrorClass, span: Span, message: impl Into<String>) -> Mistake {
        Mistake::new(class, &self.unit.module.source, span, message)
    }

    /// `return` of an item; `Return` of its scalars in the type of the result.
    pub fn return_item(&mut self, item: Item<'t>, span: Span) -> Result<()> {
        if self.is_host() {
            return self.return_from_host(item, span);
        }
        let values = match self.result.clone() {
            Some(result) => {
                let item = self.fit(item, &result, self.declared, span)?;
                self.flatten(&item, span)?
            }
            None => {
                let Some(item_type) = self.item_type(&item) else { return Err(self.not_a_number(&item, span).into()) };
                self.returns.push((item_type.clone(), span));
                let item = self.fit(item, &item_type.settled(), false, span)?;
                self.flatten(&item, span)?
            }
        };
        self.region.push(Statement::Return(values));
        self.ended = true;
        Ok(())
    }

    /// In host functions what is returned is looked at also where a result is assumed: see [`settle`].
    fn return_from_host(&mut self, item: Item<'t>, span: Span) -> Result<()> {
        let item = self.returnable(item, span)?;
        let Some(given) = self.item_type(&item) else { return Err(self.not_a_number(&item, span).into()) };
        self.returns.push((given.clone(), span));
        self.ended = true;
        let result = match &self.result {
            Some(result) => result.clone(),
            None => given.settled(),
        };
        let fits = super::environment::unify(self.unit.rules, &result, &given).is_some_and(|common| common == result);
        if !fits && !self.result_is_given {
            // The assumption was too narrow: all of this is done again.
            return Ok(());
        }
        let item = self.fit(item, &result, false, span)?;
        let values = self.flatten(&item, span)?;
        self.ended = false;
        self.run_finals(0, span)?;
        if !self.ended {
            self.region.push(Statement::Return(values));
            self.ended = true;
        }
        Ok(())
    }

    /// What a name or a constant stands for, as something that can be kept and returned.
    fn returnable(&mut self, item: Item<'t>, span: Span) -> Result<Item<'t>> {
        match item {
            Item::Constants(_) => {
                let items = self.unpack(&item, span)?;
                Ok(Item::Tuple(items.into_iter().map(|item| self.returnable(item, span)).collect::<Result<_>>()?))
            }
            Item::Tuple(items) => {
                Ok(Item::Tuple(items.into_iter().map(|item| self.returnable(item, span)).collect::<Result<_>>()?))
            }
            Item::Named(class, items) => {
                let items = items.into_iter().map(|item| self.returnable(item, span)).collect::<Result<_>>()?;
                Ok(Item::Named(class, items))
            }
            other => Ok(other),
        }
    }

    /// Ends the function where it has failed already.
    pub fn return_zeros(&mut self) {
        let scalars = match &self.result {
            Some(result) => result.kinds(),
            None => {
                self.raises = true;
                Vec::new()
            }
        };
        let scalars = scalars.iter().filter_map(Kind::scalar);
        let values = scalars.map(|scalar| self.constant(Constant::zero(scalar), Span::NONE).value.into()).collect();
        self.region.push(Statement::Return(values));
        self.ended = true;
    }

    /// `item` in the form `item_type`. `declared`: nothing but literals converts.
    pub fn fit(&mut self, item: Item<'t>, item_type: &ItemType, declared: bool, span: Span) -> Result<Item<'t>> {
        match (item, item_type) {
            (item @ (Item::Scalar(_) | Item::Literal(_)), ItemType::Scalar(scalar)) => {
                let value = if declared {
                    self.exactly(&item, *scalar, span)?
                } else {
                    let value = self.number(&item, span)?;
                    self.convert(value, *scalar, span)
                };
                Ok(Item::Scalar(value))
            }
            (Item::Tuple(items), ItemType::Tuple(item_types)) if items.len() == item_types.len() => {
                let parts: Result<Vec<_>> = items
                    .into_iter()
                    .zip(item_types)
                    .map(|(item, item_type)| self.fit(item, item_type, declared, span))
                    .collect();
                Ok(Item::Tuple(parts?))
            }
            (Item::Named(class, items), ItemType::Named(wanted, item_types)) if class == *wanted => {
                let parts: Result<Vec<_>> = items
                    .into_iter()
                    .zip(item_types)
                    .map(|(item, item_type)| self.fit(item, item_type, declared, span))
                    .collect();
                Ok(Item::Named(class, parts?))
            }
            (item @ Item::Constants(_), ItemType::Tuple(_)) => {
                let items = self.unpack(&item, span)?;
                self.fit(Item::Tuple(items), item_type, declared, span)
            }
            (Item::Array(array), ItemType::Array(wanted)) => {
                let given = ItemType::Array(self.function.arrays[array.index()].kind());
                let common = super::environment::unify(self.unit.rules, &given, item_type);
                if common.as_ref() == Some(item_type) {
                    return Ok(Item::Array(array));
                }
                let message = format!("{given} is returned where {} is", super::item::describe_array(wanted));
                Err(self.mistake(ErrorClass::Type, span, message).into())
            }
            (item @ (Item::Complex(_) | Item::Scalar(_)), ItemType::Complex(part)) => {
                Ok(Item::Complex(self.as_complex(&item, *part, span)?))
            }
            (Item::None, ItemType::None) => Ok(Item::None),
            (Item::Text(text), ItemType::Text(wanted)) if text == *wanted => Ok(Item::Text(text)),
            (Item::Dtype(scalar), ItemType::Dtype(wanted)) if scalar == *wanted => Ok(Item::Dtype(scalar)),
            (item @ Item::Defined(..), wanted @ ItemType::Function(..))
                if self.item_type(&item).as_ref() == Some(wanted) =>
            {
                Ok(item)
            }
            (Item::None, ItemType::Optional(inner)) => {
                let there = self.constant(Constant::bool(false), span);
                let nothing = self.nothing(inner, span)?;
                Ok(Item::Optional(there, Box::new(nothing)))
            }
            (Item::Optional(there, item), ItemType::Optional(inner)) => {
                Ok(Item::Optional(there, Box::new(self.fit(*item, inner, declared, span)?)))
            }
            (item, ItemType::Optional(inner)) => {
                let there = self.constant(Constant::bool(true), span);
                Ok(Item::Optional(there, Box::new(self.fit(item, inner, declared, span)?)))
            }
            (Item::Maybe(assigned, item), ItemType::Maybe(inner)) => {
                Ok(Item::Maybe(assigned, Box::new(self.fit(*item, inner, declared, span)?)))
            }
            (item, ItemType::Maybe(inner)) => {
                let assigned = self.constant(Constant::bool(true), span);
                Ok(Item::Maybe(assigned, Box::new(self.fit(item, inner, declared, span)?)))
            }
            (item @ (Item::Scalar(_) | Item::Literal(_) | Item::Tuple(_)), item_type) => {
                let message = format!("{} is returned where {item_type} is", item.describe());
                Err(self.mistake(ErrorClass::Type, span, message).into())
            }
            (item, _) => Err(self.not_a_number(&item, span).into()),
        }
    }

    /// What stands in an optional that is None.
    fn nothing(&mut self, item_type: &ItemType, span: Span) -> Result<Item<'t>> {
        let slot = self.slot("nothing", item_type);
        self.store(&slot, None, span)?;
        Ok(self.load(&slot, span))
    }

    /// What it takes to hold an item, in order: see [`ItemType::kinds`].
    pub fn flatten(&mut self, item: &Item<'t>, span: Span) -> Result<Vec<Argument>> {
        match item {
            Item::Array(array) => Ok(vec![Argument::Array(*array)]),
            Item::Complex(number) => Ok(vec![number.real.value.into(), number.imaginary.value.into()]),
            Item::None | Item::Text(_) | Item::Dtype(_) | Item::Defined(..) => Ok(Vec::new()),
            Item::Optional(there, item) => {
                let mut values = vec![there.value.into()];
                values.extend(self.flatten(item, span)?);
                Ok(values)
            }
            Item::Tuple(items) | Item::Named(_, items) => {
                let mut values = Vec::new();
                for item in items {
                    values.extend(self.flatten(item, span)?);
                }
                Ok(values)
            }
            item => Ok(vec![self.number(item, span)?.value.into()]),
        }
    }

    /// The item of form `item_type` made of `values`, in order.
    pub fn unflatten(&self, item_type: &ItemType, values: &mut impl Iterator<Item = Argument>) -> Result<Item<'t>> {
        let few = || Error::Internal("a call has too few results".into());
        match item_type {
            ItemType::Array(_) => Ok(Item::Array(values.next().and_then(Argument::array).ok_or_else(few)?)),
            ItemType::Complex(part) => {
                let mut next = || values.next().and_then(Argument::value).ok_or_else(few);
                let (real, imaginary) = (Scalar::new(next()?, *part), Scalar::new(next()?, *part));
                Ok(Item::Complex(Complex { real, imaginary }))
            }
            ItemType::None => Ok(Item::None),
            ItemType::Text(text) => Ok(Item::Text(text.clone())),
            ItemType::Dtype(scalar) => Ok(Item::Dtype(*scalar)),
            ItemType::Function(number, _) => match self.program.function_of(*number) {
                Some((unit, definition)) => Ok(Item::Defined(unit, definition)),
                None => Err(Error::Internal("a function that is no value".into())),
            },
            ItemType::Optional(inner) => {
                let there = values.next().and_then(Argument::value).ok_or_else(few)?;
                let there = Scalar::new(there, ScalarType::Bool);
                Ok(Item::Optional(there, Box::new(self.unflatten(inner, values)?)))
            }
            ItemType::Tuple(item_types) => {
                let parts: Result<Vec<_>> =
                    item_types.iter().map(|item_type| self.unflatten(item_type, values)).collect();
                Ok(Item::Tuple(parts?))
            }
            ItemType::Named(class, item_types) => {
                let parts: Result<Vec<_>> =
                    item_types.iter().map(|item_type| self.unflatten(item_type, values)).collect();
                Ok(Item::Named(class.clone(), parts?))
            }
            item_type => {
                let value = values.next().and_then(Argument::value).ok_or_else(few)?;
                Ok(Item::Scalar(Scalar::new(value, item_type.scalar().unwrap_or(ScalarType::I64))))
            }
        }
    }

    /// Whether this is a function that runs whole on the host, with arrays as values: not a kernel, not the prelude.
    pub fn is_host(&self) -> bool {
        self.program.host && self.unit.prelude.is_none()
    }

    /// Defines a local array.
    pub fn define_array(&mut self, name: &str, kind: ArrayType, definition: Definition) -> ir::ArrayId {
        let array = self.function.local_array(name, kind);
        self.arrays.push(ArrayUse::absolute());
        self.region.push(Statement::Define { array, definition });
        array
    }

    pub fn name_of_array(&self, array: ir::ArrayId) -> &str {
        &self.function.arrays[array.index()].name
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            values: self.function.values.len(),
            variables: self.function.variables.len(),
            sites: self.function.sites.len(),
            statements: self.region.statements.len(),
            returns: self.returns.len(),
            raises: self.raises,
            warnings: self.program.warnings.len(),
            arrays: self.arrays.clone(),
        }
    }

    /// Throws away what was emitted since.
    pub fn roll_back(&mut self, checkpoint: &Checkpoint) {
        self.function.values.truncate(checkpoint.values);
        self.sums.retain(|value, _| value.index() < checkpoint.values);
        self.function.variables.truncate(checkpoint.variables);
        self.function.sites.truncate(checkpoint.sites);
        self.region.statements.truncate(checkpoint.statements);
        self.returns.truncate(checkpoint.returns);
        self.raises = checkpoint.raises;
        self.program.warnings.truncate(checkpoint.warnings);
        self.arrays.clone_from(&checkpoint.arrays);
        self.function.arrays.truncate(self.arrays.len());
    }
}

/// The form that a result's annotation declares: `float64`, `(float64, int32)`, `tuple[float64, int32]`.
fn annotated_type(unit: Unit<'_>, annotation: &Expression) -> Result<ItemType> {
    let parts = match &annotation.kind {
        ExpressionKind::Tuple(parts) => parts,
        ExpressionKind::Subscript { value, indices } if matches!(&value.kind, ExpressionKind::Name(name) if name == "tuple" || name == "Tuple") => {
            indices
        }
        _ => {
            let scalar = dtype::scalar_type(unit.module, annotation);
            return scalar.map(ItemType::Scalar).ok_or_else(|| unknown_type(unit, annotation).into());
        }
    };
    let parts: Result<Vec<ItemType>> = parts.iter().map(|part| annotated_type(unit, part)).collect();
    Ok(ItemType::Tuple(parts?))
}
