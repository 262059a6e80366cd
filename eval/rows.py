"""What a system said to one question, as it is written to ``rows.jsonl``."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from rag.answer import Answer
from rag.citation import Citation
from rag.retriever import Hit


@dataclass(frozen=True, slots=True)
class Cited:
    """A quote as given: number, article, half-open code-point offsets, words, speaker."""

    n: int
    article: str
    start: int
    end: int
    quote: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One statement and the numbers behind it."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One sentence that the retriever gave, best first."""

    article: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One system's result for one question.

    ``key`` names everything the result depends on, ``standalone`` is the question that was searched
    for, ``confidence`` is larger where the system is surer that there is an answer (its scale is
    its own), ``found`` is None for systems without a ranking of sentences, ``tokens`` are those
    that a language model read (``in``) and wrote (``out``). Only ``timings_ms`` may differ between
    two runs.
    """

    system: str
    id: str
    status: Literal["answered", "abstained", "error"]
    key: str = ""
    standalone: str = ""
    text: str = ""
    statements: tuple[Said, ...] = ()
    citations: tuple[Cited, ...] = ()
    nearest: tuple[Cited, ...] = ()
    found: tuple[Found, ...] | None = None
    confidence: float = 0.0
    error: str | None = None
    tokens: Mapping[str, int] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    def quotes(self) -> list[str]:
        """Every quote of the answer."""
        return [cited.quote for cited in self.citations]

    def to_json(self) -> str:
        """Give one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def settled(self) -> dict[str, Any]:
        """Give the row without its timings: what two runs must agree on."""
        return asdict(replace(self, timings_ms={}))


def row_from_answer(
    system: str, item_id: str, answer: Answer, hits: Sequence[Hit], confidence: float
) -> Row:
    """Make a row of the product's answer and of the ranking it rests on."""
    nearest = answer.abstention.nearest if answer.abstention else ()
    return Row(
        system=system,
        id=item_id,
        status=answer.status,
        standalone=answer.standalone_question,
        text=answer.text,
        statements=tuple(Said(s.text, tuple(s.citations)) for s in answer.statements),
        citations=tuple(map(cited, answer.citations)),
        nearest=tuple(map(cited, nearest)),
        found=tuple(map(found_of, hits)),
        confidence=round(confidence, 6),
        timings_ms=dict(answer.timings_ms),
    )


def found_of(hit: Hit) -> Found:
    """Take what is scored of a hit."""
    return Found(hit.article.name, hit.sentence.start, hit.sentence.end)


def cited(citation: Citation) -> Cited:
    """Take what is scored of a citation."""
    c = citation
    return Cited(c.n, c.article, c.start, c.end, c.quote, c.speaker)


def read_rows(path: Path) -> list[Row]:
    """Read rows back; a last line cut short by an interruption is left out."""
    if not path.is_file():
        return []
    rows = []
    for line in path.read_text("utf-8").split("\n"):
        try:
            rows.append(_row(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue
    return rows


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write all rows at once, in the order given."""
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(row.to_json() + "\n" for row in rows), "utf-8")
    fresh.replace(path)


def _row(data: dict[str, Any]) -> Row:
    found = data["found"]
    return Row(
        **{
            **data,
            "statements": tuple(Said(s["text"], tuple(s["citations"])) for s in data["statements"]),
            "citations": tuple(Cited(**c) for c in data["citations"]),
            "nearest": tuple(Cited(**c) for c in data["nearest"]),
            "found": None if found is None else tuple(Found(**f) for f in found),
        }
    )
