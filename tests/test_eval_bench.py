"""Outside benchmarks: marks worked out by hand, and the command over small sets of our own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import HOME
from eval_loader import load
from fakes import article

from rag import gate
from rag.calibration import Gate
from rag.errors import UsageError
from rag.retriever import Hit

documents, running = load("bench.documents"), load("bench.running")
reports, asking, data = load("bench.report"), load("bench.asking"), load("bench.data")
clapnq, squad2, quotesum = load("bench.clapnq"), load("bench.squad2"), load("bench.quotesum")
ramdocs, mtrag, beir = load("bench.ramdocs"), load("bench.mtrag"), load("bench.beir")
calibrate, grow = load("calibrate"), load("bench.grow")
folders, features = load("bench.folders"), load("bench.features")
Document, Question, Reply = documents.Document, documents.Question, documents.Reply


def cited(question, *quotes):
    """Cite words of the given documents, wherever they stand."""
    found = []
    for n, words in enumerate(quotes, 1):
        at = next(i for i, d in enumerate(question.documents) if words in d.text)
        start = question.documents[at].text.index(words)
        place = {"article": f"documents.jsonl#{at + 1}", "start": start, "end": start + len(words)}
        found.append({"n": n, **place, "quote": words})
    return found


def said(question, *quotes, text=None, conflicts=()):
    """Give a reply that quotes, or abstains where nothing is quoted."""
    answer = {
        "status": "answered" if quotes else "abstained",
        "answer": text or " ".join(f"{words} [{n}]" for n, words in enumerate(quotes, 1)) or "No.",
        "citations": cited(question, *quotes),
        "conflicts": [{"sides": [{"text": side} for side in sides]} for sides in conflicts],
    }
    found = [(c["article"], c["start"], c["end"]) for c in answer["citations"]]
    places = tuple((documents.document_of(name), start, end) for name, start, end in found)
    return Reply(question.id, "key", answer, found=places, features={"gate": 0.5})


CRASHED = Reply("q", "key", None, "ModelFailed: boom")


# CLAPnq


SENTENCES = ["Ann sang .", "Bob ran home .", "It rained ."]
PASSAGE = clapnq._question(
    {
        "id": 1,
        "question": "Who ran?",
        "title": "T",
        "sentences": SENTENCES,
        "answerable": True,
        "answer": "Bob ran home.",
        "selected": [1, 2],
    }
)


def test_sentences_are_found_in_the_passage_that_joins_them():
    text = PASSAGE.documents[0].text
    places = clapnq.sentence_places(SENTENCES)
    assert [text[start:end] for _, start, end in places] == SENTENCES


def test_clapnq_by_hand():
    # cited and found: sentences 0, 1 of the wanted 1, 2: F1 1/2, recall 1/2, RR 1/2
    marks = clapnq.mark(PASSAGE, said(PASSAGE, "Ann sang .", "Bob ran home ."))
    assert (marks["recall"], marks["rr"], marks["sentence_f1"]) == (0.5, 0.5, 0.5)
    # "ann sang bob ran home" against "bob ran home it rained": 3 of 5 words shared
    assert marks["chosen_f1"] == pytest.approx(3 / 5)
    assert marks["rouge"] == pytest.approx(2 * 3 / (5 + 3))
    silent = clapnq.mark(PASSAGE, said(PASSAGE))
    assert (silent["rouge"], silent["sentence_f1"], silent["chosen_f1"]) == (0.0, 0.0, 0.0)
    assert clapnq.mark(PASSAGE, CRASHED)["rouge"] == 0.0


# Marks of the gate


@pytest.mark.parametrize(
    ("answerable", "how", "left_empty", "refused"),
    [
        (True, "answer", 0.0, None),
        (True, "silence", 1.0, None),
        (True, "crash", 1.0, None),
        (False, "silence", None, 1.0),
        (False, "crash", None, 0.0),
        (None, "silence", None, None),
    ],
)
def test_gate_marks_count_a_crash_as_the_worst(answerable, how, left_empty, refused):
    question = Question("q", "?", (Document("Ann sang."),), answerable)
    replies = {"answer": said(question, "Ann sang."), "silence": said(question), "crash": CRASHED}
    marks = running.gate_marks(question, replies[how])
    assert (marks["left_empty"], marks["refused"]) == (left_empty, refused)


def test_a_quote_that_was_altered_is_not_exact():
    reply = said(PASSAGE, "Ann sang .", "It rained .")
    assert running.gate_marks(PASSAGE, reply)["exact"] == 1.0
    reply.answer["citations"][0]["quote"] = "Ann sings ."
    assert running.gate_marks(PASSAGE, reply)["exact"] == 0.5


def test_decisions_by_hand():
    # refused 3, of these 2 rightly; 4 should have been
    pairs = [(1, 1), (1, 1), (1, 0), (0, 1), (0, 1), (0, 0)]
    assert reports.decision(pairs) == pytest.approx(
        {"precision": 2 / 3, "recall": 1 / 2, "f1": 4 / 7}
    )
    assert reports.decision([(0, 1)]) == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert reports.decision([(0, 0), (1, 0)]) == {}


def test_auc_by_hand():
    # good 0.9, 0.4; bad 0.4, 0.1: three of four pairs in order, one level
    marks = [{"sure": s, "refuse": r} for s, r in ((0.9, 0), (0.4, 0), (0.4, 1), (0.1, 1))]
    assert squad2.auc(marks).value == pytest.approx(3.5 / 4)
    assert squad2.auc(marks[:2]).value is None


# QuoteSum


SUMMARY = "It is [ 1 the red fox ] or, elsewhere, [ 3 a dog ] and [ 1 a cat ] ."


def sources(*texts, **gold):
    return Question("q", "What?", tuple(map(Document, texts)), answerable=True, gold=gold)


def test_quotes_of_a_summary():
    assert quotesum.quotes(SUMMARY) == {1: "the red fox a cat", 3: "a dog"}
    assert quotesum.quotes("nothing quoted") == {}


def test_short_answers_by_hand():
    # source 1 wants "red fox" (one of two words quoted), source 3 wants "dog" (quoted)
    short = [quotesum.quotes("[ 1 red fox ] [ 3 dog ]"), quotesum.quotes("[ 3 big dog ]")]
    assert quotesum.short_recall(short, {1: "A fox ran", 3: "the dog"}) == pytest.approx(3 / 4)
    assert quotesum.short_recall(short, {2: "red fox dog"}) == 0.0
    assert quotesum.short_recall([{}, {}], {1: "x"}) is None


def test_quoted_spans_by_hand():
    # source 1: "red fox cat" (articles are no words) against "fox cat bird": 2 of 3 and 3: 2/3;
    # source 2: neither quotes, 1; source 3: wanted "dog", nothing quoted, 0
    references = [quotesum.quotes(SUMMARY)]
    have = {1: "fox, cat, bird", 2: "", 3: ""}
    assert quotesum.span_f1(references, have, [1, 2, 3]) == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_quotesum_takes_the_best_reference():
    question = sources(
        "The red fox barks.",
        "Birds fly.",
        "A dog barks.",
        summaries=[SUMMARY, "[ 2 Birds fly ] ."],
        short=["[ 1 red fox ]", ""],
    )
    marks = quotesum.mark(question, said(question, "The red fox barks."))
    assert marks["short"] == 1.0
    assert marks["sources"] == marks["found"] == 0.5  # of the first reference's two
    assert quotesum.mark(question, said(question, "Birds fly."))["sources"] == 1.0
    assert quotesum.mark(question, said(question))["rouge"] == 0.0


# RAMDocs


FILM = ramdocs._question(
    1,
    {
        "question": "Who made it?",
        "documents": [
            {"text": "Ann Lee made it in 1999."},
            {"text": "The film of 2007 is by Bob Oz."},
            {"text": "Zoe made it."},
        ],
        "gold_answers": ["Ann Lee", "Bob Oz"],
        "wrong_answers": ["Zoe"],
    },
)
ANN, BOB, ZOE = (document.text for document in FILM.documents)


@pytest.mark.parametrize(
    ("quotes", "conflicts", "sides", "not_only_wrong", "match"),
    [
        ([ANN], [], 0.0, 1.0, 0.0),
        ([ANN, BOB], [], 1.0, 1.0, 1.0),
        ([ANN], [["Ann Lee", "Bob Oz"]], 1.0, 1.0, 1.0),
        ([ANN, BOB, ZOE], [], 1.0, 1.0, 0.0),
        ([ZOE], [], 0.0, 0.0, 0.0),
        ([], [], 0.0, 1.0, 0.0),
    ],
)
def test_ramdocs_by_hand(quotes, conflicts, sides, not_only_wrong, match):
    marks = ramdocs.mark(FILM, said(FILM, *quotes, conflicts=conflicts))
    assert (marks["sides"], marks["not_only_wrong"], marks["match"]) == (
        sides,
        not_only_wrong,
        match,
    )
    assert marks["conflict"] == float(bool(conflicts))
    assert marks["false_alarm"] is None


def test_ramdocs_crash_is_the_worst():
    marks = ramdocs.mark(FILM, CRASHED)
    assert (marks["sides"], marks["not_only_wrong"], marks["match"]) == (0.0, 0.0, 0.0)


# MTRAG-UN


def turn(speaker, text):
    return {"speaker": speaker, "text": text}


def talk(name, asked, passages, kind):
    return {
        "conversation_id": name,
        "task_id": f"{name}<::>1",
        "Collection": "c",
        "contexts": [{"text": text} for text in passages],
        "input": [turn("user", "What of foxes?"), turn("agent", "They bark."), turn("user", asked)],
        "targets": [turn("agent", "Red ones.")],
        "answerability": [kind],
    }


def test_mtrag_lends_passages_of_other_conversations(tmp_path):
    rows = [
        talk("one", "Which foxes?", [], "UNANSWERABLE"),
        talk("two", "Which dogs?", ["Foxes are red.", "Dogs bark."], "ANSWERABLE"),
        talk("one", "Foxes?", ["Foxes foxes foxes."], "PARTIAL"),
    ]
    (tmp_path / "mtrag_un.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    given, borrowed, two, partial = mtrag.load(tmp_path)
    assert (given.documents, given.answerable) == ((), False)
    assert [d.text for d in borrowed.documents] == ["Foxes are red."]
    assert borrowed.history == (("What of foxes?", "They bark."),)
    assert (two.answerable, partial.answerable) == (True, None)
    assert mtrag.mark(borrowed, said(borrowed))["real"] == 1.0
    assert mtrag.mark(borrowed, said(borrowed))["given"] is None
    assert mtrag.mark(given, said(given))["given"] == 1.0
    assert mtrag.mark(partial, said(partial))["partial"] == 1.0
    kept = mtrag.mark(two, said(two, "Dogs bark."))
    assert (kept["kept"], kept["real"], kept["given"]) == (1.0, 0.0, 0.0)


# SQuAD 2.0


def test_squad_asks_only_of_articles_kept_apart(tmp_path):
    rows = [
        {
            "id": f"{title}{n}",
            "title": title,
            "context": "Ann sang.",
            "question": "Who?",
            "answerable": True,
            "answers": [{"text": "Ann", "start": 0}],
        }
        for title in "GFEDCBA"
        for n in range(2)
    ]
    (tmp_path / "squad2.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    asked = squad2.load(tmp_path)
    assert [question.id for question in asked] == ["F0", "F1", "A0", "A1"]
    marks = squad2.mark(asked[0], said(asked[0], "Ann sang."))
    assert (marks["recall"], marks["rr"], marks["right"]) == (1.0, 1.0, 1.0)
    assert squad2.mark(asked[0], said(asked[0]))["right"] == 0.0


# Data, qrels, journal


def test_data_that_is_absent_or_broken_is_told(tmp_path):
    with pytest.raises(data.DataAbsent, match="not in the data folder"):
        data.read(tmp_path, "x.jsonl")
    for text, told in (("{}\n{", "line 2 is not JSON"), ("{}\n\n3", "line 3 is no JSON object")):
        (tmp_path / "x.jsonl").write_text(text, "utf-8")
        with pytest.raises(data.DataBroken, match=told):
            data.read(tmp_path, "x.jsonl")


def test_questions_are_spread_over_the_set():
    assert data.spread(range(10), 4) == [0, 2, 5, 7]
    assert data.spread(range(3), 9) == data.spread(range(3), None) == [0, 1, 2]


def test_qrels_of_both_forms_are_read_alike(tmp_path):
    (tmp_path / "beir/qrels").mkdir(parents=True)
    (tmp_path / "trec").mkdir()
    (tmp_path / "beir/qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td 1\t2\n")
    (tmp_path / "trec/qrels.txt").write_text("q1 0 d1 2\nq2 0 d9 0\n")
    assert [tuple(q)[:3] for q in beir.judgements(tmp_path / "beir")] == [("q1", "d 1", 2)]
    assert [q.relevance for q in beir.judgements(tmp_path / "trec")] == [2, 0]
    (tmp_path / "trec/qrels.txt").write_text("q1 0 d1 2\nnonsense\n")
    with pytest.raises(data.DataBroken, match=r"qrels.txt line 2 is no judgement: 'nonsense'"):
        list(beir.judgements(tmp_path / "trec"))
    with pytest.raises(data.DataAbsent, match="neither"):
        list(beir.judgements(tmp_path))


class FakeProduct:
    """Answers every question with its own id; breaks where it is told to."""

    identity = "fake"
    breaks: tuple[str, ...] = ()
    asked: list[str]

    def __init__(self, settings):
        pass

    def ask(self, question, key):
        type(self).asked.append(question.id)
        if question.id in type(self).breaks:
            raise RuntimeError("boom\nand more")
        return Reply(question.id, key, {"status": "abstained", "citations": []}, found=((0, 1, 2),))

    def close(self):
        pass


def test_replies_are_kept_and_crashes_tried_again(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(asking, "GivenDocuments", FakeProduct)
    questions = [Question(name, "?", (Document(name),), answerable=True) for name in "abc"]
    task = asking.Task(settings.model_copy(update={"llm": "file:x/y.gguf"}), tmp_path, tmp_path)
    FakeProduct.asked, FakeProduct.breaks = [], ("b",)
    first = asking.ask_all(task, "x", questions)
    assert first[1].error == "RuntimeError: boom and more"
    with (tmp_path / "x-file_x_y.gguf.rows.jsonl").open("a") as file:
        file.write('{"id": "c", "ke')
    FakeProduct.breaks = ()
    again = asking.ask_all(task, "x", questions)
    assert FakeProduct.asked == ["a", "b", "c", "b"]
    assert again[0] == first[0]
    assert [reply.id for reply in again] == ["a", "b", "c"]
    questions[0] = Question("a", "?", (Document("changed"),), answerable=True)
    asking.ask_all(task, "x", questions)
    assert FakeProduct.asked[4:] == ["a"]


def test_a_report_has_ours_and_others_side_by_side(settings, tmp_path):
    measure = reports.Measure("answer", "beauty", reports.mean_of("beauty"), "GPT-4 0.30")
    asked = [
        (PASSAGE, said(PASSAGE, "Ann sang ."), {"beauty": 1.0}),
        (PASSAGE, CRASHED, {"beauty": 0.0}),
    ]
    told = reports.report_of("x", "Beauty", [measure], asked)
    assert "| answer | beauty | 0.500 | 0.000-1.000 | 2 | GPT-4 0.30 |" in told.markdown()
    assert "1 questions crashed" in told.markdown()
    told.write(asking.Task(settings, tmp_path, tmp_path))
    kept = json.loads((tmp_path / "x-local.json").read_text("utf-8"))
    assert kept["questions"][0]["marks"]["beauty"] == 1.0
    assert kept["questions"][0]["features"] == {"gate": 0.5}
    assert (tmp_path / "x-local.md").read_text("utf-8").startswith("## Beauty")


# Calibration


def sample(*rows):
    """Rows are (feature, answerable, set)."""
    return calibrate.Sample(
        np.array([[float(x)] for x, _, _ in rows]),
        np.array([y for _, y, _ in rows]),
        [s for _, _, s in rows],
    )


def test_threshold_by_hand():
    # set a has answerable at 1..4, set b at 3..4: below 3 lie 2/4 and 0/2, which is 1/4 on average
    rows = [*((n, True, "a") for n in range(1, 5)), (3, True, "b"), (4, True, "b"), (1, False, "b")]
    chances = np.array([float(x) for x, _, _ in rows])
    for most, wanted in ((0.0, 1.0), (0.125, 2.0), (0.25, 3.0), (0.3, 3.0)):
        assert calibrate.threshold(sample(*rows), chances, most) == wanted


def test_risk_and_coverage_by_hand():
    coverage, risk = calibrate.risk_coverage(
        np.array([0.9, 0.1, 0.5]), np.array([True, True, False])
    )
    assert coverage == pytest.approx([1 / 3, 2 / 3, 1])
    assert risk == pytest.approx([0, 1 / 2, 1 / 3])


def test_sets_weigh_the_same_whatever_their_size():
    some = sample((1, True, "a"), (1, True, "b"), (1, True, "b"), (1, False, "b"))
    assert some.weights == pytest.approx([2.0, 2 / 3, 2 / 3, 2 / 3])


def write_set(path, name, pairs):
    rows = [{"answerable": good, "features": {"x": x, "noise": n % 3}} for n, (x, good) in pairs]
    odd = [{"answerable": None, "features": {"x": 0}}, {"answerable": True, "features": {}}]
    path.write_text(json.dumps({"name": name, "questions": rows + odd}), "utf-8")


@pytest.fixture
def two_sets(tmp_path):
    """Two sets in which x tells nearly all."""
    draw = np.random.default_rng(1)
    for name, shift in (("one", 0.0), ("two", 0.5)):
        pairs = [(float(draw.normal(2.0 * good + shift)), good) for good in [True, False] * 60]
        write_set(tmp_path / f"{name}.json", name, enumerate(pairs))
    return [tmp_path / "one.json", tmp_path / "two.json"]


def test_a_gate_is_fitted_written_and_drawn(two_sets, tmp_path):
    into, plot = tmp_path / "calibration.json", tmp_path / "gate.png"
    into.write_text('{"weight": 4.0, "quotes_gate": {"weights": {"best": 9.0}, "bias": 1.0}}')
    calibrate.calibrate(two_sets, ["x"], 0.05, "quotes_gate", into, plot)
    kept = json.loads(into.read_text())
    assert kept["weight"] == 4.0
    gate = Gate(**kept["quotes_gate"])
    assert 1.5 < gate.weights["x"] < 2.6  # two unit normals 2 apart have log-odds 2x - 2
    assert 0 < gate.threshold < 0.5
    assert plot.read_bytes().startswith(b"\x89PNG")
    some = calibrate.read_sample(two_sets, ["x"])
    fitted = calibrate.fit(some, 0.05)
    assert len(some.sets) == 240
    empty = [
        (fitted.probabilities[some.of(n) & some.answerable] < fitted.threshold).mean()
        for n in ("one", "two")
    ]
    assert np.mean(empty) <= 0.05
    assert "| one | 60 | 60 | 0.9" in calibrate.table(some, fitted)


def test_what_cannot_be_fitted_is_told(two_sets, tmp_path):
    with pytest.raises(UsageError, match="no feature 'y'; it has noise, x"):
        calibrate.read_sample(two_sets, ["y"])
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(UsageError, match=r"no report of eval\.bench"):
        calibrate.read_sample([tmp_path / "bad.json"], ["x"])
    write_set(tmp_path / "few.json", "few", enumerate([(0.0, True)] * 30))
    with pytest.raises(UsageError, match="at least 10 questions of each kind"):
        calibrate.fit(calibrate.read_sample([tmp_path / "few.json"], ["x"]), 0.05)


# The command


def bench(*words: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m eval.bench` from the folder above it."""
    return subprocess.run(
        [sys.executable, "-m", "eval.bench", *words],
        cwd=Path(__file__).resolve().parent.parent,
        env={**os.environ, **({"RAG_HOME": str(home)} if home else {})},
        capture_output=True,
        text=True,
        timeout=500,
    )


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 0, "benchmarks: all, clapnq"),
        (("squad2", "--data", "."), 0, "skipped squad2: squad2.jsonl is not in the data folder"),
        (("nonsense",), 2, "the benchmark 'nonsense' is unknown; known: clapnq"),
    ],
)
def test_command_says_what_there_is_and_what_is_missing(words, code, told):
    done = bench(*words)
    assert done.returncode == code
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.real
def test_real_product_answers_over_given_documents(home, tmp_path):
    rows = [
        {
            "id": 1,
            "question": "How many soldiers may the army have?",
            "title": "The army",
            "sentences": ["The plan limits the army to 600,000 soldiers .", "Rain fell ."],
            "answerable": True,
            "answer": "600,000 soldiers",
            "selected": [0],
        },
        {
            "id": 2,
            "question": "Who won the chess tournament?",
            "title": "The weather",
            "sentences": ["Rain fell in the north .", "The south stayed dry ."],
            "answerable": False,
            "answer": "",
            "selected": [],
        },
    ]
    (tmp_path / "clapnq.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    done = bench("clapnq", "--data", str(tmp_path), "--out", str(tmp_path), home=HOME)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "clapnq-none.json").read_text("utf-8"))
    values = {each["measure"]: each["value"] for each in kept["measures"]}
    assert values["quotes that stand where they say"] == 1.0
    assert values["unanswerable refused"] == 1.0
    assert values["sentence choice, F1 over sentences"] == 1.0
    first, second = kept["questions"]
    assert "600,000" in first["answer"]["citations"][0]["quote"]
    assert first["features"]["relevance_1"] > second["features"]["relevance_1"]
    assert first["features"].keys() >= {"cosine_1", "maxsim_1", "bm25_1", "score_1", "gate", "best"}
    assert "model" not in first["features"]


@pytest.mark.parametrize(
    ("question", "sentences", "named", "covered"),
    [
        ("How many men does the Union want?", ["The Union wants an army of men."], 1, 3 / 4),
        ("How many men?", ["He left.", "It rained.", "Some men ran.", "It rained."], 1, 1 / 2),
        ("How many men?", ["He left.", "It rained.", "It snowed.", "Some men ran."], 1, 0),
        ("Does Kyiv want an army?", ["The Union wants an army."], 0, 2 / 3),
        ("Does Kiev fight?", ["Kyiv fights on."], 1, 1),
        ("Is it so?", ["The Union wants an army."], 1, 1),
        ("When?", [], 1, 1),
    ],
)
def test_shares_of_names_and_words_that_the_first_sentences_have(
    question, sentences, named, covered
):
    text = article("news.txt", " ".join(sentences), "", None)
    found = [Hit(n, text, s, "", 0.0) for n, s in enumerate(text.sentences, 1)]
    told = features._known_words(question, found[: gate.HEARD])
    assert told == pytest.approx({"named": named, "covered": covered})


@pytest.mark.real
def test_real_product_without_documents_and_with_lines_of_another_machine(home, tmp_path):
    def turn(name, kind, question, *passages):
        return {
            "task_id": name,
            "conversation_id": name,
            "Collection": "army",
            "answerability": [kind],
            "input": [{"speaker": "user", "text": question}],
            "contexts": [{"text": text} for text in passages],
            "targets": [{"text": "600,000"}],
        }

    plan = "Introduction.\r\n\r\nThe plan limits the army to 600,000 soldiers.\rRain fell."
    rows = [
        turn("a", "ANSWERABLE", "How many soldiers may the army have?", plan),
        turn("b", "UNANSWERABLE", "Who won the chess tournament?"),
    ]
    (tmp_path / "mtrag_un.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    done = bench("mtrag", "--data", str(tmp_path), "--out", str(tmp_path), home=HOME)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "mtrag-none.json").read_text("utf-8"))
    assert [each["error"] for each in kept["questions"]] == [None] * 3
    values = {each["measure"]: each["value"] for each in kept["measures"]}
    assert values["quotes that stand where they say"] == 1.0
    assert values["recall of refusing, unanswerable as given (no passage)"] == 1.0
    assert values["answerable kept"] == 1.0


@pytest.mark.real
def test_real_search_over_a_corpus_in_beirs_form(home, tmp_path):
    texts = {"d1": "Foxes are red animals.", "d2": "The moon is made of rock.", "d3": "I like tea."}
    corpus = [{"_id": name, "title": "", "text": text} for name, text in texts.items()]
    asked = [{"_id": "q1", "text": "what colour is a fox"}, {"_id": "q2", "text": "moon stone"}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)), "utf-8")
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
    (tmp_path / "qrels.txt").write_text("q1 0 d1 1\nq2 0 d2 1\nq2 0 d3 0\n")
    done = bench("beir", "--data", str(tmp_path), "--out", str(tmp_path / "out"), home=HOME)
    assert done.returncode == 0, done.stderr
    assert "| search | nDCG@10 | 1.000 |" in done.stdout
    assert "2 of 2 judged queries" in done.stdout


# Growing


GROWING = ["One two three four five.", "Alpha beta gamma delta epsilon.", "Six seven eight."]


def test_grown_articles_are_the_same_each_time_and_bring_new_words():
    corpus = grow.grown(GROWING, 40)
    assert corpus == grow.grown(GROWING, 40)
    assert [article.name for article in corpus.articles] == ["0000000.txt", "0000001.txt"]
    assert [len(article.sentences) for article in corpus.articles] == [grow.A_TEXT] * 2
    real = {word.strip(".") for text in GROWING for word in text.split()}
    found = {word.strip(".") for article in corpus.articles for word in article.text.split()}
    assert found - real


def test_grown_vectors_are_units_near_the_real_ones_and_the_same_for_the_same_text():
    real = np.eye(8, dtype=np.float32)
    tokens = [np.full((4, 8), n, dtype=np.float16) for n in range(8)]
    texts = [f"text {n}" for n in range(2000)]
    one = list(grow.Grown(real, tokens).encode(texts))
    other = list(grow.Grown(real, tokens).encode(texts[::-1]))[::-1]
    for a, b in zip(one, other, strict=True):
        assert a.vector.tolist() == b.vector.tolist()
        assert np.linalg.norm(a.vector) == pytest.approx(1, abs=1e-5)
        assert max(a.vector) > 0.4
        first, second = a.tokens[0, 0], a.tokens[-1, 0]
        assert a.tokens[:, 0].tolist() == [first, first, second, second]
    assert [len(e.tokens) for e in grow.Grown(real).encode(texts[:2])] == [grow.TOKENS] * 2


def test_every_right_sentence_of_the_invented_folders_stands_in_them():
    asked = folders.load(Path())
    assert len(asked) >= 90
    for question in asked:
        places = question.gold["places"]
        assert bool(places) == question.answerable
        for number, start, end in places:
            assert 0 <= start < end <= len(question.documents[number].text)


def test_a_conflict_in_a_folder_wants_both_its_sentences():
    question = next(q for q in folders.load(Path()) if q.gold["kind"] == "conflict")
    quotes = [question.documents[n].text[start:end] for n, start, end in question.gold["places"]]
    one = folders.mark(question, said(question, quotes[0]))
    both = folders.mark(question, said(question, *quotes[:2]))
    assert (one["cited"], one["sides"]) == (1.0, 0.0)
    assert (both["cited"], both["sides"]) == (1.0, 1.0)
    assert folders.mark(question, said(question))["cited"] == 0.0
