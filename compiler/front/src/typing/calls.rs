//! Calls: helpers of the file, prelude functions.

use super::Rules;
use super::closures::{Around, Code};
use super::expressions::root_name;
use super::instances::{Instance, Wanted};
use super::item::{Class, Item, ItemType, Literal, Scalar};
use super::names::Builtin;
use super::parameters::unknown_type;
use super::program::Unit;
use super::signatures::Chosen;
use super::stencil::ArrayUse;
use super::typer::Typer;
use super::{creation, elementwise, library, prelude};
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::{Argument, FloatFlags, Kind, Statement};
use crate::source::Span;
use crate::syntax::dtype;
use crate::syntax::tree::{Expression, ExpressionKind, FunctionDefinition, Keyword, Module, Parameter};
use crate::types::{Constant, ScalarType, declaration};

/// An evaluated argument of a call with its place.
pub type Evaluated<'t> = (Item<'t>, Span);

/// What `*rest` takes, of functions that have it.
type Rest<'t> = Option<Vec<Item<'t>>>;

impl<'t> Typer<'t, '_> {
    pub fn call(
        &mut self,
        call: &'t Expression,
        function: &'t Expression,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
    ) -> Result<Item<'t>> {
        let span = call.span;
        let module = self.unit.module;
        if let ExpressionKind::Lambda { parameters, .. } = &function.kind
            && let Item::Function(lambda) = self.closure(Code::Lambda(function), parameters)?
        {
            return self.call_closure(&lambda, arguments, keywords, span);
        }
        if let Some(root) = root_name(function)
            && let Some(item) = self.environment.get(root).cloned()
        {
            return match (&item, &function.kind) {
                (Item::Defined(unit, definition), ExpressionKind::Name(_)) => {
                    self.call_helper(*unit, definition, arguments, keywords, span)
                }
                (Item::Function(closure), ExpressionKind::Name(_)) => {
                    self.call_closure(closure, arguments, keywords, span)
                }
                (_, ExpressionKind::Attribute { value, name, .. }) if self.is_host() => {
                    self.call_method(value, name, arguments, keywords, span)
                }
                (Item::Array(_), ExpressionKind::Attribute { name, .. }) => {
                    let message = format!("kernels cannot call '{root}.{name}()': they see single elements");
                    let help = "write a loop over range(...) that combines the elements";
                    Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into())
                }
                (_, ExpressionKind::Attribute { name, .. }) => {
                    let message = format!("kernels cannot call '{name}' of a number: numbers have no methods here");
                    let help = "call a function of math or numpy instead; types convert: np.int32(x)";
                    Err(self.mistake(ErrorClass::Unsupported, function.span, message).help(help).into())
                }
                _ => {
                    let message = format!("{} is not a function", item.describe());
                    Err(self.mistake(ErrorClass::Type, function.span, message).help("call a function").into())
                }
            };
        }
        if let ExpressionKind::Name(name) = &function.kind {
            if let Some((unit, definition)) = self.definition(name)? {
                return self.call_helper(unit, definition, arguments, keywords, span);
            }
            if self.assigned.contains(name.as_str()) {
                return self.expression(function);
            }
        }
        if let Some(scalar) = self.cast(function) {
            self.refuse_keywords(keywords)?;
            return self.call_cast(scalar, arguments, span);
        }
        if let Some(path) = module.path(function) {
            // Types and constants are known here without it.
            if path == "numba.literally"
                && self.is_host()
                && let [value] = arguments
            {
                self.refuse_keywords(keywords)?;
                return self.expression(value);
            }
            if self.is_host()
                && let Some(creation) = creation::find(&path)
            {
                return self.create(creation, arguments, keywords, span);
            }
            if self.is_host()
                && let Some(part) = complex_part(&path)
            {
                self.refuse_keywords(keywords)?;
                let evaluated = self.arguments(arguments)?;
                return self.make_complex(Some(part), &evaluated, span);
            }
            let found = library::find(&path);
            if found.is_none() && !(self.is_host() && path.starts_with("cmath.")) {
                return Err(self.unknown_function(&path, function.span).into());
            }
            let evaluated = self.arguments(arguments)?;
            if self.is_host()
                && keywords.is_empty()
                && let Some(item) = self.complex_call(&path, &evaluated, span)?
            {
                return Ok(item);
            }
            return match found {
                Some(found) => {
                    let evaluated = self.with_keywords(&path, found, evaluated, keywords)?;
                    if self.is_host() && Typer::has_array(&evaluated) && elementwise::of_elements(&path).is_some() {
                        return self.function_of_arrays(&path, found, &evaluated, span);
                    }
                    self.library_function(&path, found, &evaluated, span)
                }
                None => Err(self.unknown_function(&path, function.span).into()),
            };
        }
        if let ExpressionKind::Attribute { value, name, .. } = &function.kind
            && self.is_host()
        {
            return self.call_method(value, name, arguments, keywords, span);
        }
        if let ExpressionKind::Name(name) = &function.kind
            && self.is_host()
            && matches!(name.as_str(), "print" | "slice" | "range")
            && !module.defines(name)
        {
            if name == "print" {
                return self.print(arguments, keywords, span);
            }
            self.refuse_keywords(keywords)?;
            if name == "slice" {
                let evaluated = self.arguments(arguments)?;
                return self.make_slice(&evaluated, span);
            }
            let range = self.range_call(arguments, keywords, span)?;
            return Ok(range.item());
        }
        if let ExpressionKind::Name(name) = &function.kind
            && self.is_host()
            && name == "isinstance"
            && !module.defines(name)
            && let [value, classes] = arguments
        {
            self.refuse_branch(name, value)?;
            let item = self.expression(value)?;
            let is = self.is_instance(&item, classes)?;
            return Ok(Item::Scalar(self.constant(Constant::bool(is), span)));
        }
        if let ExpressionKind::Name(name) = &function.kind
            && self.is_host()
            && matches!(name.as_str(), "getattr" | "hasattr")
            && !module.defines(name)
        {
            self.refuse_keywords(keywords)?;
            return self.attribute_by_name(name, arguments, span);
        }
        if let Some(value) = self.class_of(function)
            && let [_] = arguments
        {
            self.refuse_keywords(keywords)?;
            return self.call_class_of(value, arguments, span);
        }
        if let ExpressionKind::Name(name) = &function.kind
            && self.is_host()
            && matches!(name.as_str(), "complex" | "abs" | "pow")
            && !module.defines(name)
        {
            let evaluated = self.arguments(arguments)?;
            if name == "complex" {
                return self.make_complex(None, &evaluated, span);
            }
            if name == "abs"
                && let [(Item::Array(_), _)] = evaluated.as_slice()
            {
                return self.function_of_arrays("numpy.abs", library::Function::Abs, &evaluated, span);
            }
            if let Some(item) = self.complex_call(name, &evaluated, span)? {
                return Ok(item);
            }
            if let Some(builtin) = self.builtin(name) {
                self.refuse_keywords(keywords)?;
                return self.call_builtin(builtin, &evaluated, span);
            }
        }
        let name = match &function.kind {
            ExpressionKind::Name(name) if self.builtin(name).is_none() || module.constant(name).is_none() => name,
            _ => {
                // The message of whatever stands there.
                let item = self.expression(function)?;
                let message = format!("{} is not a function", item.describe());
                return Err(self.mistake(ErrorClass::Type, function.span, message).help("call a function").into());
            }
        };
        match self.builtin(name) {
            Some(Builtin::Bitcast) => self.call_bitcast(arguments, span),
            Some(builtin) => {
                self.refuse_keywords(keywords)?;
                let evaluated = self.arguments(arguments)?;
                self.call_builtin(builtin, &evaluated, span)
            }
            None => Err(self.unknown_name(name, function.span).into()),
        }
    }

    /// `isinstance(item, classes)`, known when compiling.
    fn is_instance(&mut self, item: &Item<'t>, classes: &'t Expression) -> Result<bool> {
        if let ExpressionKind::Tuple(classes) = &classes.kind {
            for class in classes {
                if self.is_instance(item, class)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let path = self.unit.module.path(classes);
        let name = match (&path, &classes.kind) {
            (Some(path), _) => path.as_str(),
            (None, ExpressionKind::Name(name)) => name.as_str(),
            _ => "",
        };
        let scalar = match item {
            Item::Scalar(scalar) => Some(scalar.scalar),
            Item::Optional(..) => {
                let message = "isinstance is known when compiling, and this is None at times";
                let mistake = self.mistake(ErrorClass::Unsupported, classes.span, message);
                return Err(mistake.help("test 'is None' first, in a function of its own").into());
            }
            _ => None,
        };
        Ok(match name {
            "int" => scalar.is_some_and(ScalarType::is_integer),
            "float" => scalar.is_some_and(ScalarType::is_float),
            "bool" | "numpy.bool_" => scalar == Some(ScalarType::Bool),
            "complex" => matches!(item, Item::Complex(_)),
            "slice" => matches!(item, Item::Named(class, _) if **class == Class::Slice),
            "range" => matches!(item, Item::Named(class, _) if matches!(**class, Class::Range(_))),
            "tuple" => matches!(item.clone().plain(), Item::Tuple(_) | Item::Constants(_)),
            "str" => matches!(item, Item::Text(_)),
            "numpy.ndarray" => matches!(item, Item::Array(_)),
            "numpy.integer" | "numbers.Integral" => scalar.is_some_and(ScalarType::is_integer),
            "numpy.floating" => scalar.is_some_and(ScalarType::is_float),
            "numpy.number" | "numbers.Number" => scalar.is_some_and(|scalar| scalar != ScalarType::Bool),
            _ => match dtype::cast_type(self.unit.module, classes) {
                Some(class) => scalar == Some(class),
                None => {
                    let (class, message) = match &classes.kind {
                        ExpressionKind::String(_) => (
                            ErrorClass::Type,
                            "Cannot infer Numba type of Python type: the second argument of isinstance is a class",
                        ),
                        _ if name.starts_with("numba.") => (
                            ErrorClass::Type,
                            "Numba type classes, except for types of numbers, are not supported by isinstance",
                        ),
                        _ => (ErrorClass::Unsupported, "isinstance does not know this class"),
                    };
                    let mistake = self.mistake(class, classes.span, message);
                    let help = "int, float, bool, complex, tuple, str, np.ndarray and NumPy's number types are known";
                    return Err(mistake.help(help).into());
                }
            },
        })
    }

    /// `value.method(...)`
    fn call_method(
        &mut self,
        value: &'t Expression,
        method: &str,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Item<'t>> {
        let item = self.expression(value)?;
        let item = self.there(item, value.span);
        match item {
            Item::Array(array) => self.array_method(array, method, arguments, keywords, span),
            Item::Named(class, parts) if *class == Class::Slice && method == "indices" => {
                self.refuse_keywords(keywords)?;
                let evaluated = self.arguments(arguments)?;
                self.slice_indices(&parts, &evaluated, span)
            }
            Item::Complex(number) if method == "conjugate" && arguments.is_empty() => Ok(self.conjugate(number, span)),
            _ => {
                let message = format!("{} has no method '{method}' in compiled functions", item.describe());
                let help = "call a function of math or numpy instead; types convert: np.int32(x)";
                Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into())
            }
        }
    }

    pub fn arguments(&mut self, arguments: &'t [Expression]) -> Result<Vec<Evaluated<'t>>> {
        let mut evaluated = Vec::new();
        for argument in arguments {
            match &argument.kind {
                ExpressionKind::Starred(value) if self.is_host() => {
                    let item = self.expression(value)?;
                    let items = self.unpack(&item, value.span)?;
                    evaluated.extend(items.into_iter().map(|item| (item, argument.span)));
                }
                _ => evaluated.push((self.expression(argument)?, argument.span)),
            }
        }
        Ok(evaluated)
    }

    fn refuse_keywords(&self, keywords: &[Keyword]) -> Result<()> {
        match keywords.first() {
            None => Ok(()),
            Some(keyword) => {
                let name = keyword.name.as_deref().unwrap_or("**");
                let mistake =
                    self.mistake(ErrorClass::Type, keyword.span, format!("keyword '{name}' is not taken here"));
                Err(mistake.help("pass the arguments by position").into())
            }
        }
    }

    /// The arguments with those that are named, and the defaults of those that may be.
    fn with_keywords(
        &mut self,
        path: &str,
        function: library::Function,
        mut evaluated: Vec<Evaluated<'t>>,
        keywords: &'t [Keyword],
    ) -> Result<Vec<Evaluated<'t>>> {
        let (before, optional) = library::optional(path, function);
        let given = evaluated.len();
        let mut named = Vec::new();
        for (place, (name, default)) in optional.iter().enumerate() {
            let keyword = keywords.iter().position(|keyword| keyword.name.as_deref() == Some(name));
            if before + place < given {
                continue;
            }
            match (keyword, default) {
                (Some(place), _) => {
                    let value = &keywords[place].value;
                    named.push(place);
                    evaluated.push((self.expression(value)?, value.span));
                }
                (None, Some(default)) if given >= before => {
                    let literal = Literal::Float(Some((*default, default.to_string())));
                    evaluated.push((Item::Literal(literal), Span::default()));
                }
                _ => {}
            }
        }
        let other = keywords.iter().enumerate().find(|(place, _)| !named.contains(place));
        self.refuse_keywords(other.map_or(&[], |(_, keyword)| std::slice::from_ref(keyword)))?;
        Ok(evaluated)
    }

    /// The type to which a call of `function` converts.
    fn cast(&self, function: &Expression) -> Option<ScalarType> {
        let imported = dtype::cast_type(self.unit.module, function);
        match &function.kind {
            ExpressionKind::Name(name) if self.unit.rules == Rules::Exact && imported.is_none() => {
                ScalarType::from_name(name).filter(|scalar| *scalar != ScalarType::Bool)
            }
            _ => imported,
        }
    }

    /// The function that a bare name stands for: one of the file; in the prelude, one of any file of it.
    pub fn definition(&self, name: &str) -> Result<Option<(Unit<'t>, &'t FunctionDefinition)>> {
        if let Some(definition) = self.unit.module.function(name) {
            return Ok(Some((self.unit_of(self.unit.module, definition), definition)));
        }
        if let Some((module, definition)) = self.unit.module.linked(name) {
            return Ok(Some((self.unit_of(module, definition), definition)));
        }
        if self.unit.prelude.is_none() {
            return Ok(None);
        }
        prelude_function(name)
    }

    /// A whole function that is called has the options of its own decorator, as in Numba; bounds that its caller does not check
    /// it does not check either.
    pub fn unit_of(&self, module: &'t Module, definition: &FunctionDefinition) -> Unit<'t> {
        let unit = Unit { module, ..self.unit };
        match &definition.declaration {
            Some(declaration) if self.is_host() => Unit {
                zero_division: declaration.zero_division && matches!(declaration.kind, declaration::Kind::Function),
                bounds: unit.bounds && declaration.bounds,
                flags: if declaration.fastmath { FloatFlags::FAST } else { FloatFlags::STRICT },
                ..unit
            },
            _ => unit,
        }
    }

    fn call_helper(
        &mut self,
        unit: Unit<'t>,
        definition: &'t FunctionDefinition,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Item<'t>> {
        let name = definition.name.as_str();
        let decorator = definition.decorators.iter().map(|decorator| match &decorator.kind {
            ExpressionKind::Call { function, .. } => function.as_ref(),
            _ => decorator,
        });
        for decorator in decorator {
            if unit.module.path(decorator).is_some_and(|path| path.ends_with(".stencil")) {
                let mistake = self.mistake(
                    ErrorClass::Unsupported,
                    span,
                    format!("'{name}' is a stencil, which kernels cannot call"),
                );
                return Err(mistake.help("move what both need into a function without a decorator").into());
            }
        }
        let described = format!("'{name}'");
        let (given, rest) = self.given_and_rest(&described, definition, arguments, keywords, span)?;
        let mut passed = Vec::new();
        for (parameter, given) in definition.parameters.iter().zip(given) {
            passed.push(match (given, &parameter.default) {
                (Some(given), _) => given,
                (None, Some(default)) => (self.default_item(unit, default, span)?, span),
                (None, None) => return Err(self.without_argument(&described, parameter, span).into()),
            });
        }
        if let Some(rest) = rest {
            passed.push((Item::Tuple(rest), span));
        }
        if self.is_host() && Typer::has_array(&passed) && is_vectorize(unit, definition) {
            return self.elementwise(&passed, span, &mut |typer, passed| {
                typer.call_with(unit, definition, passed.to_vec(), span)
            });
        }
        self.call_with(unit, definition, passed, span)
    }

    /// A call whose arguments are complete.
    fn call_with(
        &mut self,
        unit: Unit<'t>,
        definition: &'t FunctionDefinition,
        passed: Vec<Evaluated<'t>>,
        span: Span,
    ) -> Result<Item<'t>> {
        if unit.prelude.is_none()
            && let Some(Chosen { arguments, result }) = self.chosen_signature(unit, definition, &passed, span)?
        {
            let items = self.converted(passed, &arguments)?;
            return self.emit_call(unit, definition, &items, Around::default(), result, span);
        }
        let items = self.argument_items(unit, definition, passed)?;
        self.emit_call(unit, definition, &items, Around::default(), None, span)
    }

    /// What a call gives for each of the parameters, and what `*rest` takes.
    fn given_and_rest(
        &mut self,
        described: &str,
        definition: &'t FunctionDefinition,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<(Vec<Option<Evaluated<'t>>>, Rest<'t>)> {
        let mut evaluated = self.arguments(arguments)?;
        let mut rest = None;
        if definition.rest.is_some() && self.is_host() {
            let more = evaluated.split_off(evaluated.len().min(definition.parameters.len()));
            rest = Some(more.into_iter().map(|(item, _)| item).collect());
        }
        let given = self.given(described, &definition.parameters, evaluated, keywords, span)?;
        Ok((given, rest))
    }

    /// What a call gives for each of the parameters. `function`: what messages call the one that is called.
    pub fn given(
        &mut self,
        function: &str,
        parameters: &'t [Parameter],
        arguments: Vec<Evaluated<'t>>,
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Vec<Option<Evaluated<'t>>>> {
        let mut given: Vec<Option<Evaluated<'t>>> = vec![None; parameters.len()];
        if arguments.len() > given.len() {
            let message = format!(
                "{function} takes {}, and {} given",
                super::count(given.len(), "argument"),
                super::count_verb(arguments.len())
            );
            let mistake = self.mistake(ErrorClass::Type, span, message);
            return Err(mistake.help("pass as many arguments as it has parameters").into());
        }
        for (place, argument) in arguments.into_iter().enumerate() {
            given[place] = Some(argument);
        }
        for keyword in keywords {
            let named = keyword.name.as_deref();
            let place = parameters.iter().position(|parameter| Some(parameter.name.as_str()) == named);
            let Some(place) = place.filter(|place| given[*place].is_none()) else {
                let message = format!("{function} cannot take the keyword '{}' here", named.unwrap_or("**"));
                let mistake = self.mistake(ErrorClass::Type, keyword.span, message);
                return Err(mistake.help("name a parameter that is not given yet").into());
            };
            given[place] = Some((self.expression(&keyword.value)?, keyword.value.span));
        }
        Ok(given)
    }

    pub fn without_argument(&self, function: &str, parameter: &Parameter, span: Span) -> Mistake {
        let message = format!(
            "Cannot bind the arguments of {function}: TypeError: missing a required argument: '{}'",
            parameter.name
        );
        self.mistake(ErrorClass::Type, span, message).help("pass it")
    }

    /// What is passed, in the types that a function of `unit` takes.
    pub fn argument_items(
        &mut self,
        unit: Unit<'t>,
        definition: &'t FunctionDefinition,
        passed: Vec<Evaluated<'t>>,
    ) -> Result<Vec<Item<'t>>> {
        let mut items = Vec::new();
        for (parameter, (item, at)) in definition.parameters.iter().chain(&definition.rest).zip(passed) {
            let annotation = parameter.annotation.as_ref().filter(|_| unit.rules == Rules::Exact);
            items.push(match annotation {
                Some(annotation) => {
                    let scalar = dtype::scalar_type(unit.module, annotation);
                    let scalar = scalar.ok_or_else(|| unknown_type(unit, annotation))?;
                    Item::Scalar(self.exactly(&item, scalar, at)?)
                }
                None => self.argument_item(item, at)?,
            });
        }
        Ok(items)
    }

    /// An argument as scalars: literals get their type, tuples of constants become values.
    pub fn argument_item(&mut self, item: Item<'t>, span: Span) -> Result<Item<'t>> {
        match item {
            Item::Scalar(_) => Ok(item),
            Item::Literal(_) => Ok(Item::Scalar(self.number(&item, span)?)),
            Item::Tuple(_) | Item::Constants(_) => {
                let items = self.unpack(&item, span)?;
                let items: Result<Vec<_>> = items.into_iter().map(|item| self.argument_item(item, span)).collect();
                Ok(Item::Tuple(items?))
            }
            Item::Named(class, parts) => {
                let parts: Result<Vec<_>> = parts.into_iter().map(|part| self.argument_item(part, span)).collect();
                Ok(Item::Named(class, parts?))
            }
            Item::Array(_) | Item::Defined(..) if self.is_host() => Ok(item),
            Item::Array(array) => {
                let message = format!("array '{}' cannot be passed to a function", self.name_of_array(array));
                let help = "pass single elements, or write the loop in the kernel itself";
                Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into())
            }
            Item::Function(_) => {
                let mistake = self.mistake(ErrorClass::Unsupported, span, "functions cannot be passed to functions");
                Err(mistake.help("call it here and pass the result").into())
            }
            Item::None | Item::Text(_) | Item::Dtype(_) | Item::Optional(..) | Item::Complex(_) if self.is_host() => {
                Ok(item)
            }
            _ => Err(self.not_a_number(&item, span).into()),
        }
    }

    /// `around`: what the function takes from the one around it.
    pub fn emit_call(
        &mut self,
        unit: Unit<'t>,
        definition: &'t FunctionDefinition,
        items: &[Item<'t>],
        around: Around<'t>,
        result: Option<ScalarType>,
        span: Span,
    ) -> Result<Item<'t>> {
        let result = result.map(ItemType::Scalar);
        let item_types: Vec<ItemType> = items.iter().filter_map(|item| self.item_type(item)).collect();
        let wanted = Wanted { unit, definition, arguments: &item_types, around: &around.forms, result };
        let Instance { name, result } = self.program.instance(&wanted, self.unit, span)?;
        let mut arguments = Vec::new();
        for item in items {
            arguments.extend(self.flatten(item, span)?);
        }
        arguments.extend(around.values);
        let mut results = Vec::new();
        for kind in result.kinds() {
            results.push(match kind {
                Kind::Scalar(scalar) => Argument::Value(self.function.fresh(scalar, span)),
                Kind::Array(kind) => {
                    self.arrays.push(ArrayUse::absolute());
                    Argument::Array(self.function.local_array(&name, kind))
                }
            });
        }
        self.region.push(Statement::Call { results: results.clone(), function: name, arguments });
        self.unflatten(&result, &mut results.into_iter())
    }

    /// Calls the prelude function `name` for operands of type `scalar`: `exp`, float64 -> `exp_f64`.
    pub fn elementary(&mut self, name: &str, scalar: ScalarType, operands: &[Scalar], span: Span) -> Result<Scalar> {
        match self.elementary_item(name, scalar, operands, span)? {
            Item::Scalar(result) => Ok(result),
            _ => Err(Error::Internal(format!("prelude function '{name}' gives several numbers"))),
        }
    }

    /// The same for functions that may have several results.
    pub fn elementary_item(
        &mut self,
        name: &str,
        scalar: ScalarType,
        operands: &[Scalar],
        span: Span,
    ) -> Result<Item<'t>> {
        let function = format!("{name}_{}", scalar.short_name());
        let Some((unit, definition)) = prelude_function(&function)? else {
            return Err(Error::Internal(format!("the prelude has no '{function}'")));
        };
        if definition.parameters.len() != operands.len() {
            return Err(Error::Internal(format!("prelude function '{function}' takes another number of arguments")));
        }
        let items: Vec<Item<'t>> = operands.iter().map(|operand| Item::Scalar(*operand)).collect();
        self.emit_call(unit, definition, &items, Around::default(), None, span)
    }
}

/// The type of the parts of the complex numbers that a path names.
fn complex_part(path: &str) -> Option<ScalarType> {
    match path {
        "numpy.complex64" | "numba.complex64" => Some(ScalarType::F32),
        "numpy.complex128" | "numba.complex128" => Some(ScalarType::F64),
        _ => None,
    }
}

/// A function of the prelude with the rules of its file.
fn prelude_function<'t>(name: &str) -> Result<Option<(Unit<'t>, &'t FunctionDefinition)>> {
    let Some(file) = prelude::find(name)? else { return Ok(None) };
    let module = file.module;
    let definition =
        module.function(name).ok_or_else(|| Error::Internal(format!("prelude function '{name}' is lost")))?;
    let unit = Unit {
        module,
        rules: Rules::Exact,
        flags: FloatFlags::STRICT,
        zero_division: false,
        bounds: true,
        prelude: Some(file.stem),
    };
    Ok(Some((unit, definition)))
}

/// Whether it is a kernel of numbers, which arrays can be passed to.
fn is_vectorize(unit: Unit<'_>, definition: &FunctionDefinition) -> bool {
    let decorator = definition.decorators.iter().map(|decorator| match &decorator.kind {
        ExpressionKind::Call { function, .. } => function.as_ref(),
        _ => decorator,
    });
    let declared = definition
        .declaration
        .as_ref()
        .is_some_and(|declaration| matches!(declaration.kind, declaration::Kind::Vectorize { .. }));
    declared || decorator.into_iter().any(|one| unit.module.path(one).is_some_and(|path| path.ends_with(".vectorize")))
}
