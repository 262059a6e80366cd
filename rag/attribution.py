"""Who says it: the speaker whose words or claim a sentence reports.

Rules over reporting verbs and quotation marks, read in one pass over an article; the words stand in
``rag.attribution_words``. In short:

* a live reporting verb outside quotation marks has its subject for speaker ("X, the mayor, said",
  "said X", "was described by X as"); sayings that are negated, future or asked for have none;
* "according to X", "in X's words", "citing X" name X;
* a quotation with no words around it belongs to the name after a dash on the next line, else to
  whoever the same paragraph quotes;
* a surname, a title ("the Irish president") and he or she become the name the article gives.

At second hand the answer reads "<who said it>, according to <who reports it>".
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rag import attribution_words as w
from rag.attribution_words import LABEL, QUOTED, Names, Token, is_name, tokens_of
from rag.corpus import Article, Sentence

_LONGEST = 30  # tokens that a subject and its asides may take

_QUOTES = re.compile(
    r"""
    “[^”\n]*”? | «[^»\n]*»? | „[^“”\n]*[“”]? | "[^"\n]*"?
    | (?<!\w)‘ (?: [^’\n] | ’(?=\w) ){1,600} ’(?!\w)
    | (?<!\w)' (?=\w) (?: [^'\n] | '(?=\w) ){1,600} (?<=[\w.,!?…]) '(?!\w)
    """,
    re.VERBOSE,
)
_DASH_LINE = re.compile(r"\s*[—–―-]{1,2}\s*(?=\w)([^,;:(\n]{2,80})")
_NO_VERB_AFTER = w.PREPOSITIONS - {"to"}
_SAME_LENGTH = str.maketrans({"’": "'", "‘": "'", "\u2011": "-", "\u00a0": " "})


class _Span(NamedTuple):
    """A run of tokens, half-open."""

    low: int
    high: int


class _Hit(NamedTuple):
    """One live reporting verb and its subject."""

    at: int
    subject: _Span
    rank: int  # 2 carries a statement, 1 takes a side, 0 stands in a clause of time or reason
    trailing: bool  # after what is said: "…, X said"


def speaker_of(article: Article, sentence: Sentence) -> str | None:
    """Say who speaks in a sentence, as the article names them; None for the reporter's own voice.

    Surnames, titles and pronouns are resolved inside the article. A saying at second hand reads
    "<who said it>, according to <who reports it>".
    """
    voices = _voices(article)
    return voices[sentence.number] if sentence.number < len(voices) else None


@lru_cache(maxsize=8)
def _voices(article: Article) -> list[str | None]:
    """The speakers of all sentences; read together, as each may need what stands before it."""
    text, sentences = article.text, article.sentences
    plain, whole = _mask(text), text.translate(_SAME_LENGTH)
    names = Names(text, [tokens_of(whole, s.start, s.end) for s in sentences if not s.heading])
    reader = _Reader(names)
    found = [reader.read(tokens_of(plain, s.start, s.end), s.heading) for s in sentences]
    return _share_quotes(text, plain, sentences, found, names)


def _mask(text: str) -> str:
    """Blank out quotations, so that no rule reads words inside them; lengths stay."""

    def blank(match: re.Match[str]) -> str:
        inside = match[0].strip("“”„«»\"'‘’ ")
        label = len(inside) <= 40 and inside[-1:] not in {",", ".", "!", "?", "…"}
        return (LABEL if label else QUOTED) * len(match[0])

    return _QUOTES.sub(blank, text).translate(_SAME_LENGTH)


def _share_quotes(
    text: str,
    plain: str,
    sentences: Sequence[Sentence],
    found: Sequence[str | None],
    names: Names,
) -> list[str | None]:
    """Give a sentence that is nothing but quotation the speaker its neighbours name."""
    voices = list(found)
    shown = [plain[s.start : s.end] for s in sentences]
    bare = [QUOTED in piece and not re.search(r"\w", piece) for piece in shown]
    for i in reversed(range(len(sentences) - 1)):  # the name comes behind the quotation …
        here, after = sentences[i], sentences[i + 1]
        if not bare[i]:
            continue
        line = _DASH_LINE.match(text, after.start, after.end)
        goes_on = bare[i + 1] or shown[i + 1][0] == QUOTED or shown[i + 1][0].islower()
        if line:
            voices[i] = names.full(line[1].strip(" ."), here.start)
        elif here.paragraph == after.paragraph and goes_on:
            voices[i] = voices[i + 1]
    for i in range(1, len(sentences)):  # … or it came before
        near = sentences[i].paragraph <= sentences[i - 1].paragraph + 1
        told = QUOTED in shown[i - 1] or shown[i - 1].endswith(":")
        if bare[i] and not voices[i] and near and told:
            voices[i] = voices[i - 1]
    return voices


class _Reader:
    """Reads the sentences of one article in order and remembers whom a pronoun may mean."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._person: str | None = None
        self._body: str | None = None

    def read(self, toks: list[Token], heading: bool) -> str | None:
        """Find the sentence's speaker; a heading starts a new section."""
        if heading:
            self._person = self._body = None
        if not toks:
            return None
        clause = _Clause(toks, self._names)
        speaker, subject = self._speaker(clause)
        opening = clause.opening(0, len(toks))
        if subject is None:
            subject = self._name(toks, opening)
        if subject and self._names.is_person(subject):
            self._person = subject
        elif subject:
            self._body = subject
        return speaker

    def _speaker(self, clause: "_Clause") -> tuple[str | None, str | None]:
        """Who speaks, and whom the sentence is about."""
        toks, hits, source = clause.toks, list(clause.hits()), clause.source()
        teller = self._name(toks, source) if source else None
        if not hits:
            who = teller or self._name(toks, clause.labelled())
            return who, who
        hit = max(hits, key=lambda h: h.rank)
        said = self._name(toks, hit.subject)
        quoted, told = clause.quoted(hit), clause.inner(hits, hit)
        if quoted:
            return _chain(self._name(toks, quoted[0]), self._name(toks, quoted[1])), said
        if source and toks[source.low - 1].low in {"citing", "quoting"}:
            return _chain(teller, said), said
        if teller:
            return _chain(said, teller), said
        return _chain(self._name(toks, told), said), said

    def _name(self, toks: list[Token], span: _Span | None) -> str | None:
        """The readable name of a phrase; a pronoun gives whom it means."""
        own = toks[span.low : span.high] if span else []
        if len(own) > 1 and own[-1].low in w.UTTERANCES:  # "his statement", "Rubio's statement"
            if own[0].low in w.PRONOUNS:
                own = own[:1]
            elif own[-2].text.endswith("'s"):
                return self._names.readable(own[:-1], possessive=True)
        both = next((k for k, t in enumerate(own) if t.low == "and"), 0)
        if span and both and not any(t.low in w.PREPOSITIONS for t in own[:both]):
            parts = (span.low, span.low + both), (span.low + both + 1, span.high)
            return " and ".join(self._name(toks, _Span(*part)) or "" for part in parts)
        if len(own) == 1 and own[0].low in w.PERSON_PRONOUNS:
            return self._person
        if len(own) == 1 and own[0].low in w.BODY_PRONOUNS:
            return self._body
        return self._names.readable(own)


def _chain(said: str | None, teller: str | None) -> str | None:
    if said and teller and said != teller:
        return f"{said}, according to {teller}"
    return said or teller


class _Clause:
    """The tokens of one sentence, and what the rules find among them."""

    def __init__(self, toks: list[Token], names: Names) -> None:
        self.toks = toks
        self._names = names

    def _low(self, k: int) -> str:
        return self.toks[k].low if 0 <= k < len(self.toks) else ""

    def _speaks(self, span: _Span | None) -> bool:
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

    # What is said: reporting verbs

    def hits(self) -> Iterator[_Hit]:
        """The live reporting verbs with their subjects, in order."""
        last: _Span | None = None
        if self._low(len(self.toks) - 1) == "?":
            return
        for i, token in enumerate(self.toks):
            verb, form = w.FORMS.get(token.text, ("", ""))
            if not verb or not self._counts(i, verb, form):
                continue
            span, trailing = self._subject(i, verb, form, last)
            if span and self._fits(span, verb):
                last = span
                lead = self._low(span.low - 1)
                if lead not in w.UNREAL:
                    rank = 0 if lead in w.BACKGROUND else 2 if verb in w.SAY else 1
                    yield _Hit(i, span, rank, trailing)

    def _counts(self, i: int, verb: str, form: str) -> bool:
        """Whether the word at ``i`` is used as a verb that says something."""
        before = self.toks[i - 1] if i else None
        after = ['"' if t.low in {QUOTED, LABEL} else t.low for t in self.toks[i + 1 : i + 7]]
        first, second = [*after, "", ""][:2]
        if verb in w.NEEDS and not w.NEEDS[verb] & set(after[: w.REACH.get(verb, 3)]):
            return False
        if first in {"little", "nothing"} and second in w.AFTER_LITTLE:
            return False
        owned = before and (before.text.endswith("'s") or before.low in {"the", "a", "an"})
        if owned and verb not in {"say", "tell"}:
            return False  # "the proposed tax"
        if form in {"plain", "s"} and verb in w.HOMOGRAPHS:
            clause = first in w.DETERMINERS | w.PRONOUNS | {"that", '"'}
            return bool(before and clause and before.low not in w.DETERMINERS | _NO_VERB_AFTER)
        return bool(before) or form != "plain"

    def _fits(self, span: _Span, verb: str) -> bool:
        first = self._low(span.low)
        if first in w.MUTE or (first == "it" and verb in w.SOFT):
            return False
        return verb in w.HARD or self._speaks(span)

    def _subject(
        self, i: int, verb: str, form: str, last: _Span | None
    ) -> tuple[_Span | None, bool]:
        """The subject of the verb at ``i``, and whether the verb trails what is said."""
        j, live, passive = self._group(i, form)
        if not live:
            return None, False
        if passive or (form == "past" and self._by(i)):
            return self._agent(i, j, verb, passive), False
        turned = self._after(i) if verb in w.INVERTED and j == i and form in {"s", "past"} else None
        if turned:
            return turned, True
        if form == "ing" and j == i:
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
            if self._low(k) == "by":
                return k
            if k > i + 1 and not w.is_adverb(self._low(k - 1)) and self._low(i - 1) not in w.BE:
                return None
            if self._low(k) in w.BOUNDARY | {".", ",", QUOTED}:
                return None
        return None

    def _agent(self, i: int, j: int, verb: str, passive: bool) -> _Span | None:
        """X of "was called a fool by X" and of "described by X as"; "Y" of "Y was quoted"."""
        if verb == "quote" and passive:
            return self._before(j)
        by = self._by(i)
        loose = {"as", QUOTED, LABEL} & {t.low for t in self.toks[i : i + 15]}
        if by is None or not (passive or (verb in w.PASSIVE and loose)):
            return None
        return self._ahead(by + 1)

    def quoted(self, hit: _Hit) -> tuple[_Span, _Span] | None:
        """Y and X of "X quoted Y as saying" and "Y was quoted by X as saying"."""
        if w.FORMS[self.toks[hit.at].text][0] != "quote":
            return None
        by = self._by(hit.at)
        other = self._ahead((by or hit.at) + 1)
        if by and other:
            return hit.subject, other
        return (other, hit.subject) if other and hit.subject.high <= hit.at else None

    def inner(self, hits: Sequence[_Hit], hit: _Hit) -> _Span | None:
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

    def source(self) -> _Span | None:
        """X of "according to X", "citing X", "in X's words", "as X put it"."""
        for i in range(len(self.toks) - 1):
            pair = (self._low(i), self._low(i + 1))
            if pair == ("according", "to") or pair == ("words", "of"):
                return self._ahead(i + 2)
            if pair[0] in {"citing", "quoting"} and self._speaks(self._ahead(i + 1)):
                return self._ahead(i + 1)
            if pair[0] == "words" and self.toks[i - 1].text.endswith("'s"):
                start = next((k for k in reversed(range(i)) if self._low(k) == "in"), None)
                return None if start is None else _Span(start + 1, i + 1)
            if pair == ("put", "it"):
                return self._before(i)
        return None

    def labelled(self) -> _Span | None:
        """X of 'X: "…"'."""
        colon = next((k for k, t in enumerate(self.toks[:8]) if t.low == ":"), 0)
        if colon and self._low(colon + 1) == QUOTED and is_name(self.toks[colon - 1]):
            return self._phrase(0, colon)
        return None

    # Who says it: subjects

    def _stops(self, k: int) -> bool:
        """Whether token ``k`` cannot stand inside a subject."""
        token = self.toks[k]
        verb, form = w.FORMS.get(token.text, ("", ""))
        finite = form == "past" or (form == "s" and verb not in w.HOMOGRAPHS)
        marks = not token.text[0].isalnum() and token.low not in {
            LABEL,
            "'",
            "&",
            "%",
            "$",
            "€",
            "£",
        }
        return marks or finite or token.low in w.BOUNDARY | w.BE | w.HAVE

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

    def _before(self, j: int) -> _Span | None:
        """The subject that ends before token ``j``, past asides between commas."""
        low = self._edge(j)
        if low < j:
            span = self._phrase(low, j)
            return self._joint(low, span) if span and self._low(low - 1) == "and" else span
        return self._past_aside(j - 1) if self._low(j - 1) == "," else None

    def _joint(self, low: int, span: _Span) -> _Span:
        """All of "X and Y" where a sentence or a that-clause begins with it."""
        edge = self._edge(low - 1)
        left = self._phrase(edge, low - 1) if edge < low - 1 else None
        heads = edge == 0 or self._low(edge - 1) in {"that", "while", "but"}
        fits = left and left.high == low - 1 and self._low(edge) not in w.PREPOSITIONS
        return _Span(left.low, span.high) if left and heads and fits else span

    def _past_aside(self, end: int) -> _Span | None:
        """X of "X, the mayor of Y, said"; of "Y's aide, X, said" the name between the commas."""
        inside: _Span | None = None
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

    def _after(self, i: int) -> _Span | None:
        """X of '"…," said X' and "…, reports X"."""
        leads = {self._low(i - 1), self._low(i - 2) if self._low(i - 1) == "," else ""}
        if i and not leads & {QUOTED, LABEL, ",", "as", "—", "–"}:
            return None
        span = self._ahead(i + 1)
        close = self._low(span.high) if span else ""
        ends = w.PREPOSITIONS | w.BOUNDARY | w.TIME | {"", ",", ".", ";", "(", QUOTED}
        return span if close in ends and self._speaks(span) else None

    def _ahead(self, k: int) -> _Span | None:
        """The noun phrase that begins at token ``k``."""
        high = k
        while high < len(self.toks) and high - k < 14:
            if self._low(high) == "(":
                high = next((n for n in range(high, high + 8) if self._low(n) == ")"), high)
            elif high > k and (self._stops(high) or self._low(high) in w.TIME | {"as"}):
                break
            high += 1
        named = self._names.run_before(self.toks, k, high) < high if high > k else True
        if not named and self._low(high) == ",":  # "his lawyer, X"
            end = next((n for n in range(high + 1, high + 6) if not self._named(n)), high)
            if end > high + 1 and self._low(end) in {"", ".", ","}:
                return self._phrase(high + 1, end)
        return self._phrase(k, high)

    def _named(self, k: int) -> bool:
        return k < len(self.toks) and is_name(self.toks[k])

    def opening(self, low: int, high: int) -> _Span | None:
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
                return self._phrase(low, k + 1)
        return None

    def _phrase(self, low: int, high: int) -> _Span | None:
        """The name or noun phrase in a stretch, without what leads up to it or trails behind."""
        while low < high and (self._low(low) in w.LEADS or w.is_adverb(self._low(low))):
            low += 1
        while high > low and (self._low(high - 1) in w.TAILS or self._low(high - 1).isdigit()):
            high -= 1
        if low >= high:
            return None
        if self._low(high - 1) in w.PRONOUNS:
            return _Span(high - 1, high)
        run = self._names.run_before(self.toks, low, high)
        if run == high:
            return self._noun_phrase(low, high)
        article = self._low(run - 1) == "the" and run > low
        if run - article > low and self._low(run - article - 1) in w.PREPOSITIONS:
            return self._headed(low, run - article, high)
        return _Span(run - article, high)

    def _headed(self, low: int, run: int, high: int) -> _Span | None:
        """Who "officials at X" (all of it), "a poll by X" (X) and "in Rome X" (X) are."""
        if self._low(low) in w.PREPOSITIONS:
            return _Span(self._names.known_tail(self.toks, run, high), high)
        if is_name(self.toks[low]) and not w.can_speak(self._low(low)):
            return self._noun_phrase(low, high)
        research = any(t.low in w.UTTERANCES for t in self.toks[low:run])
        by = research and self._low(run - 1) in {"by", "from"}
        return _Span(run, high) if by else _Span(low, high)

    def _noun_phrase(self, low: int, high: int) -> _Span | None:
        inside = range(low + 1, high)
        if self._low(low) in w.PREPOSITIONS:  # "In Rome the minister"
            free = [k for k in inside if self._low(k - 1) not in w.PREPOSITIONS]
            starts = [k for k in free if self._low(k) in w.DETERMINERS]
            starts = starts or [k for k in free if w.can_speak(self._low(k))]
            return _Span(starts[-1], high) if starts else None
        end = next((k for k in inside if not is_name(self.toks[k])), high)
        plain_name = is_name(self.toks[low]) and not w.can_speak(self._low(low))
        if plain_name and self._low(end) in w.PREPOSITIONS:  # "Smith in a statement"
            return _Span(low, end)
        return _Span(low, high) if high - low <= 12 else None
