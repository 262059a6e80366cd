"""Talking to PostgreSQL: connections, one request at a time each, small texts, the writer's lock.

What breaks off is told in one line, and the next request connects anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from rag.errors import IndexFault, StoreFailed, first_line
from rag.store.database import shown

NAME = "quotable"
CONNECTS_IN = 5  # seconds
SECONDS = 20  # longest wait for one statement of a reader
LOCK = 0x51554F54  # the advisory lock's number, beside the schema's


class Connection:
    """A PostgreSQL; a thread that asks has a connection to itself meanwhile."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.place = shown(uri)
        self._idle: SimpleQueue[psycopg.Connection[Any]] = SimpleQueue()

    @contextmanager
    def connected(self, *, patient: bool = False) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection; ``patient`` work of a writer may take longer than a reader's."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            limit = 0 if patient else SECONDS * 1000
            connection.execute(sql.SQL("SET statement_timeout = {}").format(limit))
            yield connection
        except psycopg.Error as problem:
            connection.close()
            raise self.failed(problem) from problem
        except BaseException:
            connection.close()
            raise
        else:
            self._idle.put(connection)

    def _connect(self) -> psycopg.Connection[Any]:
        try:
            return psycopg.connect(
                self._uri, connect_timeout=CONNECTS_IN, autocommit=True, application_name=NAME
            )
        except psycopg.Error as problem:
            raise self.failed(problem) from problem

    def failed(self, problem: Exception) -> StoreFailed:
        """Say an error of the database in one line."""
        return StoreFailed(
            f"PostgreSQL at {self.place} failed: {first_line(problem)}; start it (or wait "
            "until it is back) and try again"
        )

    def ask(
        self,
        query: sql.Composed,
        values: Mapping[str, Any],
        settings: Sequence[LiteralString] = (),
    ) -> list[dict[str, Any]]:
        """Ask once, and once more on a new connection where old ones were broken off."""
        old = not self._idle.empty()
        try:
            return self._asked(query, values, settings)
        except StoreFailed as failure:
            if isinstance(failure.__cause__, psycopg.errors.UndefinedTable):
                return []  # nothing was ever written there
            if not old:
                raise
        self.close()
        return self._asked(query, values, settings)

    def _asked(
        self, query: sql.Composed, values: Mapping[str, Any], settings: Sequence[LiteralString]
    ) -> list[dict[str, Any]]:
        with (
            self.connected() as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row, binary=True) as cursor,
        ):
            for setting in settings:
                cursor.execute(setting)
            return cursor.execute(query, values).fetchall()

    def close(self) -> None:
        """Let go of the connections."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def read(self, key: str) -> str | None:
        """Give the text kept under a key."""
        found = self.ask(named("SELECT text FROM {state} WHERE key = %(key)s"), {"key": key})
        return found[0]["text"] if found else None

    def write(self, key: str, text: str) -> None:
        """Keep a text under a key."""
        with self.connected(patient=True) as connection:
            connection.execute(
                named(
                    "CREATE TABLE IF NOT EXISTS {state} (key text PRIMARY KEY, text text NOT NULL)"
                )
            )
            connection.execute(
                named(
                    "INSERT INTO {state} VALUES (%s, %s) ON CONFLICT (key) "
                    "DO UPDATE SET text = excluded.text"
                ),
                (key, text),
            )

    def erase(self, prefix: str, but: Sequence[str]) -> None:
        """Forget all texts whose key begins so, except some."""
        with self.connected(patient=True) as connection:
            connection.execute(
                named("DELETE FROM {state} WHERE starts_with(key, %s) AND key <> ALL(%s)"),
                (prefix, list(but)),
            )

    @contextmanager
    def lock(self) -> Iterator["Lock"]:
        """Keep other writers to the same schema out; raises IndexFault when there is one.

        The lock is the server's, and ends with its connection.
        """
        with self.connected(patient=True) as connection:
            ask = "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))"
            taken = connection.execute(ask, (LOCK,)).fetchone()
            if not (taken and taken[0]):
                raise IndexFault(
                    f"another `rag index` is writing to {self.place}; wait for it to end and try "
                    "again"
                )
            try:
                yield Lock(connection)
            finally:
                with suppress(psycopg.Error):
                    connection.execute("SELECT pg_advisory_unlock_all()")


@dataclass(frozen=True)
class Lock:
    """The right to write, which lasts as long as its connection."""

    connection: psycopg.Connection[Any]

    def renew(self) -> None:
        """See that the connection, and so the lock, is still there."""
        self.connection.execute("SELECT 1")


def named(text: LiteralString, shelf: str = "", **more: sql.Composable) -> sql.Composed:
    """Put the names of tables and indexes into a query."""
    table = f"{NAME}_{shelf}_"
    names = {
        "state": f"{NAME}_state",
        "articles": f"{table}articles",
        "passages": f"{table}passages",
        "articles_by_name": f"{table}articles_name",
        **{
            f"passages_by_{what}": f"{table}passages_{what}"
            for what in ("version", "article", "hash", "words", "vector")
        },
    }
    return sql.SQL(text).format(**{k: sql.Identifier(v) for k, v in names.items()}, **more)
