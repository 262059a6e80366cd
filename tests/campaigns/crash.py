"""Indexing that dies: at every step of the file layer, and by kill -9 at random moments.

Two corpora are indexed in turn into one folder, each time by a child forked from a warm process.
Whatever happened to the child, the folder must open as the old index or as the new one, whole. The
negative control does the same to an indexer that writes over the index in place: it must fail.
"""

import builtins
import contextlib
import io
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rag import indexer
from rag.corpus import Corpus, read_corpus
from rag.doctor import examine
from rag.embedder import Embedder, open_embedder
from rag.errors import IndexFault, RagError
from rag.index import CURRENT, MANIFEST, UNFINISHED, open_index, read_manifest
from rag.settings import Settings, load_settings

from .report import Report, finish, options
from .stub import Stub

MIXED = "index neither old nor new"
BROKEN = "index that does not open"
LOST = "finished index lost"
LEFT = "something left behind that nobody clears"
MISTOLD = "said unchanged, and changed"
TRACE = "failure without a clear line"
MISSED = "negative control that did not fail"
WRITERS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "open", "sqlite3.connect")


class Stage:
    """A folder with an index, two corpora to put into it in turn, and who indexes."""

    def __init__(self, folder: Path, embedder: Embedder, settings: Settings) -> None:
        self.settings = settings.model_copy(update={"index": folder / "index"})
        self.embedder = embedder
        self.corpora = [_corpus(folder / f"articles{n}", n) for n in (0, 1)]
        self.texts = [tuple(a.text for a in corpus.articles) for corpus in self.corpora]
        self.at = 0
        self.build(0)

    def build(self, n: int) -> None:
        """Index one of the two corpora."""
        indexer.index_corpus(self.corpora[n], self.settings, lambda _: self.embedder)

    def child(self, prepare: Callable[[], None]) -> int:
        """Fork a process that indexes the other corpus after ``prepare``; give its id."""
        process = os.fork()
        if process == 0:
            code = 9
            try:
                os.close(2)
                prepare()
                self.build(1 - self.at)
                code = 0
            except RagError as problem:
                code = 2 if "was not changed" in str(problem) else 1
            finally:
                os._exit(code)
        return process

    def settle(self, process: int, report: Report, told: str) -> None:
        """Wait for a child and look at what it left."""
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        clear = "ended with a clear error"
        report.count({0: "ended well", 1: clear, 2: clear}.get(status, "died"))
        if status not in (0, 1, 2, -signal.SIGKILL):
            report.fault(TRACE, f"{told}: exit {status}")
        try:
            index = open_index(self.settings)
            texts = tuple(a.text for a in index.articles)
            rows = len(index.texts.passage_texts())
            index.vectors.get(_rows(rows))
            index.tokens.get(rows - 1)
            index.close()
        except Exception as problem:  # noqa: BLE001 - anything here is what is looked for
            report.fault(BROKEN, f"{told}: {problem}")
            self.mend()
            return
        if texts not in self.texts:
            report.fault(MIXED, told)
            self.mend()
            return
        now = self.texts.index(texts)
        report.count("new index" if now != self.at else "old index")
        if status == 0 and now == self.at:
            report.fault(LOST, told)
        if status == 2 and now != self.at:
            report.fault(MISTOLD, told)
        self.at = now

    def mend(self) -> None:
        """Start over."""
        shutil.rmtree(self.settings.index)
        self.at = 0
        self.build(0)

    def clears(self, report: Report, told: str) -> None:
        """Doctor names and clears what dead runs left; then there is nothing more."""
        list(examine(self.settings))
        left = [p.name for p in self.settings.index.iterdir() if UNFINISHED in p.name]
        many = len(list(self.settings.index.glob("g-*")))
        if left or many > 2:
            report.fault(LEFT, f"{told}: {left}, {many} generations")


def _rows(many: int) -> Any:
    import numpy as np

    return np.arange(many)


def _corpus(folder: Path, n: int) -> Corpus:
    folder.mkdir()
    for name in ("a", "b", "c"):
        text = f"Corpus {n} of {name}. " + " ".join(f"Talks {name}{n}{k} go on." for k in range(12))
        (folder / f"{name}.txt").write_text(text, "utf-8")
    return read_corpus([folder], 10**6)


# ------------------------------------------------------------ every step of the file layer


class Steps:
    """Counts what a child does to files, and dies (or fails) at one step.

    Steps are opening for writing, every write, renames, removals, new folders and SQL statements.
    ``how``: "kill" before the step, "torn" after half of a write, or an error number to raise.
    """

    def __init__(self, at: int, how: str | int) -> None:
        self.at, self.how, self.seen = at, how, 0

    def step(self, half: Callable[[], object] | None = None) -> None:
        """Count one step, and end here if it is the one."""
        self.seen += 1
        if self.seen != self.at:
            return
        if isinstance(self.how, int):
            raise OSError(self.how, os.strerror(self.how))
        if self.how == "torn" and half is not None:
            half()
        os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Wrap the file layer of this process; there is no way back."""
        real_open, real_connect = io.open, sqlite3.connect

        def opened(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            found = real_open(file, mode, *rest, **named)
            return _Torn(found, self) if set(mode) & set("wax+") else found

        def connected(*given: Any, **named: Any) -> Any:
            base = real_connect(*given, **named)
            base.set_trace_callback(lambda _: self.step())
            return base

        def audited(event: str, args: tuple[Any, ...]) -> None:
            if event in WRITERS and not (event == "open" and not _writes(args)):
                self.step()

        builtins.open = io.open = opened  # type: ignore[assignment]
        sqlite3.connect = connected  # type: ignore[assignment]
        sys.addaudithook(audited)


def _writes(args: tuple[Any, ...]) -> bool:
    mode, flags = args[1], args[2]
    return bool(set(mode or "") & set("wax+")) or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))


class _Torn:
    """A file whose every write is a step."""

    def __init__(self, file: Any, steps: Steps) -> None:
        self._file, self._steps = file, steps

    def write(self, data: Any) -> int:
        def half() -> None:
            self._file.write(data[: len(data) // 2])
            self._file.flush()

        self._steps.step(half)
        return int(self._file.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_Torn":
        self._file.__enter__()
        return self

    def __exit__(self, *problem: object) -> object:
        return self._file.__exit__(*problem)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)


def count_steps(stage: Stage) -> int:
    """Let a child index without harm and tell how many steps it takes."""
    read, write = os.pipe()
    steps = Steps(0, "kill")
    process = os.fork()
    if process == 0:
        steps.install()
        stage.build(1 - stage.at)
        os.write(write, str(steps.seen).encode())
        os._exit(0)
    os.waitpid(process, 0)
    many = int(os.read(read, 20))
    os.close(read)
    os.close(write)
    stage.at = 1 - stage.at
    return many


def every_step(stage: Stage, report: Report, stride: int = 1) -> None:
    """End a run at every step, in every way."""
    many = count_steps(stage)
    report.notes.append(f"{many} steps of the file layer in one run")
    for how in ("kill", "torn", 28, 5, 13):  # ENOSPC, EIO, EACCES
        for at in range(1, many + 1, stride):
            report.count(f"faults injected: {how if isinstance(how, str) else os.strerror(how)}")
            steps = Steps(at, how)
            stage.settle(stage.child(steps.install), report, f"{how} at step {at}")
            if at % 40 == 0:
                stage.clears(report, f"{how} at step {at}")
    stage.clears(report, "after all steps")


# ------------------------------------------------------------ kill -9


def kills(stage: Stage, report: Report, many: int, seed: int) -> None:
    """Kill runs at random moments."""
    draw = random.Random(seed)
    began = time.perf_counter()
    stage.settle(stage.child(lambda: None), report, "undisturbed")
    longest = time.perf_counter() - began
    report.notes.append(f"an undisturbed run takes {longest * 1000:.0f} ms")
    for n in range(many):
        report.count("kill -9")
        process = stage.child(lambda: None)
        time.sleep(draw.uniform(0, 1.3 * longest))
        os.kill(process, signal.SIGKILL)
        stage.settle(process, report, f"kill {n}")
        if n % 100 == 99:
            stage.clears(report, f"kill {n}")
    stage.clears(report, "after all kills")


@contextlib.contextmanager
def _in_place(index: Path) -> Iterator[Path]:
    """The negative control: write over the generation in use, then name its new checksum."""
    try:
        folder = read_manifest(index)[0]
    except IndexFault:
        folder = index / "g-0"
        folder.mkdir(exist_ok=True)
    for path in folder.glob("*.sqlite"):
        path.unlink()
    yield folder
    digest = indexer.sha256_of(folder / MANIFEST)
    (index / CURRENT).write_text(f"{folder.name} {digest}\n", "utf-8")


def negative_control(
    folder: Path, embedder: Embedder, settings: Settings, report: Report, many: int = 60
) -> None:
    """The same campaign against a careless indexer must find it out."""
    careless = Report("negative control", {})
    right = indexer._new_generation
    indexer._new_generation = _in_place  # type: ignore[assignment]
    try:
        stage = Stage(folder, embedder, settings)
        kills(stage, careless, many, 1)
    finally:
        indexer._new_generation = right
    found = careless.faulty(BROKEN) + careless.faulty(MIXED)
    report.notes.append(f"negative control (written in place): {found} of {many} kills found out")
    report.count("negative control: kills found out", found)
    if not found:
        report.fault(MISSED, "an indexer that writes in place passed")


# ------------------------------------------------------------ disks, rivals, readers


def full_disk(stage: Stage, report: Report) -> None:
    """Files that may not grow beyond a size: the disk is full for each of them in turn."""
    for limit in (0, 1, 100, 500, 1000, 2000, 3000, 4096, 5000, 8192, 12_000, 20_000, 40_000):
        report.count("full disks")

        def small(limit: int = limit) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        stage.settle(stage.child(small), report, f"{limit} bytes a file")
    stage.clears(report, "full disk")


def rivals(stage: Stage, report: Report, many: int) -> None:
    """Several indexers at once: one writes, the others are told so."""
    for n in range(many):
        report.count("rounds of three indexers at once")
        processes = [stage.child(lambda: None) for _ in range(3)]
        for process in processes[:-1]:
            os.waitpid(process, 0)
        stage.settle(processes[-1], report, f"rivals {n}")


def readers(stage: Stage, report: Report, seconds: float, many: int) -> None:
    """Index anew without a pause while others open and read the index."""
    end = time.monotonic() + seconds
    pipes = []
    for _ in range(many):
        read, write = os.pipe()
        process = os.fork()
        if process == 0:
            told = _read_until(stage, end)
            os.write(write, told.encode()[:4000])
            os._exit(0)
        os.close(write)
        pipes.append((process, read))
    while time.monotonic() < end:
        report.count("index replaced under readers")
        stage.settle(stage.child(lambda: None), report, "replaced under readers")
    for process, read in pipes:
        os.waitpid(process, 0)
        opened, _, problem = os.read(read, 4000).decode().partition(" ")
        os.close(read)
        report.count("index opened while being replaced", int(opened))
        if problem:
            report.fault(BROKEN, f"reader: {problem}")


def _read_until(stage: Stage, end: float) -> str:
    opened = 0
    while time.monotonic() < end:
        try:
            index = open_index(stage.settings)
            texts = tuple(a.text for a in index.articles)
            index.close()
        except Exception as problem:  # noqa: BLE001 - told to the parent
            return f"{opened} {type(problem).__name__}: {problem}"
        if texts not in stage.texts:
            return f"{opened} neither old nor new"
        opened += 1
    return f"{opened} "


def main() -> int:
    """Run the campaign."""
    parser = options(__doc__ or "")
    parser.add_argument("--kills", type=int, default=1000, help="with the stub embedder")
    parser.add_argument("--real-kills", type=int, default=50, help="with the real embedder")
    parser.add_argument("--stride", type=int, default=1, help="of the steps where runs end")
    parser.add_argument("--seconds", type=float, default=20.0, help="of reading while replaced")
    given = parser.parse_args()
    report = Report("Crash safety of indexing", vars(given).copy())
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place), Path(place) / "home"
        stubbed = load_settings(home=home, embedder=str(folder / "stub"), llm="none", threads=1)
        for name in ("stage", "careless", "stub"):
            (folder / name).mkdir()
        (folder / "stub" / "model.txt").write_text("stub", "utf-8")
        stage = Stage(folder / "stage", Stub(), stubbed)
        every_step(stage, report, given.stride)
        kills(stage, report, given.kills, given.seed)
        full_disk(stage, report)
        rivals(stage, report, 30)
        readers(stage, report, given.seconds, 3)
        negative_control(folder / "careless", Stub(), stubbed, report)
        if given.real_kills:
            real = load_settings(llm="none", threads=1)
            (folder / "real").mkdir()
            kills(Stage(folder / "real", open_embedder(real), real), report, given.real_kills, 2)
    return finish(report, given.out)


if __name__ == "__main__":
    sys.exit(main())
