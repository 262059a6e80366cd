"""The rooms: who may import whom, and how long a function may be."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.settings import PACKAGE, resource

# A room imports only rooms above it.
ORDER = """
errors settings parallel hidden loaders datelines sentences corpus changes words vocabulary offices
units expected passages models bert embedder store texts wordindex index sharedindex sharedindexer
indexer
calibration shipped queryencoder reranker retriever reprints citation answer audit question prompts
modelstate llm tune attempt followup parts reader attribution support voices verifier tense timeline
timewords conflicts whosewords overview whois gate evidence assembly progress pipeline render markup
chart document doctor web cli
""".split()
OWNERS = {
    "bm25s": "wordindex",
    "distributed": "parallel",
    "faiss": "store",
    "gradio": "web",
    "onnx": "bert",
    "onnxruntime": "bert",
    "grpc": "store",
    "opentelemetry": "web",
    "prometheus_client": "web",
    "psycopg": "store",
    "pymilvus": "store",
    "sentence_transformers": "embedder",
    "sentencex": "sentences",
    "sqlite3": "texts",
    "typer": "cli",
    "xllamacpp": "llm",
}
FORBIDDEN = {"pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib", "eval", "tests"}
LONGEST = 60
# The one way from rag to eval: the command that hands over to it.
DOOR = {"evaluate", "_load_evaluation"}
EVAL_FILES = {path.name for path in resource("eval").iterdir() if path.is_file()} - {"__init__.py"}

FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def told(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imports(tree: ast.AST) -> Iterator[str]:
    """Give the full names of all that is imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "rag":
                yield from (f"rag.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


def test_every_room_has_its_place_in_the_order():
    rooms = {room(path) for path in FILES} - {"__init__", "_data"}
    assert rooms == set(ORDER)
    assert len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize("path", [p for p in FILES if room(p) != "__init__"], ids=told)
def test_room_imports_only_rooms_above_it(path):
    own = room(path)
    above = set(ORDER[: ORDER.index(own) + 1])
    used = {name.split(".")[1] for name in imports(TREES[path]) if name.startswith("rag.")}
    assert used <= above


@pytest.mark.parametrize("path", FILES, ids=told)
def test_library_is_known_to_its_own_room_alone(path):
    used = {name.partition(".")[0] for name in imports(TREES[path])}
    assert not used & FORBIDDEN
    assert {OWNERS[name] for name in used & OWNERS.keys()} <= {room(path)}


@pytest.mark.parametrize("path", FILES, ids=told)
def test_no_text_is_ever_run_as_code(path):
    called = {
        node.func.id
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"eval", "exec", "compile", "__import__"}


def texts(tree: ast.AST) -> Iterator[str]:
    """Give every string of a file but docstrings and what stands inside the door to eval."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        named = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        if getattr(node, "name", "") in DOOR:
            skipped |= set(ast.walk(node))
        elif named and ast.get_docstring(node) is not None:
            skipped.add(node.body[0].value)
        if node not in skipped and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def reaches_for_eval(text: str) -> bool:
    """Whether a string names the evaluation's folder, one of its files or its package."""
    parts = re.split(r"[/\\]", text)
    return "eval" in parts or "quotable_eval" in text or bool(EVAL_FILES & set(parts))


@pytest.mark.parametrize("path", FILES, ids=told)
def test_no_room_names_the_evaluations_folder_or_files(path):
    """What answers are checked against must not leak into the answers; imports are below."""
    assert [text for text in texts(TREES[path]) if reaches_for_eval(text)] == []


@pytest.mark.parametrize("path", FILES, ids=told)
def test_no_function_is_longer_than_a_screen(path):
    lengths = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(TREES[path])
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}


def test_these_checks_can_fail():
    leak = (
        'def f():\n    """Reads eval/x."""\n    return resource("eval") / "gold.jsonl", "a/eval/b"'
    )
    found = {text for text in texts(ast.parse(leak)) if reaches_for_eval(text)}
    assert found == {"eval", "gold.jsonl", "a/eval/b"}
    assert list(texts(ast.parse('def evaluate():\n    return "eval"'))) == []
    assert not reaches_for_eval("script-src 'unsafe-eval'")
    tree = ast.parse("def f():\n    from rag import cli\n    import faiss.contrib\n")
    assert sorted(imports(tree)) == ["faiss.contrib", "rag.cli"]
    assert OWNERS["faiss"] != "cli"
