//! What vectorized functions and stencils share: a function of a text, its options, and the kernel made of both.

use super::device::{Device, declared};
use super::options::Options;
use super::wording::{self, InRust};
use numbra_front::declaration::signature;
use numbra_front::declaration::{self, Kind};
use numbra_front::error::{ErrorClass, Mistake, Warning};
use numbra_front::syntax::tree::Module;
use numbra_runtime::emit::{Emit, emit};
use numbra_runtime::ufunc::quick::Prepared;
use numbra_runtime::{Error, Kernel, Result};
use std::sync::{Arc, OnceLock};

/// Which decorator makes the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Vectorize,
    Stencil,
}

impl Role {
    fn decorator(self) -> &'static str {
        match self {
            Role::Vectorize => "vectorize",
            Role::Stencil => "stencil",
        }
    }
}

/// A function with options, and what was made of both, which copies share.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    module: Arc<Module>,
    name: String,
    role: Role,
    options: Options,
    made: Arc<Made>,
}

#[derive(Debug, Default)]
struct Made {
    /// Once it was needed.
    kernel: OnceLock<Kernel>,
    prepared: Prepared,
}

impl Described {
    /// The function of that name, as its decorator declares it, or, without one, with no options.
    pub fn new(module: &Arc<Module>, name: &str, role: Role) -> Result<Described> {
        let Some(function) = module.function(name) else {
            let known: Vec<&str> = module.functions.iter().map(|function| function.name.as_str()).collect();
            let message = format!("there is no function '{name}' in {}", module.source.name);
            let help = format!("its functions are: {}", known.join(", "));
            let help = if known.is_empty() { "it has no functions: write 'def f(x): return x'".into() } else { help };
            return Err(Error::call_with_help(message, help).of_class(ErrorClass::Name));
        };
        let declaration = declaration::read(module, function)?;
        let options = Options::from(&declaration);
        let (module, name) = (module.clone(), name.to_string());
        let described =
            |made: Made| Described { module: module.clone(), name: name.clone(), role, options, made: Arc::new(made) };
        match (&declaration.kind, role) {
            (Kind::Vectorize { .. }, Role::Vectorize) | (Kind::Stencil(_), Role::Stencil) => {
                let kernel = Kernel::new(&module, &name, declaration)?.kept_as_declared()?;
                Ok(described(Made { kernel: OnceLock::from(kernel), ..Made::default() }))
            }
            (Kind::Function, _) => described(Made::default()).checked(),
            (Kind::Vectorize { .. }, Role::Stencil) | (Kind::Stencil(_), Role::Vectorize) => {
                let other = if role == Role::Stencil { Role::Vectorize } else { Role::Stencil }.decorator();
                let message = format!("'{name}' is declared as {other}");
                let mistake = Mistake::new(ErrorClass::Type, &module.source, function.name_span, message);
                let help = format!("take it as what it is with .{other}(\"{name}\"), or remove its decorator");
                Err(numbra_front::Error::from(mistake.help(help)).into())
            }
        }
    }

    /// With other options, which are checked when the kernel is needed.
    pub fn with(mut self, change: impl FnOnce(&mut Options)) -> Described {
        change(&mut self.options);
        self.made = Arc::default();
        self
    }

    /// With options that are checked now.
    pub fn checked(self) -> Result<Described> {
        self.kernel()?;
        Ok(self)
    }

    pub fn kernel(&self) -> Result<&Kernel> {
        if let Some(kernel) = self.made.kernel.get() {
            return Ok(kernel);
        }
        let decorator = self.options.decorator(self.role.decorator());
        let declaration = declaration::apply(&self.module, &self.name, &decorator).map_err(Error::from).in_rust()?;
        let kernel = Kernel::new(&self.module, &self.name, declaration)?.kept_as_declared()?;
        // Another thread may have been first; either is as good.
        Ok(self.made.kernel.get_or_init(|| kernel))
    }

    /// The prepared calls of the short way.
    pub fn prepared(&self) -> &Prepared {
        &self.made.prepared
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub fn parameters(&self) -> Vec<&str> {
        let function = self.module.function(&self.name);
        function.map_or(Vec::new(), |function| {
            function.parameters.iter().map(|parameter| parameter.name.as_str()).collect()
        })
    }

    pub fn documentation(&self) -> Option<&str> {
        self.module.function(&self.name)?.documentation.as_deref()
    }

    pub fn warnings(&self) -> Vec<Warning> {
        self.made.kernel.get().map_or(Vec::new(), |kernel| kernel.warnings())
    }

    pub fn device(&self) -> Result<Device> {
        declared(self.options.target.as_deref())?.map_or_else(Device::auto, Ok)
    }

    /// The form of the kernel for a signature.
    pub fn emitted(&self, form: Emit, text: &str, architecture: &str) -> Result<Vec<u8>> {
        let signature = signature::parse(&wording::signature(text)?).map_err(Error::from).in_rust()?;
        let module = self.kernel()?.module_for(&signature).in_rust()?;
        emit(module, form, architecture, &mut |_, _| Ok(()))
    }

    pub fn text(&self, form: Emit, signature: &str, architecture: &str) -> Result<String> {
        let bytes = self.emitted(form, signature, architecture)?;
        String::from_utf8(bytes).map_err(|error| Error::Internal(format!("a kernel's text is no text: {error}")))
    }
}

/// A kernel on a device, ready to be called: what [`Vectorize::on`](super::Vectorize::on) and
/// [`Stencil::on`](super::Stencil::on) give.
///
/// It owns what it needs; copies are cheap and share what was compiled. It can be called from many threads at once.
#[derive(Debug, Clone)]
pub struct On<K> {
    pub(crate) kernel: K,
    pub(crate) device: Device,
}

impl<K> On<K> {
    /// The kernel.
    pub fn kernel(&self) -> &K {
        &self.kernel
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }
}

/// Methods that both kinds of kernel have.
macro_rules! shared {
    ($kernel:ident, $signature:literal) => {
        impl $kernel {
            /// The function's name.
            pub fn name(&self) -> &str {
                self.described.name()
            }

            /// Names of the parameters, in order.
            pub fn parameters(&self) -> Vec<&str> {
                self.described.parameters()
            }

            /// The function's docstring.
            pub fn documentation(&self) -> Option<&str> {
                self.described.documentation()
            }

            /// Which rules the function is typed by: [`Typing::Numba`](crate::Typing::Numba), the default, or
            /// [`Typing::Exact`](crate::Typing::Exact), in which literals take the type that they meet.
            pub fn typing(self, rules: crate::Typing) -> $kernel {
                $kernel { described: self.described.with(|options| options.typing = Some(rules)) }
            }

            /// Whether floating-point arithmetic may be reordered and approximated: faster, and no longer the same bits
            /// on every device.
            pub fn fastmath(self, fastmath: bool) -> $kernel {
                $kernel { described: self.described.with(|options| options.fastmath = fastmath) }
            }

            /// Whether its code for the processor is kept on disk, and found there by other processes: see [`crate::cache`].
            pub fn cache(self, cache: bool) -> $kernel {
                $kernel { described: self.described.with(|options| options.cache = cache) }
            }

            /// The cache that code is looked up in, with what was found.
            pub fn kept(&self) -> Option<&crate::cache::Kept> {
                self.described.kernel().ok()?.kept()
            }

            /// The kernel on a device. Nothing is compiled before the first call.
            pub fn on(&self, device: &crate::Device) -> crate::On<$kernel> {
                crate::On { kernel: self.clone(), device: device.clone() }
            }

            /// The kernel on the device that NUMBRA_TARGET names, else on the one of its decorator's `target=`, else on
            /// the best one that is here.
            ///
            /// Errors: that device is not here.
            pub fn on_target(&self) -> crate::Result<crate::On<$kernel>> {
                Ok(self.on(&self.described.device()?))
            }

            /// Things worth knowing of what was compiled so far that keep nothing from running: a literal that widens a
            /// float32 computation to float64, say. Each has its place in the text and is told once.
            pub fn warnings(&self) -> Vec<crate::Warning> {
                self.described.warnings()
            }

            #[doc = concat!("The IR of the host function and its kernels, for a signature such as `", $signature, "`.")]
            ///
            /// Errors: a signature that the kernel does not take, a mistake in its text. The same holds of the other
            /// forms; those need the feature of the library that they come from.
            pub fn ir(&self, signature: &str) -> crate::Result<String> {
                self.described.text(Emit::Ir, signature, "")
            }

            /// LLVM IR for this machine's processor. Needs the feature `llvm`.
            pub fn llvm(&self, signature: &str) -> crate::Result<String> {
                self.described.text(Emit::Llvm, signature, "")
            }

            /// Assembly for this machine's processor. Needs the feature `llvm`.
            pub fn asm(&self, signature: &str) -> crate::Result<String> {
                self.described.text(Emit::Asm, signature, "")
            }

            /// PTX for NVIDIA's GPUs of an architecture and newer ones: `sm_50` or later. Needs the feature `llvm`. This is
            /// the form for arrays of two and more axes; others have one of their own, which is made when it is needed.
            pub fn ptx(&self, signature: &str, architecture: &str) -> crate::Result<String> {
                self.described.text(Emit::Ptx, signature, architecture)
            }

            /// WebGPU's shading language, in the form for two and more axes. Needs the feature `wgpu`.
            pub fn wgsl(&self, signature: &str) -> crate::Result<String> {
                self.described.text(Emit::Wgsl, signature, "")
            }

            /// Vulkan's binary format. Needs the feature `wgpu`.
            pub fn spirv(&self, signature: &str) -> crate::Result<Vec<u8>> {
                self.described.emitted(Emit::Spirv, signature, "")
            }
        }
    };
}

pub(crate) use shared;
