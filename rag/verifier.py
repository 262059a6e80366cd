"""Draft to answer: what a statement claims must stand in the sentences it cites.

``rag.support`` says whether it does; a statement that fails is not shown. What somebody claims is
never told as fact: where a statement does not say whose word it is, that is put before it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.answer import Claim
from rag.attribution import mentioned, speaker_of
from rag.attribution.verbs import FORMS, SAY
from rag.citation import Citation, cite
from rag.reader import DraftStatement
from rag.retriever import Hit
from rag.support import bound_before, strays, supported
from rag.support.lexicon import AUXILIARY, PAST
from rag.voices import attributed, beside, voiced
from rag.words import STOPWORDS, terms, words

__all__ = ["check", "quote", "quoted", "supported"]  # the last for those who only judge

_STOPS, _CLOSERS = ".!?…", "\"'”’»)]"
_MARKS = frozenset("{}[]<>|\\^~`")  # no prose: what is left of a model's JSON
_OPEN = frozenset("and or but nor the a an because than whose".split())  # more was to come
_CLAUSES = re.compile(r"(?<=[.!?]) |; |,? (?:and|but|while|whereas) ")
_BLIND = frozenset("it its they their this that these those such".split())
_VERBAL = AUXILIARY | PAST | {"that"}
_WHERE = frozenset("in to at on during with".split())  # where, when and to whom it was said
HEARERS = 3  # words: "told a news conference"
COPIED = 0.6  # a share of the source this large is a copy of it, perhaps cut off


def quote(hit: Hit) -> Citation:
    """Cite one hit, with its speaker."""
    return cite(hit.article, hit.sentence, speaker=speaker_of(hit.article, hit.sentence))


def check(statement: DraftStatement, evidence: Sequence[Hit], question: str) -> Claim | None:
    """Turn a draft's statement into a claim that its citations support, with no citation to spare.

    A bare answer ("in May") must belong there to what the ``question`` asks about.

    Small models like to name a second sentence that adds nothing, or the wrong one of two. So the
    fewest sentences that support the words are cited: one of those named, else all of those named,
    else another one of the evidence. Where none does there is no claim: to quote what the model
    pointed at would lend exact words to a wrong choice. Support is whole or none: a statement of
    which only a part holds is not shown, so ``partial`` is never given.
    """
    named = [evidence[rank - 1] for rank in statement.ranks]
    others = [hit for hit in evidence if hit not in named]
    if _unfinished(statement.text, evidence):
        return None
    for hits in [*([hit] for hit in named), named, *([hit] for hit in others)]:
        citations = tuple(quote(hit) for hit in hits)
        if strays(question, statement.text, " ".join(c.quote for c in citations)):
            continue
        if _held(statement.text, [voiced(c.quote, c.speaker) for c in citations]):
            if len(hits) == 1 and (
                _copied(statement.text, hits[0].sentence.text)
                or _padded(statement.text, hits[0].sentence.text)
                or _names_a_saying(statement.text)
                or beside(statement.text, citations[0])
            ):
                return quoted(hits[0])
            return Claim(_whole(_told(statement.text, hits, citations)), citations)
    return None


def _unfinished(text: str, evidence: Sequence[Hit]) -> bool:
    """Whether a text is no statement: a question, one cut short, or with marks of its own."""
    own = _MARKS.intersection(text).difference("".join(hit.sentence.text for hit in evidence))
    return text.rstrip().endswith("?") or bool(own) or not _OPEN.isdisjoint(words(text)[-1:])


def _names_a_saying(text: str) -> bool:
    """Whether a text says that somebody spoke, and not what: "Ada Novak told a conference"."""
    said = words(text)
    told = [FORMS.get(word, ("", "")) for word in said]
    finite = (k for k, (verb, form) in enumerate(told) if verb in SAY and form in {"past", "s"})
    at = next(finite, None)
    if at is None:
        return False
    rest = said[at + 1 :]
    where = not rest or rest[0] in _WHERE or (said[at] == "told" and len(rest) <= HEARERS)
    return where and len(rest) <= HEARERS * 2 and _VERBAL.isdisjoint(rest)


def _held(text: str, sources: Sequence[str]) -> bool:
    """Whether sentences support a text: together, and each of its clauses by one of them alone.

    Words of two sentences in one clause may say what neither does: that one thing is the other.
    """
    clauses = _CLAUSES.split(text) if len(sources) > 1 else []
    alone = all(any(supported(clause, source) for source in sources) for clause in clauses)
    return alone and supported(text, " ".join(sources))


def _told(text: str, hits: Sequence[Hit], citations: Sequence[Citation]) -> str:
    """Say whose word a statement is: the speaker's, or whose the reporter mentions in passing."""
    text = _bounded(text, citations[0].quote)
    whose = mentioned(hits[0].article, hits[0].sentence) if len(hits) == 1 else []
    said = set(terms(text))
    own = next((who for who, their in whose if said and said <= set(terms(their))), None)
    return attributed(text, [replace(citations[0], speaker=own)] if own else citations)


def _bounded(text: str, quote: str) -> str:
    """Put "at least" back before a number that was cut out of its quote without it."""
    line, bare = " ".join(quote.split()), text.rstrip(_STOPS + _CLOSERS)
    at = line.lower().find(bare.lower())
    bound = bound_before(line[:at]) if bare and at > 0 else ""
    space = "" if bound[-1:] in "$€£" else " "
    return f"{bound.lower()}{space}{text[:1].lower()}{text[1:]}" if bound else text


def _whole(text: str) -> str:
    """Write a bare answer ("on 4 May") as a sentence."""
    ended = text if text.rstrip(_CLOSERS)[-1:] in _STOPS else f"{text}."
    return ended[:1].upper() + ended[1:] if ended.split(maxsplit=1)[0].islower() else ended


def _copied(text: str, source: str) -> bool:
    """Whether a text is cut out of its source, which reads better whole.

    That is so where it is most of it, where it opens with an "it" that only the rest may explain,
    and where it has a verb but opens amid something: "22-point version is unknown".
    """
    said, whole = words(text), words(source)
    starts = range(1, len(whole) - len(said) + 1)
    amid = [k for k in starts if whole[k : k + len(said)] == said and _amid(whole[k - 1], said[0])]
    enough = len(said) >= COPIED * len(whole) or said[0] in _BLIND
    cut = bool(amid) and not _VERBAL.isdisjoint(said)
    return (enough or cut) and " ".join(said) in " ".join(whole)


def _padded(text: str, source: str) -> bool:
    """Whether a text is no shorter than its source and adds to it: the source says it better."""
    return len(words(text)) >= len(words(source)) and not set(terms(text)) <= set(terms(source))


def _amid(before: str, first: str) -> bool:
    """Whether a piece that begins with one word, behind another, begins within a phrase."""
    return first[:1].isdigit() and before.isalpha() and before not in STOPWORDS


def quoted(hit: Hit) -> Claim:
    """Make a claim of a sentence's own words, with the speaker where they do not name one."""
    citation = quote(hit)
    return Claim(voiced(citation.quote, citation.speaker), (citation,))
