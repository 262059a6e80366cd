"""One answer as one HTML page that opens anywhere, offline: its quotes marked in whole articles.

The page holds no script and asks for nothing; its own policy forbids both.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from rag.answer import Answer
from rag.chart import chart_html
from rag.citation import Citation
from rag.corpus import Article
from rag.markup import Piece, answer_html, day_html, escape, question_html, text_html

_STYLE = Path(__file__).with_name("document.css")
_MARKER = re.compile(
    r'<button type="button" class="rag-marker"[^>]*? data-card="([^"]*)"[^>]*>(\d+)</button>'
)
BLOCK = "a1"


def answer_page(answer: Answer, articles: Iterable[Article]) -> str:
    """Give a whole page: question, answer, and each quoted article with its quotes marked.

    A quote that does not stand in the articles at hand is shown in the answer alone.
    """
    nearest = answer.abstention.nearest if answer.abstention else ()
    shown = nearest or answer.citations
    quoted = {citation.article for citation in shown}
    texts = "".join(_article(a, shown) for a in articles if a.name in quoted)
    told = answer_html(answer, BLOCK, chart_html(answer.citations, BLOCK))
    body = _MARKER.sub(_link, question_html(answer.question) + told) + texts
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(answer.question)}</title><style>{_STYLE.read_text('utf-8')}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _link(marker: re.Match[str]) -> str:
    """Turn a marker's button into a link to its place in the article below."""
    return (
        f'<a class="rag-marker" href="#q{marker[2]}" aria-label="Quote {marker[2]}">{marker[2]}</a>'
    )


def _article(article: Article, citations: Sequence[Citation]) -> str:
    own = [c for c in citations if c.article == article.name]
    held = [c for c in own if article.text[c.start : c.end] == c.quote]
    title = escape(article.title or article.name)
    return (
        f'<section class="rag-article"><h2 dir="auto">{title}</h2>'
        f'<p class="rag-source">{day_html(article.date)} · <bdi>{escape(article.name)}</bdi></p>'
        f'<div class="rag-text">{text_html(article, list(_pieces(held)))}</div></section>'
    )


def _pieces(citations: Sequence[Citation]) -> Iterable[Piece]:
    """Cut overlapping quotes into pieces that do not; each piece names all its quotes."""
    edges = sorted({edge for c in citations for edge in (c.start, c.end)})
    begun: set[int] = set()
    for start, end in pairwise(edges):
        inside = [c.n for c in citations if c.start <= start and end <= c.end]
        if inside:
            anchors = "".join(f'<a id="q{n}"></a>' for n in inside if n not in begun)
            begun.update(inside)
            names = " ".join(map(str, inside))
            yield start, end, f'{anchors}<mark data-n="{names}">', "</mark>"
