"""Three pictures of a run: score per type, risk against coverage, latency."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .abstention import confidence_and_loss, risk_coverage
from .scoring import Scored, by_type
from .stats import Figure

Runs = Mapping[str, Sequence[Scored]]
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")  # Okabe & Ito 2008
WIDE = 1e4  # times the smallest: from there on only powers of ten have room for their numbers


def draw(runs: Runs, folder: Path) -> list[str]:
    """Draw all pictures into a folder and give their file names."""
    pictures: dict[str, Callable[[Any, Runs], None]] = {
        "score_per_type": _score_per_type,
        "risk_coverage": _risk_coverage,
        "latency": _latency,
    }
    for name, picture in pictures.items():
        with canvas(folder / f"{name}.png") as axes:
            picture(axes, runs)
    return [f"{name}.png" for name in pictures]


@contextmanager
def canvas(path: Path) -> Iterator[Any]:
    """Give axes to draw on; they are saved as a PNG when the block ends."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Picture

    figure = Picture(figsize=(9, 5), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    yield axes
    figure.savefig(path, metadata={"Software": None})


def _score_per_type(axes: Any, runs: Runs) -> None:  # noqa: ANN401 - matplotlib has no types
    kinds = sorted({s.item.type for scored in runs.values() for s in scored})
    height = 0.8 / max(len(runs), 1)
    for number, (system, scored) in enumerate(runs.items()):
        figures = by_type(scored)
        places = [at + (number - (len(runs) - 1) / 2) * height for at in range(len(kinds))]
        known = [figures.get(kind, Figure(None)) for kind in kinds]
        values = [figure.value or 0.0 for figure in known]
        spread = [
            [value - (figure.low or 0.0) for value, figure in zip(values, known, strict=True)],
            [(figure.high or 0.0) - value for value, figure in zip(values, known, strict=True)],
        ]
        whiskers = {"elinewidth": 0.8, "ecolor": "black"}
        bars = axes.barh(
            places,
            values,
            height * 0.92,
            color=_colour(number),
            label=system,
            xerr=spread,
            error_kw=whiskers,
        )
        axes.bar_label(bars, fmt="{:.0%}", padding=3, fontsize=7)
    counts = {k: sum(s.item.type == k for s in next(iter(runs.values()), ())) for k in kinds}
    axes.set_yticks(range(len(kinds)), [f"{kind} ({counts[kind]})" for kind in kinds])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12)
    axes.set_xlabel("share of questions answered, or declined, rightly; whiskers: 95 % intervals")
    axes.set_title("Answer correctness by type of question")
    legend(axes)


def _risk_coverage(axes: Any, runs: Runs) -> None:  # noqa: ANN401
    for number, (system, scored) in enumerate(runs.items()):
        points = risk_coverage([confidence_and_loss(s.item, s.row) for s in scored])
        axes.plot(*zip(*points, strict=True), color=_colour(number), label=system)
        answered = sum(s.row.status == "answered" for s in scored) / len(scored)
        at = min(points, key=lambda point: abs(point[0] - answered))
        axes.plot(*at, "o", color=_colour(number))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, None)
    axes.set_xlabel("coverage: share of questions answered, the surest first")
    axes.set_ylabel("risk: share of those answers that are wrong")
    axes.set_title("Risk against coverage; the dot is where the system stands")
    legend(axes)


def _latency(axes: Any, runs: Runs) -> None:  # noqa: ANN401
    from matplotlib.ticker import LogLocator

    axes.set_title("Latency")
    timed = {system: _seconds(scored) for system, scored in runs.items()}
    if not any(timed.values()):  # nothing but crashes; a log scale needs some number
        axes.set_xlabel("no question was answered")
        return
    for number, (system, times) in enumerate(timed.items()):
        shares = [(at + 1) / len(times) for at in range(len(times))]
        axes.step(times, shares, where="post", color=_colour(number), label=system)
    axes.set_xscale("log", subs=[])
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < WIDE * low else (1,)))
    axes.xaxis.set_major_formatter("{x:g}")
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        axes.axhline(share, color="grey", linewidth=0.6)
        axes.annotate(name, (1.0, share), xycoords=("axes fraction", "data"),
                      ha="right", va="bottom", color="grey", fontsize=8)  # fmt: skip
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("seconds to the whole answer (log scale)")
    axes.set_ylabel("share of questions answered by then")
    legend(axes)


def _seconds(scored: Sequence[Scored]) -> list[float]:
    known = (s.row.timings_ms["total"] for s in scored if "total" in s.row.timings_ms)
    return sorted(max(time, 0.1) / 1000 for time in known)


def legend(axes: Any) -> None:  # noqa: ANN401
    """Put the names beside the picture, where there are any."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
