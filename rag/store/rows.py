"""Rows of numbers in a NumPy file, appended one after the other and read by their numbers.

They are read and not mapped into memory: pages of a map would count as this process's memory, and
more of them with every question.
"""

import threading
import weakref
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged

Array = NDArray[Any]


class Rows:
    """A table of one type and width in a file; safe to share between threads."""

    def __init__(self, file: IO[bytes], dtype: np.dtype[Any], width: int, count: int) -> None:
        self._file = file
        weakref.finalize(self, file.close)  # with its last reader: an index may be dropped open
        self._lock = threading.Lock()
        self._start = file.tell()
        self._bytes = width * dtype.itemsize
        self.dtype, self.width, self.count = dtype, width, count

    @classmethod
    def create(cls, path: Path, dtype: str, width: int) -> "Rows":
        """Begin a file without any row; ``close`` makes it whole."""
        file = path.open("w+b")
        _write_header(file, np.dtype(dtype), width, 0)
        return cls(file, np.dtype(dtype), width, 0)

    @classmethod
    def open(cls, path: Path) -> "Rows":
        """Open a file for reading; raises IndexDamaged when it is not whole."""
        try:
            file = path.open("rb", buffering=0)
            try:
                return cls._opened(file, path.stat().st_size)
            except BaseException:
                file.close()
                raise
        except (OSError, ValueError, TypeError, EOFError) as problem:
            raise IndexDamaged(
                f"{path} cannot be read; run `rag index` to build it again"
            ) from problem

    @classmethod
    def _opened(cls, file: IO[bytes], size: int) -> "Rows":
        np.lib.format.read_magic(file)
        (count, width), _, dtype = np.lib.format.read_array_header_1_0(file)
        rows = cls(file, dtype, width, count)
        if dtype.hasobject or size != rows._start + count * rows._bytes:
            raise ValueError("no rows of numbers, or not all of them")
        return rows

    def append(self, rows: Array) -> None:
        """Add rows, shape (n, width), at the end."""
        with self._lock:
            self._file.seek(0, 2)
            self._file.write(np.ascontiguousarray(rows, dtype=self.dtype).data)
            self.count += len(rows)

    def span(self, start: int, end: int) -> Array:
        """Give the rows from start to before end."""
        found = np.empty((end - start, self.width), dtype=self.dtype)
        self._read(start, found)
        return found

    def take(self, numbers: NDArray[np.int64]) -> Array:
        """Give the rows of some numbers, in that order; neighbours are read at once."""
        found = np.empty((len(numbers), self.width), dtype=self.dtype)
        edges = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
        for first, last in pairwise(edges):
            if first < last:
                self._read(int(numbers[first]), found[first:last])
        return found

    def _read(self, start: int, into: Array) -> None:
        data = into.data.cast("B") if into.size else memoryview(b"")
        with self._lock:
            self._file.seek(self._start + start * self._bytes)
            read = 0
            while read < len(data):
                more = self._file.readinto(data[read:])  # type: ignore[attr-defined]
                if not more:
                    raise EOFError("a file of rows ended early")
                read += more

    def close(self) -> None:
        """Let go of the file; one that was written has its number of rows put in front."""
        with self._lock:
            try:
                if not self._file.closed and self._file.writable():
                    self._file.seek(0)
                    _write_header(self._file, self.dtype, self.width, self.count)
            finally:
                self._file.close()


def _write_header(file: IO[bytes], dtype: np.dtype[Any], width: int, count: int) -> None:
    """Write NumPy's header, which has room for the number of rows to grow."""
    about = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False}
    np.lib.format.write_array_header_1_0(file, {**about, "shape": (count, width)})
