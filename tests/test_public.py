"""The public face: pinned names, and an import that costs nothing."""

import subprocess
import sys

import pytest

import rag
from rag.settings import PACKAGE

NAMES = [
    "Abstention",
    "Answer",
    "Article",
    "Citation",
    "Conflict",
    "Finished",
    "Found",
    "Hit",
    "Rag",
    "RagError",
    "Sentence",
    "Settings",
    "Side",
    "Stated",
    "Statement",
]
HEAVY = ["torch", "transformers", "sentence_transformers", "faiss", "gradio", "xllamacpp"]
HEAVY += ["langchain", "langchain_core", "numpy", "pydantic", "bm25s", "typer"]


def test_public_names_are_pinned_and_sorted():
    """Taking a name away or adding one changes the contract and belongs into the changelog."""
    assert rag.__all__ == NAMES == sorted(NAMES)
    assert dir(rag) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_can_be_imported_and_is_told(name):
    thing = getattr(rag, name)
    assert thing.__name__ == name
    assert thing.__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'pipline'"):
        _ = rag.pipline


def test_errors_are_all_of_one_tree():
    from rag import errors

    for name, thing in vars(errors).items():
        if isinstance(thing, type):
            assert issubclass(thing, rag.RagError)
            assert thing.exit_code in (1, 2)
            assert name in errors.__doc__


def in_a_fresh_python(code: str) -> list[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_import_of_the_package_loads_nothing_heavy():
    loaded = in_a_fresh_python("import sys, rag; print(*sys.modules)")
    assert "rag" in loaded
    assert not set(HEAVY) & set(loaded)
    assert not [name for name in loaded if name.startswith("rag.")]


@pytest.mark.parametrize(
    "room",
    ["settings", "corpus", "words", "answer", "audit", "index", "indexer", "retriever", "cli"],
)
def test_import_of_a_room_loads_no_torch(room):
    loaded = in_a_fresh_python(f"import sys, rag.{room}; print(*sys.modules)")
    assert f"rag.{room}" in loaded
    assert not {"torch", "transformers", "sentence_transformers", "gradio"} & set(loaded)


def test_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()
