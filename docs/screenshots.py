"""Takes the pictures of the chat in docs/screens/: the real page, articles and language model.

``make screenshots`` runs it. It needs what the browser tests need: chromium and playwright.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

HERE = Path(__file__).parent
SCREENS = HERE / "screens"
RAG = Path(sys.executable).with_name("rag")
WIDE, PHONE = (1280, 860), (390, 780)
PATIENCE = 120_000  # milliseconds: the model may have to share the machine

SINGLE = "How large an army did the EU suggest Ukraine keep?"
DIFFER = "Are the security guarantees for Ukraine settled?"
UNKNOWN = "How do I bake sourdough bread?"
OWN = "Minutes of the allotment club\n\nMarta Olsen counted 37 beehives on 2 December 2025.\n"
BEES = "How many beehives did Marta Olsen count?"


@contextmanager
def chat() -> Iterator[str]:
    """Run ``rag chat`` on a free port as a reader would; gives its address once it is ready."""
    with tempfile.TemporaryDirectory() as place:
        server = subprocess.Popen(  # noqa: S603 - our own command
            [RAG, "chat", "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "RAG_FEEDBACK": str(Path(place, "feedback.jsonl"))},
        )
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None, "the chat does not say where it is"
        server.stdout.readline()  # "Ready for questions."
        try:
            yield found[0]
        finally:
            server.terminate()
            server.wait(60)


class Visit:
    """One reader's page."""

    def __init__(self, browser: Browser, address: str, size: tuple[int, int], scheme: str) -> None:
        self.page: Page = browser.new_page(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(address)
        self.box.wait_for()

    @property
    def box(self) -> Locator:
        """The question box."""
        return self.page.locator("#rag-question textarea")

    def ask(self, question: str) -> None:
        """Type a question and send it."""
        self.box.fill(question)
        self.box.press("Enter")

    def answer(self, n: int) -> Locator:
        """Wait for an answer and for a question below it."""
        answer = self.page.locator(f"#a{n}")
        answer.locator(".rag-next li").first.wait_for()
        return answer

    def show(self, name: str) -> None:
        """Keep a picture of the page as it stands, in few colours so that it stays small."""
        self.page.wait_for_timeout(1500)  # letters and scrolling come to rest
        picture = Image.open(io.BytesIO(self.page.screenshot()))
        picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
            SCREENS / f"{name}.png", optimize=True
        )


def at_a_desk(browser: Browser, address: str) -> None:
    """Ask, look a quote up, see sources differ, be told no, add a file."""
    visit = Visit(browser, address, WIDE, "light")
    page = visit.page
    page.locator("#rag-aside.open").wait_for()
    page.locator("#rag-start .rag-next li").nth(5).wait_for()
    visit.show("start")
    visit.ask(SINGLE)
    page.locator(".rag-found li").first.wait_for()
    visit.show("likely-quotes")
    visit.answer(1).locator(".rag-marker").first.focus()
    visit.show("answer")
    visit.answer(1).locator(".rag-marker").first.click()
    page.locator("#rag-viewer mark").wait_for()
    visit.show("article")
    page.keyboard.press("Escape")
    visit.ask(DIFFER)
    visit.answer(2)
    visit.show("sources-differ")
    page.locator("#a2 .rag-timeline").scroll_into_view_if_needed()
    visit.show("timeline")
    visit.ask(UNKNOWN)
    visit.answer(3)
    visit.show("abstention")
    page.locator("#rag-fresh").click()
    page.locator("#rag-own input[type=file]").set_input_files(
        [
            {"name": "minutes.txt", "mimeType": "text/plain", "buffer": OWN.encode()},
            {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"},
        ]
    )
    page.locator(".rag-read").wait_for()
    visit.ask(BEES)
    visit.answer(1)
    visit.show("own-files")
    page.close()


def in_the_dark(browser: Browser, address: str) -> None:
    """Show an answer and its article on a dark page."""
    visit = Visit(browser, address, WIDE, "dark")
    visit.ask(DIFFER)
    visit.answer(1).locator(".rag-marker").first.click()
    visit.page.locator("#rag-viewer mark").wait_for()
    visit.show("dark")
    visit.page.close()


def on_a_phone(browser: Browser, address: str) -> None:
    """Show the start, an answer and the article as a drawer."""
    visit = Visit(browser, address, PHONE, "light")
    visit.page.locator("#rag-start .rag-next li").nth(5).wait_for()
    visit.show("phone-start")
    visit.ask(SINGLE)
    answer = visit.answer(1)
    visit.show("phone")
    answer.locator(".rag-marker").first.click()
    visit.page.locator("#rag-viewer mark").wait_for()
    visit.show("phone-article")
    visit.page.close()


def main() -> None:
    """Take all pictures anew."""
    SCREENS.mkdir(exist_ok=True)
    with chat() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for tour in (at_a_desk, in_the_dark, on_a_phone):
            tour(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
