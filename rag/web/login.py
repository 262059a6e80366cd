"""An optional password for the page, from RAG_PASSWORD."""

import hmac
import threading
import time
from collections.abc import Callable

from rag.settings import Settings

TRIES = 10  # wrong passwords a minute, of all readers together
MINUTE = 60.0


class Login:
    """Checks a name and a password; too many wrong ones in a minute shut the door for a while."""

    def __init__(
        self, user: str, password: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._wanted = (user.encode(), password.encode())
        self._clock = clock
        self._wrong: list[float] = []
        self._lock = threading.Lock()

    def __call__(self, user: str, password: str) -> bool:
        """Whether somebody may come in."""
        given = (user.encode(errors="replace"), password.encode(errors="replace"))
        right = [hmac.compare_digest(g, w) for g, w in zip(given, self._wanted, strict=True)]
        with self._lock:
            now = self._clock()
            self._wrong = [t for t in self._wrong if t > now - MINUTE]
            if len(self._wrong) >= TRIES:
                return False
            if not all(right):
                self._wrong.append(now)
        return all(right)


def login_of(settings: Settings) -> Login | None:
    """Give the login that the settings ask for, None where no password is set."""
    if settings.password is None:
        return None
    return Login(settings.user, settings.password.get_secret_value())
