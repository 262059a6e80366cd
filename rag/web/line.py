"""A fair line: who waits, in which order, and for how many.

Readers take turns: someone with three questions in line does not keep anyone waiting three times.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Line:
    """A few places, and a line before them; shared by all readers."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: list[Ticket] = []
        self.moved = threading.Condition()

    @contextmanager
    def ticket(self, reader: str) -> Iterator["Ticket"]:
        """Stand in line for a reader; leaving gives the place back, or the wait up."""
        ticket = Ticket(self, reader)
        with self.moved:
            self._waiting.append(ticket)
            self._admit()
        try:
            yield ticket
        finally:
            self._leave(ticket)

    def _leave(self, ticket: "Ticket") -> None:
        with self.moved:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            else:
                self._free += 1
            self._admit()

    def _admit(self) -> None:
        """Let in whoever is next; call with the lock held."""
        for ticket in self.order()[: self._free]:
            self._free -= 1
            self._waiting.remove(ticket)
            ticket.admitted = True
        self.moved.notify_all()

    def order(self) -> list["Ticket"]:
        """First everybody's first question in the order of coming, then everybody's second."""
        rounds: Counter[str] = Counter()
        order = []
        for came, ticket in enumerate(self._waiting):
            order.append((rounds[ticket.reader], came, ticket))
            rounds[ticket.reader] += 1
        return [ticket for *_, ticket in sorted(order, key=lambda row: row[:2])]


class Ticket:
    """One question's place in line."""

    def __init__(self, line: Line, reader: str) -> None:
        self.reader = reader
        self.admitted = False
        self._line = line

    def positions(self, seconds: float = 0.5) -> Iterator[int]:
        """Give the place in line, 1 being next, every few moments until it is its turn.

        It does so even when nothing has moved, so that whoever reads on can leave instead.
        """
        line = self._line
        while True:
            with line.moved:
                if self.admitted:
                    return
                place = line.order().index(self) + 1
            yield place
            with line.moved:
                if not self.admitted:
                    line.moved.wait(seconds)
