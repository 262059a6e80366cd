"""The noun phrases of one sentence: who may be the subject of a saying."""

from typing import NamedTuple

from rag.attribution import lexicon as w
from rag.attribution import verbs
from rag.attribution.names import Names
from rag.attribution.tokens import LABEL, QUOTED, Token, is_name

_LONGEST = 30  # tokens that a subject and its asides may take


class Span(NamedTuple):
    """A run of tokens, half-open."""

    low: int
    high: int


class Phrases:
    """The tokens of one sentence, and the phrases found among them."""

    def __init__(self, toks: list[Token], names: Names) -> None:
        self.toks = toks
        self._names = names

    def _low(self, k: int) -> str:
        return self.toks[k].low if 0 <= k < len(self.toks) else ""

    def _speaks(self, span: Span | None) -> bool:
        """Whether the head of a phrase, up to its first preposition, can make statements."""
        if span is None:
            return False
        end = next(
            (k for k in range(span.low + 1, span.high) if self._low(k) in w.PREPOSITIONS), -1
        )
        head = self.toks[span.low : end if end > 0 else span.high]
        ordinary = len(head) > 1 and self._names.is_ordinary(head, 0)
        return any(is_name(t) or w.can_speak(t.low) for t in (head[1:] if ordinary else head)) or (
            w.can_speak(head[0].low) or head[-1].low in w.UTTERANCES or head[0].low in w.PRONOUNS
        )

    def _stops(self, k: int) -> bool:
        """Whether token ``k`` cannot stand inside a subject."""
        token = self.toks[k]
        verb, form = verbs.FORMS.get(token.text, ("", ""))
        finite = form == "past" or (form == "s" and verb not in verbs.HOMOGRAPHS)
        marks = not token.text[0].isalnum() and token.low not in {
            LABEL,
            "'",
            "&",
            "%",
            "$",
            "€",
            "£",
        }
        return marks or finite or token.low in w.BOUNDARY | w.BE | w.HAVE | w.MODALS

    def _edge(self, j: int) -> int:
        """Where the stretch begins that ends before token ``j``."""
        k = j
        while k > 0 and j - k < _LONGEST:
            if self._low(k - 1) == ")":
                k = next((n for n in range(k - 2, max(k - 12, 0), -1) if self._low(n) == "("), k)
            elif self._stops(k - 1):
                break
            k -= 1
        return k

    def _before(self, j: int) -> Span | None:
        """The subject that ends before token ``j``, past asides between commas."""
        if self._low(j - 1) in w.SUBJECT_PRONOUNS:
            return Span(j - 1, j)
        low = self._edge(j)
        if self._low(low - 1) in w.PARTICIPLES and self._low(low - 2) == "of":
            return self._before(low - 3)  # "the union suspected of being the source said"
        if low < j and self._low(low - 1) in w.HAVE | w.BE and self._low(low - 2) == "who":
            whose = self._before(low - 2)  # "a person who has read the letters says"
            return Span(whose.low, j) if whose else None
        if low < j:
            span = self._phrase(low, j)
            return self._joint(low, span) if span and self._low(low - 1) == "and" else span
        return self._past_aside(j - 1) if self._low(j - 1) == "," else None

    def _joint(self, low: int, span: Span) -> Span:
        """All of "X and Y" where a sentence or a that-clause begins with it."""
        edge = self._edge(low - 1)
        left = self._phrase(edge, low - 1) if edge < low - 1 else None
        heads = edge == 0 or self._low(edge - 1) in {"that", "while", "but"}
        fits = left and left.high == low - 1 and self._low(edge) not in w.PREPOSITIONS
        return Span(left.low, span.high) if left and heads and fits else span

    def _past_aside(self, end: int) -> Span | None:
        """X of "X, the mayor of Y, said"; of "Y's aide, X, said" the name between the commas."""
        inside: Span | None = None
        for _ in range(3):
            reach = range(end - 1, max(end - _LONGEST, 0), -1)
            start = next((k for k in reach if self._low(k) == ","), None)
            if start is None:
                return None
            inside = inside or self._phrase(start + 1, end)
            low = self._edge(start)
            left = self._phrase(low, start) if low < start else None
            if left and self._speaks(left):
                proper = inside and all(is_name(t) for t in self.toks[inside.low : inside.high])
                return inside if proper and not is_name(self.toks[left.high - 1]) else left
            end = start
        return None

    def _after(self, i: int) -> Span | None:
        """X of '"…," said X' and "…, reports X"."""
        leads = {self._low(i - 1), self._low(i - 2) if self._low(i - 1) == "," else ""}
        if self._low(i + 1) in w.PREPOSITIONS:
            return None  # "X, the mayor, said in a letter that …"
        if i and not leads & {QUOTED, LABEL, ",", "as", "—", "–"}:
            return None
        span = self._ahead(i + 1)
        close = self._low(span.high) if span else ""
        ends = w.PREPOSITIONS | w.BOUNDARY | w.TIME | {"", ",", ".", ";", "(", QUOTED}
        return span if close in ends and self._speaks(span) else None

    def _ahead(self, k: int) -> Span | None:
        """The noun phrase that begins at token ``k``."""
        high = k
        while high < len(self.toks) and high - k < 14:
            if self._low(high) == "(":
                high = next((n for n in range(high, high + 8) if self._low(n) == ")"), high)
            elif high > k and (self._stops(high) or self._low(high) in w.TIME | {"as"}):
                break
            high += 1
        named = self._names.run_before(self.toks, k, high) < high if high > k else True
        return (None if named else self._apposed(high)) or self._phrase(k, high)

    def _apposed(self, comma: int) -> Span | None:
        """X of "his lawyer, X, …", given where the first comma may stand."""
        if self._low(comma) != ",":
            return None
        end = next((n for n in range(comma + 1, comma + 6) if not self._named(n)), comma)
        closed = end > comma + 1 and self._low(end) in {"", ".", ","}
        return self._phrase(comma + 1, end) if closed else None

    def _named(self, k: int) -> bool:
        return k < len(self.toks) and is_name(self.toks[k])

    def opening(self, low: int, high: int) -> Span | None:
        """The likely subject of a sentence: its first noun phrase that can speak."""
        while low < high and self._low(low) in w.LEADS:
            low += 1
        if self._low(low) in w.PREPOSITIONS and self._low(low + 1) in w.TIME:
            return self.opening(low + 2, high)  # "On Friday …"
        if low < high and (self._low(low) in w.PREPOSITIONS or self._low(low).endswith("ing")):
            comma = next((k for k in range(low, high) if self._low(k) == ","), high)
            return self.opening(comma + 1, high)  # "At a meeting in Rome, …"
        for k in range(low, min(low + 14, high)):
            token, after = self.toks[k], self.toks[k + 1] if k + 1 < high else None
            no_name = token.text.endswith("'s") or self._names.is_ordinary(self.toks, k)
            if no_name or not (is_name(token) or w.can_speak(token.low)):
                if self._stops(k):
                    return None
            elif not after or not (is_name(after) or w.can_speak(after.low)):
                return (None if is_name(token) else self._apposed(k + 1)) or self._phrase(
                    low, k + 1
                )
        return None

    def _phrase(self, low: int, high: int) -> Span | None:
        """The name or noun phrase in a stretch, without what leads up to it or trails behind."""
        while low < high and (self._low(low) in w.LEADS or w.is_adverb(self._low(low))):
            low += 1
        while high > low and (self._low(high - 1) in w.TAILS or self._low(high - 1).isdigit()):
            high -= 1
        if low >= high:
            return None
        if self._low(high - 1) in w.SUBJECT_PRONOUNS or high - low == 1:
            return Span(high - 1, high)
        if self._low(low) in w.SUBJECT_PRONOUNS:  # "It also thanked others and noted"
            return Span(low, low + 1)
        run = self._names.run_before(self.toks, low, high)
        if run == high:
            return self._noun_phrase(low, high)
        office = all(t.low in w.TITLES for t in self.toks[run:high])
        if office and run > low and self.toks[run - 1].text.endswith("'s"):
            return self._noun_phrase(low, high)  # "the network's CEO"
        article = self._low(run - 1) == "the" and run > low
        if run - article > low and self._low(run - article - 1) in w.PREPOSITIONS:
            return self._headed(low, run - article, high)
        return Span(run - article, high)

    def _headed(self, low: int, run: int, high: int) -> Span | None:
        """Who "officials at X" (all of it), "a poll by X" (X) and "in Rome X" (X) are."""
        if self._low(low) in w.PREPOSITIONS:
            return Span(self._names.known_tail(self.toks, run, high), high)
        if is_name(self.toks[low]) and not w.can_speak(self._low(low)):
            return self._noun_phrase(low, high)
        research = any(t.low in w.UTTERANCES for t in self.toks[low:run])
        by = research and self._low(run - 1) in {"by", "from"}
        return Span(run, high) if by else Span(low, high)

    def _noun_phrase(self, low: int, high: int) -> Span | None:
        inside = range(low + 1, high)
        if self._low(low) in w.PREPOSITIONS:  # "In Rome the minister"
            free = [k for k in inside if self._low(k - 1) not in w.PREPOSITIONS]
            starts = [k for k in free if self._low(k) in w.DETERMINERS]
            starts = starts or [k for k in free if w.can_speak(self._low(k))]
            return Span(starts[-1], high) if starts else None
        end = next((k for k in inside if not is_name(self.toks[k])), high)
        plain_name = is_name(self.toks[low]) and not w.can_speak(self._low(low))
        if plain_name and self._low(end) in w.PREPOSITIONS:  # "Smith in a statement"
            return Span(low, end)
        return Span(low, high) if high - low <= 12 else None
