"""Whether sentences are given to the right speaker, against ``speakers.jsonl``."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.corpus import Article, Sentence

from .gold import GoldError
from .matching import tokens

REPORTED = ", according to "


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence's place, who says it (None: the reporter), and other names that are as good."""

    article: str
    start: int
    end: int
    quote: str
    speaker: str | None
    also: tuple[str, ...] = ()


def load_speakers(path: Path, texts: Mapping[str, str]) -> list[Spoken]:
    """Read a speakers file; raises GoldError that names the line of a quote that does not hold."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            spoken = Spoken(**{**row, "also": tuple(row.get("also", ()))})
            held = texts.get(spoken.article, "")[spoken.start : spoken.end] == spoken.quote
        except (ValueError, TypeError, AttributeError) as problem:
            raise GoldError(f"{path.name} line {number}: {problem}") from problem
        if not held:
            raise GoldError(f"{path.name} line {number}: the quote does not stand in the articles")
        found.append(spoken)
    return found


def same_speaker(given: str | None, spoken: Spoken) -> bool:
    """Whether a name is the speaker's: one of the accepted names, whole or by its last part.

    "Rubio" is "Marco Rubio", and "the EU" is "EU". "X, according to Y" needs both; no name is right
    only for the reporter's own voice.
    """
    if given is None or spoken.speaker is None:
        return given is None and spoken.speaker is None
    return any(_same_chain(given, name) for name in (spoken.speaker, *spoken.also))


def _same_chain(one: str, other: str) -> bool:
    parts, others = one.split(REPORTED), other.split(REPORTED)
    return len(parts) == len(others) and all(map(_same, parts, others))


def _same(one: str, other: str) -> bool:
    a, b = tokens(one), tokens(other)
    return bool(a and b) and a[-1] == b[-1] and (set(a) <= set(b) or set(b) <= set(a))


def accuracy(
    speakers: Sequence[Spoken],
    articles: Sequence[Article],
    speaker_of: Callable[[Article, Sentence], str | None],
) -> tuple[list[float], list[str]]:
    """Give 1 or 0 a sentence, and a line for each one given to somebody else.

    Attribution accuracy is their mean (as quotation attribution is scored since Elson & McKeown
    2010), the reporter's own voice counting as one more speaker.
    """
    by_name = {article.name: article for article in articles}
    marks, wrong = [], []
    for spoken in speakers:
        article = by_name[spoken.article]
        sentence = next(  # the last: a dateline before it is a sentence of its own
            (s for s in article.sentences[::-1] if s.start < spoken.end and spoken.start < s.end),
            None,
        )
        given = speaker_of(article, sentence) if sentence else None
        right = sentence is not None and same_speaker(given, spoken)
        marks.append(float(right))
        if not right:
            wrong.append(f"{spoken.quote[:70]!r}: {given}, should be {spoken.speaker}")
    return marks, wrong
