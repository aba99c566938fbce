"""Errors and warnings, with Numba's names. What numbra raises for a kernel or a decorator that it cannot compile is one of these,
and one of Python's own exceptions too: `except TypingError` and `except TypeError` both work. What a kernel raises when it runs,
and what a call does that does not fit the kernel, are Python's exceptions alone, as they are with NumPy."""

__all__ = [
    "ByteCodeSupportError", "CompilerError", "ConstantInferenceError", "DeprecationError", "DeviceError",
    "ForbiddenConstruct", "ForceLiteralArg", "IRError", "InternalError", "InternalTargetMismatchError", "KernelNameError",
    "KernelRefusedError", "KernelSyntaxError", "KernelUnsupportedError", "LiteralTypingError", "LoweringError", "NonexistentTargetError",
    "NotDefinedError", "NumbaAssertionError", "NumbaAttributeError", "NumbaDebugInfoWarning", "NumbaDeprecationWarning",
    "NumbaError", "NumbaExperimentalFeatureWarning", "NumbaIRAssumptionWarning", "NumbaIndexError",
    "NumbaInvalidConfigWarning", "NumbaKeyError", "NumbaNotImplementedError", "NumbaParallelSafetyWarning",
    "NumbaPedanticWarning", "NumbaPendingDeprecationWarning", "NumbaPerformanceWarning", "NumbaRuntimeError",
    "NumbaSystemWarning", "NumbaTypeError", "NumbaTypeSafetyWarning", "NumbaValueError", "NumbaWarning", "RedefinedError",
    "RequireLiteralValue", "TypingError", "UnknownOptionError", "UnsupportedBytecodeError", "UnsupportedError",
    "UnsupportedParforsError", "UnsupportedRewriteError", "UntypedAttributeError", "VerificationError",
]


class NumbaWarning(Warning):
    """Any warning of Numba's kind."""


class NumbaPerformanceWarning(NumbaWarning):
    """Something is slower than it could be."""


class NumbaDeprecationWarning(NumbaWarning, DeprecationWarning):
    """Something will go away."""


class NumbaPendingDeprecationWarning(NumbaWarning, PendingDeprecationWarning):
    """Something will go away one day."""


class NumbaParallelSafetyWarning(NumbaWarning):
    """Something may go wrong with several threads."""


class NumbaTypeSafetyWarning(NumbaWarning):
    """A conversion of types may lose something."""


class NumbaExperimentalFeatureWarning(NumbaWarning):
    """Something is still being tried out."""


class NumbaInvalidConfigWarning(NumbaWarning):
    """A setting makes no sense."""


class NumbaPedanticWarning(NumbaWarning):
    """Something is not as it should be, and does no harm."""


class NumbaIRAssumptionWarning(NumbaPedanticWarning):
    """Something inside the compiler is not as it should be."""


class NumbaDebugInfoWarning(NumbaWarning):
    """Something is missing for debuggers."""


class NumbaSystemWarning(NumbaWarning):
    """Something of the system is not as it should be."""


class NumbaError(Exception):
    """Any error of Numba's kind: a function cannot be compiled."""

    @property
    def msg(self) -> str:
        """What is wrong, without where and what to do."""
        return str(self.args[0]).split("\n", 1)[0] if self.args else ""


class UnsupportedError(NumbaError):
    """A construct of Python that kernels do not have."""


class UnsupportedBytecodeError(Exception):
    """Numba's; numbra reads no bytecode."""


class UnsupportedRewriteError(UnsupportedError):
    """Numba's; numbra has it for `except` alone."""


class IRError(NumbaError):
    """Numba's; numbra has it for `except` alone."""


class RedefinedError(IRError):
    """Numba's; numbra has it for `except` alone."""


class NotDefinedError(IRError):
    """Numba's; numbra has it for `except` alone."""


class VerificationError(IRError):
    """Numba's; numbra has it for `except` alone."""


class DeprecationError(NumbaError):
    """Numba's; numbra has it for `except` alone."""


class LoweringError(NumbaError):
    """Numba's; numbra has it for `except` alone."""


class UnsupportedParforsError(NumbaError):
    """Numba's; numbra has it for `except` alone."""


class ForbiddenConstruct(LoweringError):
    """Numba's; numbra has it for `except` alone."""


class TypingError(NumbaError):
    """What a kernel is made of does not fit together."""


class UntypedAttributeError(TypingError):
    """Numba's; numbra has it for `except` alone."""


class ByteCodeSupportError(NumbaError):
    """Numba's; numbra reads no bytecode."""


class CompilerError(NumbaError):
    """Numba's; numbra has it for `except` alone."""


class ConstantInferenceError(NumbaError):
    """Numba's; numbra has it for `except` alone."""


class InternalError(NumbaError):
    """Numba's; numbra has it for `except` alone."""


class InternalTargetMismatchError(InternalError):
    """Numba's; numbra has it for `except` alone."""


class NonexistentTargetError(InternalError):
    """Numba's; numbra has it for `except` alone."""


class RequireLiteralValue(TypingError):
    """Numba's; numbra has it for `except` alone."""


class ForceLiteralArg(NumbaError):
    """Numba's; numbra has it for `except` alone."""


class LiteralTypingError(TypingError):
    """Numba's; numbra has it for `except` alone."""


class NumbaValueError(TypingError, ValueError):
    """A value in a kernel or a decorator is wrong."""


class NumbaTypeError(TypingError, TypeError):
    """Types in a kernel or a decorator do not fit."""


class NumbaAttributeError(TypingError, AttributeError):
    """Numba's; numbra has it for `except` alone."""


class NumbaAssertionError(TypingError, AssertionError):
    """Numba's; numbra has it for `except` alone."""


class NumbaNotImplementedError(TypingError, NotImplementedError):
    """Something that kernels do not have yet."""


class NumbaKeyError(TypingError, KeyError):
    """Numba's; numbra has it for `except` alone."""


class NumbaIndexError(TypingError, IndexError):
    """An index that a kernel names is out of bounds."""


class NumbaRuntimeError(NumbaError, RuntimeError):
    """Numba's; numbra has it for `except` alone."""


class KernelNameError(TypingError, NameError):
    """A name in a kernel that stands for nothing."""


class KernelUnsupportedError(NumbaNotImplementedError, UnsupportedError):
    """A construct of Python, a function or a type that kernels do not have, or a device does not."""


class KernelRefusedError(UnsupportedError, NotImplementedError):
    """A construct of Python that nothing compiles, Numba neither: a function with it never runs."""


class UnknownOptionError(NumbaValueError, KeyError):
    """An option that a decorator does not have."""

    def __str__(self) -> str:
        # KeyError would show the lines of the message as one.
        return Exception.__str__(self)


class KernelSyntaxError(UnsupportedError, SyntaxError):  # type: ignore[override]
    """A kernel's text that is no Python, or not the Python of kernels."""

    __module__ = "numbra"


class DeviceError(RuntimeError):
    """A device that is not here, or that failed."""

    __module__ = "numbra"
