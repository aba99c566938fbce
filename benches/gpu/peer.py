"""One peer in a process of its own, measured as `checks bench` measures numbra: arrays on the GPU, asynchronous calls, one
wait at the end.

    peer.py NAME [--cases first,launch,f,saxpy,black_scholes,stencil] [--rounds 5] [--divide 1]

NAME: one of the modules with_NAME.py. One line of JSON for each case, as it is measured; a case that fails has `failed`
with the reason, a peer that is not here has it once, in a line without a case.
"""

import argparse
import importlib
import json
import time

from programs import PROGRAMS, SAMPLES

# A measurement takes at least so long, however short a call is.
ROUND = 0.2


def answer(**fields) -> None:
    print(json.dumps(fields), flush=True)


def reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def measure(peer, case: str, rounds: int, divide: int) -> dict:
    program = PROGRAMS[case]
    # Small things stay small.
    divide = 1 if case in ("first", "launch") else divide
    arrays = [peer.to_device(array) for array in program.host_arrays(divide)]
    out = peer.empty(program.smaller(divide), program.dtype)
    peer.wait()
    begin = time.perf_counter()
    call = peer.KERNELS["saxpy" if case in ("first", "launch") else case](arrays, out)
    result = peer.to_host(call())
    first_call = time.perf_counter() - begin
    values = result.reshape(-1)
    sample = [float(values[len(values) * (2 * place + 1) // (2 * SAMPLES) + 17]) for place in range(SAMPLES)]

    def many(calls: int) -> float:
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        peer.wait()
        return time.perf_counter() - begin

    seconds = []
    if case != "first":
        once = many(4) / 4
        calls = max(1, min(20_000, int(ROUND / max(once, 1e-7)) + 1))
        seconds = [many(calls) / calls for _ in range(rounds)]
    return {"case": case, "elements": len(values), "seconds": seconds, "first_call": first_call, "sample": sample}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--cases", default=",".join(PROGRAMS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--divide", type=int, default=1)
    options = parser.parse_args()
    try:
        peer = importlib.import_module(f"with_{options.name}")
        answer(version=peer.version())
    except Exception as error:  # whatever a peer raises is its reason
        return answer(failed=reason(error))
    for case in options.cases.split(","):
        try:
            answer(**measure(peer, case, options.rounds, options.divide))
        except Exception as error:
            answer(case=case, failed=reason(error))


main()
