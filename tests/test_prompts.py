"""Prompts: whole, filled in as data, and named by a checksum."""

import copy
import hashlib

import jsonschema
import pytest

from rag.prompts import load_prompt, load_schema, prompts_sha256
from rag.settings import resource

PLACEHOLDERS = {
    "answer": {"evidence", "question"},
    "gate": {"evidence", "question"},
    "standalone": {"conversation", "question"},
}
SYSTEM = {"gate": "answer"}  # whose system part it shares


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_prompt_has_a_system_and_a_user_part_with_its_placeholders(name):
    prompt = load_prompt(name, system=SYSTEM.get(name))
    assert set(prompt.input_variables) == PLACEHOLDERS[name]
    messages = prompt.invoke(dict.fromkeys(PLACEHOLDERS[name], "x")).to_messages()
    assert [message.type for message in messages] == ["system", "human"]
    assert all(message.text.strip() for message in messages)


@pytest.mark.parametrize("text", ["{question}", "{{x}}", "{0.__class__}", "a % b $c", "[1] \\n"])
def test_what_is_filled_in_is_never_read_as_a_template(text):
    filled = load_prompt("answer").invoke({"evidence": text, "question": "Who?"}).to_messages()
    assert filled[-1].text.startswith(f"{text}\n\nQuestion: Who?")


def test_gate_begins_like_the_answer_so_that_the_model_reads_the_evidence_once():
    filled = {"evidence": "E", "question": "Q"}
    gate = load_prompt("gate", system="answer").invoke(filled).to_messages()
    answer = load_prompt("answer").invoke(filled).to_messages()
    assert gate[0] == answer[0]
    assert gate[1].text != answer[1].text
    shared = "E\n\nQuestion: Q\n"
    assert gate[1].text.startswith(shared)
    assert answer[1].text.startswith(shared)


def test_every_prompt_and_schema_is_told_in_the_readme():
    readme = (resource("prompts") / "README.md").read_text("utf-8")
    for path in resource("prompts").iterdir():
        assert path.name in readme or path.name == "README.md"


@pytest.mark.parametrize(
    ("draft", "valid"),
    [
        ({"statements": [{"citations": [1], "text": "x"}]}, True),
        ({"statements": [{"citations": [1, 2], "text": "x"}]}, True),
        ({"statements": []}, False),
        ({"statements": [{"citations": [], "text": "x"}]}, False),
        ({"statements": [{"citations": [0], "text": "x"}]}, False),
        ({"statements": [{"citations": ["1"], "text": "x"}]}, False),
        ({"statements": [{"citations": [1], "text": "x", "quote": "typed"}]}, False),
        ({"statements": [{"citations": [1]}]}, False),
        ({"answer": "x"}, False),
    ],
)
def test_drafts_schema_takes_numbers_and_text_and_nothing_else(draft, valid):
    schema = load_schema("answer")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(draft) is valid


def test_model_names_its_sentences_before_it_writes():
    row = load_schema("answer")["properties"]["statements"]["items"]["properties"]
    assert list(row) == ["citations", "text"]


def test_checksum_names_every_prompt_and_schema(tmp_path, monkeypatch):
    def checksum() -> str:
        prompts_sha256.cache_clear()
        return prompts_sha256()

    monkeypatch.setattr("rag.prompts.resource", lambda _: tmp_path)
    (tmp_path / "a.user.md").write_bytes(b"{x}")
    (tmp_path / "README.md").write_bytes(b"first")
    by_hand = hashlib.sha256(b"a.user.md\0{x}\0").hexdigest()
    try:
        assert checksum() == by_hand
        (tmp_path / "README.md").write_bytes(b"second")
        assert checksum() == by_hand
        for name in ("a.system.md", "a.schema.json"):
            before = checksum()
            (tmp_path / name).write_bytes(b"{}")
            assert checksum() != before
        before = checksum()
        (tmp_path / "a.user.md").write_bytes(b"{x}.")
        assert checksum() != before
    finally:
        prompts_sha256.cache_clear()


def test_schema_and_prompt_are_read_once():
    assert load_schema("answer") is load_schema("answer")
    assert load_prompt("answer") is load_prompt("answer")
    assert copy.deepcopy(load_schema("answer")) == load_schema("answer")
