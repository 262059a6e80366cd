"""Whose word a statement is, told in the statement: a claim of a party is never told as fact."""

from collections.abc import Sequence

from rag.citation import Citation
from rag.support.names import is_name, like
from rag.support.tokens import read

REPORTED = ", according to "
_ROLES = frozenset("the a an".split())
_PRONOUNS = frozenset("he she they it".split())


def voiced(citation: Citation) -> str:
    """Give a quote on one line, its speaker before it where the quote does not name them."""
    quote = " ".join(citation.quote.split())
    if citation.speaker is None or _named(quote, citation.speaker):
        return quote
    return f"{citation.speaker}: {quote}"


def attributed(text: str, citations: Sequence[Citation]) -> str:
    """Give a statement that says whose word it is, where all of it or a part is somebody's word.

    ``According to X, …``; of a report at second hand ``According to X, citing Y, …``; ``Partly``
    where another citation is the reporter's own voice. A statement that names X stays as it is.
    """
    speakers = list(dict.fromkeys(c.speaker for c in citations if c.speaker))
    absent = [speaker for speaker in speakers if not _named(text, speaker)]
    if not absent:
        return text
    opening, _, rest = text.partition(" ")
    if len(absent) == len(citations) == 1 and opening.lower() in _PRONOUNS and rest:
        return f"{_capital(absent[0].partition(REPORTED)[0])} {rest}"
    whose = " and ".join(_in_sentence(_source(speaker)) for speaker in absent)
    partly = any(c.speaker is None for c in citations)
    return f"{'Partly according' if partly else 'According'} to {whose}, {_in_sentence(text)}"


def _source(speaker: str) -> str:
    """Y, according to X: the source is X, citing Y."""
    said, _, teller = speaker.partition(REPORTED)
    return f"{teller}, citing {_in_sentence(said)}" if teller else said


def _named(text: str, speaker: str) -> bool:
    """Whether a text has the names of everybody in a speaker's designation, in any spelling."""
    have = [t.low for t in read(text).tokens if t.word]
    parts = speaker.replace(REPORTED, " and ").split(" and ")
    return all(any(like(_last(part), low) for low in have) for part in parts)


def _last(designation: str) -> str:
    """The word that a designation stands on: Rubio of Marco Rubio, sources of sources in Rome."""
    spoken = [t for t in read(designation).tokens if t.word and t.low not in _ROLES]
    names = [t for t in spoken if t.capital and t.at]
    whole = [*names, *spoken[:1]] if not spoken[0].capital or len(spoken) == 1 else [*names, spoken[0]]
    first_lower = next((k for k, t in enumerate(spoken) if k and not t.capital), len(spoken))
    return (spoken[first_lower - 1] if spoken[0].capital else whole[-1]).low


def _in_sentence(text: str) -> str:
    """Take the capital off that only the head of a sentence gave."""
    reading = read(text)
    first = reading.tokens[0] if reading.tokens else None
    if first is None or not first.capital or is_name(reading, first):
        return text
    return text[:1].lower() + text[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
