"""Draft to answer: what a statement claims must stand in the sentences it cites.

Checked word by word here: numbers, names and negation. A statement that fails is not shown.
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
COPIED = 0.6  # a share of the source this large is a copy of it, perhaps cut off
OVERLAP = 0.5  # share of a statement's content words that its sentences must have
_NUMBER_WORDS = {
    name: str(value)
    for value, name in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen""".split()
    )
    if name != "one"  # mostly a pronoun
}
_NUMBER_WORDS |= {
    name: str(value)
    for value, name in zip(
        range(20, 100, 10),
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        strict=True,
    )
}
_NUMBER_WORDS |= {  # 800 million is not 800 billion
    name: name.rstrip("s")
    for name in """hundred hundreds thousand thousands million millions billion billions trillion
    trillions dozen dozens half third thirds quarter quarters""".split()
}


def quote(hit: Hit) -> Citation:
    """Cite one hit, with its speaker."""
    return cite(hit.article, hit.sentence, speaker=speaker_of(hit.article, hit.sentence))


def check(statement: DraftStatement, evidence: Sequence[Hit]) -> Claim | None:
    """Turn a draft's statement into a claim that its citations support, with no citation to spare.

    Small models like to name a second sentence that adds nothing, or the wrong one of two. So the
    fewest sentences that support the words are cited: one of those named, else all of those named,
    else another one of the evidence. Where none does there is no claim: to quote what the model
    pointed at would lend exact words to a wrong choice.
    """
    named = [evidence[rank - 1] for rank in statement.ranks]
    others = [hit for hit in evidence if hit not in named]
    if not statement.text.rstrip().endswith("?"):  # a question is no answer
        for hits in [*([hit] for hit in named), named, *([hit] for hit in others)]:
            if supported(statement.text, " ".join(hit.sentence.text for hit in hits)):
                if len(hits) == 1 and _copied(statement.text, hits[0].sentence.text):
                    return quoted(hits[0])
                return Claim(statement.text, tuple(quote(hit) for hit in hits))
    return None


def _copied(text: str, source: str) -> bool:
    """Whether a text is most of its source word for word: the whole of it then reads better."""
    said, whole = words(text), words(source)
    return len(said) >= COPIED * len(whole) and " ".join(said) in " ".join(whole)


def quoted(hit: Hit) -> Claim:
    """Make a claim of a sentence's own words."""
    citation = quote(hit)
    return Claim(" ".join(citation.quote.split()), (citation,))


def supported(text: str, source: str) -> bool:
    """Whether every number and name, the negation and most words of a text stand in its source."""
    if not _numbers(text) <= _numbers(source):
        return False
    names = _names(text)
    if not all(_has_name(name, source) for name in names):
        return False
    if _negated(text) != _negated(source):
        return False
    wanted = {word for word in words(text) if word not in STOPWORDS}
    there = {*names, *_NUMBER_WORDS}  # by now known to be in the source
    have = {stem(word) for word in words(source)}
    found = {word for word in wanted if word in there or word.isdecimal() or stem(word) in have}
    return bool(wanted) and len(found) >= OVERLAP * len(wanted)


def _numbers(text: str) -> set[str]:
    """Give a text's numbers, written in one way: 800,000 and 800 000 and 800000 are one."""
    joined = re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}\b)", "", text)
    digits = {
        match.group().rstrip("0").rstrip(".") if "." in match.group() else match.group()
        for match in re.finditer(r"\d+(?:\.\d+)?", joined)
    }
    spelt = {_NUMBER_WORDS[word] for word in words(text) if word in _NUMBER_WORDS}
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
        if word[0].isupper() and not (opens and fold(word) in STOPWORDS | _NUMBER_WORDS.keys()):
            names.append(fold(word))
    return names


def _has_name(name: str, source: str) -> bool:
    return any(same_name(name, word) or stem(name) == stem(word) for word in words(source))


def _negated(text: str) -> bool:
    spoken = fold(text.replace("’", "'"))
    return "n't" in spoken or any(word in NEGATIONS for word in words(text))
