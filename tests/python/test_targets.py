"""Where kernels run: NUMBRA_TARGET overrides target=; without target=, set_default_target(), else NUMBRA_TARGET, else cpu."""

import numpy as np
import pytest

import numbra
from numbra import stencil, vectorize

HERE = ["cpu", "parallel", "interp", "vulkan"]


def twice(a):
    return 2 * a


@pytest.fixture(autouse=True)
def restored():
    yield
    numbra.set_default_target(None)


@pytest.mark.parametrize("target", HERE)
def test_every_target_computes_the_same(target):
    double = vectorize(target=target)(twice)
    assert double.target.split(":")[0] == target
    assert np.array_equal(double(np.arange(1000)), 2 * np.arange(1000))

    @stencil(target=target)
    def difference(a):
        return a[1] - a[-1]

    assert difference.target.split(":")[0] == target
    assert difference(np.arange(6) ** 2).tolist() == [0, 4, 8, 12, 16, 0]


def test_default_target():
    double = vectorize(twice)
    fixed = vectorize(target="cpu")(twice)
    assert numbra.get_default_target() == "cpu" and double.target == "cpu"
    numbra.set_default_target("interp")
    assert numbra.get_default_target() == "interp"
    assert double.target == "interp" and fixed.target == "cpu"
    assert double(np.arange(3)).tolist() == [0, 2, 4]
    numbra.set_default_target("parallel")
    assert double.target == "parallel"
    assert double(np.arange(3)).tolist() == [0, 2, 4]
    numbra.set_default_target(None)
    assert double.target == "cpu"


def test_environment(monkeypatch):
    monkeypatch.setenv("NUMBRA_TARGET", "interp")
    assert vectorize(target="cuda")(twice).target == "interp"
    assert vectorize(twice).target == "interp"
    assert numbra.get_default_target() == "interp"
    numbra.set_default_target("parallel")
    assert vectorize(target="cuda")(twice).target == "interp"
    assert vectorize(twice).target == "parallel"
    assert numbra.get_default_target() == "parallel"
    monkeypatch.setenv("NUMBRA_TARGET", "")
    numbra.set_default_target(None)
    assert vectorize(twice).target == "cpu"
    monkeypatch.setenv("NUMBRA_TARGET", "abacus")
    with pytest.raises(ValueError, match="NUMBRA_TARGET.*abacus"):
        vectorize(twice)(1)


def test_unknown_targets():
    with pytest.raises(ValueError, match="tpu"):
        numbra.set_default_target("tpu")
    assert numbra.get_default_target() == "cpu"
    with pytest.raises(ValueError, match="Unsupported target: tpu"):
        vectorize(target="tpu")(twice)
    with pytest.raises(numbra.DeviceError, match=r"vulkan:97(.|\n)*help: the GPUs here are"):
        vectorize(target="vulkan:97")(twice)(1)


def test_absent_devices_are_named(in_process):
    out = in_process(
        "import numbra\n"
        "f = numbra.vectorize(target='cuda')(lambda a: a + 1)\n"
        "try:\n    f(1.0)\nexcept numbra.DeviceError as error:\n    print(error)\n",
        NUMBRA_CUDA_DRIVER="",
    )
    assert "cuda:0" in out and "help:" in out and "NUMBRA_TARGET=cpu" in out


def test_devices_versions_threads():
    devices = {device["name"]: device for device in numbra.devices()}
    assert {"interp", "cpu", "parallel", "vulkan:0"} <= {name for name, it in devices.items() if it["available"]}
    assert "float64" in devices["cpu"]["dtypes"] and devices["cpu"]["limits"]
    assert all(("description" in it) == it["available"] and ("reason" in it) != it["available"] for it in devices.values())
    assert numbra.threads() >= 1
    assert dict(numbra.versions())["numbra"] == numbra.__version__
