"""What every test gets: no network, no settings from outside, all user data below tmp_path."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import pytest
from fakes import FakeEmbedder

from rag.settings import Settings, default_home

HOME = Path(os.environ.get("RAG_HOME") or default_home()).absolute()  # before tests clear it


def _may_connect(request: pytest.FixtureRequest) -> bool:
    return any(request.node.get_closest_marker(mark) for mark in ("real", "browser", "servers"))


@pytest.fixture(autouse=True)
def own_place(request, monkeypatch, tmp_path_factory):
    """An empty working folder and user cache, no RAG_* setting but a host name for tests.

    Real tests keep the models.
    """
    for name in [name for name in os.environ if name.startswith("RAG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAG_HOST_NAMES", "testserver")  # what starlette's TestClient calls
    if request.node.get_closest_marker("real"):
        monkeypatch.setenv("RAG_HOME", str(HOME))
    place = tmp_path_factory.mktemp("user")
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    monkeypatch.chdir(place)


@pytest.fixture(autouse=True)
def no_network(request, monkeypatch):
    """Connecting or looking a host up ends the test at once, whatever catches exceptions."""
    if _may_connect(request):
        return

    connect = socket.socket.connect

    def refuse(*args: object, **_: object) -> None:
        pytest.fail(f"a fast test reached for the network: {args}")

    def connect_here(own: socket.socket, address: object) -> None:
        if own.family != socket.AF_UNIX:  # a file of this machine
            own.close()  # whoever opened it expects an OSError, and would leave it open
            refuse(address)
        connect(own, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    for name in ("connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="session")
def home() -> Path:
    """The real models' home, with the embedder in it; for tests marked real."""
    from rag.models import pull

    pull(["minilm"], HOME)
    return HOME


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path / "home", index=tmp_path / "index", threads=1)


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def sources(tmp_path) -> Callable[..., Path]:
    """Write articles into one folder: ``sources({"a.txt": "Text."})`` gives the folder."""
    folder = tmp_path / "articles"

    def write(files: dict[str, str]) -> Path:
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_bytes(text.encode())
        return folder

    return write
