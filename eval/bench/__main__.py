"""The command ``python -m eval.bench NAME``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rag.errors import RagError, UsageError
from rag.settings import Settings, load_settings

from . import altered, beir, clapnq, covidqa, squad2, voices
from .data import FOLDER, DataAbsent

BENCHES: dict[str, Callable[[Settings, Path, int], str]] = {
    "clapnq": clapnq.run,
    "squad2": squad2.run,
    "covidqa": covidqa.run,
    "beir": beir.run,
    "altered": altered.run,
    "voices": voices.run,
}
LATER = ("quotesum", "ramdocs", "mtrag_un")

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def bench(
    name: Annotated[str | None, typer.Argument(help=", ".join(BENCHES))] = None,
    limit: Annotated[int, typer.Option(min=0, help="So many questions; 0: the default.")] = 0,
    llm: Annotated[str, typer.Option(help="none, local, or another SPEC.")] = "none",
    data: Annotated[Path | None, typer.Option(help="The folder of the outside data.")] = None,
) -> None:
    """Run one outside benchmark and print published figures beside ours."""
    if name is None:
        typer.echo(f"benchmarks: {', '.join(BENCHES)}; not built yet: {', '.join(LATER)}")
        return
    if name not in BENCHES:
        told = "is not built yet" if name in LATER else "is unknown"
        raise UsageError(f"the benchmark {name!r} {told}; there are {', '.join(BENCHES)}")
    try:
        typer.echo(BENCHES[name](load_settings(llm=llm), data or FOLDER, limit))
    except DataAbsent as absent:
        typer.echo(f"skipped: {absent}", err=True)


def main() -> None:
    """Run the command; a RagError becomes one line on stderr and its exit code."""
    try:
        app()
    except RagError as problem:
        typer.echo(f"eval.bench: {problem}", err=True)
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
