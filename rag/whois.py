"""Who or what somebody is, and who is what: the sentences that describe a name.

"Who is Rosa Hale?" shares nothing but the name with "Rosa Hale, the port's director, …", and a
hundred sentences have the name. What describes it stands beside it: a title before it, a noun in
apposition, "is a …". There too stands the name that "Who is the port's director?" asks for.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from rag.attribution.lexicon import BODY_PRONOUNS, DETERMINERS, PARTICLES, TITLES, can_speak
from rag.corpus import Article
from rag.offices import Offices, country_of
from rag.reprints import without_reprints
from rag.retriever import Hit, rank_anew
from rag.words import STOPWORDS, WORD, fold, same_name

MOST = 3  # sentences that introduce somebody
MOST_WORDS = 4  # of a name
REACH = 7  # words between a description's article and its noun
_ASKED = re.compile(
    r"\W*(?:(?:and|so|but|then|ok|please),? )?"
    r"(?P<what>who|what)(?:(?:'|’)s| is| was| are| were) (?:the )?(?P<name>[^?.,;:]{2,60}?)\W*",
    re.IGNORECASE,
)
_CLOSES = frozenset(",.;)")
_LINKS = frozenset({"of", "at", "for", "in"})
_NOW = frozenset({"current", "new", "present", "the"})
_FORMER = frozenset({"former", "ex", "late", "outgoing", "ousted", "deputy", "vice"})
_BECOMING = frozenset("named appointed elected became as".split())
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


def asked_office(question: str, offices: Offices) -> tuple[str, ...]:
    """Give the name of whoever holds the office that a question asks for; mostly none."""
    found = _ASKED.fullmatch(question)
    words = found["name"].split() if found else []
    small = {word.lower() for word in words if word[0].islower()}
    if not words or not small <= TITLES | _JOINS | _LINKS | {"the"}:
        return ()
    held = offices.meant(question)
    return tuple(held[0].split()) if len(held) == 1 else ()


def introductions(found: Sequence[Hit], name: Sequence[str]) -> list[Hit]:
    """Give up to three sentences that say who or what a name is, the clearest first."""
    bodies = [hit for hit in found if not hit.sentence.heading]
    rated = [(describes(hit.sentence.text, name), hit) for hit in bodies]
    rated.sort(key=lambda each: (-each[0], each[1].article.date or "9", each[1].rank))
    told = [replace(hit, relevance=None) for rate, hit in rated if rate]
    return rank_anew(without_reprints(told)[:MOST])


def asked_role(question: str) -> tuple[tuple[str, ...], frozenset[str]] | None:
    """Give the words of the role whose holder a question asks for, and of whose role it is.

    None where it asks for something else, or for a country's office (`rag/offices.py`).
    """
    found = _ASKED.fullmatch(question)
    words = found["name"].split() if found and found["what"].lower() == "who" else []
    at = next((n for n, word in enumerate(words) if word in _LINKS), len(words))
    role = tuple(word for word in words[:at] if word not in _NOW)
    whose = frozenset(fold(word) for word in words[at:] if word[0].isupper())
    plain = all(word.islower() and word not in STOPWORDS for word in role)
    fits = 0 < len(role) <= MOST_WORDS and plain and _is_role(role[-1])
    return (role, whose) if fits and not any(map(country_of, whose)) else None


def holders(found: Sequence[Hit], role: Sequence[str], whose: frozenset[str]) -> list[Hit]:
    """Give up to three sentences that name who has a role, the newest first, each person once."""
    bodies = [hit for hit in found if not hit.sentence.heading]
    if whose:
        articles = {hit.article.name: hit.article for hit in bodies}
        theirs = {name for name, article in articles.items() if whose & _told(article)}
        bodies = [hit for hit in bodies if hit.article.name in theirs]
    bodies.sort(key=lambda hit: hit.article.date or "", reverse=True)
    names: list[str] = []
    told = []
    for hit in without_reprints([replace(hit, relevance=None) for hit in bodies]):
        fresh = [n for n in holder(hit.sentence.text, role, whose) if not _is_among(n, names)]
        told += [hit] if fresh else []
        names += fresh
    return rank_anew(told[:MOST])


def holder(sentence: str, role: Sequence[str], owner: frozenset[str]) -> list[str]:
    """Give the folded surnames of whoever a sentence says has a role (of ``owner``'s, if any)."""
    tokens = _TOKEN.findall(sentence)
    ends = [n for n in range(len(tokens)) if _is_name(tokens[n]) and not _goes_on(tokens, n)]
    return [fold(tokens[end]) for end in ends if _holds(tokens, end, role, owner)]


def _holds(tokens: Sequence[str], end: int, role: Sequence[str], owner: frozenset[str]) -> bool:
    start = end
    while start and _is_name(tokens[start - 1]):
        start -= 1
    before, after = list(tokens[:start]), list(tokens[end + 1 :])
    ahead = before[:-1] if before[-1:] == [","] and (after or ["."])[0] in _CLOSES else []
    behind = after[1:] if after[:1] == [","] else []
    became = next((n + 1 for n, word in enumerate(after[:3]) if word in _BECOMING), None)
    placed = [
        before if [word.lower() for word in before[-len(role) :]] == [*role] else [],
        list(reversed([*takewhile(str.isalnum, reversed(ahead[-REACH:]))])),
        [*takewhile(_in_words, behind[:REACH])],
        [] if became is None else after[became : became + REACH],
    ]
    return any(_names_role(words, role, owner) for words in placed)


def _names_role(words: Sequence[str], role: Sequence[str], owner: frozenset[str]) -> bool:
    """Whether words hold a role, not a former one, and nobody else's."""
    low = [word.lower() for word in words]
    at = next((n for n in range(len(low)) if low[n : n + len(role)] == [*role]), None)
    if at is None or _FORMER & {*low[max(0, at - 2) : at]} - {*role}:
        return False
    of = words[at + len(role) :][:4]
    other = {fold(w) for w in of[1:] if w[0].isupper()} if of[:1] and of[0] in _LINKS else set()
    return not (owner and other) or bool(owner & other)


def _in_words(word: str) -> bool:
    return word[0].isalnum() and word not in {"who", "which"}


def _goes_on(tokens: Sequence[str], at: int) -> bool:
    return at + 1 < len(tokens) and _is_name(tokens[at + 1])


def _told(article: Article) -> set[str]:
    return {fold(word) for word in WORD.findall(f"{article.title or ''} {article.text}")}


def _is_among(name: str, names: Sequence[str]) -> bool:
    return any(same_name(name, other) for other in names)


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
