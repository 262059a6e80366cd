"""Small faults put into the code on purpose: do the tests of the room notice?

One change a mutant: a comparison, a boolean, a number, a word, an operator, a returned value. Each
runs the room's own fast tests in a process forked from a warm one. A mutant that no test notices is
either a gap or means the same as the original; the report lists them, to be looked at.
"""

import argparse
import ast
import copy
import importlib
import io
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from .report import Report, finish, options

ROOT = Path(__file__).parents[2]
ROOMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "citation": (("rag/citation.py", "rag/audit.py"), ("test_citation", "test_audit")),
    "verifier": (
        ("rag/verifier.py", "rag/voices.py"),
        ("test_verifier", "test_voices", "test_pipeline", "test_reader"),
    ),
    "support": (
        tuple(f"rag/support/{name}.py" for name in ("align", "names", "numbers", "roles", "sense")),
        ("test_support", "test_support_verdicts", "test_verifier"),
    ),
    "metrics": (
        ("eval/metrics.py", "eval/matching.py", "eval/stats.py"),
        ("test_eval_metrics", "test_eval_gold", "test_eval_run"),
    ),
}
HEAVY = "numpy pytest langchain_core.runnables pydantic jsonschema faiss bm25s".split()
LONGEST = 120  # seconds for one mutant's tests; a hang is noticed as well
SURVIVED = "mutant that no test notices"
COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATE: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}


def changes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give the places that can be changed: (number of the node, what it becomes)."""
    typed = {id(inner) for node in ast.walk(tree) for inner in _types(node)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) not in typed and (what := _change(node, apply=False)):
            yield number, f"line {getattr(node, 'lineno', 0)}: {what}"


def _types(node: ast.AST) -> Iterator[ast.AST]:
    """Annotations, docstrings and messages of assertions: changing them changes nothing."""
    for field in ("annotation", "returns"):
        if (found := getattr(node, field, None)) is not None:
            yield from ast.walk(found)
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
        yield from ast.walk(body[0])


def _change(node: ast.AST, *, apply: bool) -> str:
    """Change a node, or only say what would become of it; empty where there is nothing to do."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARE:
        other = COMPARE[type(node.ops[0])]
        told = f"{type(node.ops[0]).__name__} -> {other.__name__}"
        node.ops = [other(), *node.ops[1:]] if apply else node.ops
        return told
    if isinstance(node, ast.BoolOp):
        told = "and <-> or"
        node.op = (ast.Or() if isinstance(node.op, ast.And) else ast.And()) if apply else node.op
        return told
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATE:
        other_op = OPERATE[type(node.op)]
        told = f"{type(node.op).__name__} -> {other_op.__name__}"
        node.op = other_op() if apply else node.op
        return told
    if isinstance(node, ast.Name) and node.id in NAMES:
        told = f"{node.id} -> {NAMES[node.id]}"
        node.id = NAMES[node.id] if apply else node.id
        return told
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node.op = ast.UAdd() if apply else node.op
        return "not removed" if not apply else "x"
    return _change_value(node, apply=apply)


def _change_value(node: ast.AST, *, apply: bool) -> str:
    if isinstance(node, ast.Constant):
        old: Any = node.value
        if isinstance(old, bool):
            new: Any = not old
        elif isinstance(old, int | float):
            new = old + 1
        elif isinstance(old, str) and old.strip():
            new = old + "X"
        else:
            return ""
        node.value = new if apply else old
        return f"{old!r:.30} -> {new!r:.30}"
    if isinstance(node, ast.Return) and node.value is not None:
        if isinstance(node.value, ast.Constant) and node.value.value is None:
            return ""
        node.value = ast.Constant(None) if apply else node.value
        return "return None"
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        node.test = ast.UnaryOp(ast.Not(), node.test) if apply else node.test
        return "condition turned round"
    return ""


def mutant(tree: ast.AST, number: int) -> ast.AST:
    """Give a copy of a tree with one node changed."""
    changed = copy.deepcopy(tree)
    node = next(n for at, n in enumerate(ast.walk(changed)) if at == number)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _change(node, apply=True)
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)  # bool, not negated
    else:
        _change(node, apply=True)
    return ast.fix_missing_locations(changed)


def noticed(path: Path, code: CodeType | None, tests: Sequence[str]) -> bool:
    """Whether the tests fail with the changed code (or None: as it is) in the file's place."""
    process = os.fork()
    if process == 0:
        os.setpgrp()
        signal.alarm(LONGEST)
        right = SourceFileLoader.get_code

        def get_code(self: SourceFileLoader, name: str) -> CodeType | None:
            own = code is not None and Path(self.path).resolve() == path
            return code if own else right(self, name)

        SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
        import pytest

        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            quick = ["-x", "-q", "-p", "no:cacheprovider", "-m", "not real and not browser"]
            files = [str(ROOT / "tests" / f"{name}.py") for name in tests]
            os._exit(int(pytest.main([*quick, *files]) != 0))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) != 0


def run(report: Report, room: str, many: int, seed: int, end: float) -> None:
    """Try so many mutants of a room, drawn over its files."""
    files, tests = ROOMS[room]
    found = []
    for name in files:
        path = (ROOT / name).resolve()
        tree = ast.parse(path.read_text("utf-8"))
        found += [(path, tree, number, told) for number, told in changes(tree)]
        if noticed(path, None, tests):
            report.fault("tests that fail as they are", f"{room}: {tests}")
            return
    report.notes.append(f"{room}: {len(found)} mutants possible")
    random.Random(seed).shuffle(found)
    for path, tree, number, told in found[:many]:
        if time.monotonic() > end:
            report.notes.append(f"{room}: out of time")
            return
        code = compile(mutant(tree, number), str(path), "exec")
        report.count(f"{room}: mutants")
        report.progress()
        if noticed(path, code, tests):
            report.count(f"{room}: noticed")
        else:
            report.fault(f"{SURVIVED} ({room})", f"{path.name} {told}")


def main() -> int:
    """Run the campaign."""
    parser: argparse.ArgumentParser = options(__doc__ or "")
    parser.add_argument("--room", choices=ROOMS, action="append")
    parser.add_argument("--many", type=int, default=100, help="mutants a room")
    parser.add_argument("--minutes", type=float, default=60.0)
    given = parser.parse_args()
    for name in HEAVY:
        importlib.import_module(name)
    report = Report("Mutants", vars(given).copy())
    end = time.monotonic() + given.minutes * 60
    for room in given.room or ROOMS:
        run(report, room, given.many, given.seed, end)
    allowed = {f"{SURVIVED} ({r})": 0.1 * report.counts[f"{r}: mutants"] for r in ROOMS}
    return finish(report, given.out, allowed)


if __name__ == "__main__":
    sys.exit(main())
