"""What works and what does not on this machine, in words a newcomer understands."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.errors import IndexFault, RagError
from rag.index import CURRENT, GENERATION, check_files, read_manifest, recipe
from rag.indexer import clear_leftovers, only_writer
from rag.models import DEFAULT, MODELS, verify
from rag.settings import Settings
from rag.sharedindex import open_any
from rag.store import is_database
from rag.store.database import shown


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, and whether it is well."""

    good: bool
    text: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at Python, memory, disk, models and index, in this order."""
    yield Finding(
        sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}, {settings.threads} threads"
    )
    yield _memory()
    yield _disk(settings)
    for name in DEFAULT:
        yield _tried(
            f"model {name} ({MODELS[name].title}) is here and whole",
            lambda name=name: verify(name, settings.home),  # type: ignore[misc]
        )
    shared = is_database(settings.store)
    place = shown(settings.store) if shared else settings.index
    yield _tried(
        f"the index in {place} is whole and fits the settings",
        (lambda: open_any(settings).close()) if shared else (lambda: _index(settings)),
    )
    yield from _leftovers(settings.index)


def _leftovers(index: Path) -> Iterator[Finding]:
    """Clear what dead runs of the indexer left, unless one is at work."""
    if not (index / CURRENT).exists() and not any(index.glob(GENERATION + "*")):
        return
    try:
        with only_writer(index):
            left = clear_leftovers(index)
    except IndexFault:
        yield Finding(good=True, text=f"another `rag index` is writing to {index} just now")
    except OSError as problem:
        why = problem.strerror or problem
        text = f"{index} can be read and not written ({why}); only `rag index` minds"
        yield Finding(good=True, text=text)
    else:
        if left:
            text = f"left by an interrupted run, cleared now: {', '.join(left)}"
            yield Finding(good=True, text=text)


def _tried(what: str, attempt: Callable[[], object]) -> Finding:
    try:
        attempt()
    except RagError as problem:
        return Finding(good=False, text=str(problem))
    return Finding(good=True, text=what)


def _index(settings: Settings) -> None:
    folder, manifest = read_manifest(settings.index)
    check_files(folder, manifest)
    if manifest["recipe"] != recipe(settings):
        raise RagError(
            f"the index in {settings.index} was made with other settings; run `rag index`"
        )


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    enough = total >= 4
    advice = (
        "" if enough else "; the local language model wants 4 GB: use --llm small or --llm none"
    )
    return Finding(enough, f"{total:.0f} GB of memory{advice}")


def _disk(settings: Settings) -> Finding:
    place = settings.home
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 2**30
    enough = free >= 2 or (settings.home / "models" / "local").exists()
    return Finding(enough, f"{free:.0f} GB free in {place} (models need 1.3 GB once)")
