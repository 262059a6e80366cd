"""Where a sentence stands on a matter: settled or open, accepted or rejected, so or not so.

No parser runs here. A sentence is cut into clauses; a cue (``rag.conflicts.opposites``) counts
where its clause speaks of the matter; what negates it turns it round; what is only wished,
demanded or supposed says nothing. A rule that fires wrongly costs more than one that is silent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.conflicts import opposites as w
from rag.conflicts.asking import EVENT
from rag.conflicts.clauses import Cue, Token, clauses, cues, tokens
from rag.conflicts.matter import CALENDAR, Matter
from rag.words import STOPWORDS, stem

_BACK = frozenset("it this that they these such so them he she one".split())
_BE = frozenset("is are was were be been being".split())
_OWN = frozenset("has have had get gets got find finds found no little full".split())
_AUX = _BE | frozenset(
    "am has have had do does did will would shall can could may might to".split()
)
_HOW = frozenset({"peaceful", "before"})  # what is wished is wished in one way or the other
_REACHED = frozenset({"settled", "over"})  # "to settle", "to end": a purpose
_REFUSING = frozenset({"accepted", "settled", "works"})  # their own minus cues are what refuses
_BETWEEN = frozenset(  # what stands between who acts and the act
    """out off still now also again always ready willing prepared able set due expected likely
    about going""".split()
)
_NEAR = 3  # tokens behind a verb in which a pronoun is its object
_REACH = 6  # tokens over which a negation reaches


@dataclass(frozen=True, slots=True)
class Stance:
    """One cue of a sentence about the matter: which axis, which end of it, and who takes it.

    ``actors`` are the folded words of who takes it, empty where the sentence does not say;
    ``start`` and ``end`` bound the clause in the sentence.
    """

    axis: str
    sign: int
    hedged: bool
    actors: frozenset[str]
    start: int
    end: int


def stances(text: str, matter: Matter, context: str = "") -> Iterator[Stance]:
    """Give the stances a sentence takes on the matter; ``context`` is what stands before it."""
    toks = tokens(text)
    if not toks or toks[-1].low == "?":
        return
    open_question = toks[0].low == "whether"
    earlier = {t.low for t in tokens(context)} if toks[0].low in _BACK else set[str]()
    if not matter.is_about(toks):
        return
    for clause in clauses(toks):
        own = set(matter.words_of(clause))
        words = own | earlier if own & _BACK else own
        for cue in _cues(clause, matter):
            if (
                _speaks_of(matter, own, words, cue)
                and not _unreal(clause, cue)
                and (cue.axis == "clear" or not open_question)
                and (cue.axis != "accepted" or _is_object(clause, cue, matter))
            ):
                hedged = bool(own & w.HEDGES)
                edges = clause[0].start, clause[-1].end
                yield Stance(
                    cue.axis, _sign(clause, cue, matter), hedged, _actors(clause, cue), *edges
                )
        earlier |= own


def _speaks_of(matter: Matter, own: set[str], words: set[str], cue: Cue) -> bool:
    """Whether a clause, with what its pronouns take up, is about the matter.

    The question's own words as cues need more of them, and half of them in the clause itself.
    """
    if not matter.terms:
        return any(matter.named(word) for word in words)
    share = matter.share(words)
    told = share * len(matter.terms) + len(matter.names_in(words))
    whole = told / (len(matter.terms) + len(matter.names))
    if cue.axis == EVENT:
        return matter.share(own) >= 0.5 and whole >= 0.75
    return share >= (0.66 if cue.axis == "before" else 0.5) or whole >= 0.75


def _is_object(clause: Sequence[Token], cue: Cue, matter: Matter) -> bool:
    """Whether what is accepted or rejected is the matter: it stands behind, or before a passive."""
    lows = [t.low for t in clause]
    before, after = lows[: cue.at], lows[cue.at + cue.length :]
    turned = _passive(lows, cue) or set(before[-3:]) & _OWN
    there = after + before if turned else after
    back = set(after[:_NEAR]) & _BACK
    return bool(back) or not matter.terms or any(map(matter.has_term, there))


def _cues(clause: Sequence[Token], matter: Matter) -> Iterator[Cue]:
    yield from (cue for cue in cues(clause) if cue.axis in matter.axes)
    if EVENT in matter.axes:
        for at, token in enumerate(clause):
            if matter.has_term(token.low):
                yield Cue(at, 1, EVENT, 1)


def _unreal(clause: Sequence[Token], cue: Cue) -> bool:
    """Whether a cue is only wished, demanded, supposed, or a purpose not yet reached."""
    lows = [t.low for t in clause]
    if cue.axis not in _HOW and set(lows[max(cue.at - 10, 0) : cue.at]) & w.UNREAL:
        return True
    if set(lows[cue.at + cue.length :][:1]) & {"hinges", "depends"}:
        return True
    purpose = lows[max(cue.at - 2, 0) : cue.at]
    aimed = cue.axis in _REACHED and cue.sign > 0 and "to" in purpose
    return aimed and not _turns(lows, cue)


def _sign(clause: Sequence[Token], cue: Cue, matter: Matter) -> int:
    lows = [t.low for t in clause]
    sign = -cue.sign if _turns(lows, cue) else cue.sign
    if cue.axis == "before":
        return sign * _order(lows, cue, matter)
    return sign


def _turns(lows: Sequence[str], cue: Cue) -> bool:
    """Whether words before or behind a cue turn it round."""
    low = max(cue.at - _REACH, 0)
    before, after = lows[low : cue.at], lows[cue.at + cue.length :][:4]
    plain = any(
        word in w.NEGATORS and before[k + 1 : k + 2] != ["only"] for k, word in enumerate(before)
    )
    late = any(
        word in {"not", "never", "n't"} and set(after[:k]) & _AUX for k, word in enumerate(after)
    )
    polite = (cue.sign > 0 or cue.axis not in _REFUSING) and _has(before, w.TURNING)
    undone = cue.axis == EVENT and _has(lows[cue.at + 1 :][:5], w.UNDOING)
    return plain or late or polite or undone


def _has(lows: Sequence[str], known: frozenset[str]) -> bool:
    """Whether a word, or two words in a row, stand in a list."""
    pairs = {f"{a}_{b}" for a, b in pairwise(lows)}
    return bool(known & (set(lows) | pairs))


def _order(lows: Sequence[str], cue: Cue, matter: Matter) -> int:
    """1 where the question's terms stand in its own order around "before", -1 turned, 0 neither."""
    places = [
        [k for k, low in enumerate(lows) if stem(low) in term] or [-1] for term in matter.terms
    ]
    left = [n for n, at in enumerate(places) if 0 <= at[0] < cue.at]
    right = [n for n, at in enumerate(places) if at[-1] > cue.at]
    if not left or not right:
        return 0
    return 1 if min(left) < min(right) else -1


def _actors(clause: Sequence[Token], cue: Cue) -> frozenset[str]:
    """Who takes the stance: the subject before the cue, or who stands behind "by"."""
    lows = [t.low for t in clause]
    behind = cue.at + cue.length
    by = next((k for k in range(behind, min(behind + 4, len(lows))) if lows[k] == "by"), None)
    if by is not None:
        return frozenset(_phrase(lows[by + 1 :]))
    if _passive(lows, cue):
        return frozenset()
    at = cue.at
    while at and (lows[at - 1] in _AUX | w.NEGATORS | w.TURNING or _loose(lows[at - 1])):
        at -= 1
    found = frozenset(_phrase(lows[:at][::-1]))
    return frozenset() if found & (_BACK | CALENDAR) else found


def _passive(lows: Sequence[str], cue: Cue) -> bool:
    be = _BE & set(lows[max(cue.at - 3, 0) : cue.at])
    return bool(be) and lows[cue.at].endswith(("ed", "en", "wn"))


def _loose(low: str) -> bool:
    return low.endswith("ly") or low in _BETWEEN


def _phrase(lows: Sequence[str]) -> Iterator[str]:
    """The words of a noun phrase, up to the first that cannot be in it."""
    for low in lows[:5]:
        if low in {"the", "a", "an"}:
            continue
        if not low[0].isalnum() or (low in STOPWORDS - _BACK - {"us"}):
            return
        yield low
