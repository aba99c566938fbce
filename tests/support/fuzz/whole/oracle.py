"""What plain Python makes of random whole functions: one question a line, one answer a line, both JSON.

Scalars that come out of NumPy become Python's own, so that dividing them by zero fails, as it does in compiled code; a
program whose integers leave 53 bits, where Python's go on and others wrap, or that runs too long, is skipped.
"""

import ast
import json
import struct
import sys
import types

import numpy as np

MOST = 2**53
STEPS = 30_000


class Skip(BaseException):
    pass


class Running:
    steps = 0


def plain(value):
    """A value as Python has it."""
    Running.steps += 1
    if Running.steps > STEPS:
        raise Skip("too long")
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and abs(value) > MOST:
        raise Skip("large integers")
    return value


def items(iterable):
    for item in iterable:
        yield plain(item)


def call(name, *arguments):
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


class Plain(ast.NodeTransformer):
    """Everything that may come out of NumPy goes through `plain`."""

    def wrapped(self, node):
        self.generic_visit(node)
        return call("_plain", node)

    visit_BinOp = visit_UnaryOp = wrapped

    def visit_Call(self, node):
        # The function's own name is no value.
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.generic_visit(keyword) for keyword in node.keywords]
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        return call("_plain", node)

    def visit_Subscript(self, node):
        self.generic_visit(node)
        return call("_plain", node) if isinstance(node.ctx, ast.Load) else node

    def visit_For(self, node):
        self.generic_visit(node)
        node.iter = call("_items", node.iter)
        return node

    def visit_While(self, node):
        self.generic_visit(node)
        node.test = call("_plain", node.test)
        return node

    def visit_FunctionDef(self, node):
        node.body = [self.visit(statement) for statement in node.body]
        node.decorator_list = []
        return node

    def visit_Import(self, node):
        return node

    def visit_ImportFrom(self, node):
        return node


def argument(given):
    if not isinstance(given, dict):
        return given
    shape, strides = given["shape"], given["strides"]
    dtype = np.dtype(given["dtype"])
    elements = np.array(given["elements"], dtype).reshape(shape)
    if elements.size == 0:
        return elements
    offset = sum(-stride * (extent - 1) for extent, stride in zip(shape, strides) if stride < 0)
    size = offset + sum(stride * (extent - 1) for extent, stride in zip(shape, strides) if stride > 0) + 1
    memory = np.zeros(size, dtype)
    array = np.lib.stride_tricks.as_strided(memory[offset:], shape, [stride * dtype.itemsize for stride in strides])
    array[...] = elements
    if given["readonly"]:
        array.flags.writeable = False
    return array


def described(value):
    """A flat list: tuples are their entries. Floats by their bits."""
    if isinstance(value, tuple):
        return [leaf for entry in value for leaf in described(entry)]
    if isinstance(value, np.ndarray):
        elements = [leaf for element in value.ravel().tolist() for leaf in described(element)]
        return [{"dtype": value.dtype.name, "shape": list(value.shape), "elements": elements}]
    if isinstance(value, np.generic):
        return described(value.item())
    if isinstance(value, float):
        return [{"float": struct.unpack("<Q", struct.pack("<d", value))[0]}]
    return [value]


def answer(question):
    Running.steps = 0
    arguments = [argument(given) for given in question["arguments"]]
    try:
        tree = ast.fix_missing_locations(Plain().visit(ast.parse(question["text"])))
        module = {"_plain": plain, "_items": items}
        exec(compile(tree, "program.py", "exec"), module)
        results = described(module["f"](*arguments))
    except Skip as skip:
        return {"skipped": str(skip)}
    except (OverflowError, RecursionError, MemoryError) as error:
        return {"skipped": type(error).__name__}
    except Exception as error:
        return {"failed": type(error).__name__, "message": str(error)}
    arrays = [described(given)[0] for given in arguments if isinstance(given, np.ndarray)]
    return {"results": results, "arrays": arrays}


def main():
    numba = types.ModuleType("numba")
    numba.njit = lambda function: function
    sys.modules["numba"] = numba
    np.seterr(all="ignore")
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


main()
