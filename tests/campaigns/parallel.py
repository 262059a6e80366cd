"""A large corpus indexed by several workers into PostgreSQL, killed with signal 9 in the middle.

The articles are grown (eval/bench/grow.py) and read from Parquet files. The indexing process is
killed once a share of them is in the database, and started again; afterwards the database must
hold every passage of the corpus once, with its own vector, and nothing else.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg
from psycopg import sql

from eval.bench.data import FOLDER
from eval.bench.grow import Floats, Grown, grown, questions_of, sentences_of, vectors_of
from rag.corpus import Article, Corpus
from rag.embedder import open_embedder
from rag.errors import RagError
from rag.index import Within
from rag.indexer import build_index
from rag.passages import passages_of
from rag.settings import Settings, load_settings
from rag.sharedindex import open_any

from .report import Report, finish, options

if (TESTS := str(Path(__file__).parents[1])) not in sys.path:
    sys.path.insert(0, TESTS)
from servers import serving

A_FILE = 2_500  # articles
SENTENCES = 1_500  # real ones, to grow others from
ASKED = 20
BEST = 10
SHOWN = 1_000  # vectors compared
LEAVES_IN = 90.0  # seconds in which the workers of a killed run must have ended
MISSING = "rows are not those of the corpus"
SEEN = "a run that was cut off can be seen"
ORPHAN = "a worker outlived its run"
WRONG = "vector of another text"
AGAIN = "an unchanged run that did something"
BLIND = "the checks did not notice a row taken away"
SPACIOUS = ("shared_buffers=2GB", "max_wal_size=16GB", "maintenance_work_mem=3GB")


@dataclass(frozen=True)
class Opens:
    """Opens the stand-in for the embedder, in any process."""

    vectors: str

    def __call__(self, _: Settings) -> Grown:
        """Give the stand-in."""
        return Grown(np.load(self.vectors))


@dataclass(frozen=True)
class Sums:
    """What can be compared of a set of passages: how many, and a checksum without order."""

    rows: int
    articles: int
    checksum: int


def write_parquet(corpus: Corpus, folder: Path) -> None:
    """Write a corpus as Parquet files."""
    import pyarrow
    from pyarrow import parquet

    folder.mkdir()
    for start in range(0, len(corpus.articles), A_FILE):
        rows = [
            {"id": each.name, "date": each.date, "text": each.text}
            for each in corpus.articles[start : start + A_FILE]
        ]
        parquet.write_table(pyarrow.Table.from_pylist(rows), folder / f"{start:07d}.parquet")


def sums(articles: Sequence[Article]) -> Sums:
    """Sum up a corpus."""
    found = (
        (p.article, p.sentence, p.text, p.context) for each in articles for p in passages_of(each)
    )
    return summed(found, len(articles))


def summed(passages: Iterator[tuple[str, int, str, str]], articles: int) -> Sums:
    """Sum up passages, whatever their order; twice the same one counts twice."""
    rows = checksum = 0
    for passage in passages:
        rows += 1
        digest = hashlib.sha256(json.dumps(passage).encode()).digest()
        checksum = (checksum + int.from_bytes(digest[:8], "big")) % 2**64
    return Sums(rows, articles, checksum)


class Shelf:
    """What stands in the database, looked at past the product."""

    def __init__(self, spec: str) -> None:
        self.spec = spec

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection."""
        with psycopg.connect(self.spec, autocommit=True) as connection:
            yield connection

    def table(self, name: str) -> sql.Identifier | None:
        """Find the one table of that name."""
        with self.connected() as connection:
            ask = "SELECT tablename FROM pg_tables WHERE tablename LIKE %s"
            found = connection.execute(ask, (f"quotable_%_{name}",)).fetchall()
        return sql.Identifier(found[0][0]) if found else None

    def many(self, name: str) -> int:
        """Count the rows of a table."""
        table = self.table(name)
        if table is None:
            return 0
        with self.connected() as connection:
            asked = sql.SQL("SELECT count(*) FROM {}").format(table)
            (count,) = connection.execute(asked).fetchone() or (0,)
        return int(count)

    def sums(self) -> Sums:
        """Sum up all rows, dead ones too."""
        table = self.table("passages")
        assert table is not None
        asked = sql.SQL("SELECT article, sentence, text, context FROM {}").format(table)
        with (
            self.connected() as connection,
            connection.transaction(),
            connection.cursor("rows") as cursor,
        ):
            cursor.itersize = 20_000
            cursor.execute(asked)
            return summed(iter(cursor), self.many("articles"))

    def sample(self, many: int) -> list[tuple[str, list[float]]]:
        """Give the texts and vectors of some rows."""
        table = self.table("passages")
        assert table is not None
        asked = sql.SQL("SELECT text, vector::real[] FROM {} ORDER BY text_hash LIMIT %s")
        with self.connected() as connection:
            return connection.execute(asked.format(table), (many,)).fetchall()

    def nearest(self, vectors: Floats, many: int) -> list[set[int]]:
        """Give the rows nearest to each vector, found by comparing all."""
        table = self.table("passages")
        assert table is not None
        asked = sql.SQL("SELECT id FROM {} ORDER BY vector <#> %s::vector LIMIT %s").format(table)
        with self.connected() as connection:
            connection.execute("SET enable_indexscan = off")
            return [
                {row for (row,) in connection.execute(asked, (str(vector.tolist()), many))}
                for vector in vectors
            ]

    def take_one_away(self) -> None:
        """Delete a row."""
        table = self.table("passages")
        assert table is not None
        asked = sql.SQL("DELETE FROM {t} WHERE id = (SELECT min(id) FROM {t})").format(t=table)
        with self.connected() as connection:
            connection.execute(asked)


def index(folder: Path, vectors: str, spec: str, workers: str) -> None:
    """Index in this process, as `rag index` does, and tell what was done."""
    settings = load_settings(store=spec, workers=workers, llm="none")
    done = build_index([folder], settings, Opens(vectors))
    told = {"added": done.articles.added, "embedded": done.embedded}
    sys.stdout.write(json.dumps(told) + "\n")


def started(folder: Path, vectors: Path, spec: str, workers: int) -> subprocess.Popen[str]:
    """Start an indexing process."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.campaigns.parallel"]
    command += ["--index", str(folder), str(vectors), spec, "--workers", str(workers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill(run: subprocess.Popen[str], report: Report) -> None:
    """Kill a run with signal 9; its workers, who are left alone, must end by themselves."""
    family = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    _, left = psutil.wait_procs(family, LEAVES_IN)
    report.count("workers of the killed run", len(family))
    for worker in left:
        report.fault(ORPHAN, " ".join(worker.cmdline())[:200])
        worker.kill()


def killed_in_the_middle(
    run: subprocess.Popen[str], shelf: Shelf, articles: int, share: float, report: Report
) -> None:
    """Wait until a share of the articles is there, and kill."""
    while run.poll() is None and shelf.many("articles") < share * articles:
        report.progress()
        time.sleep(1.0)
    assert run.poll() is None, "it was done before it could be killed"
    kill(run, report)
    report.count("articles in the database when it was killed", shelf.many("articles"))


def ended(run: subprocess.Popen[str], report: Report) -> dict[str, int]:
    """Wait for a run; gives what it told."""
    while run.poll() is None:
        report.progress()
        time.sleep(0.2)
    assert run.stdout is not None
    told = run.stdout.read()
    assert run.returncode == 0, f"indexing failed: {told}"
    found: dict[str, int] = json.loads(told.splitlines()[-1])
    return found


def look(shelf: Shelf, wanted: Sums, model: Grown, report: Report) -> None:
    """Compare what stands there with the corpus."""
    found = shelf.sums()
    report.count("passages compared", found.rows)
    if found != wanted:
        report.fault(MISSING, f"{found}, wanted {wanted}")
    rows = shelf.sample(SHOWN)
    made = model.encode([text for text, _ in rows])
    for (text, vector), encoded in zip(rows, made, strict=True):
        report.count("vectors compared")
        if not np.allclose(vector, encoded.vector, atol=1e-6):
            report.fault(WRONG, text)


def search(settings: Settings, shelf: Shelf, vectors: Floats, report: Report) -> None:
    """Tell how long searches take on it, and how many of the exact nearest they find."""
    opened = open_any(settings)
    opened.near(vectors[0], BEST, Within())  # what is read once is not counted
    start = time.perf_counter()
    found = [opened.near(vector, BEST, Within()) for vector in vectors]
    spent = (time.perf_counter() - start) / len(vectors)
    opened.close()
    exact = shelf.nearest(vectors, BEST)
    shares = [
        len({row for row, _ in near} & truth) / BEST
        for near, truth in zip(found, exact, strict=True)
    ]
    report.notes.append(
        f"a search by meaning: {1000 * spent:.1f} ms, recall@{BEST} {np.mean(shares):.3f}"
    )


def run(report: Report, given: argparse.Namespace, place: Path) -> None:
    """Grow, index, kill, go on, and look."""
    sentences = sentences_of(given.data, SENTENCES)
    corpus = grown(sentences, given.passages)
    embedder = open_embedder(load_settings())
    np.save(place / "real.npy", vectors_of(embedder, sentences))
    queries = vectors_of(embedder, questions_of(given.data, ASKED))
    model = Grown(np.load(place / "real.npy"))
    folder = place / "articles"
    write_parquet(corpus, folder)
    named = [
        dataclasses.replace(each, name=f"{at // A_FILE * A_FILE:07d}.parquet#{each.name}")
        for at, each in enumerate(corpus.articles)
    ]
    wanted = sums(named)
    report.count("articles", wanted.articles)
    report.count("passages", wanted.rows)
    with serving("postgresql", *SPACIOUS) as server:
        shelf = Shelf(server.spec)
        start = time.monotonic()
        first = started(folder, place / "real.npy", server.spec, given.workers)
        killed_in_the_middle(first, shelf, wanted.articles, given.share, report)
        spent = time.monotonic() - start
        settings = load_settings(store=server.spec, llm="none")
        try:
            open_any(settings).close()
            report.fault(SEEN, "an index opened")
        except RagError as problem:
            report.notes.append(f"a reader meanwhile: {problem}")
        kept = shelf.many("passages")
        start = time.monotonic()
        told = ended(started(folder, place / "real.npy", server.spec, given.workers), report)
        report.notes.append(
            f"first run {spent:.0f} s until killed ({kept:,} passages kept), second "
            f"{time.monotonic() - start:.0f} s, embedded {told['embedded']:,}"
        )
        look(shelf, wanted, model, report)
        start = time.monotonic()
        again = ended(started(folder, place / "real.npy", server.spec, 1), report)
        report.notes.append(f"an unchanged run: {time.monotonic() - start:.0f} s")
        if again["added"] or again["embedded"]:
            report.fault(AGAIN, str(again))
        search(settings, shelf, queries, report)
        shelf.take_one_away()
        control = Report("control", {})
        look(shelf, wanted, model, control)
        if not control.faulty(MISSING):
            report.fault(BLIND, "a passage was deleted")


def main() -> int:
    """Run the campaign."""
    parser = options(__doc__ or "")
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--share", type=float, default=0.4, help="killed then")
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--index", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.index:
        folder, vectors, spec = given.index
        index(Path(folder), vectors, spec, str(given.workers))
        return 0
    report = Report("Parallel", {k: v for k, v in vars(given).items() if k != "index"})
    place = Path(tempfile.mkdtemp())
    try:
        run(report, given, place)
    finally:
        shutil.rmtree(place)
    return finish(report, given.out)


if __name__ == "__main__":
    sys.exit(main())
