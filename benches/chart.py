"""The picture: every ratio as a point with its span, on a logarithmic axis with a line at 1."""

from pathlib import Path

from peers import BASE, NAMES
from ratios import ratio

COLOURS = dict(
    zip(
        [name for name in NAMES if name != BASE],
        ["#7f7f7f", "#1f77b4", "#17becf", "#d62728", "#2ca02c", "#bcbd22", "#ff7f0e"],
    )
)


def draw(record: dict, path: Path) -> bool:
    """False where there is no ratio to draw."""
    lines = []
    for line_up in record["line_ups"]:
        measured = {entry["peer"]: ratio(line_up, entry["peer"]) for entry in line_up["entries"] if entry["peer"] != BASE}
        measured = {peer: value for peer, value in measured.items() if value}
        if measured:
            lines.append((f"{line_up['title']}  ·  {line_up['device']}", measured))
    if not lines:
        return False

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    figure = Figure(figsize=(11, 1.6 + 0.3 * len(lines)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=1)
    seen = set()
    for height, (_, measured) in enumerate(lines):
        if height % 2 == 0:
            axes.axhspan(height - 0.5, height + 0.5, color="#f3f3f3", zorder=0)
        for peer, value in measured.items():
            axes.errorbar(
                value.median,
                height,
                xerr=[[value.median - value.least], [value.most - value.median]],
                fmt="o",
                markersize=5,
                elinewidth=1.2,
                color=COLOURS.get(peer),
                label=None if peer in seen else peer,
            )
            seen.add(peer)
    axes.set_yticks(range(len(lines)), [text for text, _ in lines])
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", labelrotation=90 if len(axes.get_xticks()) > 14 else 0)
    axes.grid(axis="x", linewidth=0.4)
    axes.spines[["top", "right", "left"]].set_visible(False)
    explanation = "right of 1 numbra is faster. Point: median of the rounds, line: all of them"
    figure.supxlabel(f"time of the peer / time of numbra; {explanation}", fontsize=10)
    figure.legend(loc="outside upper center", ncols=len(seen), frameon=False)
    figure.savefig(path, dpi=110)
    return True
