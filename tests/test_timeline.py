"""Days that sentences name, read against the date of their article; no day is made up."""

import datetime

import pytest

from rag.citation import Citation
from rag.timeline import timeline, when


def told(text, date):
    return [(s.words, s.earliest and s.earliest.isoformat(), s.latest and s.latest.isoformat())
            for s in when(text, date)]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "date", "spans"),
    [
        (
            "They met on December 14-15 in Lima.",
            "2025-12-23",
            [("December 14-15", "2025-12-14", "2025-12-15")],
        ),
        ("She spoke on Sunday.", "2025-12-24", [("Sunday", "2025-12-21", "2025-12-21")]),
        ("It was refused in April.", "2025-12-23", [("April", "2025-04-01", "2025-04-30")]),
        (
            "They will meet in early January.",
            "2025-12-28",
            [("early January", "2026-01-01", "2026-01-10")],
        ),
        ("He left last week.", "2025-12-24", [("last week", "2025-12-15", "2025-12-21")]),
        ("In 1998 it began.", "2025-01-01", [("1998", "1998-01-01", "1998-12-31")]),
        ("She spoke on Sunday.", None, [("Sunday", None, None)]),
        ("He may march on.", "2025-12-19", []),
        ("She spoke on Sunday.", "2025-12-28", [("Sunday", "2025-12-28", "2025-12-28")]),
        ("They will meet on Friday.", "2025-12-24", [("Friday", "2025-12-26", "2025-12-26")]),
        (
            "They will try again this weekend.",
            "2025-12-18",
            [("this weekend", "2025-12-20", "2025-12-21")],
        ),
        (
            "Nothing came of it at the weekend.",
            "2025-12-23",
            [("at the weekend", "2025-12-20", "2025-12-21")],
        ),
        (
            "A poll earlier this month found it.",
            "2025-12-23",
            [("earlier this month", "2025-12-01", "2025-12-23")],
        ),
        ("It ended two days ago.", "2025-12-23", [("two days ago", "2025-12-21", "2025-12-21")]),
        ("It fell late last year.", "2025-03-01", [("late last year", "2024-09-01", "2024-12-31")]),
        ("They celebrate on January 7.", "2025-12-23", [("January 7", "2026-01-07", "2026-01-07")]),
        ("It was built on February 30.", "2025-12-23", [("February 30", None, None)]),
        # nobody can say which June: six months behind or ahead, and no tense
        ("The June 20 deadline.", "2025-12-23", [("June 20", None, None)]),
        ("Wars of the 1990s.", None, [("the 1990s", "1990-01-01", "1999-12-31")]),
        ("Born 4 May 1891 here.", None, [("4 May 1891", "1891-05-04", "1891-05-04")]),
        ("The plan has 28 points.", "2025-12-19", []),
    ],
)
def test_days_are_read_against_the_articles_date(text, date, spans):
    assert told(text, date) == spans


def test_span_stands_where_its_words_stand():
    text = "İstanbul: they met on December 14-15."
    (span,) = when(text, "2025-12-23")
    assert text[span.start : span.end] == span.words == "December 14-15"


@pytest.mark.parametrize(
    "text", ["", "🙂", "on the of in", "December", "99 December 2025", "31-31-31"]
)
def test_odd_text_gives_no_wrong_day(text):
    for span in when(text, "2025-12-23"):
        assert (span.earliest is None) == (span.latest is None)
        if span.earliest and span.latest:
            assert datetime.date(1500, 1, 1) <= span.earliest <= span.latest


def cited(n, quote, date):
    return Citation(n, f"{n}.txt", None, date, 0, len(quote), quote)


def test_timeline_is_newest_first_and_says_what_it_rests_on():
    moments = timeline(
        [
            cited(1, "The army has 90 men.", "2025-12-01"),
            cited(2, "They met on December 14-15.", "2025-12-23"),
            cited(3, "Nobody knows.", None),
        ]
    )
    assert {moment.n for moment in moments} == {1, 2, 3}
    by_n = {moment.n: moment for moment in moments}
    assert by_n[1].rests_on == "article"
    assert by_n[2].rests_on == "sentence"
    assert by_n[3].date is None
    days = [moment.latest for moment in moments if moment.latest]
    assert days == sorted(days, reverse=True)
    assert moments[-1].n == 3  # what nobody can date comes last
