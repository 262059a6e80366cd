"""Quotes are cut by code points and checked by cutting again."""

from dataclasses import FrozenInstanceError

import pytest
from fakes import article

from rag.citation import Citation, cite, fault
from rag.corpus import Sentence

TEXT = "İstanbul agreed. 🙂 is fine. Ünal said no."  # sentences at 0-16, 17-27 and 28-41


def sentence(start: int, end: int) -> Sentence:
    return Sentence("a.txt", 0, start, end, TEXT[start:end], 0, heading=False)


@pytest.mark.parametrize(
    ("start", "end", "quote"),
    [(0, 16, "İstanbul agreed."), (17, 27, "🙂 is fine."), (28, 41, "Ünal said no.")],
)
def test_quote_is_the_articles_own_code_points(start, end, quote):
    source = article("a.txt", TEXT, "Title", "2025-12-19")
    made = cite(source, sentence(start, end), n=3, speaker="Ünal")
    assert made == Citation(3, "a.txt", "Title", "2025-12-19", start, end, quote, "Ünal")
    assert fault(made, {"a.txt": TEXT}) is None


def test_quote_is_never_normalised():
    decomposed = "Ze\u0301 said\u00a0 no."  # e + accent, hard space, two spaces
    made = cite(article("a.txt", decomposed), Sentence("a.txt", 0, 0, 13, "?", 0, heading=False))
    assert made.quote == decomposed
    composed = Citation(1, "a.txt", None, None, 0, 12, "Zé said\u00a0 no.")
    assert "differs" in fault(composed, {"a.txt": decomposed})


def test_marker_does_not_change_the_place():
    made = cite(article("a.txt", TEXT), sentence(17, 27))
    assert made.n == 1
    assert made.numbered(7).n == 7
    assert made.numbered(7).place == made.place == ("a.txt", 17, 27)


@pytest.mark.parametrize("at", range(10))
def test_quote_altered_by_one_character_is_caught(at):
    quote = "🙂 is fine."
    altered = quote[:at] + "x" + quote[at + 1 :]
    message = fault(Citation(2, "a.txt", None, None, 17, 27, altered), {"a.txt": TEXT})
    assert message == (
        "citation [2] of a.txt: the quote differs from the article, which has '🙂 is fine.' there"
    )


@pytest.mark.parametrize(
    ("start", "end"), [(18, 27), (16, 27), (17, 26), (17, 28), (18, 28), (16, 26)]
)
def test_offset_altered_by_one_is_caught(start, end):
    moved = Citation(1, "a.txt", None, None, start, end, "🙂 is fine.")
    assert "the quote differs" in fault(moved, {"a.txt": TEXT})


@pytest.mark.parametrize(("start", "end"), [(-1, 16), (0, 42), (5, 5), (6, 5), (50, 60), (-13, -1)])
def test_offsets_outside_the_article_are_caught(start, end):
    outside = Citation(1, "a.txt", None, None, start, end, TEXT[start:end])
    assert fault(outside, {"a.txt": TEXT}) == (
        f"citation [1] of a.txt: offsets {start}-{end} lie outside its 41 characters"
    )


def test_byte_or_utf16_offsets_do_not_pass():
    as_bytes = len("İstanbul agreed. ".encode())  # 18: the İ has two bytes
    as_utf16 = len("İstanbul agreed. 🙂 is fine. ".encode("utf-16-le")) // 2  # 29: the emoji is two
    for start, quote in ((as_bytes, "🙂 is fine."), (as_utf16, "Ünal said no.")):
        wrong = Citation(1, "a.txt", None, None, start, start + len(quote), quote)
        assert fault(wrong, {"a.txt": TEXT})


def test_other_article_is_caught():
    made = Citation(1, "b.txt", None, None, 0, 16, "İstanbul agreed.")
    assert fault(made, {"a.txt": TEXT}) == "citation [1] of b.txt: there is no such article"
    assert "the quote differs" in fault(made, {"b.txt": TEXT.upper()})


@pytest.mark.parametrize(
    ("length", "shown"), [(79, "x" * 79), (80, "x" * 80), (81, "x" * 79 + "…")]
)
def test_long_passage_is_shortened_in_the_message(length, shown):
    text = "x" * length
    message = fault(Citation(1, "a.txt", None, None, 0, length, "y" * length), {"a.txt": text})
    assert message.endswith(f"which has '{shown}' there")


def test_citation_cannot_be_altered():
    made = cite(article("a.txt", TEXT), sentence(17, 27))
    with pytest.raises(FrozenInstanceError):
        made.quote = "x"
