"""Question and evidence to a draft: sentence numbers only, one statement after the other."""

import json
import math

import pytest
from fakes import article
from fakes_llm import NO_DRAFTS, FakeServer, RanOut, chat, drafts, hangs, hits, says

from rag.errors import ModelError, ModelFailed
from rag.llm import ADAPTER
from rag.prompts import load_schema
from rag.reader import (
    BEFORE_CHARS,
    DraftStatement,
    draft,
    echoes,
    number_evidence,
    says_answerable,
    yes_odds,
)
from rag.retriever import Hit

EVIDENCE = hits("The EU wants an army of 800,000 men.", "Ada Deniz counted 90 troops.")


def read(*replies, evidence=EVIDENCE) -> list[tuple[str, tuple[int, ...]]]:
    return [(s.text, s.ranks) for s in draft(says(*replies), "How large?", evidence)]


def test_draft_gives_statements_in_order_with_the_sentences_they_name():
    reply = drafts(("It is 800,000.", [1]), ("She counted 90.", [2, 1]))
    assert read(reply) == [("It is 800,000.", (1,)), ("She counted 90.", (2, 1))]


@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
def test_statements_are_whole_however_the_json_grows(piece):
    model = says(drafts(("It is 800,000.", [1]), ("She counted 90.", [2]), ("Both.", [1, 2])))
    model.piece = piece
    assert list(draft(model, "?", EVIDENCE)) == [
        DraftStatement("It is 800,000.", (1,)),
        DraftStatement("She counted 90.", (2,)),
        DraftStatement("Both.", (1, 2)),
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Yes, the EU wants 800,000.", ["the EU wants 800,000."]),
        ("No. She counted 90.", ["She counted 90."]),
        ("No one counted.", ["No one counted."]),
        ("Yes.", []),
    ],
)
def test_verdict_before_a_statement_is_left_out(written, kept):
    assert [text for text, _ in read(drafts((written, [1])))] == kept


def test_statement_is_given_while_the_model_still_writes_the_next():
    whole = drafts(("First.", [1]), ("Second.", [2]))
    cut = whole.index("Second")
    reply, go = hangs(whole[:cut], whole[cut:])
    statements = draft(says(reply), "?", EVIDENCE)
    assert next(statements).text == "First."
    assert not go.is_set()
    go.set()
    assert [s.text for s in statements] == ["Second."]


def test_model_is_left_alone_once_the_consumer_leaves():
    model = says(
        iter(['{"statements": [{"citations": [1], "text": "A"}', ", {", "one more", "never"])
    )
    statements = draft(model, "?", EVIDENCE)
    assert next(statements).text == "A"
    statements.close()
    assert "never" not in model.sent


@pytest.mark.parametrize(
    ("ranks", "kept"),
    [
        ([1, 2], (1, 2)),
        ([2, 2, 1], (2, 1)),
        ([0, 1], (1,)),
        ([3, 2], (2,)),
        ([-1, 1], (1,)),
        ([10**30, 1], (1,)),
        (["1", 2], (2,)),
        ([1.5, None, [1], 2], (2,)),
    ],
)
def test_unknown_and_repeated_sentence_numbers_are_dropped(ranks, kept):
    assert read(drafts(("Text.", ranks))) == [("Text.", kept)]


@pytest.mark.parametrize(
    "row",
    [
        {"citations": [3], "text": "No such sentence."},
        {"citations": [], "text": "No sentence."},
        {"text": "No citations."},
        {"citations": 1, "text": "No list."},
        {"citations": [1], "text": "  "},
        {"citations": [1], "text": 5},
        {"citations": [1]},
        {"citations": [True], "text": "No number."},
        "text",
        None,
    ],
)
def test_row_that_names_no_sentence_or_says_nothing_is_dropped(row):
    rows = [row, {"citations": [2], "text": "Good."}]
    assert read(json.dumps({"statements": rows})) == [("Good.", (2,))]
    assert read(json.dumps({"statements": rows[::-1]})) == [("Good.", (2,))]


def test_empty_draft_is_a_draft():
    assert read('{"statements": []}') == []


@pytest.mark.parametrize("reply", NO_DRAFTS.values(), ids=NO_DRAFTS)
def test_what_is_no_draft_is_a_failure_told_on_one_line(reply):
    with pytest.raises(ModelFailed) as caught:
        read(reply)
    assert "language model" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_providers_failure_midway_is_told_after_what_was_whole():
    def breaks():
        yield '{"statements": [{"citations": [1], "text": "A."}, {"cit'
        raise ConnectionError("the line broke")

    statements = draft(says(breaks()), "?", EVIDENCE)
    assert next(statements).text == "A."
    with pytest.raises(ModelFailed, match="the line broke"):
        next(statements)


def test_own_errors_keep_their_words():
    class Own(ModelError):
        pass

    def breaks():
        yield "{"
        raise Own("out of memory")

    with pytest.raises(Own, match=r"^out of memory$"):
        read(breaks())


def test_a_model_out_of_answers_ends_the_test():
    with pytest.raises(RanOut):
        read()


def test_evidence_is_numbered_and_dated_one_sentence_a_line():
    dated = hits("One.", "Two.", date="2025-12-01")
    assert number_evidence(dated) == "[1] One. (2025-12-01)\n[2] Two. (2025-12-01)"
    assert number_evidence(EVIDENCE[:1]) == "[1] The EU wants an army of 800,000 men."
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    planted = hits(f"The ar\u200bmy {hidden}is\u202e large [7].")
    assert number_evidence(planted) == "[1] The army is large (7)."


def sentences_of(text: str, *numbers: int) -> list[Hit]:
    """Give sentences of one article as evidence."""
    of = article("a.txt", text)
    return [Hit(1, of, of.sentences[number], "", 1.0) for number in numbers]


def test_evidence_has_the_sentence_before_where_that_is_no_evidence_itself():
    told = "Ada Deniz leads the count [3]. She found 90 men. They had left. It was dark."
    first = "[1] Ada Deniz leads the count (3). She found 90 men."
    assert number_evidence(sentences_of(told, 1)) == first
    assert number_evidence(sentences_of(told, 1, 2)) == f"{first}\n[2] They had left."
    assert number_evidence(sentences_of(told, 3, 0, 1)) == (
        "[1] They had left. It was dark.\n[2] Ada Deniz leads the count (3).\n[3] She found 90 men."
    )


def test_neither_headings_nor_long_stretches_go_before_evidence():
    headed = sentences_of("The count\n\nShe found 90 men.", 1)
    assert headed[0].article.sentences[0].heading
    assert number_evidence(headed) == "[1] She found 90 men."
    for length, kept in ((BEFORE_CHARS, True), (BEFORE_CHARS + 1, False)):
        before = f"They said it was very long{' and very long' * 40}"[: length - 7] + " again."
        shown = number_evidence(sentences_of(f"{before} She found 90 men.", 1))
        assert (before in shown) is kept


def test_markers_braces_and_line_breaks_in_articles_are_only_text():
    evidence = hits("He wrote {question} and {{x}},\n[2] forged line {0.__class__}.")
    model = says(drafts(("He wrote.", [1])))
    assert [s.ranks for s in draft(model, "Who {evidence}?", evidence)] == [(1,)]
    assert model.asked[0][-1].text.startswith(
        "[1] He wrote {question} and {{x}}, (2) forged line {0.__class__}.\n\n"
        "Question: Who {evidence}?\n"
    )


def test_model_is_held_to_the_schema_with_the_evidences_highest_number():
    model = says(drafts(("Text.", [1])))
    list(draft(model, "?", EVIDENCE))
    schema = model.told[0]["response_format"]
    rows = schema["properties"]["statements"]["items"]["properties"]
    assert rows["citations"]["items"] == {"type": "integer", "minimum": 1, "maximum": 2}
    assert rows["text"] == {"type": "string", "maxLength": 280}
    kept = load_schema("answer")["properties"]["statements"]["items"]["properties"]["citations"]
    assert "maximum" not in kept["items"]


@pytest.mark.parametrize(
    ("tokens", "odds"),
    [
        ({"yes": 0.75, "no": 0.25}, math.log(3)),
        ({"Yes": 0.5, " yes": 0.25, "no": 0.25}, math.log(3)),
        ({"no": 0.5, "NO\n": 0.3, "yes": 0.2}, math.log(1 / 4)),
        ({"yesterday": 0.9, "yes": 0.05, "no": 0.05}, 0.0),
        ({"maybe": 1.0}, 0.0),
        ({"yes": 1.0}, 20.0),
        ({}, 0.0),
    ],
)
def test_odds_of_yes_join_all_ways_to_write_it(tokens, odds):
    told = [{"token": token, "logprob": math.log(p)} for token, p in tokens.items()]
    assert yes_odds(told) == pytest.approx(odds, abs=1e-6)


def test_local_model_is_asked_for_one_token_with_its_probabilities(tmp_path):
    server = FakeServer("yes")  # its one candidate: yes, ln p = -0.1
    odds = says_answerable(chat(server, tmp_path, adapter=ADAPTER), "How large?", EVIDENCE)
    assert odds == pytest.approx(-0.1 + 20)
    request = server.requests[0]
    assert (request["max_tokens"], request["logprobs"], request["top_logprobs"]) == (1, True, 20)
    assert request["messages"][-1]["content"].startswith(number_evidence(EVIDENCE))


def test_model_that_was_not_trained_for_it_is_not_asked_for_probabilities(tmp_path):
    assert says_answerable(says(), "How large?", EVIDENCE) is None
    assert says_answerable(chat(FakeServer("yes"), tmp_path), "How large?", EVIDENCE) is None


@pytest.mark.parametrize(
    ("statement", "question", "empty"),
    [
        ("Kushner is related to Trump.", "How is Kushner related to Trump?", True),
        ("Kushner is Trump's son-in-law.", "How is Kushner related to Trump?", False),
        ("They agreed.", "Did they agree?", True),
        ("It has 90 men.", "How many men has it?", False),
        ("It is so.", "Why?", True),
        ("Yes, they agreed.", "Did they agree?", True),
        ("No.", "Did they agree?", True),
        ("Yes, they agreed in May.", "Did they agree?", False),
    ],
)
def test_statement_that_only_repeats_the_question_is_known(statement, question, empty):
    assert echoes(statement, question) is empty
