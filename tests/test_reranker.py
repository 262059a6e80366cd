"""The reranker: its sum by hand, and the real weights."""

import dataclasses
import json
import shutil
import struct

import pytest

from rag.calibration import Blend, Calibration, Gate, calibration
from rag.errors import ModelDamaged
from rag.models import locate
from rag.reranker import WEIGHTS, Likeness, Reranker, blend
from rag.shipped import PINNED, shipped_sha256

GATE = Gate({"best": 1.0}, 0.0, 0.5)
QUESTION = "How many soldiers may the country keep?"
ANSWER = ("The country may keep 600,000 soldiers under the plan.", "The plan")
ASIDE = ("The minister drank a cup of coffee in the hotel lobby.", "The plan")


def test_blend_weighs_logit_likeness_the_sentence_before_and_what_is_lacking(monkeypatch):
    pinned = Calibration(Blend(0.5, 2.0, 10.0, 4.0, 0.25, 0.5), GATE, GATE)
    monkeypatch.setattr("rag.reranker.calibration", lambda: pinned)
    own = [Likeness(1.0, 0.1, 0.5), Likeness(0.5, 0.3, 0.25)]
    told = blend([1.0, 3.0], own, [None, own[0]], [False, True])
    first = 2 + 1 + 2
    assert told == pytest.approx([0.5 + 1.25 * first, 1.5 + 1 + 3 + 1 + 0.25 * first - 0.5])
    assert blend([], [], [], []) == []
    assert blend([1.5], [Likeness(0.0, 0.0, 0.0)], [None], [False]) == [0.75]


def test_fitted_numbers_are_there():
    fitted = calibration()
    assert min(dataclasses.astuple(fitted.blend)) >= 0
    assert 0 < fitted.quotes_gate.threshold < 1
    assert len(shipped_sha256(WEIGHTS)) == 64


@pytest.fixture(scope="module")
def base(home):
    return locate("minilm", home)


@pytest.fixture(scope="module")
def reranker(base):
    return Reranker(base)


@pytest.mark.real
def test_real_reranker_puts_the_answer_before_an_aside(reranker):
    answer, aside = reranker.score(QUESTION, [ANSWER, ASIDE])
    assert answer > aside + 1
    assert reranker.score(QUESTION, [ASIDE, ANSWER]) == pytest.approx([aside, answer], abs=1e-4)


@pytest.mark.real
def test_real_score_does_not_depend_on_what_else_is_scored(reranker):
    alone = reranker.score(QUESTION, [ANSWER])
    among = reranker.score(QUESTION, [ASIDE] * 20 + [ANSWER] + [ASIDE] * 20)
    assert len(among) == 41
    assert among[20] == pytest.approx(alone[0], abs=1e-3)
    assert reranker.score(QUESTION, []) == []


@pytest.mark.real
def test_real_reranker_takes_empty_and_endless_text(reranker):
    scores = reranker.score("why " * 2_000, [("", ""), ("peace " * 5_000, "x" * 5_000)])
    assert len(scores) == 2
    assert all(abs(score) < 100 for score in scores)


def damage(how: str, data: bytes) -> bytes:
    header = int.from_bytes(data[:8], "little")
    names = json.loads(data[8 : 8 + header])
    if how == "a tensor fewer":
        names = {name: told for name, told in names.items() if "layer.0.attention" not in name}
        text = json.dumps(names).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + header :]
    return {
        "empty": b"",
        "truncated": data[:-1],
        "half": data[: len(data) // 2],
        "header altered": data[:8] + b"x" + data[9:],
        "no safetensors": b"weights" * 1000,
    }[how]


@pytest.mark.real
@pytest.mark.parametrize(
    "how", ["empty", "truncated", "half", "header altered", "no safetensors", "a tensor fewer"]
)
def test_damaged_weights_are_refused_in_one_line(base, tmp_path, how):
    weights = tmp_path / "reranker.safetensors"
    weights.write_bytes(damage(how, WEIGHTS.read_bytes()))
    with pytest.raises(ModelDamaged, match=r"reranker\.safetensors cannot be loaded") as caught:
        Reranker(base, weights)
    assert "\n" not in str(caught.value)


def test_one_flipped_bit_in_the_weights_is_found_by_the_sha256_beside_them(tmp_path):
    weights = tmp_path / WEIGHTS.name
    shutil.copy(WEIGHTS, weights)
    shutil.copy(WEIGHTS.with_name(WEIGHTS.name + PINNED), tmp_path)
    data = bytearray(weights.read_bytes())
    data[-1000] ^= 4
    weights.write_bytes(bytes(data))
    with pytest.raises(ModelDamaged, match=r"its sha256 is \w{64}, .* says \w{64}") as caught:
        Reranker(tmp_path, weights)
    assert "\n" not in str(caught.value)


@pytest.mark.real
def test_missing_weights_or_base_are_refused(base, tmp_path):
    with pytest.raises(ModelDamaged):
        Reranker(base, tmp_path / "nowhere.safetensors")
    shutil.copy(WEIGHTS, tmp_path)
    with pytest.raises(ModelDamaged):
        Reranker(tmp_path, tmp_path / WEIGHTS.name)
