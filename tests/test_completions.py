"""The chat-completions protocol: what is taken, what is given, and that its text is inert."""

import json

import pytest
from fakes_web import EVIL, SEA, FakeEngine, client_for
from markdown_it import MarkdownIt
from test_api import error

URL = "/v1/chat/completions"


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def client(engine):
    with client_for(engine) as opened:
        yield opened


def asked(*contents, **more) -> dict:
    """Write a request: user and assistant take turns, the last is the user's."""
    roles = ["user", "assistant"] * len(contents)
    said = zip(roles[: len(contents)], contents, strict=True)
    return {"model": "quotable", "messages": [{"role": r, "content": c} for r, c in said], **more}


def chunks(text: str) -> list[dict]:
    lines = [line for line in text.split("\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def content(served) -> str:
    return served.json()["choices"][0]["message"]["content"]


def test_answer_has_markers_quotes_annotations_and_citations(client):
    told = client.post(URL, json=asked("What of the sea?")).json()
    choice = told["choices"][0]
    assert (told["object"], told["model"]) == ("chat.completion", "quotable")
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    text = choice["message"]["content"]
    assert text.startswith("It goes on, Ada says. [1] It rose. [2]\n\nQuotes:\n- [1] “")
    quotes = [c["quote"] for c in told["citations"]]
    assert quotes == ["“It is not over.”", "The sea rose by 3 metres."]
    assert all(SEA[c["start"] : c["end"]] == c["quote"] for c in told["citations"])
    notes = [note["url_citation"] for note in choice["message"]["annotations"]]
    assert [text[n["start_index"] : n["end_index"]] for n in notes] == ["[1]", "[2]"] * 2
    start = SEA.index("“It is")
    place = f"http://localhost/v1/articles/sea.txt?format=text#char={start},{start + 17}"
    assert notes[0]["url"] == place
    assert notes[0]["title"].startswith("The sea")


def test_addresses_of_annotations_lead_to_the_articles_text(client):
    told = client.post(URL, json=asked("What of the hill?")).json()
    note = told["choices"][0]["message"]["annotations"][0]["url_citation"]
    assert "hill%20%5B1%5D.txt" in note["url"]
    address, place = note["url"].split("#char=")
    start, end = map(int, place.split(","))
    assert client.get(address).text[start:end] == told["citations"][0]["quote"]


def test_stream_is_the_same_text_in_pieces(client):
    for question in ("What of the sea?", "What of the hill?", "Who is on the moon?", "evil?"):
        whole = client.post(URL, json=asked(question)).json()
        rows = chunks(client.post(URL, json=asked(question, stream=True)).text)
        assert {row["id"] for row in rows} == {rows[0]["id"]}
        assert {row["object"] for row in rows} == {"chat.completion.chunk"}
        deltas = [row["choices"][0]["delta"] for row in rows]
        assert deltas[0] == {"role": "assistant", "content": ""}
        assert ["evidence" in row for row in rows] == [True] + [False] * (len(rows) - 1)
        text = "".join(delta.get("content", "") for delta in deltas)
        message = whole["choices"][0]["message"]
        assert text == message["content"]
        assert deltas[-2]["annotations"] == message["annotations"]
        assert rows[-1]["citations"] == whole["citations"]
        ends = [row["choices"][0]["finish_reason"] for row in rows]
        assert ends == [None] * (len(rows) - 1) + ["stop"]


def test_answer_that_ends_otherwise_than_it_began_is_given_whole(client, engine):
    engine.renumber = True
    rows = chunks(client.post(URL, json=asked("What of the sea?", stream=True)).text)
    deltas = [row["choices"][0]["delta"] for row in rows]
    text = "".join(delta.get("content", "") for delta in deltas)
    begun, final = (
        "It goes on, Ada says. [1] It rose. [2]",
        "It rose. [1] It goes on, Ada says. [2]",
    )
    assert text.startswith(f"{begun}\n\n{final}\n\nQuotes:")
    quotes = {str(c["n"]): c for c in rows[-1]["citations"]}
    assert quotes["1"]["quote"] == "The sea rose by 3 metres."
    places = [note["url_citation"]["start_index"] for note in deltas[-2]["annotations"]]
    assert min(places) > len(begun)  # what was sent first has other numbers


def test_partial_support_conflicts_and_resolved_follow_ups_are_said(client):
    text = content(client.post(URL, json=asked("What of the hill, do they differ on it ?")))
    assert "Bread was sold. (partly supported) [1]" in text
    assert "“The sea rose by 3 metres.” [2]" in text  # a quote stands in quotation marks
    assert (
        "Sources differ: the sea\n- 2025-05-01: It rose. [1]\n- date unknown: It fell. [1]" in text
    )
    assert "Understood as: What of the hill, do they differ on it ? (sea)" in text


def test_note_on_a_model_that_failed_is_said(client):
    text = content(client.post(URL, json=asked("quiet?")))
    assert "\n\nThe model \\<b\\>failed\\</b\\>.\n\nQuotes:" in text


def test_abstention_says_so_with_the_nearest_quotes(client):
    served = client.post(URL, json=asked("Who is on the moon?"))
    assert content(served).startswith("The 2 articles do not say.\n\nNearest quotes:\n- “")
    assert served.json()["citations"] == []
    assert served.json()["choices"][0]["message"]["annotations"] == []


def test_hostile_article_stays_inert_text(client):
    served = client.post(URL, json=asked("evil?"))
    assert served.json()["citations"][0]["quote"] == f"Then came {EVIL} and the end."
    html = MarkdownIt("commonmark").render(content(served))
    for tag in ("<script", "<img", "<a ", "<em", "<code"):
        assert tag not in html
    assert "alert(1)" in html
    notes = served.json()["choices"][0]["message"]["annotations"]
    marks = [content(served)[n["url_citation"]["start_index"] :][:3] for n in notes]
    assert marks == ["[1]", "[1]"]  # the article's own [7] is no marker


def test_earlier_messages_are_the_history(client, engine):
    request = asked("Who?", "Ada.", "And then?", "This [1].", "What of the sea?")
    request["messages"].insert(0, {"role": "system", "content": "Say that the sea fell."})
    request["messages"].insert(3, {"role": "developer", "content": "Lie."})
    assert client.post(URL, json=request).status_code == 200
    assert engine.calls[0][:2] == (
        "What of the sea?",
        [("Who?", "Ada."), ("And then?", "This [1].")],
    )


def test_our_own_message_may_come_back_as_it_was(client, engine):
    message = client.post(URL, json=asked("What of the sea?")).json()["choices"][0]["message"]
    request = asked("What of the sea?", "", "And the hill?")
    request["messages"][1] = {**message, "tool_calls": None, "audio": None, "function_call": None}
    assert client.post(URL, json=request).status_code == 200
    assert engine.calls[1][1] == [("What of the sea?", message["content"])]


def test_parts_of_text_are_read_and_others_refused(client, engine):
    request = asked([{"type": "text", "text": "What of"}, {"type": "text", "text": "the sea?"}])
    assert client.post(URL, json=request).status_code == 200
    assert engine.calls[0][0] == "What of\nthe sea?"
    picture = asked([{"type": "image_url", "image_url": {"url": "http://evil.example"}}])
    error(client.post(URL, json=picture), 400, "invalid_request")


def test_settings_of_a_writing_model_change_nothing(client, engine):
    more = {
        "temperature": 0.7, "top_p": 1, "max_tokens": 5, "max_completion_tokens": None, "seed": 1,
        "stop": ["\n"], "user": "me", "n": 1, "response_format": {"type": "text"},
        "logprobs": False, "tools": [], "tool_choice": "none", "as_of": "2025-05-02",
        "stream_options": {"include_usage": True},
    }  # fmt: skip
    assert client.post(URL, json=asked("What of the sea?", **more)).status_code == 200
    assert engine.calls[0][2].isoformat() == "2025-05-02"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"n": 2}, "n:"),
        ({"logprobs": True}, "logprobs:"),
        ({"tools": [{"type": "function"}]}, "tools: no tools are called here"),
        ({"tool_choice": "required"}, "tool_choice:"),
        ({"response_format": {"type": "json_object"}}, "response_format.type:"),
        ({"web_search_options": {}}, "web_search_options: Extra"),
        ({"messages": []}, "the last message"),
        ({"messages": [{"role": "system", "content": "x"}]}, "the last message"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant"}]}, "the last"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role:"),
        ({"messages": [{"role": "user", "content": None}]}, "the question is empty"),
        ({"messages": [{"role": "user", "content": "x", "id": 1}]}, "messages.0.id: Extra"),
        ({"model": 5}, "model:"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_what_cannot_be_given_is_refused(client, engine, more, message, stream):
    served = client.post(URL, json={**asked("What of the sea?", stream=stream), **more})
    assert message in error(served, 400, "invalid_request")
    assert not engine.calls


def test_engines_problem_has_its_status_or_is_the_last_event(client):
    error(client.post(URL, json=asked("down?", stream=True)), 503, "unavailable")
    served = client.post(URL, json=asked("crash?", stream=True)).text
    *_, name, data = [line for line in served.split("\n") if line]
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"]["type"] == "internal"
    assert "[DONE]" not in served


def test_one_model_is_listed(client):
    listed = client.get("/v1/models").json()
    assert [row["id"] for row in listed["data"]] == ["quotable"]
    assert client.get("/v1/models/quotable").json() == listed["data"][0]
    assert "“quotable”" in error(client.get("/v1/models/gpt"), 404, "not_found")
    served = client.post(URL, json={**asked("What of the sea?"), "model": "gpt"})
    error(served, 404, "not_found")
