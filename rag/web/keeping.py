"""What readers take along: conversations kept in their browser, downloads, and their verdicts."""

import logging
import re
from dataclasses import replace
from typing import Any

import gradio as gr

from rag.answer import Answer
from rag.audit import audit
from rag.document import answer_page
from rag.errors import AnswerError
from rag.render import answer_markdown
from rag.web.desk import Desk
from rag.web.handlers import _data, messages, ready_box
from rag.web.turns import Conversation, Extra, Extras, from_plain, halt
from rag.web.view import VERDICTS

MIME = {"json": "application/json", "md": "text/markdown", "html": "text/html"}
log = logging.getLogger(__name__)


class Keeping:
    """The page's functions for keeping things."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def reopen(
        self, clicked: gr.EventData, extras: Extras, request: gr.Request
    ) -> tuple[Conversation, Any, Any, str]:
        """Show a conversation that the browser has kept; its quotes are checked again."""
        halt(extras)
        extras.clear()
        try:
            kept = from_plain(_data(clicked).get("record"))
        except AnswerError as problem:
            gr.Warning(str(problem))
            return Conversation(), [], ready_box(), ""
        articles = self.desk.articles(request.session_hash)
        faulty = {
            turn.number for turn in kept.turns if turn.answer and audit(turn.answer, articles)
        }
        turns = (replace(t, outdated=t.number in faulty) for t in kept.turns)
        kept = replace(kept, turns=tuple(turns))
        return kept, messages(kept, extras), ready_box(), ""

    def save(self, clicked: gr.EventData, kept: Conversation, request: gr.Request) -> Any:  # noqa: ANN401 - an update of gradio's
        """Hand an answer over as a file; the browser makes it, nothing is left here."""
        wanted = _data(clicked)
        turn, kind = kept.turn(wanted.get("turn")), str(wanted.get("kind"))
        if turn is None or turn.answer is None or kind not in MIME:
            return gr.skip()
        text = self._text(turn.answer, kind, request.session_hash)
        name = f"{_slug(turn.answer.question)}.{kind}"
        return gr.HTML(
            download={"name": name, "type": MIME[kind], "text": text, "id": wanted.get("id")}
        )

    def _text(self, answer: Answer, kind: str, session: str | None) -> str:
        if kind == "json":
            return answer.to_json(indent=2) + "\n"
        if kind == "md":
            return answer_markdown(answer)
        return answer_page(answer, self.desk.articles(session))

    def judge(self, clicked: gr.EventData, kept: Conversation, extras: Extras) -> Any:  # noqa: ANN401 - an update of gradio's
        """Keep a reader's verdict on an answer; the same one again takes it back."""
        wanted = _data(clicked)
        turn, verdict = kept.turn(wanted.get("turn")), wanted.get("verdict")
        if turn is None or turn.answer is None or verdict not in VERDICTS:
            return gr.skip()
        name = kept.name_of(turn)
        extra = extras.setdefault(name, Extra())
        now = None if extra.verdict == verdict else str(verdict)
        note = str(wanted.get("note") or "")[:1000] or None
        try:
            history = kept.before(turn.number).history()
            self.desk.feedback.put(name, now, turn.answer, history, note)
        except OSError as problem:
            log.error("feedback cannot be written to %s: %s", self.desk.feedback.path, problem)
            gr.Warning("This could not be stored; the machine’s log tells why.")
            return gr.skip()
        extra.verdict = now
        return messages(kept, extras)


def _slug(question: str) -> str:
    """Make a file name of a question that every system takes."""
    words = re.sub(r"[^\w]+", "-", question, flags=re.UNICODE).strip("-").lower()
    return words[:60].strip("-") or "answer"
