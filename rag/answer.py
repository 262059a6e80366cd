"""What a reader receives: statements resting on citations, or an abstention; to and from JSON.

The shape is the contract's ``answer.schema.json``. Markers are numbered here and nowhere else.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jsonschema

from rag.citation import Citation
from rag.errors import AnswerError

SCHEMA = Path(__file__).with_name("answer.schema.json")
_MARKER = re.compile(r"\[(\s*\d+\s*)\]")


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim and the numbers of the citations it rests on (at least one)."""

    text: str
    citations: tuple[int, ...]
    support: Literal["supported", "partial"] = "supported"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a conflict."""

    text: str
    citations: tuple[int, ...]
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A matter on which sources differ, with at least two sides."""

    about: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Abstention:
    """Why there is no answer, and the nearest quotes a reader may look at."""

    reason: str
    nearest: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement before numbering: its text and the citations themselves."""

    text: str
    citations: tuple[Citation, ...]
    support: Literal["supported", "partial"] = "supported"


@dataclass(frozen=True, slots=True)
class Difference:
    """A conflict before numbering: each side as a claim."""

    about: str
    sides: tuple[Claim, ...]


@dataclass(frozen=True)
class Answer:
    """A verified answer or an abstention, with all that is needed to check it again."""

    question: str
    standalone_question: str
    as_of: str | None
    status: Literal["answered", "abstained"]
    text: str
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    abstention: Abstention | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def note(self) -> str | None:
        """What the reader should know of how the answer came about, such as a failing model."""
        note = self.provenance.get("note")
        return note if isinstance(note, str) else None

    def to_dict(self) -> dict[str, Any]:
        """Give the contract's answer object as plain data."""
        plain = _plain(asdict(self))
        plain["answer"] = plain.pop("text")
        order = [
            "question",
            "standalone_question",
            "as_of",
            "status",
            "answer",
            "statements",
            "citations",
            "conflicts",
            "abstention",
            "provenance",
            "timings_ms",
        ]
        return {key: plain[key] for key in order}

    def to_json(self, indent: int | None = None) -> str:
        """Give the answer object as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_dict(cls, data: Any) -> "Answer":  # noqa: ANN401 - any JSON may be handed in
        """Read an answer object back; raises AnswerError that names what is missing or wrong."""
        problem = jsonschema.exceptions.best_match(_validator().iter_errors(data))
        if problem is not None:
            raise AnswerError(f"not an answer object: {problem.json_path}: {problem.message[:200]}")
        return cls(
            question=data["question"],
            standalone_question=data["standalone_question"],
            as_of=data["as_of"],
            status=data["status"],
            text=data["answer"],
            statements=tuple(_statement(row) for row in data["statements"]),
            citations=tuple(_citation(row) for row in data["citations"]),
            conflicts=tuple(_conflict(row) for row in data["conflicts"]),
            abstention=_abstention(data["abstention"]),
            provenance=data["provenance"],
            timings_ms=data["timings_ms"],
        )

    @classmethod
    def from_json(cls, text: str) -> "Answer":
        """Read an answer object from JSON text; raises AnswerError."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise AnswerError(f"the saved answer is not JSON: {problem}") from problem
        return cls.from_dict(data)


@dataclass(frozen=True, slots=True)
class Found:
    """First events of a stream: the likely quotes, best first, before any model writes.

    ``preliminary`` ones come at once, in the order of the first search; those that follow, read
    more closely, take their place.
    """

    citations: tuple[Citation, ...]
    preliminary: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """A later event: one statement that has passed its check, with its own citations."""

    statement: Statement
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """Last event of a stream: the verified answer."""

    answer: Answer


Event = Found | Stated | Finished


def unmarked(text: str) -> str:
    """Give other people's words without anything that reads as a marker of ours: [1] is (1).

    An article or a model could otherwise lend a claim the name of a source that does not make it.
    """
    return _MARKER.sub(r"(\1)", text)


def number(claims: Sequence[Claim]) -> tuple[str, tuple[Statement, ...], tuple[Citation, ...]]:
    """Number citations 1, 2, … in the order in which the text first uses them.

    Gives the text with its markers, the statements and the numbered citations. The same place
    in the same article has one number, however often it is cited. What only looks like a marker
    in a claim is none any more.
    """
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    statements: list[Statement] = []
    for claim in claims:
        marks: list[int] = []
        for citation in claim.citations:
            n = numbers.setdefault(citation.place, len(numbers) + 1)
            if n > len(citations):
                citations.append(citation.numbered(n))
            if n not in marks:
                marks.append(n)
        statements.append(Statement(unmarked(claim.text), tuple(marks), claim.support))
    text = " ".join(s.text + " " + "".join(f"[{n}]" for n in s.citations) for s in statements)
    return text, tuple(statements), tuple(citations)


def number_sides(
    differences: Sequence[Difference], citations: Sequence[Citation]
) -> tuple[tuple[Conflict, ...], tuple[Citation, ...]]:
    """Number the sides' citations on from those of the statements; give conflicts and citations."""
    numbers = {citation.place: citation.n for citation in citations}
    shown = list(citations)
    conflicts = []
    for difference in differences:
        sides = []
        for claim in difference.sides:
            for citation in claim.citations:
                if citation.place not in numbers:
                    numbers[citation.place] = len(shown) + 1
                    shown.append(citation.numbered(len(shown) + 1))
            marks = dict.fromkeys(numbers[citation.place] for citation in claim.citations)
            sides.append(Side(unmarked(claim.text), tuple(marks), claim.citations[0].date))
        conflicts.append(Conflict(unmarked(difference.about), tuple(sides)))
    return tuple(conflicts), tuple(shown)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Give tuples as lists, which is what JSON knows."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def _citation(row: Mapping[str, Any]) -> Citation:
    # JSON Schema takes 5.0 for an integer, Python's slices do not
    whole = {key: int(row[key]) for key in ("n", "start", "end")}
    return Citation(**{key: row[key] for key in Citation.__slots__} | whole)


def _statement(row: Mapping[str, Any]) -> Statement:
    return Statement(row["text"], tuple(map(int, row["citations"])), row["support"])


def _conflict(row: Mapping[str, Any]) -> Conflict:
    sides = (Side(s["text"], tuple(map(int, s["citations"])), s["date"]) for s in row["sides"])
    return Conflict(row["about"], tuple(sides))


def _abstention(row: Mapping[str, Any] | None) -> Abstention | None:
    if row is None:
        return None
    return Abstention(row["reason"], tuple(_citation(near) for near in row["nearest"]))
