"""A timeline as a chart: the days that quotes stand for, on an axis, and the same as a list.

The chart is SVG in percentages of its width, so its letters keep their size on any screen. A full
dot is the day of a quote's article, an open one a day its own words name; a bar goes from the
earliest to the latest possible day.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence

from rag.citation import Citation
from rag.markup import escape, marker_html, spoken
from rag.timeline import Moment, timeline

ROW = 26  # pixels from one dot of a day to the next
LINE = 15  # pixels from one line of names of days to the next
EXCERPT = 90  # characters of a quote in the list

Span = tuple[datetime.date, datetime.date]


def chart_html(citations: Sequence[Citation], block: str) -> str:
    """Show when things held, earliest first; nothing where that is fewer than two times."""
    by_n = {citation.n: citation for citation in citations if _is_day(citation.date)}
    moments = timeline(by_n.values())
    told = [(moment, span) for moment in moments if (span := _span(moment)) is not None]
    told.sort(key=lambda row: (row[1], row[0].n))
    if len({span for _, span in told}) < 2:
        return ""
    rows = "".join(_row_html(moment, by_n[moment.n], block) for moment, _ in told)
    return (
        '<section class="rag-timeline"><h3>When</h3>'
        f'{_svg(told)}<ol class="rag-moments">{rows}</ol></section>'
    )


def _row_html(moment: Moment, citation: Citation, block: str) -> str:
    quote = citation.quote
    quote = quote if len(quote) <= EXCERPT else quote[: EXCERPT - 1].rstrip() + "…"
    told = f"“{moment.words}”" if moment.words else "reported"
    return (
        f'<li><span class="rag-date">{escape(_when(moment))}</span> '
        f'<span class="rag-told" dir="auto">{escape(told)}</span> '
        f'{marker_html(citation, block)} <span dir="auto">{escape(quote)}</span></li>'
    )


def _when(moment: Moment) -> str:
    first, last = moment.earliest, moment.latest
    if moment.date or first == last:
        return spoken(moment.date or first)
    if first is None or last is None:
        return f"up to {spoken(last)}" if first is None else f"from {spoken(first)}"
    low, high = spoken(first).split(), spoken(last).split()
    while len(low) > 1 and low[-1] == high[len(low) - 1]:
        low.pop()  # 19 to 21 December 2025
    return f"{' '.join(low)} to {' '.join(high)}"


def _span(moment: Moment) -> Span | None:
    known = [day for day in (moment.earliest or moment.date, moment.latest or moment.date) if day]
    days = [datetime.date.fromisoformat(day) for day in known]
    return (days[0], days[-1]) if days else None


def _is_day(text: str | None) -> bool:
    """Whether a citation's date can be counted with; a saved answer may hold anything."""
    try:
        return text is None or bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def _svg(told: Sequence[tuple[Moment, Span]]) -> str:
    """Draw the dots; what a screen reader needs is said by the list."""
    first, last = min(low for _, (low, _) in told), max(high for _, (_, high) in told)
    length = max((last - first).days, 1)

    def x(day: datetime.date) -> float:
        return round(8 + 84 * (day - first).days / length, 2)

    taken: Counter[float] = Counter()
    height = ROW * max(Counter(round(x(low) / 4) for _, (low, _) in told).values()) + 12
    dots = []
    for moment, (low, high) in told:
        column = round(x(low) / 4)  # dots that would run into each other stand in one column
        dots.append(_dot(moment, x(low), x(high), height - 18 - ROW * taken[column]))
        taken[column] += 1
    days = sorted({day for _, span in told for day in span})
    axis = f'<line class="rag-axis" x1="4%" x2="96%" y1="{height}" y2="{height}"/>'
    form, room = ("%b", 12.0) if first.year == last.year else ("%b %Y", 18.0)
    lines = _apart(days, x, room)
    ticks = "".join(
        _tick(f"{day.day} {day:{form}}", x(day), height, LINE * k)
        for k, line in enumerate(lines)
        for day in line
    )
    height += 12 + LINE * sum(map(bool, lines))
    return (
        f'<svg class="rag-chart" width="100%" height="{height}" aria-hidden="true">'
        f"{axis}{ticks}{''.join(dots)}</svg>"
    )


def _dot(moment: Moment, low: float, high: float, y: int) -> str:
    bar = f'<line class="rag-range" x1="{low}%" x2="{high}%" y1="{y}" y2="{y}"/>'
    kind = "rag-dot" if moment.rests_on == "article" else "rag-dot rag-open-dot"
    return (
        f"{bar if high > low else ''}"
        f'<circle class="{kind}" cx="{low}%" cy="{y}" r="11"/>'
        f'<text class="rag-dot-n" x="{low}%" y="{y + 4}" text-anchor="middle">{moment.n}</text>'
    )


def _tick(name: str, x: float, y: int, lower: int) -> str:
    end = y + 5 + lower
    return (
        f'<line class="rag-axis" x1="{x}%" x2="{x}%" y1="{y}" y2="{end}"/>'
        f'<text class="rag-tick" x="{x}%" y="{end + 14}" text-anchor="middle">{escape(name)}</text>'
    )


def _apart(
    days: Sequence[datetime.date], x: Callable[[datetime.date], float], room: float
) -> tuple[list[datetime.date], list[datetime.date]]:
    """Give the days to be named in two lines, without those that would run into one before."""
    lines: tuple[list[datetime.date], list[datetime.date]] = ([], [])
    for day in days:
        for line in lines:
            if not line or x(day) - x(line[-1]) >= room:
                line.append(day)
                break
    return lines
