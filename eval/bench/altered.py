"""Support check: true statements kept, and the same made false by one change caught.

The rules were worked out on the development part: half of the outside statements, by checksum, and
statements about invented news (``invented.jsonl``). The other half, and the statements about the
seed articles with their false versions (``altered.jsonl``, by hand, written before the rules) are
only measured on. So are statements that put the words of one sentence together anew, true or false
(``recombined.jsonl``, written by somebody who had not seen the rules).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.attribution import speaker_of
from rag.corpus import read_corpus
from rag.settings import Settings, resource
from rag.support import supported
from rag.voices import voiced

from ..stats import mean_figure
from .alter import KINDS, alter, names_of
from .asking import Task
from .data import DataAbsent, read, spread
from .report import Measure, Report, mean_of, table
from .statements import Told, outside

ABOUT_SEEDS, INVENTED, ANEW = "altered.jsonl", "invented.jsonl", "recombined.jsonl"
DEVELOPMENT, NEWS, TEST = "outside, development", "invented, development", "outside, test"
BY_RULE, BY_HAND = "seeds, by rule", "seeds, by hand"
RECOMBINED = "invented, words of one sentence put together anew, test"
PARTS = (DEVELOPMENT, NEWS, TEST, RECOMBINED, BY_RULE, BY_HAND)
AIMED = ("number", "name", "date", "negation")

Judge = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, what it is checked against, and what was changed ("true": nothing)."""

    part: str
    kind: str
    text: str
    source: str


def run(task: Task) -> Report:
    """Report true statements kept and false ones caught, by part; a table by kind below."""
    cases = list(cases_of(task.settings, task.data, task.limit))
    lines = []
    for part in PARTS:
        for label, kinds in (("true ones kept", ("true",)), ("false ones caught", AIMED)):
            marks = [
                float(supported(case.text, case.source) == (case.kind == "true"))
                for case in cases
                if case.part == part and case.kind in kinds
            ]
            lines.append((Measure(part, label, mean_of("")), mean_figure(marks)))
    told = [line for line in lines if line[1].value is not None]
    title = "Support check: statements altered by one number, name, date or negation"
    return Report("altered", title, told, [report(cases, supported)])


def cases_of(settings: Settings, folder: Path, limit: int | None = None) -> Iterator[Case]:
    """Give every case; without the outside data only those about the seed articles."""
    try:
        told = spread(outside(folder), limit)
    except DataAbsent:
        told = []
    strangers = sorted({name for one in told for name in names_of(one.text)})
    for one in told:
        yield from _altered(TEST if one.held_out else DEVELOPMENT, one, strangers)
    for row in read(Path(__file__).parent, INVENTED):
        yield from _by_hand(NEWS, row, row["quote"])
    for row in read(Path(__file__).parent, ANEW):
        yield from (Case(RECOMBINED, "true", text, row["quote"]) for text in row["true"])
        yield from (Case(RECOMBINED, "role", text, row["quote"]) for text in row["false"])
    yield from _about_seeds(settings, strangers or ["Nora Quinn", "Lisbon", "Bluebird"])


def _altered(part: str, told: Told, strangers: Sequence[str]) -> Iterator[Case]:
    yield Case(part, "true", told.text, told.source)
    known = f"{told.text} {told.source}"
    others = [name for name in strangers if not any(word in known for word in name.split())]
    for kind, text in alter(told.text, told.source, others):
        yield Case(part, kind, text, told.source)


def _about_seeds(settings: Settings, strangers: Sequence[str]) -> Iterator[Case]:
    corpus = read_corpus([resource("seeds")], settings.max_article_bytes)
    by_name = {article.name: article for article in corpus.articles}
    for row in read(Path(__file__).parent, ABOUT_SEEDS):
        article = by_name[row["article"]]
        sentence = next(s for s in article.sentences if s.start == row["start"])
        assert sentence.text == row["quote"], row["quote"]
        source = voiced(sentence.text, speaker_of(article, sentence))
        yield from _altered(BY_RULE, Told("seeds", "", row["true"], source), strangers)
        yield from _by_hand(BY_HAND, row, source)


def _by_hand(part: str, row: dict[str, Any], source: str) -> Iterator[Case]:
    yield Case(part, "true", row["true"], source)
    for false in row["false"]:
        yield Case(part, false["kind"], false["text"], source)


def report(cases: Sequence[Case], judge: Judge) -> str:
    """Give a Markdown table of shares with counts; a part a column."""
    right = [(case, judge(case.text, case.source) == (case.kind == "true")) for case in cases]
    rows = [("true, kept", *_row(right, ("true",)))]
    rows += [(f"{kind}, caught", *_row(right, (kind,))) for kind in KINDS]
    rows += [("**the four aimed at**", *_row(right, AIMED)), ("**all false**", *_row(right, KINDS))]
    return table(("statements", *PARTS), rows)


def _row(right: Sequence[tuple[Case, bool]], kinds: Sequence[str]) -> list[str]:
    cells = []
    for part in PARTS:
        marks = [ok for case, ok in right if case.part == part and case.kind in kinds]
        share = f"{sum(marks) / len(marks):.1%} ({sum(marks)}/{len(marks)})" if marks else "-"
        cells.append(share)
    return cells
