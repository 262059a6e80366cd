"""Weights that come with the package, each beside a file that pins its sha256."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelDamaged
from rag.models import sha256_of

PINNED = ".sha256"  # beside the weights, in the form of sha256sum; training writes it

shipped_sha256 = cache(sha256_of)  # what is installed does not change while it runs


def compare(weights: Path, what: str) -> Path:
    """Compare weights with the sha256 beside them, where there is one; gives their path.

    ``what`` names them in the message. Raises ModelDamaged.
    """
    pinned = weights.with_name(weights.name + PINNED)
    if pinned.is_file() and weights.is_file():
        wanted = pinned.read_text("utf-8").partition(" ")[0]
        ours = weights.parent == Path(__file__).parent
        found = shipped_sha256(weights) if ours else sha256_of(weights)
        if found != wanted:
            raise ModelDamaged(
                f"{what} {weights.name} cannot be loaded (its sha256 is {found}, "
                f"{pinned.name} says {wanted}); install it again"
            )
    return weights


@contextmanager
def opened(weights: Path, what: str) -> Iterator[dict[str, NDArray[np.float32]]]:
    """Give the compared weights as float32; raises ModelDamaged for what goes wrong with them."""
    from safetensors.numpy import load_file

    compare(weights, what)
    try:
        yield {name: value.astype(np.float32) for name, value in load_file(weights).items()}
    except Exception as problem:
        raise ModelDamaged(
            f"{what} {weights.name} cannot be loaded ({problem}); install it again"
        ) from problem
