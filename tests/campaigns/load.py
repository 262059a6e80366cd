"""Many readers at once against a real `rag chat`: is an answer lost, crossed, or late for some?

Every reader has an address of its own on this machine's loopback and asks the API one question
after another. With ``--llm openai:m`` the language model is a server process of its own (the same
weights behind llama.cpp's HTTP), and ``--kill`` kills it with signal 9 every so many seconds. At
the end the server is told to stop while answers are being made.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

from rag.answer import Answer
from rag.attempt import REST_SECONDS
from rag.audit import audit
from rag.corpus import Article
from rag.errors import RagError
from rag.index import open_index
from rag.settings import load_settings, resource

from .report import Report, finish, options
from .web import JSON, Server, server

REFUSED = "refused, or an error instead of an answer"
LOST = "answer that never came"
CROSSED = "answer to another question"
CHANGED = "another answer to the same question"
INEXACT = "quote that does not hold"
WORDLESS = "answer without its model while the model was there"
GROWN = "memory grew"
UNFAIR = "a reader waited far longer than the others"
CUT = "answer in progress lost when the server was stopped"
GROWTH = 0.05  # of the server's memory behind the warm-up
WARM = 0.25  # of the time
DOWN = 10.0  # seconds until a killed model is started again
PATIENCE = 900.0  # seconds after which an answer counts as lost
STOPPED = b"being stopped"


@dataclass(frozen=True)
class Asked:
    """One question of a reader: what came back, and when, in seconds of the monotonic clock."""

    reader: int
    question: str
    began: float
    ended: float
    status: int
    body: bytes

    @property
    def seconds(self) -> float:
        """How long the reader waited."""
        return self.ended - self.began

    @property
    def told(self) -> dict[str, Any]:
        """The answer object."""
        answer: dict[str, Any] = json.loads(self.body)
        return answer


@dataclass
class Crowd:
    """Readers who each ask one question after another until they are told to stop."""

    port: int
    questions: Sequence[str]
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, readers: int) -> None:
        """Let so many readers begin."""
        for reader in range(readers):
            thread = threading.Thread(target=self._read, args=(reader,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _read(self, reader: int) -> None:
        order = random.Random(reader).sample(self.questions, len(self.questions))
        for question in itertools.cycle(order):
            if self.over.is_set():
                return
            self.asked.append(_ask(self.port, reader, question))

    def end(self) -> None:
        """Ask nothing more and wait for what is under way."""
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)


def _ask(port: int, reader: int, question: str) -> Asked:
    began = time.monotonic()
    own = f"127.0.{1 + reader // 200}.{1 + reader % 200}", 0
    connection = http.client.HTTPConnection("127.0.0.1", port, PATIENCE, source_address=own)
    try:
        connection.request("POST", "/v1/answers", json.dumps({"question": question}), JSON)
        reply = connection.getresponse()
        status, body = reply.status, reply.read()
    except (OSError, http.client.HTTPException) as problem:
        status, body = 0, repr(problem).encode()
    finally:
        connection.close()
    return Asked(reader, question, began, time.monotonic(), status, body)


def questions() -> list[str]:
    """Give the gold questions that stand alone."""
    rows = (resource("eval") / "gold.jsonl").read_text("utf-8").splitlines()
    every = [json.loads(row) for row in rows]
    return [row["question"] for row in every if not row["history"] and not row["as_of"]]


def look(crowd: Sequence[Asked], outages: Sequence["Outage"], report: Report) -> None:
    """Count what is wrong with the answers."""
    articles = _articles()
    first: dict[str, str] = {}
    for each in crowd:
        report.count("questions asked")
        shown = f"reader {each.reader}: {each.question[:80]!r}: {each.body[:120]!r}"
        if each.status != 200:
            report.fault(REFUSED if each.status else LOST, f"{each.status} {shown}")
            continue
        report.count(f"{each.told['status']}")
        if each.told["question"] != each.question:
            report.fault(CROSSED, shown)
        answer = Answer.from_dict(each.told)
        for problem in audit(answer, articles):
            report.fault(INEXACT, f"{shown}: {problem}")
        if answer.provenance.get("model_failed"):
            report.count("answers without their model, with a note")
            if not any(outage.meets(each) for outage in outages):
                report.fault(WORDLESS, f"{answer.note} {shown}")
            continue
        same = first.setdefault(each.question, answer.text)
        if answer.text != same:
            report.fault(CHANGED, f"{shown}: {same[:80]!r}")


def _articles() -> tuple[Article, ...]:
    index = open_index(load_settings())
    try:
        return index.articles
    finally:
        index.close()


def fairness(crowd: Sequence[Asked], report: Report) -> None:
    """Compare how long the readers waited, and tell the times."""
    times = sorted(each.seconds for each in crowd)
    if len(times) < 2:
        return
    cuts = statistics.quantiles(times, n=20)
    report.notes.append(f"seconds to an answer: p50 {cuts[9]:.1f}, p95 {cuts[18]:.1f}, "
                        f"longest {times[-1]:.1f}")  # fmt: skip
    readers: dict[int, list[float]] = {}
    for each in crowd:
        readers.setdefault(each.reader, []).append(each.seconds)
    means = sorted(statistics.mean(waits) for waits in readers.values())
    counts = sorted(map(len, readers.values()))
    report.notes.append(f"answers a reader: {counts[0]} to {counts[-1]}; mean wait of a reader: "
                        f"{means[0]:.1f} to {means[-1]:.1f} s")  # fmt: skip
    if means[-1] > 1.5 * statistics.median(means):
        report.fault(UNFAIR, f"{means[-1]:.1f} s, median {statistics.median(means):.1f} s")


class Memory:
    """The memory of a process and its children, looked at every few seconds."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.seen: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(5.0):
            with contextlib.suppress(psutil.Error):
                family = [self._process, *self._process.children(recursive=True)]
                self.seen.append(sum(each.memory_info().rss for each in family))

    def tell(self, report: Report) -> None:
        """End, and compare the end with what was there after the warm-up."""
        self._over.set()
        warm = self.seen[int(WARM * len(self.seen)) :]
        part = max(len(warm) // 5, 1)
        if not warm:
            return
        before, after = statistics.median(warm[:part]), statistics.median(warm[-part:])
        told = f"{before / 2**20:.0f} MB behind the warm-up, {after / 2**20:.0f} MB at the end"
        report.notes.append(told)
        if after > before * (1 + GROWTH):
            report.fault(GROWN, told)


@dataclass(frozen=True)
class Outage:
    """A time in which the model was not there, and in which it may still be left alone."""

    began: float
    ended: float

    def meets(self, asked: Asked) -> bool:
        """Whether a question was under way in it."""
        return asked.began < self.ended + REST_SECONDS and asked.ended > self.began


class Model:
    """A model server in a process of its own, which can be killed."""

    def __init__(self) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.outages: list[Outage] = []
        self._over = threading.Event()
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "tests.campaigns.load", "--serve", str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)
        end = time.monotonic() + 300
        while time.monotonic() < end:
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            time.sleep(0.5)
        raise TimeoutError("the model server did not come up")

    def keep_killing(self, seconds: float) -> threading.Thread:
        """Kill it every so many seconds, and start it again a little later."""

        def work() -> None:
            while not self._over.wait(seconds):
                began = time.monotonic()
                self.process.kill()
                self.process.wait()
                time.sleep(DOWN)
                self._start()
                self.outages.append(Outage(began, time.monotonic()))

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def end(self) -> None:
        """Kill it for good."""
        self._over.set()
        self.process.kill()
        self.process.wait()


def serve(port: int) -> None:
    """Be the model server: the default weights behind llama.cpp's own HTTP, until killed."""
    import xllamacpp

    from rag.models import locate

    settings = load_settings()
    params = xllamacpp.CommonParams()
    params.model.path = str(locate("local", settings.home))
    params.hostnames, params.port = ["127.0.0.1"], port
    params.n_ctx, params.n_parallel = settings.context_tokens, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.verbosity, params.ui = -1, False
    kept = xllamacpp.Server(params)
    sys.stdin.read()  # until whoever started it is gone
    del kept


def stop(own: Server, crowd: Crowd, report: Report) -> None:
    """Tell the server to stop while readers wait; what is being made must still come."""
    began = time.monotonic()
    own.process.terminate()
    crowd.over.set()
    own.process.wait(120)
    report.notes.append(f"the server was gone after {time.monotonic() - began:.1f} s")
    crowd.end()
    late = [each for each in crowd.asked if each.ended > began and each.began < began]
    done = [each for each in late if each.status == 200]
    told = [each for each in late if STOPPED in each.body]
    cut = [each for each in late if each not in done and each not in told]
    report.count("at the stop: answers that still came", len(done))
    report.count("at the stop: told that it stops", len(told))
    for each in cut:
        report.fault(CUT, f"{each.status} {each.body[:80]!r}")
    crowd.asked = [each for each in crowd.asked if each.ended <= began]


@contextlib.contextmanager
def model_for(llm: str, kill: float) -> Iterator[tuple[dict[str, str], list[Outage]]]:
    """Give the server's surroundings and the outages; starts a model server where one is wanted."""
    if not llm.startswith("openai:"):
        yield {}, []
        return
    model = Model()
    try:
        if kill:
            model.keep_killing(kill)
        address = f"http://127.0.0.1:{model.port}/v1"
        yield {"OPENAI_BASE_URL": address, "OPENAI_API_KEY": "none"}, model.outages
    finally:
        model.end()


def run(report: Report, readers: int, minutes: float, llm: str, kill: float) -> None:
    """Let a crowd read for some minutes, stop the server beneath it, and look at it all."""
    wide = {"answers_waiting": "1000", "requests_per_minute": "100000", "request_seconds": "600"}
    with model_for(llm, kill) as (around, outages), server(report, around, llm=llm, **wide) as own:
        memory, crowd = Memory(own.process.pid), Crowd(own.port, questions())
        crowd.start(readers)
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            time.sleep(1.0)
            report.progress()
        memory.tell(report)
        stop(own, crowd, report)
        report.count("model killed", len(outages))
    fairness(crowd.asked, report)
    look(crowd.asked, outages, report)


def main() -> int:
    """Run the campaign."""
    parser: argparse.ArgumentParser = options(__doc__ or "")
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--llm", default="local", help="local, none, or openai:m for a process")
    parser.add_argument("--kill", type=float, default=0.0, help="seconds between two kills")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return 0
    report = Report("Load", {k: v for k, v in vars(given).items() if k != "serve"})
    try:
        run(report, given.readers, given.minutes, given.llm, given.kill)
    except RagError as problem:
        report.fault("broken off", str(problem))
    return finish(report, given.out)


if __name__ == "__main__":
    sys.exit(main())
