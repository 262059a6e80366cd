"""The wheel carries all that the product needs: prompts, articles, gold set, weights."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = """
rag/py.typed rag/answer.schema.json rag/calibration.json rag/reranker.safetensors
rag/reranker.safetensors.sha256 rag/adapter.gguf rag/adapter.gguf.sha256
rag/queryencoder.safetensors rag/queryencoder.safetensors.sha256
rag/web/static/chat.css rag/_data/prompts/answer.system.md rag/_data/seeds/articles.toml
rag/_data/seeds/001_f3d83ea0c85b3f32.txt rag/_data/eval/gold.jsonl rag/_data/eval/run.py
""".split()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", folder, ROOT], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_the_package_and_its_data(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert set(NEEDED) <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"rag"}
    assert not [name for name in names if "/out/" in name or name.endswith(".pyc")]


@pytest.mark.real
def test_unpacked_wheel_answers_away_from_the_checkout(wheel, tmp_path, home):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    (tmp_path / "work").mkdir()
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "RAG_HOME": str(home)}

    def rag(*words):
        code = "import sys; from rag.cli import main; sys.argv[0] = 'rag'; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path / "work",
            env=env,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout

    index = ("--index", str(tmp_path / "index"))
    assert "articles: 5 added" in rag("index", *index)
    told = rag("ask", "How large an army did the EU suggest?", "--llm", "none", *index)
    assert "800,000 men" in " ".join(told.split())
