"""The web chat in a real browser, over a real server with a fake engine that is hostile."""

import json
import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Reader, chromium, open_offline, serving
from fakes_chat import EVIL, HILL, LAST, LOAVES, OVER, SEA, FakeEngine

from rag.answer import Answer
from rag.audit import audit
from rag.settings import Settings
from rag.web.app import create_app
from rag.web.server import Opening

pytestmark = [
    pytest.mark.browser,
    # gradio 6 sets options that pandas 3 no longer wants
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]
DESKTOP, PHONE = (1280, 900), (390, 844)
WHOLE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def engine():
    return FakeEngine()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def address(engine, home):
    settings = Settings(home=home, llm="fake:model", questions_per_minute=1000)
    with serving(create_app(engine, settings)) as address:
        yield address
        engine.gate.set()


@pytest.fixture
def visit(browser, address):
    """Give a function that lets another reader in; all leave at the end, with nothing wrong."""
    readers = []

    def come(where="", **how):
        readers.append(Reader(browser, address, **how))
        return readers[-1].go(where)

    yield come
    for reader in readers:
        reader.leave()
    for context in {reader.context for reader in readers}:
        context.close()


@pytest.fixture(params=[(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def reader(request, visit):
    size, scheme = request.param
    return visit(size=size, scheme=scheme)


@pytest.fixture
def articles(engine):
    return {article.name: article for article in engine.articles}


def test_quotes_come_first_then_the_answer_and_every_marker_opens_its_quote(
    reader, engine, articles
):
    engine.gate.clear()
    reader.ask("slow: what of the sea?")
    likely = reader.page.locator(".rag-found")
    likely.wait_for()
    assert "Likely quotes, being checked" in likely.inner_text()
    assert OVER in likely.inner_text()
    assert reader.page.locator(".rag-marker").count() == 0
    assert reader.page.locator(".rag-now").inner_text() == "Reading"
    assert reader.box.input_value() == ""
    reader.open(likely.locator(".rag-open").last, OVER, articles["sea.txt"])
    reader.close_article()
    engine.gate.set()
    reader.check_every_marker(1, articles)

    reader.ask("And the hill?")
    reader.answer(2)
    reader.ask("Where do the sea and the hill differ?")
    for n in (3, 1, 2):  # again in the third turn, and in the earlier ones after it
        reader.check_every_marker(n, articles)


def test_asking_again_and_editing_put_the_right_quotes_in_the_same_place(visit, articles):
    reader = visit()
    reader.ask("What of the sea?")
    reader.answer(1)
    reader.ask("And the hill?")
    reader.answer(2)
    reader.ask_again(2)
    reader.check_every_marker(2, articles)
    reader.page.locator('[data-act="edit"][data-turn="1"]').click()
    assert reader.box.input_value() == "What of the sea?"
    reader.box.press("Escape")
    assert reader.box.input_value() == ""
    reader.page.locator('[data-act="edit"][data-turn="1"]').click()
    reader.box.fill("What of the hill?")
    reader.box.press("Enter")
    reader.page.locator("#a2").wait_for(state="detached")
    reader.page.wait_for_function(
        "() => document.querySelector('#a1 blockquote')?.textContent.includes('baker')"
    )
    assert reader.questions() == ["What of the hill?"]
    reader.check_every_marker(1, articles)


def test_a_conversation_is_there_after_reload_and_after_switching(visit, articles):
    reader = visit()
    reader.ask("What of the sea?")
    reader.answer(1)
    reader.ask("And the hill?")
    reader.answer(2)
    reader.reload()
    reader.check_every_marker(2, articles)
    reader.begin_anew()
    reader.ask("hebrew?")
    reader.check_every_marker(1, articles)
    kept = reader.page.locator("#rag-shelf [data-act=reopen]")
    assert kept.all_inner_texts() == ["hebrew?", "What of the sea?"]
    kept.nth(1).click()
    reader.answer(2)
    reader.check_every_marker(1, articles)
    reader.check_every_marker(2, articles)
    reader.ask("And the third turn, of the sea?")
    reader.check_every_marker(3, articles)
    assert kept.count() == 2
    reader.page.locator("#rag-shelf [data-act=forget]").nth(1).click()
    assert kept.all_inner_texts() == ["And the third turn, of the sea?"] or kept.count() == 1


def test_two_tabs_do_not_overwrite_each_other(visit):
    one = visit()
    two = visit(beside=one)
    one.ask("What of the sea?")
    one.answer(1)
    two.ask("And the hill?")
    two.answer(1)
    one.page.wait_for_function("document.querySelectorAll('[data-act=reopen]').length === 2")
    two.reload()
    assert "800 loaves" in two.answer(1).inner_text()


def test_two_readers_never_see_each_other(visit):
    one, two = visit(), visit()
    one.ask("What of the sea?")
    two.ask("And the hill?")
    assert "The mayor says it goes on." in one.answer(1).inner_text()
    assert "800 loaves" in two.answer(1).inner_text()
    for reader in (one, two):
        assert len(reader.questions()) == 1
        assert reader.page.locator("[data-act=reopen]").count() == 1
    two.reload()
    assert "800 loaves" in two.answer(1).inner_text()
    assert "mayor" not in two.page.locator("#rag-transcript").inner_text()


def test_a_link_opens_one_answer_and_elsewhere_its_question(visit, browser, address):
    reader = visit(permissions=["clipboard-read", "clipboard-write"])
    reader.ask("What of the sea?")
    reader.answer(1)
    reader.ask("And the hill?")
    reader.answer(2)
    reader.page.locator('#a1 [data-act="link"]').click()
    reader.heard("The link is copied")
    link = reader.page.evaluate("navigator.clipboard.readText()")
    reader.page.goto("about:blank")
    reader.page.goto(link)
    reader.answer(1)
    reader.page.wait_for_function(
        "() => Math.abs(document.querySelector('.rag-question').getBoundingClientRect().top) < 300"
    )
    reader.page.locator('#a2 [data-act="copy"]').click()
    reader.heard("Copied.")
    assert LOAVES in reader.page.evaluate("navigator.clipboard.readText()")
    stranger = visit(link.removeprefix(address))
    stranger.page.wait_for_function(
        "document.querySelector('#rag-question textarea').value === 'What of the sea?'"
    )
    assert stranger.questions() == []


def test_every_download_has_the_quotes(visit, browser, articles, tmp_path):
    reader = visit()
    reader.ask("What of the sea?")
    reader.answer(1)
    reader.ask("And the hill?")
    reader.answer(2)
    files = {}
    for kind in ("json", "md", "html"):
        reader.page.locator("#a2 .rag-menu summary").click()
        with reader.page.expect_download() as download:
            reader.page.locator(f'#a2 [data-kind="{kind}"]').click()
        assert download.value.suggested_filename == f"and-the-hill.{kind}"
        files[kind] = tmp_path / f"answer.{kind}"
        download.value.save_as(files[kind])
    answer = Answer.from_json(files["json"].read_text("utf-8"))
    assert audit(answer, tuple(articles.values())) == []
    quotes = [citation.quote for citation in answer.citations]
    assert all(f"> {quote}" in files["md"].read_text("utf-8") for quote in quotes)
    open_offline(browser, files["html"], quotes, HILL)


REDRAWN = """menu => {
  const copy = menu.cloneNode(true);
  copy.removeAttribute("open");
  menu.replaceWith(copy);
}"""


def test_an_open_menu_stays_open_when_its_answer_is_drawn_anew(visit):
    reader = visit()
    reader.ask("What of the sea?")
    reader.answer(1)
    menu, json = (reader.page.locator(f"#a1 {at}") for at in (".rag-menu", '[data-kind="json"]'))
    menu.locator("summary").click()
    json.wait_for()
    menu.evaluate(REDRAWN)
    json.wait_for()
    reader.page.keyboard.press("Escape")
    json.wait_for(state="hidden")
    menu.evaluate(REDRAWN)
    reader.page.wait_for_timeout(200)
    assert not json.is_visible()
    menu.locator("summary").click()
    reader.box.click()
    json.wait_for(state="hidden")


def test_verdicts_are_stored(visit, home):
    reader = visit()
    reader.ask("What of the sea?")
    answer = reader.answer(1)
    answer.locator('[data-verdict="wrong quote"]').click()
    answer.locator('[data-verdict="wrong quote"][aria-pressed="true"]').wait_for()
    answer.locator('[data-verdict="up"]').click()
    answer.locator('[data-verdict="up"][aria-pressed="true"]').wait_for()
    assert answer.locator('[aria-pressed="true"]').count() == 1
    rows = [json.loads(line) for line in (home / "feedback.jsonl").read_text("utf-8").splitlines()]
    assert [row["verdict"] for row in rows] == ["up"]
    assert rows[0]["answer"]["question"] == "What of the sea?"


def test_text_of_others_stays_text(reader, articles):
    assert EVIL in reader.page.locator("#rag-start").inner_text()
    reader.ask(f"{EVIL} wall **b** <b>b</b> [l](javascript:alert(1)) ![i](http://out.test/i.png)")
    reader.check_every_marker(1, articles)
    reader.ask("What of the sea?")
    reader.open(reader.answer(2).locator(".rag-marker").nth(1), LAST, articles["sea.txt"])
    assert EVIL in reader.questions()[0]
    assert "**b** <b>b</b> [l](javascript:alert(1))" in reader.questions()[0]
    live = "#rag-transcript :is(script, img, a, b, strong), #rag-viewer :is(script, img, a, b)"
    assert reader.page.locator(live).count() == 0
    assert reader.page.evaluate("window.hacked") is None


def test_smuggled_scripts_are_dead(visit):
    reader = visit()
    reader.page.evaluate(
        """() => {
          const box = document.createElement("div");
          box.innerHTML = "<img src=x onerror='window.hacked = 1'>";
          document.body.append(box);
          const script = document.createElement("script");
          script.textContent = "window.hacked = 2";
          document.body.append(script);
        }"""
    )
    reader.page.wait_for_timeout(300)
    assert reader.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in message for message in reader.wrong)
    reader.wrong.clear()


def test_abstention_conflict_problem_and_a_new_conversation(reader, articles):
    reader.ask("Who walked on the moon?")
    calm = reader.answer(1)
    assert "do not say who walked" in calm.inner_text()
    reader.check_every_marker(1, articles)
    reader.ask("Where do hill and sea differ?")
    panel = reader.answer(2).locator(".rag-conflict")
    assert "Sources differ: the end" in panel.inner_text()
    assert LOAVES in panel.inner_text()
    reader.ask("broken")
    problem = reader.page.locator(".rag-problem")
    problem.wait_for()
    assert problem.inner_text() == "this cannot be asked: broken"
    if reader.size == PHONE:
        reader.page.locator("#rag-aside .toggle-button").click()
    reader.page.locator("#rag-fresh").click()
    if reader.size == PHONE:
        reader.page.locator("#rag-aside .toggle-button").click()
    reader.page.locator("#rag-start").wait_for()
    assert reader.questions() == []
    assert reader.page.locator("#rag-viewer mark").count() == 0


def test_an_article_is_read_from_the_list(visit):
    reader = visit()
    reader.page.locator("#rag-start [data-article='hill.txt']").click()
    reader.page.wait_for_function(
        "text => document.querySelector('#rag-viewer .rag-text')?.textContent === text", arg=HILL
    )
    assert reader.page.locator("#rag-viewer mark").count() == 0
    reader.page.locator("[data-act=contents]").click()
    reader.page.locator("#rag-viewer .rag-contents").wait_for()
    reader.page.locator("#rag-viewer [data-article='sea.txt']").click()
    reader.page.wait_for_function(
        "text => document.querySelector('#rag-viewer .rag-text')?.textContent === text", arg=SEA
    )


def test_stop_keeps_the_quotes_and_takes_the_next_question(reader, engine):
    problems = reader.page.locator(".rag-problem")
    button = reader.page.locator("#rag-question button.stop-button")
    for n in range(3):
        engine.gate.clear()
        reader.ask("slow: what of the sea?")
        button.wait_for()
        if n < 2:  # the third time at once, before there are quotes
            reader.page.locator(".rag-found").nth(n).wait_for()
        if n == 0:
            button.click()
        else:
            reader.page.keyboard.press("Escape")
        problems.nth(n).wait_for()
        assert "Stopped" in problems.nth(n).inner_text()
        engine.gate.set()
    reader.page.wait_for_timeout(500)  # what the stopped answers would still say must not appear
    assert reader.page.locator(".rag-answer[id]").count() == 0
    reader.ask("And the hill?")
    assert reader.answer(4).locator(".rag-statement").count() == 2


def test_the_place_in_line_is_shown(visit, engine):
    engine.gate.clear()
    one, two = visit(), visit()
    one.ask("slow: what of the sea?")
    one.page.locator(".rag-found").wait_for()
    two.ask("slow: and the hill?")
    two.page.locator(".rag-line", has_text="number 1 in line").wait_for()
    assert LOAVES in two.page.locator(".rag-found").inner_text()  # quotes do not wait
    two.heard("number 1 in line")
    engine.gate.set()
    two.answer(1)
    one.answer(1)


def test_keyboard_alone(visit, articles):
    reader = visit()
    keys = reader.page.keyboard
    assert reader.box.evaluate("box => box === document.activeElement")
    keys.type("What of the sea?")
    keys.press("Shift+Enter")
    assert reader.box.input_value() == "What of the sea?\n"
    keys.press("Enter")
    marker = reader.answer(1).locator(".rag-marker").first
    for _ in range(60):  # backwards from the question box, over everything between
        if marker.evaluate("m => m === document.activeElement"):
            break
        keys.press("Shift+Tab")
    assert marker.evaluate("m => m === document.activeElement")
    card = reader.page.locator("#rag-hover")
    assert OVER in card.inner_text()
    keys.press("Escape")
    card.wait_for(state="hidden")
    keys.press("ArrowRight")
    assert reader.page.evaluate("document.activeElement.textContent") == "2"
    keys.press("ArrowLeft")
    keys.press("Enter")
    reader.marks(OVER, articles["sea.txt"])
    assert reader.page.evaluate("document.activeElement.tagName") == "MARK"
    assert "Quote 1 of 2" in reader.page.locator(".rag-between").inner_text()
    keys.press("ArrowRight")
    reader.marks(LAST)
    keys.press("ArrowRight")
    reader.marks(OVER)
    keys.press("Escape")
    reader.page.locator("#rag-viewer").wait_for(state="hidden")
    assert reader.page.evaluate("document.activeElement.className") == "rag-marker"


def test_the_open_quote_stays_marked_while_more_comes_to_its_answer(visit):
    reader = visit()
    reader.ask("What of the sea?")
    marker = reader.answer(1).locator(".rag-marker").first
    reader.open(marker, OVER)
    number = marker.inner_text()
    current = reader.answer(1).locator(".rag-marker[aria-current]")
    assert set(current.all_inner_texts()) == {number}
    reader.page.locator('#a1 [data-verdict="up"]').click()  # draws the answer anew
    reader.page.locator('#a1 [data-verdict="up"][aria-pressed="true"]').wait_for()
    assert set(current.all_inner_texts()) == {number}
    reader.page.keyboard.press("Escape")
    reader.page.locator("#rag-viewer").wait_for(state="hidden")
    assert current.count() == 0
    assert reader.page.evaluate("document.activeElement.textContent") == number


def test_pointing_at_a_number_shows_quote_article_day_and_speaker(visit):
    reader = visit()
    reader.ask("What of the sea?")
    reader.answer(1).locator(".rag-statement .rag-marker").first.hover()
    card = reader.page.locator("#rag-hover")
    card.wait_for()
    for part in (OVER, "The sea", "1 May 2025", "Ada Deniz"):
        assert part in card.inner_text()
    card.hover()  # it stays while it is pointed at
    assert card.is_visible()
    reader.page.mouse.move(5, 5)
    card.wait_for(state="hidden")


def test_a_screen_reader_hears_the_steps_and_the_answer(visit, engine):
    reader = visit()
    engine.gate.clear()
    reader.ask("slow: what of the sea?")
    reader.heard("Reading. 2 likely quotes.")
    engine.gate.set()
    reader.heard("answered. The mayor says it goes on. [1]")
    log = reader.page.locator("#rag-transcript [role=log]")
    assert log.get_attribute("aria-live") == "off"  # else everything is heard twice


def violations(reader):
    found = Axe().run(reader.page, options=WHOLE).response["violations"]
    return [
        f"{row['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for row in found
        for node in row["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visit, engine, size, scheme):
    reader = visit(size=size, scheme=scheme)
    reader.page.locator("#rag-start h2").wait_for()
    found = {"start": violations(reader)}
    engine.gate.clear()
    reader.ask("slow: hebrew?")
    reader.page.locator(".rag-found").wait_for()
    found["reading"] = violations(reader)
    engine.gate.set()
    reader.answer(1)
    reader.ask("Where do hill and sea differ?")
    reader.open(reader.answer(2).locator(".rag-marker").first, LOAVES)
    found["answer and article"] = violations(reader)
    reader.close_article()
    reader.ask("Who walked on the moon?")
    reader.answer(3)
    reader.page.locator("#a3 .rag-menu summary").click()
    found["abstention and menu"] = violations(reader)
    if size == PHONE:
        reader.page.keyboard.press("Escape")
        reader.page.locator("#rag-aside .toggle-button").click()
        found["sources"] = violations(reader)
    assert {state: faults for state, faults in found.items() if faults} == {}


def test_reduced_motion_and_the_reader_s_own_choice_of_light(visit):
    reader = visit(scheme="dark")
    assert reader.page.evaluate("document.body.classList.contains('dark')")
    reader.page.locator("[data-act=theme]").click()
    reader.reload()
    reader.page.wait_for_function("!document.body.classList.contains('dark')")
    moving = "[...document.querySelectorAll('*')].filter(e => e.getAnimations().length).length"
    reader.ask("What of the sea?")
    reader.answer(1)
    assert reader.page.evaluate(moving) == 0


def test_the_page_opens_by_itself_when_it_has_warmed_up(browser, engine, home):
    go = threading.Event()

    def make():
        go.wait(120)
        return create_app(engine, Settings(home=home, llm="none"))

    with serving(Opening(make)) as address:
        reader = Reader(browser, address)
        reader.page.goto(address)
        assert "Warming up" in reader.page.locator("h1").inner_text()
        go.set()
        reader.ready()
        reader.ask("What of the sea?")
        reader.answer(1)
        reader.leave()
        reader.context.close()


def test_a_password_is_asked_for_where_one_is_set(browser, engine, home):
    settings = Settings(home=home, llm="none", user="ann", password="open sesame")
    with serving(create_app(engine, settings)) as address:
        reader = Reader(browser, address)
        reader.page.goto(address)
        reader.page.get_by_label("username").fill("ann")
        reader.page.get_by_label("password").fill("wrong")
        reader.page.get_by_role("button", name="Login").click()
        reader.page.get_by_text("Incorrect Credentials").first.wait_for()
        reader.wrong.clear()  # the browser logs the refusal itself
        reader.page.get_by_label("username").fill("ann")
        reader.page.get_by_label("password").fill("open sesame")
        reader.page.get_by_role("button", name="Login").click()
        reader.ready()
        reader.ask("What of the sea?")
        assert "The mayor says" in reader.answer(1).inner_text()
        reader.leave()
        reader.context.close()
