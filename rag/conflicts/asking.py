"""What kind of answer a question wants, and on which pairs of opposites sources may differ."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from rag.conflicts.clauses import Cue
from rag.expected import kind_of

Asked = Literal["number", "date", "name", "stance", "other"]
EVENT = "event"  # the axis whose cues are the question's own words: it is so, or it is not

_STATUS = (
    "status|state|position|stance|fate|future|outcome|results?|prospects?|chances?|progress|"
    "situation|developments?|changed?|latest|agreed|verdict"
)
MEASURES = (
    "population|number|share|percentage|percent|proportion|size|budget|cost|price|length|height|"
    "width|depth|area|toll|value|age|rate|salary|capacity|distance|weight|speed|turnover|turnout|amount"
)
_STANDS = re.compile(
    r"^how\s(close|far\s(have|has|did|along|apart)|likely|certain|sure|safe)\b|\bor\snot\b"
    r"|^what\s(came|became|has\sbecome)\sof\b"
    rf"|^(what|which|how|where)\b(?=.*\b({_STATUS})\b)|^where\sdo(es)?\b.*\bstand"
)
_MEASURED = re.compile(
    rf"^(what|which)\s((is|was|are|were)\s)?(the\s)?(\w+\s)?({MEASURES})\b|\bnumber\sof\b"
)
_DATED = re.compile(r"^(in\s|on\s)?(what|which)\s(exact\s)?century\b|\b(date|day|year)\sof\b")
_WHICH = re.compile(r"(what|which)\s(?!is|was|are|were|did|does|do|has|have|will|would)")
_YES_NO = re.compile(
    r"(is|are|was|were|do|does|did|has|have|had|will|would|can|could|may|might)\b", re.IGNORECASE
)
_WILLING = re.compile(r"\b(willing|ready|prepared|inclined|going|likely|set)\sto\b", re.IGNORECASE)
_OVER = re.compile(r"\bover\W*$")
_WH = re.compile(r"\b(why|how|what|which|who|whom|whose|where|when)\b")
_CLOZE = re.compile(r"\b(of|in|by|at|to|for|from|with|is|are|was|were|called|named)\s?[.…:?]*$")
_KINDS: Mapping[str, Asked] = {
    "number": "number", "time": "date", "person": "name", "place": "name"
}  # fmt: skip
_STANDING = frozenset({"settled", "accepted", "happens", "clear"})
# What a yes-or-no question can be after that names no axis, by the word it begins with.
_BY_OPENING = {
    **dict.fromkeys("did has have had".split(), frozenset({"happens"})),
    **dict.fromkeys("will would can could may might".split(), frozenset({"happens", "accepted"})),
    **dict.fromkeys("do does".split(), frozenset({"accepted"})),
}


def asked(question: str) -> Asked:
    """Tell what kind of answer a question wants; without any question word, how things stand."""
    plain = " ".join(question.lower().replace("’", "'").split())
    if _STANDS.search(plain) and not _MEASURED.search(plain):
        return "stance"
    kind = kind_of(re.sub(r"^by\s", "", question, flags=re.IGNORECASE))
    if kind:
        return _KINDS[kind]
    if _DATED.search(plain):
        return "date"
    if _MEASURED.search(plain):
        return "number"
    if _WHICH.match(plain):
        return "name"
    open_ended = _WH.search(plain) or _CLOZE.search(plain)
    return "stance" if _YES_NO.match(plain) or not open_ended else "other"


def axes(found: Iterable[Cue], question: str, *, named: bool) -> frozenset[str]:
    """Give the axes a question is about: one it names both ends of, else those it names, else most.

    Without a named one it is most where things stand, fewer where something is to have been done.

    Whether something is so at all (EVENT) is asked only by a yes-or-no question about a name.
    """
    ends: dict[str, set[int]] = {}
    for cue in found:
        ends.setdefault(cue.axis, set()).add(cue.sign)
    both = frozenset(axis for axis, signs in ends.items() if len(signs) == 2)
    told = both or frozenset(ends) - {"before"}
    if _OVER.search(question):
        told = frozenset({"over"})
    opening = _YES_NO.match(question)
    open_to = _BY_OPENING.get(opening.group().lower(), _STANDING) if opening else _STANDING
    if named and opening and (not told or _WILLING.search(question)):
        return (told or open_to) | {EVENT}
    return told or open_to
