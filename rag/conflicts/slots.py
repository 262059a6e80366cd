"""Two sentences that say the same but for one number, date, name or opposite."""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.conflicts.clauses import Token, cues, tokens
from rag.conflicts.matter import Matter
from rag.conflicts.opposites import CUES, NEGATORS, UNREAL
from rag.conflicts.rivals import SHARE, Sides, View, view_of
from rag.retriever import Hit
from rag.words import same_name, stem

ALIKE = 0.6  # share of the shorter sentence's words that the two have in common, in order …
SAME = 0.75  # … where the question does not say what kind of value it wants, or they not of what
FEWEST = 5  # words in common
LONGEST = 6  # words of a value
# Which kind of value may differ between two sentences, by what the question wants to know.
_WANTED = {
    "number": {"number"},
    "date": {"number"},
    "name": {"name", "opposite"},
    "stance": {"opposite"},
    "other": {"number", "name", "opposite"},
}
_ORDER = frozenset(
    """first second third fourth fifth sixth seventh eighth ninth tenth last next previous former
    new old""".split()
)

Place = tuple[str, int, int]


def place_of(hit: Hit) -> Place:
    """Say where a sentence stands, as a citation of it does."""
    return hit.article.name, hit.sentence.start, hit.sentence.end


def by_slot(matter: Matter, hits: Sequence[Hit], cited: frozenset[Place]) -> Sides:
    """Find sentences that say what another says but for one value, which a cited one gives.

    That other is a cited one itself, or one of another article that gives the same value.
    """
    bent = {stem(t.low) for t in tokens(matter.question) if t.low in CUES}
    lines = [_line(matter, hit, cited, bent) for hit in hits]
    for one in sorted(lines, key=lambda line: not line.cited):
        found = [
            pair
            for other in lines
            if other is not one and (pair := _differs_in_one(matter, one, other, lines))
        ]
        if found:
            return [found[0][0], *([view] for view in _distinct(b for _, b in found))]
    return []


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence cut into tokens, and the ``floor`` of what another must share to be of the same.

    What has the question's words needs less; "It was in 1850." says of what only to those who read
    what stands before it, as the ranking does.
    """

    hit: Hit
    toks: Sequence[Token]
    lows: Counter[str]
    terms: Sequence[frozenset[str]]
    cited: bool
    floor: float


def _line(matter: Matter, hit: Hit, cited: frozenset[Place], bent: Set[str]) -> _Line:
    """See a sentence as to the question, but for words in ``bent``, which name a pair's end."""
    toks = tokens(hit.sentence.text)
    stems = {stem(t.low) for t in toks}
    about = matter.asked != "other" and matter.share(matter.words_of(toks)) >= SHARE
    return _Line(
        hit,
        toks,
        Counter(t.low for t in toks),
        [term for term in matter.terms if not term & bent and term & stems],
        place_of(hit) in cited,
        ALIKE if about and matter.is_about(toks) else SAME,
    )


def _distinct(views: Iterator[View]) -> Iterator[View]:
    seen: set[str] = set()
    for view in views:
        if view.value not in seen:
            seen.add(view.value)
            yield view


def _differs_in_one(
    matter: Matter, one: _Line, other: _Line, lines: Sequence[_Line]
) -> tuple[list[View], View] | None:
    """Align two sentences; give where they differ when that is one value, no more."""
    if not one.cited and one.hit.article.name == other.hit.article.name:
        return None
    match = _alike(one, other)
    rivals = list(_rivals(matter, one.toks, other.toks, match)) if match else []
    sorts = [sorts for sorts, *_ in rivals]
    if not sorts or not _WANTED[matter.asked].intersection(*sorts):
        return None  # where two things differ it is not the same matter
    _, value, ours, theirs = rivals[0]
    own, view = (_stretch(*each) for each in ((one, *ours), (other, *theirs)))
    if one.cited:
        return [own], view
    givers = [line.hit for line in lines if line.cited and _gives(line, value)]
    whole = [view_of(hit, 0, len(hit.sentence.text)) for hit in givers]
    return ([own, *whole], view) if givers else None


def _gives(line: _Line, value: Sequence[Token]) -> bool:
    """Whether a sentence has all words of a value."""
    return bool(value) and all(_has(line.toks, token) for token in value)


def _alike(one: _Line, other: _Line) -> SequenceMatcher[str] | None:
    """Align two sentences about the question that are nearly the same, both told as facts."""
    least = max(FEWEST, max(one.floor, other.floor) * min(len(one.toks), len(other.toks)))
    if (one.lows & other.lows).total() < least or (one.lows.keys() ^ other.lows.keys()) & UNREAL:
        return None
    if one.terms != other.terms:
        return None  # "the school will not close" says nothing of the hospital
    a, b = ([t.low for t in line.toks] for line in (one, other))
    match = SequenceMatcher(None, a, b, autojunk=False)
    return match if sum(block.size for block in match.get_matching_blocks()) >= least else None


def _has(toks: Sequence[Token], token: Token) -> bool:
    """Whether a sentence has a word elsewhere, as is or as a spelling variant of a name."""
    return any(
        t.low == token.low or (t.capital and token.capital and same_name(t.low, token.low))
        for t in toks
    )


def _rivals(
    matter: Matter, a: Sequence[Token], b: Sequence[Token], match: SequenceMatcher[str]
) -> Iterator[tuple[set[str], list[Token], tuple[int, int], tuple[int, int]]]:
    """Give the stretches that differ and can be values: of which sorts, and where they stand."""
    for a0, a1, b0, b1 in _gaps(a, match):
        left = [t for t in a[a0:a1] if not _has(b, t)]
        right = [t for t in b[b0:b1] if not _has(a, t)]
        if sorts := _rival(matter, left, right):
            yield sorts, left, (a0, a1), (b0, b1)


def _gaps(toks: Sequence[Token], match: SequenceMatcher[str]) -> list[list[int]]:
    """Where two sentences differ; gaps with only a mark between them are one: "May 4, 2015"."""
    gaps: list[list[int]] = []
    for kind, a0, a1, b0, b1 in match.get_opcodes():
        if kind == "equal":
            continue
        if gaps and not any(t.low[0].isalnum() for t in toks[gaps[-1][1] : a0]):
            gaps[-1][1], gaps[-1][3] = a1, b1
        else:
            gaps.append([a0, a1, b0, b1])
    return gaps


def _stretch(line: _Line, low: int, high: int) -> View:
    """The words of one sentence that the other has not; around the gap where it has all."""
    toks = line.toks
    if high == low:
        low, high = max(low - 1, 0), min(high + 1, len(toks))
    return view_of(line.hit, toks[low].start, toks[high - 1].end)


def _rival(matter: Matter, left: Sequence[Token], right: Sequence[Token]) -> set[str]:
    """Say of what sorts two stretches are when they are values that cannot both hold."""
    lows, others = {t.low for t in left}, {t.low for t in right}
    if max(len(left), len(right)) > LONGEST:
        return set()
    if bool(lows & NEGATORS) != bool(others & NEGATORS) and len(lows ^ others) <= 3:
        return {"opposite"}
    ends = {(cue.axis, cue.sign) for cue in cues(left)}
    if any((cue.axis, -cue.sign) in ends for cue in cues(right)):
        return {"opposite"}
    sorts = set()
    if all(any(low[0].isdigit() for low in each) for each in (lows, others)):
        sorts.add("number")
    if _names(matter, left, right):
        sorts.add("name")
    return sorts or ({"order"} if lows & _ORDER and others & _ORDER else set())


def _names(matter: Matter, left: Sequence[Token], right: Sequence[Token]) -> bool:
    """Whether both stretches name somebody; a capital that opens a sentence does beside a name."""
    named = [any(matter.is_name(t, opens=t.start == 0) for t in each) for each in (left, right)]
    capital = [any(matter.is_name(t) for t in each) for each in (left, right)]
    return any(named) and all(capital)
