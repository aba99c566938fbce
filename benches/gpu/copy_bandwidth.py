"""The ceiling: how fast the GPU copies its own memory, by bytes that a thread moves. Needs the driver alone.

    copy_bandwidth.py [--mib 512] [--rounds 5]

One line of JSON: {"device": name, "bytes_per_second": {"4": ..., "8": ..., "16": ...}}, bytes read and written counted,
the median of the rounds; or {"failed": reason}.
"""

import argparse
import ctypes
import json
import os
import statistics

_WIDTHS = {4: ("ld.global.f32", "st.global.f32", "%f0"), 8: ("ld.global.v2.f32", "st.global.v2.f32", "{%f0, %f1}"),
           16: ("ld.global.v4.f32", "st.global.v4.f32", "{%f0, %f1, %f2, %f3}")}  # fmt: skip
_THREADS = 256


def _kernel(width: int) -> str:
    load, store, registers = _WIDTHS[width]
    return f"""
.visible .entry copy{width}(.param .u64 from, .param .u64 to)
{{
    .reg .f32 %f<4>;
    .reg .b32 %r<4>;
    .reg .b64 %rd<8>;
    ld.param.u64 %rd0, [from];
    ld.param.u64 %rd1, [to];
    cvta.to.global.u64 %rd2, %rd0;
    cvta.to.global.u64 %rd3, %rd1;
    mov.u32 %r0, %ctaid.x;
    mov.u32 %r1, %tid.x;
    mad.lo.u32 %r2, %r0, {_THREADS}, %r1;
    mul.wide.u32 %rd4, %r2, {width};
    add.u64 %rd5, %rd2, %rd4;
    add.u64 %rd6, %rd3, %rd4;
    {load} {registers}, [%rd5];
    {store} [%rd6], {registers};
    ret;
}}
"""


PTX = ".version 6.0\n.target sm_50\n.address_size 64\n" + "".join(_kernel(width) for width in _WIDTHS)


class Driver:
    def __init__(self) -> None:
        self.library = ctypes.CDLL(os.environ.get("NUMBRA_CUDA_DRIVER") or "libcuda.so.1")

    def call(self, function: str, *arguments) -> None:
        status = getattr(self.library, function)(*arguments)
        if status:
            raise RuntimeError(f"{function} returned {status}")


def measure(size: int, rounds: int) -> dict:
    driver = Driver()
    pointer = ctypes.c_void_p
    driver.call("cuInit", 0)
    device, context, module = ctypes.c_int(), pointer(), pointer()
    driver.call("cuDeviceGet", ctypes.byref(device), 0)
    name = ctypes.create_string_buffer(100)
    driver.call("cuDeviceGetName", name, len(name), device)
    driver.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    driver.call("cuCtxSetCurrent", context)
    driver.call("cuModuleLoadData", ctypes.byref(module), ctypes.c_char_p(PTX.encode()))
    source, target = ctypes.c_uint64(), ctypes.c_uint64()
    for buffer in (source, target):
        driver.call("cuMemAlloc_v2", ctypes.byref(buffer), ctypes.c_size_t(size))
        driver.call("cuMemsetD8_v2", buffer, ctypes.c_ubyte(1), ctypes.c_size_t(size))
    begin, end = pointer(), pointer()
    for event in (begin, end):
        driver.call("cuEventCreate", ctypes.byref(event), 0)
    bandwidths = {}
    for width in _WIDTHS:
        function = pointer()
        driver.call("cuModuleGetFunction", ctypes.byref(function), module, f"copy{width}".encode())
        parameters = (pointer * 2)(*(ctypes.cast(ctypes.byref(buffer), pointer) for buffer in (source, target)))
        groups = ctypes.c_uint(size // width // _THREADS)

        def many(count: int) -> float:
            driver.call("cuEventRecord", begin, None)
            for _ in range(count):
                one = ctypes.c_uint(1)
                threads = ctypes.c_uint(_THREADS)
                driver.call("cuLaunchKernel", function, groups, one, one, threads, one, one, 0, None, parameters, None)
            driver.call("cuEventRecord", end, None)
            driver.call("cuEventSynchronize", end)
            milliseconds = ctypes.c_float()
            driver.call("cuEventElapsedTime", ctypes.byref(milliseconds), begin, end)
            return milliseconds.value / 1e3 / count

        many(10)
        bandwidths[str(width)] = 2 * size / statistics.median(many(50) for _ in range(rounds))
    return {"device": name.value.decode(), "bytes_per_second": bandwidths}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    try:
        print(json.dumps(measure(options.mib << 20, options.rounds)))
    except (OSError, RuntimeError, AttributeError, ZeroDivisionError) as error:
        print(json.dumps({"failed": f"{type(error).__name__}: {error}"}))


if __name__ == "__main__":
    main()
