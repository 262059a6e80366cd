"""Whether the words around a place in a sentence look back or ahead."""

import re
from typing import Literal

Tense = Literal["behind", "ahead", "unknown"]

_CLAUSE = re.compile(
    r"[,;:()—–]|\b(?:and|but|which|who|that|when|while|after|before|although|though)\b"
)
_AHEAD = re.compile(
    r"(?:\b(?:will|shall|would|may|might|could|going\sto|set\sto|due|scheduled|expected|planned|plans?|"
    r"planning|intends?|intended|hopes?|upcoming|likely|(?:is|are|was|were)\sto)|’ll|'ll|n’t\syet)\b",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"\b(?:was|were|had|has|have|did|said|told|met|held|took|began|came|went|made|gave|left|won|lost|"
    r"saw|rose|fell|led|spoke|wrote|got|found|sent|put|set|cut|hit|struck|broke|built|brought|fought|"
    r"kept|knew|paid|ran|shot|sold|stood|thought|became|flew|drew|grew|chose|swore|threw|woke|born|"
    r"(?!need|seed|feed|speed|breed|indeed|exceed|proceed|succeed|agreed\supon)[a-z]{2,}ed)\b",
    re.IGNORECASE,
)


def tense_of(text: str, start: int, end: int) -> Tense:
    """Say whether the clause around ``text[start:end]`` looks back or ahead.

    Where that clause has no verb that tells, the whole sentence decides if it is of one mind.
    """
    edges = [0, *(m.end() for m in _CLAUSE.finditer(text)), len(text)]
    low = max(edge for edge in edges if edge <= start)
    high = min(edge for edge in edges if edge >= end)
    clause = text[low:start] + " " + text[end:high]
    if _AHEAD.search(clause):
        return "ahead"
    if _BEHIND.search(clause):
        return "behind"
    ahead, behind = bool(_AHEAD.search(text)), bool(_BEHIND.search(text))
    if ahead == behind:
        return "unknown"
    return "ahead" if ahead else "behind"
