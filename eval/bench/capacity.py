"""A capacity plan: what so many passages and questions take, from costs measured here.

``python -m eval.bench.capacity --passages 1e9 --questions 1e4`` measures on the index and the
machine at hand (processor seconds, so that a busy machine does not matter), then does sums that
anybody can follow. What cannot be measured here stands in ``Assumed``, each with its reason.
"""

import math
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from rag.index import Index
from rag.passages import passages_of
from rag.pipeline import Rag
from rag.settings import load_settings

from ..gold import load_gold
from ..run import OWN_GOLD

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
DAY = 86_400


@dataclass(frozen=True)
class Measured:
    """Costs of one passage and of one question, on this machine and these articles."""

    text_bytes: float  # text, context, names and the words' index
    vector_bytes: float
    token_bytes: float
    embed_seconds: float  # processor seconds to embed a passage
    retrieve_seconds: float  # to embed a question, search, and order by late interaction
    rerank_seconds: float  # for the cross-encoder to read all candidates
    rest_seconds: float  # gate, support, conflicts, assembly


@dataclass(frozen=True)
class Assumed:
    """What is not measured here."""

    graph: float = 1.3  # HNSW's links beside the vectors (M = 16: 32 links of 4 bytes, and levels)
    int8: float = 0.25  # scalar quantisation of the vectors that are kept in memory
    copies: int = 2  # of everything, so that a machine may go
    busy: float = 0.6  # how busy machines may be on average
    node_memory: float = 256e9  # bytes of a search machine, of which three quarters are used
    node_cores: int = 32
    node_disk: float = 7.5e12
    node_month: float = 1_500.0  # US dollars, large cloud, reserved for a year
    searches_a_node: float = 250.0  # a second over 10^8 vectors by HNSW, from engines' benchmarks
    answers_a_gpu: float = 8.0  # of 120 tokens a second, 4B model, one 24 GB card, batched
    gpu_month: float = 600.0


@dataclass(frozen=True)
class Plan:
    """What a load takes; machines are counted with copies and spare room."""

    lines: tuple[tuple[str, str], ...]


def measure(rag: Rag, questions: list[str]) -> Measured:
    """Measure on an open folder index; ``questions`` are asked without a language model."""
    index, search = rag.index, rag.retriever.search
    assert isinstance(index, Index), "measure on a folder's index"
    passages = [p for article in rag.articles for p in passages_of(article)]
    sizes = {name: told["size"] for name, told in index.manifest["files"].items()}
    tokens = sizes["tokens.npy"] + sizes["token-bounds.npy"]
    embed = _seconds(lambda: list(search.embedder.encode([p.text for p in passages])))
    parts = [
        (
            _seconds(lambda q=q: search.search(q, 8, rerank=False)),
            _seconds(lambda q=q: search.search(q, 8)),
            _seconds(lambda q=q: rag.ask(q)),
        )
        for q in questions
    ]
    retrieve, searched, whole = (statistics.mean(each) for each in zip(*parts, strict=True))
    return Measured(
        text_bytes=(sum(sizes.values()) - tokens - sizes["vectors.faiss"]) / len(passages),
        vector_bytes=sizes["vectors.faiss"] / len(passages),
        token_bytes=tokens / len(passages),
        embed_seconds=embed / len(passages),
        retrieve_seconds=retrieve,
        rerank_seconds=searched - retrieve,
        rest_seconds=max(0.0, whole - searched),
    )


def _seconds(work) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    start = time.process_time()
    work()
    return time.process_time() - start


def plan(passages: float, a_minute: float, cost: Measured, given: Assumed) -> Plan:
    """Do the sums: memory and disk from passages, cores and cards from questions."""
    memory = passages * cost.vector_bytes * given.int8 * given.graph * given.copies
    disk = passages * given.copies * (cost.text_bytes + cost.vector_bytes + cost.token_bytes)
    lean = passages * given.copies * (cost.text_bytes + cost.vector_bytes)
    a_second = a_minute / 60
    shards = math.ceil(passages / 1e8)
    nodes = max(
        math.ceil(memory / (0.75 * given.node_memory)),
        math.ceil(disk / given.node_disk),
        shards * max(given.copies, math.ceil(a_second / (given.searches_a_node * given.busy))),
    )
    core_seconds = cost.retrieve_seconds + cost.rerank_seconds + cost.rest_seconds
    web = math.ceil(a_second * core_seconds / (given.busy * given.node_cores))
    cards = math.ceil(a_second / (given.answers_a_gpu * given.busy))
    days = passages * cost.embed_seconds / given.node_cores / DAY
    money = (nodes + web) * given.node_month
    return Plan((
        ("memory for vectors (int8, HNSW, copies)", _bytes(memory)),
        ("disk with token vectors (float16)", _bytes(disk)),
        ("disk if token vectors are made anew for each question's candidates", _bytes(lean)),
        ("shards of 10^8 passages", str(shards)),
        ("search machines", str(nodes)),
        ("processor seconds a question, quotes only", f"{core_seconds:.2f}"),
        ("app machines", str(web)),
        ("cards for a 4B language model, if it is to write", str(cards)),
        (f"machine-days of {given.node_cores} cores to embed everything once", f"{days:,.0f}"),
        ("US dollars a month, quotes only", f"{money:,.0f}"),
        ("US dollars a month, with the language model", f"{money + cards * given.gpu_month:,.0f}"),
    ))  # fmt: skip


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000:
            return f"{number:,.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} PB"


@app.command()
def main(
    passages: Annotated[list[float], typer.Option(help="How many; may be given again.")],
    questions: Annotated[float, typer.Option(help="A minute.")] = 10_000,
    sample: Annotated[int, typer.Option(help="Questions asked to measure.")] = 12,
) -> None:
    """Measure, then print what is measured, what is assumed, and the plan."""
    settings = load_settings(llm="none", store="faiss", threads=1)
    rag = Rag.from_settings(settings)
    gold = [item.question for item in load_gold(OWN_GOLD, rag.articles)]
    rag.ask(gold[0])  # what is read once is not counted
    cost = measure(rag, gold[1 :: max(1, len(gold) // sample)][:sample])
    for line in _told(cost):
        typer.echo(line)
    for line in _told(Assumed()):
        typer.echo(line)
    for many in passages:
        typer.echo(f"\n{many:,.0f} passages, {questions:,.0f} questions a minute")
        for name, value in plan(many, questions, cost, Assumed()).lines:
            typer.echo(f"| {name} | {value} |")


def _told(record: Measured | Assumed) -> Iterator[str]:
    yield f"\n{type(record).__name__}"
    for name in record.__dataclass_fields__:
        yield f"| {name} | {getattr(record, name):,.4g} |"


if __name__ == "__main__":
    app()
