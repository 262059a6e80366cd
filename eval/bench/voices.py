"""Who says it: labelled sentences of invented news in many styles (``voices.jsonl``).

All were labelled before the rules were run on them; rules were worked out on the development part
only. Attribution accuracy, the reporter's own voice counting as one more speaker.
"""

from collections.abc import Iterator
from pathlib import Path

from rag.attribution import speaker_of
from rag.corpus import Article
from rag.settings import Settings

from ..attribution import Spoken, accuracy
from .data import read, table

FILE = "voices.jsonl"
PARTS = ("development", "test")


def run(settings: Settings, folder: Path, limit: int) -> str:  # noqa: ARG001
    """Give a Markdown table of accuracy by part, and the sentences given to somebody else."""
    told = {part: judged(part) for part in PARTS}
    rows = [
        (part, f"{sum(marks) / len(marks):.1%} ({sum(marks):.0f}/{len(marks)})")
        for part, (marks, _) in told.items()
    ]
    wrong = [f"- {part}: {line}" for part, (_, lines) in told.items() for line in lines]
    return "\n".join([table(("part", "right speaker"), rows), "", *wrong])


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
