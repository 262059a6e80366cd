"""How fast, each figure beside its peer or its limit, measured in turn in one run.

Absolute times are noise on shared machines; the ratios are what counts. ``python -m
eval.bench.speed`` writes ``speed.json`` and ``speed.png``.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import typer
from langchain_core.prompts import ChatPromptTemplate

from rag import Rag
from rag.answer import Finished, Found, Stated
from rag.embedder import SentenceEmbedder, embedder_folder, open_embedder
from rag.llm import LocalChat, open_llm
from rag.progress import bar
from rag.settings import Settings, load_settings

from ..baselines import CHUNKS, chunks
from ..command import run
from ..gold import load_gold
from ..plainprompt import SYSTEM, USER
from ..plots import canvas
from ..rankers import Cosine

OUT = Path(__file__).resolve().parents[2] / "docs" / "bench"
GOLD = Path(__file__).resolve().parents[1] / "gold.jsonl"
COLD = """
import time; start = time.time()
from rag import Rag
from rag.answer import Finished, Stated
rag = Rag.open(llm={llm!r}, index={index!r})
for event in rag.stream({question!r}):
    if isinstance(event, Stated | Finished):
        print(time.time()); break
"""
GENERATED = 64

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
Marks = dict[str, float]


class Stock:
    """The stock LangChain recipe: four chunks of a thousand characters, a free-text prompt."""

    def __init__(self, rag: Rag, settings: Settings) -> None:
        llm = open_llm(settings)
        assert isinstance(llm, LocalChat)
        self.llm = llm
        self.llm.load()
        self._chunks = [chunk for article in rag.articles for chunk in chunks(article)]
        self._cosine = Cosine([chunk.quote for chunk in self._chunks], open_embedder(settings))
        prompt = ChatPromptTemplate.from_messages([("system", SYSTEM), ("human", USER)])
        self._chain = prompt | self.llm

    def ask(self, question: str) -> Marks:
        """Give milliseconds to the first token and to the end."""
        clock = stopwatch()
        best = [self._chunks[at].quote for at, _ in self._cosine.rank(question)[:CHUNKS]]
        context = "\n\n".join(f"[{n}] {quote}" for n, quote in enumerate(best, 1))
        marks: Marks = {}
        for chunk in self._chain.stream({"context": context, "question": question}):
            if chunk.text:
                marks.setdefault("first_token", clock())
        return {"first_token": clock(), **marks, "total": clock()}


def stopwatch() -> Callable[[], float]:
    """Start a clock that gives milliseconds."""
    start = time.perf_counter()
    return lambda: (time.perf_counter() - start) * 1000


def ask(rag: Rag, question: str) -> Marks:
    """Ask the product; give milliseconds to first quotes, first statement and verified answer."""
    clock = stopwatch()
    marks: Marks = {}
    names = {Found: "quotes", Stated: "first_token", Finished: "total"}
    for event in rag.stream(question):
        marks.setdefault(names[type(event)], clock())
    return {"first_token": marks["total"], **marks}


def in_turn(
    askers: dict[str, Callable[[str], Marks]], questions: Sequence[str]
) -> dict[str, list[Marks]]:
    """Put every question to every system, in changing order; the first question warms up."""
    told: dict[str, list[Marks]] = {name: [] for name in askers}
    with bar("asking in turn") as progress:
        for turn, question in enumerate(questions):
            names = list(askers) if turn % 2 else list(reversed(askers))
            for name in names:
                told[name].append(askers[name](question))
            progress(turn + 1, len(questions))
    return {name: marks[1:] for name, marks in told.items()}


def summary(marks: Sequence[Marks]) -> dict[str, dict[str, float]]:
    """Give p50 and p95 of each mark, in milliseconds."""
    names = sorted({name for each in marks for name in each})
    return {
        name: {
            f"p{p}": round(float(np.percentile([m[name] for m in marks if name in m], p)), 1)
            for p in (50, 95)
        }
        for name in names
    }


def indexing(settings: Settings, sentences: Sequence[str], rounds: int = 5) -> dict[str, float]:
    """Compare embedding as indexing does it with bare ``SentenceTransformer.encode``."""
    bare: Any = SentenceEmbedder(embedder_folder(settings), "bare", settings.threads)._model
    ours = open_embedder(settings)
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    ways: dict[str, Callable[[], Any]] = {
        "ours": lambda: sum(1 for _ in ours.encode(sentences)),
        "bare": lambda: bare.encode(list(sentences), show_progress_bar=False),
    }
    for turn in range(rounds + 1):
        for name in ways if turn % 2 else reversed(ways):
            clock = stopwatch()
            ways[name]()
            seconds[name].append(clock() / 1000)
    rates = {name: len(sentences) / median(each[1:]) for name, each in seconds.items()}
    return {**{f"{k}_per_second": round(v, 1) for k, v in rates.items()},
            "ratio": round(rates["ours"] / rates["bare"], 2)}  # fmt: skip


def bandwidth(threads: int, rounds: int = 5) -> float:
    """Measure bytes a second that all threads together read from memory."""
    parts = [np.ones(64 << 20, np.float32) for _ in range(threads)]  # 256 MB each
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(rounds):
            clock = stopwatch()
            list(pool.map(np.max, parts))
            best = max(best, sum(part.nbytes for part in parts) / clock() * 1000)
    return best


def generating(llm: LocalChat, settings: Settings) -> dict[str, float]:
    """Compare the speed of writing with the limit: all weights are read for each token."""
    asking = llm.bind(max_tokens=GENERATED)
    speeds = []
    for _ in range(3):
        reply = asking.invoke("Count from one to a hundred, in words.")
        speeds.append(float(reply.response_metadata["timings"]["predicted_per_second"]))
    read = bandwidth(settings.threads)
    limit = read / llm.path.stat().st_size
    return {
        "tokens_per_second": round(max(speeds), 1),
        "bandwidth_gb_per_second": round(read / 1e9, 1),
        "limit_tokens_per_second": round(limit, 1),
        "share_of_limit": round(max(speeds) / limit, 2),
    }


def cold(question: str, index: Path, llm: str, rounds: int = 3) -> float:
    """Give the median seconds of a new process from its start to its first statement."""
    code = COLD.format(llm=llm, index=str(index), question=question)
    seconds = []
    for _ in range(rounds):
        start = time.time()
        done = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        seconds.append(float(done.stdout.split()[-1]) - start)
    return round(median(seconds), 2)


def people(rag: Rag, questions: Sequence[str], crowds: Sequence[int]) -> dict[str, float]:
    """Give answers a second for crowds of several sizes, asking the same questions."""
    rates = {}
    for crowd in crowds:
        waiting = list(questions)
        lock = threading.Lock()

        def reader(waiting: list[str] = waiting, lock: Any = lock) -> None:  # noqa: ANN401
            while True:
                with lock:
                    if not waiting:
                        return
                    question = waiting.pop()
                rag.ask(question)

        clock = stopwatch()
        threads = [threading.Thread(target=reader) for _ in range(crowd)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rates[str(crowd)] = round(len(questions) / clock() * 1000, 2)
    return rates


def every(items: Sequence[str], many: int) -> Iterator[str]:
    """Take so many, evenly spread."""
    step = max(1, len(items) // many)
    yield from items[::step][:many]


@app.command()
def speed(
    questions: Annotated[int, typer.Option(min=3, help="So many gold questions.")] = 25,
    out: Annotated[Path, typer.Option(help="Where speed.json and speed.png go.")] = OUT,
) -> None:
    """Measure how fast the product is, beside the stock recipe and the machine's limits."""
    settings = load_settings(llm="local")
    quotes = Rag.open(llm="none")
    gold = [item.question for item in load_gold(GOLD, quotes.articles) if not item.history]
    asked = list(every(gold, questions))
    figures: dict[str, Any] = {
        "cold_seconds": {llm: cold(asked[0], settings.index, llm) for llm in ("none", settings.llm)}
    }
    rag = Rag.open(llm="local")
    stock = Stock(rag, settings)
    assert isinstance(rag.llm, LocalChat)
    rag.llm.load()
    systems = {
        "product": lambda q: ask(rag, q),
        "quotes only": lambda q: ask(quotes, q),
        "stock": stock.ask,
    }
    told = in_turn(systems, asked)
    figures["asking_ms"] = {name: summary(marks) for name, marks in told.items()}
    figures["times_faster_than_stock"] = {
        part: round(
            figures["asking_ms"]["stock"][part]["p50"]
            / figures["asking_ms"]["product"][part]["p50"],
            2,
        )
        for part in ("first_token", "total")
    }
    figures["generating"] = generating(stock.llm, settings)
    sentences = [s.text for article in rag.articles for s in article.sentences]
    figures["indexing"] = indexing(settings, sentences)
    figures["answers_per_second_quotes_only"] = people(quotes, asked * 4, (1, 4, 16))
    figures["answers_per_second"] = people(rag, asked[:16], (1, 4, 16))
    figures["questions"] = {
        name: [{part: round(ms) for part, ms in each.items()} for each in marks]
        for name, marks in told.items()
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "speed.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    draw(told, out / "speed.png")
    typer.echo(json.dumps(figures, indent=1))


def draw(told: dict[str, list[Marks]], path: Path) -> None:
    """Draw how many of the answers were there after how long."""
    # the product's first words are its first checked statement: most often the whole answer
    parts = {"product": ("quotes", "total"), "stock": ("first_token", "total")}
    words = {"quotes": "first quotes", "first_token": "first words", "total": "whole answer"}
    lines = {"quotes": ":", "first_token": "--", "total": "-"}
    colours = {"product": "#0072B2", "stock": "#E69F00"}
    with canvas(path) as axes:
        for name, wanted in parts.items():
            for part in wanted:
                seconds = sorted(m[part] / 1000 for m in told[name] if part in m)
                share = [n / len(seconds) for n in range(1, len(seconds) + 1)]
                label = f"{'Quotable' if name == 'product' else 'stock recipe'}: {words[part]}"
                axes.step(
                    seconds, share, lines[part], where="post", color=colours[name], label=label
                )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("seconds after the question (same model, same run, in turn)")
        axes.set_ylabel("share of the questions")
        axes.legend(frameon=False)


if __name__ == "__main__":
    run(app, "eval.bench.speed")
