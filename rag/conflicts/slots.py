"""Two sentences that say the same but for one number, date, name or opposite."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from rag.conflicts.clauses import Token, cues, tokens
from rag.conflicts.matter import Matter
from rag.conflicts.opposites import CUES, NEGATORS, UNREAL
from rag.conflicts.rivals import SHARE, Sides, View, view_of
from rag.retriever import Hit
from rag.words import same_name, stem

ALIKE = 0.6  # share of the shorter sentence's words that the two have in common, in order …
SAME = 0.75  # … and where the question does not say what kind of value it wants
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


def by_slot(matter: Matter, hits: Sequence[Hit], cited: frozenset[Place]) -> Sides:
    """Find sentences that say what a cited one says but for one value."""
    for one in hits:
        if (one.article.name, one.sentence.start, one.sentence.end) in cited:
            pairs = [_differs_in_one(matter, one, other) for other in hits if other is not one]
            found = [pair for pair in pairs if pair]
            if found:
                return [[found[0][0]], *([view] for view in _distinct(b for _, b in found))]
    return []


def _distinct(views: Iterator[View]) -> Iterator[View]:
    seen: set[str] = set()
    for view in views:
        if view.value not in seen:
            seen.add(view.value)
            yield view


def _differs_in_one(matter: Matter, one: Hit, other: Hit) -> tuple[View, View] | None:
    """Align two sentences; give where they differ when that is one value, no more."""
    a, b = tokens(one.sentence.text), tokens(other.sentence.text)
    match = SequenceMatcher(None, [t.low for t in a], [t.low for t in b], autojunk=False)
    if not _alike(matter, a, b, match):
        return None
    rivals = []
    for kind, a0, a1, b0, b1 in match.get_opcodes():
        left = [t for t in a[a0:a1] if not _has(b, t)]
        right = [t for t in b[b0:b1] if not _has(a, t)]
        if kind != "equal" and (sort := _rival(matter, left, right)):
            rivals.append((sort, _stretch(one, a, a0, a1), _stretch(other, b, b0, b1)))
    sorts = {sort for sort, _, _ in rivals}
    if len(sorts) != 1 or not sorts & _WANTED[matter.asked]:
        return None  # where two things differ it is not the same matter
    return rivals[0][1:]


def _alike(
    matter: Matter, a: Sequence[Token], b: Sequence[Token], match: SequenceMatcher[str]
) -> bool:
    """Whether two sentences are about the question and nearly the same, both told as facts."""
    same = sum(block.size for block in match.get_matching_blocks())
    floor = SAME if matter.asked == "other" else ALIKE
    if same < max(FEWEST, floor * min(len(a), len(b))):
        return False
    if ({t.low for t in a} ^ {t.low for t in b}) & UNREAL:
        return False
    bent = {stem(t.low) for t in tokens(matter.question) if t.low in CUES}
    said = [{term for term in matter.terms if not term & bent and term & _stems(t)} for t in (a, b)]
    if said[0] != said[1]:
        return False  # "the school will not close" says nothing of the hospital
    return all(matter.is_about(t) and matter.share(matter.words_of(t)) >= SHARE for t in (a, b))


def _stems(toks: Sequence[Token]) -> set[str]:
    return {stem(t.low) for t in toks}


def _has(toks: Sequence[Token], token: Token) -> bool:
    """Whether a sentence has a word elsewhere, as is or as a spelling variant of a name."""
    return any(
        t.low == token.low or (t.capital and token.capital and same_name(t.low, token.low))
        for t in toks
    )


def _stretch(hit: Hit, toks: Sequence[Token], low: int, high: int) -> View:
    """The words of one sentence that the other has not; around the gap where it has all."""
    if high == low:
        low, high = max(low - 1, 0), min(high + 1, len(toks))
    return view_of(hit, toks[low].start, toks[high - 1].end)


def _rival(matter: Matter, left: Sequence[Token], right: Sequence[Token]) -> str | None:
    """Say of what kind two stretches are when they are values that cannot both hold."""
    lows, others = {t.low for t in left}, {t.low for t in right}
    if max(len(left), len(right)) > LONGEST:
        return None
    if all(any(low[0].isdigit() for low in each) for each in (lows, others)):
        return "number"
    if bool(lows & NEGATORS) != bool(others & NEGATORS) and len(lows ^ others) <= 3:
        return "opposite"
    ends = {(cue.axis, cue.sign) for cue in cues(left)}
    if any((cue.axis, -cue.sign) in ends for cue in cues(right)):
        return "opposite"
    if all(any(matter.is_name(t, opens=t.start == 0) for t in each) for each in (left, right)):
        return "name"
    return "order" if lows & _ORDER and others & _ORDER else None
