"""A record as Markdown."""

PIECES = ["conformance", "fuzz", "demo", "bench"]
# Failures that are shown; the JSON beside has all.
SHOWN = 30


def markdown(data: dict) -> str:
    passed = sum(piece["passed"] for piece in data["pieces"].values())
    failed = sum(piece["failed"] for piece in data["pieces"].values())
    lines = [f"# gpu-check, {data['date']}: {passed} passed, {failed} failed", ""]
    lines += table(["", ""], [[name, text] for name, text in facts(data)])
    lines += ["", *(f"* {note}" for note in data["notes"])]
    pieces = [(name, data["pieces"][name]) for name in PIECES if name in data["pieces"]]
    lines += ["", "## Checks", ""]
    lines += table(
        ["piece", "passed", "failed", "seconds", ""],
        [[name, piece["passed"], piece["failed"], piece["seconds"], "" if piece["complete"] else "was ended before its end"]
         for name, piece in pieces],
    )  # fmt: skip
    failures = [(name, failure) for name, piece in pieces for failure in piece["failures"]]
    if failures:
        lines += ["", "## Failures", ""]
        for name, failure in failures[:SHOWN]:
            first, *rest = failure["problem"].splitlines() or [""]
            lines += [f"* {name}: {failure['check']}: {first}", *(f"      {line}" for line in rest)]
        if len(failures) > SHOWN:
            lines.append(f"* and {len(failures) - SHOWN} more, in the JSON file beside this one")
    for name, piece in pieces:
        lines += SECTIONS.get(name, lambda figures: [])(piece["figures"])
    return "\n".join(lines).rstrip() + "\n"


def facts(data: dict) -> list[tuple[str, str]]:
    named = [*data["machine"].items(), ("numbra", data["facts"].get("commit", "unknown"))]
    return named + [(f"`{name}`", text) for name, text in data["devices"].items()]


def table(heads: list, rows: list[list]) -> list[str]:
    right = ["---:" if rows and all(isinstance(row[column], (int, float)) for row in rows) else "---" for column in range(len(heads))]
    cells = [heads, right, *rows]
    return ["| " + " | ".join(str(cell) for cell in row) + " |" for row in cells]


def fuzz(figures: dict) -> list[str]:
    if not figures:
        return []
    return ["", "## Random kernels", "", *(f"* {device}: {line}" for device, line in figures.items())]


def demo(figures: dict) -> list[str]:
    rows = [row for rows in figures.get("rows", {}).values() for row in rows]
    if not rows:
        return []
    heads = ["program", "device", "first call", "median of the next", "largest difference"]
    return ["", "## The demo", "", "With arrays that go to the device and back.", "", *table(heads, rows)]


def bench(figures: dict) -> list[str]:
    if not figures:
        return []
    lines = ["", "## Beside other systems", ""]
    copy = figures.get("copy", {})
    if copy.get("bytes_per_second"):
        widths = ", ".join(f"{float(speed) / 1e12:.2f} TB/s with {width} bytes" for width, speed in copy["bytes_per_second"].items())
        lines += [f"The GPU's own copy of 512 MiB, by what a thread moves: {widths} (read and written bytes counted).", ""]
    else:
        lines += [f"No copy was measured: {copy.get('failed', 'not reached')}.", ""]
    for who, reason in figures.get("absent", {}).items():
        lines.append(f"* not here: {who} ({reason})")
    for who, version in figures.get("versions", {}).items():
        lines.append(f"* {who}: {version}")
    heads = ["", "who", "median", f"ratio to {figures.get('base')} (median, least, most)", "of the 16-byte copy", "note"]
    called = "numbra is called from Rust, its peers from Python, whose part is in their launches and first results."
    lines += ["", f"Arrays lie on the device. The ratio is how much longer it takes. {called}", ""]
    lines += table(heads, figures.get("rows", []))
    return lines


SECTIONS = {"fuzz": fuzz, "demo": demo, "bench": bench}
