//! Whole functions of a text, with what their decorators say of them.

use super::{Declared, Function};
use crate::cache::{Cache, Kept};
use crate::error::{Error, Result};
use numbra_front::declaration::{self, Declaration, Kind};
use numbra_front::error::{ErrorClass, Mistake};
use numbra_front::ir::{Access, ArrayType, Stride};
use numbra_front::syntax::tree::Module;
use numbra_front::types::signature::{Layout, Signature, Type};
use numbra_front::typing::{FunctionOptions, ItemType};
use std::sync::Arc;

impl Function {
    /// The function of that name as its decorator declares it: `jit`, or none at all.
    ///
    /// # Errors
    /// There is no such function; it is a kernel; a mistake in its decorator.
    pub fn read(module: &Arc<Module>, name: &str) -> Result<Function> {
        let Some(definition) = module.function(name) else {
            let known: Vec<&str> = module.functions.iter().map(|function| function.name.as_str()).collect();
            let help = match known.as_slice() {
                [] => "it has no functions: write 'def f(x): return x'".to_string(),
                known => format!("its functions are: {}", known.join(", ")),
            };
            let message = format!("there is no function '{name}' in {}", module.source.name);
            return Err(Error::call_with_help(message, help).of_class(ErrorClass::Name));
        };
        let Declaration { kind, signatures, fastmath, zero_division, bounds, cache, .. } =
            declaration::read(module, definition)?;
        if !matches!(kind, Kind::Function) {
            let message = format!("'{name}' is a kernel, not a whole function");
            let mistake = Mistake::new(ErrorClass::Type, &module.source, definition.name_span, message);
            let help = "call it as a kernel, or from a function with @njit before it";
            return Err(numbra_front::Error::from(mistake.help(help)).into());
        }
        let options = FunctionOptions { fastmath, zero_division, bounds };
        let mut function = Function::new(module.clone(), name, options);
        function.signatures = signatures.iter().map(|(signature, _)| declared(signature)).collect();
        Ok(if cache { function.kept_in(Kept::new(Cache::standard()?)) } else { function })
    }

    /// The names of the parameters, in order.
    pub fn parameters(&self) -> Vec<&str> {
        let definition = self.module.function(&self.name);
        let names = definition.into_iter().flat_map(|definition| &definition.parameters);
        names.map(|parameter| parameter.name.as_str()).collect()
    }

    /// Whether the parameter of that number may be left out.
    pub fn has_default(&self, number: usize) -> bool {
        let definition = self.module.function(&self.name);
        let parameter = definition.and_then(|definition| definition.parameters.get(number));
        parameter.is_some_and(|parameter| parameter.default.is_some())
    }
}

/// A signature as the types of arguments and results.
pub fn declared(signature: &Signature) -> Declared {
    let arguments = signature.arguments.iter().map(item_type).collect();
    (arguments, signature.result.as_ref().map(item_type))
}

fn item_type(of: &Type) -> ItemType {
    match of {
        Type::Scalar(scalar) => ItemType::Scalar(*scalar),
        Type::Array(array) => {
            let rank = array.rank as usize;
            let strides = match array.layout {
                Layout::C => ArrayType::c_order(rank),
                Layout::Fortran if rank == 1 => ArrayType::c_order(rank),
                Layout::Fortran => ArrayType::f_order(rank),
                Layout::Any => vec![Stride::Any; rank],
            };
            ItemType::Array(ArrayType { scalar: array.scalar, access: Access::ReadWrite, strides })
        }
    }
}
