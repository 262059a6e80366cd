"""What the page does when something is asked, stopped or clicked."""

import datetime
from collections.abc import Iterator
from typing import Any

import gradio as gr

from rag.corpus import Article
from rag.errors import QuestionError, RagError
from rag.render import article_html, problem_html, question_html
from rag.web import turns
from rag.web.engine import Engine
from rag.web.turns import Turn, Turns

Shown = tuple[Turns, list[dict[str, Any]]]

NOTHING_OPEN = (
    '<p class="rag-hint">Click a number in an answer: '
    "the article opens here with the quote marked.</p>"
)
_CLOSE = '<button type="button" class="rag-close" aria-label="Close the article">Close</button>'


class Handlers:
    """The page's functions over one engine; all that belongs to a reader is handed in."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def ask(self, question: str, earlier: Turns) -> tuple[Turns, list[dict[str, Any]], Any]:
        """Put a question on the page at once; a blank one is not a question."""
        if not question.strip():
            return *shown(earlier), gr.skip()
        return *shown(turns.asked(earlier, question)), waiting_box()

    def ask_example(self, earlier: Turns, chosen: gr.SelectData) -> tuple[Any, ...]:
        """Ask an example as if it had been typed."""
        return self.ask(str(chosen.value["text"]), earlier)

    def answer(self, conversation: Turns, as_of: str) -> Iterator[Shown]:
        """Answer the last question step by step."""
        if not conversation or conversation[-1].done:
            yield shown(conversation)
            return
        *earlier, turn = conversation
        try:
            past = turns.history(tuple(earlier))
            for event in self.engine.stream(turn.question, past, _day(as_of)):
                turn = turn.after(event)
                yield shown((*earlier, turn))
        except RagError as problem:
            yield shown((*earlier, turn.failed(str(problem))))

    def stop(self, conversation: Turns) -> tuple[Turns, list[dict[str, Any]], Any]:
        """End the last turn with what stands so far."""
        return *shown(turns.stopped(conversation)), ready_box()

    def clear(self) -> tuple[Turns, list[dict[str, Any]], Any, str]:
        """Begin a new conversation with nothing open."""
        return (), [], ready_box(), NOTHING_OPEN

    def show(self, clicked: gr.EventData) -> str:
        """Open an article at the place that a marker carries; the place is checked again."""
        wanted = clicked._data or {}
        article = self._article(wanted.get("article"))
        start, end = wanted.get("start"), wanted.get("end")
        if article is None or not isinstance(start, int) or not isinstance(end, int):
            return problem_html("This article is no longer in the corpus.")
        if not 0 <= start < end <= len(article.text):
            return problem_html("This quote is no longer in the article.")
        return f"{_CLOSE}{article_html(article, (start, end))}"

    def _article(self, name: object) -> Article | None:
        return next((a for a in self.engine.articles if a.name == name), None)


def shown(conversation: Turns) -> Shown:
    """Give a conversation for the session's memory and for the page."""
    return conversation, [message for turn in conversation for message in _messages(turn)]


def ready_box() -> Any:  # noqa: ANN401 - an update of gradio's
    """Let the question box send again."""
    return gr.update(submit_btn=True, stop_btn=False)


def waiting_box() -> Any:  # noqa: ANN401 - an update of gradio's
    """Empty the question box and let it stop the answer that is being written."""
    return gr.update(value="", submit_btn=False, stop_btn=True)


def _messages(turn: Turn) -> Iterator[dict[str, Any]]:
    """Show a turn as our own escaped HTML; the chat would read a question's text as HTML."""
    yield {"role": "user", "content": _html(question_html(turn.question))}
    yield {"role": "assistant", "content": _html(turn.to_html())}


def _html(escaped: str) -> gr.HTML:
    return gr.HTML(escaped, js_on_load=None, apply_default_css=False)


def _day(text: str) -> datetime.date | None:
    if not text.strip():
        return None
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError as problem:
        raise QuestionError(
            f"“{text.strip()}” is not a day; write it like 2025-12-23, or leave it empty"
        ) from problem
