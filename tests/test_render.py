"""Rendering, with answers small enough to check by hand."""

import dataclasses
import re

import pytest

from rag import render
from rag.answer import Abstention, Answer, Conflict, Side, Statement
from rag.citation import Citation

TEXT = "İstanbul, 1 May. “It is <b>over</b>,” said Ada. The mayor agreed.\r\nשלום עולם & more."


def cited(n, quote, speaker=None, date="2025-05-01", title="A day in May"):
    start = TEXT.index(quote)
    return Citation(n, "may.txt", title, date, start, start + len(quote), quote, speaker)


ONE = cited(1, "“It is <b>over</b>,” said Ada.", speaker="Ada")
TWO = cited(2, "The mayor agreed.", date=None, title=None)


def answered(**changes):
    answer = Answer(
        question="Is it over?",
        standalone_question="Is it over?",
        as_of=None,
        status="answered",
        text="It is over. [1] The mayor agrees. [1][2]",
        statements=(
            Statement("It is over.", (1,)),
            Statement("The mayor agrees.", (1, 2), "partial"),
        ),
        citations=(ONE, TWO),
    )
    return dataclasses.replace(answer, **changes)


def abstained():
    return answered(
        status="abstained",
        statements=(),
        citations=(),
        abstention=Abstention("The article does not say: Who won?", (TWO,)),
    )


DIFFER = Conflict("the end", (Side("Over.", (1,), "2025-05-01"), Side("Not over.", (2,))))


@pytest.mark.parametrize("answer", [answered(), abstained()], ids=["answered", "abstained"])
def test_note_on_how_an_answer_came_about_is_shown_everywhere_as_text(answer):
    noted = dataclasses.replace(answer, provenance={"note": "No model <b>helped</b>; *quotes*."})
    assert render.answer_text(noted).endswith("\n\nNo model <b>helped</b>; *quotes*.")
    assert "\n\nNo model \\<b\\>helped\\</b\\>; \\*quotes\\*.\n\n" in render.answer_markdown(noted)
    assert "helped" not in render.answer_text(answer)


def test_terminal_text_has_statements_then_quotes():
    assert render.answer_text(answered()) == "\n\n".join(
        [
            "It is over. [1]",
            "The mayor agrees. (partly supported) [1][2]",
            "[1] ““It is <b>over</b>,” said Ada.” — A day in May, 2025-05-01, Ada",
            "[2] “The mayor agreed.” — may.txt, date unknown",
        ]
    )


def test_terminal_text_shows_both_sides_of_a_conflict():
    assert (
        "Sources differ: the end\n- 2025-05-01: Over. [1]\n- date unknown: Not over. [2]"
        in render.answer_text(answered(conflicts=(DIFFER,)))
    )


def test_terminal_text_of_an_abstention_offers_the_nearest_quotes():
    assert render.answer_text(abstained()) == (
        "The article does not say: Who won?\n\nNearest quotes:\n\n"
        "[2] “The mayor agreed.” — may.txt, date unknown"
    )


@pytest.mark.parametrize("width", [40, 80, 100])
def test_terminal_text_keeps_its_width(width):
    long = dataclasses.replace(ONE, quote="many words " * 60)
    lines = render.quote_text(long, width).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line.startswith("    ") for line in lines[1:])


def test_terminal_text_cannot_drive_the_terminal():
    nasty = dataclasses.replace(ONE, quote="a\x1b[31mred\x07 \u202egnirts\x9b2J")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", render.quote_text(nasty))


def test_likely_quotes_are_said_to_be_unchecked():
    shown = render.found_text([TWO])
    assert shown == (
        "Likely quotes, being checked:\n\n- “The mayor agreed.” — may.txt, date unknown"
    )


def test_markdown_shows_question_statements_and_quotes():
    shown = render.answer_markdown(answered(question="Is *it* over?", as_of="2025-05-02"))
    assert shown.startswith("## Is \\*it\\* over?\n\nArticles up to 2025\\-05\\-02.\n\n")
    assert "The mayor agrees. (partly supported) \\[1\\]\\[2\\]" in shown
    assert "> \\[1\\] — A day in May, 2025\\-05\\-01, Ada (may.txt, characters 17–47)" in shown


def test_markdown_cannot_be_injected():
    evil = "# h\n\n- x ![p](http://out.test/p.png) <script>alert(1)</script> 1. y `c` $$m$$"
    shown = render.answer_markdown(answered(question=evil, statements=(Statement(evil, (1,)),)))
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True})
    page = markdown.render(shown)
    for tag in ("<script", "<img", "<a ", "<code", "<li", "<h1"):
        assert tag not in page
    assert markdown.render(render.answer_markdown(answered(question="1. one"))).startswith("<h2>1.")


def test_markdown_of_conflict_and_abstention():
    assert "**Sources differ:** the end\n\n- 2025\\-05\\-01: Over. \\[1\\]" in (
        render.answer_markdown(answered(conflicts=(DIFFER,)))
    )
    assert "**Nearest quotes**" in render.answer_markdown(abstained())


def test_statement_that_is_its_quote_is_not_told_twice():
    own = Statement("Rain fell.", (1,))
    more = Statement("It rained.", (1,))
    citation = Citation(1, "a.txt", None, None, 0, 10, "Rain fell.")
    told = Answer("q", "q", None, "answered", "", (own, more), (citation,))
    assert render.own_words(told) == [more]
    assert render.answer_text(told).count("Rain fell.") == 1
