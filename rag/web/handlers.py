"""What the page does when something is asked, stopped, asked again or clicked."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import gradio as gr

from rag.corpus import Article
from rag.errors import RagError
from rag.markup import article_html, escape, problem_html
from rag.web.contents import contents_html, label
from rag.web.desk import Desk, Scope
from rag.web.examples import following, proven
from rag.web.limits import client_of
from rag.web.telemetry import watched
from rag.web.turns import Conversation, Extra, Extras, Turn, halt, to_plain
from rag.web.view import asked_html, told_html

Shown = tuple[Any, Any, Any, Any]  # conversation, transcript, question box, shelf
NOTHING: Shown = (gr.skip(), gr.skip(), gr.skip(), gr.skip())

FAILED = "This did not work, and the log of this machine tells why. Ask again, or otherwise."
log = logging.getLogger(__name__)
SUGGESTED = 3  # further questions shown below an answer
TRIED = 6  # further questions looked up for that
_CLOSE = '<button type="button" class="rag-close">Close</button>'


class Handlers:
    """The page's functions; all that belongs to a reader is handed in."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def ask(self, question: str, earlier: Conversation, extras: Extras) -> Shown:
        """Put a question on the page at once; a blank one is not a question."""
        turn = earlier.open_turn
        busy = turn is not None and not extras.get(earlier.name_of(turn), Extra()).halted
        if not question.strip() or busy:
            return NOTHING
        halt(extras)
        asked = earlier.stopped().asked(question)
        name = asked.name_of(asked.turns[-1])
        extras.pop(name, None)  # the newest comes last
        extras[name] = Extra()
        return asked, messages(asked, extras), waiting_box(), gr.skip()

    def ask_given(self, clicked: gr.EventData, earlier: Conversation, extras: Extras) -> Shown:
        """Ask a question that the page offers as if it had been typed."""
        return self.ask(str(_data(clicked).get("question", "")), earlier.stopped(), extras)

    def ask_again(self, clicked: gr.EventData, kept: Conversation, extras: Extras) -> Shown:
        """Ask a question once more, in place of its answer and of what came after it."""
        turn = kept.turn(_data(clicked).get("turn"))
        if turn is None:
            return NOTHING
        question = _data(clicked).get("question") or turn.question
        return self.ask(str(question), kept.before(turn.number), extras)

    def answer(
        self,
        kept: Conversation,
        extras: Extras,
        names: list[str],
        day: float,
        model: str,
        request: gr.Request,
    ) -> Iterator[Shown]:
        """Answer the last question step by step, then look for questions worth asking next."""
        turn = kept.open_turn
        extra = extras.get(kept.name_of(turn)) if turn else None
        if turn is None or extra is None or extra.begun:  # nothing is asked, or not once more
            return
        extra.begun = True
        yield gr.skip(), gr.skip(), stoppable_box(), gr.skip()
        try:
            self.desk.admit(reader(request))
            scope = self.desk.scope(request.session_hash, names, day, model)
            with self.desk.answering():
                for state in self._turns(kept, turn, scope, reader(request)):
                    if extra.halted:
                        yield _let_go(kept, extras, extra)
                        return
                    turn = state
                    kept = kept.with_last(turn)
                    yield kept, messages(kept, extras), gr.skip(), gr.skip()
        except RagError as problem:
            kept = kept.with_last(turn.failed(str(problem)))
        except Exception:  # whatever it is, the page must not hang
            log.exception("a question could not be answered")
            kept = kept.with_last(turn.failed(FAILED))
        if turn.answer is None:
            yield kept.stopped(), messages(kept.stopped(), extras), ready_box(), gr.skip()
            return
        yield kept, messages(kept, extras), ready_box(), record(kept)
        for question in self._next(kept, turn, scope):
            if extra.halted:
                yield NOTHING
                return
            extra.next_questions.append(question)
            yield gr.skip(), messages(kept, extras), gr.skip(), gr.skip()

    def _turns(self, kept: Conversation, turn: Turn, scope: Scope, who: str) -> Iterator[Turn]:
        """Give the turn after each event; wait in line between the quotes and a model's words."""
        asked = (turn.question, kept.history(), scope.as_of, scope.articles)
        events = watched(self.desk.settings, lambda: scope.engine.stream(*asked))()
        turn = turn.after(next(events))
        yield turn
        with self.desk.line(scope.model).ticket(who) as ticket:
            for place in ticket.positions():
                yield replace(turn, waiting=place)
            yield turn
            for event in events:
                turn = turn.after(event)
                yield turn

    def _next(self, kept: Conversation, turn: Turn, scope: Scope) -> Iterator[str]:
        """Give questions that the gate takes for answerable, and that show something new."""
        assert turn.answer is not None
        nearest = turn.answer.abstention.nearest if turn.answer.abstention else ()
        shown = turn.answer.citations or nearest
        asked = {earlier.question for earlier in kept.turns}
        near = chain(following(scope.engine.articles, shown), self.desk.examples)
        questions = islice((q for q in dict.fromkeys(near) if q not in asked), TRIED)
        found = proven(questions, scope.search, {(c.article, c.start) for c in shown})
        return islice(found, SUGGESTED)

    def stop(self, kept: Conversation, extras: Extras) -> Shown:
        """End the last turn with what stands so far."""
        halt(extras)
        kept = kept.stopped()
        return kept, messages(kept, extras), ready_box(), gr.skip()

    def clear(self, extras: Extras) -> tuple[Conversation, list[Any], Any, str]:
        """Begin a new conversation with nothing open."""
        halt(extras)
        extras.clear()
        return Conversation(), [], ready_box(), ""

    def show(self, clicked: gr.EventData, request: gr.Request) -> str:
        """Open an article, at the place that a marker carries; the place is checked again."""
        wanted = _data(clicked)
        articles = self.desk.articles(request.session_hash)
        if wanted.get("contents"):
            return _bar() + contents_html(articles)
        article = next((a for a in articles if a.name == wanted.get("article")), None)
        if article is None:
            return _bar() + problem_html("This article is no longer in the corpus.")
        if "start" not in wanted:
            return _bar() + article_html(article)
        place = _place(article, wanted.get("start"), wanted.get("end"))
        if place is None:
            return _bar() + problem_html("This quote is no longer in the article.")
        return _bar(article) + article_html(article, place)


def _bar(article: Article | None = None) -> str:
    """Give what stays in sight above an article that is scrolled: its name, and the way out."""
    name = f'<span class="rag-which" dir="auto">{escape(label(article))}</span>' if article else ""
    return f'<div class="rag-bar">{_CLOSE}{name}</div>'


def _let_go(kept: Conversation, extras: Extras, extra: Extra) -> Shown:
    """Give what becomes of an answer nobody waits for: it is stopped, if nothing newer is shown.

    Whatever is given last, gradio sends once more when the work ends.
    """
    if next(reversed(extras.values()), None) is not extra:
        return NOTHING
    return kept.stopped(), messages(kept.stopped(), extras), ready_box(), gr.skip()


def messages(conversation: Conversation, extras: Extras) -> list[dict[str, Any]]:
    """Give a conversation for the transcript: our own escaped HTML, never Markdown."""
    rows: list[dict[str, Any]] = []
    for turn in conversation.turns:
        told = told_html(turn, extras.get(conversation.name_of(turn), Extra()))
        rows.append({"role": "user", "content": _html(asked_html(turn))})
        rows.append({"role": "assistant", "content": _html(told)})
    return rows


def record(conversation: Conversation) -> Any:  # noqa: ANN401 - an update of gradio's
    """Have the browser keep a conversation."""
    return gr.HTML(record=to_plain(conversation))


def ready_box() -> Any:  # noqa: ANN401 - an update of gradio's
    """Let the question box send again."""
    return gr.update(submit_btn=True, stop_btn=False)


def waiting_box() -> Any:  # noqa: ANN401 - an update of gradio's
    """Empty the question box; nothing can be sent or stopped yet."""
    return gr.update(value="", submit_btn=False, stop_btn=False)


def stoppable_box() -> Any:  # noqa: ANN401 - an update of gradio's
    """Let the question box stop the answer."""
    return gr.update(stop_btn=True)


def reader(request: gr.Request) -> str:
    """Name who asks: the account where there are accounts, else the address."""
    client = request.client
    return request.username or client_of((client.host, client.port) if client else None)


def _html(escaped: str) -> gr.HTML:
    return gr.HTML(escaped, js_on_load=None, apply_default_css=False)


def _data(clicked: gr.EventData) -> dict[str, Any]:
    return clicked._data if isinstance(clicked._data, dict) else {}


def _place(article: Article, start: object, end: object) -> tuple[int, int] | None:
    if not isinstance(start, int) or not isinstance(end, int):
        return None
    return (start, end) if 0 <= start < end <= len(article.text) else None
