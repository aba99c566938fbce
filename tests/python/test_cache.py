"""The cache on disk: cache=True keeps compiled code for other processes, and never gives code that is not the function's."""

from __future__ import annotations

import json
import os
import pathlib
import stat
import subprocess
import sys
import textwrap
import warnings
from typing import Callable

import numpy as np
import pytest

import numbra
from numbra import float64, int64, njit, stencil, types, vectorize
from numbra.core.errors import NumbaWarning

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "NUMBRA_"))}

# What every program here says at its end: what it found of each function, and what it computed.
TOLD = """
import json
def tell(*results, functions=()):
    counts = lambda which: [sum(getattr(f.stats, which).values()) for f in functions]
    print(json.dumps({"hits": counts("cache_hits"), "misses": counts("cache_misses"), "results": results}))
"""


class Place:
    """A folder with modules, and a cache for the processes that run them."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.cache = folder, folder / "cache"
        (folder / "told.py").write_text(TOLD)
        # Called in the processes before they begin.
        self.limit: Callable[[], None] | None = None

    def write(self, **modules: str) -> None:
        for name, text in modules.items():
            (self.folder / f"{name}.py").write_text(textwrap.dedent(text))

    def start(self, text: str, **variables: str) -> subprocess.Popen[str]:
        program = "from told import tell\nimport numpy as np\nimport numbra\n" + textwrap.dedent(text)
        environment = {**ENVIRONMENT, "NUMBRA_CACHE_DIR": str(self.cache), "PYTHONPATH": str(self.folder)}
        # Files that are written anew within a second are not to be taken from Python's own cache.
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return subprocess.Popen(
            [sys.executable, "-W", "default", "-c", program],
            env={**environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            preexec_fn=self.limit,
        )

    def end(self, process: subprocess.Popen[str]) -> dict:
        out, self.errors = process.communicate(timeout=120)
        assert process.returncode == 0, out + self.errors
        return json.loads(out)

    def run(self, text: str, **variables: str) -> dict:
        return self.end(self.start(text, **variables))

    def entries(self) -> list[pathlib.Path]:
        return sorted(self.cache.glob("*/*.numbra"))


@pytest.fixture
def place(tmp_path: pathlib.Path) -> Place:
    return Place(tmp_path)


MODULE = """
from numbra import njit
import numpy as np
@njit(cache=True)
def total(a):
    s = 0.0
    for x in a:
        s += x
    return s
@njit(cache=True)
def scaled(x):
    return 2 * x + total(np.ones(3))
"""
CALL = """
import module
tell(module.total(np.arange(5.0)), module.scaled(1), module.scaled(0.5), functions=[module.total, module.scaled])
"""


def test_other_processes_find_what_one_has_compiled(place):
    place.write(module=MODULE)
    results = [10.0, 5.0, 4.0]
    assert place.run(CALL) == {"hits": [0, 0], "misses": [1, 2], "results": results}
    assert [entry.name.split("-")[0] for entry in place.entries()] == ["scaled", "scaled", "total"]
    for _ in range(2):
        assert place.run(CALL) == {"hits": [1, 2], "misses": [0, 0], "results": results}
        assert len(place.entries()) == 3 and place.errors == ""
    # Other types are other code; the folder is the user's alone.
    assert place.run("import module\ntell(module.scaled(np.float32(1)), functions=[module.scaled])")["misses"] == [1]
    folder = place.entries()[0].parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in place.entries()} == {0o600}


def test_stats_are_numbas(place, monkeypatch):
    monkeypatch.setattr(numbra.config, "CACHE_DIR", str(place.cache))

    def made():
        @njit(cache=True)
        def add(x, y):
            return x + y

        return add

    add = made()
    path, hits, misses = add.stats
    assert pathlib.Path(path).parent == place.cache and (hits, misses) == ({}, {})
    assert add(1, 2) == 3 and add(2, 3) == 5 and add(1.5, 2.0) == 3.5
    assert add.stats.cache_hits[int64, int64] == 0 and add.stats.cache_misses[int64, int64] == 1
    again = made()
    assert again(1, 2) == 3
    assert (again.stats.cache_hits, again.stats.cache_misses) == ({(int64, int64): 1}, {})
    again.recompile()
    assert again(1, 2) == 3 and again.stats.cache_hits == {(int64, int64): 2}
    plain = njit(lambda x: x)
    assert plain(1) == 1 and plain.stats == (None, {}, {})
    # With signatures it is compiled when it is declared.
    declared = [njit([int64(int64), float64(float64)], cache=True)(lambda x: x + 5) for _ in range(2)]
    assert [sum(f.stats.cache_misses.values()) for f in declared] == [2, 0]
    assert declared[1].stats.cache_hits == {(int64,): 1, (float64,): 1}


# What is changed, in which module, and what the function gives then.
CHANGES = {
    "its text": ("return helper(x) + N", "return helper(x) - N", "module"),
    "a function that it calls": ("return x * FACTOR", "return x / FACTOR", "other"),
    "a global": ("N = 5", "N = 6", "module"),
    "a global's type": ("N = 5", "N = 5.0", "module"),
    "a global of another module": ("FACTOR = 3", "FACTOR = 4", "other"),
    "an array": ("np.array([1.0, 2.0, 3.0])", "np.array([1.0, 2.5, 3.0])", "module"),
    "an array's type": ("np.array([1.0, 2.0, 3.0])", "np.array([1.0, 2.0, 3.0], np.float32)", "module"),
    "a tuple": ("(4, 5)", "(4, 7)", "module"),
    "a value around it": ("made(8)", "made(9)", "module"),
    "a default": ("y=1", "y=2", "module"),
    "an option": ("cache=True", "cache=True, error_model='numpy'", "module"),
    "fastmath": ("cache=True", "cache=True, fastmath=True", "module"),
    "an annotation": ("def table(i):", "def table(i: int):", None),
    "its place": ("N = 5", "# Lines\n    N = 5", None),
    "a comment": ("return x * FACTOR", "return x * FACTOR  # as ever", None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_is_compiled_again(place, change):
    module = """
    from numbra import njit
    import numpy as np
    from other import helper
    N = 5
    WEIGHTS = np.array([1.0, 2.0, 3.0])
    PAIR = (4, 5)
    @njit(cache=True)
    def scaled(x, y=1):
        return helper(x) + N
    @njit(cache=True)
    def table(i):
        return WEIGHTS[i] / i + PAIR[i]
    def made(around):
        @njit(cache=True)
        def inner(x, y=1):
            return x + around + y
        return inner
    inner = made(8)
    """
    other = """
    from numbra import njit
    FACTOR = 3
    @njit
    def helper(x):
        return x * FACTOR
    """
    call = """
    import module
    functions = [module.scaled, module.table, module.inner]
    results = [module.scaled(2), module.table(1), module.inner(1)]
    plain = [float(f.py_func(*arguments)) for f, arguments in zip(functions, [(2,), (1,), (1,)])]
    tell([results, plain], functions=functions)
    """
    place.write(module=module, other=other)
    first = place.run(call)
    assert sum(first["misses"]) == 3
    before, after, where = CHANGES[change]
    assert before in module + other
    place.write(module=module.replace(before, after), other=other.replace(before, after))
    second = place.run(call)
    [[results, plain]] = second["results"]
    assert results == plain
    if where is None:
        assert second["hits"] == [1, 1, 1]
    else:
        assert 1 <= sum(second["misses"]) and sum(second["hits"]) + sum(second["misses"]) == 3
    # What was there before is found again.
    place.write(module=module, other=other)
    assert place.run(call)["hits"] == [1, 1, 1]


def test_functions_that_call_each_other(place):
    module = """
    from numbra import njit
    @njit(cache=True)
    def even(n):
        return True if n == 0 else odd(n - 1)
    @njit(cache=True)
    def odd(n):
        return False if n == 0 else even(n - 1)
    @njit(cache=True)
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
    """
    call = """
    import module
    functions = [module.even, module.odd, module.fibonacci]
    tell(module.even(7), module.odd(7), module.fibonacci(10), functions=functions)
    """
    place.write(module=module)
    assert place.run(call) == {"hits": [0, 0, 0], "misses": [1, 1, 1], "results": [False, True, 55]}
    assert place.run(call) == {"hits": [1, 1, 1], "misses": [0, 0, 0], "results": [False, True, 55]}
    place.write(module=module.replace("False if", "True if"))
    assert place.run(call) == {"hits": [0, 0, 1], "misses": [1, 1, 0], "results": [True, True, 55]}


def test_what_fails_shows_its_lines_after_a_hit(place):
    module = """
    from numbra import njit
    class Wrong(Exception):
        pass
    @njit
    def checked(x):
        if x < 0:
            raise Wrong("less than nothing")
        return x
    @njit(cache=True)
    def entry(a, i, divisor):
        return checked(a[i]) / divisor
    @njit(cache=True)
    def deep(n):
        return 1 if n == 0 else deep(n - 1) + 1
    """
    call = """
    import module, traceback
    def failed(f, *arguments):
        try:
            f(*arguments)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            return [type(error).__name__, str(error), f"{place.filename}:{place.lineno}"]
    a = np.array([1.0, -1.0])
    told = [failed(module.entry, a, 7, 1.0), failed(module.entry, a, 1, 1.0), failed(module.entry, a, 0, 0.0), failed(module.deep, 10**9)]
    tell(*told, functions=[module.entry, module.deep])
    """
    place.write(module=module)
    first = place.run(call)
    assert [told[0] for told in first["results"]] == ["IndexError", "Wrong", "ZeroDivisionError", "RecursionError"]
    assert "module.py:12" in "".join(first["results"][0]) and "module.py:8" in "".join(first["results"][1])
    assert place.run(call) == {**first, "hits": [1, 1], "misses": [0, 0]}
    # The same function on other lines: found, and its lines are the new ones.
    place.write(module="\n\n\n" + textwrap.dedent(module))
    third = place.run(call)
    assert third["hits"] == [1, 1]
    assert "module.py:15" in "".join(third["results"][0]) and "module.py:11" in "".join(third["results"][1])


@pytest.mark.parametrize("breaking", ["cut", "emptied", "garbled", "mixed up"])
def test_broken_entries_are_replaced(place, breaking):
    place.write(module=MODULE)
    first = place.run(CALL)
    contents = [entry.read_bytes() for entry in place.entries()]
    for number, entry in enumerate(place.entries()):
        data = contents[number]
        middle = len(data) // 2
        entry.write_bytes({
            "cut": data[:middle],
            "emptied": b"",
            "garbled": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
            "mixed up": contents[number - 1],
        }[breaking])
    assert place.run(CALL) == first and place.errors == ""
    assert [entry.read_bytes() for entry in place.entries()] == contents
    assert place.run(CALL)["hits"] == [1, 2]


def test_entries_of_others_are_not_run(place):
    place.write(module=MODULE)
    place.run(CALL)
    for entry in place.entries():
        entry.chmod(0o622)
    assert place.run(CALL)["misses"] == [1, 2]
    assert place.run(CALL)["hits"] == [1, 2]
    place.entries()[0].parent.chmod(0o777)
    assert place.run(CALL)["misses"] == [1, 2]
    assert place.errors.count("others can write to it") == 1 and "NumbaWarning" in place.errors


def test_a_cache_that_cannot_be_written_is_a_warning(place):
    place.write(module=MODULE)
    # Not by its permissions: those do not hold for everybody.
    (place.folder / "file").write_text("")
    told = place.run(CALL, NUMBRA_CACHE_DIR=str(place.folder / "file"))
    assert told == {"hits": [0, 0], "misses": [1, 2], "results": [10.0, 5.0, 4.0]}
    assert place.errors.count("compiled code is not kept on disk") == 1 and "NUMBRA_CACHE_DIR" in place.errors
    if os.geteuid() != 0:
        place.folder.chmod(0o500)
        assert place.run(CALL)["misses"] == [1, 2]
        place.folder.chmod(0o700)
        assert place.errors.count("compiled code is not kept on disk") == 1


def test_a_full_disk_is_a_warning(place):
    import resource

    place.write(module=MODULE)
    place.limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    told = place.run(CALL)
    assert told == {"hits": [0, 0], "misses": [1, 2], "results": [10.0, 5.0, 4.0]}
    assert place.errors.count("cannot be written") == 1
    (folder,) = place.cache.iterdir()
    assert list(folder.iterdir()) == []
    place.limit = None
    assert place.run(CALL)["misses"] == [1, 2] and place.run(CALL)["hits"] == [1, 2]


def test_the_cache_is_bounded(place):
    place.write(module="""
    from numbra import njit
    def made(number):
        return njit(cache=True)(lambda x: x + number)
    """)
    several = """
    import module
    functions = [module.made(number) for number in range({}, {})]
    tell(*[f(1) for f in functions], functions=functions)
    """
    place.run(several.format(0, 300), NUMBRA_CACHE_MEGABYTES="1")
    # An entry takes 4 KiB on disk, so that 256 have room; three quarters are left when there are more.
    assert 192 <= len(place.entries()) <= 260
    # The last ones are there.
    assert sum(place.run(several.format(260, 300), NUMBRA_CACHE_MEGABYTES="1")["hits"]) == 40
    assert sum(place.run(several.format(0, 5), NUMBRA_CACHE_MEGABYTES="0")["misses"]) == 5
    process = place.start(several.format(0, 1), NUMBRA_CACHE_MEGABYTES="some")
    assert "NUMBRA_CACHE_MEGABYTES is 'some', which is no size" in process.communicate(timeout=60)[1]


def test_several_processes_at_once(place):
    place.write(module="""
    from numbra import njit, vectorize
    def made(number):
        return njit(cache=True)(lambda x: x + number)
    """)
    call = """
    import module
    functions = [module.made(number) for number in range(20)]
    tell(*[f(1) for f in functions], functions=functions)
    """
    processes = [place.start(call) for _ in range(8)]
    for process in processes:
        told = place.end(process)
        assert told["results"] == list(range(1, 21)) and sum(told["hits"]) + sum(told["misses"]) == 20
        assert place.errors == ""
    assert sum(place.run(call)["hits"]) == 20
    assert [path.name for path in place.entries()[0].parent.iterdir() if not path.name.endswith(".numbra")] == []


def test_kernels(place):
    place.write(module="""
    from numbra import stencil, vectorize
    @vectorize(cache=True)
    def lazy(x, y):
        return x * y + 1
    @vectorize(["float64(float64, float64)"], cache=True, identity=0)
    def eager(x, y):
        return x + y
    @stencil(cache=True)
    def smooth(a):
        return 0.5 * (a[-1] + a[1])
    """)
    call = """
    import module
    x = np.arange(6.0)
    results = [module.lazy(x, x), module.lazy(np.arange(3), 2), module.eager(x, x), module.smooth(x)]
    results = [result.tolist() for result in results] + [float(module.eager.reduce(x))]
    tell(*results, functions=[module.lazy, module.eager, module.smooth])
    """
    first = place.run(call)
    assert first["misses"] == [2, 2, 1] and first["hits"] == [0, 0, 0]
    assert first["results"][0] == [1.0, 2.0, 5.0, 10.0, 17.0, 26.0] and first["results"][4] == 15.0
    assert place.run(call) == {**first, "hits": [2, 2, 1], "misses": [0, 0, 0]}
    # The interpreter has no code to keep; threads share the processor's.
    assert place.run(call, NUMBRA_TARGET="interp") == {**first, "misses": [0, 0, 0]}
    assert sum(place.run(call, NUMBRA_TARGET="parallel")["hits"]) >= 4


def test_stats_of_kernels(place, monkeypatch):
    monkeypatch.setattr(numbra.config, "CACHE_DIR", str(place.cache))
    add = vectorize(cache=True)(lambda x, y: x + y)
    assert add(np.arange(3.0), 1.0).tolist() == [1.0, 2.0, 3.0]
    assert add.stats.cache_misses == {(float64, float64): 1} and pathlib.Path(add.stats.cache_path).parent == place.cache
    near = stencil(cache=True)(lambda a: a[-1] + a[1])
    near(np.arange(3.0))
    assert near.stats.cache_misses == {(types.Array(float64, 1, "A"),): 1}
    assert vectorize(lambda x: x).stats.cache_path is None


def test_notebooks_and_commands(place):
    """Code is found by what it is made of, not by a file: text that is in no file is kept as well."""
    text = """
    from numbra import njit
    @njit(cache=True)
    def twice(x):
        return x + x
    tell(twice(4), functions=[twice])
    """
    assert place.run(text)["misses"] == [1]
    assert place.run(text)["hits"] == [1]
    in_cell = """
    import linecache
    text = "from numbra import njit\\n@njit(cache=True)\\ndef twice(y):\\n    return y + y\\n"
    linecache.cache["<cell>"] = len(text), None, text.splitlines(keepends=True), "<cell>"
    names = {}
    exec(compile(text, "<cell>", "exec"), names)
    tell(names["twice"](4), functions=[names["twice"]])
    """
    assert place.run(in_cell)["misses"] == [1]
    assert place.run(in_cell)["hits"] == [1]


def test_where_it_is(place):
    text = "from numbra import njit\nf = njit(cache=True)(lambda x: x)\nf(1)\ntell(f.stats.cache_path)"
    folder = lambda **variables: place.run(text, **variables)["results"][0]
    own = f"numbra-{os.geteuid()}"
    assert folder() == str(place.cache / own)
    other = str(place.folder / "other")
    assert folder(NUMBRA_CACHE_DIR="", NUMBA_CACHE_DIR=other) == os.path.join(other, own)
    assert folder(NUMBA_CACHE_DIR=other) == str(place.cache / own)
    home = str(place.folder / "home")
    found = folder(NUMBRA_CACHE_DIR="", XDG_CACHE_HOME=home)
    assert found == os.path.join(home, "numbra") and os.listdir(found)
    shown = subprocess.run(
        [sys.executable, "-m", "numbra"], env={**ENVIRONMENT, "XDG_CACHE_HOME": home}, capture_output=True, text=True
    )
    assert f"cache: {found} " in shown.stdout


def test_one_warning_a_process(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(numbra.config, "CACHE_DIR", str(tmp_path / "file"))
    with pytest.warns(NumbaWarning, match="is not kept on disk"):
        assert njit(cache=True)(lambda x: x + 1)(1) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert njit(cache=True)(lambda x: x + 2)(1) == 3
        assert vectorize(cache=True)(lambda x: x + 3)(1.0) == 4.0
