"""Whether a number or name stands in the statement where another one stands in its source.

"72 per cent of Ukrainians do not want" has a number of its source, but not the one that the source
has in that place. So what stands around it here is looked for around each candidate there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.support.align import Pair, alike
from rag.support.names import Run, runs
from rag.support.numbers import Quantity, dates, quantities
from rag.support.tokens import Reading

_HERE, _THERE = 4, 5  # tokens to either side
_MARGIN = 1  # by so much more


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number or name stands: ``tokens[low:high]``."""

    low: int
    high: int


def misplaced(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether the surroundings of a number or name fit another one of the source clearly better."""
    return _numbers(said, source) or _names(said, source) or _opposites(said, source, pairs)


def _numbers(said: Reading, source: Reading) -> bool:
    here, there = quantities(said), quantities(source)
    for quantity in here:
        own = [_at(q) for q in there if q.same(quantity)]
        kind = [q for q in there if (q.unit == "") == (quantity.unit == "")]
        rivals = [_at(q) for q in kind if not any(q.same(other) for other in here)]
        if _fits_rival(said, _at(quantity), source, own, rivals):
            return True
    dated = dates(said)
    for date in dated:
        known = dates(source)
        own = [Place(d.at, d.at + 1) for d in known if date.within(d)]
        rivals = [Place(d.at, d.at + 1) for d in known if not any(o.within(d) for o in dated)]
        if _fits_rival(said, Place(date.at, date.at + 1), source, own, rivals):
            return True
    return False


def _at(quantity: Quantity) -> Place:
    return Place(quantity.at, quantity.at + 1)


def _names(said: Reading, source: Reading) -> bool:
    here, there = runs(said), runs(source)
    for run in here:
        own = [_span(r) for r in there if r.same(run)]
        rivals = [_span(r) for r in there if not any(r.same(other) for other in here)]
        if _fits_rival(said, _span(run), source, own, rivals):
            return True
    return False


def _span(run: Run) -> Place:
    return Place(run.low, run.high)


def _opposites(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    return False


def _fits_rival(
    said: Reading, place: Place, source: Reading, own: Sequence[Place], rivals: Sequence[Place]
) -> bool:
    outside = [other for other in rivals if not source.tokens[other.low].aside]
    if not own or not outside:
        return False
    around = _around(said, place, _HERE)
    best = max(_fit(around, source, other) for other in own)
    beside, fit = max(_fit(around, source, other) for other in outside)
    return beside > best[0] and fit >= best[1] + _MARGIN


def _fit(around: dict[str, int], source: Reading, place: Place) -> tuple[int, int]:
    """How much of what stands right beside stands there too, and of what stands around."""
    there = _around(source, place, _THERE)
    beside = near = 0
    for base, distance in around.items():
        found = min((there[b] for b in _same(base) if b in there), default=0)
        near += found > 0
        beside += distance == 1 and found == 1
    return beside, near + beside


def _same(base: str) -> Iterable[str]:
    return (base, *alike().get(base, ()))


def _around(reading: Reading, place: Place, reach: int) -> dict[str, int]:
    """The base forms near a place, each with how many content words away it stands."""
    found: dict[str, int] = {}
    inside = reading.tokens[place.low].aside
    for side in (
        reversed(reading.tokens[max(0, place.low - 2 * reach) : place.low]),
        iter(reading.tokens[place.high : place.high + 2 * reach]),
    ):
        steps = 0
        for token in side:
            if token.low in {".", "!", "?", ";"} or steps >= reach:
                break
            if (token.content or token.low == "percent") and token.aside <= inside:
                steps += 1
                found[token.base] = min(found.get(token.base, steps), steps)
    return found
