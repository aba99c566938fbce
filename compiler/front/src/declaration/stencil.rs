//! `stencil` and its options. The messages are Numba's where Numba has one.

use super::options::{boolean, fastmath, option_name, target, typing};
use super::{Declaration, Decorator, Kind, StencilOptions};
use crate::constants::{self, ConstantValue, number};
use crate::error::{ErrorClass, Mistake, Result};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind, Keyword};
use crate::types::declaration::Number;

/// Offsets beyond this are refused, so that sums of a few of them never overflow.
const FARTHEST: i128 = 1 << 30;

impl Decorator<'_> {
    pub(super) fn stencil(&self) -> Result<Declaration, Mistake> {
        let mut options = StencilOptions::default();
        let (mut device, mut fast, mut rules, mut cache) = (None, false, None, false);
        match self.arguments {
            [] => {}
            [mode] => self.mode(mode)?,
            [_, second, ..] => return Err(self.too_many_arguments(second)),
        }
        for (position, keyword) in self.keywords.iter().enumerate() {
            let value = self.module.resolve(&keyword.value);
            match option_name(self, position)? {
                "func_or_mode" if self.arguments.is_empty() => self.mode(&keyword.value)?,
                "cval" => options.cval = self.border_value(keyword, value)?,
                "neighborhood" => options.neighborhood = self.neighborhood(keyword, value)?,
                "standard_indexing" => options.standard_indexing = self.standard_indexing(keyword, value)?,
                "target" => device = Some((target(self, keyword, value)?, keyword.value.span)),
                "fastmath" => fast = fastmath(self, keyword, value)?,
                "cache" => cache = boolean(self, keyword, value)?,
                "typing" => rules = Some(typing(self, keyword, value)?),
                name => {
                    let mistake =
                        self.mistake(ErrorClass::Value, keyword.span, format!("Unknown stencil option {name}"));
                    let known = "cval, neighborhood, standard_indexing, target, fastmath, typing and cache";
                    return Err(mistake.help(format!("the options of 'stencil' are {known}")));
                }
            }
        }
        self.check_parameters("stencil")?;
        if let Some(out) = self.function.parameters.iter().find(|parameter| parameter.name == "out") {
            let message = "Cannot use the reserved word 'out' in stencil kernels";
            let help = "give the parameter another name: 'out' is the array for the result, given in the call";
            return Err(self.function_mistake(ErrorClass::Value, out.span, message).help(help));
        }
        Ok(Declaration {
            source: self.module.source.clone(),
            kind: Kind::Stencil(options),
            signatures: Vec::new(),
            target: device,
            fastmath: fast,
            zero_division: false,
            bounds: true,
            cache,
            typing: rules,
        })
    }

    fn mode(&self, given: &Expression) -> Result<(), Mistake> {
        let mode = match &self.module.resolve(given).kind {
            ExpressionKind::String(mode) if mode == "constant" => return Ok(()),
            ExpressionKind::String(mode) => mode,
            _ => self.text(given.span),
        };
        let mistake = self.mistake(ErrorClass::Value, given.span, format!("Unsupported mode style {mode}"));
        Err(mistake.help("the mode is 'constant': cval is the result where the stencil reaches over the border"))
    }

    fn border_value(&self, keyword: &Keyword, value: &Expression) -> Result<Option<(Number, Span)>, Mistake> {
        if matches!(value.kind, ExpressionKind::None) {
            return Ok(None);
        }
        if let Some(number) = number(self.module, value) {
            return Ok(Some((number, value.span)));
        }
        let mistake = self.mistake(ErrorClass::Type, keyword.value.span, "cval must be a number known when compiling");
        Err(mistake.help("write a number (cval=0.5, cval=-1, cval=np.nan) or a constant of the file that is one"))
    }

    /// `((min, max), ...)`, a pair for each axis.
    #[allow(clippy::type_complexity)]
    fn neighborhood(&self, keyword: &Keyword, value: &Expression) -> Result<Option<(Vec<(i64, i64)>, Span)>, Mistake> {
        const HELP: &str = "write a pair (minimum, maximum) for each axis: neighborhood=((-1, 1), (-2, 0))";
        let items = |expression| match &self.module.resolve(expression).kind {
            ExpressionKind::Tuple(items) | ExpressionKind::List(items) => Some(items.clone()),
            _ => None,
        };
        let wrong = |expression: &Expression, message: &str| {
            // Constants of the file stand elsewhere; what stands in the option is in sight.
            let inside = expression.span.start >= keyword.span.start && expression.span.end <= keyword.span.end;
            let span = if inside { expression.span } else { keyword.value.span };
            Err(self.mistake(ErrorClass::Value, span, message).help(HELP))
        };
        if matches!(value.kind, ExpressionKind::None) {
            return Ok(None);
        }
        if let Some(pairs) = self.computed_pairs(value) {
            return Ok(Some((pairs, keyword.value.span)));
        }
        let Some(axes) = items(value).filter(|axes| !axes.is_empty()) else {
            return wrong(value, "neighborhood must be a tuple of pairs");
        };
        let mut pairs = Vec::new();
        for axis in &axes {
            let pair = items(axis);
            let Some([low, high]) = pair.as_deref() else {
                return wrong(axis, "neighborhood must have a pair for each axis");
            };
            let mut offsets = [0i64; 2];
            for (offset, expression) in offsets.iter_mut().zip([low, high]) {
                match number(self.module, expression) {
                    Some(Number::Integer(value)) if value.abs() <= FARTHEST => *offset = value as i64,
                    Some(Number::Integer(_)) => return wrong(expression, "the offset is too large"),
                    _ => {
                        return wrong(
                            expression,
                            "an offset of the neighborhood must be an integer known when compiling",
                        );
                    }
                }
            }
            if offsets[0] > offsets[1] {
                return wrong(axis, "the minimum of the neighborhood is larger than its maximum");
            }
            pairs.push((offsets[0], offsets[1]));
        }
        Ok(Some((pairs, keyword.value.span)))
    }

    /// A neighborhood that is no tuple of the text but the value of an expression: `((-1, 1),) * 2`.
    fn computed_pairs(&self, value: &Expression) -> Option<Vec<(i64, i64)>> {
        if !matches!(value.kind, ExpressionKind::Binary { .. }) {
            return None;
        }
        let ConstantValue::Tuple(axes) = constants::value(self.module, value)? else { return None };
        let offset = |value: &ConstantValue| match value {
            ConstantValue::Integer(value) if value.abs() <= FARTHEST => Some(*value as i64),
            _ => None,
        };
        let pair = |axis: &ConstantValue| match axis {
            ConstantValue::Tuple(pair) => match pair.as_slice() {
                [low, high] => offset(low).zip(offset(high)).filter(|(low, high)| low <= high),
                _ => None,
            },
            _ => None,
        };
        axes.iter().map(pair).collect::<Option<Vec<_>>>().filter(|pairs| !pairs.is_empty())
    }

    fn standard_indexing(&self, keyword: &Keyword, value: &Expression) -> Result<Vec<(String, Span)>, Mistake> {
        let names = match &value.kind {
            ExpressionKind::Tuple(names) | ExpressionKind::List(names) => names.as_slice(),
            ExpressionKind::String(_) => std::slice::from_ref(value),
            ExpressionKind::None => &[],
            _ => &[],
        };
        let parameters = &self.function.parameters;
        let known: Vec<&str> = parameters.iter().skip(1).map(|parameter| parameter.name.as_str()).collect();
        let help = match known.as_slice() {
            [] => "remove the option: the function has only one parameter".to_string(),
            known => format!("the parameters that can have standard indexing are {}", known.join(", ")),
        };
        let mut result = Vec::new();
        for expression in names {
            let ExpressionKind::String(name) = &self.module.resolve(expression).kind else {
                let message = "standard_indexing must be a tuple of names";
                let mistake = self.mistake(ErrorClass::Type, expression.span, message);
                return Err(mistake.help("write the names as strings: standard_indexing=('weights',)"));
            };
            if parameters.first().is_some_and(|first| first.name == *name) {
                let message =
                    "The first argument to a stencil kernel must use relative indexing, not standard indexing";
                return Err(self.mistake(ErrorClass::Value, expression.span, message).help(help));
            }
            if !known.contains(&name.as_str()) {
                let message =
                    "Standard indexing requested for an array name not present in the stencil kernel definition";
                return Err(self.mistake(ErrorClass::Value, expression.span, message).help(help));
            }
            result.push((name.clone(), expression.span));
        }
        if names.is_empty()
            && !matches!(value.kind, ExpressionKind::Tuple(_) | ExpressionKind::List(_) | ExpressionKind::None)
        {
            let mistake =
                self.mistake(ErrorClass::Type, keyword.value.span, "standard_indexing must be a tuple of names");
            return Err(mistake.help("write the names as strings: standard_indexing=('weights',)"));
        }
        Ok(result)
    }
}
