"""The page: what stands where, and what is tied to what."""

from pathlib import Path
from typing import Any

import gradio as gr

from rag.settings import Settings
from rag.web.engine import Engine
from rag.web.examples import examples, introduction
from rag.web.handlers import NOTHING_OPEN, Handlers, ready_box
from rag.web.loop import inside_loop

TITLE = "Ask the articles"
STATIC = Path(__file__).with_name("static")
AT_ONCE = 2  # answers being written at a time; others wait in line
WAITING = 32  # questions in line before new ones are turned away


def build(rag: Engine, settings: Settings) -> gr.Blocks:
    """Lay out the page over an open engine."""
    return inside_loop(lambda: _build(rag, settings))


def _build(rag: Engine, settings: Settings) -> gr.Blocks:
    page = gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True)
    with page:
        turns = gr.State(())
        gr.Markdown(f"# {TITLE}\n{introduction(rag.articles)}", elem_id="rag-head")
        with gr.Row(elem_id="rag-room"):
            with gr.Column(scale=3, min_width=320, elem_id="rag-chat"):
                chat = _chat(rag)
                box = _question_box()
                with gr.Row(elem_id="rag-tools"):
                    as_of = _as_of_box(settings)
                    fresh = gr.Button("New conversation", size="md", scale=0, min_width=180)
            with gr.Column(scale=2, min_width=320, elem_id="rag-side"):
                viewer = _viewer()
        _connect(Handlers(rag), turns, chat, box, as_of, fresh, viewer)
    page.queue(default_concurrency_limit=AT_ONCE, max_size=WAITING)
    return page


def theme() -> gr.themes.Base:
    """Fonts of the reader's own system: nothing to fetch from anywhere."""
    return gr.themes.Default(
        primary_hue="teal",
        neutral_hue="slate",
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    )


def _chat(rag: Engine) -> gr.Chatbot:
    return gr.Chatbot(
        label="Conversation",
        show_label=False,
        elem_id="rag-transcript",
        height="calc(100dvh - 15rem)",
        min_height="22rem",
        placeholder="### What would you like to know?",
        examples=[{"text": question} for question in examples(rag.articles)],
        latex_delimiters=[],
        buttons=[],
        feedback_options=None,
        autoscroll=False,  # chat.js shows an answer from its beginning
        layout="panel",
        group_consecutive_messages=False,
    )


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        label="Your question",
        show_label=False,
        placeholder="Ask a question · Enter sends, Shift+Enter starts a new line",
        max_lines=6,
        submit_btn=True,
        autofocus=True,
        elem_id="rag-question",
    )


def _as_of_box(settings: Settings) -> gr.Textbox:
    return gr.Textbox(
        settings.as_of.isoformat() if settings.as_of else "",
        label="Use articles up to this day (optional)",
        placeholder="2025-12-23",
        elem_id="rag-as-of",
    )


def _viewer() -> gr.HTML:
    return gr.HTML(
        NOTHING_OPEN,
        elem_id="rag-viewer",
        apply_default_css=False,
        js_on_load=(STATIC / "viewer.js").read_text("utf-8"),
    )


def _connect(
    do: Handlers,
    turns: gr.State,
    chat: gr.Chatbot,
    box: gr.Textbox,
    as_of: gr.Textbox,
    fresh: gr.Button,
    viewer: gr.HTML,
) -> None:
    """Tie what a reader does to what the page does; nothing is offered as an API."""
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    at_once: dict[str, Any] = {**quiet, "queue": False}
    answering = []
    for asked in (
        box.submit(do.ask, [box, turns], [turns, chat, box], **at_once),
        chat.example_select(do.ask_example, [turns], [turns, chat, box], **at_once),
    ):
        answer = asked.then(do.answer, [turns, as_of], [turns, chat], **quiet)
        answer.then(ready_box, None, box, **at_once)
        answering.append(answer)
    box.stop(do.stop, [turns], [turns, chat, box], cancels=answering, **at_once)
    for cleared in (fresh.click, chat.clear):
        cleared(do.clear, None, [turns, chat, box, viewer], cancels=answering, **at_once)
    viewer.show(do.show, None, viewer, **at_once)
    viewer.shut(lambda: NOTHING_OPEN, None, viewer, **at_once)
