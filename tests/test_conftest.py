"""The tests' own safety net holds."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder, encode

from rag.settings import load_settings


@pytest.mark.parametrize(
    "reach",
    [
        lambda s: s.connect(("127.0.0.1", 9)),
        lambda s: s.connect_ex(("127.0.0.1", 9)),
        lambda s: s.sendto(b"?", ("127.0.0.1", 9)),
        lambda _: socket.create_connection(("127.0.0.1", 9), timeout=1),
        lambda _: socket.getaddrinfo("localhost", 80),
    ],
)
def test_fast_tests_cannot_reach_the_network(reach):
    with (
        socket.socket(type=socket.SOCK_DGRAM) as any_socket,
        pytest.raises(pytest.fail.Exception, match="reached for the network"),
    ):
        reach(any_socket)


def test_what_may_not_connect_is_not_left_open():
    with socket.socket() as opened:
        with pytest.raises(pytest.fail.Exception, match="reached for the network"):
            opened.connect(("127.0.0.1", 9))
        assert opened.fileno() == -1


def test_nothing_of_the_user_is_in_reach():
    given = {name for name in os.environ if name.startswith("RAG_")}
    assert given <= {"RAG_HOST_NAMES"}  # what TestClient calls its server
    assert not list(Path.cwd().iterdir())
    assert load_settings().home.is_relative_to(Path.cwd())
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_fake_vectors_are_as_told():
    three_four = encode("Army army army, border border border border!")
    assert three_four.vector[:3] == pytest.approx([0.6, 0.8, 0.0])
    assert three_four.tokens.shape == (7, 9)
    assert three_four.tokens[0].tolist() == [1.0, 0, 0, 0, 0, 0, 0, 0, 0]
    unknown = encode("Nothing here.")
    assert unknown.vector.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1.0]
    assert unknown.tokens.shape == (0, 9)
    assert [e.vector.dtype for e in FakeEmbedder().encode(["army"])] == [np.float32]
