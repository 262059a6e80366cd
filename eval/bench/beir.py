"""A corpus of your own in BEIR's form, with BEIR or TREC qrels: nDCG@10 of the search.

``--data DIR`` holds corpus.jsonl (``_id``, ``title``, ``text``) and queries.jsonl (``_id``,
``text``); the judgements are qrels/test.tsv (BEIR) or qrels.txt (TREC: query 0 document grade).
A document's rank is that of its best sentence.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import ir_measures
from ir_measures import RR, R, nDCG

from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.progress import bar
from rag.settings import Settings

from .data import DataAbsent, read, spread, table

DEPTH = 100
MEASURES = [nDCG @ 10, RR @ 10, R @ DEPTH]


def run(settings: Settings, folder: Path, limit: int) -> str:
    """Give a Markdown table of nDCG@10, RR@10 and recall@100 over judged queries."""
    judged = list(_judgements(folder))
    wanted = {row.query_id for row in judged}
    queries = [row for row in read(folder, "queries.jsonl") if str(row["_id"]) in wanted]
    queries = spread(queries, limit)
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "corpus.jsonl"
        with source.open("w", encoding="utf-8") as file:
            for row in read(folder, "corpus.jsonl"):
                told = {"id": str(row["_id"]), "title": row.get("title") or None}
                file.write(json.dumps({**told, "text": row["text"]}) + "\n")
        local = settings.model_copy(update={"index": Path(temporary) / "index", "llm": "none"})
        with bar("embedding passages") as progress:
            build_index([source], local, open_embedder, progress)
        run_rows = list(_search(local, queries))
    asked = {str(row["_id"]) for row in queries}
    kept = [row for row in judged if row.query_id in asked]
    found = ir_measures.calc_aggregate(MEASURES, kept, run_rows)
    rows = [(str(measure), float(found[measure])) for measure in MEASURES]
    return f"{folder.name}, {len(queries)} queries.\n\n" + table(("measure", "ours"), rows)


def _search(settings: Settings, queries: list[dict[str, str]]) -> Iterator[ir_measures.ScoredDoc]:
    rag = Rag.from_settings(settings)
    with bar("searching") as progress:
        for done, row in enumerate(queries, 1):
            hits = rag.search(row["text"], DEPTH)
            names = dict.fromkeys(hit.article.name.partition("#")[2] for hit in hits)
            for rank, name in enumerate(names):
                yield ir_measures.ScoredDoc(str(row["_id"]), name, -float(rank))
            progress(done, len(queries))
    rag.close()


def _judgements(folder: Path) -> Iterator[ir_measures.Qrel]:
    beir, trec = folder / "qrels" / "test.tsv", folder / "qrels.txt"
    if beir.is_file():
        for line in beir.read_text("utf-8").splitlines()[1:]:
            query, document, grade = line.split("\t")
            yield ir_measures.Qrel(query, document, int(grade))
    elif trec.is_file():
        yield from ir_measures.read_trec_qrels(str(trec))  # type: ignore[no-untyped-call]
    else:
        raise DataAbsent("neither qrels/test.tsv nor qrels.txt is in the data folder; see --data")
