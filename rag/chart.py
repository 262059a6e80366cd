"""A timeline as a chart: one dot a quote on an axis of days, and the same as a list.

The chart is SVG in percentages of its width, so its letters keep their size on any screen. Days
that are not exactly known are drawn as bars from the earliest to the latest.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.citation import Citation
from rag.markup import escape, marker_html, spoken

ROW = 26  # pixels from one dot of a day to the next
AXIS = 30  # pixels below the dots, for the days


@dataclass(frozen=True, slots=True)
class Moment:
    """When the thing quoted under marker ``n`` held; ISO days, and the words this rests on."""

    date: str | None
    earliest: str | None
    latest: str | None
    rests_on: str
    n: int


def moments(citations: Sequence[Citation]) -> tuple[Moment, ...]:
    """Date quotes by their articles, earliest first; a quote of unknown day is left out."""
    dated = [Moment(c.date, c.date, c.date, "the article’s date", c.n) for c in citations if c.date]
    return tuple(sorted(dated, key=lambda m: (m.date or "", m.n)))


def chart_html(citations: Sequence[Citation], block: str) -> str:
    """Show what the quotes tell of when; nothing where that is fewer than two different days."""
    by_n = {citation.n: citation for citation in citations}
    told = [m for m in moments(citations) if _span(m) is not None]
    if len({_span(moment) for moment in told}) < 2:
        return ""
    rows = "".join(_row_html(moment, by_n[moment.n], block) for moment in told)
    return (
        '<section class="rag-timeline"><h3>When it was reported</h3>'
        f'{_svg(told)}<ol class="rag-moments">{rows}</ol></section>'
    )


def _row_html(moment: Moment, citation: Citation, block: str) -> str:
    quote = citation.quote if len(citation.quote) <= 110 else citation.quote[:109].rstrip() + "…"
    return (
        f'<li><span class="rag-date" title="Rests on: {escape(moment.rests_on)}">{_when(moment)}'
        f'</span> {marker_html(citation, block)} <span dir="auto">{escape(quote)}</span></li>'
    )


def _when(moment: Moment) -> str:
    if moment.date:
        return escape(spoken(moment.date))
    return escape(f"{spoken(moment.earliest)} to {spoken(moment.latest)}")


def _span(moment: Moment) -> tuple[datetime.date, datetime.date] | None:
    first, last = moment.earliest or moment.date, moment.latest or moment.date
    try:
        days = [datetime.date.fromisoformat(day) for day in (first, last) if day]
    except ValueError:
        return None
    return (days[0], days[-1]) if days else None


def _svg(told: Sequence[Moment]) -> str:
    """Draw the dots; what a screen reader needs is said by the list."""
    spans = [span for moment in told if (span := _span(moment))]
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    length = max((last - first).days, 1)

    def x(day: datetime.date) -> float:
        return round(8 + 84 * (day - first).days / length, 2)

    taken: Counter[datetime.date] = Counter()
    dots = []
    height = ROW * max(Counter(low for low, _ in spans).values()) + 12
    for moment, (low, high) in zip(told, spans, strict=True):
        y = height - 18 - ROW * taken[low]
        taken[low] += 1
        dots.append(_dot(moment.n, x(low), x(high), y))
    days = sorted({low for low, _ in spans} | {last})
    axis = f'<line class="rag-axis" x1="4%" x2="96%" y1="{height}" y2="{height}"/>'
    ticks = "".join(_tick(day, x(day), height) for day in _apart(days, x))
    return (
        f'<svg class="rag-chart" width="100%" height="{height + AXIS}" aria-hidden="true">'
        f"{axis}{ticks}{''.join(dots)}</svg>"
    )


def _dot(n: int, low: float, high: float, y: int) -> str:
    bar = f'<line class="rag-range" x1="{low}%" x2="{high}%" y1="{y}" y2="{y}"/>'
    return (
        f"{bar if high > low else ''}"
        f'<circle class="rag-dot" cx="{low}%" cy="{y}" r="11"/>'
        f'<text class="rag-dot-n" x="{low}%" y="{y + 4}" text-anchor="middle">{n}</text>'
    )


def _tick(day: datetime.date, x: float, y: int) -> str:
    return (
        f'<line class="rag-axis" x1="{x}%" x2="{x}%" y1="{y}" y2="{y + 5}"/>'
        f'<text class="rag-tick" x="{x}%" y="{y + 20}" text-anchor="middle">'
        f"{day.day} {day:%b}</text>"
    )


def _apart(
    days: Sequence[datetime.date], x: Callable[[datetime.date], float]
) -> list[datetime.date]:
    """Leave out days whose names would run into the one before."""
    kept: list[datetime.date] = []
    for day in days:
        if not kept or x(day) - x(kept[-1]) >= 14:
            kept.append(day)
    return kept
