"""Answers as terminal text and Markdown: formatting only, nothing is decided here.

Articles and questions are other people's words. So Markdown escapes what Markdown would read as its
own, and terminal text shows control characters as a question mark box.
"""

import re
import textwrap
from collections.abc import Iterable

from rag.answer import Answer, Conflict, Side, Statement, unmarked
from rag.citation import Citation
from rag.voices import voiced

LIKELY = "Likely quotes, being checked"
PARTLY = "partly supported"

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
        unmarked(text)
        for c in citations
        for text in (voiced(c.quote, None), voiced(c.quote, c.speaker))
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
