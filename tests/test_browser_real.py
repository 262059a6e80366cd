"""The web chat in a real browser with the real articles, and once with the real language model."""

import json
import os

import pytest
from browsing import Reader, chromium, open_offline, serving
from typer.testing import CliRunner

from rag.cli import app as command
from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.llm import open_llm
from rag.models import locate
from rag.pipeline import Rag
from rag.settings import Settings, resource
from rag.web.app import create_app

pytestmark = [
    pytest.mark.real,
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]
ARMY = "How large an army did the EU suggest Ukraine keep?"
YERMAK = "Who took over from Yermak?"
BREAD = "How do I bake sourdough bread?"
SETTLED = "Are the security guarantees for Ukraine settled?"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def settings(home, tmp_path_factory):
    place = tmp_path_factory.mktemp("chat")
    own = Settings(
        home=home,
        index=place / "index",
        feedback=place / "feedback.jsonl",
        llm="none",
        questions_per_minute=1000,
    )
    build_index([resource("seeds")], own, open_embedder)
    return own


@pytest.fixture(scope="module")
def rag(settings):
    opened = Rag.from_settings(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def articles(rag):
    return {article.name: article for article in rag.articles}


@pytest.fixture(scope="module")
def address(rag, settings):
    with serving(create_app(rag, settings)) as address:
        yield address


@pytest.fixture
def visit(browser, address):
    readers = []

    def come(**how):
        readers.append(Reader(browser, address, **how))
        return readers[-1].go()

    yield come
    for reader in readers:
        reader.leave()
        reader.context.close()


def test_quotes_answers_and_markers_over_three_turns_and_after_reload(visit, articles):
    reader = visit()
    for n, question in enumerate((ARMY, YERMAK, SETTLED), 1):
        reader.ask(question)
        reader.check_every_marker(n, articles)
    assert "800,000" in reader.answer(1).inner_text()
    assert "Umerov" in reader.answer(2).inner_text()
    reader.reload()
    for n in (3, 1, 2):
        reader.check_every_marker(n, articles)


def test_a_conflict_has_its_sides_and_times_in_the_articles_words(visit, articles):
    reader = visit(scheme="dark")
    reader.ask(SETTLED)
    answer = reader.answer(1)
    sides = answer.locator(".rag-conflict li")
    assert sides.count() == 2
    for side in sides.all():
        assert side.locator("blockquote").count() > 0
        assert side.locator(".rag-source time").count() > 0
    told = answer.locator(".rag-moments li")
    assert told.count() == answer.locator(".rag-chart circle").count() > 1
    days = told.locator(".rag-date").all_inner_texts()
    assert days == sorted(days, key=lambda day: int(day.split()[0]))  # all of December 2025
    reader.check_every_marker(1, articles)


def test_asked_again_reopened_and_taken_along_the_quotes_are_the_same(
    visit, browser, articles, tmp_path
):
    reader = visit()
    reader.ask(ARMY)
    reader.answer(1)
    reader.ask(YERMAK)
    reader.answer(2)
    reader.ask_again(2)
    reader.check_every_marker(2, articles)
    reader.begin_anew()
    reader.ask(SETTLED)
    reader.check_every_marker(1, articles)
    reader.page.locator("#rag-shelf [data-act=reopen]").nth(1).click()
    reader.check_every_marker(2, articles)
    reader.check_every_marker(1, articles)
    quotes = reader.page.locator("#a2 .rag-card blockquote").all_inner_texts()
    for kind in ("md", "html"):
        reader.page.locator("#a2 .rag-menu summary").click()
        with reader.page.expect_download() as download:
            reader.page.locator(f'#a2 [data-kind="{kind}"]').click()
        download.value.save_as(tmp_path / f"answer.{kind}")
    name = reader.page.locator("#a2 .rag-card button").first.get_attribute("data-article")
    open_offline(browser, tmp_path / "answer.html", quotes, articles[name].text)
    told = (tmp_path / "answer.md").read_text("utf-8").replace("\\", "")
    assert all(f"> {quote}" in told for quote in quotes)


def test_an_abstention_offers_questions_that_are_answered(visit, articles):
    reader = visit(size=(390, 844), scheme="dark")
    reader.ask(BREAD)
    assert "do not say" in reader.answer(1).locator(".rag-reason").inner_text()
    reader.check_every_marker(1, articles)
    offered = reader.page.locator("#a1 .rag-next button")
    offered.nth(1).wait_for()
    question = offered.nth(1).inner_text()
    offered.nth(1).click()
    reader.answer(2)
    assert reader.questions()[1] == question
    reader.check_every_marker(2, articles)
    assert reader.answer(2).locator(".rag-reason").count() == 0


def test_examples_are_six_and_answered(visit, articles):
    reader = visit()
    examples = reader.page.locator("#rag-start .rag-next button")
    assert examples.count() == 6
    examples.first.click()
    reader.check_every_marker(1, articles)
    assert reader.answer(1).locator(".rag-reason").count() == 0


def test_chosen_articles_and_days_limit_the_answer(visit, articles):
    reader = visit()
    day = reader.page.locator("#rag-day input[type=range]")
    day.focus()
    day.press("Home")
    reader.page.get_by_text("Articles up to 1 December 2025").wait_for()
    reader.ask(ARMY)
    assert "dated up to 2025-12-01" in reader.answer(1).inner_text()
    day.press("End")
    reader.page.get_by_text("Articles of all days").wait_for()
    box = reader.page.locator("#rag-articles label", has_text="No progress from the Miami round")
    box.locator("input").uncheck()
    reader.ask(ARMY)
    answer = reader.answer(2)
    assert answer.locator('[data-article="001_f3d83ea0c85b3f32.txt"]').count() == 0
    box.locator("input").check()
    reader.ask(ARMY)
    assert "800,000" in reader.answer(3).inner_text()


def test_own_files_are_asked_and_nobody_else_sees_them(visit, articles, tmp_path):
    mine = tmp_path / "minutes.txt"
    mine.write_text("Minutes of the allotment club\n\nMarta Olsen counted 37 beehives on Tuesday.")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing")
    one, two = visit(), visit()
    one.page.locator("#rag-own input[type=file]").set_input_files([mine, broken])
    one.page.locator(".rag-read", has_text="Minutes of the allotment club").wait_for()
    assert "broken.pdf cannot be read as PDF" in one.page.locator(".rag-unread").inner_text()
    assert one.page.locator("#rag-articles label", has_text="Yours:").count() == 1
    for reader, found in ((one, True), (two, False)):
        reader.ask("How many beehives did Marta Olsen count?")
        answer = reader.answer(1)
        assert (answer.locator('[data-article="yours/minutes.txt"]').count() > 0) is found
    one.open(
        one.answer(1).locator(".rag-marker").first, "Marta Olsen counted 37 beehives on Tuesday."
    )
    assert two.page.locator("#rag-articles label", has_text="Yours:").count() == 0


def test_a_saved_answer_holds_before_rag_verify(visit, settings, tmp_path):
    reader = visit()
    reader.ask(SETTLED)
    reader.answer(1)
    reader.page.locator("#a1 .rag-menu summary").click()
    with reader.page.expect_download() as download:
        reader.page.locator('#a1 [data-kind="json"]').click()
    saved = tmp_path / "answer.json"
    download.value.save_as(saved)
    done = CliRunner().invoke(command, ["verify", str(saved), "--index", str(settings.index)])
    assert done.exit_code == 0, done.output
    assert "quotes hold" in done.output
    spoiled = json.loads(saved.read_text("utf-8"))
    spoiled["citations"][0]["quote"] += "!"
    saved.write_text(json.dumps(spoiled), "utf-8")
    done = CliRunner().invoke(command, ["verify", str(saved), "--index", str(settings.index)])
    assert done.exit_code == 1


def test_the_real_model_s_sentences_stand_on_their_quotes(browser, settings, rag, articles):
    own = settings.model_copy(update={"llm": "local"})
    if not os.environ.get("CI"):
        try:
            locate("local", own.home)
        except Exception as problem:  # noqa: BLE001
            pytest.skip(f"the language model is not here: {problem}")
    llm = open_llm(own)
    engine = Rag(own, rag.index, rag.retriever.search, llm)
    with serving(create_app(engine, own)) as address:
        reader = Reader(browser, address)
        reader.context.set_default_timeout(300_000)
        reader.go()
        reader.ask(ARMY)
        reader.page.locator(".rag-found").wait_for()  # before the model writes
        reader.check_every_marker(1, articles)
        assert "800,000" in reader.answer(1).inner_text()
        reader.leave()
        reader.context.close()
    llm.close()
