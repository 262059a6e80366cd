"""Bad input by the hundred thousand: no traceback, no hang, no memory blow-up.

Every room that reads what strangers send is fed mutated documents, odd texts and random JSON. What
is allowed: a result that keeps its promises, or one of our errors on one line.
"""

import argparse
import contextlib
import datetime
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema

from rag.answer import SCHEMA, Answer
from rag.attribution import speaker_of
from rag.audit import audit
from rag.citation import cite
from rag.cli import _batch_result, _day, main, turns
from rag.conflicts import conflicts
from rag.corpus import Article, read_corpus
from rag.datelines import dateline
from rag.document import answer_page
from rag.errors import RagError
from rag.evidence import Bounds, gather
from rag.expected import kind_of, offers
from rag.followup import standalone
from rag.index import Index, open_index
from rag.indexer import index_corpus
from rag.loaders import iso_date, load
from rag.markup import answer_html, article_html
from rag.offices import Offices
from rag.parts import parts
from rag.passages import passages_of
from rag.pipeline import Rag
from rag.question import clean_question, visible
from rag.render import answer_markdown, answer_text
from rag.retriever import Hit, Retriever
from rag.sentences import split
from rag.settings import load_settings
from rag.settings import resource as data_of
from rag.support import supported
from rag.timeline import when
from rag.timewords import timing
from rag.voices import attributed
from rag.words import terms, words

from . import inputs
from .report import Report, finish, options
from .stub import Stub

RAISED = "traceback"
HANG = "hang"
BROKEN = "promise not kept"
LINES = "error of more than one line"
FAT = "memory blow-up"
SCRIPT = "<script>alert(1)</script>"
SECONDS = 10  # one input may take
BOMB_SECONDS = 120
BOMB_BYTES = 3 << 30
CONTRACT = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
Draw = random.Random


class Slow(BaseException):
    """One input took too long."""


def _alarm(*_: object) -> None:
    raise Slow


@contextlib.contextmanager
def watched(report: Report, what: str, told: object) -> Iterator[None]:
    """Count one input, and whatever it raises that is no error of ours."""
    report.count(f"inputs: {what}")
    report.count("inputs")
    signal.alarm(SECONDS)
    try:
        yield
    except RagError as problem:
        report.count(f"refused: {what}")
        if "\n" in str(problem) or not str(problem):
            report.fault(LINES, f"{what}: {told!r:.600}: {problem!r}")
    except Slow:
        report.fault(HANG, f"{what}: {told!r:.600}")
    except AssertionError as problem:
        report.fault(BROKEN, f"{what}: {told!r:.600}: {problem}")
    except Exception as problem:  # noqa: BLE001 - this is what is looked for
        where = traceback.extract_tb(problem.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        report.fault(RAISED, f"{what}: {place}: {type(problem).__name__}: {problem}: {told!r:.600}")
    finally:
        signal.alarm(0)


# ------------------------------------------------------------ texts and documents


def check_spans(text: str) -> None:
    """Sentences are stripped, in order, and leave out no letter or digit."""
    spans = split(text)
    for span in spans:
        inside = text[span.start : span.end]
        assert inside, "an empty sentence"
        assert inside == inside.strip(), "a sentence that is not stripped"
    assert all(a.end <= b.start for a, b in pairwise(spans)), "sentences that overlap"
    edges = [0, *(edge for span in spans for edge in (span.start, span.end)), len(text)]
    gaps = [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    assert not any(c.isalnum() for gap in gaps for c in gap), "a letter in no sentence"


def fuzz_sentences(report: Report, draw: Draw, many: int, _: Rag) -> None:
    """Texts to sentences, and everything that reads a sentence."""
    for _ in range(many):
        # as loaders give it: no halves of characters
        text = inputs.text(draw).encode("utf-8", "replace").decode()
        with watched(report, "sentences", text):
            check_spans(text)
            article = Article("a.txt", text, None, draw.choice((None, "2025-12-20")), "gone", "0")
            for passage in passages_of(article):
                sentence = article.sentences[passage.sentence]
                assert text[sentence.start : sentence.end] == sentence.text, "offsets"
            for sentence in article.sentences[:3]:
                speaker_of(article, sentence)
                when(sentence.text, article.date)
                supported(sentence.text, text)
            dateline(text)
            article_html(article, (0, len(text)) if text else None)


def fuzz_news(report: Report, draw: Draw, many: int, rag: Rag) -> None:
    """News out of order: whatever reads speakers, offices, times and sides in sentences."""
    told = [s.text for article in rag.index.articles for s in article.sentences]
    for _ in range(many):
        lines = [inputs.garbled(draw.choice(told), draw) for _ in range(draw.randint(0, 3))]
        text = " ".join((*lines, inputs.news(draw)))
        question = inputs.news(draw, 12) or "who"
        with watched(report, "news", (question, text)):
            article = Article("a.txt", text, None, draw.choice((None, "2025-12-20")), "gone", "0")
            found = [
                Hit(rank, article, sentence, "", 1 / rank, draw.uniform(-4, 4), draw.random())
                for rank, sentence in enumerate(article.sentences, 1)
            ]
            offices = Offices.build([text])
            bounds, newest = Bounds(None, None), article.date
            for part in gather(_Gives(found), parts(question), bounds, newest, 8, offices):
                conflicts(part.query, part.hits, (), offices.countries)
            for hit, other in zip(found, reversed(found), strict=True):
                speaker = speaker_of(article, hit.sentence)
                assert speaker is None or any(map(str.isalpha, speaker)), "a speaker without letter"
                attributed(hit.sentence.text, [cite(article, hit.sentence, speaker=speaker)])
                supported(hit.sentence.text, other.sentence.text)
                supported(inputs.garbled(hit.sentence.text, draw), hit.sentence.text)


class _Gives:
    """A search that finds the same for every question."""

    def __init__(self, found: list[Hit]) -> None:
        self.found = found

    def search(self, *_: object, **__: object) -> list[Hit]:
        return self.found


def fuzz_documents(report: Report, draw: Draw, many: int, _: Rag) -> None:
    """Mutated documents of every format."""
    sound = inputs.documents()
    slow = {".docx", ".html", ".pdf"}
    kinds = [suffix for suffix in sound for _ in range(1 if suffix in slow else 3)]
    for _ in range(many):
        suffix = draw.choice(kinds)
        data = draw.choice(sound[suffix])
        data = inputs.mutated(data, draw)
        if draw.random() < 0.2:
            data = inputs.text(draw).encode("utf-8", "surrogatepass")
        with watched(report, f"document {suffix}", data):
            for loaded in load(suffix, data):
                loaded.text.encode()  # storable
                assert "\r" not in loaded.text, "carriage return"
                assert loaded.date is None or datetime.date.fromisoformat(loaded.date)
                assert loaded.title is None or "\n" not in loaded.title, "title of two lines"


def fuzz_folders(report: Report, draw: Draw, many: int, _: Rag) -> None:
    """Folders of strange files, read and indexed."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "stub").mkdir()
        (folder / "stub" / "x").write_text("x", "utf-8")
        for n in range(many):
            own = inputs.sources(folder / f"s{n}", draw)
            listed = sorted(path.name for path in own.iterdir())
            with watched(report, "folder", listed):
                corpus = read_corpus([own], 10**6)
                settings = load_settings(
                    index=folder / f"i{n}", embedder=str(folder / "stub"), llm="none"
                )
                index_corpus(corpus, settings, Stub().open)
                index = open_index(settings)
                assert index.articles == corpus.articles, "articles changed in the index"
                index.close()


# ------------------------------------------------------------ dates, questions, answers


def fuzz_dates(report: Report, draw: Draw, many: int, _: Rag) -> None:
    """Dates of articles, as-of days, words of time."""
    alphabet = "0123456789-/., :TZ+thstndJanuaryDecemberMon" + inputs.ODD
    for _ in range(many):
        text = "".join(draw.choices(alphabet, k=draw.randint(0, 24)))
        if draw.random() < 0.3:
            year, month, day = draw.randint(-9, 99999), draw.randint(0, 99), draw.randint(0, 99)
            text = f"{year}-{month:02}-{day}{text[:2]}"
        with watched(report, "date", text):
            found, _ = iso_date(draw.choice((text, text, None, 5, 1.5, [text], {"a": text}, True)))
            assert found is None or datetime.date.fromisoformat(found)
            when(f"It was {text} ago on {text}.", found)
            timing(f"What happened before {text}?", found)
            _day(draw.choice((text, None, 3, [])))


def fuzz_questions(report: Report, draw: Draw, many: int, _: Rag) -> None:
    """Everything that reads a question before anything is searched."""
    settings = load_settings(llm="none")
    for _ in range(many):
        text = inputs.text(draw, 100)
        with watched(report, "question", text):
            asked = clean_question(text, settings)
            assert "\n" not in asked, "question of two lines"
            assert asked, "empty question"
            for part in parts(standalone(asked, [(inputs.text(draw, 60), "Yes.")], None)):
                kind = kind_of(part)
                if kind is not None:
                    offers(kind, asked, part)
                timing(part, "2025-12-31")
                terms(part)
            visible(text)


def fuzz_answers(report: Report, draw: Draw, many: int, rag: Rag) -> None:
    """Saved answers, mutated: read, checked, shown."""
    sound = [
        rag.ask(question).to_dict()
        for question in ("How large an army did the EU suggest?", "Is there a deal?", "Who baked?")
    ]
    articles = rag.index.articles
    for _ in range(many):
        saved = json.loads(json.dumps(draw.choice(sound)))
        for _ in range(draw.randint(1, 4)):
            _mutate(saved, draw)
        told = json.dumps(saved, ensure_ascii=True, default=str)
        if draw.random() < 0.3:
            told = inputs.mutated(told.encode(), draw).decode("utf-8", "replace")
        with watched(report, "saved answer", told):
            answer = Answer.from_json(told)
            audit(answer, articles)
            answer_text(answer)
            for shown in (answer_html(answer), answer_page(answer, articles)):
                assert SCRIPT not in shown, "a script in HTML"
            assert f"\n{SCRIPT}" not in answer_markdown(answer), "a script in Markdown"
            again = Answer.from_dict(answer.to_dict())
            assert again == answer or "nan" in told.lower(), "there and back"


def _mutate(value: Any, draw: Draw) -> None:
    """Change one thing somewhere inside JSON."""
    while isinstance(value, (dict, list)) and value:
        key = draw.choice(list(value)) if isinstance(value, dict) else draw.randrange(len(value))
        if isinstance(value[key], (dict, list)) and value[key] and draw.random() < 0.8:
            value = value[key]
            continue
        way = draw.random()
        if way < 0.2:
            del value[key]
        elif way < 0.35 and isinstance(value, list):
            value.append(value[key])
        else:
            value[key] = _any(draw)
        return


def _any(draw: Draw) -> Any:
    huge = [10**400, -1, 0, 2**63, 1e308, float("nan"), float("inf"), 5.0, 0.5]
    kinds = (
        None,
        True,
        draw.choice(huge),
        draw.randint(-5, 5000),
        inputs.text(draw, 60),
        SCRIPT,
        "2025-12-31",
        [],
        {},
        [draw.choice(huge)],
        {"a": None},
    )
    return draw.choice(kinds)


def fuzz_asking(report: Report, draw: Draw, many: int, rag: Rag) -> None:
    """Whole answers to strange questions, from the real articles."""
    for _ in range(many):
        text, before = inputs.text(draw, 120), inputs.text(draw, 60)
        day = datetime.date(2025, 12, draw.randint(1, 31)) if draw.random() < 0.3 else None
        with watched(report, "answer", (text, before, day)):
            answer = rag.ask(text, [(before, "Yes.")] if draw.random() < 0.3 else [], day)
            problem = next(CONTRACT.iter_errors(json.loads(answer.to_json())), None)
            assert problem is None, problem
            assert audit(answer, rag.index.articles) == [], "an answer that does not hold"


def fuzz_batch(report: Report, draw: Draw, many: int, rag: Rag) -> None:
    """Lines of a batch: every one gives an object with an id, whatever it is."""

    def work(rag: Rag, row: dict[str, Any]) -> dict[str, Any]:
        turns(row.get("history"))
        clean_question(row["question"], rag.settings)
        _day(row.get("as_of"))
        return {}

    for _ in range(many):
        row: Any = {"id": "x", "question": "Who?", "history": [["a", "b"]], "as_of": "2025-12-20"}
        _mutate(row, draw)
        if draw.random() < 0.2:
            row = _any(draw)
        line = json.dumps(row).encode()
        line = inputs.mutated(line, draw) if draw.random() < 0.5 else line
        with watched(report, "batch line", line):
            told = _batch_result(rag, line, "line-1", work)
            assert isinstance(told["id"], str), "no id"
            assert "nobody foresaw" not in told.get("error", ""), told
            json.dumps(told)


def fuzz_cli(report: Report, draw: Draw, many: int, _: Rag) -> None:
    """The command itself, with strange words: exit code 0, 1 or 2, one line, no traceback."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["RAG_INDEX"], os.environ["RAG_HOME"] = str(folder / "i"), str(folder / "home")
        for _ in range(many):
            command = draw.choice(("ask", "search", "verify", "index", "models", "eval", "--as-of"))
            given = [inputs.text(draw, 30) for _ in range(draw.randint(0, 3))]
            flags = draw.choices(("--json", "--as-of", "--llm", "-k", "--batch", "--", "none"), k=2)
            argv = [command, *given, *flags]
            (folder / "saved.json").write_text(inputs.text(draw), "utf-8", "replace")
            if command == "verify":
                argv = ["verify", str(folder / "saved.json")]
            argv = [word.replace("\0", "") for word in argv]
            with watched(report, "command line", argv):
                code, err = _run_cli(argv)
                assert code in (0, 1, 2), f"exit {code}"
                assert "nobody foresaw" not in err, err
                assert "Traceback" not in err, err
        del os.environ["RAG_INDEX"], os.environ["RAG_HOME"]


def _run_cli(argv: list[str]) -> tuple[object, str]:
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["rag", *argv]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as left:
        return left.code or 0, err.getvalue()
    finally:
        sys.argv = before
    return 0, err.getvalue()


def fuzz_api(report: Report, draw: Draw, many: int, _: Rag) -> None:
    """Requests to the API of a fake engine: a known status, never 500."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from fakes_web import FakeEngine, client_for

    paths = ("/v1/answers", "/v1/search", "/v1/chat/completions", "/mcp")
    keys = "question history as_of stream query k model messages role content id".split()
    with client_for(FakeEngine(), requests_per_minute=10**6) as client:
        for _ in range(many):
            path = draw.choice(paths)
            row = {draw.choice(keys): _any(draw) for _ in range(draw.randint(0, 4))}
            row |= {"question": inputs.text(draw, 60)} if draw.random() < 0.5 else {}
            body = json.dumps(row).encode()
            body = inputs.mutated(body, draw) if draw.random() < 0.4 else body
            with watched(report, "API request", (path, body)):
                headers = {"content-type": "application/json"}
                served = client.post(path, content=body, headers=headers)
                known = {200, 202, 400, 404, 406, 413, 415, 503}
                assert served.status_code in known, f"status {served.status_code}"


# ------------------------------------------------------------ bombs and traps


def traps(report: Report, size: int) -> None:
    """Texts that make regular expressions slow, as a text, a sentence and a question."""
    settings = load_settings(llm="none", max_question_chars=10**9)
    for piece in inputs.TRAPS:
        for form in ("{0}", "{0}.", "a {0}", "“{0}", "1{0}x", "Who said {0}"):
            text = form.format(piece * (size // len(piece)))
            told = f"{form!r} of {piece!r}"
            reads: dict[str, Callable[[str], object]] = {
                "split": split,
                "dateline": dateline,
                "iso_date": iso_date,
                "words": words,
                "visible": visible,
                "clean_question": lambda t: clean_question(t, settings),
            }
            for name, read in reads.items():
                with watched(report, f"trap for {name}", told):
                    read(text)
            _trap_sentence(report, text[:1200], told)


def _trap_sentence(report: Report, text: str, told: str) -> None:
    """What reads one sentence (1,200 characters at most) or one question (2,000)."""
    article = Article("a.txt", text, None, "2025-12-20", "gone", "0")
    reads: dict[str, Callable[[], object]] = {
        "speaker_of": lambda: [speaker_of(article, s) for s in article.sentences],
        "when": lambda: when(text, "2025-12-20"),
        "timing": lambda: timing(text, "2025-12-20"),
        "parts": lambda: parts(text),
        "kind_of": lambda: kind_of(text),
        "supported": lambda: supported(text, text + " not"),
        "markdown": lambda: load(".md", text.encode()),
        "html": lambda: load(".html", text.encode()),
    }
    for name, read in reads.items():
        with watched(report, f"trap for {name}", told):
            began = time.process_time()
            read()
            assert time.process_time() - began < 1, "more than a second for 1,200 characters"


def bombs(report: Report, only: str = "") -> None:
    """Documents that unfold, each in a process of its own with little memory."""
    for name, (suffix, make) in inputs.bombs().items():
        if only not in name:
            continue
        data = make()
        report.count("bombs")
        process = os.fork()
        if process == 0:
            os._exit(_explode(suffix, data))
        _, status, used = os.wait4(process, 0)
        code = os.waitstatus_to_exitcode(status)
        told = f"{name}: {used.ru_utime + used.ru_stime:.1f} s, {used.ru_maxrss >> 10} MB"
        outcome = {0: "read", 1: "refused with a clear error"}.get(code)
        if outcome:
            report.count(f"bombs {outcome}")
            report.notes.append(f"{told}, {outcome}")
        else:
            kinds = {2: RAISED, 3: FAT, -signal.SIGALRM: HANG, -signal.SIGSEGV: RAISED}
            report.fault(kinds.get(code, RAISED), f"{told}, exit {code}")


def _explode(suffix: str, data: bytes) -> int:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(BOMB_SECONDS)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    limit = _address_space() + BOMB_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        for loaded in load(suffix, data):
            spans = split(loaded.text)
            assert not spans or spans[-1].end <= len(loaded.text)
    except RagError as problem:
        if isinstance(problem.__cause__, MemoryError):
            return 3
        return 1 if "\n" not in str(problem) else 2
    except MemoryError:
        return 3
    except BaseException:  # noqa: BLE001 - told by the exit code
        return 2
    return 0 if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - used < BOMB_BYTES else 3


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[0])
    return pages * resource.getpagesize()


# ------------------------------------------------------------ all of it

SHARES = {
    "sentences": 15,
    "news": 5,
    "documents": 30,
    "dates": 18,
    "questions": 10,
    "answers": 8,
    "batch": 8,
    "api": 3,
    "cli": 1,
    "asking": 1.5,
    "folders": 0.5,
}  # per cent of all inputs
FUZZED: dict[str, Callable[[Report, Draw, int, Rag], None]] = {
    "sentences": fuzz_sentences,
    "news": fuzz_news,
    "documents": fuzz_documents,
    "dates": fuzz_dates,
    "questions": fuzz_questions,
    "answers": fuzz_answers,
    "batch": fuzz_batch,
    "api": fuzz_api,
    "cli": fuzz_cli,
    "asking": fuzz_asking,
    "folders": fuzz_folders,
}


@contextlib.contextmanager
def stubbed_rag() -> Iterator[Rag]:
    """The real articles behind a stand-in for the embedder, without reranker and model."""
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "stub").mkdir()
        (Path(place) / "stub" / "x").write_text("x", "utf-8")
        settings = load_settings(
            index=Path(place) / "index", embedder=str(Path(place) / "stub"), llm="none"
        )
        index_corpus(read_corpus([data_of("seeds")], 10**7), settings, Stub().open)
        index: Index = open_index(settings)
        yield Rag(settings, index, Retriever(index, Stub(), None, settings), None)
        index.close()


def run(report: Report, many: int, seed: int, only: Collection[str] = ()) -> None:
    """Send so many inputs, shared out over all rooms or over some."""
    signal.signal(signal.SIGALRM, _alarm)
    with stubbed_rag() as rag:
        for name, fuzz in FUZZED.items():
            if not only or name in only:
                share = max(5, int(many * SHARES[name] / 100))
                fuzz(report, random.Random(f"{seed} {name}"), share, rag)


def main_campaign() -> int:
    """Run the campaign."""
    parser: argparse.ArgumentParser = options(__doc__ or "")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--trap-size", type=int, default=100_000)
    parser.add_argument("--no-bombs", action="store_true")
    parser.add_argument("--only", choices=SHARES, action="append", help="these rooms, no traps")
    given = parser.parse_args()
    report = Report("Bad input", vars(given).copy())
    run(report, given.inputs, given.seed, given.only or ())
    if not given.only:
        traps(report, given.trap_size)
    if not given.only and not given.no_bombs:
        bombs(report)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    report.notes.append(f"largest memory of the campaign's process: {peak} MB")
    return finish(report, given.out)


if __name__ == "__main__":
    sys.exit(main_campaign())
