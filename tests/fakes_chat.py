"""An engine whose answers are fixed by a word of the question, and clicks as gradio tells them."""

import threading
from types import SimpleNamespace

from rag.answer import Abstention, Answer, Claim, Conflict, Finished, Found, Side, Stated, number
from rag.citation import Citation
from rag.corpus import Article
from rag.errors import QuestionError

EVIL = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
HUGE = "x" * 3000
BIDI = "\u202e evil \u2066 \u202d"
SEA = (
    "The sea rose. İzmir’s mayor, Ada Deniz, said: “It is not over.”\n"
    + "Nothing else happened that day. " * 60
    + f"\nLast came {EVIL} ${{1}} {{{{x}}}} and the end.\nA ship with Ada Deniz left.\n"
    + f"Nobody reads {BIDI} here. {HUGE} stood on the wall. [link](javascript:alert(1)) **b**"
)
HILL = "The hill stood still.\nOn Monday the baker Ada Deniz sold 800 loaves. " + "Quiet. " * 99
HEBREW = "שלום עולם, אמרה עדה. הים עלה אתמול."
LAST = f"Last came {EVIL} ${{1}} {{{{x}}}}"
OVER = "“It is not over.”"
LOAVES = "the baker Ada Deniz sold 800"
REST = {
    "provenance": {"version": "0"},
    "timings_ms": {"retrieve": 1.0, "first_token": 1.0, "total": 1.0},
}


def article(name, text, title, date):
    return Article(name, text, title, date, name, "0" * 64)


def quote(of, words, speaker=None):
    start = of.text.index(words)
    return Citation(1, of.name, of.title, of.date, start, start + len(words), words, speaker)


class FakeEngine:
    """Answers at once, but for questions with "slow": these wait for ``gate`` after their quotes.

    ``moon`` is abstained from, ``broken`` raises, ``differ`` has a conflict, ``wall`` quotes what
    is hostile, ``hill`` and ``hebrew`` are other articles.
    """

    def __init__(self):
        self.articles = (
            article("sea.txt", SEA, f"The sea {EVIL}", "2025-05-01"),
            article("hill.txt", HILL, "The hill", None),
            article("hebrew.txt", HEBREW, "שלום", "2025-05-09"),
        )
        self.state = "ready"
        self.calls = []
        self.gate = threading.Event()
        self.gate.set()

    def claims(self, question):
        sea, hill, hebrew = self.articles
        if "hill" in question:
            return [
                Claim("The baker sold 800 loaves.", (quote(hill, LOAVES),)),
                Claim("The sea rose.", (quote(sea, "The sea rose."),), "partial"),
            ]
        if "hebrew" in question:
            words = "שלום עולם, אמרה עדה."
            return [Claim("עדה אמרה שלום", (quote(hebrew, words, "עדה"), quote(sea, OVER)))]
        if "wall" in question:
            wall = f"Nobody reads {BIDI} here. {HUGE} stood on the wall."
            return [Claim(f"{BIDI} {HUGE}", (quote(sea, wall, BIDI),))]
        return [
            Claim("The mayor says it goes on.", (quote(sea, OVER, "Ada Deniz"),)),
            Claim(f"Last came {EVIL}.", (quote(sea, LAST),)),
        ]

    def stream(self, question, history=(), as_of=None, articles=None):
        self.calls.append((question, tuple(history), as_of, articles))
        if "broken" in question:
            raise QuestionError(f"this cannot be asked: {question}")
        claims = self.claims(question)
        found = tuple(c.citations[0].numbered(n) for n, c in enumerate(claims[::-1], 1))
        yield Found(tuple(c.numbered(n) for n, c in enumerate(found[::-1], 1)), preliminary=True)
        yield Found(found)
        if "slow" in question:
            self.gate.wait(30)
        until = as_of.isoformat() if as_of else None
        if "moon" in question:
            no = Abstention("The 3 articles do not say who walked.", (claims[0].citations[0],))
            yield Finished(
                Answer(
                    question,
                    question,
                    until,
                    "abstained",
                    no.reason,
                    abstention=no,
                    **REST,
                )
            )
            return
        for count in range(1, len(claims) + 1):
            _, statements, citations = number(claims[:count])
            last = statements[-1]
            yield Stated(last, tuple(citations[n - 1] for n in last.citations))
        yield Finished(self.answer(question, claims, until))

    def answer(self, question, claims, until=None):
        text, statements, citations = number(claims)
        sides = (Side("It goes on.", (1,), "2025-05-01"), Side("It ended.", (2,)))
        conflicts = (Conflict("the end", sides),) if "differ" in question else ()
        return Answer(
            question, question, until, "answered", text, statements, citations, conflicts, **REST
        )

    def search(self, query, k=10, as_of=None, articles=None):
        return []


def clicked(**data):
    """What gradio hands over when one of our own buttons is clicked."""
    return SimpleNamespace(_data=data)


def request(session="s1", host="192.0.2.7", username=None):
    """Who asks."""
    return SimpleNamespace(
        session_hash=session, username=username, client=SimpleNamespace(host=host, port=1)
    )
