"""Numbers fitted on outside data, never on the seed questions; `docs/bench/gate.md` tells how."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Gate:
    """A logistic rule: answerable when sigmoid(sum of weight x witness, + bias) >= threshold."""

    weights: Mapping[str, float]
    bias: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Blend:
    """What the final order is made of, and how much of each.

    The reranker's logit times ``logit``, the fused rank (at most 1) times ``fused``, the cosine
    times ``near``, late interaction times ``late``. Of the last three, the share ``before`` of what
    the sentence before has is added; ``lacks`` is taken off a sentence without the kind of thing
    that is asked for.
    """

    logit: float
    fused: float
    near: float
    late: float
    before: float
    lacks: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sentences are ordered in the end, and the gate without and with a language model."""

    blend: Blend
    quotes_gate: Gate
    model_gate: Gate


@cache
def calibration() -> Calibration:
    """Read the fitted numbers."""
    data = json.loads(FILE.read_text("utf-8"))
    return Calibration(
        Blend(**data["blend"]), Gate(**data["quotes_gate"]), Gate(**data["model_gate"])
    )
