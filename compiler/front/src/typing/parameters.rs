//! Parameters: what the arguments of a kernel or a function are inside of it.

use super::complex::Complex;
use super::item::{Item, ItemType, Scalar};
use super::program::Unit;
use super::stencil::ArrayUse;
use super::typer::Typer;
use super::{ArgumentType, Relative, Rules};
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::{Access, Array, ArrayType, Footprint, Role, Stride};
use crate::source::Span;
use crate::syntax::dtype;
use crate::syntax::tree::{Expression, ExpressionKind, FunctionDefinition};
use crate::types::ScalarType;

impl<'t> Typer<'t, '_> {
    pub fn kernel_parameters(
        &mut self,
        definition: &'t FunctionDefinition,
        arguments: &[ArgumentType],
        relative: &Relative,
    ) -> Result<()> {
        if arguments.len() != definition.parameters.len() {
            let message = format!(
                "kernel '{}' takes {}, and {} given",
                definition.name,
                super::count(definition.parameters.len(), "argument"),
                super::count_verb(arguments.len()),
            );
            return Err(self.mistake(ErrorClass::Type, definition.name_span, message).into());
        }
        self.neighborhood.clone_from(&relative.neighborhood);
        let mut space: Option<(u32, &str)> = None;
        for (number, (parameter, argument)) in definition.parameters.iter().zip(arguments).enumerate() {
            let name = parameter.name.as_str();
            let item = match *argument {
                ArgumentType::Scalar(scalar) => {
                    self.check_annotation(parameter.annotation.as_ref(), name, scalar, parameter.span)?;
                    let value = self.function.scalar_parameter(name, scalar, Role::Argument(number as u32));
                    self.function.values[value.index()].span = parameter.span;
                    Item::Scalar(Scalar::new(value, scalar))
                }
                ArgumentType::Relative { scalar, rank } => {
                    match space {
                        Some((other_rank, other)) if other_rank != rank => {
                            let message = format!(
                                "'{name}' is {rank}-dimensional and '{other}' {other_rank}-dimensional, but both are indexed relatively"
                            );
                            let help = format!(
                                "give both the same number of dimensions, or name '{name}' in 'standard_indexing'"
                            );
                            return Err(self.mistake(ErrorClass::Type, parameter.span, message).help(help).into());
                        }
                        _ => space = Some((rank, name)),
                    }
                    self.array_parameter(name, scalar, rank, true)
                }
                ArgumentType::Absolute { scalar, rank } => self.array_parameter(name, scalar, rank, false),
            };
            self.environment.insert(name, item);
        }
        if let Some((rank, name)) = space {
            if let Some(neighborhood) = self.neighborhood.as_ref().filter(|pairs| pairs.len() != rank as usize) {
                let message = format!(
                    "{} dimensional neighborhood specified for {rank} dimensional input array '{name}'",
                    neighborhood.len()
                );
                return Err(Error::request_with_help(
                    ErrorClass::Value,
                    message,
                    "give one (min, max) pair per dimension",
                ));
            }
            for axis in 0..rank {
                let role = Role::Argument(arguments.len() as u32 + axis);
                let value = self.function.scalar_parameter(format!("p{axis}"), ScalarType::Index, role);
                self.point.push(value);
            }
        }
        Ok(())
    }

    fn array_parameter(&mut self, name: &str, scalar: ScalarType, rank: u32, relative: bool) -> Item<'t> {
        let array = self.function.array_parameter(Array {
            name: name.to_string(),
            scalar,
            rank,
            access: Access::Read,
            strides: vec![Stride::Any; rank as usize],
            footprint: Footprint::Whole,
            buffer: false,
            distinct: false,
        });
        let window = relative.then(|| vec![(0, 0); rank as usize]);
        self.arrays.push(ArrayUse { window, ..ArrayUse::absolute() });
        Item::Array(array)
    }

    pub fn helper_parameters(&mut self, definition: &'t FunctionDefinition, arguments: &[ItemType]) -> Result<()> {
        for (parameter, item_type) in definition.parameters.iter().chain(&definition.rest).zip(arguments) {
            let item = match (item_type, &parameter.default) {
                (ItemType::Omitted, Some(default)) => self.default_item(self.unit, default, default.span)?,
                _ => self.helper_parameter(&parameter.name, item_type, parameter.span),
            };
            self.environment.insert(&parameter.name, item);
        }
        Ok(())
    }

    /// What a default of a parameter stands for.
    pub fn default_item(&mut self, unit: Unit<'t>, default: &'t Expression, span: Span) -> Result<Item<'t>> {
        match &unit.module.resolve(default).kind {
            ExpressionKind::None if self.is_host() => Ok(Item::None),
            ExpressionKind::String(text) if self.is_host() => Ok(Item::Text(text.as_str().into())),
            ExpressionKind::Name(name) if self.is_host() && unit.module.linked(name).is_some() => {
                let Some((module, definition)) = unit.module.linked(name) else { return Ok(Item::None) };
                Ok(self.defined(self.unit_of(module, definition), definition))
            }
            _ => {
                let value = self.program.constant_expression(unit.module, default)?;
                self.constant_item(value, span, false)
            }
        }
    }

    pub fn helper_parameter(&mut self, name: &str, item_type: &ItemType, span: Span) -> Item<'t> {
        match item_type.settled() {
            ItemType::Tuple(item_types) => Item::Tuple(
                item_types
                    .iter()
                    .enumerate()
                    .map(|(number, item_type)| self.helper_parameter(&format!("{name}.{number}"), item_type, span))
                    .collect(),
            ),
            ItemType::Named(class, item_types) => {
                let part = |(number, item_type)| self.helper_parameter(&format!("{name}.{number}"), item_type, span);
                Item::Named(class, item_types.iter().enumerate().map(part).collect())
            }
            ItemType::Array(ArrayType { scalar, access, strides }) => {
                let rank = strides.len() as u32;
                let (footprint, buffer, distinct) = (Footprint::Whole, false, false);
                let name = name.to_string();
                let array = Array { name, scalar, rank, access, strides, footprint, buffer, distinct };
                let array = self.function.array_parameter(array);
                self.arrays.push(ArrayUse::absolute());
                Item::Array(array)
            }
            ItemType::Complex(part) => {
                let mut inner =
                    |which: &str| self.helper_parameter(&format!("{name}.{which}"), &ItemType::Scalar(part), span);
                match (inner("real"), inner("imag")) {
                    (Item::Scalar(real), Item::Scalar(imaginary)) => Item::Complex(Complex { real, imaginary }),
                    (other, _) => other,
                }
            }
            ItemType::None | ItemType::Omitted => Item::None,
            ItemType::Function(number, _) => match self.program.function_of(number) {
                Some((unit, definition)) => Item::Defined(unit, definition),
                None => Item::None,
            },
            ItemType::Text(text) => Item::Text(text),
            ItemType::Dtype(scalar) => Item::Dtype(scalar),
            ItemType::Optional(inner) => {
                let there = self.helper_parameter(&format!("{name}.there"), &ItemType::Scalar(ScalarType::Bool), span);
                let inner = Box::new(self.helper_parameter(name, &inner, span));
                match there {
                    Item::Scalar(there) => Item::Optional(there, inner),
                    other => other,
                }
            }
            settled => {
                let scalar = settled.scalar().unwrap_or(ScalarType::I64);
                let role = Role::Argument(self.function.parameters.len() as u32);
                let value = self.function.scalar_parameter(name, scalar, role);
                self.function.values[value.index()].span = span;
                Item::Scalar(Scalar::new(value, scalar))
            }
        }
    }

    /// Under the rules `Exact` a parameter's annotation is binding.
    fn check_annotation(
        &self,
        annotation: Option<&Expression>,
        name: &str,
        given: ScalarType,
        span: Span,
    ) -> Result<()> {
        let Some(annotation) = annotation.filter(|_| self.unit.rules == Rules::Exact) else { return Ok(()) };
        match dtype::scalar_type(self.unit.module, annotation) {
            Some(scalar) if scalar == given => Ok(()),
            Some(scalar) => {
                let message = format!("parameter '{name}' is {scalar}, and {given} is given");
                Err(self
                    .mistake(ErrorClass::Type, span, message)
                    .help(format!("convert the argument to {scalar}"))
                    .into())
            }
            None => Err(unknown_type(self.unit, annotation).into()),
        }
    }
}

pub fn unknown_type(unit: Unit<'_>, annotation: &Expression) -> Mistake {
    Mistake::new(ErrorClass::Type, &unit.module.source, annotation.span, "this is no type that kernels know")
        .help("the types are bool, int8 to int64, uint8 to uint64, float32 and float64")
}
