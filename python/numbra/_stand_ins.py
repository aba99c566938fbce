"""Functions that stand for builtins under another name, and for those of the module operator: kernels are compiled from text,
and these have none."""

import builtins
import operator


def _iadd(a, b):
    a += b
    return a


def _iand(a, b):
    a &= b
    return a


def _ifloordiv(a, b):
    a //= b
    return a


def _ilshift(a, b):
    a <<= b
    return a


def _imatmul(a, b):
    a @= b
    return a


def _imod(a, b):
    a %= b
    return a


def _imul(a, b):
    a *= b
    return a


def _ior(a, b):
    a |= b
    return a


def _ipow(a, b):
    a **= b
    return a


def _irshift(a, b):
    a >>= b
    return a


def _isub(a, b):
    a -= b
    return a


def _itruediv(a, b):
    a /= b
    return a


def _ixor(a, b):
    a ^= b
    return a


FUNCTIONS = {
    builtins.abs: lambda a: abs(a),
    builtins.divmod: lambda a, b: divmod(a, b),
    builtins.max: lambda a, b: max(a, b),
    builtins.min: lambda a, b: min(a, b),
    builtins.pow: lambda a, b: pow(a, b),
    builtins.round: lambda a: round(a),
    operator.abs: lambda a: abs(a),
    operator.add: lambda a, b: a + b,
    operator.and_: lambda a, b: a & b,
    operator.eq: lambda a, b: a == b,
    operator.floordiv: lambda a, b: a // b,
    operator.ge: lambda a, b: a >= b,
    operator.gt: lambda a, b: a > b,
    operator.iadd: _iadd,
    operator.iand: _iand,
    operator.ifloordiv: _ifloordiv,
    operator.ilshift: _ilshift,
    operator.imatmul: _imatmul,
    operator.imod: _imod,
    operator.imul: _imul,
    operator.ior: _ior,
    operator.ipow: _ipow,
    operator.irshift: _irshift,
    operator.isub: _isub,
    operator.itruediv: _itruediv,
    operator.ixor: _ixor,
    operator.invert: lambda a: ~a,
    operator.le: lambda a, b: a <= b,
    operator.lshift: lambda a, b: a << b,
    operator.lt: lambda a, b: a < b,
    operator.matmul: lambda a, b: a @ b,
    operator.mod: lambda a, b: a % b,
    operator.mul: lambda a, b: a * b,
    operator.ne: lambda a, b: a != b,
    operator.neg: lambda a: -a,
    operator.not_: lambda a: not a,
    operator.or_: lambda a, b: a | b,
    operator.pos: lambda a: +a,
    operator.pow: lambda a, b: a**b,
    operator.rshift: lambda a, b: a >> b,
    operator.sub: lambda a, b: a - b,
    operator.truediv: lambda a, b: a / b,
    operator.truth: lambda a: bool(a),
    operator.contains: lambda a, b: b in a,
    operator.getitem: lambda a, b: a[b],
    operator.xor: lambda a, b: a ^ b,
}
