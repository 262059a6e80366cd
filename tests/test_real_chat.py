"""`rag chat` as a command, with the real models: how soon it is there."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.models import locate
from rag.settings import Settings, resource

pytestmark = [pytest.mark.real, pytest.mark.browser]  # it connects, as a browser does
RAG = Path(sys.executable).with_name("rag")
PAGE_SECONDS, TRIES = 3, 3  # a machine busy with other things may cost a try
LIBRARIES = "import gradio, langchain_core.language_models, faiss, onnxruntime"
READY_TIMES = 3  # as long as the libraries alone take to import: machines differ by three times


@pytest.fixture(scope="module")
def place(home, tmp_path_factory):
    if not os.environ.get("CI"):
        try:
            locate("local", home)
        except Exception as problem:  # noqa: BLE001
            pytest.skip(f"the language model is not here: {problem}")
    index = tmp_path_factory.mktemp("chat") / "index"
    build_index([resource("seeds")], Settings(home=home, index=index), open_embedder)
    return {"RAG_HOME": str(home), "RAG_INDEX": str(index)}


@contextmanager
def chat(place):
    command = [RAG, "chat", "--port", "0"]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **place}
    )
    try:
        yield server, re.search(r"http://\S+", server.stdout.readline())[0]
    finally:
        server.terminate()
        assert server.wait(30) in (0, -15)
        server.stdout.close()


def worked(pid):
    """Seconds of a processor a process has had: what it takes where nothing else runs."""
    told = Path(f"/proc/{pid}/stat")
    if not told.exists():
        return float("inf")
    fields = told.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(address, accept="text/html"):
    request = urllib.request.Request(address, headers={"accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def imported():
    """Seconds that importing the libraries takes on this machine, now."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-W", "ignore", "-c", LIBRARIES], check=True)
    return time.monotonic() - begun


def test_the_page_is_up_at_once_and_questions_are_answered_soon(place):
    times, limit = [], READY_TIMES * imported()
    for _ in range(TRIES):
        begun = time.monotonic()
        with chat(place) as (server, address):
            status, page = get(address)
            up = time.monotonic() - begun
            assert status == 200
            assert "Warming up" in page
            assert get(f"{address}/healthz", "application/json")[0] == 503
            assert server.stdout.readline() == "Ready for questions.\n"
            times.append((up, min(time.monotonic() - begun, worked(server.pid))))
            assert get(f"{address}/healthz", "application/json")[0] == 200
            assert "Warming up" not in get(address)[1]
        if times[-1][0] < PAGE_SECONDS and times[-1][1] < limit:
            return
    pytest.fail(f"seconds until the page was up, and until it was ready ({limit}): {times}")
