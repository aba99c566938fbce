"""Makes or refreshes the environment of the benchmarks: python3 benches/prepare.py FOLDER WHEEL

Installs the packages of requirements.txt and numbra's wheel. A package that cannot be installed is noted in FOLDER/absent.json,
from where its reason gets into the table, and tried again next time.
"""

import hashlib
import json
import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps({found.name.lower().replace("_", "-"): found.version for found in distributions()}))
"""


def main() -> None:
    folder, wheel = Path(sys.argv[1]), Path(sys.argv[2])
    python = folder / "bin" / "python"
    if subprocess.run([python, "-c", ""], capture_output=True).returncode if python.exists() else True:
        if sys.version_info < (3, 11):
            found = sys.version.split()[0]
            sys.exit(f"the benchmarks need Python 3.11 or newer, not {found}; PYTHON=/path/to/python3 names another")
        print(f"making {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)

    def pip(*arguments: str) -> subprocess.CompletedProcess:
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    installed = json.loads(subprocess.run([python, "-c", INSTALLED], capture_output=True, check=True).stdout)
    absent = {}
    for line in REQUIREMENTS.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, version = line.split("==")
        if installed.get(name) == version:
            continue
        print(f"installing {line}", file=sys.stderr)
        outcome = pip("--constraint", str(REQUIREMENTS), line)
        if outcome.returncode != 0:
            errors = [text for text in outcome.stderr.splitlines() if text.startswith("ERROR:")]
            absent[name] = errors[-1].removeprefix("ERROR: ") if errors else "pip failed"
            print(f"{name} is left out: {absent[name]}", file=sys.stderr)
    (folder / "absent.json").write_text(json.dumps(absent))

    # The version stays while the wheel changes.
    note, digest = folder / "wheel.txt", hashlib.sha256(wheel.read_bytes()).hexdigest()
    if "numbra" not in installed or not note.exists() or note.read_text() != digest:
        print(f"installing {wheel.name}", file=sys.stderr)
        outcome = pip("--force-reinstall", "--no-deps", str(wheel))
        if outcome.returncode != 0:
            sys.exit(outcome.stderr)
        note.write_text(digest)


main()
