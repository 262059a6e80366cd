"""The gold questions and the loader that refuses what does not hold."""

import json

import pytest
from eval_loader import load

from rag.corpus import Article
from rag.settings import resource

gold = load("gold")

TEXT = "The army counts 800,000 people. Paris agreed, said Ann."
ARTICLES = [
    Article("a.txt", TEXT, "A", "2025-01-02", "a.txt", "0"),
    Article("late.txt", "The army grew.", "L", "2025-03-01", "late.txt", "1"),
]
SPAN = {"article": "a.txt", "start": 0, "end": 31, "quote": "The army counts 800,000 people."}
ROW = {
    "id": "size",
    "type": "number",
    "question": "How big is the army?",
    "answerable": True,
    "answers": [["800,000", "800 000"]],
    "evidence": [[SPAN]],
}


def read(tmp_path, *rows):
    file = tmp_path / "gold.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return gold.load_gold(file, ARTICLES)


def refused(tmp_path, *rows):
    with pytest.raises(gold.GoldError) as caught:
        read(tmp_path, *rows)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_row_is_read_and_written_back(tmp_path):
    (item,) = read(tmp_path, "// a remark", "", ROW)
    assert item.answers == (("800,000", "800 000"),)
    assert item.evidence[0][0].overlaps("a.txt", 30, 40)
    assert not item.evidence[0][0].overlaps("a.txt", 31, 40)
    assert item.must_answer
    assert read(tmp_path, item.to_row()) == [item]


def test_offsets_that_are_left_out_are_found(tmp_path):
    bare = {"article": "a.txt", "quote": SPAN["quote"]}
    (item,) = read(tmp_path, {**ROW, "evidence": [[bare]]})
    assert item == read(tmp_path, ROW)[0]


def test_our_own_gold_holds():
    from rag.corpus import read_corpus

    articles = read_corpus([resource("seeds")], 10**8).articles
    items = gold.load_gold(resource("eval") / "gold.jsonl", articles)
    assert len(items) >= 150
    assert len({item.type for item in items}) >= 8
    assert gold.weak_alternatives(items) == []


@pytest.mark.parametrize(
    ("name", "source", "count"),
    [("seeds", resource("seeds"), 80), ("harbour", resource("eval") / "unseen/harbour", 50)],
)
def test_unseen_gold_holds(name, source, count):
    from rag.corpus import read_corpus

    articles = read_corpus([source], 10**8).articles
    file = resource("eval") / "unseen" / f"{name}.jsonl"
    assert len(gold.load_gold(file, articles)) == count


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"question": " "}, "must not be empty"),
        ({"id": "no spaces"}, "id must be"),
        ({"as_of": "soon"}, "not a day"),
        ({"answers": []}, "needs answers and evidence"),
        ({"answerable": False}, "must have neither"),
        ({"answers": [[]]}, "group"),
        ({"answers": [[" "]]}, "not empty"),
        ({"answers": [["900,000"]]}, "does not pass: lacks [['900,000']]"),
        ({"forbidden": ["army"]}, "does not pass"),
        ({"forbidden": ["800 000"], "answers": [["800 000", "800,000"]]}, "forbidden"),
        ({"evidence": [[{**SPAN, "start": 1}]]}, "does not hold"),
        ({"evidence": [[{**SPAN, "article": "b.txt"}]]}, "--source"),
        ({"evidence": [[{**SPAN, "start": "0"}]]}, "whole numbers"),
        ({"evidence": [[{"article": "a.txt"}]]}, "and a quote"),
        ({"evidence": [[{"article": "a.txt", "quote": "a"}]]}, "stands 4 times in a.txt"),
        ({"evidence": [[{"article": "a.txt", "quote": "Eve."}]]}, "'Eve.' does not stand in a.txt"),
        ({"evidence": [[{**SPAN, "page": 3}]]}, "malformed"),
        ({"as_of": "2025-01-01"}, "later than 2025-01-01"),
        ({"sides": [[0], [7]]}, "not there"),
        ({"sides": [[0]]}, "two sides"),
        ({"answers": "800,000"}, "wrong form"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"todo": "shorten it"}, "shorten it"),
        ({"history": [{"question": "x"}]}, "malformed"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path, change, told):
    problem = refused(tmp_path, "", {**ROW, **change})
    assert "gold.jsonl line 2:" in problem
    assert told in problem


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"id": "x"}', "[" * 100_000])
def test_broken_lines_are_refused(tmp_path, line):
    assert "line 2:" in refused(tmp_path, ROW, line)


def test_duplicates_are_refused_by_id_and_by_question(tmp_path):
    assert "id 'size' stands already on line 1" in refused(tmp_path, ROW, ROW)
    assert "line 1" in refused(tmp_path, ROW, {**ROW, "id": "b", "question": "how BIG is the army"})
    other_day = {**ROW, "id": "b", "as_of": "2025-02-01"}
    assert len(read(tmp_path, ROW, other_day)) == 2


def test_several_problems_name_all_their_lines(tmp_path):
    problem = refused(tmp_path, {**ROW, "type": ""}, "", "{")
    assert "line 1:" in problem
    assert "also wrong: lines 3" in problem


def test_an_empty_or_absent_file_is_refused(tmp_path):
    assert "no question" in refused(tmp_path, "// nothing")
    with pytest.raises(gold.GoldError, match="cannot be read"):
        gold.load_gold(tmp_path / "absent.jsonl", ARTICLES)
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(gold.GoldError, match="cannot be read"):
        gold.load_gold(tmp_path / "binary.jsonl", ARTICLES)


def test_weak_alternatives_are_named(tmp_path):
    other = {"article": "late.txt", "start": 0, "end": 14, "quote": "The army grew."}
    items = read(tmp_path, {**ROW, "evidence": [[SPAN, other]]})
    assert gold.weak_alternatives(items) == ["size: 'The army grew.'"]


def test_the_template_is_a_gold_file_once_its_examples_are_uncommented():
    template = load("template").TEMPLATE
    examples = [line[3:] for line in template.split("\n") if line.startswith("// {")]
    items = [gold.parse(json.loads(example)) for example in examples]
    assert [item.answerable for item in items] == [True, False]
    assert all(not line or line.startswith("//") for line in template.split("\n"))
