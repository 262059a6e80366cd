"""How the index in a folder bears growing: 10^3 to 10^6 passages, a curve of each cost.

``python -m eval.bench.size curve`` grows corpora (grow.py), indexes them, and asks real questions;
every step runs in a process of its own, so that memory is told apart. The files are in the page
cache when they are read: what a cold disk adds is the disk's.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import faiss
import numpy as np
import typer

from rag.embedder import open_embedder
from rag.index import Index, Within, open_index
from rag.indexer import index_corpus
from rag.settings import Settings, load_settings
from rag.store.tokens import maxsim

from ..plots import canvas
from .data import FOLDER
from .grow import Floats, Grown, grown, questions_of, sentences_of

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
OUT = Path(__file__).resolve().parents[2] / "docs" / "bench"
SENTENCES = 3000  # real ones, to grow others from
DEPTH = 48  # rows each ranking hands on, as in the product
BEST = 10
PIECE = 65_536
STEPS = ("vector", "meaning", "words", "fetch", "tokens")
HALF_A_YEAR = "2025-06-30"
Made = Annotated[Path, typer.Argument(help="Folder of what `curve` made.")]
Many = Annotated[int, typer.Argument(help="Passages.")]


@app.command()
def curve(
    sizes: Annotated[list[int] | None, typer.Option("--size", help="Passages.")] = None,
    questions: Annotated[int, typer.Option(help="Asked at each size.")] = 200,
    data: Annotated[Path, typer.Option(help="The folder of the outside data.")] = FOLDER,
    out: Annotated[Path, typer.Option(help="Where size.json, .table.md and .png go.")] = OUT,
) -> None:
    """Measure every size and write the curve."""
    rows = []
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        made = Path(place)
        _make(made, data, questions)
        for many in sizes or [10**n for n in (3, 4, 5, 6)]:
            told: dict[str, Any] = {"passages": many}
            for step, *more in (("build", many), ("exact",), ("ask",)):
                typer.echo(f"{many:,} passages: {step}", err=True)
                told |= _in_process(step, made, *more)
            truth, found = (told.pop(name) for name in ("truth", "found"))
            shares = [len({*a} & {*b}) / len(a) for a, b in zip(truth, found, strict=True)]
            rows.append(told | {"recall": statistics.mean(shares)})
            shutil.rmtree(made / "index")
            (out / "size.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    (out / "size.table.md").write_text(table(rows), "utf-8")
    draw(rows, out / "size.png")


def _in_process(step: str, made: Path, *more: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "eval.bench.size", step, str(made), *map(str, more)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _make(made: Path, data: Path, questions: int) -> None:
    """Embed real sentences and keep them with the questions."""
    sentences = sentences_of(data, SENTENCES)
    texts = {"sentences": sentences, "questions": questions_of(data, questions)}
    (made / "texts.json").write_text(json.dumps(texts), "utf-8")
    encoded = list(open_embedder(load_settings()).encode(sentences))
    np.savez(
        made / "real.npz",
        vectors=np.stack([each.vector for each in encoded]),
        tokens=np.concatenate([each.tokens for each in encoded]).astype(np.float16),
        bounds=np.cumsum([len(each.tokens) for each in encoded])[:-1],
    )


def _settings(made: Path) -> Settings:
    return load_settings(index=made / "index", llm="none", store="faiss")


def _questions(made: Path) -> list[str]:
    asked: list[str] = json.loads((made / "texts.json").read_text("utf-8"))["questions"]
    return asked


@app.command(hidden=True)
def build(made: Made, many: Many) -> None:
    """Index a grown corpus; tell seconds, memory at most, bytes on disk, seconds of a rerun."""
    sentences = json.loads((made / "texts.json").read_text("utf-8"))["sentences"]
    corpus = grown(sentences, many)
    real = np.load(made / "real.npz")
    stand_in = Grown(real["vectors"], np.split(real["tokens"], real["bounds"]))
    settings = _settings(made)
    before = _memory()
    start = time.perf_counter()
    index_corpus(corpus, settings, lambda _: stand_in)
    built = time.perf_counter()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    index_corpus(corpus, settings, lambda _: stand_in)
    again = time.perf_counter()
    with closing(open_index(settings)) as index:
        files = {name: told["size"] for name, told in index.manifest["files"].items()}
        kind = index.manifest["vectors"]
    _tell(
        kind=kind,
        files=files,
        disk=sum(files.values()),
        build_seconds=built - start,
        build_memory=most - before,
        unchanged_seconds=again - built,
    )


@app.command(hidden=True)
def exact(made: Made) -> None:
    """Find each question's nearest by comparing all; time that as FAISS does it in memory."""
    questions = _questions(made)
    model = open_embedder(_settings(made))
    asked = np.stack([each.vector for each in model.encode(questions)])
    with closing(open_index(_settings(made))) as index:
        flat = all_vectors(index)
    truth = flat.search(asked, BEST)[1]
    times = [_seconds(flat.search, vector[None], BEST) for vector in asked[:50]]
    _tell(truth=truth.tolist(), flat_ms=1000 * statistics.median(times))


def all_vectors(index: Index) -> faiss.IndexFlatIP:
    """Read a folder index's vectors into memory, to be compared one by one."""
    flat = faiss.IndexFlatIP(index.vectors.get(np.arange(1)).shape[1])
    rows = index.manifest["passages"]  # a grown sentence may be cut in two: more than wanted
    for start in range(0, rows, PIECE):
        flat.add(index.vectors.get(np.arange(start, min(start + PIECE, rows))))
    return flat


@app.command(hidden=True)
def ask(made: Made) -> None:
    """Open the index, ask, and tell milliseconds of each step, memory, and what was found."""
    settings = _settings(made)
    model = open_embedder(settings)
    questions = _questions(made)
    list(model.encode(questions[:1]))
    before = _memory()
    start = time.perf_counter()
    index = open_index(settings)
    loaded = time.perf_counter() - start
    _asked(index, model, questions[0])  # what is read once is not counted
    first = time.perf_counter() - start - loaded
    times, found = zip(*(_asked(index, model, q) for q in questions), strict=True)
    steps = {name: [t[n] for t in times] for n, name in enumerate(STEPS)}
    steps["search"] = [sum(t[1:]) for t in times]  # all but the question's vector
    vectors = [next(iter(model.encode([q]))).vector for q in questions[:50]]
    names = [article.name for article in index.articles[:: max(1, len(index.articles) // 1000)]]
    limits = {
        "half": Within(up_to=HALF_A_YEAR),
        "ten": Within(articles=names[:10]),
        "tenth": Within(articles=names[::10]),
    }
    _tell(
        load_seconds=loaded,
        first_seconds=first,
        memory=_memory(),
        index_memory=_memory() - before,
        found=[near[:BEST] for near in found],
        ms={name: _spread(each) for name, each in steps.items()},
        limited={name: _limited(index, vectors, each) for name, each in limits.items()},
    )
    index.close()


def _asked(index: Index, model: Any, question: str) -> tuple[list[float], list[int]]:  # noqa: ANN401
    clock = [time.perf_counter()]

    def tick() -> None:
        clock.append(time.perf_counter())

    encoded = next(iter(model.encode([question])))
    tick()
    near = index.near(encoded.vector, DEPTH, Within())
    tick()
    worded = index.worded(question, DEPTH, Within())
    tick()
    fetched = index.fetch(list(dict.fromkeys(row for row, _ in [*near, *worded])))
    tick()
    for _, other in fetched.values():
        maxsim(encoded.tokens, other.tokens)
    tick()
    return [1000 * (b - a) for a, b in pairwise(clock)], [row for row, _ in near]


def _limited(index: Index, vectors: Sequence[Floats], within: Within) -> dict[str, float]:
    """Tell milliseconds of a search by meaning within limits, and how many it gives at least."""
    found = [len(index.near(vector, DEPTH, within)) for vector in vectors]
    times = [1000 * _seconds(index.near, vector, DEPTH, within) for vector in vectors]
    return _spread(times) | {"rows": min(found)}


def _seconds(work: Callable[..., object], *given: object) -> float:
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


def _spread(times: Sequence[float]) -> dict[str, float]:
    return {"p50": statistics.median(times), "p95": float(np.quantile(times, 0.95))}


def _memory() -> int:
    """Give this process's resident memory in bytes."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


def _tell(**told: Any) -> None:  # noqa: ANN401 - numbers and lists of them
    typer.echo(json.dumps(told))


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Write the curve as a Markdown table."""
    lines: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("vectors", lambda r: r["kind"]),
        *(
            (f"{name}, ms, p50 / p95", lambda r, n=name: _pair(r["ms"][n]))
            for name in ("search", *STEPS[1:])
        ),
        ("question's vector (the model), ms", lambda r: _pair(r["ms"]["vector"])),
        ("exact search in memory (FAISS), ms, p50", lambda r: f"{r['flat_ms']:.1f}"),
        ("recall@10 of meaning against exact", lambda r: f"{r['recall']:.3f}"),
        *(
            (f"meaning {told}, ms, p50 / p95", lambda r, n=name: _pair(r["limited"][n]))
            for name, told in (
                ("half", "up to a day (half)"),
                ("tenth", "within a tenth of the articles"),
                ("ten", "within ten articles"),
            )
        ),
        ("loading, s", lambda r: f"{r['load_seconds']:.2f}"),
        ("memory of the whole process, MB", lambda r: f"{r['memory'] / 1e6:.0f}"),
        ("of that for the index, MB", lambda r: f"{r['index_memory'] / 1e6:.0f}"),
        ("indexing without the model, s", lambda r: f"{r['build_seconds']:.0f}"),
        ("memory of indexing beside the articles, MB", lambda r: f"{r['build_memory'] / 1e6:.0f}"),
        ("unchanged re-index, s", lambda r: f"{r['unchanged_seconds']:.2f}"),
        ("disk, MB", lambda r: f"{r['disk'] / 1e6:.0f}"),
    ]
    head = " | ".join(f"{r['passages']:,}" for r in rows)
    body = "\n".join(f"| {name} | {' | '.join(map(tell, rows))} |" for name, tell in lines)
    return f"| passages | {head} |\n|{' --- |' * (len(rows) + 1)}\n{body}\n"


def _pair(each: dict[str, float]) -> str:
    return f"{each['p50']:.1f} / {each['p95']:.1f}"


def draw(rows: Sequence[dict[str, Any]], file: Path) -> None:
    """Draw the curve: each cost over the number of passages, both axes by powers of ten."""
    sizes = [r["passages"] for r in rows]
    lines: dict[str, list[float]] = {
        "search, p50 (ms)": [r["ms"]["search"]["p50"] for r in rows],
        "search, p95 (ms)": [r["ms"]["search"]["p95"] for r in rows],
        "exact search in memory, p50 (ms)": [r["flat_ms"] for r in rows],
        "loading (ms)": [1000 * r["load_seconds"] for r in rows],
        "memory of the process (MB)": [r["memory"] / 1e6 for r in rows],
        "disk (MB)": [r["disk"] / 1e6 for r in rows],
        "indexing without the model (s)": [r["build_seconds"] for r in rows],
    }
    with canvas(file) as axes:
        for marker, (name, values) in zip("os^Dvp*", lines.items(), strict=True):
            axes.plot(sizes, values, marker=marker, label=name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("passages")
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)


if __name__ == "__main__":
    app()
