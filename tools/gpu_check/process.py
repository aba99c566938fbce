"""Programs run with a limit, their lines as they come."""

import os
import queue
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

# Where nothing is heard for so long, it is said that it still runs.
SILENCE = 15


@dataclass
class Ended:
    """How a program ended."""

    status: int | None
    """None: it was ended because it took too long."""
    said: str
    """The end of what it wrote to standard error."""
    limit: float

    @property
    def problem(self) -> str | None:
        """Why it failed, in words; None where it did not."""
        if self.status == 0:
            return None
        if self.status is None:
            how = f"ended after {self.limit:.0f} s, its time"
        else:
            how = f"ended by signal {-self.status}" if self.status < 0 else f"ended with status {self.status}"
        return f"{how}: {self.said}" if self.said else how


def run(command: list, limit: float, variables: dict[str, str], log: Path, hear: Callable[[str], None]) -> Ended:
    """Runs a program for `limit` seconds at most; `hear` gets each line of its standard output at once."""
    lines: queue.Queue[str | None] = queue.Queue()
    with log.open("ab+") as errors:
        start = errors.seek(0, os.SEEK_END)
        try:
            process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                env={**os.environ, **variables}, text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return Ended(1, str(error), limit)

        def read() -> None:
            for line in process.stdout:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        begun = time.monotonic()
        late = False
        try:
            while True:
                left = begun + limit - time.monotonic()
                if left <= 0:
                    late = True
                    break
                try:
                    line = lines.get(timeout=min(left, SILENCE))
                except queue.Empty:
                    print(f"    ... {time.monotonic() - begun:.0f} s", flush=True)
                    continue
                if line is None:
                    break
                hear(line.rstrip("\n"))
        except BaseException:
            end(process)
            raise
        if late:
            end(process)
        # What it said before it was ended.
        while late and (line := lines.get()) is not None:
            hear(line.rstrip("\n"))
        status = None if late else process.wait()
        errors.seek(start)
        said = errors.read().decode(errors="replace").strip().splitlines()
    return Ended(status, " | ".join(said[-4:]), limit)


def end(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
