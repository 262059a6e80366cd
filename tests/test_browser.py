"""The web chat in a real browser, over a real server with a fake engine."""

import os
import shutil
import threading
import time

import pytest
from test_web import EVIL, HILL, SEA, Fake

from rag.settings import Settings
from rag.web.app import ChatServer, create_app, listen

pytestmark = [
    pytest.mark.browser,
    # gradio 6 sets a pandas option that pandas 3 no longer wants
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated"),
]

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    if BROWSER is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no browser: install chromium")
        pytest.skip("NO BROWSER FOUND, so the page itself is NOT tested: install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def engine():
    return Fake()


@pytest.fixture(scope="module")
def address(engine):
    with listen("127.0.0.1", 0) as listener:
        server = ChatServer(create_app(engine, Settings()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        engine.gate.set()
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server does not stop"


class Reader:
    """Someone at the page, who sees what is wrong with it."""

    def __init__(self, page, address):
        self.page, self.wrong, self.urls = page, [], []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: self.urls.append(request.url))
        page.goto(address)
        self.box = page.locator("#rag-question textarea")
        self.box.wait_for()

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def ask(self, question):
        self.box.fill(question)
        self.box.press("Enter")

    def answer(self, n):
        found = self.page.locator(f"#a{n}")
        found.wait_for()
        return found

    def marked(self):
        return self.page.locator("#rag-viewer mark").evaluate("mark => mark.textContent")

    def open(self, button, quote):
        """Click and wait until the viewer marks the quote; the mark must be in sight."""
        button.click()
        self.page.wait_for_function(
            "quote => document.querySelector('#rag-viewer mark')?.textContent === quote", arg=quote
        )
        self.page.wait_for_function(
            """() => {
              const mark = document.querySelector('#rag-viewer mark').getBoundingClientRect();
              return mark.top >= 0 && mark.top < innerHeight;
            }"""
        )


@pytest.fixture(params=[(1280, 900, "light"), (390, 844, "dark")], ids=["desktop", "phone"])
def reader(request, browser, address):
    width, height, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    reader = Reader(context.new_page(), address)
    yield reader
    scrolled = reader.page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert reader.wrong == []
    outside = [u for u in reader.urls if not u.startswith((address, "data:", f"blob:{address}"))]
    assert outside == []
    assert scrolled <= width


def test_ask_see_quotes_then_answer_then_check_every_marker(reader, engine):
    engine.gate.clear()
    reader.ask("slow: what of the sea?")
    likely = reader.page.locator(".rag-found")
    likely.wait_for()
    assert "Likely quotes, being checked" in likely.inner_text()
    assert "“It is not over.”" in likely.inner_text()
    assert reader.page.locator(".rag-marker").count() == 0
    assert reader.box.input_value() == ""
    engine.gate.set()

    first = reader.answer(1)
    quotes = ["“It is not over.”", f"Last came {EVIL} ${{1}} {{{{x}}}}"]
    markers = first.locator(".rag-marker")
    assert markers.all_inner_texts() == ["1", "2"]
    for n, quote in enumerate(quotes):
        reader.open(markers.nth(n), quote)
        assert first.locator("blockquote").nth(n).evaluate("q => q.textContent") == quote
    shown = reader.page.locator("#rag-viewer .rag-text").evaluate("t => t.textContent")
    assert shown == SEA

    reader.ask("And the hill?")
    second = reader.answer(2)
    reader.open(second.locator(".rag-marker").first, "the baker Ada Deniz sold 800")
    assert reader.page.locator("#rag-viewer .rag-text").evaluate("t => t.textContent") == HILL
    reader.open(first.locator(".rag-marker").first, quotes[0])
    reader.open(second.locator(".rag-marker").nth(1), "The sea rose.")
    reader.open(first.locator(".rag-open").nth(1), quotes[1])


def test_text_of_others_stays_text(reader):
    assert EVIL in reader.page.locator("#rag-transcript .examples").inner_text()
    reader.ask(f"{EVIL} **bold** <b>b</b> [link](javascript:alert(1)) ![i](http://out.test/i.png)")
    answer = reader.answer(1)
    reader.open(answer.locator(".rag-marker").nth(1), f"Last came {EVIL} ${{1}} {{{{x}}}}")
    asked = reader.page.locator("#rag-transcript .user-row")
    assert EVIL in asked.inner_text()
    assert "**bold** <b>b</b>" in asked.inner_text()
    live = "#rag-transcript :is(script, img, a, b, strong), #rag-viewer :is(script, img, a)"
    assert reader.page.locator(live).count() == 0
    assert reader.page.evaluate("window.hacked") is None


def test_examples_abstention_problems_and_a_new_conversation(reader):
    reader.page.locator("#rag-transcript .example").first.click()
    reader.answer(1)
    assert "Ada Deniz" in reader.page.locator("#rag-transcript .user-row").inner_text()
    reader.ask("Who walked on the moon?")
    calm = reader.answer(2)
    assert "do not say who walked" in calm.inner_text()
    reader.open(calm.locator(".rag-open"), "“It is not over.”")
    reader.ask("broken")
    problem = reader.page.locator(".rag-problem")
    problem.wait_for()
    assert problem.inner_text() == "this cannot be asked: broken"
    reader.page.get_by_role("button", name="New conversation").click()
    reader.page.locator("#rag-transcript .example").first.wait_for()
    assert reader.page.locator("#rag-transcript .user-row").count() == 0
    assert reader.page.locator("#rag-viewer mark").count() == 0
    reader.ask("What of the sea?")
    assert reader.answer(1).locator(".rag-marker").count() == 2


def test_stop_keeps_the_quotes_and_takes_the_next_question(reader, engine):
    engine.gate.clear()
    reader.ask("slow: what of the sea?")
    reader.page.locator(".rag-found").wait_for()
    reader.page.locator("#rag-question button.stop-button").click()
    problem = reader.page.locator(".rag-problem")
    problem.wait_for()
    assert "Stopped" in problem.inner_text()
    engine.gate.set()
    time.sleep(0.5)  # what the stopped answer would still say must not appear
    assert reader.page.locator("#a1").count() == 0
    reader.ask("And the hill?")
    assert reader.answer(2).locator(".rag-marker").count() == 2


def test_keyboard_alone_opens_and_closes_a_quote(reader):
    reader.box.fill("What of the sea?")
    reader.box.press("Shift+Enter")
    assert reader.box.input_value() == "What of the sea?\n"
    reader.box.press("Enter")
    marker = reader.answer(1).locator(".rag-marker").first
    marker.focus()
    reader.page.keyboard.press("Enter")
    reader.page.locator("#rag-viewer mark:focus").wait_for()
    assert reader.marked() == "“It is not over.”"
    reader.page.keyboard.press("Escape")
    reader.page.locator("#rag-viewer mark").wait_for(state="detached")
    assert marker.evaluate("marker => marker === document.activeElement")


def test_two_readers_never_see_each_other(browser, address):
    readers = [Reader(browser.new_context().new_page(), address) for _ in range(2)]
    readers[0].ask("What of the sea?")
    readers[1].ask("And the hill?")
    assert "The mayor says it goes on." in readers[0].answer(1).inner_text()
    assert "800 loaves" in readers[1].answer(1).inner_text()
    assert all(r.page.locator("#rag-transcript .user-row").count() == 1 for r in readers)
    for reader in readers:
        reader.page.context.close()
        assert reader.wrong == []
