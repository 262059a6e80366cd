"""A run as JUnit XML, for CI pages: the gate decides, wrong questions are told, not counted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from .gate import Check
from .scoring import Scored, explain


def write(path: Path, runs: Mapping[str, Sequence[Scored]], checks: Sequence[Check]) -> None:
    """Write one suite for the gate (failures) and one a system (wrong questions as skipped).

    A wrong question is no failed test: the product is not held to a perfect score, but to the gate.
    """
    root = Element("testsuites", name="evaluation")
    suite = _suite(root, "gate", len(checks), failures=sum(not c.passed for c in checks))
    for check in checks:
        name = f"{check.metric} {check.bound} {check.limit:g}"
        case = SubElement(suite, "testcase", classname=f"gate.{check.system}", name=name)
        if not check.passed:
            SubElement(case, "failure", message=_legal(str(check)))
    for system, scored in runs.items():
        suite = _suite(root, system, len(scored), skipped=sum(not s.right for s in scored))
        for each in scored:
            seconds = each.row.timings_ms.get("total", 0.0) / 1000
            case = SubElement(
                suite,
                "testcase",
                classname=f"{system}.{each.item.type}",
                name=each.item.id,
                time=f"{seconds:.3f}",
            )
            if not each.right:
                SubElement(case, "skipped", message=_legal(f"wrong: {explain(each)}"))
    indent(root)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _suite(root: Element, name: str, tests: int, failures: int = 0, skipped: int = 0) -> Element:
    counts = {"tests": tests, "failures": failures, "errors": 0, "skipped": skipped}
    told = {key: str(count) for key, count in counts.items()}
    return SubElement(root, "testsuite", {"name": name, **told})


def _legal(text: str) -> str:
    """Leave out what XML 1.0 cannot hold."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff"))
