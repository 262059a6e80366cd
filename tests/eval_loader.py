"""Loads the evaluation as `rag eval` does, for the tests, which may not import it by name."""

import importlib
import sys
from types import ModuleType

from rag.cli import _load_evaluation

if "quotable_eval" not in sys.modules:
    _load_evaluation()


def load(name: str) -> ModuleType:
    """Give one module of the evaluation."""
    return importlib.import_module(f"quotable_eval.{name}")
