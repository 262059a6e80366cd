"""Answers, articles and questions as HTML.

Every field is other people's words and is escaped here. Classes begin with ``rag-``; ids begin with
the id of their answer, so that a page may show many. A marker carries the place of its own quote
(article and offsets), so it cannot come to mean another answer's quote.
"""

import datetime
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rag.answer import Answer, Conflict, Side, Stated, Statement
from rag.citation import Citation
from rag.corpus import Article
from rag.render import LIKELY, PARTLY, own_words

HIGHLIGHT = "quote"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def answer_html(answer: Answer, block: str = "a1", below: str = "") -> str:
    """Give an answer as HTML; ``below`` is HTML that is put at its end as it is."""
    notes = _notes_html(answer)
    if answer.abstention is not None:
        reason = f'<p class="rag-reason" dir="auto">{escape(answer.abstention.reason)}</p>'
        cards = _cards_html("Nearest passages", answer.abstention.nearest, block)
        inner, kind = notes + reason + cards, "rag-answer rag-abstained"
    else:
        by_n = {citation.n: citation for citation in answer.citations}
        said = "".join(_statement_html(s, by_n, block) for s in own_words(answer))
        differ = "".join(_conflict_html(conflict, by_n, block) for conflict in answer.conflicts)
        apart = {
            n for conflict in answer.conflicts for side in conflict.sides for n in side.citations
        }
        rest = [citation for citation in answer.citations if citation.n not in apart]
        cards = _cards_html("In the articles’ own words", rest, block)
        inner, kind = notes + said + differ + cards, "rag-answer"
    say = escape(f"{answer.status}. {answer.text}")
    return (
        f'<article class="{kind}" id="{escape(block)}" data-say="{say}" aria-label="Answer">'
        f"{inner}{below}</article>"
    )


def progress_html(
    found: Sequence[Citation], stated: Sequence[Stated], block: str = "a1", steps: str = ""
) -> str:
    """Give an unfinished answer as HTML: ``steps`` as it is, what stands, then the likely quotes.

    Likely quotes have no numbers: a number would change its meaning when the answer is finished.
    """
    said = "".join(
        _statement_html(event.statement, {c.n: c for c in event.citations}, block)
        for event in stated
    )
    likely = found_html(found) if found else ""
    return f'<article class="rag-answer rag-unfinished">{steps}{said}{likely}</article>'


def found_html(citations: Sequence[Citation]) -> str:
    """Give the likely quotes as an HTML list, to be read while the answer is being written."""
    rows = "".join(
        f'<li class="rag-card">{_quote_html(c)}'
        f'<button type="button" class="rag-open"{_place_html(c)}>Show in the article</button></li>'
        for c in citations
    )
    return (
        f'<section class="rag-found"><h3>{LIKELY}</h3><ul class="rag-cards">{rows}</ul></section>'
    )


def question_html(question: str) -> str:
    """Give a question as HTML, as the reader typed it."""
    return f'<h2 class="rag-question" dir="auto">{escape(question)}</h2>'


def problem_html(message: str) -> str:
    """Give a problem as one calm line of HTML."""
    return f'<p class="rag-problem" role="alert" dir="auto">{escape(message)}</p>'


def article_html(article: Article, highlight: tuple[int, int] | None = None) -> str:
    """Give a whole article as HTML, with exactly ``text[start:end]`` inside a ``mark``."""
    start, end = highlight or (0, 0)
    pieces = [(start, end, f'<mark id="{HIGHLIGHT}" tabindex="-1">', "</mark>")] * bool(highlight)
    return (
        f'<article class="rag-article"><h2 dir="auto">{escape(article.title or article.name)}</h2>'
        f'<p class="rag-source">{day_html(article.date)} · <bdi>{escape(article.name)}</bdi></p>'
        f'<div class="rag-text">{text_html(article, pieces)}</div></article>'
    )


Piece = tuple[int, int, str, str]  # start, end (not overlapping, in order), opening and closing tag


def text_html(article: Article, pieces: Sequence[Piece]) -> str:
    """Give an article's text in paragraphs, with some pieces of it between tags.

    No character is added or lost; a piece that goes over lines keeps its paragraphs in one.
    """
    text, headings = article.text, {s.start for s in article.sentences if s.heading}
    blocks = []
    for low, high in _paragraphs(text, pieces):
        inner, at = "", low
        for start, end, opening, closing in pieces:
            if low <= start < high:
                inner += escape(text[at:start]) + opening + escape(text[start:end]) + closing
                at = end
        inner += escape(text[at:high])
        kind = "rag-heading" if any(low <= h < high for h in headings) else "rag-par"
        kind = kind if text[low:high].strip() else "rag-gap"
        blocks.append(f'<span class="{kind}" dir="auto">{inner}</span>')
    return "".join(blocks)


def _paragraphs(text: str, pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    """Give the lines of a text as half-open spans, joined where a piece goes over their end."""
    low = 0
    for line in _LINE.finditer(text):
        if not any(start < line.end() < end for start, end, *_ in pieces):
            yield low, line.end()
            low = line.end()


def escape(text: str) -> str:
    """Escape a field; a bare carriage return would otherwise be read as a line feed."""
    return html.escape(text, quote=True).replace("\r", "&#13;")


def spoken(day: str | None) -> str:
    """Give an ISO day as a reader says it, ``23 December 2025``; what is no day stays as it is."""
    try:
        date = datetime.date.fromisoformat(day or "")
    except ValueError:
        return day or "date unknown"
    return f"{date.day} {date:%B %Y}"


def day_html(day: str | None) -> str:
    """Give a day for readers, with the machine's form beside it."""
    stamp = f' datetime="{escape(day)}"' if day else ""
    return f'<time class="rag-date"{stamp}>{escape(spoken(day))}</time>'


def marker_html(citation: Citation, block: str) -> str:
    """Give the numbered button that opens a citation's article at its place."""
    return (
        f'<button type="button" class="rag-marker"{_place_html(citation)}'
        f' data-card="{escape(block)}-c{citation.n}"'
        f' aria-label="Quote {citation.n}, show it in the article">{citation.n}</button>'
    )


def _notes_html(answer: Answer) -> str:
    """Say what the reader may not know: how a follow-up was understood, and up to which day."""
    notes = []
    if answer.standalone_question != answer.question:
        notes.append(f"Understood as: {answer.standalone_question}")
    if answer.as_of:
        notes.append(f"Articles up to {spoken(answer.as_of)}")
    if answer.note:
        notes.append(answer.note)
    return "".join(f'<p class="rag-note" dir="auto">{escape(note)}</p>' for note in notes)


def _statement_html(statement: Statement, by_n: Mapping[int, Citation], block: str) -> str:
    marks = _markers_html(statement.citations, by_n, block)
    if statement.support == "partial":
        state = f'<span class="rag-support rag-partial">{PARTLY}</span>'
    else:
        state = (
            '<span class="rag-support" title="Its quotes carry it">'
            '<span aria-hidden="true">✓</span><span class="rag-hidden">supported</span></span>'
        )
    return f'<p class="rag-statement" dir="auto">{escape(statement.text)} {marks} {state}</p>'


def _conflict_html(conflict: Conflict, by_n: Mapping[int, Citation], block: str) -> str:
    """Show the sides beside each other, each with its quotes, which need not be shown again."""
    sides = "".join(_side_html(side, by_n, block) for side in conflict.sides)
    heading = f'<h3 dir="auto">Sources differ: {escape(conflict.about)}</h3>'
    return f'<section class="rag-conflict">{heading}<ul>{sides}</ul></section>'


def _side_html(side: Side, by_n: Mapping[int, Citation], block: str) -> str:
    citations = [by_n[n] for n in side.citations if n in by_n]
    quotes = "".join(_card_html(citation, block, "div") for citation in citations)
    said = "" if _only_quotes(side.text, citations) else f"<p>{escape(side.text)}</p>"
    return f'<li dir="auto">{day_html(side.date)}{said}{quotes}</li>'


def _only_quotes(text: str, citations: Iterable[Citation]) -> bool:
    """Whether a side's text is just its quote, or a part of it, in quotation marks."""
    inner = text.partition("“")[2].rpartition("”")[0].strip("… ")
    return bool(inner) and any(inner in " ".join(c.quote.split()) for c in citations)


def _markers_html(numbers: Iterable[int], by_n: Mapping[int, Citation], block: str) -> str:
    # a saved answer that was altered may name a quote that is not there; the audit says so
    marks = "".join(marker_html(by_n[n], block) for n in numbers if n in by_n)
    return f'<span class="rag-markers" dir="ltr">{marks}</span>'


def _place_html(citation: Citation) -> str:
    return (
        f' data-n="{citation.n}" data-article="{escape(citation.article)}"'
        f' data-start="{citation.start}" data-end="{citation.end}"'
    )


def _cards_html(heading: str, citations: Sequence[Citation], block: str) -> str:
    if not citations:
        return ""
    rows = "".join(_card_html(citation, block, "li") for citation in citations)
    return (
        f'<section class="rag-quotes"><h3>{heading}</h3><ol class="rag-cards">{rows}</ol></section>'
    )


def _card_html(citation: Citation, block: str, tag: str) -> str:
    return (
        f'<{tag} class="rag-card" id="{escape(block)}-c{citation.n}">'
        f"{marker_html(citation, block)}<div>{_quote_html(citation)}</div></{tag}>"
    )


def _quote_html(citation: Citation) -> str:
    return (
        f'<blockquote dir="auto">{escape(citation.quote)}</blockquote>'
        f'<p class="rag-source">{source_html(citation)}</p>'
    )


def source_html(citation: Citation) -> str:
    """Give speaker, title and day on one line; text of either direction keeps to its own part."""
    speaker = citation.speaker
    who = f'<bdi class="rag-speaker">{escape(speaker)}</bdi>, ' if speaker else ""
    title = escape(citation.title or citation.article)
    place = f"{citation.article}, characters {citation.start}–{citation.end}"
    return (
        f'{who}<cite title="{escape(place)}"><bdi>{title}</bdi></cite>, {day_html(citation.date)}'
    )
