"""Checking a saved answer again: all that was altered by one is found and named."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rag.answer import Abstention, Answer, Claim, Conflict, Side, number
from rag.audit import audit
from rag.citation import cite
from rag.corpus import read_corpus

FILES = {
    "a.txt": "İstanbul agreed. 🙂 is fine.\r\nÜnal said no.",
    "b.txt": "Peace is near. The border is open.",
    "articles.toml": '["a.txt"]\ntitle = "Talks"\ndate = 2025-12-19\n',
}


@pytest.fixture
def articles(sources):
    return read_corpus([sources(FILES)], 1_000_000).articles


@pytest.fixture
def answer(articles):
    a, b = articles
    claims = [
        Claim("One agreed.", (cite(a, a.sentences[0]),)),
        Claim("One said no.", (cite(a, a.sentences[2]), cite(b, b.sentences[1]))),
    ]
    text, statements, citations = number(claims)
    sides = (Side("yes", (1,)), Side("no", (2, 3)))
    return Answer(
        "Who?", "Who?", None, "answered", text, statements, citations, (Conflict("it", sides),)
    )


def changed(answer: Answer, at: int, **changes: object) -> Answer:
    citations = list(answer.citations)
    citations[at - 1] = replace(citations[at - 1], **changes)
    return replace(answer, citations=tuple(citations))


def test_answer_as_given_passes(answer, articles):
    assert [c.quote for c in answer.citations] == [
        "İstanbul agreed.",
        "Ünal said no.",
        "The border is open.",
    ]
    assert audit(answer, articles) == []


def test_answer_passes_when_the_original_files_are_gone(answer, articles):
    for article in articles:
        Path(article.origin).unlink()
    assert audit(answer, articles) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"quote": "Ünal said no!"}, "the quote differs"),
        ({"quote": "Unal said no."}, "the quote differs"),
        ({"quote": "Ünal said no"}, "the quote differs"),
        ({"start": 27}, "the quote differs"),
        ({"start": 29}, "the quote differs"),
        ({"end": 40}, "the quote differs"),
        ({"end": 42}, "outside its 41 characters"),
        ({"article": "b.txt"}, "lie outside|the quote differs"),
        ({"article": "a.tx"}, "there is no such article"),
        ({"title": "Talk"}, "^title 'Talk' should be 'Talks'"),
        ({"title": None}, "^title None should be 'Talks'"),
        ({"date": "2025-12-18"}, "^date '2025-12-18' should be '2025-12-19'"),
        ({"date": None}, "^date None should be '2025-12-19'"),
    ],
)
def test_citation_altered_by_one_is_the_one_fault_named(answer, articles, changes, named):
    faults = audit(changed(answer, 2, **changes), articles)
    assert len(faults) == 1
    assert faults[0].startswith(f"citation [2] of {changes.get('article', 'a.txt')}: ")
    assert re.search(named, faults[0].partition(": ")[2])


def test_every_fault_is_listed(answer, articles):
    faults = audit(changed(changed(answer, 1, quote="x"), 3, date="2025-01-01"), articles)
    assert [fault.partition(":")[0] for fault in faults] == [
        "citation [1] of a.txt",
        "citation [3] of b.txt",
    ]


@pytest.mark.parametrize("n", [1, 4])
def test_citation_under_another_number_is_found(answer, articles, n):
    faults = audit(changed(answer, 3, n=n), articles)
    assert any(f"numbered [1, 2, {n}] instead of 1 to 3" in fault for fault in faults)


@pytest.mark.parametrize(
    ("old", "new"), [("[1]", "[2]"), ("[2][3]", "[2]"), ("One agreed.", "One argeed."), ("[3]", "")]
)
def test_text_that_is_not_its_statements_is_found(answer, articles, old, new):
    assert audit(replace(answer, text=answer.text.replace(old, new)), articles) == [
        "the answer's text is not its statements with their markers"
    ]


def test_statement_with_another_marker_is_found(answer, articles):
    first, second = answer.statements
    moved = replace(answer, statements=(replace(first, citations=(2,)), second))
    assert audit(moved, articles) == ["the answer's text is not its statements with their markers"]


def test_marker_that_points_nowhere_is_found_in_statements_and_conflicts(answer, articles):
    first, second = answer.statements
    statements = (first, replace(second, citations=(2, 4)))
    astray = replace(answer, statements=statements, text=answer.text.replace("[3]", "[4]"))
    assert audit(astray, articles) == ["'One said no.' rests on [4], which is not there"]
    sides = (Side("yes", (1,)), Side("no", (9,)))
    astray = replace(answer, conflicts=(Conflict("it", sides),))
    assert audit(astray, articles) == ["'no' rests on [9], which is not there"]


def test_original_file_altered_since_is_found(answer, articles):
    origin = Path(articles[0].origin)
    origin.write_bytes(origin.read_bytes().replace(b"said no", b"said so"))
    (fault,) = audit(answer, articles)
    assert fault == (
        "citation [2] of a.txt: the quote stands in the index but no longer in "
        f"{origin}; run `rag index`"
    )


def test_nearest_quotes_of_an_abstention_are_checked_too(articles):
    near = cite(articles[1], articles[1].sentences[0])
    answer = Answer("?", "?", None, "abstained", "No.", abstention=Abstention("No.", (near,)))
    assert audit(answer, articles) == []
    altered = replace(answer, abstention=Abstention("No.", (replace(near, end=13),)))
    assert len(audit(altered, articles)) == 1


def test_altered_answer_is_still_found_after_json(answer, articles):
    saved = replace(answer, timings_ms={"retrieve": 1, "first_token": 1, "total": 2}).to_json()
    assert audit(Answer.from_json(saved), articles) == []
    assert audit(Answer.from_json(saved.replace("border is", "border was")), articles)
