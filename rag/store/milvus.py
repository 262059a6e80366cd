"""A shared index in Milvus: a file beside the app, one server, or a cluster; only the URI differs.

A shelf is two collections, ``…_passages`` (vector, terms for the engine's own BM25, the rest to
fetch) and ``…_articles``. Reads ask for strong consistency: what was published is seen by all.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from pymilvus import DataType, Function, FunctionType

from rag.corpus import Article
from rag.embedder import Encoded
from rag.errors import StoreFailed
from rag.passages import Passage
from rag.store.database import (
    ALIVE,
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
from rag.store.milvusclient import (
    NAME,
    NOTHING,
    PAGE,
    STATE,
    Connection,
    Lease,
    joined,
    listed,
    number,
    pieces,
    string,
    strings,
)
from rag.words import terms

NO_WORD = "\u2205"  # stands in for a passage without any word
PASSAGE = ["id", "version", "article", "sentence", "date", "text", "context", "vector", "tokens"]
PASSAGE_WHOLE = [*PASSAGE, "terms", "text_hash", "born", "died"]
ARTICLE_WHOLE = ["key", "nothing", "version", "name", "date", "sha256", "data", "born", "died"]


def open_database(spec: str, token: str | None) -> "Milvus":
    """Make ready for the Milvus a SPEC names."""
    return Milvus(Connection(spec.partition(":")[2], token))


class Milvus:
    """A database in a Milvus file, server or cluster."""

    def __init__(self, connection: Connection) -> None:
        self._milvus = connection
        self.read, self.write, self.erase = connection.read, connection.write, connection.erase
        self.close = connection.forget

    # Writing

    @contextmanager
    def writer(self) -> Iterator[Lease]:
        """Keep other writers out by a lease."""
        lease = Lease(self._milvus)
        lease.take()
        try:
            yield lease
        finally:
            with suppress(StoreFailed):  # then it runs out
                lease.leave()

    def make(self, shelf: str, dimension: int) -> None:
        """Make the two collections of a shelf unless they are there."""
        if not self._milvus.ready(_articles(shelf)):
            self._milvus.create(_articles(shelf), ARTICLE_FIELDS, [("nothing", "FLAT", "L2")])
        if not self._milvus.ready(_passages(shelf)):
            vector = {"field_name": "vector", "datatype": DataType.FLOAT_VECTOR, "dim": dimension}
            bm25 = Function(
                name="bm25",
                function_type=FunctionType.BM25,
                input_field_names=["terms"],
                output_field_names=["sparse"],
            )
            kind = "FLAT" if self._milvus.is_lite() else "AUTOINDEX"
            self._milvus.create(
                _passages(shelf),
                [*PASSAGE_FIELDS, vector],
                [("vector", kind, "IP"), ("sparse", "SPARSE_INVERTED_INDEX", "BM25")],
                bm25,
            )

    def drop_shelves(self, but: str) -> None:
        """Throw away all shelves except one."""
        kept = {STATE, _articles(but), _passages(but)}
        for name in self._milvus.ask("list_collections"):
            if name.startswith(f"{NAME}_") and name not in kept:
                self._milvus.ask("drop_collection", name)

    def put(self, shelf: str, articles: Sequence[Article], rows: Sequence[Row], born: int) -> None:
        """Add rows, then their articles."""
        self._milvus.upsert(_passages(shelf), [_passage_record(row, born) for row in rows])
        self._milvus.upsert(_articles(shelf), [_article_record(a, born) for a in articles])

    def retire(self, shelf: str, versions: Sequence[str], died: int) -> None:
        """Let living articles and their rows die; Milvus changes a record by writing it again."""
        for at in range(0, len(versions), PAGE):
            some = listed(versions[at : at + PAGE])
            where = f"version in {some} and died == {ALIVE} and born < {died}"
            self._redate(shelf, where, died)

    def _redate(self, shelf: str, where: str, died: int) -> None:
        whole = ((_articles(shelf), ARTICLE_WHOLE, "key"), (_passages(shelf), PASSAGE_WHOLE, "id"))
        for name, fields, key in whole:
            batch: list[dict[str, Any]] = []
            for record in self._milvus.query(name, where, fields, key):
                batch.append({**record, "died": died})
                if len(batch) == PAGE:
                    self._milvus.upsert(name, batch)
                    batch = []
            self._milvus.upsert(name, batch)

    def discard(self, shelf: str, versions: Sequence[str], born: int) -> None:
        """Delete articles of one birth, and their rows."""
        for at in range(0, len(versions), PAGE):
            self._delete(shelf, f"version in {listed(versions[at : at + PAGE])} and born == {born}")

    def sweep(self, shelf: str, current: int) -> None:
        """Undo deaths after the current generation; delete what the last two do not see."""
        self._redate(shelf, f"died > {current} and died < {ALIVE}", ALIVE)
        self._delete(shelf, f"died < {current}")

    def _delete(self, shelf: str, where: str) -> None:
        self._milvus.delete(_articles(shelf), where)
        self._milvus.delete(_passages(shelf), where)

    def index_vectors(self, shelf: str, passages: int) -> None:
        """Leave it to Milvus, which builds what `make` asked for by itself."""

    # Reading

    def near(self, view: View, vector: Floats, k: int) -> list[tuple[int, float]]:
        """Search by meaning."""
        return self._search(view, "vector", np.asarray(vector, dtype=np.float32), "IP", k)

    def worded(self, view: View, words: Words, k: int) -> list[tuple[int, float]]:
        """Search by the engine's own BM25, which weighs the terms itself."""
        return self._search(view, "sparse", " ".join(words.terms), "BM25", k)

    def _search(
        self,
        view: View,
        field: str,
        asked: Any,  # noqa: ANN401 - a vector or a text
        metric: str,
        k: int,
    ) -> list[tuple[int, float]]:
        name = _passages(view.shelf)
        if not self._milvus.ready(name):
            return []
        found = self._milvus.ask(
            "search",
            name,
            data=[asked],
            anns_field=field,
            filter=_seen(view, "article"),
            limit=k,
            search_params={"metric_type": metric},
        )
        return [(int(hit["id"]), float(hit["distance"])) for hit in found[0]]

    def fetch(self, shelf: str, ids: Sequence[int]) -> list[Row]:
        """Give rows by id."""
        name = _passages(shelf)
        if not ids or not self._milvus.ready(name):
            return []
        where = f"id in {listed(ids)}"
        return [_row(r) for r in self._milvus.ask("query", name, where, output_fields=PASSAGE)]

    def at(self, view: View, places: Collection[tuple[str, int]]) -> list[Row]:
        """Give the rows at some places."""
        name = _passages(view.shelf)
        if not places or not self._milvus.ready(name):
            return []
        numbers: dict[str, list[int]] = {}
        for article, sentence in places:
            numbers.setdefault(article, []).append(sentence)
        wanted = [
            f"(article in {listed([article])} and sentence in {listed(of)})"
            for article, of in numbers.items()
        ]
        where = f"{_seen(view, 'article')} and ({' or '.join(wanted)})"
        return [_row(r) for r in self._milvus.ask("query", name, where, output_fields=PASSAGE)]

    def recall(self, shelf: str, texts: Sequence[str]) -> dict[str, Encoded]:
        """Give what is known of some passage texts."""
        wanted = set(texts)
        hashes = [text_hash(text) for text in wanted]
        found: dict[str, Encoded] = {}
        for at in range(0, len(hashes), PAGE):
            where = f"text_hash in {listed(hashes[at : at + PAGE])}"
            for record in self._milvus.query(_passages(shelf), where, PASSAGE, "id"):
                if record["text"] in wanted:
                    found[record["text"]] = _row(record).encoded
        return found

    def held(self, shelf: str) -> list[Held]:
        """List all articles of all generations."""
        fields = ["version", "name", "sha256", "born", "died"]
        found = self._milvus.query(_articles(shelf), "born >= 0", fields)
        return [Held(*(record[field] for field in fields)) for record in found]

    def articles(self, view: View) -> Iterator[Article]:
        """Give the articles that a view shows."""
        for record in self._milvus.query(_articles(view.shelf), _seen(view, "name"), ["data"]):
            yield Article(**json.loads(joined(record["data"])))


def _passages(shelf: str) -> str:
    return f"{NAME}_{shelf}_passages"


def _articles(shelf: str) -> str:
    return f"{NAME}_{shelf}_articles"


def _seen(view: View, name: str) -> str:
    """Say a view as Milvus' condition; an article without a date is left out where days count."""
    where = [f"born <= {view.generation} and died > {view.generation}"]
    if view.up_to is not None:
        where.append(f'date != "" and date <= {json.dumps(view.up_to)}')
    if view.articles is not None:
        where.append(f"{name} in {listed(view.articles)}")
    return " and ".join(where)


def _passage_record(row: Row, born: int) -> dict[str, Any]:
    passage = row.passage
    return {
        "id": row.id,
        "version": row.version,
        "article": passage.article,
        "sentence": passage.sentence,
        "date": row.date or "",
        "text": passage.text,
        "context": passage.context,
        "terms": " ".join(terms(passage.text)) or NO_WORD,
        "text_hash": text_hash(passage.text),
        "vector": row.encoded.vector,
        "tokens": pieces(pack(row.encoded.tokens)),
        "born": born,
        "died": ALIVE,
    }


def _row(record: Mapping[str, Any]) -> Row:
    vector = np.asarray(record["vector"], dtype=np.float32)
    return Row(
        record["id"],
        record["version"],
        record["date"] or None,
        Passage(record["article"], record["sentence"], record["text"], record["context"]),
        Encoded(vector, unpack(joined(record["tokens"]), len(vector))),
    )


def _article_record(article: Article, born: int) -> dict[str, Any]:
    told = {
        "name": article.name,
        "text": article.text,
        "title": article.title,
        "date": article.date,
        "origin": article.origin,
        "sha256": article.sha256,
    }
    version = version_of(article)
    return {
        "key": f"{version}:{born}",
        "nothing": [1.0, 0.0],
        "version": version,
        "name": article.name,
        "date": article.date or "",
        "sha256": article.sha256,
        "data": pieces(json.dumps(told).encode()),
        "born": born,
        "died": ALIVE,
    }


ARTICLE_FIELDS = [
    string("key", 64, is_primary=True), NOTHING, string("version", 64), string("name", 16_384),
    string("date", 32), string("sha256", 64), strings("data"), number("born"), number("died"),
]  # fmt: skip
PASSAGE_FIELDS = [
    number("id", is_primary=True), string("version", 64), string("article", 16_384),
    number("sentence"), string("date", 32), string("text", 65_535), string("context", 65_535),
    string("terms", 65_535, enable_analyzer=True, analyzer_params={"tokenizer": "whitespace"}),
    {"field_name": "sparse", "datatype": DataType.SPARSE_FLOAT_VECTOR}, number("text_hash"),
    strings("tokens"), number("born"), number("died"),
]  # fmt: skip
