"""True statements about outside sentences, as a small model would write them.

CLAPnq: people's answers and the sentences they rest on. QuoteSum: people's summaries and their
sources. SQuAD 2.0: question and answer put together, and the sentence of the answer. SQuAD 2.0,
COVID-QA and news of many outlets: sentences shortened and reordered by rule. Statements whose names
or most words stand elsewhere are left out: no check of one sentence could say yes to them.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.sentences import split
from rag.words import STOPWORDS, stem, words

from .alter import names_of
from .data import read

MOST = 140  # statements of one data set


@dataclass(frozen=True, slots=True)
class Told:
    """A true statement and the text that says it; ``group`` decides the part it falls into."""

    data: str
    group: str
    text: str
    source: str

    @property
    def held_out(self) -> bool:
        """Whether it belongs to the test part: half of all groups, by checksum."""
        return bool(zlib.crc32(self.group.encode()) % 2)


def outside(folder: Path) -> list[Told]:
    """Give the true statements of all sets; raises DataAbsent."""
    found: list[Told] = []
    for maker in (_clapnq, _quotesum, _squad, _shortened_squad, _covid, _news):
        made = {told.text: told for told in maker(folder) if 4 <= len(told.text.split()) <= 40}
        rows = sorted(made.values(), key=lambda told: zlib.crc32(told.text.encode()))
        found += rows[:MOST]
    return found


def _tidy(text: str) -> str:
    """Put spaces where people put them: CLAPnq's text is tokenised."""
    text = re.sub(r"\s+([.,;:!?%)]|'s\b|n't\b|’s\b)", r"\1", " ".join(text.split()))
    text = re.sub(r"([($£]|`` ?) ", lambda m: m.group(1).strip(), text)
    return re.sub(r"``|''", '"', text).replace(" - ", "-").strip()


def _sentences(text: str) -> list[str]:
    return [text[s.start : s.end] for s in split(text)]


def _nearest(text: str, sentences: list[str]) -> str:
    """Give the two sentences that have most of a statement's words, in order: a citation's size."""
    wanted = set(words(text)) - STOPWORDS
    best = sorted(sentences, key=lambda s: -len(wanted & set(words(s))))[:2]
    return " ".join(sentence for sentence in sentences if sentence in best)


def _clapnq(folder: Path) -> Iterator[Told]:
    for row in read(folder, "clapnq.jsonl"):
        if row["answerable"]:
            selected = [_tidy(row["sentences"][at]) for at in row["selected"]]
            for text in _sentences(_tidy(row["answer"])):
                source = _nearest(text, selected)
                if _can_stand(text, source):
                    yield Told("CLAPnq", row["title"], text, source)


def _quotesum(folder: Path) -> Iterator[Told]:
    for row in read(folder, "quotesum.jsonl"):
        for sentence in re.split(r"(?<=[.!?\]])\s+(?=[A-Z\[])", row["summary"]):
            used = dict.fromkeys(re.findall(r"\[ (\d) ", sentence))
            text = " ".join(re.sub(r"\[ \d |\]", " ", sentence).split())
            text = re.sub(r"\s+([.,;])", r"\1", text)
            source = _nearest(text, [s for n in used for s in _sentences(row[f"source{n}"])])
            if used and text.endswith(".") and text[:1].isupper() and _can_stand(text, source):
                yield Told("QuoteSum", row["qid"], text, source)


_OPENS = re.compile(
    r"(?P<wh>who|what|which(?: \w+)?|how many \w+) (?P<rest>"
    r"(?:is|are|was|were|has|had|can|became|began|won|led|wrote|took|made|gave|held|\w+ed) .+)"
    r"\?$",
    re.IGNORECASE,
)


_LEFT_OPEN = "called|named|used|known|to|by|for|in|of|as|at|with|from|on|about"


def _stated(question: str, answer: str) -> str | None:
    """Make a statement of a question whose subject is asked for; None for others."""
    match = _OPENS.match(" ".join(question.split()))
    if not match or re.search(
        r"\b(is|are|was|were|did|does|do) (it|he|she|they|there)\b", question
    ):
        return None
    wh, rest = match["wh"].lower(), match["rest"]
    if re.match(rf"(is|are|was|were) .*\b({_LEFT_OPEN})$", rest):
        return None
    more = wh.split(" ", 2)[2] if wh.startswith("how many") else ""
    subject = f"{answer} {more}".strip() if more and more not in answer else answer
    return f"{subject[:1].upper()}{subject[1:]} {rest}."


def said_by(text: str, start: int) -> str:
    """Give the sentence of a text that a place stands in, or nothing."""
    span = next((s for s in split(text) if s.start <= start < s.end), None)
    return text[span.start : span.end] if span else ""


def _squad(folder: Path) -> Iterator[Told]:
    for row in read(folder, "squad2.jsonl"):
        if row["answerable"]:
            source = said_by(row["context"], row["answers"][0]["start"])
            text = _stated(row["question"], row["answers"][0]["text"])
            if text and _can_stand(text, source):
                yield Told("SQuAD 2.0", row["title"], text, source)


def _can_stand(text: str, source: str) -> bool:
    """Whether the names and six words in ten of a statement stand in its source at all."""
    have = {stem(word) for word in words(source)}
    own = [word for name in names_of(text) for word in words(name)]
    wanted = {stem(word) for word in words(text) if word not in STOPWORDS}
    return {stem(word) for word in own} <= have and len(wanted & have) >= 0.6 * len(wanted)


def _shortened_squad(folder: Path) -> Iterator[Told]:
    for row in read(folder, "squad2.jsonl"):
        if row["answerable"]:
            source = said_by(row["context"], row["answers"][0]["start"])
            if text := shortened(source):
                yield Told("SQuAD 2.0, shortened", row["title"], text, source)


def _covid(folder: Path) -> Iterator[Told]:
    texts = {row["id"]: row["text"] for row in read(folder, "covidqa_articles.jsonl")}
    for row in read(folder, "covidqa_questions.jsonl"):
        source = said_by(texts[row["document"]], row["answers"][0]["start"])
        if text := shortened(source):
            yield Told("COVID-QA, shortened", row["document"], text, source)


def _news(folder: Path) -> Iterator[Told]:
    for row in read(folder, "nanco.jsonl"):
        for answer in row["answers"]:
            for source in _sentences(answer["Paragraph"]):
                text = shortened(source)
                if text:
                    yield Told("news, shortened", row["question"], text, source)


def shortened(sentence: str) -> str | None:
    """Shorten a sentence by what stands in brackets or in a clause of its own; None if unchanged.

    A time or place that opens it is put at its end.
    """
    text = re.sub(r"\s*\([^()]*\)", "", " ".join(sentence.split()))
    text = re.sub(r", (?:which|who|where)\b[^,.]*,(?= \w+(?:s|ed)\b)", "", text)
    text = re.sub(r", (?:a|an|the) [a-z][^,.]{3,40},", "", text)
    opens = re.match(r"((?:In|On|At|During|After|Since) [^,]{3,40}), ([^.]+)\.$", text)
    if opens:
        first, rest = opens[1], opens[2]
        text = f"{rest[:1].upper()}{rest[1:]} {first[0].lower()}{first[1:]}."
    return text if text != " ".join(sentence.split()) else None
