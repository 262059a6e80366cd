"""Where sources differ: sides of the evidence that contradict one another, or changed.

Three readings, each silent unless it is sure:

* a question for a number, a date or who did it: sentences about it that give other values
  (``rivals``);
* a question of how things stand: sentences at the two ends of one pair of opposites (``stance``);
* any question: two sentences that say the same but for one value or opposite (``slots``).

Reprints of one text are one source. No model runs here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from rag.answer import Claim, Difference
from rag.conflicts.asking import EVENT
from rag.conflicts.clauses import tokens
from rag.conflicts.matter import Matter, matter_of
from rag.conflicts.opposites import BY_NAME
from rag.conflicts.rivals import Sides, View, by_agent, by_date, by_number
from rag.conflicts.slots import Place, by_slot, place_of
from rag.conflicts.stance import Stance, stances
from rag.reprints import without_reprints
from rag.retriever import Hit
from rag.verifier import quote
from rag.words import WORD, fold

SHOWN = 3  # most quotes of a side
LONGEST = 160  # characters of a quote inside a side's text


def conflicts(
    question: str,
    evidence: Sequence[Hit],
    cited: Iterable[Place] = (),
    holders: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Difference, ...]:
    """Find the sides of the evidence that differ about what is asked, newest side first.

    ``cited`` are the places the answer quotes: of two sentences that differ in one word, it must
    rest on one. ``holders`` gives the country that a folded surname stands for. Gives nothing where
    the sources agree or nobody can tell.
    """
    hits = without_reprints(evidence)
    if not hits:
        return ()
    texts = {hit.article.name: hit.article.text for hit in hits}
    written = [_written(text) for text in texts.values()]
    proper = frozenset[str]().union(*(capital for capital, _ in written))
    proper = proper.difference(*(small for _, small in written))
    matter = matter_of(question, proper, holders)
    ends, sides = _by_kind(matter, hits)
    if len(sides) < 2:
        ends, sides = "", by_slot(matter, hits, frozenset(cited))
    sides = _of_one_thing(matter, sides)
    return (_difference(question, ends, sides),) if len(sides) >= 2 else ()


def _of_one_thing(matter: Matter, sides: Sequence[list[View]]) -> Sides:
    """Keep the sides that can be about what the first is: not Ghent's mayor and Bruges'."""
    names = [matter.names_in(t.low for t in tokens(side[0].hit.sentence.text)) for side in sides]
    return [
        s for s, own in zip(sides, names, strict=True) if not (own and names[0]) or own & names[0]
    ]


def newest_first(
    shown: Sequence[Hit], differing: Sequence[Difference], ranked: Sequence[Hit]
) -> list[Hit]:
    """Order sentences so that those of sides that differ lead, the newest side first.

    Where none of the newest side is ``shown`` although an older one is, its first sentence is taken
    from the ``ranked`` ones for the last of the others. Without differing sides all stays.
    """
    known = {place_of(hit): hit for hit in (*ranked, *shown)}
    there = {place_of(hit) for hit in shown}
    for difference in differing:
        sides = [[c.place for c in side.citations if c.place in known] for side in difference.sides]
        newest = sides[0][:1] if difference.sides[0].citations[0].date else []
        leads = [*newest, *(place for side in sides for place in side if place in there)]
        if len(there.union(newest).intersection(leads)) > 1:
            leads = list(dict.fromkeys(leads))
            rest = [place_of(hit) for hit in shown if place_of(hit) not in leads]
            return [known[place] for place in [*leads, *rest][: max(len(shown), len(leads))]]
    return list(shown)


@lru_cache(maxsize=256)
def _written(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words an article writes with a capital inside a sentence, and those without one."""
    inside = {fold(m) for m in re.findall(r"(?<=[\w,;:] )[A-Z][\w’'-]*", text)}
    small = {m.group() for m in WORD.finditer(text) if m.group().islower()}
    return frozenset(inside), frozenset(small)


def _by_kind(matter: Matter, hits: Sequence[Hit]) -> tuple[str, Sides]:
    """Part the evidence as the question's kind asks; with the two ends a stance can take."""
    if matter.asked == "number":
        return "", by_number(matter, hits)
    if matter.asked == "date":
        return "", by_date(matter, hits)
    if matter.asked == "name" and matter.question.lower().startswith("who") and matter.terms:
        return "", by_agent(matter, hits)
    if matter.asked == "stance":
        axis, sides = _by_stance(matter, hits)
        return BY_NAME[axis].label if axis in BY_NAME else "yes or no", sides
    return "", []


def _by_stance(matter: Matter, hits: Sequence[Hit]) -> tuple[str, Sides]:
    """Two sides at the ends of one axis: the axis whose best sentences rank highest."""
    taken = [
        (hit, stance)
        for hit in hits
        for stance in stances(hit.sentence.text, matter, hit.context)
        if _by_whom(matter, stance)
    ]
    found = [
        (axis, sides)
        for axis in sorted({stance.axis for _, stance in taken})
        if (sides := _sides(matter, [(hit, s) for hit, s in taken if s.axis == axis]))
    ]
    return min(found, key=lambda f: sum(side[0].hit.rank for side in f[1]), default=("", []))


def _by_whom(matter: Matter, stance: Stance) -> bool:
    """Whether a stance is taken by whom the question asks about, where that matters."""
    if stance.sign == 0:
        return False
    owned = stance.axis == EVENT or BY_NAME[stance.axis].owned
    if not owned or not stance.actors or not matter.subjects:
        return True
    return any(
        matter.has_term(word) or any(matter.same(word, name) for name in matter.subjects)
        for word in stance.actors
    )


def _sides(matter: Matter, taken: Sequence[tuple[Hit, Stance]]) -> Sides:
    """Part sentences by the end they stand at; one that stands at both fills an empty side."""
    if all(stance.hedged for _, stance in taken):
        return []
    plus, minus = (_side_of(taken, sign) for sign in (1, -1))
    both = {view.hit.rank for view in plus} == {view.hit.rank for view in minus}
    if not plus or not minus or both or not _one_actor(matter, taken):
        return []
    return [plus, minus]


def _side_of(taken: Sequence[tuple[Hit, Stance]], sign: int) -> list[View]:
    """The sentences that stand at one end alone, else those that stand there too."""
    other = {hit.rank for hit, stance in taken if stance.sign != sign}
    own = {hit.rank: View(hit, "", s.start, s.end) for hit, s in reversed(taken) if s.sign == sign}
    views = list(own.values())[::-1]
    return [view for view in views if view.hit.rank not in other] or views


def _one_actor(matter: Matter, taken: Sequence[tuple[Hit, Stance]]) -> bool:
    """Whether the two ends can be one actor's; what two parties want is no contradiction."""
    axis = taken[0][1].axis
    if axis == EVENT or not BY_NAME[axis].owned or matter.subjects:
        return True
    ends = [[s.actors for _, s in taken if s.sign == sign] for sign in (1, -1)]
    return any(
        not one or not other or any(matter.same(x, y) for x in one for y in other)
        for one in ends[0]
        for other in ends[1]
    )


def _difference(question: str, ends: str, groups: Sequence[Sequence[View]]) -> Difference:
    """Word the sides: newest first, what has no date last."""
    ordered = sorted(groups, key=lambda side: side[0].hit.article.date or "", reverse=True)
    values = [side[0].value for side in ordered]
    told = ends or " or ".join([", ".join(values[:-1]), values[-1]])
    return Difference(f"{question} ({told})", tuple(_side(side) for side in ordered))


def _side(views: Sequence[View]) -> Claim:
    """One side: who says it, and the words that make the side."""
    citations = tuple(quote(view.hit) for view in views[:SHOWN])
    said, who = f"“{_words(views[0])}”", citations[0].speaker
    return Claim(f"{who}: {said}" if who else said, citations)


def _words(view: View) -> str:
    """The sentence; of a long one the words around what makes the side."""
    text = view.hit.sentence.text
    if len(text) > LONGEST:
        room = max(LONGEST - (view.end - view.start), 0) // 2
        low, high = max(view.start - room, 0), min(view.end + room, len(text))
        low = text.find(" ", low, view.start) + 1 if low else 0
        high = max(text.rfind(" ", view.end, high), view.end) if high < len(text) else high
        text = ("… " if low else "") + text[low:high] + (" …" if high < len(text) else "")
    return " ".join(text.split())
