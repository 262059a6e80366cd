"""The command line: exit codes, one line for what goes wrong, and batches that go on."""

import json
import socket
import sys

import pytest
from fakes_llm import NO_DRAFTS, CountingReranker, drafts, fix_calibration, says

from rag.cli import main, turns
from rag.errors import UsageError
from rag.indexer import build_index
from rag.settings import VERSION

ARMY = "The EU wants an army of 800,000 men."
BORDER = "Ada Deniz counted 90 troops at the border."
FILES = {
    "a.txt": f"{ARMY} Peace talks begin in Miami.",
    "b.txt": BORDER,
    "articles.toml": '["a.txt"]\ndate = 2025-12-01\n["b.txt"]\ndate = 2025-12-19\n',
}
QUESTION = "How large an army?"
NONE = ("--llm", "none")


@pytest.fixture
def rag(monkeypatch, capsys):
    """Run `rag` as the shell does; give exit code, stdout and stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        told = capsys.readouterr()
        return left.value.code or 0, told.out, told.err

    return run


@pytest.fixture
def indexed(monkeypatch, settings, sources, embedder):
    """An index of FILES, named by the environment, with fakes in the models' places."""
    build_index([sources(FILES)], settings, embedder.open)
    monkeypatch.setenv("RAG_INDEX", str(settings.index))
    monkeypatch.setenv("RAG_HOME", str(settings.home))
    monkeypatch.setattr("rag.pipeline.open_embedder", embedder.open)
    monkeypatch.setattr("rag.pipeline.open_reranker", lambda _: CountingReranker())
    monkeypatch.setattr("rag.pipeline.open_query_encoder", lambda _: None)
    fix_calibration(monkeypatch)
    return settings


def one_line(told: tuple[int, str, str], code: int, *words: str) -> None:
    """Check that a run ended with this code and one line on stderr that has these words."""
    status, _, err = told
    assert (status, err.count("\n")) == (code, 1), err
    assert err.startswith("rag: ")
    for word in words:
        assert word in err


# ---------------------------------------------------------------- help and usage


@pytest.mark.parametrize(
    "command",
    ["index", "ask", "search", "chat", "verify", "eval", "models", "models pull", "doctor"],
)
def test_every_command_explains_itself(rag, command):
    code, out, err = rag(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert f"Usage: rag {command}" in out


def test_help_names_every_command_of_the_contract_and_version_is_told(rag):
    code, out, _ = rag("--help")
    assert code == 0
    for command in ("index", "ask", "search", "chat", "verify", "eval", "models", "doctor"):
        assert f"\n  {command} " in out
    assert rag("--version") == (0, f"{VERSION}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        "nonsense",
        "ask --nonsense",
        "ask one two",
        "search x -k 0",
        "search x -k many",
        "verify",
        "chat --port 99999",
        "models nonsense",
    ],
)
def test_wrong_usage_ends_with_2_and_no_traceback(rag, words):
    code, out, err = rag(*words.split())
    assert (code, out) == (2, "")
    assert "Error: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize("words", [(), (QUESTION, "--batch", "lines.jsonl")])
def test_both_or_neither_of_question_and_batch_is_wrong_usage(rag, command, words):
    one_line(rag(command, *words), 2, "--batch FILE")


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "empty"),
        ("   \n\t", "empty"),
        ("\x01\x1b\x7f", "empty"),
        ("🙂", "empty"),
        ("x" * 20_000, "20,000 characters"),
    ],
)
def test_what_is_no_question_is_refused_before_models_load(rag, question, words):
    one_line(rag("ask", question), 2, words)


@pytest.mark.parametrize("question", ["army 🙂?", "\u200farmy מי?", "ar\x1bmy\x07 [2J"])
@pytest.mark.parametrize("command", [("ask", *NONE), ("search",)])
def test_emoji_right_to_left_and_control_characters_do_no_harm(rag, indexed, question, command):
    code, out, err = rag(*command, question)
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert "army of 800,000 men" in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--llm", "nonsense"), 2, "unknown --llm 'nonsense'"),
        (("--llm", "nosuch:model"), 2, "nosuch"),
        (("--llm", "file:gone.gguf"), 1, "gone.gguf"),
        (("--as-of", "yesterday"), 2, "'yesterday' is not a day; write YYYY-MM-DD"),
        (("--as-of", "2025-02-30"), 2, "2025-02-30"),
        (("--store", "nonsense"), 2, "unknown --store 'nonsense'"),
    ],
)
def test_wrong_option_is_told_on_one_line(rag, indexed, words, code, told):
    words = words if "--llm" in words else (*words, *NONE)
    one_line(rag("ask", QUESTION, *words), code, told)


def test_missing_index_says_what_to_do(rag, tmp_path):
    for words in (("ask", QUESTION, *NONE), ("search", QUESTION)):
        one_line(rag(*words, "--index", tmp_path / "no"), 1, "there is no index", "rag index")


def test_damaged_index_says_what_to_do(rag, indexed):
    (database,) = indexed.index.glob("g-*/texts.sqlite")
    database.write_bytes(database.read_bytes()[:-1])
    one_line(rag("ask", QUESTION, *NONE), 1, "texts.sqlite", "rag index")


def test_missing_language_model_says_what_to_do(rag, indexed):
    one_line(rag("ask", QUESTION), 1, "rag models pull")


@pytest.mark.parametrize("reply", [NO_DRAFTS["garbage"], NO_DRAFTS["an error"]])
def test_failing_language_model_leaves_the_quotes_and_a_note(rag, indexed, monkeypatch, reply):
    monkeypatch.setattr("rag.pipeline.open_llm", lambda _: says(reply))
    status, out, _ = rag("ask", QUESTION)
    assert status == 0
    assert out.startswith("[1] “")
    assert "The language model failed; this answer is made without it" in " ".join(out.split())


def test_unknown_setting_in_the_environment_is_refused(rag, monkeypatch):
    monkeypatch.setenv("RAG_NONSENSE", "1")
    one_line(rag("ask", QUESTION), 2, "RAG_NONSENSE")


@pytest.mark.parametrize(
    ("text", "words"),
    [("nonsense = 1\n", "nonsense"), ("evidence = 0\n", "evidence"), ("= broken", "rag.toml")],
)
def test_wrong_settings_file_is_refused(rag, tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rag.toml").write_text(text)
    one_line(rag("ask", QUESTION), 2, words)


def test_port_in_use_is_told_before_models_load(rag):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        one_line(rag("chat", "--port", port), 1, f"port {port}", "--port")


def test_empty_folder_is_not_indexed(rag, tmp_path):
    (tmp_path / "empty").mkdir()
    one_line(rag("index", tmp_path / "empty", "--index", tmp_path / "index"), 1, "no article")


def test_unknown_model_is_not_pulled(rag):
    one_line(rag("models", "pull", "nonsense"), 2, "'nonsense'; known: minilm")


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["rag", "--debug", "ask", ""])
    with pytest.raises(UsageError):  # and Python prints it
        main()


def test_error_nobody_foresaw_is_one_line_too(rag, monkeypatch):
    def breaks(*_: object, **__: object) -> None:
        raise LookupError("first\nsecond")

    monkeypatch.setattr("rag.cli.load_settings", breaks)
    one_line(rag("models"), 1, "LookupError: first second", "--debug")


# ---------------------------------------------------------------- answers


def test_answer_is_told_with_its_quote(rag, indexed):
    code, out, err = rag("ask", QUESTION, *NONE)
    assert (code, err) == (0, "")
    assert ARMY in " ".join(out.split())
    assert "[1]" in out


def test_abstention_is_an_honest_answer_with_exit_0(rag, indexed):
    code, out, _ = rag("ask", "Do elephants dance?", *NONE)
    assert code == 0
    assert "The 2 articles do not say: Do elephants dance?" in " ".join(out.split())


def test_json_is_the_answer_object(rag, indexed):
    code, out, _ = rag("ask", QUESTION, "--json", *NONE)
    answer = json.loads(out)
    assert (code, answer["status"], answer["answer"]) == (0, "answered", f"{ARMY} [1]")


def test_as_of_hides_what_came_later(rag, indexed):
    _, out, _ = rag("ask", "How many troops?", "--json", "--as-of", "2025-12-18", *NONE)
    assert (json.loads(out)["status"], json.loads(out)["as_of"]) == ("abstained", "2025-12-18")


def test_statements_are_told_as_the_model_writes_them(rag, indexed, monkeypatch):
    monkeypatch.setattr("rag.pipeline.open_llm", lambda _: says(drafts(("It is 800,000.", [1]))))
    _, out, _ = rag("ask", QUESTION)
    assert out.index("It is 800,000. [1]") < out.index(ARMY)


def test_search_gives_the_contracts_rows(rag, indexed):
    _, out, _ = rag("search", "army", "-k", "2", "--json")
    found = json.loads(out)
    assert found["query"] == "army"
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    first = found["hits"][0]
    assert set(first) == set("rank article title date start end text score".split())
    assert FILES[first["article"]][first["start"] : first["end"]] == first["text"] == ARMY


# ---------------------------------------------------------------- batches

GOOD = {"id": "first", "question": QUESTION}
BAD = [
    (b"not json", "line-2", "not JSON"),
    (b'{"question": "x', "line-2", "not JSON"),
    (b"\xff\xfe\xfa", "line-2", "not JSON"),
    (b"[" * 100_000, "line-2", "not JSON"),
    (b"[1, 2]", "line-2", '"question"'),
    (b"null", "line-2", '"question"'),
    (b'{"id": "b"}', "b", '"question"'),
    (b'{"id": "b", "question": 5}', "b", '"question"'),
    (b'{"id": 5, "question": null}', "5", '"question"'),
    (b'{"id": "b", "question": " "}', "b", "empty"),
    (b'{"id": "b", "question": "\\u0000"}', "b", "empty"),
    (b'{"id": "\\ud800", "question": "\\ud800"}', "\ud800", "empty"),
    (json.dumps({"id": "b", "question": "x" * 20_000}).encode(), "b", "20,000"),
    (b'{"id": "b", "question": "army", "as_of": "soon"}', "b", "soon"),
    (b'{"id": "b", "question": "army", "as_of": 5}', "b", "5"),
    (b'{"id": "b", "question": "army", "history": "Who?"}', "b", "history"),
    (b'{"id": "b", "question": "army", "history": [{"role": "robot"}]}', "b", "robot"),
]


@pytest.mark.parametrize(("line", "name", "words"), BAD)
def test_malformed_line_fails_in_its_place_and_the_run_goes_on(
    rag, indexed, tmp_path, line, name, words
):
    batch = tmp_path / "lines.jsonl"
    last = {"id": "last", "question": "How many troops?", "as_of": "2025-12-31"}
    batch.write_bytes(json.dumps(GOOD).encode() + b"\n" + line + b"\n" + json.dumps(last).encode())
    told = rag("ask", "--batch", batch, *NONE)
    one_line(told, 1, "1 lines failed")
    first, failed, third = map(json.loads, told[1].splitlines())
    assert (first["id"], first["answer"]) == ("first", f"{ARMY} [1]")
    assert (third["id"], third["answer"]) == ("last", f"{BORDER} [1]")
    assert (failed["id"], failed["status"], set(failed)) == (
        name,
        "error",
        {"id", "status", "error"},
    )
    assert words in failed["error"]
    assert "\n" not in failed["error"]


def test_failing_model_costs_its_line_only_its_words(rag, indexed, tmp_path, monkeypatch):
    model = says(drafts(("It is 800,000.", [1])), TypeError("broken"), drafts(("It is 90.", [1])))
    monkeypatch.setattr("rag.pipeline.open_llm", lambda _: model)
    questions = [QUESTION, "Which army?", "How many troops?"]
    rows = [{"id": str(n), "question": q} for n, q in enumerate(questions)]
    (tmp_path / "lines").write_text("\n".join(map(json.dumps, rows)))
    code, out, _ = rag("ask", "--batch", tmp_path / "lines")
    answers = [json.loads(line) for line in out.splitlines()]
    assert (code, [answer["status"] for answer in answers]) == (0, ["answered"] * 3)
    notes = [answer["provenance"].get("note", "") for answer in answers]
    assert [note[:25] for note in notes] == ["", "The language model failed", ""]


def test_error_nobody_foresaw_costs_its_line_only(rag, indexed, tmp_path, monkeypatch):
    def broken(question, passages):
        raise ValueError("not about JSON")

    monkeypatch.setattr("fakes_llm.CountingReranker.score", lambda *_: broken(*_[1:]))
    (tmp_path / "lines").write_text(json.dumps(GOOD))
    code, out, _ = rag("ask", "--batch", tmp_path / "lines", *NONE)
    assert code == 1
    assert json.loads(out)["error"] == "an error nobody foresaw, ValueError: not about JSON"


def test_batch_of_good_lines_is_written_in_order_with_blank_lines_passed_over(
    rag, indexed, tmp_path
):
    history = [{"question": QUESTION, "answer": "800,000"}]
    rows = [GOOD, {"id": 2, "question": "Why?", "history": history}]
    (tmp_path / "lines").write_text("\n\n" + "\r\n \n".join(map(json.dumps, rows)) + "\n")
    told = rag("ask", "--batch", tmp_path / "lines", "--out", tmp_path / "out", *NONE)
    assert told == (0, "", "")
    first, second = map(json.loads, (tmp_path / "out").read_text().splitlines())
    assert (first["id"], second["id"]) == ("first", "2")
    assert second["standalone_question"] == f"{QUESTION} Why?"


def test_search_takes_batches_too(rag, indexed, tmp_path):
    (tmp_path / "lines").write_text(json.dumps(GOOD) + '\n{"id": "b"}\n')
    code, out, _ = rag("search", "--batch", tmp_path / "lines", "-k", "1")
    good, bad = map(json.loads, out.splitlines())
    assert code == 1
    assert (good["id"], good["query"], good["hits"][0]["text"]) == ("first", QUESTION, ARMY)
    assert (bad["id"], bad["status"]) == ("b", "error")


def test_batch_that_cannot_be_read_or_written_is_wrong_usage(rag, indexed, tmp_path):
    one_line(rag("ask", "--batch", tmp_path / "gone", *NONE), 2, "gone")
    (tmp_path / "lines").write_text(json.dumps(GOOD))
    nowhere = tmp_path / "no" / "out"
    one_line(rag("ask", "--batch", tmp_path / "lines", "--out", nowhere, *NONE), 2, str(nowhere))


def test_earlier_answers_are_kept_when_the_run_cannot_start(rag, tmp_path):
    (tmp_path / "lines").write_text(json.dumps(GOOD))
    (tmp_path / "out").write_text("dear")
    batch = ("ask", "--batch", tmp_path / "lines", "--out", tmp_path / "out")
    one_line(rag(*batch, *NONE, "--index", tmp_path / "no"), 1, "there is no index")
    assert (tmp_path / "out").read_text() == "dear"


ASKED = {"role": "user", "content": "Q"}


@pytest.mark.parametrize(
    ("history", "pairs"),
    [
        (None, []),
        ([], []),
        ([["Q", "A"]], [("Q", "A")]),
        ([{"question": "Q", "answer": "A"}], [("Q", "A")]),
        ([{"question": "Q"}, {"question": "R", "answer": None}], [("Q", ""), ("R", "")]),
        ([{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], [("Q", "A")]),
        (
            [{"role": "user", "content": "Q"}, {"role": "user", "content": "R"}],
            [("Q", ""), ("R", "")],
        ),
        (["Q", ["R", "A"]], [("Q", ""), ("R", "A")]),
    ],
)
def test_history_may_be_pairs_objects_or_messages(history, pairs):
    assert turns(history) == pairs


@pytest.mark.parametrize(
    "history",
    [
        *("Q", 5, {}, [5], [None], [["Q"]], [["Q", 5]], [["Q", "A", "B"]], [{}], [{"question": 5}]),
        [{"role": "assistant", "content": "A"}],
        [ASKED, {"role": "system", "content": "A"}],
    ],
)
def test_other_history_is_wrong_usage(history):
    with pytest.raises(UsageError, match="history"):
        turns(history)


# ---------------------------------------------------------------- verify and doctor


@pytest.fixture
def saved(rag, indexed, tmp_path):
    file = tmp_path / "answer.json"
    file.write_text(rag("ask", QUESTION, "--json", *NONE)[1])
    return file


def test_answer_as_given_is_verified(rag, saved):
    assert rag("verify", saved) == (0, "all 1 quotes hold\n", "")


def test_nearest_quotes_of_an_abstention_are_verified(rag, indexed, tmp_path):
    file = tmp_path / "answer.json"
    file.write_text(rag("ask", "Do elephants dance?", "--json", *NONE)[1])
    assert rag("verify", file) == (0, "all 3 quotes hold\n", "")


@pytest.mark.parametrize(
    ("key", "value"),
    [("quote", ARMY[:-1] + "!"), ("start", 1), ("end", len(ARMY) - 1), ("article", "b.txt")],
)
def test_answer_altered_by_one_is_named(rag, saved, key, value):
    answer = json.loads(saved.read_text())
    assert answer["citations"][0][key] != value
    answer["citations"][0][key] = value
    saved.write_text(json.dumps(answer))
    code, out, err = rag("verify", saved)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("does not hold: citation [1] of ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe", "cannot be read"),
        (b"{}", "not an answer object"),
        (b"[]", "not an answer object"),
        (b'"text"', "not an answer object"),
        (None, "cannot be read"),
    ],
)
def test_file_that_is_no_answer_is_refused_on_one_line(rag, indexed, tmp_path, content, words):
    file = tmp_path / "answer.json"
    if content is not None:
        file.write_bytes(content)
    one_line(rag("verify", file), 1, words)


def test_folder_is_no_answer(rag, indexed, tmp_path):
    one_line(rag("verify", tmp_path), 1, "cannot be read")


def test_doctor_names_what_is_missing_and_how_to_get_it(rag, tmp_path, monkeypatch):
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    code, out, err = rag("doctor", "--index", tmp_path / "no")
    assert (code, err) == (1, "")
    wrong = [line for line in out.splitlines() if line.startswith("NO ")]
    assert len(wrong) >= 3
    assert any("minilm" in line and "rag models pull" in line for line in wrong)
    assert any("there is no index" in line for line in wrong)


def test_doctor_names_and_clears_what_a_dead_run_left(rag, indexed):
    (indexed.index / "g-1.unfinished").mkdir()
    _, out, _ = rag("doctor")
    assert "ok  left by an interrupted run, cleared now: g-1.unfinished" in out
    assert not (indexed.index / "g-1.unfinished").exists()
    _, out, _ = rag("doctor")
    assert "left by" not in out


def test_models_are_listed_with_size_licence_and_checksum(rag, tmp_path, monkeypatch):
    monkeypatch.setenv("RAG_HOME", str(tmp_path))
    code, out, _ = rag("models")
    assert code == 0
    for name in ("minilm", "local", "small"):
        assert f"{name}: missing" in out
    assert "1,117,320,768 bytes, Apache-2.0, sha256 cc324af0" in out
