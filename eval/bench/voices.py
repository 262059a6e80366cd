"""Who says it: labelled sentences of invented news in many styles (``voices.jsonl``).

All were labelled before the rules were run on them; rules were worked out on the development part
only. Attribution accuracy, the reporter's own voice counting as one more speaker.
"""

from collections.abc import Iterator
from pathlib import Path

from rag.attribution import speaker_of
from rag.corpus import Article

from ..attribution import Spoken, accuracy
from ..stats import mean_figure
from .asking import Task
from .data import read
from .report import Measure, Report, mean_of

FILE = "voices.jsonl"
PARTS = ("development", "test")


def run(task: Task) -> Report:  # noqa: ARG001 - every benchmark is called alike
    """Report accuracy by part; the sentences given to somebody else stand below."""
    told = {part: judged(part) for part in PARTS}
    lines = [
        (Measure(part, "right speaker", mean_of("")), mean_figure(marks))
        for part, (marks, _) in told.items()
    ]
    wrong = [f"- {part}: {line}" for part, (_, each) in told.items() for line in each]
    return Report("voices", "Who says it: invented news", lines, wrong)


def judged(part: str) -> tuple[list[float], list[str]]:
    """Give 1 or 0 a sentence of a part, and a line for each that is wrong."""
    marks: list[float] = []
    wrong: list[str] = []
    for article, spoken in _pieces(part):
        more, lines = accuracy(spoken, [article], speaker_of)
        marks += more
        wrong += lines
    return marks, wrong


def _pieces(part: str) -> Iterator[tuple[Article, list[Spoken]]]:
    for row in read(Path(__file__).parent, FILE):
        if row["part"] == part:
            article = Article(row["style"], row["text"], None, None, row["style"], "")
            yield article, [
                Spoken(article.name, q["start"], q["end"], row["text"][q["start"] : q["end"]],
                       q["speaker"], tuple(q["also"]))
                for q in row["quotes"]
            ]  # fmt: skip
