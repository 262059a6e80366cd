"""A question that asks several things becomes several questions, each searched and judged alone.

"Who led the team, and what did he say?" needs two sentences that have no word in common; a search
for the whole finds one of them. This is query decomposition as in multi-hop QA (Min et al. 2019),
by the conjunctions of English alone: clauses that open with a question word, a list behind a
colon, and a preposition that is said again.
"""

import re
from collections.abc import Sequence

from rag.followup import leans_on_history, standalone

MOST = 4  # a longer list is searched as a whole
ITEM_WORDS = 3
_PREPOSITION = "about|on|for|of|from|to|by|with|at|in|under"
_ASKS = rf"(?:(?:{_PREPOSITION}) )?(?:who|whom|whose|what|which|when|where|why|how)\b"
_OPENS = re.compile(rf"(?:and |but |so )?{_ASKS}", re.IGNORECASE)
_JOINT = re.compile(rf",? (?:and|but) (?={_ASKS})", re.IGNORECASE)
_COMMA = re.compile(rf", (?={_ASKS})", re.IGNORECASE)
_LIST = re.compile(r", (?:and |or )?| and ")
_AGAIN = re.compile(rf"\b({_PREPOSITION})((?: [\w’'-]+){{1,4}}),? and \1 ", re.IGNORECASE)


def parts(question: str) -> tuple[str, ...]:
    """Give the questions that a question is made of, each as it can be searched; often just one."""
    asked = question.strip().rstrip("?!. ")
    topic, colon, rest = asked.partition(": ")
    if colon and _OPENS.match(rest):
        found = [f"{topic}: {clause}" for clause in _clauses(rest)]
    elif colon and _OPENS.match(topic):
        found = [f"{topic}: {item}" for item in _items(rest)]
    else:
        found = _alone(_clauses(asked)) if _OPENS.match(asked) else []
    return tuple(f"{part}?" for part in found) if 1 < len(found) <= MOST else (question,)


def _clauses(text: str) -> list[str]:
    """Cut before question words behind "and"; before those behind a comma too where one has "and".

    A question word behind a comma alone opens a relative clause ("Putin, who spoke, …").
    """
    first, *others = _JOINT.split(text)
    return [*_COMMA.split(first), *others] if others else _said_again(text)


def _items(text: str) -> list[str]:
    """Cut a list of short things."""
    items = _LIST.split(text)
    return items if all(len(item.split()) <= ITEM_WORDS for item in items) else []


def _said_again(text: str) -> list[str]:
    """Cut "about A and about B" in two questions."""
    match = _AGAIN.search(text)
    if match is None:
        return [text]
    head = text[: match.start()]
    return [f"{head}{match[1]}{match[2]}", f"{head}{match[1]} {text[match.end() :]}"]


def _alone(found: Sequence[str]) -> list[str]:
    """Let each part stand alone: one that points back gets the first part before it.

    Where the first says too little itself ("when and where …") there are no parts.
    """
    first, *others = found
    if leans_on_history(first):
        return []
    return [first, *(standalone(part, [(first, "")], None) for part in others)]
