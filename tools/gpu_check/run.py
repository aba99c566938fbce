"""The other machine's half: finds the devices, runs the pieces, keeps the record."""

import json
import os
import signal
import sys
import tarfile
import tempfile
import traceback
from pathlib import Path

from . import devices
from .failure import Failure
from .pieces import PIECES, Context
from .record import Record

ROOT = Path(__file__).resolve().parents[1]


def run(options) -> int:
    if options.archive is not None:
        return unpacked(options)
    if not (ROOT / "bin/checks").exists():
        raise Failure("this is a checkout: name the archive that `tools/gpu-check build` made")
    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options.out.mkdir(parents=True, exist_ok=True)
    names = [name for name in options.devices.split(",") if name]
    if not names:
        raise Failure("--devices names no device")
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as scratch:
        record = Record(options.out, json.loads((ROOT / "facts.json").read_text()))
        found = devices.find(names, ROOT, Path(scratch), options.software_vulkan)
        record.data["devices"] = {name: f"{found.found[name]}: {found.descriptions[name]}" for name in found.found}
        record.data["devices"] |= {name: f"not here: {reason}" for name, reason in found.absent.items()}
        record.data["notes"] = found.notes
        for name, text in [*record.data["devices"].items(), *(("note", note) for note in found.notes)]:
            print(f"{name}: {text}", flush=True)
        context = Context(ROOT, Path(scratch), options.out / "errors.log", found, options)
        wanted = [piece for piece in PIECES if not options.only or piece.__name__ in options.only]
        try:
            for number, piece in enumerate(wanted, 1):
                print(f"--- {piece.__name__} ({number} of {len(wanted)})", flush=True)
                part = record.begin(piece.__name__)
                for name, reason in found.absent.items():
                    part.check(f"device {name}", f"not here: {reason}")
                try:
                    piece(context, part)
                except Exception:  # a mistake here must not cost the other pieces
                    part.check(f"gpu-check's own {piece.__name__}", traceback.format_exc())
                part.end()
        except KeyboardInterrupt:
            record.write()
            print("gpu-check: ended; what was found so far is kept", file=sys.stderr)
            return 130
    print(f"record: {record.path} and {record.path.with_suffix('.md').name}")
    # Of this run alone: the record may have pieces of earlier ones.
    ran = [record.data["pieces"][piece.__name__] for piece in wanted]
    passed, failed = (sum(part[what] for part in ran) for what in ("passed", "failed"))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


def unpacked(options) -> int:
    """Unpacks the archive and goes on with what is in it."""
    target = options.at.resolve()
    try:
        with tarfile.open(options.archive) as tar:
            name = next(iter(tar)).name.split("/")[0]
            if not (target / name / "facts.json").exists():
                print(f"unpacking {options.archive} to {target}", flush=True)
                # The filter is not in every Python 3.10 and 3.11.
                tar.extractall(target, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    except (OSError, tarfile.TarError, StopIteration) as error:
        raise Failure(f"{options.archive}: {error}") from None
    arguments = ["run", "--out", str(options.out.resolve()), "--devices", options.devices, "--seed", str(options.seed)]
    arguments += ["--fuzz-seconds", str(options.fuzz_seconds), *(f"--only={piece}" for piece in options.only)]
    arguments += ["--quick"] * options.quick + ["--software-vulkan"] * options.software_vulkan
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, str(target / name / "gpu-check"), *arguments])
