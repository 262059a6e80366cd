"""The answer object: one numbering of markers, and JSON there and back."""

import copy
import json

import jsonschema
import pytest

from rag.answer import (
    SCHEMA,
    Abstention,
    Answer,
    Claim,
    Conflict,
    Difference,
    Side,
    Statement,
    number,
    number_sides,
    unmarked,
)
from rag.citation import Citation
from rag.errors import AnswerError

TIMES = {"retrieve": 1.5, "first_token": 0.0, "total": 2.0}


def at(article: str, start: int) -> Citation:
    return Citation(1, article, None, "2025-12-19", start, start + 5, "quote")


A, B, C = at("a.txt", 0), at("a.txt", 9), at("b.txt", 0)

ANSWERED = Answer(
    question="And İstanbul? 🙂",
    standalone_question="What of İstanbul?",
    as_of="2025-12-31",
    status="answered",
    text="It agreed. [1] Some doubt it. [1][2]",
    statements=(Statement("It agreed.", (1,)), Statement("Some doubt it.", (1, 2), "partial")),
    citations=(
        Citation(1, "a.txt", "Title", "2025-12-19", 0, 16, "İstanbul agreed.", "Ünal"),
        Citation(2, "b.txt", None, None, 3, 9, "‘No.’", None),
    ),
    conflicts=(Conflict("agreement", (Side("yes", (1,), "2025-12-19"), Side("no", (2,)))),),
    provenance={"seed": 0, "models": {"llm": "x"}},
    timings_ms=TIMES,
)
ABSTAINED = Answer(
    question="Who won?",
    standalone_question="Who won?",
    as_of=None,
    status="abstained",
    text="The articles do not say.",
    abstention=Abstention("No article tells of a winner.", (A,)),
    timings_ms=TIMES,
)


@pytest.mark.parametrize("answer", [ANSWERED, ABSTAINED])
@pytest.mark.parametrize("indent", [None, 2])
def test_json_there_and_back_is_the_same_answer(answer, indent):
    assert Answer.from_json(answer.to_json(indent)) == answer


@pytest.mark.parametrize("answer", [ANSWERED, ABSTAINED])
def test_json_is_valid_by_the_schema_with_its_keys_in_order(answer):
    schema = json.loads(SCHEMA.read_text("utf-8"))
    data = json.loads(answer.to_json())
    jsonschema.Draft202012Validator(schema).validate(data)
    assert list(data) == schema["required"]


def test_json_keeps_letters_readable():
    assert "İstanbul? 🙂" in ANSWERED.to_json()


def test_batch_id_is_allowed():
    assert Answer.from_dict({**ANSWERED.to_dict(), "id": "q1"}) == ANSWERED


def test_markers_count_from_one_by_first_use():
    text, statements, citations = number([Claim("One.", (C,)), Claim("Two.", (A, C, B))])
    assert text == "One. [1] Two. [2][1][3]"
    assert statements == (Statement("One.", (1,)), Statement("Two.", (2, 1, 3)))
    assert citations == (C.numbered(1), A.numbered(2), B.numbered(3))


def test_same_place_has_one_number_however_often_cited():
    again = at("a.txt", 0).numbered(9)
    text, statements, citations = number([Claim("One.", (A, again, A)), Claim("Two.", (again,))])
    assert text == "One. [1] Two. [1]"
    assert statements == (Statement("One.", (1,)), Statement("Two.", (1,)))
    assert citations == (A.numbered(1),)


def test_same_offsets_in_two_articles_are_two_places():
    _, _, citations = number([Claim("One.", (A, C))])
    assert [(c.n, c.article) for c in citations] == [(1, "a.txt"), (2, "b.txt")]


def test_support_is_kept_and_nothing_gives_nothing():
    assert number([Claim("One.", (A,), "partial")])[1] == (Statement("One.", (1,), "partial"),)
    assert number([]) == ("", (), ())


@pytest.mark.parametrize("key", json.loads(SCHEMA.read_text("utf-8"))["required"])
def test_missing_key_is_named(key):
    data = ANSWERED.to_dict()
    del data[key]
    with pytest.raises(AnswerError, match=f"'{key}' is a required property"):
        Answer.from_dict(data)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (["status"], "maybe", r"\$\.status"),
        (["citations", 0, "start"], -1, r"\$\.citations\[0\]\.start"),
        (["citations", 0, "start"], "0", r"\$\.citations\[0\]\.start"),
        (["citations", 0, "end"], 1.5, r"\$\.citations\[0\]\.end"),
        (["citations", 0, "n"], True, r"\$\.citations\[0\]\.n"),
        (["citations", 1, "quote"], "", r"\$\.citations\[1\]\.quote"),
        (["statements", 0, "citations"], [], r"\$\.statements\[0\]\.citations"),
        (["statements", 0, "support"], "unsupported", r"\$\.statements\[0\]\.support"),
        (["conflicts", 0, "sides"], [], r"\$\.conflicts\[0\]\.sides"),
        (["abstention"], {}, r"\$\.abstention"),
        (["timings_ms"], {}, r"\$\.timings_ms"),
        (["answer"], None, r"\$\.answer"),
    ],
)
def test_wrong_value_is_named_by_its_place_on_one_line(path, value, named):
    data = copy.deepcopy(json.loads(ANSWERED.to_json()))
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(AnswerError, match=named) as caught:
        Answer.from_dict(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["n", "article", "date", "end", "quote", "speaker"])
def test_citation_without_one_of_its_parts_is_refused(key):
    data = json.loads(ANSWERED.to_json())
    del data["citations"][0][key]
    with pytest.raises(AnswerError, match=f"'{key}' is a required property"):
        Answer.from_dict(data)


@pytest.mark.parametrize("data", [None, [], "text", 5, {}])
def test_anything_else_is_no_answer(data):
    with pytest.raises(AnswerError, match="not an answer object"):
        Answer.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "{", "answer", "[" * 100_000])
def test_text_that_is_no_json_is_one_clear_line(text):
    with pytest.raises(AnswerError, match="the saved answer is not JSON") as caught:
        Answer.from_json(text)
    assert "\n" not in str(caught.value)


def test_whole_number_written_with_a_point_is_an_offset():
    data = json.loads(ANSWERED.to_json())
    data["citations"][0] |= {"start": 0.0, "end": 16.0, "n": 1.0}  # JSON Schema calls them integers
    read = Answer.from_dict(data)
    assert read == ANSWERED
    assert all(type(v) is int for v in (read.citations[0].start, read.citations[0].end))


def test_an_article_cannot_forge_a_marker():
    claims = [Claim("It agreed [2], says [ 7 ] and ［1］.", (A,)), Claim("No [a] [-1].", (B,))]
    text, statements, cited = number(claims)
    assert text == "It agreed (2), says ( 7 ) and ［1］. [1] No [a] [-1]. [2]"
    assert statements[0].text == "It agreed (2), says ( 7 ) and ［1］."
    (conflict,), _ = number_sides([Difference("what? (3 [1])", tuple(claims))], cited)
    assert conflict.about == "what? (3 (1))"
    assert [side.text for side in conflict.sides] == [unmarked(c.text) for c in claims]
