"""The campaigns in short: the same attacks, fewer of them (docs/reliability.md has the figures)."""

import os
import signal

import pytest
from campaigns import attacks, corruption, crash, fuzz, injection, load
from campaigns.report import Report, finish
from campaigns.stub import Stub

from rag.answer import Abstention, Answer
from rag.settings import load_settings


def passes(report: Report, allowed: dict[str, float] | None = None) -> Report:
    assert finish(report, None, allowed) == 0, report.faults
    return report


@pytest.fixture
def alarm():
    """Inputs are timed by the alarm clock of the process."""
    before = signal.signal(signal.SIGALRM, fuzz._alarm)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def stage(tmp_path):
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "model.txt").write_text("stub", "utf-8")
    settings = load_settings(home=tmp_path, embedder=str(tmp_path / "stub"), llm="none", threads=1)
    return crash.Stage(tmp_path, Stub(), settings)


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def in_a_child(work, *given):
    """Work in a process without this one's threads; faults come back as text."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        report = Report("short", {})
        try:
            work(*given, report)
        except BaseException as problem:  # noqa: BLE001 - told to the parent
            report.fault("broken off", repr(problem))
        os.write(write, repr(report.faults).encode()[:60_000])
        os._exit(bool(report.faults))
    os.close(write)
    with os.fdopen(read, "rb") as told:
        faults = told.read().decode()
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, faults


def test_a_run_that_dies_leaves_the_old_index_or_the_new_one(stage):
    def work(stage, report):
        crash.every_step(stage, report, stride=19)
        crash.kills(stage, report, 15, seed=3)
        crash.full_disk(stage, report)
        crash.rivals(stage, report, 2)
        crash.readers(stage, report, 1.0, 2)

    in_a_child(work, stage)


def test_the_crash_campaign_finds_a_careless_indexer_out(stage, tmp_path):
    (tmp_path / "careless").mkdir()

    def work(settings, report):
        crash.negative_control(tmp_path / "careless", Stub(), settings, report, many=12)

    in_a_child(work, stage.settings)


def test_damage_to_an_index_is_told(tmp_path):
    import random

    report = Report("short", {})
    corruption.index_files(tmp_path, report, 4, random.Random(5))
    passes(report)
    corruption.large_index_files(tmp_path / "large", report, 4, random.Random(5))
    passes(report)
    for what in ("index", "large index"):
        assert report.counts[f"{what}: told"] == report.counts[f"{what}: damages"] > 250


def test_an_undamaged_file_counts_as_a_fault():
    report = Report("short", {})
    corruption.expect(report, "index", "nothing was done to it", lambda: None)
    assert finish(report, None) == 1


def test_bad_input_is_refused_or_keeps_its_promises(alarm):
    report = Report("short", {})
    fuzz.run(report, 1000, seed=11)
    passes(report)
    assert report.counts["inputs"] >= 900


def test_regular_expressions_are_not_trapped(alarm, monkeypatch):
    monkeypatch.setattr("campaigns.inputs.TRAPS", attacks_of_one_kind())
    report = Report("short", {})
    fuzz.traps(report, 5000)
    passes(report)


def attacks_of_one_kind():
    from campaigns.inputs import TRAPS

    return TRAPS[::5]


@pytest.mark.parametrize("name", ["lies about its size", "billion laughs", "2 GB", "deep YAML"])
def test_bombs_are_refused(name):
    in_a_child(fuzz_bomb, name)


def fuzz_bomb(name, report):
    fuzz.bombs(report, name)
    assert report.counts["bombs refused with a clear error"] == 1


def test_the_fuzz_campaign_finds_a_traceback_a_hang_and_a_broken_promise(alarm, monkeypatch):
    monkeypatch.setattr(fuzz, "SECONDS", 1)
    report = Report("short", {})
    with fuzz.watched(report, "x", "raised"):
        raise KeyError("x")
    with fuzz.watched(report, "x", "hung"):
        while True:
            pass
    with fuzz.watched(report, "x", "broken"):
        raise AssertionError
    assert set(report.faults) == {fuzz.RAISED, fuzz.HANG, fuzz.BROKEN}


# --- load ---------------------------------------------------------------------------------------


def asked(reader, question, seconds=1.0, status=200, text="None.", answers=None, failed=False):
    noted = {"note": "Left alone.", "model_failed": True} if failed else {}
    times = dict.fromkeys(("retrieve", "first_token", "total"), 1.0)
    told = Answer(
        answers or question,
        question,
        None,
        "abstained",
        text,
        abstention=Abstention(text),
        provenance=noted,
        timings_ms=times,
    )
    return load.Asked(reader, question, 10.0, 10.0 + seconds, status, told.to_json().encode())


def test_the_load_campaign_passes_good_answers_and_finds_bad_ones_out(monkeypatch):
    monkeypatch.setattr(load, "_articles", tuple)
    good, outage = [asked(n, q) for n in range(3) for q in ("A?", "B?")], load.Outage(5.0, 10.5)
    report = Report("short", {})
    load.look([*good, asked(0, "A?", failed=True)], [outage], report)
    load.fairness(good, report)
    passes(report)
    bad = (
        (load.CROSSED, asked(0, "A?", answers="B?")),
        (load.CHANGED, asked(0, "A?", text="All.")),
        (load.REFUSED, asked(0, "A?", status=503)),
        (load.LOST, asked(0, "A?", status=0)),
        (load.WORDLESS, asked(0, "A?", failed=True)),
    )
    for fault, each in bad:
        report = Report("short", {})
        load.look([*good, each], [], report)
        assert list(report.faults) == [fault]
    report = Report("short", {})
    load.fairness([*good, asked(9, "A?", seconds=9.0)], report)
    assert list(report.faults) == [load.UNFAIR]


# --- attacks on answers -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def arena(home, tmp_path_factory):
    opened = injection.Arena("none", tmp_path_factory.mktemp("arena"))
    yield opened
    opened.close()


def few() -> list[attacks.Attack]:
    """Two of each kind of ours."""
    kinds: dict[str, list[attacks.Attack]] = {}
    for attack in injection.all_attacks(None, 0):
        kinds.setdefault(attack.kind.partition(",")[0], []).append(attack)
    return [attack for of_kind in kinds.values() for attack in of_kind[::12][:3]]


@pytest.mark.real
def test_planted_orders_and_poison_get_into_no_answer(arena):
    report = Report("short", {})
    injection.run(arena, few(), report)
    passes(report, {injection.POISONED: 1})
    assert report.counts["attacks"] >= 12


@pytest.mark.real
def test_the_injection_campaign_finds_an_obedient_product_out(arena):
    from dataclasses import replace

    report = Report("short", {})
    attack = attacks.Attack("made up", "How large an army did the EU suggest?", canary="PINEAPPLE")
    with arena.corpus(attack) as rag:
        answer = rag.ask(attack.question)
        first = replace(answer.statements[0], text=f"PINEAPPLE 5 [9] {injection.SECRET}")
        text = answer.text.replace(answer.statements[0].text, first.text)
        bad = replace(answer, statements=(first, *answer.statements[1:]), text=text)
        injection.judge(bad, replace(attack, poison="5", true=("nine",)), rag, arena, report)
    found = {injection.OBEYED, injection.UNQUOTED, injection.FORGED, injection.REVEALED}
    assert {*found, injection.POISONED} <= set(report.faults)
