"""What readers think of answers, as JSON lines that ``rag eval feedback`` reads."""

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.answer import Answer


class Feedback:
    """A file with one line for each answer judged; shared by all readers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def put(
        self,
        about: str,
        verdict: str | None,
        answer: Answer,
        history: Sequence[tuple[str, str]] = (),
        note: str | None = None,
    ) -> None:
        """Keep a verdict (``up``, ``down``, ``wrong quote``) on the answer named ``about``.

        A new verdict takes the place of the one before, None takes it away. Raises OSError.
        """
        with self._lock:
            lines = [line for line in self._lines() if json.loads(line).get("about") != about]
            if verdict is not None:
                row: dict[str, Any] = {
                    "about": about,
                    "verdict": verdict,
                    "note": note,
                    "history": [list(turn) for turn in history],
                    "answer": answer.to_dict(),
                }
                lines.append(json.dumps(row, ensure_ascii=False))
            self._write("".join(line + "\n" for line in lines))

    def _lines(self) -> list[str]:
        if not self.path.exists():
            return []
        return [line for line in self.path.read_text("utf-8").split("\n") if line.strip()]

    def _write(self, text: str) -> None:
        """Put the whole file in place at once, readable by nobody else."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(self.path.name + ".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text.encode(errors="replace"))
        new.replace(self.path)
