"""Where sources differ: sides found where they are, and nothing found where there are none.

Only the room itself is run, without models: evidence is every sentence in the order of the words it
shares with the question. Invented news stands in ``disputes.jsonl``: a question, two articles and
the words of each side, or no side where the articles agree and only look as if they did not. Its
parts 1 and 2 were worked on; part 3 was written after that and then measured once before two small
mends (docs/bench/conflicts.md). Of RAMDocs only answers that stand in the evidence count.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.answer import Difference
from rag.conflicts import conflicts
from rag.corpus import Article
from rag.passages import passages_of
from rag.retriever import Hit
from rag.words import terms

from ..matching import holds
from ..stats import mean_figure
from .asking import Task
from .data import DataAbsent, read, spread
from .report import Measure, Report, mean_of

INVENTED = "disputes.jsonl"
EVIDENCE = 16  # sentences that the product looks at
CITED = 2  # of them an answer is taken to quote
PASSAGES = 400  # questions of SQuAD 2.0

Sides = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Case:
    """A question over articles; ``sides`` gives words of which each side must quote one."""

    part: str
    question: str
    articles: tuple[Article, ...]
    sides: Sides


def run(task: Task) -> Report:
    """Report conflicts found with the right sides, and questions without one left alone."""
    cases = [*_invented(), *_outside(task.data, task.limit)]
    lines = []
    for part in dict.fromkeys(case.part for case in cases):
        own = [case for case in cases if case.part == part]
        for label, differ in (("found, with the right sides", True), ("none, left alone", False)):
            marks = [right(case) for case in own if bool(case.sides) == differ]
            if marks:
                lines.append((Measure(part, label, mean_of("")), mean_figure(marks)))
    return Report("disputes", "Where sources differ: the room itself, no model", lines)


def right(case: Case) -> float:
    """1 where two sides quote words of two different sides, or nothing is found and should not."""
    evidence = ranked(case.question, case.articles)
    cited = [(h.article.name, h.sentence.start, h.sentence.end) for h in evidence[:CITED]]
    found = conflicts(case.question, evidence, cited)
    if not case.sides:
        return float(not found)
    return float(any(_shows(each, case.sides) for each in found))


def _shows(found: Difference, sides: Sides) -> bool:
    """Whether at least two of the sides wanted stand on sides of their own."""
    quotes = [" ".join(c.quote for c in side.citations) for side in found.sides]
    met = [{n for n, q in enumerate(quotes) if any(holds(w, q) for w in side)} for side in sides]
    met = [places for places in met if places]
    return len(met) > 1 and len(set().union(*met)) > 1


def ranked(question: str, articles: Sequence[Article]) -> list[Hit]:
    """Order all sentences by the question's words they share, rare ones counting more."""
    places = [(article, p) for article in articles for p in passages_of(article)]
    said = [set(terms(p.text)) for _, p in places]
    common = Counter(term for own in said for term in own)
    asked = set(terms(question))
    scores = [sum(1 / common[term] for term in asked & own) for own in said]
    order = sorted(range(len(places)), key=lambda at: (-scores[at], at))[:EVIDENCE]
    return [
        Hit(n, article, article.sentences[p.sentence], p.context, scores[at])
        for n, at in enumerate(order, 1)
        for article, p in [places[at]]
    ]


def _invented() -> Iterator[Case]:
    for row in read(Path(__file__).parent, INVENTED):
        articles = tuple(
            _article(f"{row['id']}-{n}", each["text"], each["date"])
            for n, each in enumerate(row["articles"], 1)
        )
        yield Case(f"invented news, part {row['part']}", row["question"], articles, row["sides"])


def _outside(folder: Path, limit: int | None) -> Iterator[Case]:
    """Give what the data folder has; without it the invented news stands alone."""
    try:
        documents, passages = read(folder, "ramdocs.jsonl"), read(folder, "clapnq.jsonl")
        contexts = read(folder, "squad2.jsonl")
    except DataAbsent:
        return
    yield from (case for row in spread(documents, limit) if (case := _of_documents(row)))
    for row in spread(passages, limit):
        articles = (_article("passage", " ".join(row["sentences"])),)
        yield Case("CLAPnq, one passage", row["question"], articles, ())
    for row in spread(contexts, limit or PASSAGES):
        yield Case("SQuAD 2.0, one passage", row["question"], (_article("it", row["context"]),), ())


def _of_documents(row: Mapping[str, Any]) -> Case | None:
    """A case of RAMDocs: its sides are the answers that its evidence has.

    None where documents differ, but not in the evidence.
    """
    told = [each for each in row["documents"] if each["type"] != "noise"]
    articles = tuple(_article(str(n), each["text"]) for n, each in enumerate(row["documents"]))
    texts = [hit.sentence.text for hit in ranked(row["question"], articles)]
    answers = dict.fromkeys(each["answer"] for each in told)
    there = [answer for answer in answers if any(holds(answer, text) for text in texts)]
    if len(there) < 2 <= len(answers):
        return None
    sides = [[answer] for answer in there] if len(answers) > 1 else []
    return Case("RAMDocs", row["question"], articles, sides)


def _article(name: str, text: str, date: str | None = None) -> Article:
    return Article(name, text, None, date, "", "")
