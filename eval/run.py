"""The command ``rag eval``: options in, a report out, exit 1 when the gate is missed."""

from pathlib import Path
from typing import Annotated

import typer

from rag.embedder import open_embedder
from rag.errors import UsageError
from rag.llm import NO_MODEL, open_llm
from rag.settings import Settings, is_checkout, load_settings
from rag.sharedindex import open_any

from . import gate as gates
from . import history, report
from .baselines import NAMES as BASELINES
from .feedback import convert
from .gold import Gold, load_gold, read_gold, weak_alternatives
from .report import Run, figures_table
from .scoring import Corpus
from .suite import Task, evaluate, first, third
from .template import TEMPLATE

HERE = Path(__file__).parent
OWN_GOLD = HERE / "gold.jsonl"
OWN_GATE = HERE / "gate.toml"
OWN_LAST = HERE / "last.json"

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

GoldOption = Annotated[
    Path, typer.Option("--gold", help="Gold questions, one a line.", show_default="ours")
]
GateOption = Annotated[
    Path | None, typer.Option("--gate", help="Thresholds; default: ours, for our questions only.")
]
LlmOption = Annotated[
    str | None, typer.Option("--llm", help="local, none, file:PATH.gguf, or provider:model.")
]
CompareOption = Annotated[
    str | None,
    typer.Option(
        "--compare",
        help="Several systems in one run, by commas: SPECs as for --llm, and the baselines bm25, "
        "stock and whole, which use the model of --llm.",
    ),
]
OutOption = Annotated[Path | None, typer.Option("--out", help="The report's folder.")]
SourceOption = Annotated[
    Path | None, typer.Option("--source", help="A corpus of your own: a file or folder.")
]
IndexOption = Annotated[Path | None, typer.Option("--index", help="The index folder.")]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="Only so many questions; no gate.")
]
ThirdOption = Annotated[bool, typer.Option("--third", help="A fixed third of the questions.")]
ReuseOption = Annotated[
    bool | None,
    typer.Option(
        "--resume/--fresh",
        help="Keep rows of the last run, or none; default: only of one that was interrupted.",
    ),
]
RetrievalOption = Annotated[
    bool, typer.Option("--retrieval", help="Only compare the search with plain ones.")
]
CheckOption = Annotated[bool, typer.Option("--check", help="Only check the gold file.")]
KeepOption = Annotated[
    bool, typer.Option("--keep", help="Make this the report that later runs are compared with.")
]


def main(args: list[str]) -> None:
    """Run the command with its arguments; raises RagError, UsageError or typer.Exit."""
    code = app(args=args, prog_name="rag eval", standalone_mode=False)
    if code:
        raise typer.Exit(code)


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    gold: GoldOption = OWN_GOLD,
    gate: GateOption = None,
    llm: LlmOption = None,
    compare: CompareOption = None,
    out: OutOption = None,
    source: SourceOption = None,
    index: IndexOption = None,
    limit: LimitOption = None,
    only_third: ThirdOption = False,
    reuse: ReuseOption = None,
    retrieval: RetrievalOption = False,
    check: CheckOption = False,
    keep: KeepOption = False,
) -> None:
    """Check answers against gold questions; write JSON, one Markdown page, pictures and JUnit."""
    if context.invoked_subcommand:
        return
    if keep and limit:
        raise UsageError("--keep wants all questions, or the third; leave out --limit")
    folder = out or (HERE / "out" if is_checkout() else Path("rag-eval"))
    settings = load_settings(llm=llm, index=folder / "index" if source else index)
    if source:
        from .opening import index_source

        index_source(source, settings)
    with_index = open_any(settings)
    corpus = Corpus(tuple(with_index.articles))
    with_index.close()
    if check:
        _check_gold(gold, corpus)
        return
    items = _choose(load_gold(gold, corpus.articles), limit, only_third=only_third)
    if retrieval:
        typer.echo(_search(settings, items, corpus))
        return
    systems = _names(compare) or [settings.llm]
    _possible(systems, settings)
    judged = gate or (OWN_GATE if gold == OWN_GOLD and not limit else None)
    marks, wrong = _speakers(gold, corpus)
    kept = _last_report(gold, folder)
    task = Task(
        items=items,
        corpus=corpus,
        systems=systems,
        folder=folder,
        thresholds=gates.load_gate(judged) if judged else {},
        part="/third" if only_third else "",
        reuse=reuse,
        last=history.load(kept),
        embedder=open_embedder(settings),
        marks=marks,
        misattributed=wrong,
    )
    _finish(task, settings, kept if keep else None)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("gold.jsonl"),
) -> None:
    """Write a template gold file with guidance, for questions about your own articles."""
    if file.exists():
        raise UsageError(f"{file} is there already; name another file")
    file.write_text(TEMPLATE, "utf-8")
    typer.echo(f"wrote {file}; then: rag eval --gold {file} --source YOUR/ARTICLES")


@app.command()
def feedback(
    file: Annotated[Path, typer.Argument(help="Feedback or saved answers, JSON lines.")],
    out: Annotated[Path, typer.Option("--out", help="The gold file to write.")] = Path(
        "feedback-gold.jsonl"
    ),
) -> None:
    """Turn readers' feedback and saved answers into gold questions."""
    done, todo = convert(file, out)
    typer.echo(f"wrote {out}: {done} questions ready, {todo} with a todo for a person")


def _choose(items: list[Gold], limit: int | None, *, only_third: bool) -> list[Gold]:
    items = third(items) if only_third else items
    items = first(items, limit) if limit else items
    if not items:
        raise UsageError("no question is left; leave out --third or --limit")
    return items


def _names(compare: str | None) -> list[str]:
    parts = (part.strip() for part in (compare or "").split(","))
    return list(dict.fromkeys(part for part in parts if part))


def _possible(systems: list[str], settings: Settings) -> None:
    """Refuse before hours of work what would fail after them; raises UsageError or ModelError."""
    needy = [name for name in systems if name in ("stock", "whole")]
    if needy and settings.llm == NO_MODEL:
        raise UsageError(f"{needy[0]} needs a language model; give --llm other than none")
    for name in systems:
        if name not in BASELINES and name != NO_MODEL:
            open_llm(settings.model_copy(update={"llm": name}))  # loads no weights yet


def _search(settings: Settings, items: list[Gold], corpus: Corpus) -> str:
    from rag.pipeline import Rag
    from rag.progress import bar

    from .retrieval import as_data, compare, from_rag, table

    rag = Rag.from_settings(settings.model_copy(update={"llm": "none"}))
    try:
        with bar("searching") as progress:
            ranked = compare(corpus, items, open_embedder(settings), from_rag(rag), progress)
    finally:
        rag.close()
    return table(as_data(ranked))


def _speakers(gold: Path, corpus: Corpus) -> tuple[list[float], list[str]]:
    """Who speaks, where a file beside the gold questions says who should."""
    from rag.attribution import speaker_of

    from .attribution import accuracy, load_speakers

    speakers = gold.with_name("speakers.jsonl")
    if not speakers.is_file():
        return [], []
    return accuracy(load_speakers(speakers, corpus.texts), corpus.articles, speaker_of)


def _check_gold(gold: Path, corpus: Corpus) -> None:
    items, problems = read_gold(gold, corpus.articles)
    for number, what in problems:
        typer.echo(f"{gold.name} line {number}: {what}", err=True)
    for weak in weak_alternatives(items):
        typer.echo(f"not enough by itself: {weak}", err=True)
    typer.echo(f"{len(items)} questions hold, {len(problems)} problems")
    if problems:
        raise typer.Exit(1)


def _last_report(gold: Path, folder: Path) -> Path:
    """Where the report lies that a run is compared with: beside its gold questions."""
    if gold != OWN_GOLD:
        return gold.with_suffix(".last.json")
    return OWN_LAST if is_checkout() else folder / OWN_LAST.name


def _finish(task: Task, settings: Settings, keep: Path | None) -> None:
    from .opening import open_system

    result = evaluate(task, lambda name: open_system(name, settings, task.corpus))
    typer.echo(figures_table(result.figures))
    for line in report.flips(result):
        typer.echo(line)
    typer.echo(f"\nthe whole report: {task.folder / 'report.md'}")
    if keep:
        _keep(keep, result, task)
    _judge(result, task)


def _keep(path: Path, result: Run, task: Task) -> None:
    """Keep a report with its gate; refuses where the gate went down and nobody said why."""
    if path == OWN_LAST and task.thresholds:
        changelog = (HERE.parent / "CHANGELOG.md").read_text("utf-8")
        silent = gates.unexplained(task.thresholds, task.last.gate, changelog)
        if silent:
            raise gates.GateMissed(
                "the report is not kept: the gate went down and CHANGELOG.md does not say why; add "
                f"a line with {silent[0]!r} and the reason"
            )
    scored = {name + task.part: each for name, each in result.scored.items()}
    figures = {name + task.part: each for name, each in result.figures.items()}
    history.keep(path, scored, figures, task.thresholds)
    typer.echo(f"kept for later runs: {path}")


def _judge(result: Run, task: Task) -> None:
    names = {name + task.part for name in task.systems}
    for name in sorted(names - task.thresholds.keys()) if task.thresholds else ():
        typer.echo(f"the gate has no thresholds for {name}")
    gates.require(list(result.checks))
    if result.checks:
        typer.echo(f"the gate is met: {len(result.checks)} thresholds")
