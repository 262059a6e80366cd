"""From question to evidence: bounds in time, spares, parts, and their sentences in turn."""

import datetime

import pytest
from fakes import article

from rag.evidence import Bounds, as_read, gather, together
from rag.gate import QUOTES
from rag.retriever import Hit

TEXT = "One fell. Two rose. Three slept. Four ran. Five sang. Six hid. Seven wept. Eight won."
NEWS = article("news.txt", TEXT, "News", "2025-05-01")


class Search:
    """Gives the same sentences to every question, likely ones, and keeps what was asked."""

    def __init__(self, order=range(8)):
        self.asked = []
        self.reranked = []
        self.order = order

    def search(self, query, k, as_of=None, articles=None, *, rerank=True):
        self.asked.append((query, k, as_of, articles))
        self.reranked.append(rerank)
        return [
            Hit(n, NEWS, NEWS.sentences[i], "", 5.0 - n / 100, 2.0)
            for n, i in enumerate(self.order, 1)
        ][:k]


def test_one_question_gets_all_quotes_and_spares_for_the_other_side():
    search = Search()
    (found,) = gather(search, ["Who fell?"], Bounds(), "2025-05-01", 3)
    assert search.asked == [("Who fell?", 6, None, None)]
    assert [len(part) for part in (found.ranked, found.hits, found.shown)] == [6, 3, 3]
    (found,) = gather(search, ["Who fell?"], Bounds(), "2025-05-01", 8)
    assert len(found.shown) == QUOTES


def test_a_sentence_that_comes_twice_is_offered_once_and_makes_room():
    (found,) = gather(Search([0, 0, 1, 0, 2, 3]), ["Who fell?"], Bounds(), None, 3)
    assert [hit.sentence.text for hit in found.hits] == ["One fell.", "Two rose.", "Three slept."]
    assert len(found.ranked) == 6


def test_the_name_below_a_quotation_is_no_evidence():
    signed = article("signed.txt", "“We stay.”\n— Ann Hale, Mayor of Leith\nIt rained.", "S", None)

    class Signed(Search):
        def search(self, query, k, as_of=None, articles=None, *, rerank=True):
            return [Hit(n, signed, s, "", 5.0, 2.0) for n, s in enumerate(signed.sentences, 1)]

    (found,) = gather(Signed(), ["What did the mayor do?"], Bounds(), None, 3)
    assert [hit.sentence.text for hit in found.ranked] == ["“We stay.”", "It rained."]


def test_parts_share_the_quotes_but_each_has_two():
    for count in (2, 4):
        found = gather(Search(), ["Who fell?"] * count, Bounds(), "2025-05-01", 8)
        assert [len(evidence.shown) for evidence in found] == [2] * count
        assert [len(evidence.worth) for evidence in found] == [QUOTES] * count


@pytest.mark.parametrize(
    ("ranked", "read"),
    [
        ("", ""),
        ("n5", "n5"),
        ("n5 n4", "n4 n5"),
        ("n5 n1 n3", "n1 n3 n5"),
        ("n5 n0 n4", "n4 n5 n0"),
        ("n2 m3 n3", "n2 n3 m3"),
        ("n7 m0 n0 n6", "n6 n7 m0 n0"),
    ],
)
def test_neighbours_are_read_in_their_order_where_the_best_of_them_stood(ranked, read):
    other = article("more.txt", TEXT, "More", "2025-05-02")
    hits = [
        Hit(rank, of, of.sentences[int(name[1])], "", 1.0)
        for rank, name in enumerate(ranked.split(), 1)
        for of in [NEWS if name[0] == "n" else other]
    ]
    names = {NEWS.name: "n", other.name: "m"}
    assert [f"{names[h.article.name]}{h.sentence.number}" for h in as_read(hits)] == read.split()


def test_what_is_shown_is_read_in_order_and_what_is_offered_ranked():
    (found,) = gather(Search([3, 6, 2, 0]), ["Who fell?"], Bounds(), None, 4)
    assert [hit.sentence.number for hit in found.hits] == [3, 6, 2, 0]
    assert [hit.sentence.number for hit in found.shown] == [0, 2, 3, 6]


def test_sentences_with_the_words_that_are_quoted_come_first(monkeypatch):
    told = "One fell there. Two rose there. Three slept there. Four went to bed late. Five sang."
    monkeypatch.setattr("test_evidence.NEWS", article("news.txt", told, "News", "2025-05-01"))
    for question in ("Who said “Four went to bed”?", "Who spoke of 'went to bed late' and why?"):
        (found,) = gather(Search(range(5)), [question], Bounds(), None, 3)
        assert [hit.sentence.number for hit in found.ranked] == [3, 0, 1, 2, 4]
        assert [hit.rank for hit in found.hits] == [1, 2, 3]
        assert 3 in [hit.sentence.number for hit in found.shown]


def test_what_else_was_found_is_looked_at_where_the_best_does_not_answer():
    (found,) = gather(Search([6, 4, 2, 0, 1, 3, 5, 7]), ["Who fell?"], Bounds(), None, 4)
    assert found.further is not None
    assert [hit.sentence.number for hit in found.worth] == [0, 2, 4, 6]
    assert [hit.sentence.number for hit in found.further.worth] == [1, 3, 5, 7]
    assert [hit.sentence.number for hit in found.further.hits] == [1, 3, 5, 7]
    assert [hit.rank for hit in found.further.hits] == [1, 2, 3, 4]
    assert found.further.ranked == found.ranked
    parts = gather(Search(), ["Who fell?", "Who rose?"], Bounds(), None, 8)
    assert [hit.sentence.number for hit in parts[0].further.worth] == [5, 6, 7]
    assert [hit.sentence.number for hit in parts[0].further.shown] == [5, 6]
    assert [hit.sentence.number for hit in parts[0].further.hits] == [5, 6, 7, 0, 1, 2, 3, 4]


def test_nothing_else_is_looked_at_where_nothing_else_was_found():
    (found,) = gather(Search([0, 0, 1]), ["Who fell?"], Bounds(), None, 4)
    assert found.further is None


def test_others_words_are_not_looked_at_where_somebodys_are_asked_for():
    told = article("b.txt", "“It is cold,” said Ann Hale. “It is hot,” said Bo Rix.", "B", None)

    class Two(Search):
        def search(self, query, k, as_of=None, articles=None, *, rerank=True):
            return [Hit(n, told, s, "", 5.0, 2.0) for n, s in enumerate(told.sentences, 1)]

    (found,) = gather(Two(), ["What did Ann Hale say about the weather?"], Bounds(), None, 4)
    assert [hit.sentence.text for hit in found.worth] == ["“It is cold,” said Ann Hale."]
    assert found.further is None


def test_scope_and_words_of_time_bound_the_articles():
    search, day = Search(), datetime.date(2025, 4, 30)
    bounds = Bounds(day, {"news.txt"})
    (found,) = gather(search, ["How did things stand by 1 March 2025?"], bounds, "2025-05-01", 3)
    assert found.as_of == datetime.date(2025, 3, 1)
    assert found.query == "How did things stand?"
    assert search.asked[-1][2:] == (datetime.date(2025, 3, 1), {"news.txt"})
    (found,) = gather(search, ["How did things stand by 1 May 2025?"], bounds, "2025-05-01", 3)
    assert found.as_of == day


def test_sentences_of_all_parts_come_in_turn_and_once():
    first = gather(Search([0, 1, 2]), ["A?"], Bounds(), None, 8)
    second = gather(Search([1, 3, 4, 5]), ["B?"], Bounds(), None, 8)
    best = together([*first, *second], 4)
    assert [hit.sentence.text for hit in best] == [
        "One fell.",
        "Two rose.",
        "Four ran.",
        "Three slept.",
    ]
    assert [hit.rank for hit in best] == [1, 2, 3, 4]
    assert together([], 4) == []


def test_sentence_of_two_parts_stands_where_it_comes_first():
    first = gather(Search([0, 1, 2, 3]), ["A?"], Bounds(), None, 8)
    second = gather(Search([3, 4]), ["B?"], Bounds(), None, 8)
    best = together([*first, *second], 8)
    assert [hit.sentence.text.split()[0] for hit in best] == ["One", "Four", "Two", "Five", "Three"]


@pytest.mark.parametrize("rerank", [True, False])
def test_a_first_look_searches_the_same_without_the_reranker(rerank):
    search = Search()
    asked = ["Who fell after the storm?", "Who rose?"]
    gather(search, asked, Bounds(), "2025-05-01", 8, rerank=rerank)
    assert len(search.reranked) >= len(asked)
    assert set(search.reranked) == {rerank}
