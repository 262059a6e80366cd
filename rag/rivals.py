"""Rival values: sentences about the same matter that give other numbers, days or names for it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.clauses import Token, clauses, cues, tokens
from rag.matter import ORDER, VERSIONS, Matter, kin
from rag.quantities import Quantity, quantities
from rag.retriever import Hit
from rag.stance_words import NEGATORS, UNREAL
from rag.timeline import Span, when
from rag.words import same_name, stem

SHARE = 0.5  # of a question's words a sentence with a rival value must have
ALIKE = 0.6  # of the shorter sentence's words two that differ in one place must share
SAME = 0.75  # the same where the question does not say what kind of value it wants
_COUNTED = re.compile(r"\bhow\s+many\s+((?:\w[\w'-]*\s+){0,2}?\w[\w'-]*)|\bnumber\s+of\s+(\w[\w'-]*)", re.I)
# What a question wants to know, and which kind of value may differ between two sentences.
_WANTED = {
    "number": {"number"},
    "date": {"number"},
    "name": {"name", "stance"},
    "stance": {"stance"},
    "other": {"number", "stance"},
}
_ROLE = re.compile(r"who\s(is|was|are|were)\sthe\b", re.I)
_LIFE = re.compile(r"\([^()]*\d\s?[–-]\s?[^()]*\d{4}\)")  # (3 May 1801 – 9 June 1870)


@dataclass(frozen=True, slots=True)
class View:
    """How one sentence sees the matter: its value as written, and the stretch that says so."""

    hit: Hit
    value: str
    start: int
    end: int


def by_number(matter: Matter, hits: Sequence[Hit]) -> list[list[View]]:
    """Group sentences by the number they give for what is asked; two groups or more differ."""
    unit = _counted(matter)
    given = [(hit, q) for hit in hits if _fits(matter, hit, unit) for q in _numbers(matter, hit, unit)]
    groups: list[list[tuple[Hit, Quantity]]] = []
    for hit, number in given:
        home = next((g for g in groups if not g[0][1].differs(number)), None)
        if home is None:
            groups.append([(hit, number)])
        else:
            home.append((hit, number))
    comparable = [g for g in groups if _comparable(g[0][1], groups[0][0][1])]
    return [[_view(hit, q.start, q.end) for hit, q in group] for group in comparable]


def by_date(matter: Matter, hits: Sequence[Hit]) -> list[list[View]]:
    """Group sentences by the day, month or year they give for what is asked."""
    groups: list[list[tuple[Hit, Span]]] = []
    for hit in hits:
        span = _day(matter, hit) if _fits(matter, hit) else None
        if span:
            home = next((g for g in groups if all(_meet(span, s) for _, s in g)), None)
            if home is None:
                groups.append([(hit, span)])
            else:
                home.append((hit, span))
    return [[_view(hit, s.start, s.end) for hit, s in group] for group in groups]


def by_agent(matter: Matter, hits: Sequence[Hit]) -> list[list[View]]:
    """Group sentences by who did it: the name behind "by", or before the question's verb."""
    groups: list[list[tuple[View, list[str]]]] = []
    for hit in hits:
        found = _agent(matter, hit) if _fits(matter, hit) else None
        if found:
            home = next((g for g in groups if any(_meet_names(found[1], n) for _, n in g)), None)
            if home is None:
                groups.append([found])
            else:
                home.append(found)
    return [[view for view, _ in group] for group in groups]


def _agent(matter: Matter, hit: Hit) -> tuple[View, list[str]] | None:
    toks = tokens(hit.sentence.text)
    anchors = matter.terms if _ROLE.match(matter.question) else matter.terms[:1]
    for clause in clauses(toks):
        verbs = [at for at, t in enumerate(clause) if any(stem(t.low) in term for term in anchors)]
        named = matter.names_in(clause) or not matter.names
        if not verbs or not named or matter.share(matter.words_of(clause)) < SHARE:
            continue
        by = next((at for at, t in enumerate(clause) if at > verbs[0] and t.low == "by"), None)
        if by is not None:
            low, high = _run(matter, clause, by + 1, 1)
        else:
            low, high = _run(matter, clause, verbs[0] - 1, -1)
        names = [t.low for t in clause[low:high] if not (matter.named(t.low) or t.owns)]
        if names:
            return _view(hit, clause[low].start, clause[high - 1].end), names
    return None


def _run(matter: Matter, clause: Sequence[Token], at: int, step: int) -> tuple[int, int]:
    """The run of capitals that begins at a place, going one way, past a few plain words."""
    place = at
    while 0 <= place < len(clause) and abs(place - at) < 5:
        if matter.is_name(clause[place], opens=place == 0):
            break
        if step < 0:
            return 0, 0
        place += step
    else:
        return 0, 0
    end = place
    while 0 <= end < len(clause) and matter.is_name(clause[end], opens=False):
        end += step
    return (place, end) if step > 0 else (end + 1, place + 1)


def _meet_names(one: Sequence[str], other: Sequence[str]) -> bool:
    return any(same_name(a, b) for a in one for b in other)


def by_slot(matter: Matter, hits: Sequence[Hit], cited: frozenset[tuple[str, int, int]]) -> list[list[View]]:
    """Find a sentence that says what a cited one says but for one value or opposite."""
    for one in hits:
        if (one.article.name, one.sentence.start, one.sentence.end) not in cited:
            continue
        others = [_differs_in_one(matter, one, other) for other in hits if other is not one]
        pairs = [pair for pair in others if pair]
        if pairs:
            return [[pairs[0][0]], *([mine] for mine in _distinct([b for _, b in pairs]))]
    return []


def _distinct(views: Sequence[View]) -> Iterator[View]:
    seen: set[str] = set()
    for view in views:
        if view.value not in seen:
            seen.add(view.value)
            yield view


def _fits(matter: Matter, hit: Hit, but: frozenset[str] = frozenset()) -> bool:
    """Whether a sentence is about the matter; ``but`` is a term that it has anyway.

    What stands before it helps, unless it names another.
    """
    toks = tokens(hit.sentence.text)
    own = matter.words_of(toks)
    if not matter.is_about(toks) or not matter.share(own, but):
        return False
    names = any(matter.is_name(t, opens=at == 0) for at, t in enumerate(toks))
    if not names:
        own += [t.low for t in tokens(hit.context)]
    return matter.share(own, but) >= SHARE


def _counted(matter: Matter) -> frozenset[str]:
    """The stems of what "how many" counts."""
    match = _COUNTED.search(matter.question)
    if not match:
        return frozenset()
    noun = (match[1] or match[2]).split()
    wanted = [kin(word.lower()) for word in noun]
    return next((k for k in wanted if k in matter.terms), frozenset())


def _numbers(matter: Matter, hit: Hit, unit: frozenset[str]) -> list[Quantity]:
    """The numbers of a sentence that can answer: all of the unit asked for, else the nearest."""
    found = quantities(hit.sentence.text)
    toks = tokens(hit.sentence.text)
    versions = {t.low for t in tokens(matter.question)} & VERSIONS
    if versions:
        found = tuple(q for q in found if versions & {t.low for t in toks[max(q.at - 5, 0) : q.at]})
    if unit:
        return [q for q in found if q.units & unit]
    return sorted(found, key=lambda q: _nearness(matter, hit.sentence.text, q.start))[:1]


def _nearness(matter: Matter, text: str, at: int) -> tuple[int, int]:
    """How near a place is to the question's words: most in its clause first, then by distance."""
    asked = [t.start for t in tokens(text) if any(stem(t.low) in term for term in matter.terms)]
    clause = next((c for c in clauses(tokens(text)) if c[0].start <= at < c[-1].end), None)
    inside = [a for a in asked if clause and clause[0].start <= a < clause[-1].end]
    return -len(inside), min((abs(at - a) for a in asked), default=0)


def _comparable(one: Quantity, other: Quantity) -> bool:
    return one is other or bool(one.units & other.units) or not (one.units or other.units)


def _day(matter: Matter, hit: Hit) -> Span | None:
    """The time named nearest to the matter's words; only days and years written out count."""
    text = hit.sentence.text
    spans = [s for s in when(text, hit.article.date) if s.earliest and re.search(r"\d", s.words)]
    life = _LIFE.search(text)
    if life and (born := [s for s in spans if life.start() < s.start < life.end()]):
        if any("born" in term for term in matter.terms):
            return born[0]
        if any("die" in term for term in matter.terms):
            return born[-1]
    return min(spans, key=lambda s: _nearness(matter, text, s.start), default=None)


def _meet(one: Span, other: Span) -> bool:
    assert one.earliest and one.latest and other.earliest and other.latest
    return one.earliest <= other.latest and other.earliest <= one.latest


def _view(hit: Hit, start: int, end: int) -> View:
    return View(hit, hit.sentence.text[start:end], start, end)


def _differs_in_one(matter: Matter, one: Hit, other: Hit) -> tuple[View, View] | None:
    """Align two sentences; give where they differ when that is one value or opposite, no more."""
    a, b = tokens(one.sentence.text), tokens(other.sentence.text)
    if not all(matter.is_about(toks) and matter.share(matter.words_of(toks)) >= SHARE for toks in (a, b)):
        return None
    match = SequenceMatcher(None, [t.low for t in a], [t.low for t in b], autojunk=False)
    same = sum(block.size for block in match.get_matching_blocks())
    floor = SAME if matter.asked == "other" else ALIKE
    if same < 5 or same < floor * min(len(a), len(b)):
        return None
    if ({t.low for t in a} ^ {t.low for t in b}) & UNREAL:
        return None
    rivals = []
    for kind, a0, a1, b0, b1 in match.get_opcodes():
        left = [t for t in a[a0:a1] if not _has(b, t)]
        right = [t for t in b[b0:b1] if not _has(a, t)]
        if kind != "equal" and (sort := _rival(matter, left, right)):
            rivals.append((sort, _stretch(one, a, a0, a1), _stretch(other, b, b0, b1)))
    sorts = {sort for sort, _, _ in rivals}
    if len(sorts) != 1 or not sorts & _WANTED[matter.asked]:
        return None  # two things differ: it is not the same matter
    return rivals[0][1:]


def _has(toks: Sequence[Token], token: Token) -> bool:
    """Whether a sentence has a word elsewhere, as is or as a spelling variant of a name."""
    return any(
        t.low == token.low or (t.capital and token.capital and same_name(t.low, token.low))
        for t in toks
    )


def _stretch(hit: Hit, toks: Sequence[Token], low: int, high: int) -> View:
    low, high = (low, high) if high > low else (max(low - 1, 0), min(high + 1, len(toks)))
    return _view(hit, toks[low].start, toks[high - 1].end)


def _rival(matter: Matter, left: Sequence[Token], right: Sequence[Token]) -> str | None:
    """Say of what kind two stretches are when they are values that cannot both hold."""
    if max(len(left), len(right)) > 6:
        return None
    lows, others = {t.low for t in left}, {t.low for t in right}
    digits = ({low for low in each if low[0].isdigit()} for each in (lows, others))
    if all(digits):
        return "number"
    if bool(lows & NEGATORS) != bool(others & NEGATORS) and len(lows ^ others) <= 3:
        return "stance"
    ends = {(c.axis, c.sign) for c in cues(left)}
    if any((c.axis, -c.sign) in ends for c in cues(right)):
        return "stance"
    if _names(matter, left) and _names(matter, right):
        return "name"
    return "order" if lows & ORDER and others & ORDER else None


def _names(matter: Matter, toks: Sequence[Token]) -> list[str]:
    return [t.low for at, t in enumerate(toks) if matter.is_name(t, opens=at == 0)]
