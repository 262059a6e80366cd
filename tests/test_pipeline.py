"""The whole path with fakes over a tiny corpus whose every answer can be worked out by hand."""

import asyncio
import datetime
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakes_llm import NO_DRAFTS, CountingReranker, drafts, fix_calibration, hangs, says
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable

from rag.answer import Answer, Finished, Found, Stated
from rag.attempt import FAILURES
from rag.audit import audit
from rag.calibration import Calibration, Gate
from rag.errors import ModelFailed, QuestionError
from rag.gate import SURE
from rag.index import open_index
from rag.indexer import build_index
from rag.pipeline import Clock, Rag
from rag.retriever import Retriever

ARMY = "The EU wants an army of 800,000 men."
PEACE = "Peace talks begin in Miami."
BORDER = "Ada Deniz counted 90 troops at the border."
VOTE = "No election was held in Europe."
FILES = {
    "a.txt": f"{ARMY} {PEACE}",
    "b.txt": BORDER,
    "c.txt": VOTE,
    "articles.toml": '["a.txt"]\ndate = 2025-12-01\n["b.txt"]\ndate = 2025-12-19\n',
}
QUESTION = "How large an army?"
DANCE = "The 3 articles do not say: Do elephants dance? Nowhere in them: “elephants”, “dance”."


@pytest.fixture(autouse=True)
def pinned(monkeypatch):
    fix_calibration(monkeypatch)


@pytest.fixture
def make(settings, sources, embedder):
    """Give a function that opens a Rag with a model (default: none) and other settings."""
    build_index([sources(FILES)], settings, embedder.open)
    opened = []

    def rag(llm=None, **changes) -> Rag:
        own = settings.model_copy(update={"llm": "none", **changes})
        index = open_index(own)
        opened.append(index)
        return Rag(own, index, Retriever(index, embedder, CountingReranker(), own), llm)

    yield rag
    for index in opened:
        index.close()


WITHOUT = "The language model failed; this answer is made without it, of quotes alone."


def quotes(answer: Answer) -> list[str]:
    return [citation.quote for citation in answer.citations]


def test_quotes_alone_answer_without_a_model(make):
    answer = make().ask(QUESTION)
    assert (answer.status, answer.text, quotes(answer)) == ("answered", f"{ARMY} [1]", [ARMY])
    citation = answer.citations[0]
    assert (citation.n, citation.article, citation.date) == (1, "a.txt", "2025-12-01")
    assert FILES["a.txt"][citation.start : citation.end] == ARMY
    assert (answer.question, answer.standalone_question, answer.as_of) == (QUESTION, QUESTION, None)


def test_events_come_in_order_quotes_statements_answer(make):
    model = says(drafts(("It is 800,000 men.", [1]), ("Such an army is what the EU wants.", [1])))
    glimpsed, found, first, second, last = make(model).stream(QUESTION)
    assert (glimpsed.preliminary, found.preliminary) == (True, False)
    assert isinstance(found, Found)
    assert [c.n for c in found.citations] == [1, 2, 3, 4]
    assert found.citations[0].quote == ARMY
    assert isinstance(first, Stated)
    assert isinstance(second, Stated)
    assert (first.statement.text, first.statement.citations) == ("It is 800,000 men.", (1,))
    assert [c.quote for c in second.citations] == [ARMY]
    assert isinstance(last, Finished)
    assert last.answer.text == "It is 800,000 men. [1] Such an army is what the EU wants. [1]"
    assert last.answer.statements == (first.statement, second.statement)


@pytest.mark.parametrize(
    ("odds", "answered", "looks"),
    [
        ({ARMY: 3.0}, ARMY, 1),
        ({BORDER: 3.0}, BORDER, 2),
        ({BORDER: -1.0}, None, 2),
        ({ARMY: -1.0, BORDER: SURE}, None, 2),
        ({ARMY: 0.1, BORDER: 9.0}, ARMY, 1),
    ],
)
def test_model_that_sees_no_answer_is_shown_the_next_best_sentences(
    make, monkeypatch, odds, answered, looks
):
    asked = []

    def says_answerable(_, question, evidence):
        asked.append([hit.sentence.text for hit in evidence])
        return max(odds.get(hit.sentence.text, -9.0) for hit in evidence)

    monkeypatch.setattr("rag.pipeline.says_answerable", says_answerable)
    gate = Gate({"model": 1.0}, 0.0, 0.5)
    monkeypatch.setattr("rag.gate.calibration", lambda: Calibration(None, gate, gate))
    model = says(drafts(("Nothing of the kind.", [1])))
    answer = make(model).ask(QUESTION)
    assert [(ARMY in texts, BORDER in texts) for texts in asked] == [
        (True, False),
        (False, True),
    ][:looks]
    assert answer.status == ("answered" if answered else "abstained")
    assert {ARMY, BORDER} & set(quotes(answer)) == ({answered} if answered else set())


def test_likely_quotes_are_shown_before_they_are_read_closely(make):
    rag = make()
    read = []
    score = rag._search.reranker.score
    rag._search.reranker.score = lambda *asked: read.append(asked) or score(*asked)
    events = rag.stream("How many troops and how large an army?")
    glimpsed = next(events)
    assert glimpsed.preliminary
    assert {ARMY, BORDER} <= {citation.quote for citation in glimpsed.citations}
    assert not read
    assert not next(events).preliminary
    assert read


def test_statement_is_shown_while_the_model_still_writes(make):
    whole = drafts(("It is 800,000 men.", [1]), ("Such an army is what the EU wants.", [1]))
    cut = whole.index("Such")
    reply, go = hangs(whole[:cut], whole[cut:])
    events = make(says(reply)).stream(QUESTION)
    assert [type(next(events)) for _ in range(2)] == [Found, Found]
    assert next(events).statement.text == "It is 800,000 men."
    go.set()
    assert [type(event) for event in events] == [Stated, Finished]


def test_leaving_a_stream_stops_the_model(make):
    go, over = threading.Event(), threading.Event()

    def reply():
        try:
            yield drafts(("It is 800,000 men.", [1]))[:-2]
            yield ", {"
            go.wait(20)
            yield from ("one more", "never", "never")
        finally:
            over.set()

    model = says(reply())
    events = make(model).stream(QUESTION)
    assert [type(next(events)) for _ in range(3)] == [Found, Found, Stated]
    events.close()
    go.set()
    assert over.wait(20)
    assert "never" not in model.sent


def test_unsupported_statement_never_reaches_the_reader(make):
    model = says(drafts(("It is 900,000 men.", [1])))
    assert [e.statement.text for e in make(model).stream(QUESTION) if isinstance(e, Stated)] == [
        ARMY
    ]


def test_each_part_of_a_question_is_answered_by_itself(make):
    asked = "How large an army is wanted and where do peace talks begin?"
    answer = make().ask(asked)
    assert quotes(answer) == [ARMY, PEACE]
    assert (answer.question, answer.standalone_question, answer.note) == (asked, asked, None)
    model = says(drafts(("It is 800,000 men.", [1])), drafts(("They begin in Miami.", [1])))
    answer = make(model).ask(asked)
    assert answer.text == "It is 800,000 men. [1] They begin in Miami. [2]"
    assert quotes(answer) == [ARMY, PEACE]


def test_the_articles_as_such_are_quoted_without_asking_a_model(make):
    model = says()  # it has no answers
    answer = make(model).ask("What are these articles about?")
    assert quotes(answer) == [BORDER, ARMY, VOTE]  # newest first, undated last
    assert answer.note is None
    answer = make(model, evidence=2).ask("What are these articles about?")
    assert quotes(answer) == [BORDER, ARMY]
    assert answer.note == "These are the first sentences of 2 of the 3 articles."
    answer = make(model).ask("Summarise the articles.", articles=["a.txt"])
    assert (quotes(answer), answer.note) == ([ARMY], None)
    answer = make(model).ask("What happened on 19 December 2025?")
    assert (quotes(answer), answer.note) == ([BORDER], None)
    answer = make(model).ask("What happened on 19 December 2020?")
    assert answer.status == "abstained"


def test_an_answer_that_is_less_likely_than_not_is_shown_with_its_doubt(make, monkeypatch):
    rag = make()
    assert rag.ask(QUESTION).note is None
    monkeypatch.setattr("rag.gate.EVEN", 1.1)
    answer = rag.ask(QUESTION)
    assert (answer.status, answer.text) == ("answered", f"{ARMY} [1]")
    assert answer.note == f"This comes nearest, but may not answer: {QUESTION}"
    assert "model_failed" not in answer.provenance
    answer = rag.ask("Which lions sing?")
    assert (answer.status, answer.note) == ("abstained", None)
    told = rag.ask("How large an army is wanted and which elephants dance?").note
    assert told == (
        "This comes nearest, but may not answer: How large an army is wanted? "
        "The articles do not say: which elephants dance?"
    )


def test_part_that_the_articles_do_not_answer_is_named(make):
    answer = make().ask("How large an army is wanted and which elephants dance?")
    assert (answer.status, quotes(answer)) == ("answered", [ARMY])
    assert answer.note == "The articles do not say: which elephants dance?"
    assert "model_failed" not in answer.provenance
    answer = make().ask("Which elephants dance and which lions sing?")
    assert answer.status == "abstained"
    assert answer.note is None


def test_same_statement_twice_is_shown_once(make):
    model = says(drafts(*[("It is 800,000.", [1])] * 2, ("The EU wants it.", [1])))
    answer = make(model).ask(QUESTION)
    assert [s.text for s in answer.statements] == ["It is 800,000.", "The EU wants it."]
    assert quotes(answer) == [ARMY]


def test_markers_of_stated_events_agree_with_the_answers(make):
    model = says(
        drafts(("Deniz counted 90 troops.", [2]), ("Such an army is what the EU wants.", [1]))
    )
    *events, last = make(model).stream("Which army troops?")
    seen = {c.n: c.quote for e in events if isinstance(e, Stated) for c in e.citations}
    assert seen == {c.n: c.quote for c in last.answer.citations} == {1: BORDER, 2: ARMY}


def test_model_reads_the_evidence_and_nothing_else(make):
    model = says(drafts(("It is 800,000 men.", [1])))
    make(model, evidence=2).ask(QUESTION)
    first, *rest = model.asked[0][-1].text.splitlines()
    assert first == f"[1] {ARMY} (2025-12-01)"
    assert next(line for line in rest if line) == f"Question: {QUESTION}"
    assert not [line for line in rest if line.startswith("[")]


@pytest.mark.parametrize("reply", ['{"statements": []}', drafts(("Nothing.", [99]))])
def test_model_that_finds_nothing_gives_way_to_quotes(make, reply):
    assert make(says(reply)).ask(QUESTION).text == f"{ARMY} [1]"


@pytest.mark.parametrize("reply", NO_DRAFTS.values(), ids=NO_DRAFTS)
def test_failing_model_costs_its_words_and_a_note_says_so(make, reply):
    answer = make(says(reply)).ask(QUESTION)
    assert (answer.status, answer.text, quotes(answer)) == ("answered", f"{ARMY} [1]", [ARMY])
    assert answer.note == WITHOUT
    assert answer.to_dict()["provenance"]["note"] == WITHOUT
    assert make(says(drafts(("It is 800,000 men.", [1])))).ask(QUESTION).note is None


def test_model_that_fails_later_keeps_what_it_said(make):
    def reply():
        yield drafts(("It is 800,000 men.", [1]))[:-2]
        yield ", {"
        raise ConnectionError("reset by peer")

    answer = make(says(reply())).ask(QUESTION)
    assert answer.text == "It is 800,000 men. [1]"
    assert answer.note.startswith("The language model failed; the rest is made without it")


def test_model_that_fails_on_a_follow_up_leaves_the_plain_way(make):
    model = says(ModelFailed("no memory"))
    answer = make(model).ask("How large is it?", [("Who wants an army?", "The EU.")])
    assert answer.standalone_question == "Who wants an army? How large is it?"
    assert answer.note == WITHOUT
    assert len(model.asked) == 1


def test_model_that_hangs_is_not_waited_for(make):
    reply, go = hangs('{"statements": [')
    began = time.monotonic()
    answer = make(says(reply), request_seconds=0.3).ask(QUESTION)
    assert time.monotonic() - began < 5
    go.set()
    assert quotes(answer) == [ARMY]
    assert "did not answer within 0.3 s; this answer is made without it" in answer.note


def test_model_that_keeps_failing_is_left_alone(make):
    rag = make(says(*[NO_DRAFTS["garbage"]] * FAILURES))
    notes = [rag.ask(QUESTION).note for _ in range(FAILURES + 2)]
    assert notes[:FAILURES] == [WITHOUT] * FAILURES
    assert all("left alone" in note for note in notes[FAILURES:])


def test_question_without_evidence_is_an_abstention_and_asks_no_model(make):
    answer = make(says()).ask("Do elephants dance?")
    assert answer.status == "abstained"
    assert answer.text == answer.abstention.reason
    assert answer.text == DANCE
    assert (answer.statements, answer.citations) == ((), ())
    assert [c.n for c in answer.abstention.nearest] == [1, 2, 3]


@pytest.mark.parametrize(
    ("day", "status", "count"),
    [("2025-11-30", "abstained", 0), ("2025-12-18", "abstained", 2), ("2025-12-19", "answered", 3)],
)
def test_as_of_hides_what_came_later(make, day, status, count):
    first, found, *_, last = make().stream(
        "How many troops?", as_of=datetime.date.fromisoformat(day)
    )
    assert len(first.citations) == len(found.citations) == count
    assert (last.answer.status, last.answer.as_of) == (status, day)
    if status == "abstained":
        assert last.answer.text == f"The articles dated up to {day} do not say: How many troops?"


def test_as_of_of_the_settings_holds_unless_the_call_says_otherwise(make):
    rag = make(as_of=datetime.date(2025, 12, 1))
    assert rag.ask("How many troops?").status == "abstained"
    assert rag.ask("How many troops?", as_of=datetime.date(2025, 12, 31)).status == "answered"
    assert BORDER not in [hit.sentence.text for hit in rag.search("troops")]


@pytest.mark.parametrize(
    ("chosen", "status", "told"),
    [
        (["b.txt"], "answered", BORDER),
        (("a.txt", "c.txt", "a.txt"), "abstained", "The 2 chosen articles do not say: troops?"),
        (["a.txt"], "abstained", "The chosen article does not say: troops?"),
        ([], "abstained", "The 0 chosen articles do not say: troops?"),
    ],
)
def test_only_chosen_articles_are_asked(make, chosen, status, told):
    rag = make()
    answer = rag.ask("troops?", articles=chosen)
    assert answer.status == status
    assert told in answer.text
    assert {hit.article.name for hit in rag.search("troops?", articles=chosen)} == set(chosen)
    assert asyncio.run(rag.aask("troops?", articles=chosen)).text == answer.text


def test_follow_up_is_searched_and_answered_standalone(make):
    model = says("How large is the army?", drafts(("It is 800,000 men.", [1])))
    answer = make(model).ask("How large is it?", [("Who wants an army?", "The EU.")])
    assert answer.question == "How large is it?"
    assert answer.standalone_question == "How large is the army?"
    assert quotes(answer) == [ARMY]
    assert model.asked[1][-1].text.count("Question: How large is the army?") == 1


def test_follow_up_without_a_model_uses_the_question_before(make):
    answer = make().ask("Why?", [("How large is the army?", "800,000.")])
    assert answer.standalone_question == "How large is the army? Why?"
    assert quotes(answer) == [ARMY]


def test_history_is_cleaned_and_cut_like_a_question(make):
    rag = make(max_question_chars=30)
    answer = rag.ask("Why?", [("The\x1b\nar\ud800my " + "x" * 5000, "\x00")])
    assert answer.standalone_question == "The army " + "x" * 21 + " Why?"


@pytest.mark.parametrize("question", ["", " \n", "\x00", "?" * 10, "x" * 2001, None, 5])
def test_what_is_no_question_is_refused_before_anything_is_searched(make, question):
    rag = make(says())
    with pytest.raises(QuestionError):
        rag.ask(question)
    with pytest.raises(QuestionError):
        rag.search(question)


def test_search_gives_hits_best_first(make):
    hits = make().search("army", 2)
    assert [hit.rank for hit in hits] == [1, 2]
    assert hits[0].sentence.text == ARMY


def test_every_answer_survives_json_and_audit(make):
    rag = make()
    for question in (QUESTION, "Do elephants dance?", "Where do peace talks begin?"):
        answer = rag.ask(question)
        assert Answer.from_json(answer.to_json()) == answer
        assert audit(answer, rag.articles) == []


def test_async_twins_give_the_same(make):
    rag = make()

    async def both():
        return await rag.aask(QUESTION), [event async for event in rag.astream(QUESTION)]

    answer, events = asyncio.run(both())
    assert answer.text == f"{ARMY} [1]"
    assert [type(event) for event in events] == [Found, Found, Stated, Finished]
    assert events[-1].answer.text == answer.text


def test_async_twins_raise_the_same(make):
    rag = make()

    async def listed():
        return [event async for event in rag.astream("")]

    for call in (rag.aask(""), listed()):
        with pytest.raises(QuestionError):
            asyncio.run(call)


def test_runnable_takes_a_question_or_the_keywords_of_ask(make):
    runnable = make().as_runnable()
    assert isinstance(runnable, Runnable)
    day = datetime.date(2025, 11, 30)
    assert runnable.invoke(QUESTION).text == f"{ARMY} [1]"
    assert runnable.invoke({"question": QUESTION, "as_of": day}).status == "abstained"
    assert quotes(runnable.invoke({"question": "Why?", "history": [(QUESTION, "")]})) == [ARMY]
    assert [quotes(a) for a in runnable.batch([QUESTION, "border"])] == [[ARMY], [BORDER]]
    assert asyncio.run(runnable.ainvoke(QUESTION)).text == f"{ARMY} [1]"
    assert (runnable | (lambda answer: answer.status)).invoke(QUESTION) == "answered"


def test_retriever_is_langchains(make):
    retriever = make(evidence=2).retriever
    assert isinstance(retriever, BaseRetriever)
    documents = retriever.invoke("army")
    assert len(documents) == 2
    assert documents[0].page_content == ARMY
    assert documents[0].metadata["article"] == "a.txt"


def test_eight_threads_on_one_rag_get_the_same_answers(make):
    def rule(prompt: str) -> str:
        return drafts(("The EU wants it." if "large an army" in prompt else "She counted 90.", [1]))

    model = says()
    model.rule = rule
    rag = make(model)
    questions = ["How large an army?", "How many troops?", "Do elephants dance?"] * 16

    def told(question: str) -> tuple[str, list[str]]:
        answer = rag.ask(question)
        return answer.text, quotes(answer)

    expected = [
        ("The EU wants it. [1]", [ARMY]),
        ("She counted 90. [1]", [BORDER]),
        (DANCE, []),
    ]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(told, questions)) == expected * 16


def test_provenance_names_all_that_an_answer_depends_on(make):
    provenance = make().ask(QUESTION).provenance
    assert set(provenance) == set(
        """version corpus_sha256 embedder embedder_sha256 store sentences query_encoder_sha256
        reranker_sha256 calibration prompts_sha256 llm llm_identity adapter_sha256 candidates
        reranked evidence rrf_k context_tokens answer_tokens threads seed""".split()
    )
    assert provenance["llm"] == "none"
    assert provenance["llm_identity"] is None
    for name in ("corpus_sha256", "embedder_sha256", "reranker_sha256", "prompts_sha256"):
        assert len(provenance[name]) == 64


def test_provenance_and_answer_are_the_same_for_two_runs_and_two_builds(
    make, settings, sources, embedder
):
    one = make().ask(QUESTION)
    again = settings.index.with_name("again")
    build_index([sources(FILES)], settings.model_copy(update={"index": again}), embedder.open)
    other = make(index=again).ask(QUESTION)
    assert one.provenance == other.provenance
    assert one.to_dict() | {"timings_ms": 0} == other.to_dict() | {"timings_ms": 0}


@pytest.mark.parametrize("setting", ["evidence", "seed", "candidates", "reranked", "answer_tokens"])
def test_provenance_changes_with_a_setting_that_decides(make, setting):
    assert make().provenance != make(**{setting: 17}).provenance


def test_provenance_changes_with_the_corpus(make, settings, sources, embedder):
    before = make().provenance
    build_index([sources(FILES | {"b.txt": "Another."})], settings, embedder.open)
    after = make().provenance
    assert {key for key in before if before[key] != after[key]} == {"corpus_sha256"}


def test_clock_gives_the_contracts_figures_in_order(monkeypatch):
    ticks = iter([1.0, 1.25, 1.5, 2.0, 3.0])
    monkeypatch.setattr("rag.pipeline.time.perf_counter", lambda: next(ticks))
    clock = Clock()
    clock.mark("retrieve")
    clock.mark("first_token")
    clock.mark("first_token")
    assert clock.timings() == {"retrieve": 250.0, "first_token": 500.0, "total": 2000.0}


def test_step_never_reached_took_the_whole_time(monkeypatch):
    ticks = iter([1.0, 1.5])
    monkeypatch.setattr("rag.pipeline.time.perf_counter", lambda: next(ticks))
    assert Clock().timings() == {"retrieve": 500.0, "first_token": 500.0, "total": 500.0}
