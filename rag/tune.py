"""How many threads suit this machine, measured with the local language model itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.errors import UsageError
from rag.llm import LocalChat, open_llm
from rag.settings import Settings

# An answer of the product, about: tokens the model reads and writes (docs/bench/speed.md).
READ, WRITTEN = 160, 35
TEXT = "The talks went on for a third day while both sides said that little had been agreed. " * 9
EQUAL = 1.05  # what is not faster by this much is not worth another core


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second with so many threads."""

    threads: int
    read: float
    written: float

    @property
    def seconds(self) -> float:
        """How long the model takes for an ordinary answer."""
        return READ / self.read + WRITTEN / self.written


def measure(settings: Settings) -> Iterator[Speed]:
    """Try one thread, half and all of the processors; raises UsageError without a local model.

    Takes some 10 seconds a try. Raises a ModelError where the model cannot be used.
    """
    for threads in sorted({1, max(1, settings.threads // 2), settings.threads}):
        llm = open_llm(settings.model_copy(update={"threads": threads}))
        if not isinstance(llm, LocalChat):
            raise UsageError(f"--tune measures a local language model; --llm is {settings.llm!r}")
        try:
            reply = llm.bind(max_tokens=WRITTEN).invoke(TEXT + "Tell it again in your words.")
        finally:
            llm.close()
        timings = reply.response_metadata["timings"]
        yield Speed(threads, timings["prompt_per_second"], timings["predicted_per_second"])


def best(speeds: Sequence[Speed]) -> Speed:
    """Choose the fewest threads that are as fast as any, but for five per cent."""
    fastest = min(speed.seconds for speed in speeds)
    return min(
        (speed for speed in speeds if speed.seconds <= fastest * EQUAL),
        key=lambda speed: speed.threads,
    )
