"""What the local language model has read, kept on disk from one run to the next.

llama.cpp writes a slot's keys and values into a file and reads them back, asked over its private
Unix socket. A file counts only where its sha256 is the one noted beside it; where anything fails,
the text is read again, which costs seconds and nothing else.
"""

import http.client
import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.models import sha256_of

KEPT = 4  # states; another model, version or prompt makes a new one
SECONDS = 30.0  # longest wait for llama.cpp


@dataclass(frozen=True, slots=True)
class States:
    """States by key in a folder that is there; ``server`` is the socket of the slot's llama.cpp."""

    folder: Path
    server: Path

    def restore(self, key: str) -> bool:
        """Put the model where it was when ``save`` had the same key; gives whether it is there."""
        try:
            noted = self._sum(key).read_text("ascii")
            whole = sha256_of(self._file(key)) == noted
        except (OSError, ValueError):
            return False
        return whole and self._ask("restore", self._file(key).name)

    def save(self, key: str) -> None:
        """Keep what the model has read."""
        part = self.folder / f"{key}.{os.getpid()}.part"
        with suppress(OSError):
            if self._ask("save", part.name):
                # the sum first: beside another file, or none, it is no match
                self._sum(key).write_text(sha256_of(part), "ascii")
                part.replace(self._file(key))
                self._forget_old()
        with suppress(OSError):  # half a state, where the disk is full
            part.unlink()

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.state"

    def _sum(self, key: str) -> Path:
        return self.folder / f"{key}.sha256"

    def _forget_old(self) -> None:
        files = sorted(self.folder.glob("*.state"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-KEPT]:
            file.unlink(missing_ok=True)
            file.with_suffix(".sha256").unlink(missing_ok=True)

    def _ask(self, action: str, name: str) -> bool:
        connection = _Connection(self.server)
        try:
            body = json.dumps({"filename": name})
            connection.request(
                "POST", f"/slots/0?action={action}", body, {"Content-Type": "application/json"}
            )
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise OSError("no Unix sockets here")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
