"""Text to sentences with exact offsets; the boundaries come from sentencex, mended where it errs.

All offsets are half-open and count Unicode code points. Everything here runs in linear time.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from sentencex import get_sentence_boundaries

from rag.datelines import length_of_dateline

LONGEST = 1200  # characters of a sentence; what runs on beyond is cut
WINDOW = 8000  # characters handed to sentencex at once: it is quadratic in unclosed quotes
LONGEST_HEADING = 120
HEADINGS_IN_A_ROW = 3  # more short lines than that are a list, a table or a poem …
HEAD_LINES = 6  # … but at the head of a text the title, the paper, the day and the reporter
WRAP_WIDTHS = range(40, 101)  # characters of a line that an editor broke

STOPS = ".!?…。！？؟۔"
CLOSERS = "\"'”’»›)]"
BREAK = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
SPACE = re.compile(r"\s")
WORD = re.compile(r"[^\W_]")
FIRST_WORD = re.compile(r"\S+")
CREDIT = re.compile(r"(?:By|by|BY) [^\Wa-z]|(?:Published|Updated|Posted)\b|.*\b(?:19|20)\d\d\b")
HASHES = re.compile(r"#{1,6}\s")
NEW_LINE = re.compile(r"(?:[-*+•‣◦]|#{1,6})\s")  # starts a paragraph even in wrapped text
ITEM = re.compile(r"(?:[-*+•‣◦–—]|\(?\d{1,3}[.)])\s")
# What only ever stands before a name, a number or an example, and so never ends a sentence.
LEADS_ON = re.compile(
    r"(?<!\w)(?:Mr|Mrs|Ms|Mx|Messrs|Drs?|Profs?|Sens|Reps|Govs|Gens|Lt|Amb|Atty|Vol"
    r"|e\.g|i\.e|cf|viz|vs|approx)\.$"
)
# A whole sentence in brackets at the start, with another one behind it.
ASIDE = re.compile(r"\((?=[^()]*\s)[^()]*[.!?…][”’\"']?\)\s+(?=[^\Wa-z]|[“\"‘(])")
_BETWEEN = r"\.[\"'”’»)\]]*\s+"  # a full stop, marks that close, and the space
# A plain word that sentencex takes for short (Ill. is Illinois), and a new sentence behind it.
NOT_SHORT = re.compile(
    rf"(?<=\s)(?:[Mm]ay{_BETWEEN}(?=[“\"‘'«(]*(?:[^\W\d_a-z]|[$€£]?\d))"
    rf"|(?:arc|art|fed|ill|me|no|ore){_BETWEEN}(?=[“\"‘'«(]*(?:[^\W\d_a-z][a-z’']|[AI]\s)))"
)
INNER_END = re.compile(r"[.!?…][”’\"')\]]*\s")

SPLITTER = 5  # raised whenever other sentences come out: an index holds sentence numbers


@dataclass(frozen=True, slots=True)
class Span:
    """``text[start:end]`` is one sentence, stripped; ``paragraph`` counts from 0."""

    start: int
    end: int
    paragraph: int
    heading: bool


def split(text: str) -> list[Span]:
    """Split a text into its sentences, in order and without overlap.

    Every character that is not white space is covered, except on lines without a single letter or
    digit (rules, asterisks, emoji): those are dropped. A dateline is a heading. A newline ends a
    paragraph; in hard-wrapped text only a blank line does, and a sentence may hold newlines. A
    sentence of more than ``LONGEST`` characters is cut, at white space where there is any. Raises
    nothing for any text that can be encoded as UTF-8.
    """
    paragraphs = [
        ((start, end), list(_sentences(text, start, end))) for start, end in _paragraphs(text)
    ]
    headings = _headings(
        [text[start:end] if len(inside) == 1 else "" for (start, end), inside in paragraphs]
    )
    return [
        Span(start, end, number, heading or headings[number])
        for number, (_, inside) in enumerate(paragraphs)
        for start, end, heading in _parted(text, inside, at_head=number < HEAD_LINES)
    ]


def _parted(
    text: str, sentences: Iterable[tuple[int, int]], *, at_head: bool
) -> Iterator[tuple[int, int, bool]]:
    """Part a dateline ("LIMA, 3 March (AP) -"), which is a heading, from the sentence behind it.

    Only at the head of a text: further down "Lima, 3 March: …" tells when something was.
    """
    for number, (start, end) in enumerate(sentences):
        opening = length_of_dateline(text[start:end]) if at_head and not number else 0
        if opening and WORD.search(text, start + opening, end):
            yield *_strip(text, start, start + opening), True
            yield *_strip(text, start + opening, end), False
        else:
            yield start, end, False


def opening_heading(text: str) -> Span | None:
    """Give the first sentence of a text if ``split`` finds it to be a heading, without the rest."""
    few = _paragraphs(text)[: HEAD_LINES + 2]  # no later one has a say in the first
    if not few or (few[0][1] - few[0][0] > LONGEST_HEADING and not HASHES.match(text, *few[0])):
        return None
    inside = [list(_sentences(text, start, end)) for start, end in few]
    lone = [text[s:e] if len(each) == 1 else "" for (s, e), each in zip(few, inside, strict=True)]
    return Span(*inside[0][0], 0, heading=True) if _headings(lone)[0] else None


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, start + len(piece.strip())


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for newline in BREAK.finditer(text):
        yield _strip(text, start, newline.start())
        start = newline.end()
    yield _strip(text, start, len(text))


def _paragraphs(text: str) -> list[tuple[int, int]]:
    lines = list(_lines(text))
    wrapped = _hard_wrapped(text, lines)
    found: list[tuple[int, int]] = []
    goes_on = False
    for start, end in lines:
        heading = HASHES.match(text, start, end)
        if not WORD.search(text, start, end):
            goes_on = False
            continue
        if goes_on and not NEW_LINE.match(text, start, end):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
        goes_on = wrapped and not heading
    return found


def _hard_wrapped(text: str, lines: list[tuple[int, int]]) -> bool:
    """Whether an editor broke the lines: the next line's first word would not have fitted."""
    lengths = [end - start for start, end in lines if end > start]
    width = max((length for length in lengths if length in WRAP_WIDTHS), default=0)
    pairs = [
        (a, b)
        for a, b in pairwise(lines)
        if a[1] > a[0] and b[1] > b[0] and not NEW_LINE.match(text, *b)
    ]
    too_long = sum(length > WRAP_WIDTHS[-1] for length in lengths)
    blank_lines = len(lengths) < len(lines)
    if not width or len(pairs) < (1 if blank_lines else 3) or too_long * 50 > len(lengths):
        return False
    full = run_on = 0
    for (start, end), (next_start, next_end) in pairs:
        word = FIRST_WORD.match(text, next_start, next_end)
        full += end - start + 1 + len(word[0] if word else "") > 0.85 * width
        run_on += text[start:end].rstrip(CLOSERS)[-1:] not in STOPS
    return full >= 0.75 * len(pairs) and run_on > 0.5 * len(pairs)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    # sentencex panics on "A\u00a0." and takes newlines for list items: show it plain spaces only.
    flat = SPACE.sub(" ", text[start:end])
    begin = 0
    for stop in _mended(flat, _boundaries(flat)):
        while begin < stop:
            cut = _cut(flat, begin, stop)
            piece = _strip(text, start + begin, start + cut)
            if piece[1] > piece[0]:
                yield piece
            begin = cut


def _boundaries(flat: str) -> Iterator[int]:
    """Give the ends of sentences as sentencex sees them, a window at a time."""
    at = 0
    while at < len(flat):
        stop = len(flat)
        if stop - at > WINDOW:
            stop = flat.rfind(" ", at + 1, at + WINDOW) + 1 or at + WINDOW
        found = get_sentence_boundaries("en", flat[at:stop])
        ends = [int(boundary["end_index"]) for boundary in found] or [stop - at]
        if stop < len(flat) and len(ends) > 1:
            ends.pop()  # it may go on behind the window
        yield from (at + end for end in ends)
        at += ends[-1]


def _mended(flat: str, ends: Iterator[int]) -> Iterator[int]:
    """Join what was split too early and split what was not; the last end always stays."""
    kept: list[int] = []
    start, worded = 0, False
    for end in ends:
        has_word = WORD.search(flat, start, end) is not None
        # a stray mark belongs to what stands before it, or at the very start behind it
        if kept and (not has_word or not worded or _leads_on(flat, kept[-1])):
            kept[-1] = end
        else:
            kept.append(end)
        start, worded = end, worded or has_word
    for begin, end in pairwise([0, *kept]):
        aside = ASIDE.match(flat, begin, end)
        if aside:
            yield aside.end()
        yield from (found.end() for found in NOT_SHORT.finditer(flat, begin, end))
        yield end


def _leads_on(flat: str, end: int) -> bool:
    return LEADS_ON.search(flat[max(0, end - 24) : end].rstrip()) is not None


def _cut(flat: str, begin: int, end: int) -> int:
    """Where the sentence ends: as given, or earlier where it is too long."""
    if end - begin <= LONGEST:
        return end
    limit = begin + LONGEST
    inner = [found.end() for found in INNER_END.finditer(flat, begin + LONGEST // 2, limit)]
    return inner[-1] if inner else flat.rfind(" ", begin + 1, limit) + 1 or limit


def _headings(paragraphs: list[str]) -> list[bool]:
    """Which paragraphs are headings; one of several sentences comes as an empty string."""
    likely = [_like_a_heading(paragraph) for paragraph in paragraphs]
    marked = [bool(HASHES.match(paragraph)) for paragraph in paragraphs]
    if likely:
        likely[-1] = False  # a heading has text below it
    begin = 0
    for at in range(len(likely) + 1):
        if at == len(likely) or not likely[at]:
            head = at <= HEAD_LINES and any(map(CREDIT.match, paragraphs[1:at]))
            if at - begin > HEADINGS_IN_A_ROW and not (begin == 0 and head):
                likely[begin:at] = [False] * (at - begin)
            begin = at + 1
    return [a or b for a, b in zip(likely, marked, strict=True)]


def _like_a_heading(paragraph: str) -> bool:
    """Short, no list item or attribution, and no full stop, not even inside a closing quote."""
    if not 0 < len(paragraph) <= LONGEST_HEADING or ITEM.match(paragraph):
        return False
    last = paragraph.rstrip(CLOSERS)[-1:]
    return paragraph[-1] in "?？؟" or last not in STOPS + ",;،、"
