"""Where the outside data lies, and how it is read; it is other people's and not in the tree."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import RagError

T = TypeVar("T")
FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data"


class DataAbsent(RagError):
    """The benchmark's data is not on this machine."""


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Read a file of JSON lines; raises DataAbsent where it is not there."""
    path = folder / name
    try:
        with path.open(encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.strip()]
    except FileNotFoundError as problem:
        raise DataAbsent(f"{name} is not in the data folder; name another with --data") from problem


def spread(rows: Sequence[T], limit: int) -> list[T]:
    """Take so many rows, evenly spread over all; 0 takes all."""
    if not limit or limit >= len(rows):
        return list(rows)
    return [rows[at * len(rows) // limit] for at in range(limit)]


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Write a Markdown table; numbers with three places."""
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        cells = (f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row)
        yield f"| {' | '.join(cells)} |"
