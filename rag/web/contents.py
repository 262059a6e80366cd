"""What the corpus holds, to begin with and to look things up in."""

from collections.abc import Sequence

from rag.corpus import Article
from rag.markup import day_html, escape
from rag.web.examples import introduction
from rag.web.own import MARK

LISTED = 200  # articles listed by name


def start_html(articles: Sequence[Article], questions: Sequence[str]) -> str:
    """Show what may be asked, before anything has been."""
    asked = "".join(
        f'<li><button type="button" data-act="next" data-question="{escape(question)}" dir="auto">'
        f"{escape(question)}</button></li>"
        for question in questions
    )
    offer = f"<h3>To begin with</h3><ul>{asked}</ul>" if questions else ""
    return (
        '<section class="rag-start"><h2>What would you like to know?</h2>'
        "<p>The answers come from these articles alone. Every claim stands in an exact quote; its "
        "number opens the article at that place. Where the articles do not say, you are told so."
        f'</p><div class="rag-next">{offer}</div>'
        f'<div class="rag-contents"><h3>{escape(introduction(articles))}</h3>'
        f"{_list(articles)}</div>"
        "</section>"
    )


def contents_html(articles: Sequence[Article]) -> str:
    """List all articles, each to be opened with a click."""
    return (
        '<section class="rag-article rag-contents"><h2>The articles</h2>'
        f'<p class="rag-source">{escape(introduction(articles))}</p>{_list(articles)}</section>'
    )


def label(article: Article) -> str:
    """Name an article in a list of choices."""
    own = "Yours: " if article.name.startswith(MARK) else ""
    return own + (article.title or article.name.removeprefix(MARK))


def _list(articles: Sequence[Article]) -> str:
    by_day = sorted(articles, key=lambda article: (article.date or "", article.name), reverse=True)
    rows = "".join(
        f'<li><button type="button" data-article="{escape(article.name)}" dir="auto">'
        f"{escape(label(article))}</button> {day_html(article.date)}</li>"
        for article in by_day[:LISTED]
    )
    more = len(articles) - LISTED
    rest = f"<p>And {more:,} earlier ones, to be found by asking.</p>" if more > 0 else ""
    return f"<ol>{rows}</ol>{rest}"
