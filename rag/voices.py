"""Whose word a statement is, told in the statement: a claim of a party is never told as fact."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import takewhile

from rag.attribution.lexicon import SPEAKERS
from rag.attribution.verbs import FORMS, SAY
from rag.citation import Citation
from rag.support.lexicon import OPENERS
from rag.support.names import initials, like
from rag.support.tokens import Token, read
from rag.words import STOPWORDS, terms

REPORTED = ", according to "
_LINKS = frozenset("of for at in from to with close by on who familiar polled".split())
_JOINED = re.compile(r"; (?:and |but |while |whereas )?|, (?:and|but|while|whereas) ")
_PRONOUNS = frozenset("he she they it".split())


def voiced(quote: str, speaker: str | None) -> str:
    """Give a quote on one line, its speaker before it where the quote does not name them."""
    line = " ".join(quote.split())
    return line if speaker is None or _named(line, speaker) else f"{speaker}: {line}"


def attributed(text: str, citations: Sequence[Citation]) -> str:
    """Give a statement that says whose word it is, where all of it or a part is somebody's word.

    ``According to X, …``; of a report at second hand ``According to X, citing Y, …``; ``Partly``
    where another citation is the reporter's own voice. A statement that names X stays as it is.
    """
    speakers = list(dict.fromkeys(c.speaker for c in citations if c.speaker))
    absent = [speaker for speaker in speakers if not _named(text, speaker.split(REPORTED)[-1])]
    if not absent:
        return text
    if len(absent) == len(citations) == 1 and _means_the_speaker(text, citations[0].quote):
        rest = text.partition(" ")[2]
        return f"{_capital(absent[0].partition(REPORTED)[0])} {rest}"
    whose = " and ".join(_in_sentence(_source(speaker)) for speaker in absent)
    lead = "Partly according" if any(c.speaker is None for c in citations) else "According"
    lower = frozenset(word for c in citations for word in c.quote.split() if word.islower())
    return f"{lead} to {whose}, {_in_sentence(text, lower)}"


def _means_the_speaker(text: str, quote: str) -> bool:
    """Whether the pronoun that opens a text is whoever speaks in its quote.

    It is before a verb of saying, and "he" or "she" where the quote opens so as well. In "It will
    fail" it may be anything.
    """
    first, *rest = text.lower().split()[:2] or [""]
    says = bool(rest) and FORMS.get(rest[0], ("",))[0] in SAY
    same = first in {"he", "she"} and quote.lower().startswith(f"{first} ")
    return first in _PRONOUNS and bool(rest) and (says or same)


def beside(text: str, citation: Citation) -> bool:
    """Whether a text rests on a clause that may be another's word than the sentence's speaker's.

    In "Ames said the dam would hold, and Blom repeated it" only the reader can tell for sure that
    the second half is the reporter's, whatever of the first is told with it, and in "the union
    said 23; the company said 14" the speaker is of the first half: such a sentence is better quoted
    than retold.
    """
    speaker = citation.speaker
    if speaker is None or _named(text, speaker):
        return False
    _, *later = _JOINED.split(citation.quote)
    said, apart = set(terms(text)), citation.quote.partition(";")[2]
    others = (clause for clause in later if clause in apart or _own_voice(clause))
    return any(_rests_on(said, terms(c)) for c in others if not _named(c, speaker))


def _rests_on(said: AbstractSet[str], clause: Sequence[str]) -> bool:
    """Whether a clause has all that is said, or what is said its first two words: who does what."""
    who_does_what = set(clause[:2])
    return said <= set(clause) or (bool(who_does_what) and who_does_what <= said)


def _own_voice(clause: str) -> bool:
    """Whether a clause may have another teller: it opens with a name, or has a verb of saying."""
    return clause[:1].isupper() or any(FORMS.get(w, ("",))[0] in SAY for w in clause.split())


def _source(speaker: str) -> str:
    """Y, according to X: the source is X, citing Y."""
    said, _, teller = speaker.partition(REPORTED)
    return f"{teller}, citing {_in_sentence(said)}" if teller else said


def _named(text: str, speaker: str) -> bool:
    """Whether a text names everybody in a speaker's designation, in any spelling."""
    spoken = [t for t in read(text).tokens if t.word]
    parts = re.split(f"{REPORTED}| and ", speaker)
    heads = [head for part in parts if (head := _head(part))]
    return all(any(_is(t, head) for t in spoken) for head in heads)


def _head(designation: str) -> Sequence[Token]:
    """The words up to the first preposition: researchers of "researchers at Leeds"."""
    every = [t for t in read(designation).tokens if t.word]
    spoken = [t for t in every if not t.aside] or every
    return list(takewhile(lambda t: t.low not in _LINKS, spoken)) or spoken


def _is(token: Token, head: Sequence[Token]) -> bool:
    same = token.base == head[-1].base or (token.capital and like(token.low, head[-1].low))
    return same or (len(token.text) > 1 and token.text == initials(head))


def _in_sentence(text: str, lower: frozenset[str] = frozenset()) -> str:
    """Take the capital off that only the head of a sentence gave; where in doubt it stays."""
    first, _, _ = text.partition(" ")
    low = first.lower()
    ordinary = low in STOPWORDS | OPENERS | lower or low.removesuffix("s") in SPEAKERS
    return low + text[len(first) :] if ordinary and not first[1:].isupper() else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
