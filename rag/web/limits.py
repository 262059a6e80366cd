"""How much may be asked, and who comes next.

``limits`` and its like start a thread or a server for what are two small tables here.
"""

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from rag.web.problems import Refused

MINUTE = 60.0
SHARE = 4  # one client may hold this part of the line
RETRY_SECONDS = 10  # what an answer takes, roughly


class Rate:
    """At most so many requests of one client within any minute (a sliding window)."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()  # longest quiet first

    def count(self, client: str) -> None:
        """Count one request; raises Refused that says when there will be room again."""
        now = self._clock()
        self._forget(now)
        times = self._seen.setdefault(client, deque())
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) >= self.per_minute:
            wait = math.ceil(times[0] + MINUTE - now)
            raise Refused(
                429, f"more than {self.per_minute} requests in a minute; wait {wait} s", wait
            )
        times.append(now)
        self._seen.move_to_end(client)

    def _forget(self, now: float) -> None:
        """Drop clients that have been quiet for a minute."""
        while self._seen:
            quietest = next(iter(self._seen.values()))
            if quietest and quietest[-1] > now - MINUTE:
                return
            self._seen.popitem(last=False)


class Turnstile:
    """Lets ``at_once`` through at a time; others wait in line, clients taking turns.

    A client with many questions so delays its own, and another's first question by one turn.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self.free = at_once
        self.waiting = waiting
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def enter(self, client: str) -> None:
        """Wait for a turn, which lasts until ``leave``; raises Refused when the line is full."""
        if self.free > 0:
            self.free -= 1
        else:
            await self._wait(client)

    def leave(self) -> None:
        """Give the turn to the client that has waited longest for one, or back."""
        while self._lines:
            client, line = self._lines.popitem(last=False)
            place = line.popleft()
            if line:
                self._lines[client] = line
            if not place.done():
                place.set_result(None)
                return
        self.free += 1

    async def _wait(self, client: str) -> None:
        own = len(self._lines.get(client, ()))
        if sum(map(len, self._lines.values())) >= self.waiting:
            raise Refused(503, "too many questions are in line; try again soon", RETRY_SECONDS)
        if own >= max(1, self.waiting // SHARE):
            raise Refused(429, f"{own} of your questions are in line already", RETRY_SECONDS)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(client, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()  # the turn had just been given
            raise
        finally:
            self._quit(client, place)

    def _quit(self, client: str, place: asyncio.Future[None]) -> None:
        line = self._lines.get(client)
        if line is not None and place in line:
            line.remove(place)
            if not line:
                del self._lines[client]


def client_of(address: tuple[str, int] | None) -> str:
    """Name a client by its address; an IPv6 client owns all of its /64, so that counts as one."""
    host = address[0] if address else "local"
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else host
