//! The options of `vectorize` and `jit`: which there are, and what their values can be.

use super::{Decorator, Identity};
use crate::constants::number;
use crate::error::{ErrorClass, Mistake, Result};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind, Keyword};
use crate::types::DeviceName;
use crate::types::declaration::{Number, Rules};

/// The options that a decorator takes.
pub struct Known(&'static [&'static str]);

impl Known {
    pub fn names(&self) -> &'static [&'static str] {
        self.0
    }
}

pub const VECTORIZE: Known = Known(&[
    "boundscheck",
    "cache",
    "fastmath",
    "forceobj",
    "identity",
    "locals",
    "nopython",
    "signatures",
    "target",
    "typing",
    "writable_args",
]);

pub const JIT: Known = Known(&[
    "_nrt",
    "boundscheck",
    "cache",
    "debug",
    "error_model",
    "fastmath",
    "forceinline",
    "forceobj",
    "inline",
    "locals",
    "looplift",
    "no_cfunc_wrapper",
    "no_cpython_wrapper",
    "no_rewrites",
    "nogil",
    "nopython",
    "parallel",
    "typing",
]);

pub const CUDA_JIT: Known = Known(&[
    "cache",
    "debug",
    "device",
    "fastmath",
    "forceinline",
    "inline",
    "launch_bounds",
    "lineinfo",
    "link",
    "lto",
    "max_registers",
    "opt",
]);

/// Those that make a difference.
#[derive(Default)]
pub struct Options<'a> {
    pub signatures: Option<&'a Expression>,
    pub target: Option<(String, Span)>,
    pub identity: Option<Identity>,
    pub fastmath: bool,
    pub numpy_errors: bool,
    pub no_bounds: bool,
    pub cache: bool,
    pub typing: Option<Rules>,
}

impl<'a> Options<'a> {
    pub fn read(decorator: &Decorator<'a>, known: &Known) -> Result<Options<'a>, Mistake> {
        let mut options = Options::default();
        for (position, keyword) in decorator.keywords.iter().enumerate() {
            let name = option_name(decorator, position)?;
            if !known.0.contains(&name) {
                // Numba's words.
                let unknown = decorator.keywords.iter().filter_map(|keyword| keyword.name.as_deref());
                let unknown: Vec<&str> = unknown.filter(|name| !known.0.contains(name)).collect();
                let (unknown, known) = (unknown.join("', '"), known.0.join("', '"));
                let message =
                    format!("Unrecognized options: {{'{unknown}'}}. Known options are dict_keys(['{known}'])");
                let decorator_name = decorator.text(decorator.name.span);
                let mistake = decorator.mistake(ErrorClass::Key, keyword.span, message);
                return Err(mistake.help(format!("remove what '{decorator_name}' does not know")));
            }
            let value = decorator.module.resolve(&keyword.value);
            match name {
                "signatures" => options.signatures = Some(&keyword.value),
                "target" => options.target = Some((target(decorator, keyword, value)?, keyword.value.span)),
                "identity" => options.identity = identity(decorator, keyword, value)?,
                "fastmath" => options.fastmath = fastmath(decorator, keyword, value)?,
                "typing" => options.typing = Some(typing(decorator, keyword, value)?),
                "forceobj" if boolean(decorator, keyword, value)? => {
                    let mistake = decorator.mistake(ErrorClass::Unsupported, keyword.span, "there is no object mode");
                    return Err(mistake.help("remove 'forceobj': kernels are always compiled"));
                }
                "locals" => no_locals(decorator, keyword, value)?,
                "error_model" => {
                    options.numpy_errors = match &value.kind {
                        ExpressionKind::String(name) if name == "numpy" => true,
                        ExpressionKind::String(name) if name == "python" => false,
                        _ => return Err(must_be(decorator, keyword, "'python' or 'numpy'")),
                    };
                }
                "boundscheck" if matches!(value.kind, ExpressionKind::None) => {}
                "boundscheck" => options.no_bounds = !boolean(decorator, keyword, value)?,
                "cache" => options.cache = boolean(decorator, keyword, value)?,
                "nogil" | "nopython" => {
                    boolean(decorator, keyword, value)?;
                }
                // Of many types, and none of them for us.
                _ => {}
            }
        }
        Ok(options)
    }
}

/// The name of the option at `position`. Errors: `**options`, and an option that is given twice.
pub fn option_name<'a>(decorator: &Decorator<'a>, position: usize) -> Result<&'a str, Mistake> {
    let keyword = &decorator.keywords[position];
    let Some(name) = &keyword.name else {
        let mistake =
            decorator.mistake(ErrorClass::Unsupported, keyword.span, "options in a dictionary are not supported");
        return Err(mistake.help("write each option by its name: target='parallel'"));
    };
    let earlier = &decorator.keywords[..position];
    if let Some(first) = earlier.iter().find(|other| other.name.as_ref() == Some(name)) {
        let mistake = decorator.mistake(ErrorClass::Syntax, keyword.span, format!("option '{name}' is given twice"));
        return Err(mistake.also(first.span, "first here").help("give it once"));
    }
    Ok(name)
}

fn must_be(decorator: &Decorator, keyword: &Keyword, what: &str) -> Mistake {
    let name = keyword.name.as_deref().unwrap_or("**");
    decorator
        .mistake(ErrorClass::Type, keyword.value.span, format!("option '{name}' must be {what}"))
        .help(format!("write {what}, or the name of a constant of the file that is one"))
}

pub fn boolean(decorator: &Decorator, keyword: &Keyword, value: &Expression) -> Result<bool, Mistake> {
    match (&value.kind, number(decorator.module, value)) {
        (ExpressionKind::None, _) => Ok(false),
        (_, Some(Number::Bool(value))) => Ok(value),
        (_, Some(Number::Integer(value @ (0 | 1)))) => Ok(value == 1),
        _ => Err(must_be(decorator, keyword, "True or False")),
    }
}

pub fn fastmath(decorator: &Decorator, keyword: &Keyword, value: &Expression) -> Result<bool, Mistake> {
    match value.kind {
        // Sets and dictionaries of LLVM's flags.
        ExpressionKind::Unsupported { .. } => {
            let message = "sets of fastmath flags are not supported";
            let mistake = decorator.mistake(ErrorClass::Unsupported, keyword.value.span, message);
            Err(mistake.help("write 'fastmath=True' for all flags, or remove the option"))
        }
        _ => boolean(decorator, keyword, value),
    }
}

pub fn typing(decorator: &Decorator, keyword: &Keyword, value: &Expression) -> Result<Rules, Mistake> {
    match &value.kind {
        ExpressionKind::String(name) if name == "numba" => Ok(Rules::Numba),
        ExpressionKind::String(name) if name == "exact" => Ok(Rules::Exact),
        _ => Err(must_be(decorator, keyword, "'numba' or 'exact'")),
    }
}

pub fn target(decorator: &Decorator, keyword: &Keyword, value: &Expression) -> Result<String, Mistake> {
    let help = format!("the targets are {}", DeviceName::KNOWN);
    match &value.kind {
        ExpressionKind::String(name) if name.parse::<DeviceName>().is_ok() => Ok(name.clone()),
        ExpressionKind::String(name) => {
            let message = format!("Unsupported target: {name}");
            Err(decorator.mistake(ErrorClass::Value, keyword.value.span, message).help(help))
        }
        _ => Err(must_be(decorator, keyword, "a string").help(help)),
    }
}

fn identity(decorator: &Decorator, keyword: &Keyword, value: &Expression) -> Result<Option<Identity>, Mistake> {
    let integer = number(decorator.module, value).and_then(Number::as_integer);
    match (&value.kind, integer) {
        (ExpressionKind::None, _) => Ok(None),
        (ExpressionKind::String(name), _) if name == "reorderable" => Ok(Some(Identity::Reorderable)),
        (_, Some(number @ (0 | 1))) => Ok(Some(Identity::Number(number))),
        _ => {
            let text = decorator.text(value.span);
            let mistake =
                decorator.mistake(ErrorClass::Value, keyword.value.span, format!("Invalid identity value {text}"));
            Err(mistake.help("the identity is None, 0, 1 or 'reorderable'"))
        }
    }
}

/// `locals={...}` would change the types of variables; an empty one changes nothing.
fn no_locals(decorator: &Decorator, keyword: &Keyword, value: &Expression) -> Result<(), Mistake> {
    let text: String = decorator.text(value.span).split_whitespace().collect();
    if matches!(text.as_str(), "{}" | "dict()" | "None") {
        return Ok(());
    }
    let mistake = decorator.mistake(ErrorClass::Unsupported, keyword.span, "option 'locals' is not supported");
    Err(mistake.help("convert where the variable is assigned: x = float32(y)"))
}
