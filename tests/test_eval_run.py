"""A whole evaluation with a fake product: every deliberate fault turns the gate red by name."""

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import typer
from eval_loader import load
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from rag.answer import Abstention, Answer, Claim, Statement, number
from rag.citation import cite
from rag.corpus import Article
from rag.embedder import Encoded
from rag.errors import ModelFailed, RagError, UsageError
from rag.evidence import Evidence
from rag.retriever import Hit
from rag.settings import resource

suite, gates, gold, rows = load("suite"), load("gate"), load("gold"), load("rows")
run, systems, baselines = load("run"), load("systems"), load("baselines")
scoring, history, plainprompt = load("scoring"), load("history"), load("plainprompt")
opening, report, stats = load("opening"), load("report"), load("stats")

TEXTS = {
    "old.txt": ("2025-01-01", "The army counts 800 men. Ann leads the team. Rain fell in Paris."),
    "new.txt": ("2025-02-01", "The army counts 900 men. Bob leads the team. Snow fell in Rome."),
}
ARTICLES = tuple(
    Article(name, text, name, day, name, f"sha-{name}") for name, (day, text) in TEXTS.items()
)
CORPUS = scoring.Corpus(ARTICLES)


def span(article, quote):
    start = TEXTS[article][1].index(quote)
    return {"article": article, "start": start, "end": start + len(quote), "quote": quote}


def asked(name, question, groups=(), spans=(), **more):
    given = {"id": name, "type": "fact", "question": question, "answerable": bool(groups)}
    evidence = [[span(*place) for place in group] for group in spans]
    return gold.parse({**given, "answers": [list(g) for g in groups], "evidence": evidence, **more})


OLD_ARMY, NEW_ARMY = (
    ("old.txt", "The army counts 800 men."),
    ("new.txt", "The army counts 900 men."),
)
ITEMS = [
    asked("leader", "Who leads the team?", [["Bob"]], [[("new.txt", "Bob leads the team.")]]),
    asked("rain", "Where did rain fall?", [["Paris"]], [[("old.txt", "Rain fell in Paris.")]]),
    asked(
        "armies",
        "How many men do they have?",
        [["800"], ["900"]],
        [[OLD_ARMY], [NEW_ARMY]],
        type="conflict",
        sides=[[0], [1]],
    ),
    asked("early", "How large was the army?", [["800"]], [[OLD_ARMY]], as_of="2025-01-15"),
    asked("bread", "How do I bake bread?"),
    asked("king", "Who is king?", history=[{"question": "Where?", "answer": "In Rome."}]),
]
GATE = {
    "none": {
        metric: {"min": 1.0}
        for metric in (
            "correct",
            "evidence_recall",
            "marker_accuracy",
            "quote_exactness",
            "abstention_recall",
            "as_of_kept",
        )
    }
}


class FakeRag:
    """The whole of what the evaluation uses of ``Rag``, with the right answer to every question."""

    def __init__(self):
        self.articles = ARTICLES
        self.settings = SimpleNamespace(evidence=8)
        self.provenance = {"version": "fake"}
        self.questions = []
        self.closed = False

    def search(self, query, k=10, as_of=None):
        item = next(i for i in ITEMS if i.question in query)
        day = as_of.isoformat() if as_of else "9999"
        places = [(a, s) for a in ARTICLES if a.date <= day for s in a.sentences]
        good = [s for group in item.evidence for s in group]
        places.sort(
            key=lambda p: not any(g.overlaps(p[0].name, p[1].start, p[1].end) for g in good)
        )
        logit = 2.0 if good else -2.0
        hits = [Hit(n, a, s, "", 1 / n, logit) for n, (a, s) in enumerate(places, 1)]
        return hits[:k]

    def cited(self, item, hits):
        return [
            (h.article, h.sentence)
            for h in hits
            for group in item.evidence
            for g in group
            if g.overlaps(h.article.name, h.sentence.start, h.sentence.end)
        ]

    def ask(self, question, history=(), as_of=None):
        self.questions.append(question)
        assert isinstance(as_of, date | None)
        item = next(i for i in ITEMS if i.question == question)
        hits = self.search(question, 8, as_of)
        offered, best = tuple(hits), tuple(hits[:1])
        found = Evidence(question, question, as_of, offered, offered, best, best)
        self.judged = (systems.Judged(found, None),)
        claims = [Claim(s.text, (cite(a, s),)) for a, s in self.cited(item, hits)]
        text, statements, citations = number(claims)
        return Answer(
            question,
            question,
            item.as_of,
            "answered" if claims else "abstained",
            text or "The articles do not say.",
            statements,
            citations,
            abstention=None if claims else Abstention("The articles do not say."),
            timings_ms={"retrieve": 1.0, "first_token": 2.0, "total": 3.0},
        )

    def close(self):
        self.closed = True


class FindsNothing(FakeRag):
    def search(self, query, k=10, as_of=None):
        return []


class ShiftsMarkers(FakeRag):
    def ask(self, *args):
        answer = super().ask(*args)
        shifted = tuple(
            Statement(s.text, tuple(n + 1 for n in s.citations)) for s in answer.statements
        )
        return replace(answer, statements=shifted)


class AltersQuotes(FakeRag):
    def ask(self, *args):
        answer = super().ask(*args)
        altered = tuple(replace(c, quote=c.quote.rstrip(".") + "!") for c in answer.citations)
        return replace(answer, citations=altered)


class AlwaysYes(FakeRag):
    def cited(self, item, hits):
        return super().cited(item, hits) or [(hits[0].article, hits[0].sentence)]


class IgnoresDates(FakeRag):
    def search(self, query, k=10, as_of=None):
        return super().search(query, k)


class Breaks(FakeRag):
    def ask(self, question, history=(), as_of=None):
        if "rain" in question:
            raise ModelFailed("the language model wrote\ngarbage")
        if "men" in question:
            raise ZeroDivisionError
        return super().ask(question, history, as_of)


class FakeEmbedder:
    """Vectors of letter counts: alike words are near each other."""

    name, dimension = "fake", 26

    def encode(self, texts):
        for text in texts:
            counts = np.array([text.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"], "f4")
            vector = counts / max(float(np.linalg.norm(counts)), 1e-9)
            yield Encoded(vector, vector[None])


def evaluate(folder, rag=None, **more):
    rag = rag or FakeRag()
    kept = history.load(folder / "last.json")
    given = {"items": ITEMS, "thresholds": GATE, "last": kept, "systems": ["none"], **more}
    task = suite.Task(corpus=CORPUS, folder=folder, **given)
    return suite.evaluate(task, lambda name: systems.Product(name, rag))


def missed(result):
    return {check.metric for check in result.checks if not check.passed}


def test_a_right_product_passes_the_gate(tmp_path):
    result = evaluate(tmp_path)
    assert missed(result) == set()
    figures = result.figures["none"]
    assert figures["conflict_recall"].value == 1.0
    assert figures["mrr"].value == 1.0
    assert figures["latency_p50_ms"].value >= 0
    gates.require(list(result.checks))


@pytest.mark.parametrize(
    ("rag", "metrics"),
    [
        (ShiftsMarkers, {"marker_accuracy"}),
        (AltersQuotes, {"quote_exactness"}),
        (AlwaysYes, {"abstention_recall", "correct"}),
        (IgnoresDates, {"as_of_kept"}),
    ],
)
def test_a_fault_turns_the_gate_red_and_names_its_metric(tmp_path, rag, metrics):
    result = evaluate(tmp_path, rag())
    assert missed(result) == metrics
    with pytest.raises(gates.GateMissed) as caught:
        gates.require(list(result.checks))
    assert all(f"none: {metric} " in str(caught.value) for metric in metrics)


def test_a_search_that_finds_nothing_is_named(tmp_path):
    result = evaluate(tmp_path, FindsNothing())
    assert "evidence_recall" in missed(result)
    assert result.figures["none"]["evidence_recall"].value == 0.0
    assert result.figures["none"]["abstention_recall"].value == 1.0


def test_a_model_that_breaks_is_scored_and_the_run_goes_on(tmp_path):
    result = evaluate(tmp_path, Breaks())
    assert result.figures["none"]["errors"].value == pytest.approx(2 / 6)
    assert result.figures["none"]["correct"].value == pytest.approx(4 / 6)
    by_id = {row.id: row for row in rows.read_rows(tmp_path / "rows.jsonl")}
    assert by_id["rain"].error == "ModelFailed: the language model wrote garbage"
    assert by_id["armies"].status == "error"
    assert "error: ModelFailed" in (tmp_path / "report.md").read_text("utf-8")


def test_quotes_in_place_of_a_failed_model_are_no_answer_of_its(tmp_path):
    class Replaced(FakeRag):
        def ask(self, *args):
            return replace(
                super().ask(*args),
                provenance={"note": "The language model failed.", "model_failed": True},
            )

    result = evaluate(tmp_path, Replaced())
    assert result.figures["none"]["errors"].value == 1.0
    assert "The language model failed." in (tmp_path / "report.md").read_text("utf-8")


def test_a_model_that_always_breaks_still_gets_its_report(tmp_path):
    class Dead(FakeRag):
        def ask(self, *args):
            raise ModelFailed("the language model took longer than 0 s")

    result = evaluate(tmp_path, Dead())
    assert result.figures["none"]["correct"].value == 0.0
    assert result.figures["none"]["errors"].value == 1.0
    assert "longer than 0 s" in (tmp_path / "report.md").read_text("utf-8")
    assert (tmp_path / "latency.png").read_bytes().startswith(b"\x89PNG")


def test_two_runs_have_the_same_rows_but_for_timings(tmp_path):
    reports = []
    for name in ("one", "two"):
        evaluate(tmp_path / name)
        settled = [row.settled() for row in rows.read_rows(tmp_path / name / "rows.jsonl")]
        report = json.loads((tmp_path / name / "report.json").read_text("utf-8"))
        for figures in report["figures"].values():
            for metric in ("latency_p50_ms", "latency_p95_ms"):
                del figures[metric]
        reports.append((settled, report))
    assert reports[0] == reports[1]


def test_the_rows_are_complete_and_in_order(tmp_path):
    evaluate(tmp_path)
    again = rows.read_rows(tmp_path / "rows.jsonl")
    assert [row.id for row in again] == [item.id for item in ITEMS]
    assert all(row.key for row in again)
    leader = again[0]
    assert leader.citations[0].quote == "Bob leads the team."
    assert leader.text == "Bob leads the team. [1]"
    assert rows._row(json.loads(leader.to_json())) == leader


def test_an_interrupted_run_is_taken_up(tmp_path):
    class Stops(FakeRag):
        def ask(self, question, *rest):
            if len(self.questions) == 3:
                raise KeyboardInterrupt
            return super().ask(question, *rest)

    stopped = Stops()
    with pytest.raises(KeyboardInterrupt):
        evaluate(tmp_path, stopped)
    assert stopped.closed
    journal = tmp_path / "rows.jsonl"
    journal.write_text(journal.read_text("utf-8") + '{"system": "none", "id": "ki', "utf-8")
    rag = FakeRag()
    assert missed(evaluate(tmp_path, rag)) == set()
    assert rag.questions == [item.question for item in ITEMS[3:]]


def test_a_finished_run_is_done_again_unless_told_otherwise(tmp_path):
    evaluate(tmp_path)
    again, kept, fresh = FakeRag(), FakeRag(), FakeRag()
    evaluate(tmp_path, again)
    evaluate(tmp_path, kept, reuse=True)
    evaluate(tmp_path, fresh, reuse=False)
    assert [len(r.questions) for r in (again, kept, fresh)] == [6, 0, 6]


def test_rows_of_another_product_are_not_reused(tmp_path):
    evaluate(tmp_path)
    other = FakeRag()
    other.provenance = {"version": "newer"}
    evaluate(tmp_path, other, reuse=True)
    assert len(other.questions) == 6


def test_errors_are_tried_again(tmp_path):
    evaluate(tmp_path, Breaks())
    rag = FakeRag()
    evaluate(tmp_path, rag, reuse=True)
    assert len(rag.questions) == 2


def test_the_report_names_what_flipped(tmp_path):
    result = evaluate(tmp_path, Breaks())
    assert "not in the last report" in (tmp_path / "report.md").read_text("utf-8")
    history.keep(tmp_path / "last.json", result.scored, result.figures)
    evaluate(tmp_path)
    assert "- fixed (2): rain, armies" in (tmp_path / "report.md").read_text("utf-8")
    result = evaluate(tmp_path)
    history.keep(tmp_path / "last.json", result.scored, result.figures)
    evaluate(tmp_path, Breaks())
    page = (tmp_path / "report.md").read_text("utf-8")
    assert "- broken (2): rain, armies" in page
    assert "1.000 → 0.667" in page


def test_several_systems_stand_side_by_side(tmp_path):
    systems_by_name = {
        "none": systems.Product("none", FakeRag()),
        "bm25": baselines.Bm25Quotes(CORPUS),
    }
    task = suite.Task(
        ITEMS,
        CORPUS,
        ["none", "bm25"],
        tmp_path,
        embedder=FakeEmbedder(),
    )
    result = suite.evaluate(task, systems_by_name.__getitem__)
    page = (tmp_path / "report.md").read_text("utf-8")
    assert "| metric | none | bm25 |" in page
    assert "`bm25`: +0.000" in page
    assert set(result.search) == {"MiniLM cosine", "BM25", "plain RRF", "ours"}
    assert result.search["ours"]["mrr"] == 1.0
    assert result.figures["bm25"]["as_of_kept"].value == 0.0
    for name in ("score_per_type", "risk_coverage", "latency"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_junit_counts_the_gate_and_tells_wrong_answers(tmp_path):
    evaluate(tmp_path, AlwaysYes())
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    gate, none = root.findall("testsuite")
    assert (gate.get("name"), gate.get("failures"), gate.get("tests")) == ("gate", "2", "6")
    assert (none.get("skipped"), none.get("tests")) == ("2", "6")
    told = none.find("testcase[@name='bread']/skipped").get("message")
    assert told == "wrong: answered, although the articles do not say"


def test_wrong_answers_say_which_stage_failed(tmp_path):
    result = evaluate(tmp_path, FindsNothing())
    why = {s.item.id: scoring.explain(s) for s in result.scored["none"]}
    assert why["leader"].startswith("search: 0% of the evidence among the first 8; gate: abstained")
    assert why["bread"] == ""


def test_the_third_and_the_limit_are_fixed():
    items = [replace(ITEMS[0], id=f"q{n}") for n in range(300)]
    assert suite.third(items) == suite.third(items)
    assert 75 <= len(suite.third(items)) <= 125
    some = suite.first(items, 7)
    assert len(some) == 7
    assert some == suite.first(items, 7)
    assert set(suite.third(items[:150])) <= set(suite.third(items))


def test_gate_files_are_checked(tmp_path):
    file = tmp_path / "gate.toml"
    for text, told in (
        ("[none]\nbeauty = { min = 1 }", "unknown metric 'beauty'"),
        ("[none]\ncorrect = 0.5", "write { min = 0.5 }"),
        ("[none]\ncorrect = { least = 0.5 }", "write { min = 0.5 }"),
        ("none = 3", "table"),
        ("[", "cannot be read"),
    ):
        file.write_text(text, "utf-8")
        with pytest.raises(UsageError, match=told):
            gates.load_gate(file)
    assert gates.load_gate(run.OWN_GATE).keys() == {"none", "local/third"}


BEFORE = {"none": {"correct": {"min": 0.6}, "errors": {"max": 0.1}}, "local": {"f1": {"min": 0.2}}}


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        (BEFORE, []),
        ({**BEFORE, "none": {"correct": {"min": 0.7}, "errors": {"max": 0.0}}}, []),
        (
            {"none": {"correct": {"min": 0.55}, "errors": {"max": 0.2}}},
            [
                "none: correct min 0.6 -> 0.55",
                "none: errors max 0.1 -> 0.2",
                "local: f1 min 0.2 -> gone",
            ],
        ),
        ({**BEFORE, "none": {"correct": {"min": 0.6}}}, ["none: errors max 0.1 -> gone"]),
    ],
)
def test_a_gate_that_went_down_is_seen(gate, told):
    assert gates.loosened(gate, BEFORE) == told
    assert gates.unexplained(gate, BEFORE, "# Changelog\n- none: correct min 0.6 -> 0.55") == told
    why = "".join(f"- Gate, {what}: the questions got harder.\n" for what in told)
    assert gates.unexplained(gate, BEFORE, why) == []


def test_committed_gate_never_went_down_in_silence():
    last = history.load(run.OWN_LAST)
    changelog = (resource("eval").parent / "CHANGELOG.md").read_text("utf-8")
    assert last.gate, "keep a report: make eval-gate, then rag eval --keep"
    assert gates.unexplained(gates.load_gate(run.OWN_GATE), last.gate, changelog) == []


def test_committed_thresholds_lie_below_the_kept_reports_intervals():
    last = history.load(run.OWN_LAST)
    gate = gates.load_gate(run.OWN_GATE)
    assert set(last.figures) <= set(gate)
    kept = {
        system: {metric: stats.Figure(**each) for metric, each in figures.items()}
        for system, figures in last.figures.items()
    }
    for check in gates.check(gate, kept):
        if check.value is not None:  # latencies are not kept
            inside = check.low >= check.limit if check.bound == "min" else check.high <= check.limit
            assert inside, check


def test_a_report_is_not_kept_when_the_gate_went_down_in_silence(tmp_path, monkeypatch):
    last = history.Last(gate={"none": {"correct": {"min": 2.0}}})
    result = evaluate(tmp_path, last=last)
    monkeypatch.setattr(run, "OWN_LAST", tmp_path / "last.json")
    task = suite.Task(ITEMS, CORPUS, ["none"], tmp_path, GATE, last=last)
    with pytest.raises(gates.GateMissed, match=r"none: correct min 2 -> 1"):
        run._keep(tmp_path / "last.json", result, task)
    assert not (tmp_path / "last.json").exists()


def test_what_was_not_measured_misses_the_gate():
    (check,) = gates.check({"none": {"conflict_recall": {"min": 0.1}}}, {"none": {}})
    assert not check.passed
    assert "could not be measured" in str(check)


# The baselines


def fake_llm(*replies):
    return GenericFakeChatModel(messages=iter([AIMessage(reply) for reply in replies]))


def test_bm25_quotes_sentences():
    row = baselines.Bm25Quotes(CORPUS).answer(ITEMS[1])
    assert row.citations[0].quote == "Rain fell in Paris."
    assert len(baselines.Bm25Quotes(CORPUS).answer(ITEMS[3]).citations) == 3
    assert baselines.Bm25Quotes(CORPUS).answer(asked("x", "zebra quagga")).status == "abstained"


def test_the_stock_recipe_cites_chunks():
    stock = baselines.StockRecipe(
        CORPUS, fake_llm("Rain fell in Paris [1]. So it did. [9]"), "key", FakeEmbedder()
    )
    row = stock.answer(ITEMS[1])
    assert [said.citations for said in row.statements] == [(1,), (9,)]
    (cited,) = row.citations
    assert cited.quote == TEXTS[cited.article][1][cited.start : cited.end]
    assert scoring.score(ITEMS[1], row, CORPUS).scores["quote_exactness"] == 1.0


def test_chunks_have_exact_offsets():
    text = "\n\n".join(f"Paragraph {n}. " + "Words follow words. " * 20 for n in range(12))
    for chunk in baselines.chunks(Article("long.txt", text, None, None, "long.txt", "0")):
        assert chunk.quote == text[chunk.start : chunk.end]
        assert 0 < len(chunk.quote) <= 1000


def test_the_whole_corpus_numbers_every_sentence():
    row = baselines.WholeCorpus(CORPUS, fake_llm("Bob [5]."), "key").answer(ITEMS[0])
    assert row.citations[0].quote == "Bob leads the team."
    assert row.found is None
    assert scoring.score_all([ITEMS[0]], [row], CORPUS)[0].scores["evidence_recall"] is None
    assert baselines.window_for(CORPUS) == 2048
    text = "So they said. " * 100
    many = tuple(Article(f"{n}.txt", text, None, None, "x", "0") for n in range(60))
    huge = scoring.Corpus(many)
    with pytest.raises(UsageError, match="too large"):
        baselines.window_for(huge)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("I don't know.", "abstained"),
        ("The context does not mention bread.", "abstained"),
        ("", "abstained"),
        ("He did not say why [1].", "answered"),
        ("Bob leads it [1].", "answered"),
    ],
)
def test_refusals_are_told_from_answers(reply, status):
    source = rows.Cited(1, "new.txt", 0, 3, "The")
    assert plainprompt.read_reply("stock", "q", reply, [source]).status == status


def test_the_recorder_keeps_what_the_gate_judged():
    """It leans on inner names of the product; this says so when one of them goes."""

    rag = opening.RecordedRag(SimpleNamespace(evidence=8), None, FakeRag(), fake_llm("yes"))
    found = Evidence("Who?", "Who?", None, (), (), (), ())
    assert not rag._answers(found, None)
    assert rag.judged == ((found, None),)
    assert rag.judged[0].sure == 0.0
    assert {"_answers", "stream"} <= vars(opening.Rag).keys()


# The command


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Run `rag eval` over the fake product; gives a function from arguments to the folder."""
    file = tmp_path / "gold.jsonl"
    file.write_text("".join(json.dumps(item.to_row()) + "\n" for item in ITEMS), "utf-8")
    gate = tmp_path / "gate.toml"
    gate.write_text("[none]\nquote_exactness = { min = 1.0 }\n", "utf-8")
    opened = SimpleNamespace(rag=FakeRag(), folder=tmp_path / "out", gold=file)
    index = SimpleNamespace(articles=ARTICLES, close=lambda: None)
    monkeypatch.setattr(run, "open_any", lambda settings: index)
    monkeypatch.setattr(run, "open_embedder", lambda settings: FakeEmbedder())
    monkeypatch.setattr(
        opening, "open_system", lambda name, settings, corpus: systems.Product(name, opened.rag)
    )

    def call(*args):
        run.main(["--gold", str(file), "--gate", str(gate), "--llm", "none",
                  "--out", str(opened.folder), *args])  # fmt: skip
        return opened

    call.opened = opened
    return call


def test_the_command_writes_a_report(command, capsys):
    opened = command()
    names = {path.name for path in opened.folder.iterdir()}
    assert {"rows.jsonl", "report.json", "report.md", "junit.xml", "latency.png"} <= names
    out = capsys.readouterr().out
    assert "| answer correctness | 1.000" in out
    assert "the gate is met: 1 thresholds" in out


def test_the_command_fails_where_the_gate_is_missed(command):
    command.opened.rag = AltersQuotes()
    with pytest.raises(gates.GateMissed, match="quote_exactness"):
        command()
    assert gates.GateMissed.exit_code == 1


def test_the_command_checks_gold(command, capsys):
    command("--check")
    assert "6 questions hold, 0 problems" in capsys.readouterr().out
    command.opened.gold.write_text('{"id": "x"}\n', "utf-8")
    with pytest.raises(typer.Exit):
        command("--check")
    assert "line 1: 'type' is missing" in capsys.readouterr().err


def test_the_command_keeps_a_report_for_later(command, tmp_path, capsys):
    command("--keep")
    kept = history.load(tmp_path / "gold.last.json")
    assert kept.right == {"none": {item.id: 1 for item in ITEMS}}
    assert kept.figures["none"]["correct"]["value"] == 1.0
    assert not any("latency" in name for name in kept.figures["none"])
    assert kept.gate == {"none": {"quote_exactness": {"min": 1.0}}}
    command.opened.rag = Breaks()
    with pytest.raises(gates.GateMissed):
        command()
    assert "none broken (2): rain, armies" in capsys.readouterr().out


def test_a_few_questions_are_not_kept(command, tmp_path):
    with pytest.raises(UsageError, match="--keep wants all questions"):
        command("--keep", "--limit", "2")
    assert not (tmp_path / "gold.last.json").exists()


def test_a_third_is_compared_with_the_whole_run(tmp_path):
    result = evaluate(tmp_path)
    history.keep(tmp_path / "last.json", result.scored, result.figures)
    some = evaluate(tmp_path, Breaks(), part="/third", items=ITEMS[:2])
    assert report.flips(some) == ["none broken (1): rain"]


def test_a_damaged_last_report_is_told(tmp_path):
    (tmp_path / "last.json").write_text("[]", "utf-8")
    with pytest.raises(RagError, match=r"last report last\.json cannot be read"):
        history.load(tmp_path / "last.json")


def test_baselines_that_need_a_model_are_refused_at_once(command):
    with pytest.raises(UsageError, match="stock needs a language model"):
        command("--compare", "none, stock")
    assert command.opened.rag.questions == []


def test_a_system_that_cannot_be_opened_is_refused_at_once(command):
    with pytest.raises(RagError, match="nonsense"):
        command("--compare", "none,nonsense")
    assert command.opened.rag.questions == []


def test_unknown_options_are_wrong_usage(command):
    with pytest.raises(Exception, match="No such option: --colour"):
        command("--colour")


def test_init_writes_a_template_once(tmp_path):
    file = tmp_path / "mine.jsonl"
    run.main(["init", str(file)])
    assert "//" in file.read_text("utf-8")
    with pytest.raises(UsageError, match="already"):
        run.main(["init", str(file)])


def test_feedback_becomes_gold(tmp_path):
    rag = FakeRag()
    good, none = (rag.ask(ITEMS[n].question).to_dict() for n in (0, 4))
    lines = [
        {"verdict": "up", "answer": good},
        none,
        {
            "verdict": "wrong quote",
            "answer": rag.ask(ITEMS[1].question).to_dict(),
            "note": "it snowed",
        },
    ]
    given, target = tmp_path / "feedback.jsonl", tmp_path / "more.jsonl"
    given.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    for _ in range(2):  # the second time adds nothing
        run.main(["feedback", str(given), "--out", str(target)])
        items, problems = gold.read_gold(target, ARTICLES)
        assert [item.answerable for item in items] == [True, False]
        assert items[0].evidence[0][0].quote == "Bob leads the team."
        (problem,) = problems
        assert problem[0] == 3
        assert "it snowed" in problem[1]
    given.write_text(json.dumps(rag.ask(ITEMS[3].question).to_dict(), indent=2), "utf-8")
    run.main(["feedback", str(given), "--out", str(target)])  # one answer, as the chat saves it
    assert len(gold.read_gold(target, ARTICLES)[0]) == 3
    given.write_text('{"verdict": "up"}', "utf-8")
    with pytest.raises(UsageError, match="line 1 has no answer object"):
        run.main(["feedback", str(given), "--out", str(target)])
