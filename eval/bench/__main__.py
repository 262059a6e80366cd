"""The command ``python -m eval.bench NAME``."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rag.errors import UsageError
from rag.settings import load_settings

from ..command import run
from . import (
    altered,
    bare,
    beir,
    clapnq,
    covidqa,
    disputes,
    folders,
    mtrag,
    quotesum,
    ramdocs,
    squad2,
    voices,
)
from .asking import Task
from .data import FOLDER, DataAbsent
from .report import Report

GIVEN = (clapnq, squad2, quotesum, ramdocs, mtrag, folders)
BENCHES: dict[str, Callable[[Task], Report]] = {
    **{module.BENCH.name: module.BENCH.run for module in GIVEN},
    "covidqa": covidqa.run,
    "beir": beir.run,
    "altered": altered.run,
    "bare": bare.run,
    "disputes": disputes.run,
    "voices": voices.run,
}
ALL = [name for name in BENCHES if name != "beir"]  # that one needs a corpus of its own
OUT = Path(__file__).resolve().parents[1] / "out" / "bench"

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def bench(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help=f"all, {', '.join(BENCHES)}")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="So many questions, evenly spread over the set.")
    ] = None,
    llm: Annotated[str, typer.Option(help="none, local, or another SPEC.")] = "none",
    data: Annotated[
        Path, typer.Option(help="The folder of the outside data.", show_default="../shared/data")
    ] = FOLDER,
    out: Annotated[
        Path, typer.Option(help="Where JSON and Markdown go.", show_default="eval/out/bench")
    ] = OUT,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again what an earlier run has asked.")
    ] = False,
) -> None:
    """Run outside benchmarks; print our figures by stage, with published ones beside them."""
    wanted = list(dict.fromkeys(names or []))
    if not wanted:
        typer.echo(f"benchmarks: all, {', '.join(BENCHES)}")
        return
    wanted = ALL if wanted == ["all"] else wanted
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        raise UsageError(f"the benchmark {unknown[0]!r} is unknown; known: {', '.join(BENCHES)}")
    task = Task(load_settings(llm=llm), data, out, limit, fresh)
    for name in wanted:
        try:
            report = BENCHES[name](task)
        except DataAbsent as absent:
            typer.echo(f"skipped {name}: {absent}", err=True)
            continue
        report.write(task)
        typer.echo(report.markdown() + "\n")
        typer.echo(f"written: {task.file(report.name, '.md')} and .json", err=True)


def main() -> None:
    """Run the command; a RagError becomes one line on stderr and its exit code."""
    run(app, "eval.bench")


if __name__ == "__main__":
    main()
