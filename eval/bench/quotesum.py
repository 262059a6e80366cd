"""QuoteSum (Schuster et al. 2024): answers that quote several sources.

Three people wrote an answer to each question, quoting as ``[ 2 words of source 2 ]``; as in the
paper's scorers, the best of them counts, source by source. Each question is also asked over the
sources of another question, where refusing is right. No published figure was at hand.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..matching import rouge_l, tokens, without_markers
from .data import read
from .documents import Document, Question, Reply
from .report import Marks, Measure, mean_of, refusing
from .running import LEFT_EMPTY, Bench

QUOTED = re.compile(r"\[ ([1-9]) ([^\[\]]*) \]")
SOURCES = range(1, 9)
Quotes = Mapping[int, str]  # source number from 1 -> all that is quoted of it


def load(folder: Path) -> list[Question]:
    """Read the questions: each over its own sources, then over those of the next but ten."""
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read(folder, "quotesum.jsonl"):
        grouped[row["qid"]].append(row)
    groups = list(grouped.items())
    questions = []
    for at, (name, rows) in enumerate(groups):
        others = groups[(at + 10) % len(groups)][1]
        gold = {"summaries": [r["summary"] for r in rows],
                "short": [r["covered_short_answers"] for r in rows]}  # fmt: skip
        asked = rows[0]["question"]
        questions += [
            Question(name, asked, _sources(rows[0]), answerable=True, gold=gold),
            Question(f"{name}:swapped", asked, _sources(others[0]), answerable=False),
        ]
    return questions


def _sources(row: Mapping[str, Any]) -> tuple[Document, ...]:
    told = ((row[f"source{n}"], row[f"title{n}"]) for n in SOURCES)
    return tuple(Document(text, title or None) for text, title in told if text)


def mark(question: Question, reply: Reply) -> Marks:
    """Rate short answers, sources and quoted spans against the best reference."""
    if not question.answerable:
        return {}
    given = range(1, len(question.documents) + 1)
    have = {n: " ".join(c["quote"] for c in reply.citations if c["document"] == n - 1)
            for n in given}  # fmt: skip
    summaries = question.gold["summaries"]
    references = [quotes(summary) for summary in summaries]
    found = {document + 1 for document, _, _ in reply.found}
    cited = {n for n in given if have[n]}
    best = (rouge_l(without_markers(reply.text), _plain(each)) for each in summaries)
    return {
        "found": max(_share(reference, found) for reference in references),
        "short": short_recall([quotes(each) for each in question.gold["short"]], have),
        "sources": max(_share(reference, cited) for reference in references),
        "span_f1": span_f1(references, have, given),
        "rouge": max(best) if reply.text else 0.0,
    }


def quotes(summary: str) -> Quotes:
    """Give what a reference quotes, by source."""
    parts: dict[int, list[str]] = defaultdict(list)
    for number, words in QUOTED.findall(summary):
        parts[int(number)].append(words)
    return {number: " ".join(words) for number, words in parts.items()}


def short_recall(short: Sequence[Quotes], have: Quotes) -> float | None:
    """Recall of short answers (the paper's Sem-REC): tokens quoted from the right source.

    For each source that some reference takes a short answer from: the best recall over references;
    then the mean over those sources. None where no reference marks any.
    """
    sources = sorted({n for reference in short for n in reference})
    if not sources:
        return None
    best = [max(_recall(r[n], have.get(n, "")) for r in short if n in r) for n in sources]
    return sum(best) / len(best)


def span_f1(references: Sequence[Quotes], have: Quotes, given: Iterable[int]) -> float:
    """Quoted-span F1 (the paper's Sem-F1): token F1 source by source, best reference, mean.

    A source that neither quotes counts 1, as in the paper's scorer.
    """
    best = [max(_f1(r.get(n, ""), have.get(n, "")) for r in references) for n in given]
    return sum(best) / len(best)


def _share(reference: Quotes, sources: set[int]) -> float:
    return len(reference.keys() & sources) / len(reference) if reference else 0.0


def _recall(wanted: str, have: str) -> float:
    want = tokens(wanted)
    same = (Counter(want) & Counter(tokens(have))).total()
    return same / len(want) if want else 1.0


def _f1(wanted: str, have: str) -> float:
    want, got = tokens(wanted), tokens(have)
    if not want or not got:
        return float(want == got)
    return 2 * (Counter(want) & Counter(got)).total() / (len(want) + len(got))


def _plain(summary: str) -> str:
    return QUOTED.sub(r"\2", summary)


NONE = "none at hand"
BENCH = Bench(
    "quotesum",
    "QuoteSum, up to eight sources given",
    load,
    mark,
    (
        Measure("search", "needed sources among the evidence", mean_of("found")),
        Measure("gate", LEFT_EMPTY, mean_of("left_empty")),
        Measure("gate", "sources of another question refused", mean_of("refused")),
        Measure("gate", "F1 of refusing", refusing("f1")),
        Measure("answer", "recall of short answers", mean_of("short"), NONE),
        Measure("answer", "share of needed sources cited", mean_of("sources"), NONE),
        Measure("answer", "quoted-span F1", mean_of("span_f1"), NONE),
        Measure("answer", "ROUGE-L, best reference", mean_of("rouge"), NONE),
    ),
    (
        "Each question is asked twice: over its own sources and over another question's. Where a "
        "source needs no quote, quoting nothing of it counts 1 for the quoted-span F1.",
    ),
)
