//! What decorators say of a kernel, and what a program changes of it.

use numbra_front::declaration::{Declaration, Identity, Kind};
use numbra_front::types::ScalarType;
use numbra_front::types::declaration::Number;
use numbra_front::typing::Rules;
use numbra_runtime::array::Element;

/// The options of a kernel. As a decorator they are checked as those in a kernel's text are, with the same messages.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Options {
    pub signatures: Vec<String>,
    pub identity: Option<Identity>,
    pub target: Option<String>,
    pub fastmath: bool,
    pub typing: Option<Rules>,
    pub cval: Option<Number>,
    pub neighborhood: Option<Vec<(i64, i64)>>,
    pub standard_indexing: Vec<String>,
    pub cache: bool,
}

impl From<&Declaration> for Options {
    fn from(declaration: &Declaration) -> Options {
        let mut options = Options {
            target: declaration.target.as_ref().map(|(name, _)| name.clone()),
            fastmath: declaration.fastmath,
            typing: declaration.typing,
            cache: declaration.cache,
            ..Options::default()
        };
        let signatures = declaration.signatures.iter().map(|(signature, _)| signature.to_string());
        match &declaration.kind {
            Kind::Vectorize { identity } => {
                options.signatures = signatures.collect();
                options.identity = *identity;
            }
            Kind::Stencil(stencil) => {
                options.cval = stencil.cval.map(|(number, _)| number);
                options.neighborhood = stencil.neighborhood.as_ref().map(|(pairs, _)| pairs.clone());
                options.standard_indexing = stencil.standard_indexing.iter().map(|(name, _)| name.clone()).collect();
            }
            // A helper's signatures say nothing of the kernel that it is to be.
            Kind::Function => {}
        }
        options
    }
}

impl Options {
    /// The decorator of that name (`vectorize`, `stencil`) with these options.
    pub fn decorator(&self, name: &str) -> String {
        let mut arguments: Vec<String> = Vec::new();
        if !self.signatures.is_empty() {
            arguments.push(list(&self.signatures));
        }
        match self.identity {
            Some(Identity::Number(number)) => arguments.push(format!("identity={number}")),
            Some(Identity::Reorderable) => arguments.push("identity='reorderable'".into()),
            None => {}
        }
        if let Some(cval) = self.cval {
            arguments.push(format!("cval={}", literal(cval)));
        }
        if let Some(pairs) = &self.neighborhood {
            let pairs: String = pairs.iter().map(|(low, high)| format!("({low}, {high}), ")).collect();
            arguments.push(format!("neighborhood=({})", pairs.trim_end()));
        }
        if !self.standard_indexing.is_empty() {
            arguments.push(format!("standard_indexing={}", list(&self.standard_indexing)));
        }
        if let Some(target) = &self.target {
            arguments.push(format!("target={}", quoted(target)));
        }
        if self.fastmath {
            arguments.push("fastmath=True".into());
        }
        if self.cache {
            arguments.push("cache=True".into());
        }
        match self.typing {
            Some(Rules::Exact) => arguments.push("typing='exact'".into()),
            Some(Rules::Numba) => arguments.push("typing='numba'".into()),
            None => {}
        }
        format!("numba.{name}({})", arguments.join(", "))
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A string as Python writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for letter in text.chars() {
        match letter {
            '\'' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\0' => quoted += "\\x00",
            other => quoted.push(other),
        }
    }
    quoted + "'"
}

/// A number as Python writes it, with what decorators know of.
fn literal(number: Number) -> String {
    match number {
        Number::Bool(true) => "True".into(),
        Number::Bool(false) => "False".into(),
        Number::Integer(value) => value.to_string(),
        Number::Float(value) if value.is_nan() => "numpy.nan".into(),
        Number::Float(f64::INFINITY) => "numpy.inf".into(),
        Number::Float(f64::NEG_INFINITY) => "-numpy.inf".into(),
        Number::Float(value) => format!("{value:?}"),
    }
}

/// What a stencil's result is where the stencil reaches over an edge: a bool, an integer or a float.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BorderValue(pub(crate) Number);

macro_rules! border_values {
    ($($type:ty)*) => {$(
        impl From<$type> for BorderValue {
            fn from(value: $type) -> BorderValue {
                let constant = value.to_constant();
                BorderValue(match (constant.scalar, constant.as_integer()) {
                    (ScalarType::Bool, _) => Number::Bool(constant.bits != 0),
                    (_, Some(integer)) => Number::Integer(integer),
                    (_, None) => Number::Float(constant.as_f64()),
                })
            }
        }
    )*};
}

border_values!(bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_as_a_decorator() {
        assert_eq!(Options::default().decorator("vectorize"), "numba.vectorize()");
        let options = Options {
            signatures: vec!["float32(float32)".into(), "it's \\".into()],
            identity: Some(Identity::Number(0)),
            target: Some("cuda".into()),
            fastmath: true,
            typing: Some(Rules::Exact),
            ..Options::default()
        };
        let expected = r"numba.vectorize(['float32(float32)', 'it\'s \\'], identity=0, target='cuda', fastmath=True, typing='exact')";
        assert_eq!(options.decorator("vectorize"), expected);
        let options = Options {
            cval: Some(Number::Float(f64::NEG_INFINITY)),
            neighborhood: Some(vec![(-1, 1), (0, 2)]),
            standard_indexing: vec!["w".into()],
            ..Options::default()
        };
        let expected = "numba.stencil(cval=-numpy.inf, neighborhood=((-1, 1), (0, 2),), standard_indexing=['w'])";
        assert_eq!(options.decorator("stencil"), expected);
    }
}
