"""The same work on many pieces: by processes here, or by a Dask cluster somewhere.

A worker that dies is started anew and its piece done again, so the work must bear being done twice.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from rag.errors import RagError, SettingsError, first_line

Piece = TypeVar("Piece")
Made = TypeVar("Made")
AHEAD = 4  # pieces under way for each worker; more would only fill the scheduler's memory
TRIES = 3
CONNECTS_IN = 10  # seconds


def is_alone(workers: str) -> bool:
    """Whether a SPEC of workers means this process only; raises SettingsError for nonsense."""
    if "://" not in workers and not (workers.isdecimal() and 1 <= int(workers) <= 1024):
        raise SettingsError(
            f"--workers {workers!r}: write a number of processes, or the address of a Dask "
            "scheduler, tcp://HOST:8786"
        )
    return workers == "1"


def in_parallel(
    work: Callable[[Piece], Made], pieces: Sequence[Piece], workers: str
) -> Iterator[Made]:
    """Do the work on each piece and give what came of it, in the order of finishing.

    Raises SettingsError where Dask is not installed, and what the work raises.
    """
    try:
        from distributed import as_completed
    except ImportError as problem:
        raise SettingsError(
            "--workers needs Dask; run `pip install 'quotable-rag[parallel]'`"
        ) from problem
    with _client(workers) as client:
        coming = iter(pieces)
        many = AHEAD * max(1, len(client.scheduler_info()["workers"]))
        submit = _submitter(client, work)
        under_way = as_completed(  # type: ignore[no-untyped-call]
            [submit(piece) for piece in islice(coming, many)]
        )
        for done in under_way:
            yield done.result()
            for piece in islice(coming, 1):
                under_way.add(submit(piece))  # type: ignore[no-untyped-call]


def _submitter(client: Any, work: Callable[[Piece], Made]) -> Callable[[Piece], Any]:  # noqa: ANN401
    return lambda piece: client.submit(work, piece, pure=False, retries=TRIES)


@contextmanager
def _client(workers: str) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    if "://" in workers:
        try:
            client = Client(workers, timeout=CONNECTS_IN)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as problem:
            raise RagError(
                f"the Dask scheduler at {workers} does not answer: {first_line(problem)}; start "
                "`dask scheduler` and `dask worker`, or give a number of processes"
            ) from problem
        with client:
            yield client
        return
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=int(workers),
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    )
    with cluster, Client(cluster) as client:  # type: ignore[no-untyped-call]
        yield client
