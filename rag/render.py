"""Answers as terminal text, Markdown and HTML: formatting only, nothing is decided here.

Articles and questions are other people's words. So HTML escapes every field, Markdown escapes what
Markdown would read as its own, and terminal text shows control characters as a question mark box.
"""

import html
import re
import textwrap
from collections.abc import Iterable, Sequence

from rag.answer import Answer, Conflict, Side, Stated, Statement
from rag.citation import Citation
from rag.corpus import Article
from rag.voices import voiced

LIKELY = "Likely quotes, being checked"
PARTLY = "partly supported"
HIGHLIGHT = "quote"

# Control characters drive a terminal; direction overrides make text read as what it is not.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#+\-!|~&$:])")
_LIST_START = re.compile(r"^(\d+)([.)])")


# --- terminal ---------------------------------------------------------------------------------


def answer_text(answer: Answer, width: int = 88, *, statements: bool = True) -> str:
    """Give an answer as plain text of at most ``width`` columns: statements first, quotes below.

    Statements that were shown while they came in may be left out.
    """
    if answer.abstention is not None:
        nearest = answer.abstention.nearest
        blocks = [_wrap(answer.abstention.reason, width)]
        if nearest:
            blocks += ["Nearest quotes:", *(quote_text(c, width) for c in nearest)]
        return "\n\n".join(blocks + _note_text(answer, width))
    blocks = [statement_text(s, width) for s in own_words(answer) if statements]
    blocks += [_conflict_text(c, width) for c in answer.conflicts]
    blocks += [quote_text(c, width) for c in answer.citations]
    return "\n\n".join(blocks + _note_text(answer, width))


def _note_text(answer: Answer, width: int) -> list[str]:
    return [_wrap(answer.note, width)] if answer.note else []


def own_words(answer: Answer) -> list[Statement]:
    """Give the statements that say more than their quote: the others need not be shown twice."""
    by_n = {c.n: c for c in answer.citations}
    return [
        s for s in answer.statements if says_more(s, [by_n[n] for n in s.citations if n in by_n])
    ]


def says_more(statement: Statement, citations: Iterable[Citation]) -> bool:
    """Whether a statement is more than one of its own quotes, or only partly supported."""
    quotes = {
        text for c in citations for text in (voiced(c.quote, None), voiced(c.quote, c.speaker))
    }
    return statement.support == "partial" or statement.text not in quotes


def statement_text(statement: Statement, width: int = 88) -> str:
    """Give one statement with its markers as plain text, as it is streamed to a terminal."""
    return _wrap(_statement(statement.text, statement), width)


def found_text(citations: Iterable[Citation], width: int = 88) -> str:
    """Give the likely quotes as plain text, to be read while the answer is being written."""
    return "\n\n".join([f"{LIKELY}:", *(quote_text(c, width, bullet="-") for c in citations)])


def quote_text(citation: Citation, width: int = 88, bullet: str | None = None) -> str:
    """Give one quote and its source as plain text: ``[1] “quote” — title, date, speaker``."""
    lead = (bullet or f"[{citation.n}]") + " "
    source = ", ".join(_source(citation))
    return _wrap(f"“{citation.quote}” — {source}", width, lead, " " * len(lead))


def _statement(text: str, of: Statement | Side) -> str:
    part = f" ({PARTLY})" if isinstance(of, Statement) and of.support == "partial" else ""
    return f"{text}{part} " + "".join(f"[{n}]" for n in of.citations)


def _conflict_text(conflict: Conflict, width: int) -> str:
    sides = (
        _wrap(f"{side.date or 'date unknown'}: {_statement(side.text, side)}", width, "- ", "  ")
        for side in conflict.sides
    )
    return "\n".join([_wrap(f"Sources differ: {conflict.about}", width), *sides])


def _source(citation: Citation) -> list[str]:
    """Title, date and speaker, as far as they are known."""
    known = [citation.title or citation.article, citation.date or "date unknown"]
    return [*known, citation.speaker] if citation.speaker else known


def _wrap(text: str, width: int, first: str = "", rest: str = "") -> str:
    plain = _UNSAFE.sub("�", " ".join(text.split()))
    return textwrap.fill(
        plain, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


# --- Markdown ---------------------------------------------------------------------------------


def answer_markdown(answer: Answer) -> str:
    """Give an answer as Markdown; no field of it can be read as Markdown or HTML."""
    blocks = [f"## {_md(answer.question)}"]
    if answer.as_of:
        blocks.append(f"Articles up to {_md(answer.as_of)}.")
    if answer.note:
        blocks.append(_md(answer.note))
    if answer.abstention is not None:
        nearest = answer.abstention.nearest
        blocks.append(_md(answer.abstention.reason))
        blocks += ["**Nearest quotes**"] * bool(nearest) + [_quote_markdown(c) for c in nearest]
    else:
        blocks += [_md(_statement(s.text, s)) for s in own_words(answer)]
        blocks += [_conflict_markdown(conflict) for conflict in answer.conflicts]
        blocks += ["**Quotes**", *(_quote_markdown(c) for c in answer.citations)]
    return "\n\n".join(blocks) + "\n"


def _conflict_markdown(conflict: Conflict) -> str:
    sides = (
        f"- {_md(side.date or 'date unknown')}: {_md(_statement(side.text, side))}"
        for side in conflict.sides
    )
    return "\n".join([f"**Sources differ:** {_md(conflict.about)}", "", *sides])


def _quote_markdown(citation: Citation) -> str:
    place = f"{citation.article}, characters {citation.start}–{citation.end}"
    source = ", ".join(_source(citation))
    return f"> {_md(citation.quote)}\n>\n> \\[{citation.n}\\] — {_md(source)} ({_md(place)})"


def _md(text: str) -> str:
    """Put a field on one line with everything escaped that Markdown would act upon."""
    plain = _UNSAFE.sub("�", " ".join(text.split()))
    return _LIST_START.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", plain))


# --- HTML -------------------------------------------------------------------------------------


def answer_html(answer: Answer, block: str = "a1") -> str:
    """Give an answer as HTML; ``block`` makes its ids unique on a page with several answers.

    A marker carries the place of its own quote (article and offsets), so it cannot come to mean
    another answer's quote.
    """
    notes = _notes_html(answer)
    if answer.abstention is not None:
        reason = f'<p class="rag-reason" dir="auto">{_e(answer.abstention.reason)}</p>'
        cards = _cards_html("Nearest quotes", answer.abstention.nearest, block)
        inner, kind = notes + reason + cards, "rag-answer rag-abstained"
    else:
        by_n = {citation.n: citation for citation in answer.citations}
        said = "".join(_statement_html(s, by_n, block) for s in own_words(answer))
        differ = "".join(_conflict_html(conflict, by_n, block) for conflict in answer.conflicts)
        cards = _cards_html("Quotes, word for word", answer.citations, block)
        inner, kind = notes + said + differ + cards, "rag-answer"
    return f'<article class="{kind}" id="{_e(block)}">{inner}</article>'


def progress_html(
    found: Sequence[Citation], stated: Sequence[Stated], block: str = "a1", stage: str = ""
) -> str:
    """Give an unfinished answer as HTML: what stands so far, then the likely quotes.

    Likely quotes have no numbers: a number would change its meaning when the answer is finished.
    """
    status = f'<p class="rag-stage" role="status">{_e(stage)}</p>' if stage else ""
    said = "".join(
        _statement_html(event.statement, {c.n: c for c in event.citations}, block, described=False)
        for event in stated
    )
    likely = found_html(found) if found else ""
    return f'<article class="rag-answer rag-unfinished">{status}{said}{likely}</article>'


def found_html(citations: Sequence[Citation]) -> str:
    """Give the likely quotes as an HTML list, to be read while the answer is being written."""
    rows = "".join(f'<li class="rag-card">{_quote_html(c, number=False)}</li>' for c in citations)
    return (
        f'<section class="rag-found"><h3>{LIKELY}</h3><ul class="rag-cards">{rows}</ul></section>'
    )


def question_html(question: str) -> str:
    """Give a question as HTML, as the reader typed it."""
    return f'<p class="rag-question" dir="auto">{_e(question)}</p>'


def problem_html(message: str) -> str:
    """Give a problem as one calm line of HTML."""
    return f'<p class="rag-problem" role="alert" dir="auto">{_e(message)}</p>'


def article_html(article: Article, highlight: tuple[int, int] | None = None) -> str:
    """Give a whole article as HTML, with exactly ``text[start:end]`` inside a ``mark``."""
    start, end = highlight or (0, 0)
    text = article.text
    mark = f'<mark id="{HIGHLIGHT}" tabindex="-1">{_e(text[start:end])}</mark>' if highlight else ""
    date = _e(article.date or "date unknown")
    return (
        f'<article class="rag-article"><h2 dir="auto">{_e(article.title or article.name)}</h2>'
        f'<p class="rag-source">{date} · <bdi>{_e(article.name)}</bdi></p>'
        f'<div class="rag-text" dir="auto">{_e(text[:start])}{mark}{_e(text[end:])}</div></article>'
    )


def _notes_html(answer: Answer) -> str:
    """Say what the reader may not know: how a follow-up was understood, and up to which day."""
    notes = []
    if answer.standalone_question != answer.question:
        notes.append(f"Understood as: {answer.standalone_question}")
    if answer.as_of:
        notes.append(f"Articles up to {answer.as_of}")
    if answer.note:
        notes.append(answer.note)
    return "".join(f'<p class="rag-note" dir="auto">{_e(note)}</p>' for note in notes)


def _statement_html(
    statement: Statement, by_n: dict[int, Citation], block: str, *, described: bool = True
) -> str:
    part = f' <span class="rag-partial">{PARTLY}</span>' if statement.support == "partial" else ""
    marks = _markers_html(statement.citations, by_n, block if described else None)
    return f'<p class="rag-statement" dir="auto">{_e(statement.text)}{part} {marks}</p>'


def _conflict_html(conflict: Conflict, by_n: dict[int, Citation], block: str) -> str:
    sides = "".join(
        f'<li dir="auto"><span class="rag-date">{_e(side.date or "date unknown")}</span> '
        f"{_e(side.text)} {_markers_html(side.citations, by_n, block)}</li>"
        for side in conflict.sides
    )
    heading = f'<h3 dir="auto">Sources differ: {_e(conflict.about)}</h3>'
    return f'<section class="rag-conflict">{heading}<ul>{sides}</ul></section>'


def _markers_html(numbers: Iterable[int], by_n: dict[int, Citation], block: str | None) -> str:
    marks = (_marker_html(by_n[n], block) for n in numbers)
    return f'<span class="rag-markers" dir="ltr">{"".join(marks)}</span>'


def _marker_html(citation: Citation, block: str | None) -> str:
    described = f' aria-describedby="{_e(block)}-c{citation.n}"' if block else ""
    return (
        f'<button type="button" class="rag-marker"{_place_html(citation)}{described}'
        f' aria-label="Quote {citation.n}, show it in the article"'
        f' title="{_e(citation.quote)}">{citation.n}</button>'
    )


def _place_html(citation: Citation) -> str:
    return (
        f' data-n="{citation.n}" data-article="{_e(citation.article)}"'
        f' data-start="{citation.start}" data-end="{citation.end}"'
    )


def _cards_html(heading: str, citations: Sequence[Citation], block: str) -> str:
    if not citations:
        return ""
    rows = "".join(
        f'<li class="rag-card" id="{_e(block)}-c{c.n}">{_quote_html(c)}</li>' for c in citations
    )
    return f'<section><h3>{heading}</h3><ol class="rag-cards">{rows}</ol></section>'


def _quote_html(citation: Citation, *, number: bool = True) -> str:
    n = f'<span class="rag-n" aria-hidden="true">{citation.n}</span>' if number else ""
    speaker = (
        f' · <bdi class="rag-speaker">{_e(citation.speaker)}</bdi>' if citation.speaker else ""
    )
    date = citation.date or "date unknown"
    label = f"Show quote {citation.n} in the article" if number else "Show this in the article"
    return (
        f'{n}<blockquote dir="auto">{_e(citation.quote)}</blockquote>'
        f'<p class="rag-source" title="characters {citation.start}–{citation.end}">'
        f"<cite><bdi>{_e(citation.title or citation.article)}</bdi></cite>"
        f' · <span class="rag-date">{_e(date)}</span>{speaker}'
        f' · <bdi class="rag-file">{_e(citation.article)}</bdi></p>'
        f'<button type="button" class="rag-open"{_place_html(citation)} aria-label="{label}">'
        f"Show in article</button>"
    )


def _e(text: str) -> str:
    """Escape a field; a bare carriage return would otherwise be read as a line feed."""
    return html.escape(text, quote=True).replace("\r", "&#13;")
