"""Whether a number or name stands in the statement where another one stands in its source.

"72 per cent of Ukrainians do not want" has a number of its source, but not the one that the source
has in that place. So what stands around it here is looked for around each candidate there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.support.align import alike, opposed, opposites
from rag.support.names import Run, like, of_a_people, runs
from rag.support.numbers import Quantity, dates, quantities
from rag.support.tokens import Reading, Token

_HERE, _THERE = 4, 5  # tokens to either side
_MARGIN = 2  # by so much more
_STAND_INS = frozenset("he him his she her it its they them their who whom whose".split())
_OF_PEOPLES = ("ian", "ean", "ish", "ese")  # as invented and small countries' names end, too
_WHERE = frozenset("from in at to near".split())
_GAP = 6  # words that may stand in the place
_LONG = 3  # words around it that must agree


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number or name stands: ``tokens[low:high]``."""

    low: int
    high: int


def misplaced(said: Reading, source: Reading) -> bool:
    """Whether the surroundings of a number or name fit another one of the source clearly better."""
    return (
        _numbers(said, source)
        or names_fit_others(said, source)
        or _opposites(said, source)
        or _people_as_place(said, source)
        or any(_substituted(said, source, *anchor) for anchor in _anchors(said, source))
    )


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


def names_fit_others(said: Reading, source: Reading) -> bool:
    """Whether what stands around a name fits another one of the source clearly better."""
    here, there = runs(said), runs(source)
    for run in here:
        if _merely_opens(run, source):
            continue
        own = [_span(r) for r in there if r.same(run)]
        people = of_a_people(run)
        rivals = [
            _span(r)
            for r in there
            if of_a_people(r) == people and not any(r.same(other) for other in here)
        ]
        if _fits_rival(said, _span(run), source, own, rivals):
            return True
    return False


def _people_as_place(said: Reading, source: Reading) -> bool:
    """Whether "from Lovarian" was made of "Lovarian pensioners": of what a thing is, not where."""
    told = {(source.low(run.low - 1), source.low(run.low)) for run in runs(source)}
    return any(
        (of_a_people(run) or run.words[0].low.endswith(_OF_PEOPLES))
        and run.high - run.low == 1
        and said.low(run.low - 1) in _WHERE
        and not any(token.content for token in said.tokens[run.high : run.high + 1])
        and (said.low(run.low - 1), said.low(run.low)) not in told
        for run in runs(said)
    )


def _span(run: Run) -> Place:
    return Place(run.low, run.high)


def _opposites(said: Reading, source: Reading) -> bool:
    for token in said.tokens:
        if token.base in opposites():
            own = [Place(t.at, t.at + 1) for t in source.tokens if t.base == token.base]
            rivals = [
                Place(t.at, t.at + 1)
                for t in source.tokens
                if t.word and own and opposed(token, t) and t.base not in said.bases
            ]
            if _fits_rival(said, Place(token.at, token.at + 1), source, own, rivals):
                return True
    return False


def _anchors(said: Reading, source: Reading) -> Iterator[tuple[Place, list[Place]]]:
    """Give each name and number of a statement, and where the source has the same."""
    for quantity in quantities(said):
        yield _at(quantity), [_at(q) for q in quantities(source) if q.same(quantity)]
    there = runs(source)
    for run in runs(said):
        if not _merely_opens(run, source):
            yield _span(run), [_span(r) for r in there if r.same(run) or _shares(run, r)]


def _merely_opens(run: Run, source: Reading) -> bool:
    """Whether a word has its capital from the head of a sentence: the source has it without."""
    word = run.words[0]
    return (
        len(run.words) == 1
        and word.opens
        and any(word.text.lower() == t.text for t in source.tokens)
    )


def _shares(run: Run, other: Run) -> bool:
    mine, theirs = ([t.low for t in r.words if t.capital] for r in (run, other))
    return any(like(one, two) for one in mine for two in theirs)


def _substituted(said: Reading, source: Reading, place: Place, own: Sequence[Place]) -> bool:
    """Whether the source has the very words around a place, but other words in it."""
    here, there = _spoken(said), _spoken(source)
    low = next(k for k, t in enumerate(here) if t.at >= place.low)
    high = next((k for k, t in enumerate(here) if t.at >= place.high), len(here))
    before, after = here[:low], here[high:]
    least = [0, 0]
    for other in own:
        start = sum(t.at < other.low for t in there)
        end = sum(t.at < other.high for t in there)
        least[0] = max(least[0], (_matching(before, there[:start], -1) or (0,))[0])
        least[1] = max(least[1], (_matching(after, there[end:], +1) or (0,))[0])
    found = False
    for start in range(len(there) + 1):
        left = _matching(before, there[:start], -1)
        if left is None or (before and left[0] <= least[0]):
            continue
        for end in range(start + 1, min(start + _GAP, len(there)) + 1):
            right = _matching(after, there[end:], +1)
            if right is None or (after and right[0] <= least[1]) or left[0] + right[0] < _LONG:
                continue
            if any(there[start].at < o.high and o.low <= there[end - 1].at for o in own):
                return False
            meant = all(t.low in _STAND_INS for t in there[start:end])
            found = found or (left[1] + right[1] > 0 and not meant)
    return found


def _spoken(reading: Reading) -> list[Token]:
    return [t for t in reading.tokens if t.word]


def _matching(here: Sequence[Token], there: Sequence[Token], step: int) -> tuple[int, int] | None:
    """How many words agree towards a place, and how many of them say something; None if none do.

    The edge of both texts agrees as well, but counts for nothing.
    """
    if not here and not there:
        return 0, 0
    count = content = 0
    for one, other in zip(here[::step], there[::step], strict=False):
        if one.base != other.base or count == _LONG:
            break
        count += 1
        content += one.content
    return (count, content) if count else None


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
            if token.low in {".", "!", "?", ";", ","} or steps >= reach:
                break
            if (token.content or token.low == "percent") and token.aside <= inside:
                steps += 1
                found[token.base] = min(found.get(token.base, steps), steps)
    return found
