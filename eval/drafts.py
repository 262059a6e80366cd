"""Drafts to learn from: the local model's own words, where they say the answer shortly.

The model is given the number of the sentence that answers and writes one statement. Only what has
the answer and nothing new is kept, so that the model goes on writing as it does, but to the point.
"""

import json
import re

from .evidence_sets import EvidenceSet

SHORTEST, LONGEST = 3, 30  # words of a statement
COPIED = 20  # words from which on the beginning of a sentence is no short statement
NEARLY_ALL, MANY = 0.8, 14  # share of the sentence's words that are too many where they are many
KNOWN = 0.85  # share of the words that stand in question or sentence


def lead(number: int) -> str:
    """Give how a draft begins whose statement rests on the sentence with this number."""
    return f'{{"statements": [{{"citations": [{number}], "text": "'


def draft_of(given: EvidenceSet, written: str) -> str | None:
    """Give the whole draft for what was written after ``lead``; None where it teaches nothing."""
    text, _, _ = written.partition('"')
    try:
        statement = json.loads(f'"{text}"')
    except ValueError:
        return None
    number = given.gold[0]
    if not teaches(statement, given.sentences[number - 1], given.question, given.answers):
        return None
    draft = {"statements": [{"citations": [number], "text": statement}]}
    return json.dumps(draft, ensure_ascii=False)


def teaches(statement: str, sentence: str, question: str, answers: tuple[str, ...]) -> bool:
    """Whether a statement is short, has the answer, and nothing that is not known."""
    said, source = _words(statement), _words(sentence)
    return (
        SHORTEST <= len(said) <= LONGEST
        and not _copies(said, source)
        and _known(statement, {*source, *_words(question)})
        and any(set(words) <= set(said) for answer in answers if (words := _words(answer)))
    )


def _copies(said: list[str], source: list[str]) -> bool:
    """Whether a statement is the sentence over again, where that is long."""
    begins = source[: len(said)] == said and len(said) > COPIED
    return begins or (len(said) > MANY and len(said) > NEARLY_ALL * len(source))


def _known(statement: str, known: set[str]) -> bool:
    """Whether nearly all words are known, and names and numbers all."""
    words = _words(statement)
    names = [word for word in statement.split() if word[0].isupper() or word[0].isdigit()]
    return sum(word in known for word in words) >= KNOWN * len(words) and all(
        set(_words(name)) <= known for name in names
    )


def _words(text: str) -> list[str]:
    return re.sub(r"[^a-z0-9 ]", " ", text.lower()).split()
