"""What the model has read, kept on disk: whole or not at all, and never taken for another's."""

import http.server
import json
import socketserver
import tempfile
import threading
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from rag.llm import LocalChat
from rag.models import locate
from rag.modelstate import KEPT, States

STATE = b"keys and values" * 1000


class Slots(http.server.BaseHTTPRequestHandler):
    """llama.cpp's slots: writes a state into a file, takes one from there."""

    def do_POST(self):
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["filename"]
        action = self.path.removeprefix("/slots/0?action=")
        self.server.asked.append((action, name))
        if action == "save":  # one that fails leaves half of it
            (self.server.folder / name).write_bytes(STATE)
        self.send_response(self.server.status)
        self.end_headers()

    def address_string(self):
        return "here"

    def log_message(self, *_):
        pass


@pytest.fixture
def llama(tmp_path):
    (tmp_path / "states").mkdir()
    with tempfile.TemporaryDirectory() as place:  # a socket's path may not be long
        server = socketserver.ThreadingUnixStreamServer(f"{place}/llm.sock", Slots)
        server.asked, server.status, server.folder = [], 200, tmp_path / "states"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
        server.server_close()


@pytest.fixture
def states(llama):
    return States(llama.folder, Path(llama.server_address))


def test_what_was_kept_comes_back(states, llama):
    assert not states.restore("a")
    assert llama.asked == []
    states.save("a")
    assert states.restore("a")
    assert not states.restore("b")
    ((_, part), restored) = llama.asked
    assert part.endswith(".part")
    assert restored == ("restore", "a.state")
    assert sorted(path.name for path in llama.folder.iterdir()) == ["a.sha256", "a.state"]


@pytest.mark.parametrize("damage", ["bit", "short", "empty", "gone", "sum", "no sum"])
def test_what_is_not_whole_is_never_given_to_the_model(states, llama, damage):
    states.save("a")
    file, noted = llama.folder / "a.state", llama.folder / "a.sha256"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    match damage:
        case "bit":
            file.write_bytes(data)
        case "short":
            file.write_bytes(data[:-1])
        case "empty":
            file.write_bytes(b"")
        case "gone":
            file.unlink()
        case "sum":
            noted.write_text("0" * 64, "ascii")
        case "no sum":
            noted.unlink()
    assert not states.restore("a")
    assert [action for action, _ in llama.asked] == ["save"]
    states.save("a")
    assert states.restore("a")


def test_states_nobody_uses_any_more_go(states, llama):
    for number in range(KEPT + 3):
        states.save(f"k{number}")
    assert len(list(llama.folder.iterdir())) == 2 * KEPT
    assert states.restore(f"k{KEPT + 2}")
    assert not states.restore("k0")


def test_a_model_that_refuses_or_is_gone_costs_nothing_else(states, llama):
    states.save("a")
    llama.status = 500
    assert not states.restore("a")
    states.save("b")
    assert not (llama.folder / "b.state").exists()
    gone = States(llama.folder, Path("/nonexistent/llm.sock"))
    assert not gone.restore("a")
    gone.save("c")
    assert sorted(path.name for path in llama.folder.iterdir()) == ["a.sha256", "a.state"]


@pytest.mark.real
def test_real_model_goes_on_where_the_last_one_was_and_says_the_same(home, tmp_path):
    opening = SystemMessage("You answer with one word. " + "Talks go on in many towns. " * 20)
    asked = [opening, HumanMessage("What is the capital of France?")]

    def ask(states):
        model = LocalChat(path=locate("local", home), max_tokens=8, states=states)
        model.preload([opening])
        reply = model.invoke(asked)
        kept = sorted(path.name for path in states.iterdir()) if states else []
        model.close()
        return reply, kept

    plain, _ = ask(None)
    first, kept = ask(tmp_path)
    again, same = ask(tmp_path)
    assert plain.text == first.text == again.text
    assert kept == same
    assert [Path(name).suffix for name in kept] == [".sha256", ".state"]
    for name in kept:
        if name.endswith(".state"):
            (tmp_path / name).write_bytes(b"x" + (tmp_path / name).read_bytes()[1:])
    assert ask(tmp_path)[0].text == plain.text
