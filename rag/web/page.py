"""The page: what stands where, and what is tied to what."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from rag.markup import escape
from rag.settings import Settings
from rag.web.contents import start_html
from rag.web.desk import Desk
from rag.web.engine import Engine
from rag.web.examples import introduction
from rag.web.handlers import Handlers
from rag.web.keeping import Keeping
from rag.web.loop import inside_loop
from rag.web.steering import MANY, Steering, choices, day_label, file_types
from rag.web.turns import Conversation

TITLE = "Quotable"
STATIC = Path(__file__).with_name("static")
AT_ONCE = 16  # answers under way at a time, most of them waiting in the model's line
WAITING = 256  # questions in the queue before new ones are turned away


@dataclass(frozen=True)
class Parts:
    """The components that events are tied to."""

    kept: gr.State
    extras: gr.State
    transcript: gr.Chatbot
    box: gr.Textbox
    shelf: gr.HTML
    viewer: gr.HTML
    fresh: gr.Button
    articles: gr.CheckboxGroup | gr.Dropdown
    day: gr.Slider
    model: gr.Radio
    files: gr.File
    told: gr.HTML


def build(rag: Engine, settings: Settings) -> gr.Blocks:
    """Lay out the page over an open engine."""
    return inside_loop(lambda: lay_out(Desk(rag, settings)))


def lay_out(desk: Desk) -> gr.Blocks:
    """Lay out the page; an event loop must be running."""
    page = gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(600, 600))
    with page:
        kept, extras = gr.State(Conversation()), gr.State({})
        with gr.Sidebar(
            open=False, width=300, label="Sources and conversations", elem_id="rag-aside"
        ):
            fresh = gr.Button("New conversation", elem_id="rag-fresh")
            shelf = gr.HTML(
                js_on_load=_script("shelf.js"),
                apply_default_css=False,
                elem_id="rag-shelf",
                record=None,
                download=None,
            )
            articles, day, model = _choices(desk)
            files, told = _own_files(desk)
        _masthead(desk)
        with gr.Row(elem_id="rag-room"):
            with gr.Column(scale=3, min_width=320, elem_id="rag-chat"):
                start = _plain(_start(desk), "rag-start")
                transcript = _transcript()
                box = _question_box(desk.settings)
            with gr.Column(scale=2, min_width=320, elem_id="rag-side"):
                viewer = _viewer()
        parts = Parts(
            kept, extras, transcript, box, shelf, viewer, fresh, articles, day, model, files, told
        )
        _connect_asking(Handlers(desk), parts)
        _connect_keeping(Keeping(desk), parts)
        steering = Steering(desk)
        _connect_steering(steering, parts)
        page.load(lambda: _start(desk), None, start, **AT_THE_DESK)  # some may be refuted by now
        page.unload(steering.leave)
    page.queue(default_concurrency_limit=AT_ONCE, max_size=WAITING)
    return page


def theme() -> gr.themes.Base:
    """Letters and colours of a newspaper; all fonts lie on this machine."""
    accent = gr.themes.Color(
        "#eef5f6", "#e0edef", "#c3dde1", "#9fd6df", "#5fa9b5", "#0b4f5c", "#0b4f5c", "#093f4a",
        "#082f37", "#06242a", "#041a1f",
    )  # fmt: skip
    looks = {
        "body_background_fill": ("#fbfaf7", "#181613"),
        "body_text_color": ("#1c1917", "#ece8e3"),
        "body_text_color_subdued": ("#57534e", "#b8b2ac"),
        "background_fill_primary": ("#fffefb", "#1f1c19"),
        "background_fill_secondary": ("#fbfaf7", "#181613"),
        "border_color_primary": ("#dcd7cf", "#423d37"),
        # what chat.css takes away again is seen where gradio alone lays out: when it asks to log in
        "block_background_fill": ("#fffefb", "#1f1c19"),
        "panel_background_fill": ("#fffefb", "#1f1c19"),
        "block_border_width": ("0px", "0px"),
        "block_shadow": ("none", "none"),
        "block_title_text_color": ("#57534e", "#b8b2ac"),
        "block_label_text_color": ("#57534e", "#b8b2ac"),
        "block_label_background_fill": ("transparent", "transparent"),
        "input_background_fill": ("#fffefb", "#1f1c19"),
        "checkbox_label_background_fill": ("transparent", "transparent"),
        "checkbox_label_background_fill_hover": ("transparent", "transparent"),
        "checkbox_label_background_fill_selected": ("transparent", "transparent"),
        "checkbox_label_text_color": ("#1c1917", "#ece8e3"),
        "checkbox_label_text_color_selected": ("#1c1917", "#ece8e3"),
        "checkbox_background_color_selected": ("#0b4f5c", "#2f7f8d"),
        "checkbox_border_color": ("#78716c", "#a8a29e"),
        "slider_color": ("#0b4f5c", "#5fa9b5"),
        "button_secondary_background_fill": ("transparent", "transparent"),
        "button_secondary_background_fill_hover": ("#eef5f6", "#1d3a41"),
        "button_secondary_border_color": ("#78716c", "#a8a29e"),
        "button_secondary_text_color": ("#0b4f5c", "#9fd6df"),
    }
    light = {name: pair[0] for name, pair in looks.items()}
    dark = {f"{name}_dark": pair[1] for name, pair in looks.items()}
    return gr.themes.Default(
        primary_hue=accent,
        neutral_hue="stone",
        radius_size="sm",
        font=(gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    ).set(block_title_text_weight="700", block_title_text_size="0.8rem", **light, **dark)


def _start(desk: Desk) -> str:
    return start_html(desk.engines.first.articles, desk.examples)


def _masthead(desk: Desk) -> None:
    line = introduction(desk.engines.first.articles)
    _plain(
        f'<header class="rag-masthead"><h1>{TITLE}</h1>'
        f'<button type="button" data-act="contents">{escape(line)}</button>'
        '<button type="button" data-act="theme" aria-label="Light or dark">◐</button></header>',
        "rag-masthead",
    )


def _transcript() -> gr.Chatbot:
    return gr.Chatbot(
        label="Conversation",
        show_label=False,
        elem_id="rag-transcript",
        height="100%",
        latex_delimiters=[],
        buttons=[],
        feedback_options=None,
        autoscroll=False,  # chat.js shows an answer from its beginning
        layout="panel",
        group_consecutive_messages=False,
    )


def _question_box(settings: Settings) -> gr.Textbox:
    return gr.Textbox(
        label="Your question",
        show_label=False,
        placeholder="Ask the articles",
        max_lines=6,
        max_length=settings.max_question_chars,
        submit_btn=True,
        autofocus=True,
        elem_id="rag-question",
    )


def _choices(desk: Desk) -> tuple[gr.CheckboxGroup | gr.Dropdown, gr.Slider, gr.Radio]:
    """What is asked: articles, up to which day, and who words the answer."""
    every = desk.engines.first.articles
    listed: dict[str, Any] = {
        "choices": choices(every),
        "value": [article.name for article in every],
        "label": "Sources",
        "elem_id": "rag-articles",
    }
    few = len(every) <= MANY
    articles = (
        gr.CheckboxGroup(**listed, show_select_all=len(every) > 1)
        if few
        else gr.Dropdown(**listed, multiselect=True)
    )
    last = max(len(desk.days) - 1, 1)
    day = gr.Slider(
        0,
        last,
        last,
        step=1,
        label=day_label(desk, last),
        visible=len(desk.days) > 1,
        buttons=[],
        elem_id="rag-day",
    )
    models = [(told, spec) for spec, told in desk.engines.offered.items()]
    model = gr.Radio(
        models,
        value=models[0][1],
        label="Answer in",
        visible=len(models) > 1,
        elem_id="rag-model",
    )
    return articles, day, model


def _own_files(desk: Desk) -> tuple[gr.File, gr.HTML]:
    files = gr.File(
        label="Add files of your own, for this visit only",
        file_count="multiple",
        file_types=file_types(),
        height=120,
        visible=desk.settings.own_articles > 0,
        elem_id="rag-own",
    )
    # gradio's own example lies on another host
    files.example_inputs = lambda: None  # type: ignore[method-assign]
    return files, _plain("", "rag-told")


def _viewer() -> gr.HTML:
    return gr.HTML(js_on_load=_script("viewer.js"), apply_default_css=False, elem_id="rag-viewer")


def _plain(html: Any, name: str) -> gr.HTML:  # noqa: ANN401 - text, or what gives it
    return gr.HTML(html, js_on_load=None, apply_default_css=False, elem_id=name)


def _script(name: str) -> str:
    return (STATIC / name).read_text("utf-8")


QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
AT_THE_DESK: dict[str, Any] = {**QUIET, "queue": False}


def _connect_asking(do: Handlers, p: Parts) -> None:
    """Tie questions to answers; nothing is offered as an API."""
    shown = [p.kept, p.transcript, p.box, p.shelf]
    chosen = [p.articles, p.day, p.model]
    asked = [
        p.box.submit(do.ask, [p.box, p.kept, p.extras], shown, **AT_THE_DESK),
        p.shelf.next(do.ask_given, [p.kept, p.extras], shown, **AT_THE_DESK),
        p.shelf.retry(do.ask_again, [p.kept, p.extras], shown, **AT_THE_DESK),
    ]
    for each in asked:
        # The next question may be asked while an answer is still being left. Gradio's own way to
        # cancel would take the new one for the old: it knows them by reader and function only.
        each.then(do.answer, [p.kept, p.extras, *chosen], shown, trigger_mode="multiple", **QUIET)
    p.box.stop(do.stop, [p.kept, p.extras], shown, **AT_THE_DESK)
    p.fresh.click(
        do.clear,
        [p.extras],
        [p.kept, p.transcript, p.box, p.viewer],
        **AT_THE_DESK,
    )
    p.viewer.show(do.show, None, p.viewer, **AT_THE_DESK)
    p.viewer.shut(lambda: "", None, p.viewer, **AT_THE_DESK)


def _connect_keeping(do: Keeping, p: Parts) -> None:
    p.shelf.reopen(do.reopen, [p.extras], [p.kept, p.transcript, p.box, p.viewer], **AT_THE_DESK)
    p.shelf.save(do.save, [p.kept], p.shelf, **AT_THE_DESK)
    p.shelf.judge(do.judge, [p.kept, p.extras], p.transcript, **AT_THE_DESK)


def _connect_steering(do: Steering, p: Parts) -> None:
    p.day.change(do.day_label, p.day, p.day, **AT_THE_DESK)
    p.files.upload(
        do.add,
        [p.files, p.articles],
        [p.files, p.articles, p.told],
        api_visibility="private",
        show_progress_on=p.told,
        concurrency_limit=1,
    )
