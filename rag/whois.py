"""Who or what somebody is: the sentences that describe a name rather than tell of it.

"Who is Rosa Hale?" shares nothing but the name with "Rosa Hale, the port's director, …", and a
hundred sentences have the name. What describes it stands beside it: a title before it, a noun in
apposition, "is a …".
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.attribution.lexicon import BODY_PRONOUNS, DETERMINERS, PARTICLES, TITLES, can_speak
from rag.reprints import without_reprints
from rag.retriever import Hit, rank_anew
from rag.words import STOPWORDS, fold, same_name

MOST = 3  # sentences that introduce somebody
MOST_WORDS = 4  # of a name
REACH = 7  # words between a description's article and its noun
_ASKED = re.compile(
    r"\W*(?:(?:and|so|but|then|ok|please),? )?"
    r"(?P<what>who|what)(?:(?:'|’)s| is| was| are| were) (?:the )?(?P<name>[^?.,;:]{2,60}?)\W*",
    re.IGNORECASE,
)
_CLOSES = frozenset(",.;)")
_JOINS = frozenset({"of", "and", "&"})
_TOKEN = re.compile(r"[^\W_](?:[\w.’'&-]*[\w])?|[^\w\s]")
_OWNING = ("'s", "’s", "s'", "s’")
_OPENS = DETERMINERS | BODY_PRONOUNS
_BEINGS = frozenset("is was remains became".split())


def asked_name(question: str) -> tuple[str, ...]:
    """Give the words of the name that a question asks about and of nothing else; mostly none."""
    found = _ASKED.fullmatch(question)
    words = found["name"].split() if found else []
    while len(words) > 1 and words[0].lower().strip(".") in TITLES:
        words = words[1:]
    small = {word for word in words if not word[0].isupper()} - PARTICLES - _JOINS
    named = not small or (found is not None and found["what"].lower() == "who")
    fits = named and not {word.lower() for word in small} & STOPWORDS
    whole = bool(words) and words[0].lower() != "of" and not any(w.endswith(_OWNING) for w in words)
    return tuple(words) if whole and len(words) <= MOST_WORDS and fits else ()


def introductions(found: Sequence[Hit], name: Sequence[str]) -> list[Hit]:
    """Give up to three sentences that say who or what a name is, the clearest first."""
    bodies = [hit for hit in found if not hit.sentence.heading]
    rated = [(describes(hit.sentence.text, name), hit) for hit in bodies]
    rated.sort(key=lambda each: (-each[0], each[1].article.date or "9", each[1].rank))
    told = [replace(hit, relevance=None) for rate, hit in rated if rate]
    return rank_anew(without_reprints(told)[:MOST])


def describes(sentence: str, name: Sequence[str]) -> int:
    """Rate how well a sentence says who or what a name is: 0 not at all, 4 with its full name."""
    tokens = _TOKEN.findall(sentence)
    rated = [(_described(tokens, a, b), full) for a, b, full in _spans(tokens, name)]
    return max((rate + full for rate, full in rated if rate), default=0)


def _spans(tokens: Sequence[str], name: Sequence[str]) -> list[tuple[int, int, bool]]:
    """Where a name stands: first and last word (half-open), and whether it stands in full."""
    wanted, spans = [fold(word) for word in name], []
    for at, token in enumerate(tokens):
        if token[0].isupper() and same_name(fold(token), wanted[-1]):
            start = at
            while start and (_is_name(tokens[start - 1]) or tokens[start - 1] in PARTICLES):
                start -= 1
            before = [fold(word) for word in tokens[start:at]]
            full = all(any(same_name(w, b) for b in before) for w in wanted[:-1])
            if full or not before:
                spans.append((start, at + 1, full and len(wanted) + len(before) > 1))
    return spans


def _described(tokens: Sequence[str], start: int, end: int) -> int:
    """Rate what stands beside a name, from 0 to 3."""
    before, after = tokens[:start], [*tokens[end:], ".", "."]
    rated = {
        3: (after[0] in _BEINGS and after[1] in DETERMINERS)
        or (after[0] == "," and _apposed(after[1:]))
        or (before[-1:] == [","] and after[0] in _CLOSES and _ahead(before[:-1])),
        2: bool(before) and _is_role(before[-1]),
        1: after[:2] == [",", "which"],
    }
    return max((rate for rate, holds in rated.items() if holds), default=0)


def _apposed(after: Sequence[str]) -> bool:
    """Whether a noun phrase with a role in it follows: ", the authority's chief engineer,"."""
    for word in after[:REACH]:
        if not word[0].isalnum() or word in {"and", "who", "which"}:
            return False
        if _is_role(word):
            return after[0].lower() in _OPENS or after[0].endswith(_OWNING) or _is_role(after[0])
    return False


def _ahead(before: Sequence[str]) -> bool:
    """Whether a noun phrase with a role in it ends here: "its director, A B"."""
    phrase = []
    for word in reversed(before[-REACH:]):
        if not word[0].isalnum():
            return False
        phrase.append(word)
        opens = word.lower() in _OPENS or word.endswith(_OWNING)
        if opens and any(map(_is_role, phrase)):
            return True
    return False


def _is_role(word: str) -> bool:
    low = word.lower()
    return low in TITLES or (word.islower() and can_speak(low))


def _is_name(word: str) -> bool:
    return word[0].isupper() and word.lower().strip(".") not in TITLES | DETERMINERS | STOPWORDS
