//! Kernel text, parsed, and the kernels in it.

use crate::cache::{Cache, Kept};
use crate::error::{Error, Result};
use crate::stencil::Stencil;
use crate::ufunc::Vectorize;
use numbra_front::declaration::{self, Declaration, Kind};
use numbra_front::error::{ErrorClass, Mistake, Warning};
use numbra_front::ir::Module;
use numbra_front::source::{Source, Span};
use numbra_front::syntax::{python, tree};
use numbra_front::types::ScalarType;
use numbra_front::types::signature::{Signature, Type};
use numbra_front::typing::ArgumentType;
use std::sync::Arc;

/// A file of kernels.
#[derive(Debug, Clone)]
pub struct KernelFile {
    module: Arc<tree::Module>,
}

/// A kernel of a program, as its decorator declares it.
#[derive(Debug)]
pub enum Kernel {
    Vectorize(Vectorize),
    Stencil(Stencil),
}

impl Kernel {
    /// The function of that name as a kernel, whatever decorators it has.
    pub fn new(module: &Arc<tree::Module>, name: &str, declaration: Declaration) -> Result<Kernel> {
        Ok(match &declaration.kind {
            Kind::Vectorize { .. } => Kernel::Vectorize(Vectorize::new(module.clone(), name, declaration)),
            Kind::Stencil(_) => Kernel::Stencil(Stencil::new(module.clone(), name, declaration)?),
            Kind::Function => {
                let span = module.function(name).map_or(Span::NONE, |function| function.name_span);
                let mistake =
                    Mistake::new(ErrorClass::Type, &module.source, span, format!("'{name}' is a helper, not a kernel"))
                        .help("put @vectorize or @stencil before it to run it over arrays");
                return Err(numbra_front::Error::from(mistake).into());
            }
        })
    }

    /// The same with its code kept on disk, and found there.
    pub fn kept_in(self, kept: Arc<Kept>) -> Kernel {
        match self {
            Kernel::Vectorize(kernel) => Kernel::Vectorize(kernel.kept_in(kept)),
            Kernel::Stencil(kernel) => Kernel::Stencil(kernel.kept_in(kept)),
        }
    }

    /// The same in the user's cache, if its decorator says so (`cache=True`).
    pub fn kept_as_declared(self) -> Result<Kernel> {
        match self.declaration().cache {
            true => Ok(self.kept_in(Kept::new(Cache::standard()?))),
            false => Ok(self),
        }
    }

    /// Its cache, with what was found there.
    pub fn kept(&self) -> Option<&Kept> {
        match self {
            Kernel::Vectorize(kernel) => kernel.kept(),
            Kernel::Stencil(kernel) => kernel.kept(),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Kernel::Vectorize(kernel) => kernel.name(),
            Kernel::Stencil(kernel) => kernel.name(),
        }
    }

    /// Names of the parameters, in order.
    pub fn parameters(&self) -> Vec<&str> {
        match self {
            Kernel::Vectorize(kernel) => kernel.parameters(),
            Kernel::Stencil(kernel) => kernel.parameters(),
        }
    }

    pub fn declaration(&self) -> &Declaration {
        match self {
            Kernel::Vectorize(kernel) => kernel.declaration(),
            Kernel::Stencil(kernel) => kernel.declaration(),
        }
    }

    /// What there is to warn of in what was typed so far: a literal that widens a float32 computation, say.
    pub fn warnings(&self) -> Vec<Warning> {
        match self {
            Kernel::Vectorize(kernel) => kernel.warnings(),
            Kernel::Stencil(kernel) => kernel.warnings(),
        }
    }

    /// The kernel for arrays in C order of the types of a signature, as one IR module before any pass: what
    /// [`crate::emit::emit`] takes.
    pub fn module_for(&self, signature: &Signature) -> Result<Module> {
        let (name, parameters) = (self.name(), self.parameters());
        if signature.arguments.len() != parameters.len() {
            let help = format!("its parameters are: {}", parameters.join(", "));
            let given = signature.arguments.len();
            let plural = if parameters.len() == 1 { "" } else { "s" };
            let message = format!("'{name}' takes {} argument{plural}, the signature has {given}", parameters.len());
            return Err(Error::call_with_help(message, help).of_class(ErrorClass::Type));
        }
        let scalar = |kind: &Type| match kind {
            Type::Scalar(scalar) => Ok(*scalar),
            Type::Array(_) => Err(Error::call_with_help(
                format!("the signature {signature} has an array type: vectorized functions take scalars"),
                "write the element type alone",
            )
            .of_class(ErrorClass::Type)),
        };
        match self {
            Kernel::Vectorize(kernel) => {
                let parameters = signature.arguments.iter().map(scalar).collect::<Result<Vec<ScalarType>>>()?;
                kernel.module_for(&parameters, signature.result.as_ref().map(scalar).transpose()?)
            }
            Kernel::Stencil(kernel) => {
                if !matches!(signature.arguments.first(), Some(Type::Array(_))) {
                    let help = "write the rank with colons, for example 'float32(float32[:, :])'";
                    let message = format!("the first argument of the stencil '{name}' is an array");
                    return Err(Error::call_with_help(message, help).of_class(ErrorClass::Type));
                }
                let argument = |(number, argument): (usize, &Type)| match argument {
                    Type::Scalar(scalar) => kernel.argument_type(number, *scalar, None),
                    Type::Array(array) => kernel.argument_type(number, array.scalar, Some(array.rank)),
                };
                let types: Vec<ArgumentType> = signature.arguments.iter().enumerate().map(argument).collect();
                kernel.module_for(&types)
            }
        }
    }
}

impl KernelFile {
    /// Parses kernel text (Python syntax). `name` is what messages call it.
    pub fn parse(name: &str, text: &str) -> Result<KernelFile> {
        Ok(KernelFile { module: Arc::new(python::parse(&Source::new(name, text))?) })
    }

    pub fn module(&self) -> &Arc<tree::Module> {
        &self.module
    }

    /// The names of the kernels: functions that carry `vectorize` or `stencil`.
    pub fn kernels(&self) -> Vec<String> {
        let is_kernel = |function: &&tree::FunctionDefinition| {
            matches!(
                declaration::read(&self.module, function),
                Ok(Declaration { kind: Kind::Vectorize { .. } | Kind::Stencil(_), .. })
            )
        };
        self.module.functions.iter().filter(is_kernel).map(|function| function.name.clone()).collect()
    }

    /// The kernel of that name.
    pub fn kernel(&self, name: &str) -> Result<Kernel> {
        let Some(function) = self.module.function(name) else {
            let known = self.kernels();
            let help = if known.is_empty() {
                "the file has no kernels: put @vectorize or @stencil before a function".to_string()
            } else {
                format!("the kernels of the file are: {}", known.join(", "))
            };
            return Err(Error::call_with_help(
                format!("there is no kernel '{name}' in {}", self.module.source.name),
                help,
            ));
        };
        Kernel::new(&self.module, name, declaration::read(&self.module, function)?)?.kept_as_declared()
    }
}
