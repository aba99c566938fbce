"""Lines of compiled functions in tracebacks."""

from __future__ import annotations

import ast
from types import CodeType

# The code of frames that were made; a program fails in few places.
_CODES: dict[tuple[str, int, str], CodeType] = {}
_MOST_CODES = 1000


def _code(file: str, line: int, function: str) -> CodeType:
    """Code that raises `exception`, and that says of itself that it is this line of the function."""
    known = _CODES.get((file, line, function))
    if known is not None:
        return known
    tree = ast.parse("raise exception")
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr)):
            node.lineno = node.end_lineno = line
            # The line has other columns than this code.
            node.col_offset = node.end_col_offset = -1
    code = compile(tree, file, "exec").replace(co_name=function)
    if len(_CODES) >= _MOST_CODES:
        _CODES.clear()
    _CODES[file, line, function] = code
    return code


def framed(exception: BaseException, file: str, line: int, function: str) -> BaseException:
    """The exception with a traceback that ends in a line of a function, as if Python had run it there."""
    try:
        exec(_code(file, line, function), {"exception": exception})
    except BaseException as raised:
        if raised is not exception or raised.__traceback__ is None:
            raise
        # Without this function itself.
        return raised.with_traceback(raised.__traceback__.tb_next)
    return exception
