"""Asks every system every question, keeping each row as it is finished."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from .gold import Gold
from .rows import Row, read_rows, write_rows
from .systems import System, row_key

Progress = Callable[[int, int], None]


class Journal:
    """The rows on disk: appended one by one, put in order at the end of a run."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._rows: dict[tuple[str, str], Row] = {}
        self._finished = path.with_name("finished")

    @property
    def is_finished(self) -> bool:
        """Whether the run before this one came to its end."""
        return self._finished.exists()

    def begin(self, *, keep: bool) -> None:
        """Start a run, with the rows of the one before or without."""
        if keep:
            self._rows = {(row.system, row.id): row for row in read_rows(self._path)}
        write_rows(self._path, self._rows.values())
        self._finished.unlink(missing_ok=True)

    def known(self, system: System, item: Gold) -> Row | None:
        """Give the row of an earlier run if all it depends on is the same; errors are retried."""
        row = self._rows.get((system.name, item.id))
        if row is None or row.status == "error" or row.key != row_key(system, item):
            return None
        return row

    def add(self, row: Row) -> None:
        """Keep a row, on disk at once."""
        self._rows[(row.system, row.id)] = row
        with self._path.open("a", encoding="utf-8") as file:
            file.write(row.to_json() + "\n")

    def finish(self, rows: Iterable[Row]) -> None:
        """Write the run's rows in their order and mark the run as finished."""
        write_rows(self._path, rows)
        self._finished.write_text("", "utf-8")


def run_system(
    system: System, items: Sequence[Gold], journal: Journal, progress: Progress
) -> list[Row]:
    """Ask one system all questions; what fails becomes a row of its own and the run goes on."""
    rows = []
    for done, item in enumerate(items, 1):
        row = journal.known(system, item)
        if row is None:
            row = replace(_ask(system, item), key=row_key(system, item))
            journal.add(row)
        rows.append(row)
        progress(done, len(items))
    return rows


def _ask(system: System, item: Gold) -> Row:
    system.meter.clear()
    try:
        return replace(system.answer(item), tokens=system.meter.counts())
    except Exception as problem:  # noqa: BLE001 - whatever breaks is scored as the worst answer
        told = " ".join(str(problem).split())[:300]
        error = f"{type(problem).__name__}: {told}"
        return Row(system.name, item.id, status="error", error=error)
