"""What a reader may choose: articles, a last day, a model, files of one's own."""

from pathlib import Path
from typing import Any

import gradio as gr

from rag.corpus import Article
from rag.errors import RagError
from rag.loaders import FORMATS
from rag.markup import escape, spoken
from rag.web.contents import label
from rag.web.desk import Desk
from rag.web.own import MARK

MANY = 30  # articles that fit a list of boxes to tick; more are chosen by typing


class Steering:
    """The page's functions for what is asked, and how."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def add(
        self,
        files: list[str] | None,
        chosen: list[str],
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how gradio wants it
    ) -> tuple[Any, Any, str]:
        """Take a reader's own files in; gives the file box, the choice of articles, and a word."""
        if not files:
            return gr.skip(), gr.skip(), ""
        try:
            own = self.desk.own(request.session_hash or "")
            added = own.add(
                [Path(file) for file in files[: self.desk.settings.own_articles]],
                lambda done, total: progress((done, total), desc="Reading your files"),
            )
        except RagError as problem:
            return None, gr.skip(), _told((), (str(problem),))
        every = self.desk.articles(request.session_hash)
        value = [*chosen, *(a.name for a in added.articles if a.name not in chosen)]
        return (
            None,
            gr.update(choices=choices(every), value=value),
            _told(added.articles, added.problems),
        )

    def leave(self, request: gr.Request) -> None:
        """Forget a reader's own files as soon as the page is closed."""
        self.desk.leave(request.session_hash)

    def day_label(self, step: float) -> Any:  # noqa: ANN401 - an update of gradio's
        """Say in the slider's own label which day it stands on."""
        return gr.update(label=day_label(self.desk, step))


def choices(articles: tuple[Article, ...]) -> list[tuple[str, str]]:
    """Give articles as choices, own ones first, then the latest: what is shown, and the name."""

    def order(article: Article) -> tuple[bool, str, str]:
        return article.name.startswith(MARK), article.date or "", article.name

    ordered = sorted(articles, key=order, reverse=True)
    return [(f"{label(article)} · {_short(article.date)}", article.name) for article in ordered]


def _short(day: str | None) -> str:
    """Give a day as ``3 Dec 2025``."""
    number, *rest = spoken(day).split()
    return f"{number} {rest[0][:3]} {rest[1]}" if len(rest) == 2 else spoken(day)


def day_label(desk: Desk, step: float) -> str:
    """Say what a step of the day slider means."""
    day = desk.day(step)
    return f"Articles up to {spoken(day.isoformat())}" if day else "Articles of all days"


def file_types() -> list[str]:
    """Give the endings of the files that can be read."""
    return sorted(FORMATS)


def _told(articles: tuple[Article, ...], problems: tuple[str, ...]) -> str:
    """Say which files were read and which were not, a line each."""
    read = "".join(f'<li class="rag-read" dir="auto">{escape(label(a))}</li>' for a in articles)
    bad = "".join(f'<li class="rag-unread" dir="auto">{escape(p)}</li>' for p in problems)
    return f'<ul class="rag-files" role="status">{read}{bad}</ul>'
