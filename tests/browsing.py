"""A real browser at a real server, and a reader who notices what is wrong with the page."""

import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rag.web.server import ChatServer, listen

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
PATIENCE = 60_000  # milliseconds: the machine may be busy with other things

# What gradio's own code may say that is no fault of the page.
HARMLESS = (
    "was preloaded using link preload but not used",
    "Method not implemented.",  # as it ends the stream that tells how far an upload is
)
# What it may say when a page is left while an answer still comes in.
LEAVING = ("signal is aborted without reason", "Connection errored out")


@contextmanager
def chromium():
    """Give a browser; without one, tests are skipped loudly, and fail where CI is set."""
    if BROWSER is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no browser: install chromium")
        pytest.skip("NO BROWSER FOUND, so the page itself is NOT tested: install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving(app):
    """Serve an application on a free port; gives its address, and sees that it ends."""
    with listen("127.0.0.1", 0) as listener:
        server = ChatServer(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(90)
            assert not thread.is_alive(), "the server does not stop"


class Reader:
    """Someone at the page, with a browser of their own unless another reader's is given."""

    def __init__(self, browser, address, *, size=(1280, 900), scheme="light", beside=None, **more):
        self.address, self.wrong, self.urls, self.size = address, [], [], size
        self.context = beside.context if beside else browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            accept_downloads=True,
            **more,
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.urls.append(request.url))

    def go(self, where=""):
        self.page.goto(self.address + where)
        return self.ready()

    def reload(self):
        before = list(self.wrong)
        self.page.reload()
        self.ready()
        new = self.wrong[len(before) :]
        self.wrong[:] = before + [w for w in new if not any(text in w for text in LEAVING)]

    def ready(self):
        self.box.wait_for()
        self.page.locator("#rag-shelf .html-container").wait_for(state="attached")
        return self

    def _console(self, message):
        harmless = any(text in message.text for text in HARMLESS)
        if message.type in ("error", "warning") and not harmless:
            self.wrong.append(message.text)

    @property
    def box(self):
        return self.page.locator("#rag-question textarea")

    def ask(self, question):
        self.box.fill(question)
        self.box.press("Enter")

    def answer(self, n):
        found = self.page.locator(f"#a{n}")
        found.wait_for()
        return found

    def ask_again(self, n):
        """Ask a question once more and wait until its old answer is gone."""
        self.answer(n).evaluate("answer => answer.dataset.old = 'yes'")  # no new one has that
        self.page.locator(f'[data-act="retry"][data-turn="{n}"]').click()
        self.page.locator(f"#a{n}:not([data-old])").wait_for()

    def begin_anew(self):
        """Begin a conversation and wait until the old one's answers are gone."""
        self.page.locator("#rag-fresh").click()
        self.page.locator("#a1").wait_for(state="detached")
        self.page.locator("#rag-start").wait_for()

    def questions(self):
        return self.page.locator("#rag-transcript .rag-question").all_inner_texts()

    def heard(self, words):
        """Wait until a screen reader has been told something."""
        self.page.wait_for_function(
            "words => document.querySelector('#rag-live').textContent.includes(words)", arg=words
        )

    def open(self, button, quote, article=None):
        """Click and wait until the viewer marks the quote, in sight and in the right article."""
        button.click()
        self.marks(quote, article)

    def marks(self, quote, article=None):
        self.page.wait_for_function(
            "quote => document.querySelector('#rag-viewer mark')?.textContent === quote", arg=quote
        )
        self.page.wait_for_function(
            """() => {
              const mark = document.querySelector('#rag-viewer mark').getBoundingClientRect();
              const room = document.querySelector('#rag-viewer').getBoundingClientRect();
              return room.height > 0 && mark.top >= room.top && mark.top < room.bottom;
            }"""
        )
        if article is not None:
            assert self.page.locator("#rag-viewer .rag-text").evaluate("t => t.textContent") == (
                article.text
            )

    def check_every_marker(self, n, articles):
        """Every number of an answer must open the quote that stands beside it in its card."""
        answer = self.answer(n)
        markers = answer.locator(".rag-marker")
        assert markers.count() > 0
        for i in range(markers.count()):
            marker = markers.nth(i)
            place = marker.evaluate("m => ({...m.dataset})")
            card = answer.locator(f"#a{n}-c{marker.inner_text()} blockquote")
            quote = card.evaluate("q => q.textContent")
            article = articles[place["article"]]
            assert article.text[int(place["start"]) : int(place["end"])] == quote
            self.open(marker, quote, article)
            if self.size[0] < 800:  # the article is a drawer over the conversation
                self.close_article()
        if self.size[0] >= 800:
            self.close_article()

    def close_article(self):
        self.page.locator("#rag-viewer .rag-close").click()
        self.page.locator("#rag-viewer").wait_for(state="hidden")

    def leave(self):
        """Close the page; nothing may have gone wrong, nothing may have been asked elsewhere."""
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.close()
        assert self.wrong == [], "\n".join(self.wrong)
        own = urlsplit(self.address).netloc
        outside = [u for u in self.urls if urlsplit(u).netloc not in (own, "") and u[:5] != "blob:"]
        assert outside == []
        assert wide <= self.size[0]


def open_offline(browser, page_file, quotes, text):
    """Open a saved page without network or scripts; its marks must be the quotes."""
    context = browser.new_context(offline=True)
    page, asked, wrong = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.goto(Path(page_file).as_uri())
    for n, quote in enumerate(quotes, 1):
        pieces = page.locator(f'mark[data-n~="{n}"]')
        assert "".join(pieces.evaluate_all("ms => ms.map(m => m.textContent)")) == quote
        page.locator(f'a.rag-marker[href="#q{n}"]').first.click()
        assert page.evaluate("location.hash") == f"#q{n}"
    assert text in page.locator(".rag-text").evaluate_all("ts => ts.map(t => t.textContent)")
    context.close()
    assert asked == [Path(page_file).as_uri()]
    assert wrong == []
