"""The same articles and questions on several stores: what they find, and how fast.

``python -m eval.bench.stores same SPEC...`` compares every gold question's candidates with those of
the folder index; an answer without a language model is made of nothing else. With ``--answers N``
it also asks every N-th question in full. ``python -m eval.bench.stores scale SPEC...`` measures
them on a grown corpus (grow.py).
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from rag.embedder import Embedder, open_embedder
from rag.index import Within, open_index
from rag.indexer import build_index, index_corpus
from rag.pipeline import Rag
from rag.queryencoder import open_query_encoder
from rag.reranker import open_reranker
from rag.retriever import Hit, Retriever
from rag.settings import Settings, load_settings, resource
from rag.sharedindex import open_any
from rag.sharedindexer import index_shared
from rag.store import is_database

from ..gold import load_gold
from ..run import OWN_GOLD
from .data import FOLDER
from .grow import Floats, Grown, grown, questions_of, sentences_of, vectors_of
from .size import all_vectors

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
Specs = Annotated[list[str], typer.Argument(metavar="SPEC...", help="milvus:… or postgresql://…")]
DEPTH = 48
SENTENCES = 1500  # real ones, to grow others from


@app.command()
def same(
    specs: Specs,
    source: Annotated[Path | None, typer.Option(help="Articles; default: seeds/.")] = None,
    gold: Annotated[Path, typer.Option(help="Questions in the gold file's form.")] = OWN_GOLD,
    answers: Annotated[int, typer.Option(help="Ask every N-th question in full; 0: none.")] = 0,
) -> None:
    """Compare what stores find with what the folder index finds, question by question."""
    with tempfile.TemporaryDirectory() as folder:
        base = load_settings(index=Path(folder), llm="none", store="faiss")
        model = open_embedder(base)
        every = {"faiss": base, **{s: base.model_copy(update={"store": s}) for s in specs}}
        rags = {
            name: _opened(each, source or resource("seeds"), model) for name, each in every.items()
        }
        questions = [item.question for item in load_gold(gold, rags["faiss"].articles)]
        for spec in specs:
            _compare(spec, rags["faiss"], rags[spec], questions, answers)
        for rag in rags.values():
            rag.close()


def _opened(settings: Settings, source: Path, model: Embedder) -> Rag:
    build_index([source], settings, lambda _: model)
    index = open_any(settings)
    reranker = open_reranker(settings)
    search = Retriever(index, model, reranker, settings, open_query_encoder(settings))
    return Rag(settings, index, search, None)


def _compare(spec: str, ours: Rag, theirs: Rag, questions: Sequence[str], answers: int) -> None:
    differ = [q for q in questions if list(_differences(ours, theirs, q))]
    typer.echo(
        f"{spec}: {len(questions) - len(differ)} of {len(questions)} questions find the same"
    )
    for question in differ:
        for line in _differences(ours, theirs, question):
            typer.echo(f"  {question}: {line}")
    asked = questions[::answers] if answers else []
    told = [q for q in asked if ours.ask(q).text != theirs.ask(q).text]
    if asked:
        typer.echo(f"{spec}: {len(asked) - len(told)} of {len(asked)} answers are the same")
    for question in told:
        typer.echo(f"  {question}: another answer")


def _differences(ours: Rag, theirs: Rag, question: str) -> Iterator[str]:
    """Tell where two candidate lists part: which sentence stands at which rank in only one."""
    one, other = _candidates(ours, question), _candidates(theirs, question)
    for rank, (a, b) in enumerate(zip(one, other, strict=False), 1):
        if a.sentence != b.sentence:
            told = [f"{hit.score:.6f} {hit.sentence.text[:40]!r}" for hit in (a, b)]
            yield f"rank {rank}: {' against '.join(told)}"
            return
    if len(one) != len(other):
        yield f"{len(one)} and {len(other)} candidates"


def _candidates(rag: Rag, question: str) -> list[Hit]:
    search: Retriever = rag.retriever.search
    return search.search(question, DEPTH, rerank=False)


@app.command()
def scale(
    specs: Specs,
    passages: Annotated[int, typer.Option(help="Size of the grown corpus.")] = 100_000,
    questions: Annotated[int, typer.Option(help="Questions asked of each store.")] = 100,
    data: Annotated[Path, typer.Option(help="The folder of the outside data.")] = FOLDER,
) -> None:
    """Measure indexing, searching and recall at size, one store after the other."""
    with tempfile.TemporaryDirectory() as folder:
        base = load_settings(index=Path(folder), llm="none", store="faiss")
        model = open_embedder(base)
        sentences = sentences_of(data, SENTENCES)
        corpus = grown(sentences, passages)
        asked = questions_of(data, questions)
        vectors = vectors_of(model, asked)
        stand_in = Grown(vectors_of(model, sentences))
        best: list[Found] = []
        for spec in ("faiss", *specs):
            settings = base.model_copy(update={"store": spec})
            start = time.perf_counter()
            if is_database(spec):
                index_shared(corpus, settings, lambda _: stand_in)
            else:
                index_corpus(corpus, settings, lambda _: stand_in)
            built = time.perf_counter() - start
            found = _timed(settings, asked, vectors)
            best = best or _best(settings, found, vectors)
            typer.echo(_row(spec.partition("@")[0].partition("//")[0], built, found, best))


@dataclass(frozen=True)
class Found:
    """What one question brought, and the milliseconds of each step."""

    near: frozenset[tuple[str, int]]
    worded: frozenset[tuple[str, int]]
    times: tuple[float, float, float]


def _timed(settings: Settings, asked: Sequence[str], vectors: Floats) -> list[Found]:
    index = open_any(settings)
    index.near(vectors[0], DEPTH, Within())  # what is read once is not counted
    index.worded(asked[0], DEPTH, Within())
    found = []
    for question, vector in zip(asked, vectors, strict=True):
        clock = [time.perf_counter()]
        near = index.near(vector, DEPTH, Within())
        clock.append(time.perf_counter())
        worded = index.worded(question, DEPTH, Within())
        clock.append(time.perf_counter())
        rows = index.fetch(list(dict.fromkeys(row for row, _ in [*near, *worded])))
        clock.append(time.perf_counter())
        places = [frozenset(rows[row][0].place for row, _ in best) for best in (near, worded)]
        steps = [1000 * (b - a) for a, b in pairwise(clock)]
        found.append(Found(places[0], places[1], (steps[0], steps[1], steps[2])))
    index.close()
    return found


def _best(settings: Settings, found: Sequence[Found], vectors: Floats) -> list[Found]:
    """Give what the folder found, its nearest by meaning replaced with those of all vectors."""
    with closing(open_index(settings)) as index:
        nearest = all_vectors(index).search(vectors, DEPTH)[1].tolist()
        places = [frozenset(hit.place for hit, _ in index.fetch(rows).values()) for rows in nearest]
    return [replace(f, near=near) for f, near in zip(found, places, strict=True)]


def _row(name: str, built: float, found: Sequence[Found], best: Sequence[Found]) -> str:
    """Tell one store's line of the table: recall of meaning is against all vectors."""
    pairs = list(zip(found, best, strict=True))
    recalls = [
        statistics.mean(len(a & b) / len(b) if b else 1.0 for a, b in sets)
        for sets in ([(f.near, b.near) for f, b in pairs], [(f.worded, b.worded) for f, b in pairs])
    ]
    steps = [sorted(f.times[n] for f in found) for n in range(3)]
    whole = sorted(sum(f.times) for f in found)
    middle = [f"{statistics.median(step):.1f}" for step in (*steps, whole)]
    late = f"{whole[int(0.95 * (len(whole) - 1))]:.1f}"
    cells = [name, f"{built:.0f}", *middle, late, *(f"{r:.3f}" for r in recalls)]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    app()
