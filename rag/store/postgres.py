"""A shared index in PostgreSQL with pgvector: a database that most newsrooms already run.

Meaning is pgvector's inner product, exact for small shelves and by HNSW beyond; words are
PostgreSQL's full text (tsvector and GIN) over our own terms, ranked by BM25 from the positions that
a tsvector keeps. Tables lie where the connection's search_path leads, named ``quotable_…``.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, LiteralString

import numpy as np
import psycopg
from psycopg import sql

from rag.corpus import Article
from rag.embedder import Encoded
from rag.errors import StoreFailed, first_line
from rag.passages import Passage
from rag.store.database import (
    ALIVE,
    K1,
    B,
    Floats,
    Held,
    Row,
    View,
    Words,
    pack,
    text_hash,
    unpack,
    version_of,
)
from rag.store.postgresclient import NAME, Connection, named
from rag.words import terms

EXACT = 50_000  # passages up to which every vector is looked at
# HNSW goes on until enough records are found that may be seen, and keeps 200 candidates
APPROXIMATE: Sequence[LiteralString] = (
    "SET LOCAL hnsw.iterative_scan = strict_order",
    "SET LOCAL hnsw.ef_search = 200",
)
# A growing table's statistics are old: the planner thinks most of it is wanted and reads all of it
BY_INDEX: Sequence[LiteralString] = (
    "SET LOCAL enable_seqscan = off",
    "SET LOCAL max_parallel_workers_per_gather = 0",
)
# Making HNSW in memory takes some 2 kB a passage; a server that allows more than this keeps it
ROOM: LiteralString = """
SELECT set_config('maintenance_work_mem', '512MB', true)
WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('512MB')
"""
# Vectors stay inside their rows, where a search reads them; token vectors lie apart, as they are.
SCHEMA = """
CREATE TABLE IF NOT EXISTS {articles} (
    version text NOT NULL, born bigint NOT NULL, died bigint NOT NULL, name text NOT NULL,
    title text, date text, origin text NOT NULL, sha256 text NOT NULL, text text NOT NULL,
    PRIMARY KEY (version, born));
CREATE INDEX IF NOT EXISTS {articles_by_name} ON {articles} (name);
CREATE TABLE IF NOT EXISTS {passages} (
    id bigint PRIMARY KEY, version text NOT NULL, born bigint NOT NULL, died bigint NOT NULL,
    article text NOT NULL, sentence integer NOT NULL, date text, text text NOT NULL,
    context text NOT NULL, text_hash bigint NOT NULL, length integer NOT NULL,
    words tsvector NOT NULL, vector vector({dimension}) NOT NULL, tokens bytea NOT NULL);
ALTER TABLE {passages} ALTER vector SET STORAGE MAIN, ALTER tokens SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS {passages_by_version} ON {passages} (version);
CREATE INDEX IF NOT EXISTS {passages_by_article} ON {passages} (article);
CREATE INDEX IF NOT EXISTS {passages_by_hash} ON {passages} (text_hash);
CREATE INDEX IF NOT EXISTS {passages_by_words} ON {passages} USING gin (words);
"""
RANKED = """
SELECT p.id, sum(w.weight * t.tf / (t.tf + %(k1)s * (1 - %(b)s + %(b)s * p.length / %(mean)s)))
FROM {passages} p
CROSS JOIN LATERAL (SELECT lexeme, coalesce(cardinality(positions), 1)::float8 AS tf
                    FROM unnest(p.words)) t
JOIN unnest(%(terms)s::text[], %(weights)s::float8[]) AS w(term, weight) ON w.term = t.lexeme
WHERE p.words @@ %(asked)s::tsquery AND {seen}
GROUP BY p.id ORDER BY 2 DESC, 1 LIMIT %(k)s
"""


def open_database(spec: str, token: str | None) -> "Postgres":  # noqa: ARG001 - it is in the URI
    """Make ready for the PostgreSQL a SPEC names."""
    return Postgres(Connection(spec))


class Postgres:
    """A database in PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._postgres = connection
        self.read, self.write, self.erase = connection.read, connection.write, connection.erase
        self.writer, self.close = connection.lock, connection.close

    # Writing

    def make(self, shelf: str, dimension: int) -> None:
        """Make the two tables of a shelf unless they are there."""
        with self._postgres.connected(patient=True) as connection:
            try:
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            except psycopg.Error as problem:
                raise StoreFailed(
                    f"PostgreSQL at {self._postgres.place} has no pgvector "
                    f"({first_line(problem)}); install it there and run `CREATE EXTENSION vector` "
                    "as an administrator"
                ) from problem
            connection.execute(named(SCHEMA, shelf, dimension=sql.Literal(dimension)))

    def drop_shelves(self, but: str) -> None:
        """Throw away all shelves except one."""
        kept = [f"{NAME}_state", *(f"{NAME}_{but}_{name}" for name in ("articles", "passages"))]
        with self._postgres.connected(patient=True) as connection:
            found = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
                "AND starts_with(tablename, %s) AND tablename <> ALL(%s)",
                (f"{NAME}_", kept),
            ).fetchall()
            for (name,) in found:
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))

    def put(self, shelf: str, articles: Sequence[Article], rows: Sequence[Row], born: int) -> None:
        """Add rows and their articles in one transaction."""
        with self._postgres.connected(patient=True) as connection, connection.transaction():
            cursor = connection.cursor()
            cursor.executemany(
                named(
                    "INSERT INTO {passages} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
                    "%s::tsvector, %s::vector, %s) ON CONFLICT (id) DO NOTHING",
                    shelf,
                ),
                [_passage_record(row, born) for row in rows],
            )
            cursor.executemany(
                named(
                    "INSERT INTO {articles} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
                    "ON CONFLICT DO NOTHING",
                    shelf,
                ),
                [
                    (
                        version_of(a),
                        born,
                        ALIVE,
                        a.name,
                        a.title,
                        a.date,
                        a.origin,
                        a.sha256,
                        a.text,
                    )
                    for a in articles
                ],
            )

    def retire(self, shelf: str, versions: Sequence[str], died: int) -> None:
        """Let living articles and their rows die."""
        self._change(
            shelf,
            "UPDATE {table} SET died = %(died)s "
            "WHERE version = ANY(%(versions)s) AND died = %(alive)s AND born < %(died)s",
            {"versions": list(versions), "died": died},
        )

    def discard(self, shelf: str, versions: Sequence[str], born: int) -> None:
        """Delete articles of one birth, and their rows."""
        self._change(
            shelf,
            "DELETE FROM {table} WHERE version = ANY(%(versions)s) AND born = %(born)s",
            {"versions": list(versions), "born": born},
        )

    def sweep(self, shelf: str, current: int) -> None:
        """Undo deaths after the current generation; delete what the last two do not see."""
        values = {"current": current}
        self._change(
            shelf,
            "UPDATE {table} SET died = %(alive)s WHERE died > %(current)s AND died < %(alive)s",
            values,
        )
        self._change(shelf, "DELETE FROM {table} WHERE died < %(current)s", values)

    def _change(self, shelf: str, query: LiteralString, values: Mapping[str, Any]) -> None:
        """Change articles and passages alike, in one transaction; a missing shelf is left so."""
        with self._postgres.connected(patient=True) as connection, connection.transaction():
            there = connection.execute(
                "SELECT to_regclass(%s) IS NOT NULL", (f"{NAME}_{shelf}_passages",)
            ).fetchone()
            if there and there[0]:
                for table in ("articles", "passages"):
                    name = sql.Identifier(f"{NAME}_{shelf}_{table}")
                    connection.execute(
                        sql.SQL(query).format(table=name), {"alive": ALIVE, **values}
                    )

    def index_vectors(self, shelf: str, passages: int) -> None:
        """Make an HNSW index where looking at every vector would take too long; count afresh."""
        with self._postgres.connected(patient=True) as connection, connection.transaction():
            if passages > EXACT:
                connection.execute(ROOM)
                connection.execute(
                    named(
                        "CREATE INDEX IF NOT EXISTS {passages_by_vector} ON {passages} "
                        "USING hnsw (vector vector_ip_ops)",
                        shelf,
                    )
                )
            connection.execute(named("ANALYZE {articles}, {passages}", shelf))

    # Reading

    def near(self, view: View, vector: Floats, k: int) -> list[tuple[int, float]]:
        """Search by meaning."""
        found = self._postgres.ask(
            named(
                "SELECT id, -(vector <#> %(asked)s::vector) AS score FROM {passages} p "
                "WHERE {seen} ORDER BY vector <#> %(asked)s::vector LIMIT %(k)s",
                view.shelf,
                seen=_seen(view, "article"),
            ),
            {**_seen_values(view), "asked": _vector(vector), "k": k},
            APPROXIMATE,
        )
        return [(row["id"], float(row["score"])) for row in found]

    def worded(self, view: View, words: Words, k: int) -> list[tuple[int, float]]:
        """Search by full text, ranked by BM25."""
        found = self._postgres.ask(
            named(RANKED, view.shelf, seen=_seen(view, "article")),
            {
                **_seen_values(view),
                "k1": K1,
                "b": B,
                "mean": words.mean_length,
                "terms": list(words.weights),
                "weights": list(words.weights.values()),
                "asked": " | ".join(_quoted(term) for term in words.weights),
                "k": k,
            },
        )
        return [(row["id"], float(row["sum"])) for row in found]

    def fetch(self, shelf: str, ids: Sequence[int]) -> list[Row]:
        """Give rows by id."""
        query = named(
            "SELECT *, vector::real[] AS floats FROM {passages} WHERE id = ANY(%(ids)s)", shelf
        )
        return [_row(record) for record in self._postgres.ask(query, {"ids": list(ids)})]

    def at(self, view: View, places: Collection[tuple[str, int]]) -> list[Row]:
        """Give the rows at some places."""
        query = named(
            "SELECT p.*, p.vector::real[] AS floats FROM {passages} p "
            "JOIN unnest(%(wanted)s::text[], %(numbers)s::integer[]) AS w(article, sentence) "
            "USING (article, sentence) WHERE {seen}",
            view.shelf,
            seen=_seen(view, "article"),
        )
        wanted, numbers = [name for name, _ in places], [number for _, number in places]
        values = {**_seen_values(view), "wanted": wanted, "numbers": numbers}
        return [_row(record) for record in self._postgres.ask(query, values, BY_INDEX)]

    def recall(self, shelf: str, texts: Sequence[str]) -> dict[str, Encoded]:
        """Give what is known of some passage texts."""
        query = named(
            "SELECT DISTINCT ON (text_hash, text) *, vector::real[] AS floats FROM {passages} "
            "WHERE text_hash = ANY(%(hashes)s)",
            shelf,
        )
        wanted = set(texts)
        hashes = {"hashes": [text_hash(text) for text in wanted]}
        found = self._postgres.ask(query, hashes, BY_INDEX)
        return {
            record["text"]: _row(record).encoded for record in found if record["text"] in wanted
        }

    def held(self, shelf: str) -> list[Held]:
        """List all articles of all generations."""
        query = named("SELECT version, name, sha256, born, died FROM {articles}", shelf)
        return [Held(**record) for record in self._postgres.ask(query, {})]

    def articles(self, view: View) -> Iterator[Article]:
        """Give the articles that a view shows."""
        query = named(
            "SELECT name, text, title, date, origin, sha256 FROM {articles} WHERE {seen}",
            view.shelf,
            seen=_seen(view, "name"),
        )
        for record in self._postgres.ask(query, _seen_values(view)):
            yield Article(**record)


def _seen(view: View, name: LiteralString) -> sql.Composed:
    """Say a view as a condition; an article without a date is left out where days count."""
    where: list[LiteralString] = ["born <= %(generation)s AND died > %(generation)s"]
    if view.up_to is not None:
        where.append('date <= %(up_to)s COLLATE "C"')
    if view.articles is not None:
        where.append("{name} = ANY(%(names)s)")
    return sql.SQL(" AND ".join(where)).format(name=sql.Identifier(name))


def _seen_values(view: View) -> dict[str, Any]:
    return {
        "generation": view.generation,
        "up_to": view.up_to,
        "names": None if view.articles is None else list(view.articles),
    }


def _vector(vector: Floats) -> str:
    nine = ",".join(["%.9g"] * len(vector))  # digits that tell a float32 exactly
    return f"[{nine % tuple(vector.tolist())}]"


def _quoted(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _passage_record(row: Row, born: int) -> tuple[Any, ...]:
    passage = row.passage
    found = terms(passage.text)
    places: dict[str, list[int]] = {}
    for place, term in enumerate(found, 1):
        places.setdefault(term, []).append(place)
    words = " ".join(f"{_quoted(term)}:{','.join(map(str, at))}" for term, at in places.items())
    return (
        row.id, row.version, born, ALIVE, passage.article, passage.sentence, row.date, passage.text,
        passage.context, text_hash(passage.text), max(1, len(found)), words,
        _vector(row.encoded.vector), pack(row.encoded.tokens),
    )  # fmt: skip


def _row(record: Mapping[str, Any]) -> Row:
    vector = np.array(record["floats"], dtype=np.float32)
    return Row(
        record["id"],
        record["version"],
        record["date"],
        Passage(record["article"], record["sentence"], record["text"], record["context"]),
        Encoded(vector, unpack(record["tokens"], len(vector))),
    )
