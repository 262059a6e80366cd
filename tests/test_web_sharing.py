"""Several readers at one machine: the line, the pace, the login, own files, the models on offer."""

import gc
import threading
from pathlib import Path

import pytest
from fakes_chat import FakeEngine, request
from fakes_llm import CountingReranker, fix_calibration

from rag.errors import CorpusError, QuestionError
from rag.index import open_index
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.retriever import Retriever
from rag.web.desk import GONE, Desk
from rag.web.line import Line
from rag.web.login import TRIES, Login, login_of
from rag.web.steering import Steering, choices

FILES = {
    "a.txt": "The army wants peace. Talks begin in Miami.",
    "b.txt": "No election was held in Europe.",
    "articles.toml": '["a.txt"]\ndate = 2025-12-01\n["b.txt"]\ndate = 2025-12-19\n',
}


@pytest.fixture
def rag(settings, sources, embedder, monkeypatch):
    fix_calibration(monkeypatch)
    own = settings.model_copy(update={"llm": "none", "own_chars": 300, "own_articles": 3})
    build_index([sources(FILES)], own, embedder.open)
    index = open_index(own)
    yield Rag(own, index, Retriever(index, embedder, CountingReranker(), own), None)
    index.close()


@pytest.fixture
def desk(rag):
    desk = Desk(rag, rag.settings)
    yield desk
    desk.close()
    gc.collect()  # indexes of closed sessions


@pytest.fixture
def upload(tmp_path):
    def write(**files):
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        return [str(tmp_path / name.replace("_", ".")) for name in files]

    return write


def test_readers_take_turns():
    line = Line(1)
    with line.ticket("ann") as first:
        assert list(first.positions()) == []
        seconds = [line.ticket(who) for who in ("ann", "ann", "ben", "cid")]
        tickets = [ticket.__enter__() for ticket in seconds]
        places = {n: next(ticket.positions()) for n, ticket in enumerate(tickets)}
        assert places == {0: 1, 1: 4, 2: 2, 3: 3}  # ann's second question waits for ben and cid
        seconds[0].__exit__(None, None, None)
        assert next(tickets[1].positions()) == 3 - 2  # now it is her first, and came before theirs
    assert list(tickets[1].positions()) == []
    assert next(tickets[2].positions()) == 1


def test_a_place_that_becomes_free_is_noticed_at_once():
    line, told = Line(1), []
    with line.ticket("ann"):

        def wait():
            with line.ticket("ben") as ticket:
                told.extend(ticket.positions(30))
                told.append("in")

        thread = threading.Thread(target=wait)
        thread.start()
        while not told:
            pass
    thread.join(5)
    assert told == [1, "in"]


def test_whoever_fails_gives_the_place_back():
    line = Line(1)
    with pytest.raises(RuntimeError), line.ticket("ann"):
        raise RuntimeError
    with line.ticket("ben") as ticket:
        assert list(ticket.positions()) == []


def test_login_wants_name_and_password_and_shuts_after_many_wrong_ones():
    now = [0.0]
    login = Login("reader", "sesame", lambda: now[0])
    assert login("reader", "sesame")
    for _ in range(TRIES):
        assert not login("reader", "Sesame")
    assert not login("reader", "sesame")
    now[0] = 61
    assert login("reader", "sesame")


def test_no_password_no_login(settings):
    assert login_of(settings) is None


def scope(desk, session, *names):
    return desk.scope(session, names or [a.name for a in desk.articles(session)], 9, "none")


def test_own_files_are_asked_together_with_the_articles(desk, upload, embedder):
    embedder.seen.clear()
    added = desk.own("s1").add(list(map(Path, upload(mine_txt="Our troops saw the border."))))
    assert [a.name for a in added.articles] == ["yours/mine.txt"]
    assert embedder.seen == ["Our troops saw the border."]
    found = scope(desk, "s1").search("Which troops?")
    assert found[0].article.name == "yours/mine.txt"
    assert {hit.article.name for hit in found} == {"a.txt", "b.txt", "yours/mine.txt"}
    answer = scope(desk, "s1").engine.ask("Which troops?")
    assert answer.citations[0].quote == "Our troops saw the border."


def test_own_files_are_nobody_else_s(desk, upload):
    desk.own("s1").add(list(map(Path, upload(mine_txt="Our troops saw the border."))))
    assert [a.name for a in desk.articles("s2")] == ["a.txt", "b.txt"]
    assert all(hit.article.name != "yours/mine.txt" for hit in scope(desk, "s2").search("troops"))
    with pytest.raises(QuestionError, match="no longer here"):
        desk.scope("s2", ["a.txt", "yours/mine.txt"], 9, "none")


def test_own_files_go_with_the_session(desk, upload):
    own = desk.own("s1")
    own.add(list(map(Path, upload(mine_txt="Our troops saw the border."))))
    folder = own._folder
    assert folder.stat().st_mode & 0o777 == 0o700
    desk.leave("s1")
    assert not folder.exists()
    assert [a.name for a in desk.articles("s1")] == ["a.txt", "b.txt"]
    with pytest.raises(QuestionError) as told:
        desk.scope("s1", ["yours/mine.txt"], 9, "none")
    assert str(told.value) == GONE
    desk.leave("never was")


def test_all_own_files_go_with_the_server(rag, upload):
    desk = Desk(rag, rag.settings)
    own = desk.own("s1")
    own.add(list(map(Path, upload(mine_txt="Troops."))))
    desk.close()
    assert not own._folder.parent.exists()


def test_a_file_added_again_takes_the_place_of_the_old_one(desk, upload):
    desk.own("s1").add(list(map(Path, upload(mine_txt="Troops."))))
    desk.own("s1").add(list(map(Path, upload(mine_txt="Borders. Peace.", more_txt="Talks."))))
    texts = {a.name: a.text for a in desk.articles("s1")}
    assert texts["yours/mine.txt"] == "Borders. Peace."
    assert set(texts) == {"a.txt", "b.txt", "yours/mine.txt", "yours/more.txt"}


def test_bad_files_are_said_one_by_one_and_cost_no_other(desk, upload, tmp_path):
    files = upload(good_txt="Troops.", empty_txt=" ", broken_pdf="%PDF-1.4 no", long_txt="x " * 400)
    added = desk.own("s1").add([*map(Path, files), tmp_path / "gone.txt"])
    assert [a.name for a in added.articles] == ["yours/good.txt"]
    empty, broken, long, gone = added.problems
    assert empty.startswith("empty.txt ")
    assert broken.startswith("broken.pdf cannot be read as PDF")
    assert "300 are taken" in long
    assert gone.startswith("gone.txt does not exist")
    assert str(tmp_path) not in "".join(added.problems)


def test_only_so_many_own_articles_are_taken(desk, upload):
    files = upload(**{f"n{n}_txt": f"Troops {n}." for n in range(5)})
    added = desk.own("s1").add(list(map(Path, files)))
    assert len(added.articles) == 3
    assert "3 are taken" in added.problems[0]


def test_a_failing_indexer_leaves_the_session_as_it_was(desk, upload, embedder):
    desk.own("s1").add(list(map(Path, upload(mine_txt="Troops."))))
    embedder.fails = CorpusError("no luck")
    with pytest.raises(CorpusError):
        desk.own("s1").add(list(map(Path, upload(more_txt="Borders of Europe."))))
    embedder.fails = None
    assert [a.name for a in desk.articles("s1")] == ["a.txt", "b.txt", "yours/mine.txt"]
    assert scope(desk, "s1").search("Troops?")[0].article.name == "yours/mine.txt"


def test_adding_files_ticks_them_and_tells_which(desk, upload):
    files = upload(mine_txt="Troops.", empty_txt="")
    box, listed, told = Steering(desk).add(files, ["a.txt"], request("s1"), lambda *_, **__: None)
    assert box is None
    assert listed["choices"][0] == ("Yours: mine.txt · date unknown", "yours/mine.txt")
    assert listed["value"] == ["a.txt", "yours/mine.txt"]
    assert '<li class="rag-read" dir="auto">Yours: mine.txt</li>' in told
    assert '<li class="rag-unread" dir="auto">empty.txt ' in told


def test_an_engine_that_takes_no_files_says_so(settings, upload):
    desk = Desk(FakeEngine(), settings)
    _, _, told = Steering(desk).add(upload(mine_txt="x"), [], request(), lambda *_, **__: None)
    assert "takes no files" in told
    assert Steering(desk).add([], [], request())[2] == ""
    desk.close()


def test_the_slider_stands_on_the_days_of_the_articles(desk):
    do = Steering(desk)
    assert do.day_label(0)["label"] == "Articles up to 1 December 2025"
    assert do.day_label(1)["label"] == "Articles of all days"
    assert [article.name for (article,) in [(a,) for a in desk.articles(None)]] == [
        "a.txt",
        "b.txt",
    ]
    assert desk.scope(None, ["a.txt", "b.txt"], 0, "none").as_of.isoformat() == "2025-12-01"
    assert desk.scope(None, ["a.txt", "b.txt"], 1, "none").as_of is None


def test_all_articles_ticked_is_no_limit(desk):
    assert desk.scope(None, ["b.txt", "a.txt"], 1, "none").articles is None
    assert desk.scope(None, ["b.txt"], 1, "none").articles == {"b.txt"}


def test_latest_articles_are_offered_first(desk):
    assert [name for _, name in choices(desk.articles(None))] == ["b.txt", "a.txt"]


def test_only_models_of_this_machine_are_offered_and_opened(desk, rag):
    assert desk.engines.offered == {"none": "Quotes only (fastest)"}
    assert desk.engines.named("none") is rag
    assert desk.engines.named("openai:gpt") is rag


def test_another_model_gets_an_engine_over_the_same_index(rag, monkeypatch):
    opened = []
    monkeypatch.setattr("rag.web.engines.open_llm", lambda settings: opened.append(settings.llm))
    desk = Desk(rag, rag.settings.model_copy(update={"llm": "first:model"}))
    assert list(desk.engines.offered) == ["first:model", "none"]
    quoting = desk.engines.named("none")
    assert quoting is desk.engines.named("none")
    assert quoting is not rag
    assert quoting.index is rag.index
    assert opened == ["none"]
    assert desk.line("none") is not desk.line("first:model")
    desk.close()


def test_examples_without_an_answer_are_taken_out(desk, monkeypatch):
    desk._examples = ["Which troops?", "What peace?", "Which elephants?"]
    monkeypatch.setattr("rag.web.examples.gate.answerable", lambda q, hits: "peace" in q)
    desk.prove_examples()
    assert desk.examples == ["What peace?"]
