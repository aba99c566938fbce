"""Arguments and results: dtypes, layouts, scalars, broadcasting, out=, and that nothing is copied on the processor."""

import numpy as np
import pytest

from numbra import stencil, vectorize

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]
TARGETS = ["cpu", "parallel", "interp", "vulkan"]


@vectorize
def add(a, b):
    return a + b


@vectorize
def same(a):
    return a


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_come_back_as_they_go_in(dtype, target):
    f = vectorize(target=target)(lambda a: a)
    values = np.array([0, 1, 2, 100, -1, 1e9]).astype("i8").astype(dtype)
    result = f(values)
    assert result.dtype == values.dtype and np.array_equal(result, values)


def layouts():
    base = np.arange(120.0).reshape(4, 5, 6)
    yield "C order", base
    yield "Fortran order", np.asfortranarray(base)
    yield "transposed", base.T
    yield "axes swapped", base.swapaxes(0, 1)
    yield "reversed", base[::-1, :, ::-1]
    yield "steps", base[::2, 1::3, ::2]
    yield "a column", base[:, 2:3, 4]
    yield "broadcast", np.broadcast_to(base[0], (4, 5, 6))
    yield "one element", base[1:2, 1:2, 1:2]
    yield "empty", base[:0]
    yield "no axes", base[1, 2, 3, None][0]
    packed = np.zeros((4, 5), dtype=[("flag", "i1"), ("value", "f8")])
    packed["value"] = base[:, :, 0]
    yield "unaligned field", packed["value"]
    yield "other byte order", base.astype(">f8")
    frozen = base.copy()
    frozen.flags.writeable = False
    yield "read only", frozen
    yield "offset", np.frombuffer(b"\0" + base.tobytes(), dtype="f8", offset=1).reshape(4, 5, 6)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name, array", list(layouts()), ids=[name for name, _ in layouts()])
def test_layouts(name, array, target):
    f = vectorize(target=target)(lambda a, b: a * 2 - b)
    assert np.array_equal(f(array, array), array), name
    assert np.array_equal(f(array, 1), array * 2 - 1), name


@pytest.mark.parametrize("target", ["cpu", "parallel", "vulkan"])
@pytest.mark.parametrize("shape", [(200_001,), (1, 200_001), (200_001, 1), (301, 333), (3, 5, 7_001), (70_001, 3)])
def test_large_arrays_in_pieces(shape, target):
    """Launches that Ctrl-C can end run in pieces: no element may be left out or done twice."""
    f = vectorize(target=target)(lambda a, b: a * 2 + b)
    a = np.arange(np.prod(shape)).reshape(shape)
    assert np.array_equal(f(a, 1), a * 2 + 1)
    assert np.array_equal(f(a.T, a.T), a.T * 3)
    assert np.array_equal(f(a[::-1], a[..., :1]), a[::-1] * 2 + a[..., :1])
    total = a.copy()
    f(total, total, out=total)
    assert np.array_equal(total, a * 3)


def test_order_of_the_result_follows_the_inputs():
    assert add(np.ones((3, 4), order="F"), 1).flags.f_contiguous
    assert add(np.ones((3, 4)), 1).flags.c_contiguous
    ours, theirs = (f(np.ones((3, 4, 5)).transpose(1, 0, 2), 1) for f in (add, np.add))
    assert ours.strides == theirs.strides


@pytest.mark.parametrize(
    "one, other",
    [((3, 1), (4,)), ((3, 4), ()), ((1, 1, 2), (5, 1)), ((0, 3), (1,)), ((2, 3, 4, 1), (5,))],
)
def test_broadcasting(one, other):
    a = np.arange(np.prod(one, dtype=int)).reshape(one)
    b = np.arange(np.prod(other, dtype=int)).reshape(other) * 0.5
    assert np.array_equal(add(a, b), a + b)


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"could not be broadcast together with shapes \(3,\) \(4,\)"):
        add(np.ones(3), np.ones(4))


def test_scalars_give_scalars():
    assert type(add(1, 2)) is np.int64 and add(1, 2) == 3
    assert type(add(1.5, 2)) is np.float64
    assert type(add(np.float32(1), np.float32(2))) is np.float32
    assert type(add(np.array(1.0), np.array(2.0))) is np.float64
    assert type(same(True)) is np.bool_
    assert add(2**62, 2**62) == -(2**63), "64 bits wrap"
    with pytest.raises(OverflowError):
        add(2**70, 1)


def test_what_numpy_makes_arrays_of():
    assert add([1, 2], (3, 4)).tolist() == [4, 6]
    assert add(range(3), 1).tolist() == [1, 2, 3]
    assert add(memoryview(np.ones(2)), 1).tolist() == [2, 2]

    class Holder:
        def __array__(self, dtype=None, copy=None):
            return np.arange(3.0)

    assert add(Holder(), 1).tolist() == [1, 2, 3]


@pytest.mark.parametrize("dtype", ["complex128", "float128", "M8[s]", "m8[s]", "U3", "S3", "O", "V8"])
def test_dtypes_that_kernels_do_not_have(dtype):
    with pytest.raises(TypeError, match="not supported for the input types"):
        same(np.zeros(3, dtype))


def test_half_precision_goes_where_a_signature_takes_it():
    half = np.array([0.5, 1.5], "f2")
    assert vectorize(["float32(float32)"])(lambda a: a)(half).dtype == np.float32
    assert vectorize(["int32(int32)", "float64(float64)"])(lambda a: a)(half).tolist() == [0.5, 1.5]
    with pytest.raises(TypeError, match="ufunc 'same' not supported for the input types"):
        same(half)
    with pytest.raises(TypeError, match="stencil '<lambda>' not supported for the input types"):
        stencil(lambda a: a[0])(half)


def test_integers_that_do_not_fit():
    f = vectorize(["int32(int32, int32)"])(lambda a, b: a + b)
    assert f(np.ones(2, "i4"), 2**31 - 1).tolist() == [-(2**31)] * 2
    with pytest.raises(OverflowError, match="out of bounds for int32"):
        f(np.ones(2, "i4"), 2**31)


def test_wrong_numbers_of_arguments():
    for arguments in [(), (1,), (1, 2, np.empty(()), 4)]:
        with pytest.raises(TypeError, match="'add' takes 2 positional arguments but"):
            add(*arguments)
    with pytest.raises(TypeError, match="unexpected keyword argument 'b'"):
        add(1, b=2)


def test_out():
    out = np.empty(4)
    assert add(np.arange(4.0), 1, out=out) is out and out.tolist() == [1, 2, 3, 4]
    assert add(np.arange(4.0), 2, out) is out and out.tolist() == [2, 3, 4, 5]
    assert add(np.arange(4.0), 3, out=(out,)) is out and out.tolist() == [3, 4, 5, 6]
    assert add(np.arange(4.0), 4, out=None).tolist() == [4, 5, 6, 7]
    wide = np.zeros((2, 4))
    assert add(np.arange(4.0), 1, out=wide) is wide and wide.tolist() == [[1, 2, 3, 4]] * 2
    single = np.zeros(4, "f4")
    assert add(np.arange(4.0), 0.5, out=single).tolist() == [0.5, 1.5, 2.5, 3.5]
    strided = np.zeros((4, 3), "f8")
    add(np.arange(4.0), 1, out=strided[::-1, 1])
    assert strided.tolist() == [[0, 4, 0], [0, 3, 0], [0, 2, 0], [0, 1, 0]]
    point = np.zeros(())
    assert add(1.0, 2.0, out=point) is point and point == 3


def test_out_of_later_calls():
    """Which may go a shorter way than the first."""
    f = vectorize(["float64(float64, float64)"])(lambda a, b: a - 2 * b)
    a, b, out = np.arange(10.0), np.arange(10.0)[::-1].copy(), np.empty(10)
    expected = a - 2 * b
    for _ in range(3):
        out[:] = -1
        assert f(a, b, out=out) is out and np.array_equal(out, expected)
        memory = np.arange(19.0)
        for first in range(10):
            memory[:] = range(19)
            assert np.array_equal(f(memory[9:], b, out=memory[first : first + 10]), np.arange(9.0, 19) - 2 * b)
        assert f(a, 1, out=out) is out and np.array_equal(out, a - 2)
        assert np.array_equal(f(np.float64(3), b), 3 - 2 * b) and np.array_equal(f(a, np.float32(0.5)), a - 1)
        assert f(1, 1, out=np.empty(())) == -1
        narrow = np.empty(10, "f4")
        assert f(a, b, out=narrow) is narrow and np.array_equal(narrow, expected)
        wide = np.empty((2, 10))
        assert np.array_equal(f(a, b, out=wide), [expected] * 2)
        frozen = np.empty(10)
        frozen.flags.writeable = False
        with pytest.raises(ValueError, match="read-only"):
            f(a, b, out=frozen)
        with pytest.raises(ValueError, match="broadcast"):
            f(a, b, out=np.empty(9))


def test_floats_of_numpy_keep_their_type_in_later_calls():
    @vectorize
    def product(a, b):
        return a * b

    x = np.array([0.1, 0.2, 0.3], "f4")
    wide, narrow = np.float64(0.1), np.float32(0.1)
    for _ in range(3):
        assert product(narrow, x).dtype == "f4" and np.array_equal(product(narrow, x), narrow * x)
        assert product(wide, x).dtype == "f8" and np.array_equal(product(wide, x), wide * x)
        assert product(0.1, x).dtype == "f8" and np.array_equal(product(0.1, x), wide * x)
        assert type(product(narrow, narrow)) is np.float32 and product(narrow, wide) == wide * np.float64(narrow)


@pytest.mark.parametrize("target", TARGETS)
def test_out_that_overlaps_inputs(target):
    f = vectorize(target=target)(lambda a, b: a + b)
    # Large enough for several threads.
    for size in (10, 100_000):
        a = np.arange(float(size))
        f(a, a, out=a)
        assert np.array_equal(a, 2.0 * np.arange(size))
        a = np.arange(float(size))
        f(a, a[::-1], out=a)
        assert (a == size - 1).all()
        a = np.arange(float(size))
        f(a[:-1], 1, out=a[1:])
        assert np.array_equal(a[1:], np.arange(1.0, size))
    square = np.arange(16.0).reshape(4, 4)
    f(square.T, 0, out=square)
    assert np.array_equal(square, np.arange(16.0).reshape(4, 4).T)


def test_wrong_outs():
    with pytest.raises(ValueError, match="broadcast"):
        add(np.ones(3), 1, out=np.empty(4))
    with pytest.raises(TypeError, match="Cannot cast ufunc 'add' output from float64 to int64"):
        add(np.ones(3), 1, out=np.empty(3, int))
    with pytest.raises(TypeError, match="must be a NumPy array"):
        add(np.ones(3), 1, out=[0, 0, 0])
    with pytest.raises(TypeError, match="both a positional and keyword"):
        add(np.ones(3), 1, np.empty(3), out=np.empty(3))
    frozen = np.empty(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        add(np.ones(3), 1, out=frozen)
    with pytest.raises(ValueError, match="exactly one entry"):
        add(np.ones(3), 1, out=(np.empty(3), np.empty(3)))


COPIES = """
import numpy as np
from numbra import stencil, vectorize

limit = 64 << 20
x = np.ones(limit // 8)
assert x.nbytes == limit
@vectorize(target='TARGET')
def f(a, b):
    return a + b

@stencil(target='TARGET')
def s(a):
    return a[0] + a[1]

f(x[:100000], x[100000:200000]), f(x[:100000:2], x[1:100000:2]), f(x[:100000], 1.0), s(x[:100000])

def grown(work):
    # The most memory that the work has taken, in bytes, beyond what there was.
    before = int(open('/proc/self/statm').read().split()[1]) * 4096
    open('/proc/self/clear_refs', 'w').write('5')
    work()
    status = dict(line.split(':', 1) for line in open('/proc/self/status') if ':' in line)
    return int(status['VmHWM'].split()[0]) * 1024 - before

out = np.ones(x.shape)  # zeros would not be memory before they are written
assert grown(lambda: f(x, x, out=out)) < limit // 4, 'inputs or out= were copied'
assert grown(lambda: f(x, 1.0)) < limit * 5 // 4, 'more than the result was allocated'
assert grown(lambda: f(x[::2], x[1::2], out=out[::2])) < limit // 4, 'strided views were copied'
assert grown(lambda: s(x, out=out)) < limit // 4, 'the array of a stencil was copied'
print('none')
"""


@pytest.mark.parametrize("target", ["cpu", "parallel"])
def test_nothing_is_copied_on_the_processor(in_process, target):
    assert in_process(COPIES.replace("TARGET", target)) == "none\n"


def test_writes_go_where_out_says():
    """By address: a kernel that cannot have written anywhere else."""
    memory = np.zeros(64)
    window = memory[8:40:4]
    add(np.arange(8.0), 1, out=window)
    assert memory[8:40:4].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert memory.sum() == 36


def test_stencils():
    @stencil
    def laplace(a):
        return a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0] - 4 * a[0, 0]

    a = np.random.default_rng(1).random((7, 9))
    expected = np.zeros((7, 9))
    inner = a[1:-1, 2:] + a[2:, 1:-1] + a[1:-1, :-2] + a[:-2, 1:-1] - 4 * a[1:-1, 1:-1]
    expected[1:-1, 1:-1] = inner
    for array in (a, np.asfortranarray(a), np.repeat(a, 2, axis=1)[:, ::2]):
        assert np.allclose(laplace(array), expected, rtol=1e-15, atol=1e-15)
    out = np.full((7, 9), 5.0)
    assert laplace(a, out=out) is out
    assert np.allclose(out[1:-1, 1:-1], inner) and (out[0] == 5).all(), "without cval= the border of out= stays"
    twice = laplace(laplace(a))
    assert np.array_equal(laplace.iterate(a, 2), twice)
    assert np.array_equal(laplace.iterate(a, 0), a)
    with pytest.raises(ValueError, match="-1 times"):
        laplace.iterate(a, -1)
    in_place = a.copy()
    laplace(in_place, out=in_place)
    assert np.allclose(in_place[1:-1, 1:-1], inner)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shape", [(150, 203), (3, 20_001), (20_001, 3)])
def test_large_stencils_in_pieces(shape, target):
    @stencil(target=target)
    def around(a):
        return a[0, 1] + 2 * a[1, 0] + 3 * a[0, -1] + 5 * a[-1, 0]

    a = np.arange(np.prod(shape)).reshape(shape) % 1000
    expected = np.zeros_like(a)
    expected[1:-1, 1:-1] = a[1:-1, 2:] + 2 * a[2:, 1:-1] + 3 * a[1:-1, :-2] + 5 * a[:-2, 1:-1]
    assert np.array_equal(around(a), expected)
    assert np.array_equal(around(np.asfortranarray(a)), expected)


def test_stencils_with_scalars_tables_and_borders():
    @stencil(cval=-1.0, neighborhood=((-1, 1),), standard_indexing=("weights",))
    def weighted(a, weights, factor):
        total = 0.0
        for i in range(-1, 2):
            total += a[i] * weights[i + 1]
        return total * factor

    a, weights = np.arange(6.0), np.array([0.25, 0.5, 0.25])
    assert weighted(a, weights, 2).tolist() == [-1, 2, 4, 6, 8, -1]
    assert weighted.neighborhood == [(-1, 1)]
    with pytest.raises(TypeError, match="weighted"):
        weighted(a, weights)
    with pytest.raises(TypeError):
        weighted(3.0, weights, 2)


def test_progress_of_iterate():
    seen = []
    half = stencil(lambda a: (a[0] + a[1]) / 2)
    half.iterate(np.arange(10.0), 5, progress=seen.append)
    assert seen and seen[-1] == 5

    def refuse(step):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        half.iterate(np.arange(10.0), 5, progress=refuse)


def test_masks_are_not_lost():
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    near = stencil(lambda a, b: a[0] + b[1])
    plain = np.ones(3)
    for call in [
        lambda: near(masked, plain),
        lambda: near(plain, masked),
        lambda: stencil(lambda a: a[0]).iterate(masked, 2),
        lambda: add.reduce(masked),
        lambda: add.accumulate(masked),
        lambda: add.outer(plain, masked),
    ]:
        with pytest.raises(TypeError, match="takes no masked arrays(.|\n)*help: .*filled"):
            call()
    assert near(masked.filled(0), plain).tolist() == [2, 1, 0]
    with pytest.raises(NotImplementedError, match="no arrays of numbers"):
        vectorize(lambda i: masked[i])(0)


@pytest.mark.parametrize("axis", [2, -3, (0, 2)])
def test_axes_that_are_not_there(axis):
    error = getattr(np, "exceptions", np).AxisError
    with pytest.raises(error, match="axis (2|-3) is out of bounds for array of dimension 2"):
        add.reduce(np.ones((2, 2)), axis=axis)
    if isinstance(axis, int):
        with pytest.raises(error, match="is out of bounds"):
            add.accumulate(np.ones((2, 2)), axis=axis)


def test_subclasses_come_back():
    masked = add(np.ma.array([1.0, 2.0], mask=[False, True]), 1)
    assert isinstance(masked, np.ma.MaskedArray) and masked.mask.tolist() == [False, True] and masked[0] == 2

    assert add(np.ma.masked, 1) is np.ma.masked and add(np.ma.array([1.0, 2.0]), np.ma.masked).mask.all()
    assert add(np.ma.array(2.0), 1) == 3

    class Meters(np.ndarray):
        pass

    assert type(add(np.ones(3).view(Meters), 1)) is Meters
    out = np.empty(3)
    assert add(np.ones(3).view(Meters), 1, out=out) is out


def test_other_libraries_may_take_over():
    class Other:
        def __array_ufunc__(self, ufunc, method, *inputs, **options):
            return ufunc.__name__, method, len(inputs)

    assert add(Other(), 1) == ("add", "__call__", 2)

    class Refusing:
        __array_ufunc__ = None

    with pytest.raises(TypeError, match="does not support ufuncs"):
        add(Refusing(), 1)
