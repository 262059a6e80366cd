"""Rendering, with answers small enough to check by hand."""

import dataclasses
import html
import re

import pytest

from rag import render
from rag.answer import Abstention, Answer, Conflict, Side, Stated, Statement
from rag.citation import Citation
from rag.corpus import Article

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
    assert "No model &lt;b&gt;helped&lt;/b&gt;; *quotes*.</p>" in render.answer_html(noted)
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


def markers(page):
    return re.findall(r'<button[^>]*class="rag-marker"[^>]*>(\d+)</button>', page)


def test_html_markers_carry_their_own_place():
    page = render.answer_html(answered(), "a7")
    assert markers(page) == ["1", "1", "2"]
    assert (
        f'data-n="2" data-article="may.txt" data-start="{TWO.start}" data-end="{TWO.end}"' in page
    )
    assert 'aria-label="Quote 2, show it in the article"' in page
    assert 'aria-describedby="a7-c2"' in page
    assert page.count('id="a7-c2"') == 1
    assert page.count("partly supported") == 1


def test_html_ids_differ_between_answers():
    ids = [re.findall(r' id="([^"]*)"', render.answer_html(answered(), b)) for b in ("a1", "a2")]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])


def test_html_cards_tell_source_date_and_speaker():
    page = render.answer_html(answered())
    assert "<cite><bdi>A day in May</bdi></cite>" in page
    assert '<bdi class="rag-speaker">Ada</bdi>' in page
    assert page.count("rag-speaker") == 1
    assert '<span class="rag-date">date unknown</span>' in page
    assert 'title="characters 17–47"' in page


def test_html_shows_conflicts_abstentions_and_notes():
    assert "Sources differ: the end" in render.answer_html(answered(conflicts=(DIFFER,)))
    calm = render.answer_html(abstained())
    assert "rag-abstained" in calm
    assert "Nearest quotes" in calm
    noted = render.answer_html(answered(standalone_question="Is the war over?", as_of="2025-05-02"))
    assert "Understood as: Is the war over?" in noted
    assert "Articles up to 2025-05-02" in noted


EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)> ${1} {{x}}"


def test_html_escapes_every_field():
    evil = Citation(1, EVIL, EVIL, EVIL, 0, 5, EVIL, EVIL)
    answer = answered(
        question=EVIL,
        standalone_question=EVIL + "!",
        as_of=EVIL,
        statements=(Statement(EVIL, (1,), "partial"),),
        citations=(evil,),
        conflicts=(Conflict(EVIL, (Side(EVIL, (1,), EVIL), Side(EVIL, (1,)))),),
    )
    refusal = answered(abstention=Abstention(EVIL, (evil,)), status="abstained")
    article = Article(EVIL, EVIL, EVIL, EVIL, EVIL, "0" * 64)
    stated = Stated(Statement(EVIL, (1,)), (evil,))
    pages = [
        render.answer_html(answer, EVIL),
        render.answer_html(refusal),
        render.progress_html([evil], [stated], EVIL, EVIL),
        render.problem_html(EVIL),
        render.question_html(EVIL),
        render.article_html(article, (0, 5)),
    ]
    for page in pages:
        assert not re.search("<(script|img)", page)
        assert "<script>alert(1)</script>" in html.unescape(re.sub(r"</?mark[^>]*>", "", page))
        for attributes in re.findall(r"<\w+((?:\s[\w-]+=\"[^\"]*\")*)\s*>", page):
            assert "onerror" not in re.sub(r'"[^"]*"', "", attributes)


def test_progress_shows_stage_statements_and_unnumbered_quotes():
    page = render.progress_html(
        [ONE, TWO], [Stated(Statement("Over.", (1,)), (ONE,))], "a1", "Reading…"
    )
    assert '<p class="rag-stage" role="status">Reading…</p>' in page
    assert markers(page) == ["1"]
    assert "Likely quotes, being checked" in page
    assert "rag-n" not in page
    assert page.index("Over.") < page.index("Likely quotes")


@pytest.mark.parametrize("quote", [ONE.quote, TWO.quote, "שלום עולם", "İstanbul", TEXT])
def test_article_marks_exactly_the_quote(quote):
    article = Article("may.txt", TEXT, None, None, "may.txt", "0" * 64)
    start = TEXT.index(quote)
    page = render.article_html(article, (start, start + len(quote)))
    inner = re.search(r'<div class="rag-text"[^>]*>(.*)</div>', page, re.DOTALL)[1]
    before, marked, after = re.fullmatch(
        r"(.*)<mark[^>]*>(.*)</mark>(.*)", inner, re.DOTALL
    ).groups()
    assert html.unescape(marked) == quote
    assert html.unescape(before + marked + after) == TEXT
    assert "date unknown" in page


def test_article_without_highlight_has_no_mark():
    page = render.article_html(Article("a", TEXT, "T", "2025-05-01", "a", "0" * 64))
    assert "<mark" not in page


def test_statement_that_is_its_quote_is_not_told_twice():
    own = Statement("Rain fell.", (1,))
    more = Statement("It rained.", (1,))
    citation = Citation(1, "a.txt", None, None, 0, 10, "Rain fell.")
    told = Answer("q", "q", None, "answered", "", (own, more), (citation,))
    assert render.own_words(told) == [more]
    assert render.answer_text(told).count("Rain fell.") == 1
