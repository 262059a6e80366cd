"""Runs a command of the evaluation as `rag` runs its own: an error is one line and a code."""

import sys

import typer

from rag.errors import RagError


def run(app: typer.Typer, name: str) -> None:
    """Run a command; a RagError becomes one line on stderr and its exit code."""
    try:
        app()
    except RagError as problem:
        typer.echo(f"{name}: {problem}", err=True)
        sys.exit(problem.exit_code)
