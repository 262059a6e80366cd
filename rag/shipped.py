"""Weights that come with the package, each beside a file that pins its sha256."""

from functools import cache
from pathlib import Path

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
