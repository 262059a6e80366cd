"""A corpus of your own in BEIR's form, with BEIR or TREC qrels: nDCG@10 of the search.

``--data DIR`` holds corpus.jsonl (``_id``, ``title``, ``text``) and queries.jsonl (``_id``,
``text``); the judgements are qrels/test.tsv (BEIR) or qrels.txt (TREC: query 0 document grade).
A document's rank is that of its best sentence.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ir_measures
from ir_measures import RR, R, nDCG

from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.progress import bar
from rag.settings import Settings

from ..stats import Figure, mean_figure
from .asking import Task
from .data import DataAbsent, DataBroken, read, spread
from .report import Measure, Report

DEPTH = 100
MEASURES = [nDCG @ 10, RR @ 10, R @ DEPTH]


def run(task: Task) -> Report:
    """Rate the search over judged queries; a query of which nothing is found scores 0."""
    judged = list(judgements(task.data))
    wanted = {row.query_id for row in judged}
    every = [row for row in _texts(task.data, "queries.jsonl") if str(row["_id"]) in wanted]
    if not every:
        raise DataBroken("no query of queries.jsonl is judged; do the ids agree with the qrels?")
    queries = spread(every, task.limit)
    with tempfile.TemporaryDirectory() as temporary:
        local = _index(task, Path(temporary))
        found = list(_search(local, queries))
    asked = {str(row["_id"]) for row in queries}
    kept = [row for row in judged if row.query_id in asked]
    values: dict[str, dict[str, float]] = {name: {} for name in sorted(asked)}
    for metric in ir_measures.iter_calc(MEASURES, kept, found):
        values[metric.query_id][str(metric.measure)] = float(metric.value)
    title = f"{task.data.resolve().name}, documents: {len(queries)} of {len(every)} judged queries"
    return Report("beir", title, list(_lines(values)), (), _rows(values))


def _lines(values: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[Measure, Figure]]:
    for measure in map(str, MEASURES):
        figure = mean_figure([each.get(measure, 0.0) for each in values.values()])
        yield Measure("search", measure, lambda _: Figure(None)), figure


def _rows(values: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    return [{"id": name, "marks": dict(marks)} for name, marks in values.items()]


def _index(task: Task, folder: Path) -> Settings:
    source = folder / "corpus.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for row in _texts(task.data, "corpus.jsonl"):
            if row["text"].strip():
                told = {"id": str(row["_id"]), "title": row.get("title") or None}
                file.write(json.dumps({**told, "text": row["text"]}) + "\n")
    local = task.settings.model_copy(update={"index": folder / "index", "llm": "none"})
    with bar("embedding passages") as progress:
        build_index([source], local, open_embedder, progress)
    return local


def _search(settings: Settings, queries: list[dict[str, Any]]) -> Iterator[ir_measures.ScoredDoc]:
    rag = Rag.from_settings(settings)
    try:
        with bar("searching") as progress:
            for done, row in enumerate(queries, 1):
                hits = rag.search(row["text"], DEPTH)
                names = dict.fromkeys(hit.article.name.partition("#")[2] for hit in hits)
                for rank, name in enumerate(names):
                    yield ir_measures.ScoredDoc(str(row["_id"]), name, -float(rank))
                progress(done, len(queries))
    finally:
        rag.close()


def _texts(folder: Path, name: str) -> list[dict[str, Any]]:
    """Read rows of ``_id`` and ``text``; raises DataBroken that names the first without them."""
    rows = read(folder, name)
    for number, row in enumerate(rows, 1):
        if "_id" not in row or not isinstance(row.get("text"), str):
            raise DataBroken(f'{name} row {number} needs "_id" and a string "text"')
    return rows


def judgements(folder: Path) -> Iterator[ir_measures.Qrel]:
    """Read qrels in BEIR's form, else in TREC's; raises DataAbsent or DataBroken."""
    beir, trec = folder / "qrels" / "test.tsv", folder / "qrels.txt"
    file = next((path for path in (beir, trec) if path.is_file()), None)
    if file is None:
        raise DataAbsent("neither qrels/test.tsv nor qrels.txt is in the data folder; see --data")
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        parts = line.split("\t") if file == beir else line.split()
        if not line.strip() or (file == beir and number == 1 and not parts[-1].isdigit()):
            continue  # BEIR's files open with the names of their columns
        try:
            query, document, grade = parts if file == beir else (parts[0], *parts[2:])
            yield ir_measures.Qrel(query, document, int(grade))
        except (ValueError, IndexError) as problem:
            raise DataBroken(
                f"{file.name} line {number} is no judgement: {line[:80]!r}"
            ) from problem
