"""The sayings of one sentence: its live reporting verbs, their subjects, its sources."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.attribution import lexicon as w
from rag.attribution import verbs
from rag.attribution.phrases import Phrases, Span
from rag.attribution.tokens import LABEL, QUOTED, is_name

_BEFORE_ING = frozenset(
    {",", ")", "and", "but", "while", "by", "when", QUOTED, LABEL, "—", "–", ""}
)
_TO_WHOM = frozenset("me us him them".split())
_NO_VERB_AFTER = w.PREPOSITIONS - {"to"}


class Hit(NamedTuple):
    """One live reporting verb and its subject."""

    at: int
    subject: Span
    rank: int  # 2 carries a statement, 1 takes a side, 0 stands in a clause of time or reason
    trailing: bool  # after what is said: "…, X said"


class Clause(Phrases):
    """One sentence, and what it reports of sayings."""

    # What is said: reporting verbs

    def hits(self) -> Iterator[Hit]:
        """The live reporting verbs with their subjects, in order."""
        last: Span | None = None
        if self._low(len(self.toks) - 1) == "?":
            return
        for i, token in enumerate(self.toks):
            verb, form = verbs.FORMS.get(token.text, ("", ""))
            if not verb or not self._counts(i, verb, form):
                continue
            span, trailing = self._subject(i, verb, form, last)
            if span and self._fits(span, verb):
                rank = self._rank(span, verb)
                last = span if rank else last
                if self._low(span.low - 1) not in w.UNREAL:
                    yield Hit(i, span, rank, trailing)

    def _rank(self, span: Span, verb: str) -> int:
        """How much a saying counts (``Hit.rank``)."""
        lead = self._low(span.low - 1)
        meant = lead == "what" and verb not in verbs.NAMING  # "twice what X said"
        if meant or lead in w.BACKGROUND | w.RELATIVE:
            return 0
        if verb in verbs.SAY:
            return 2
        return 0 if self._low(span.low) in w.SUBJECT_PRONOUNS and self._is_noun(lead) else 1

    def _is_noun(self, low: str) -> bool:
        """Whether a word before a subject is what it is about: "the inquiry she asked for"."""
        other = w.BOUNDARY | w.TIME | w.PREPOSITIONS | w.UTTERANCES
        return low.isalpha() and low not in other and not w.is_adverb(low)

    def _counts(self, i: int, verb: str, form: str) -> bool:
        """Whether the word at ``i`` is used as a verb that says something."""
        before = self.toks[i - 1] if i else None
        after = ['"' if t.low in {QUOTED, LABEL} else t.low for t in self.toks[i + 1 : i + 7]]
        first, second = [*after, "", ""][:2]
        near = set(after[: verbs.REACH.get(verb, 3)])
        ended = first in verbs.ENDS.get(verb, ())
        if verb in verbs.NEEDS and not ended and not verbs.NEEDS[verb] & near:
            return False
        if first in {"little", "nothing"} and second in w.AFTER_LITTLE:
            return False
        if first in verbs.SILENT_BEFORE.get(verb, ()):
            return False
        if before and form == "plain" and before.low in _TO_WHOM:
            return False  # "let me say"
        owned = before and (before.text.endswith("'s") or before.low in {"the", "a", "an"})
        if owned and verb not in {"say", "tell"}:
            return False  # "the proposed tax"
        if before and form == "past" and before.low in w.PREPOSITIONS:
            return False  # "the number of rejected ballots"
        if form in {"plain", "s"} and verb in verbs.HOMOGRAPHS:
            clause = first in w.DETERMINERS | w.PRONOUNS | {"that", '"'}
            return bool(before and clause and before.low not in w.DETERMINERS | _NO_VERB_AFTER)
        return bool(before) or form != "plain"

    def _fits(self, span: Span, verb: str) -> bool:
        first = self._low(span.low)
        if first in w.MUTE or (first == "it" and verb in verbs.SOFT):
            return False
        if verb == "read":  # "its statement read", but not "she read the letter"
            return self._low(span.high - 1) in w.UTTERANCES
        return verb in verbs.HARD or self._speaks(span)

    def _subject(self, i: int, verb: str, form: str, last: Span | None) -> tuple[Span | None, bool]:
        """The subject of the verb at ``i``, and whether the verb trails what is said."""
        j, live, passive = self._group(i, form)
        if not live:
            return None, False
        if passive or (form == "past" and self._by(i)):
            return self._agent(i, j, verb, passive), False
        turns = verb in verbs.INVERTED and j == i and form in {"s", "past"}
        turned = self._after(i) if turns and not self._after_aside(i) else None
        if turned:
            return turned, True
        if form == "ing" and j == i:
            if self._low(i - 1) not in _BEFORE_ING:
                return None, False  # "rioting calling for", "with sales showing"
            span = last or self.opening(0, i)
            return (span if self._speaks(span) else None), False
        span = self._before(j)
        if span:
            return span, self._low(span.low - 1) in {",", QUOTED}
        if "to" in {t.low for t in self.toks[j:i]}:  # "one comment X made was to call …"
            named = next((k for k in reversed(range(j)) if is_name(self.toks[k])), None)
            return self._phrase(0, named + 1) if named else last or self.opening(0, j), False
        shared = j == 0 or self._low(j - 1) in {"and", "but", "or", ",", "then"}
        return (last or self.opening(0, j)) if shared else None, False

    def _after_aside(self, i: int) -> bool:
        """Whether the verb at ``i`` follows a name and an aside: "X, for her part, promised"."""
        start = next((k for k in range(i - 2, max(i - 9, 0), -1) if self._low(k) == ","), 0)
        aside = self._low(i - 1) == "," and self._low(start + 1) in w.PREPOSITIONS
        named = self._low(0) not in w.PREPOSITIONS and is_name(self.toks[start - 1])
        return bool(aside and start and named and self._edge(start) == 0)

    def _group(self, i: int, form: str) -> tuple[int, bool, bool]:
        """Where the verb group ending in token ``i`` begins, whether it is live, and passive."""
        j, passive = i, False
        while j > 0:
            low = self._low(j - 1)
            goes_on = low == "to" and self._low(j - 2) in w.GOING_ON | w.BE
            if low in w.NEGATIVE or low.endswith("n't") or (low == "to" and not goes_on):
                return j, False, passive
            adverb = w.is_adverb(low) and not is_name(self.toks[j - 1])
            if not (goes_on or adverb or low in w.BE | w.HAVE | w.GOING_ON):
                break
            passive = passive or (low in w.BE and form == "past")
            j -= 1
        return j, True, passive

    def _by(self, i: int) -> int | None:
        """Where the "by" of a passive stands."""
        for k in range(i + 1, min(i + 8, len(self.toks))):
            if k > i + 1 and not w.is_adverb(self._low(k - 1)) and self._low(i - 1) not in w.BE:
                return None
            if self._low(k) == "by":
                return k
            if self._low(k) in w.BOUNDARY | {".", ",", QUOTED}:
                return None
        return None

    def _agent(self, i: int, j: int, verb: str, passive: bool) -> Span | None:
        """X of "was called a fool by X" and of "described by X as"; "Y" of "Y was quoted"."""
        if verb == "quote" and passive:
            return self._before(j)
        by = self._by(i)
        loose = {"as", QUOTED, LABEL} & {t.low for t in self.toks[i : i + 15]}
        if by is None or not (passive or (verb in verbs.PASSIVE and loose)):
            return None
        return self._ahead(by + 1)

    def quoted(self, hit: Hit) -> tuple[Span, Span] | None:
        """Y and X of "X quoted Y as saying" and "Y was quoted by X as saying"."""
        if verbs.FORMS[self.toks[hit.at].text][0] != "quote":
            return None
        by = self._by(hit.at)
        other = self._ahead((by or hit.at) + 1)
        if by and other:
            return hit.subject, other
        return (other, hit.subject) if other and hit.subject.high <= hit.at else None

    def inner(self, hits: Sequence[Hit], hit: Hit) -> Span | None:
        """The subject of a saying that ``hit`` reports: "X said Y promised", "Y promised, X said".

        Only the first saying of a sentence reports: of "X spoke of this and added that Y promised"
        a good part is not Y's.
        """
        for other in hits:
            if self._low(other.subject.low) in w.PRONOUNS or other is hit:
                continue
            if hit.trailing and other.at < hit.at and other.subject.low == 0:
                return other.subject
            gap = self.toks[hit.at + 1 : other.subject.low]
            joined = not gap or gap[-1].low == "that"
            near = hit.at < other.subject.low and len(gap) <= 6
            clean = all(t.low not in w.BOUNDARY - {"that"} for t in gap)
            if hit is hits[0] and near and joined and clean:
                return other.subject
        return None

    # What a source is: "according to X"

    def source(self) -> Span | None:
        """X of "according to X", "citing X", "in X's words", "as X put it"."""
        for i in range(len(self.toks) - 1):
            pair = (self._low(i), self._low(i + 1))
            if self._low(i - 1) in w.RELATIVE:
                continue  # "the family, which according to X owns half, would not sell"
            if pair == ("according", "to") or pair == ("words", "of"):
                return self._ahead(i + 2)
            cites = pair[0] in {"citing", "quoting"} and not any(
                token.low in {"declined", "refused"} for token in self.toks[:i]
            )
            if cites and self._speaks(cited := self._ahead(i + 1)):
                return cited
            if pair[0] == "words" and self.toks[i - 1].text.endswith("'s"):
                start = next((k for k in reversed(range(i)) if self._low(k) == "in"), None)
                return None if start is None else Span(start + 1, i + 1)
            if pair == ("put", "it"):
                return self._before(i)
        return None

    def labelled(self) -> Span | None:
        """X of 'X: "…"' and of 'X was not impressed: "…"'."""
        colon = next((k for k, t in enumerate(self.toks[:16]) if t.low == ":"), 0)
        if not colon or self._low(colon + 1) != QUOTED:
            return None
        if colon < 8 and is_name(self.toks[colon - 1]):
            return self._phrase(0, colon)
        span = self.opening(0, colon)
        return span if self._speaks(span) else None
