"""Where the outside data lies, and how it is read; it is other people's and not in the tree."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import RagError

T = TypeVar("T")
FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data"


class DataAbsent(RagError):
    """The benchmark's data is not on this machine."""


class DataBroken(RagError):
    """The benchmark's data is there and not what it should be; names the file and the line."""


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Read a file of JSON lines; raises DataAbsent where it is not there, or DataBroken."""
    path = folder / name
    rows: list[dict[str, Any]] = []
    try:
        lines = path.read_text("utf-8").split("\n")
    except FileNotFoundError as problem:
        raise DataAbsent(f"{name} is not in the data folder; name another with --data") from problem
    except (OSError, ValueError) as problem:
        raise DataBroken(f"{name} cannot be read: {problem}") from problem
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as problem:
            raise DataBroken(f"{name} line {number} is not JSON: {problem}") from problem
        if not isinstance(row, dict):
            raise DataBroken(f"{name} line {number} is no JSON object")
        rows.append(row)
    return rows


def spread(rows: Sequence[T], limit: int | None) -> list[T]:
    """Take so many rows, evenly spread over all; None or a larger number takes all."""
    if limit is None or limit >= len(rows):
        return list(rows)
    return [rows[at * len(rows) // limit] for at in range(limit)]
