"""Answers and articles as HTML, small enough to check by hand."""

import dataclasses
import html
import re
from itertools import pairwise

import pytest
from test_render import DIFFER, ONE, TEXT, TWO, abstained, answered

from rag import chart, document, markup
from rag.answer import Abstention, Conflict, Side, Stated, Statement
from rag.citation import Citation
from rag.corpus import Article
from rag.timeline import Moment

MAY = Article("may.txt", TEXT, "A day in May", "2025-05-01", "may.txt", "0" * 64)


def markers(page):
    return re.findall(r'<button[^>]*class="rag-marker"[^>]*>(\d+)</button>', page)


def plain(page):
    """What a reader sees: the text between the tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def test_markers_carry_their_own_place():
    page = markup.answer_html(answered(), "a7")
    assert markers(page) == ["1", "1", "2", "1", "2"]  # two statements, then the quotes themselves
    place = f'data-n="2" data-article="may.txt" data-start="{TWO.start}" data-end="{TWO.end}"'
    assert page.count(place) == 2
    assert 'aria-label="Quote 2, show it in the article"' in page
    assert page.count('id="a7-c2"') == 1


def test_ids_differ_between_answers():
    ids = [re.findall(r' id="([^"]*)"', markup.answer_html(answered(), b)) for b in ("a1", "a2")]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])


def test_each_statement_tells_how_far_its_quotes_carry_it():
    page = markup.answer_html(answered())
    first, second = re.findall(r'<p class="rag-statement".*?</p>', page)
    assert "supported" in plain(first)
    assert "partly" not in plain(first)
    assert "partly supported" in plain(second)


def test_cards_tell_speaker_title_and_day():
    page = markup.answer_html(answered())
    assert '<bdi class="rag-speaker">Ada</bdi>' in page
    assert page.count("rag-speaker") == 1
    assert '<time class="rag-date" datetime="2025-05-01">1 May 2025</time>' in page
    assert '<time class="rag-date">date unknown</time>' in page
    assert 'title="may.txt, characters 17–47"' in page


def test_conflicts_show_both_sides_quoted_dated_and_attributed():
    page = markup.answer_html(answered(conflicts=(DIFFER,)))
    panel = re.search(r'<section class="rag-conflict">.*?</section>', page, re.DOTALL)[0]
    assert "Sources differ: the end" in plain(panel)
    over, not_over = re.findall("<li.*?</li>", panel)
    assert all(part in plain(over) for part in ("1 May 2025", "Over.", ONE.quote, "Ada"))
    assert all(part in plain(not_over) for part in ("date unknown", "Not over.", TWO.quote))
    assert markers(panel) == ["1", "2"]


def test_quotes_of_a_conflict_stand_there_and_nowhere_else():
    sides = (Side(f"Ada: “{ONE.quote[:12]} …”", (1,)), Side(f"“{TWO.quote}”", (2,)))
    page = markup.answer_html(answered(conflicts=(Conflict("the end", sides),)), "a1")
    panel = re.search(r'<section class="rag-conflict">.*?</section>', page, re.DOTALL)[0]
    assert "In the articles’ own words" not in page
    assert page.count("<blockquote") == 2
    assert re.findall(' id="a1-c([12])"', panel) == ["1", "2"]
    assert "“" not in plain(panel).replace(ONE.quote, "").replace(TWO.quote, "")  # said once


def test_abstentions_and_notes():
    calm = markup.answer_html(abstained())
    assert "rag-abstained" in calm
    assert "Nearest passages" in calm
    noted = markup.answer_html(answered(standalone_question="Is the war over?", as_of="2025-05-02"))
    assert "Understood as: Is the war over?" in noted
    assert "Articles up to 2 May 2025" in noted


@pytest.mark.parametrize("answer", [answered(), abstained()], ids=["answered", "abstained"])
def test_note_on_a_failed_model_is_text(answer):
    noted = dataclasses.replace(answer, provenance={"note": "No model <b>helped</b>; *quotes*."})
    assert "No model &lt;b&gt;helped&lt;/b&gt;; *quotes*.</p>" in markup.answer_html(noted)


def test_what_is_heard_is_the_answer():
    page = markup.answer_html(answered())
    assert 'data-say="answered. It is over. [1] The mayor agrees. [1][2]"' in page


EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)> ${1} {{x}}"


def test_every_field_is_escaped():
    evil = Citation(1, EVIL, EVIL, EVIL, 0, 5, EVIL, EVIL)
    dated = [evil, Citation(2, EVIL, EVIL, "2025-05-01", 0, 5, EVIL, EVIL)]
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
        markup.answer_html(answer, EVIL),
        markup.answer_html(refusal),
        markup.progress_html([evil], [stated], EVIL),
        markup.problem_html(EVIL),
        markup.question_html(EVIL),
        markup.article_html(article, (0, 5)),
        document.answer_page(answer, [article]),
        document.answer_page(refusal, [article]),
        chart.chart_html([*dated, Citation(3, EVIL, None, "2025-06-01", 0, 5, EVIL)], EVIL),
    ]
    for page in pages:
        assert not re.search("<(script|img)", page)
        unmarked = re.sub(r"</?mark[^>]*>|<a id[^>]*></a>", "", page)
        assert "<script>alert(1)</script>" in html.unescape(unmarked)
        for attributes in re.findall(r"<\w+((?:\s[\w-]+=\"[^\"]*\")*)\s*>", page):
            assert "onerror" not in re.sub(r'"[^"]*"', "", attributes)


def test_progress_shows_steps_statements_and_unnumbered_quotes():
    page = markup.progress_html([ONE, TWO], [Stated(Statement("Over.", (1,)), (ONE,))], "a1", "…")
    assert page.startswith('<article class="rag-answer rag-unfinished">…<p')
    assert markers(page) == ["1"]
    assert "Likely quotes, being checked" in page
    assert page.index("Over.") < page.index("Likely quotes")


@pytest.mark.parametrize("quote", [ONE.quote, TWO.quote, "שלום עולם", "İstanbul", TEXT, "d.\r\nש"])
def test_article_marks_exactly_the_quote(quote):
    start = TEXT.index(quote)
    page = markup.article_html(MAY, (start, start + len(quote)))
    text = page.partition('<div class="rag-text">')[2].removesuffix("</div></article>")
    before, marked, after = re.fullmatch("(.*)<mark[^>]*>(.*)</mark>(.*)", text, re.DOTALL).groups()
    assert html.unescape(marked) == quote
    assert plain(before + marked + after) == TEXT


def test_article_without_highlight_has_no_mark():
    page = markup.article_html(MAY)
    assert "<mark" not in page
    assert plain(page.partition('<div class="rag-text">')[2]) == TEXT


def test_lines_become_paragraphs_and_headings_without_losing_a_character():
    text = "Rain in May\n\nIt rained.  \nAll day long it rained, and then\n"
    page = markup.text_html(Article("a", text, None, None, "a", "0" * 64), ())
    assert re.findall(r'class="rag-(\w+)"', page) == ["heading", "gap", "par", "par"]
    assert plain(page) == text


@pytest.mark.parametrize(
    ("day", "told"),
    [("2025-12-03", "3 December 2025"), (None, "date unknown"), ("spring", "spring")],
)
def test_days_are_said_as_readers_say_them(day, told):
    assert markup.spoken(day) == told


def dated(n, day, quote="It rained."):
    return Citation(n, "a.txt", None, day, 0, len(quote), quote)


def test_timeline_is_drawn_and_told_in_the_order_of_days():
    page = chart.chart_html([dated(1, "2025-05-09"), dated(2, "2025-05-01"), dated(3, None)], "a1")
    assert markers(page) == ["2", "1"]
    assert re.findall(r'<circle class="rag-dot" cx="([\d.]+)%"', page) == ["8.0", "92.0"]
    assert plain(re.search("<ol.*</ol>", page)[0]) == (
        "1 May 2025 reported 2 It rained.9 May 2025 reported 1 It rained."
    )
    assert 'aria-hidden="true"' in page  # the list says it all


def test_days_that_a_quote_names_stand_beside_the_day_it_was_reported():
    quote = "The talks of December 14-15 failed, she said on December 19."
    page = chart.chart_html([dated(1, "2025-12-23", quote)], "a1")
    when = re.findall(r'<span class="rag-date">([^<]*)</span> <[^>]*>([^<]*)<', page)
    assert [(day, html.unescape(told)) for day, told in when] == [
        ("14 to 15 December 2025", "“December 14-15”"),
        ("19 December 2025", "“December 19”"),
        ("23 December 2025", "reported"),
    ]
    assert page.count('class="rag-range"') == 1
    assert page.count("rag-open-dot") == 2


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2025-12-30", "2026-01-02", "30 December 2025 to 2 January 2026"),
        ("2025-11-30", "2025-12-02", "30 November to 2 December 2025"),
        (None, "2025-12-02", "up to 2 December 2025"),
        ("2025-12-02", None, "from 2 December 2025"),
    ],
)
def test_a_time_of_several_days_is_said_in_short(first, last, told):
    assert chart._when(Moment(1, None, first, last, "sentence", "then")) == told


def test_quotes_of_one_day_are_drawn_above_each_other():
    page = chart.chart_html([dated(n, "2025-05-0" + "112"[n - 1]) for n in (1, 2, 3)], "a1")
    heights = re.findall(r'cx="([\d.]+)%" cy="(\d+)"', page)
    assert len(set(heights)) == 3


@pytest.mark.parametrize("days", [[], [None, None], ["2025-05-01", "2025-05-01"], ["x", "y"]])
def test_no_timeline_of_fewer_than_two_days(days):
    assert chart.chart_html([dated(n, day) for n, day in enumerate(days, 1)], "a1") == ""


def test_days_too_near_to_each_other_share_a_name():
    near = [dated(n, f"2025-05-{n:02}") for n in range(1, 31)]
    page = chart.chart_html(near, "a1")
    ticks = re.findall(r'class="rag-tick" x="([\d.]+)%" y="(\d+)"[^>]*>([^<]*)<', page)
    assert ticks[0][2] == "1 May"
    assert 6 <= len(ticks) < 20
    for line in {y for _, y, _ in ticks}:
        places = [float(x) for x, y, _ in ticks if y == line]
        assert all(b - a >= 12 for a, b in pairwise(places))


def marked_in(page, n):
    """The text that the pieces of one quote mark, put together."""
    pieces = re.findall(r'<mark data-n="([\d ]+)">(.*?)</mark>', page, re.DOTALL)
    return "".join(html.unescape(text) for names, text in pieces if str(n) in names.split())


def test_page_to_keep_marks_every_quote_in_the_whole_article():
    page = document.answer_page(
        answered(), [MAY, Article("b", "Other.", None, None, "b", "0" * 64)]
    )
    assert marked_in(page, 1) == ONE.quote
    assert marked_in(page, 2) == TWO.quote
    assert plain(page.partition('<div class="rag-text">')[2]).strip() == TEXT
    assert re.findall('href="#q([12])"', page) == ["1", "1", "2", "1", "2"]
    assert re.findall('<a id="q([12])">', page) == ["1", "2"]
    assert "Other." not in page


def test_page_to_keep_marks_quotes_that_overlap():
    inner = Citation(2, "may.txt", None, None, ONE.start + 4, ONE.end + 9, "", None)
    inner = Citation(
        2, "may.txt", None, None, inner.start, inner.end, TEXT[inner.start : inner.end]
    )
    page = document.answer_page(answered(citations=(ONE, inner)), [MAY])
    assert marked_in(page, 1) == ONE.quote
    assert marked_in(page, 2) == inner.quote
    assert plain(page.partition('<div class="rag-text">')[2]).strip() == TEXT


def test_page_to_keep_is_one_file_that_asks_for_nothing():
    page = document.answer_page(answered(), [MAY])
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|img|link|iframe)|https?:|url\(|@import", page)


def test_page_to_keep_does_not_mark_what_is_not_there():
    changed = Article("may.txt", TEXT.replace("mayor", "baker"), None, None, "may.txt", "0" * 64)
    page = document.answer_page(answered(), [changed])
    assert marked_in(page, 2) == ""
    assert TWO.quote in plain(page)


def test_a_quote_that_an_altered_answer_names_and_lacks_is_left_out():
    sides = (Side("It rose.", (9,)), Side("It fell.", (1, 7)))
    altered = dataclasses.replace(
        answered(),
        statements=(Statement("Made up.", (5, 1)),),
        conflicts=(Conflict("the sea", sides),),
    )
    for page in (markup.answer_html(altered), document.answer_page(altered, [MAY])):
        assert "Made up." in page
        assert "It rose." in page
        assert "[5]" not in page
