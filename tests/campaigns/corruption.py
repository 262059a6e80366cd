"""Damage to every file of the index and of the models: is it told before an answer is given?

A damaged file must end in one of our errors when index or model are opened. What happens below the
file system (a disk that hands out other bytes under the same times and inode) only ``rag doctor``
and ``rag models pull`` can see, since they hash every byte. Small files of an index are hashed at
every start; so that those of a large one are tried too, a second index counts as one.
"""

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

from rag.errors import IndexFault, ModelError, RagError
from rag.index import CURRENT, open_index, read_manifest
from rag.indexer import index_corpus
from rag.models import MODELS, locate
from rag.queryencoder import WEIGHTS as QUERY_WEIGHTS
from rag.queryencoder import QueryEncoder
from rag.reranker import WEIGHTS, Reranker
from rag.settings import Settings, load_settings
from rag.shipped import PINNED

from .crash import _corpus
from .report import Report, finish, options
from .stub import Stub

UNSEEN = "damage not told"
FOREIGN = "damage told by a foreign error"
Damage = Callable[[bytes, random.Random], bytes]


def _flip(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]


def _zeros(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    many = min(len(data) - at, draw.choice((1, 16, 512, 4096)))
    changed = data[:at] + bytes(many) + data[at + many :]
    return changed if changed != data else _flip(data, draw)


def _swap(data: bytes, draw: random.Random) -> bytes:
    a, b = sorted(draw.sample(range(len(data)), 2)) if len(data) > 1 else (0, 0)
    changed = data[:a] + data[b : b + 1] + data[a + 1 : b] + data[a : a + 1] + data[b + 1 :]
    return changed if changed != data else _flip(data, draw)


DAMAGES: dict[str, Damage] = {
    "a bit flipped": _flip,
    "cut short": lambda data, draw: data[: draw.randrange(len(data))],
    "longer": lambda data, draw: data + draw.randbytes(draw.randint(1, 64)),
    "a block of zeros": _zeros,
    "two bytes exchanged": _swap,
    "emptied": lambda _data, _draw: b"",
}


def trials(path: Path, many: int, draw: random.Random) -> Iterator[str]:
    """Damage a file in every way, ``many`` times each; it is whole again after each step."""
    whole, state = path.read_bytes(), path.stat()
    for how, damage in DAMAGES.items():
        for _ in range(many if how != "emptied" else 1):
            path.write_bytes(damage(whole, draw))
            # who damages on purpose sets the time back
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
            yield how
    path.unlink()
    yield "gone"
    path.write_bytes(whole)


def expect(report: Report, what: str, told: str, opening: Callable[[], object]) -> None:
    """Count whether opening ends in an error of ours."""
    report.count(f"{what}: damages")
    try:
        opening()
    except (IndexFault, ModelError):
        report.count(f"{what}: told")
    except RagError as problem:
        report.fault(FOREIGN, f"{told}: {problem}")
    except Exception as problem:  # noqa: BLE001 - this is what is looked for
        report.fault(FOREIGN, f"{told}: {type(problem).__name__}: {problem}")
    else:
        report.fault(UNSEEN, told)


def large_index_files(folder: Path, report: Report, many: int, draw: random.Random) -> None:
    """The same of an index that counts as large: other files, and untouched ones are trusted."""
    with patch("rag.store.SMALL", 1), patch("rag.index.TRUSTED", 0):
        index_files(folder, report, many, draw, "large index")


def index_files(
    folder: Path, report: Report, many: int, draw: random.Random, what: str = "index"
) -> None:
    """Every file of an index, and the pointer to it; then files of another index in its place."""
    (folder / "stub").mkdir(parents=True)
    (folder / "stub" / "model.txt").write_text("stub", "utf-8")
    common = {"home": folder, "embedder": str(folder / "stub"), "llm": "none", "threads": 1}
    pair = [load_settings(index=folder / f"index{n}", **common) for n in (0, 1)]
    for n, settings in enumerate(pair):
        index_corpus(_corpus(folder / f"articles{n}", n), settings, Stub().open)
    own, other = (read_manifest(settings.index)[0] for settings in pair)
    names = sorted(p.relative_to(own) for p in own.rglob("*") if p.is_file())

    def opening(settings: Settings = pair[0]) -> None:
        open_index(settings).close()

    pointer = pair[0].index / CURRENT
    pointed = pointer.read_bytes().split()
    for path in [*(own / name for name in names), pointer]:
        for how in trials(path, many, draw):
            if path == pointer and path.exists() and path.read_bytes().split() == pointed:
                continue  # white space more or less at its end
            expect(report, what, f"{path.name} {how}", opening)
        opening()
    for name in names:
        whole = (own / name).read_bytes()
        if (other / name).read_bytes() != whole:
            shutil.copy(other / name, own / name)
            expect(report, what, f"{name} of another index", opening)
            (own / name).write_bytes(whole)
    opening()


def model_files(home: Path, report: Report, many: int, draw: random.Random, name: str) -> None:
    """Every file of a model's copy, and one model's file in another's place."""
    settings = load_settings()
    place = locate(name, settings.home)
    folder = place if place.is_dir() else place.parent
    shutil.copytree(folder, home / "models" / name)
    locate(name, home)
    files = [home / "models" / name / file.path for file in MODELS[name].files]

    def opening() -> None:
        locate(name, home)

    for path in files:
        for how in trials(path, many, draw):
            expect(report, f"model {name}", f"{path.name} {how}", opening)
        opening()
    for one, other in pairwise(files):
        whole = one.read_bytes()
        shutil.copy(other, one)
        expect(report, f"model {name}", f"{other.name} in the place of {one.name}", opening)
        one.write_bytes(whole)
    opening()


def shipped(folder: Path, report: Report, many: int, draw: random.Random) -> None:
    """The trained layers that travel with the package."""
    base = locate("minilm", load_settings().home)
    loaders = {WEIGHTS: Reranker, QUERY_WEIGHTS: QueryEncoder}
    for weights, load in loaders.items():
        path = folder / weights.name
        for name in (weights.name, weights.name + PINNED):
            shutil.copy(weights.with_name(name), folder / name)
        opening = partial(load, base, path)
        for how in trials(path, many, draw):
            expect(report, weights.stem, f"{path.name} {how}", opening)
        opening()


def main() -> int:
    """Run the campaign."""
    parser = options(__doc__ or "")
    parser.add_argument("--many", type=int, default=200, help="damages of each kind, index files")
    parser.add_argument("--model-many", type=int, default=3, help="the same for model files")
    parser.add_argument("--local", action="store_true", help="the language model too (copies 1 GB)")
    given = parser.parse_args()
    report = Report("Corruption", vars(given).copy())
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        index_files(folder, report, given.many, draw)
        large_index_files(folder / "large", report, given.many, draw)
        shipped(folder, report, given.model_many, draw)
        model_files(folder / "home", report, given.model_many, draw, "minilm")
        if given.local:
            model_files(folder / "home", report, 1, draw, "local")
    return finish(report, given.out)


if __name__ == "__main__":
    sys.exit(main())
