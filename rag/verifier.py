"""Draft to answer: what a statement claims must stand in the sentences it cites.

Checked word by word here: numbers, names and negation. A statement that fails is not shown; the
plain quote takes its place, which is supported by being itself.
"""

import re
from collections.abc import Sequence

from rag.answer import Claim
from rag.attribution import speaker_of
from rag.citation import Citation, cite
from rag.reader import DraftStatement
from rag.retriever import Hit
from rag.words import STOPWORDS, WORD, fold, same_name, stem, words

NEGATIONS = frozenset("no not never none neither nor without cannot nobody nothing nowhere".split())
OVERLAP = 0.5  # share of a statement's content words that its sentences must have
_NUMBER_WORDS = {
    name: str(value)
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}


def quote(hit: Hit) -> Citation:
    """Cite one hit, with its speaker."""
    return cite(hit.article, hit.sentence, speaker=speaker_of(hit.article, hit.sentence))


def check(statement: DraftStatement, evidence: Sequence[Hit]) -> Claim:
    """Turn a draft's statement into a claim that its citations support, with no citation to spare.

    Small models like to name a second sentence that adds nothing, or the wrong one of two. So the
    fewest sentences that support the words are cited: one of those named, else all of those named,
    else another one of the evidence. Where none does, the first sentence named is quoted instead.
    """
    named = [evidence[rank - 1] for rank in statement.ranks]
    others = [hit for hit in evidence if hit not in named]
    if not statement.text.rstrip().endswith("?"):  # a question is no answer
        for hits in [*([hit] for hit in named), named, *([hit] for hit in others)]:
            if supported(statement.text, " ".join(hit.sentence.text for hit in hits)):
                return Claim(statement.text, tuple(quote(hit) for hit in hits))
    return quoted(named[0])


def quoted(hit: Hit) -> Claim:
    """Make a claim of a sentence's own words."""
    citation = quote(hit)
    return Claim(" ".join(citation.quote.split()), (citation,))


def supported(text: str, source: str) -> bool:
    """Whether every number and name, the negation and most words of a text stand in its source."""
    have = _stems(source)
    if not _numbers(text) <= _numbers(source):
        return False
    if not all(_has_name(name, source) for name in _names(text)):
        return False
    if _negated(text) != _negated(source):
        return False
    wanted = _stems(text)
    return bool(wanted) and len(wanted & have) >= OVERLAP * len(wanted)


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words(text) if word not in STOPWORDS}


def _numbers(text: str) -> set[str]:
    """Give a text's numbers, written in one way: 800,000 and 800 000 and 800000 are one."""
    joined = re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}\b)", "", text)
    digits = {
        match.group().rstrip("0").rstrip(".") if "." in match.group() else match.group()
        for match in re.finditer(r"\d+(?:\.\d+)?", joined)
    }
    spelt = {_NUMBER_WORDS[word] for word in words(text) if word in _NUMBER_WORDS and word != "one"}
    return digits | spelt


def _names(text: str) -> list[str]:
    """Give a text's capitalised words (folded), but for one that only opens a sentence."""
    names = []
    for match in WORD.finditer(text):
        word = match.group()
        opens = (
            not text[: match.start()].rstrip("\"'“‘( ")
            or text[: match.start()].rstrip()[-1:] in ".!?"
        )
        if word[0].isupper() and not (opens and fold(word) in STOPWORDS):
            names.append(fold(word))
    return names


def _has_name(name: str, source: str) -> bool:
    return any(same_name(name, word) or stem(name) == stem(word) for word in words(source))


def _negated(text: str) -> bool:
    spoken = fold(text.replace("’", "'"))
    return "n't" in spoken or any(word in NEGATIONS for word in words(text))
