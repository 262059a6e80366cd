"""Files to texts: one function a format, found by suffix in ``FORMATS``.

Messages tell what is wrong and what to do; the caller, who knows the path, puts it in front.
"""

import codecs
import json
import logging
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from itertools import pairwise
from typing import Any

from rag.errors import CorpusError
from rag.hidden import drop_hidden

MAX_TEXT = 20_000_000  # characters taken out of one PDF or DOCX
MAX_UNZIPPED = 200_000_000  # bytes a DOCX or Parquet file may unfold to
PARQUET_ROWS = 64  # in memory at a time
LONGEST_HEAD = 120  # characters of a line that is no prose
GUESS_FROM = 200_000  # bytes the encoding is guessed from

MONTHS = (
    "january february march april may june july august september october november december"
).split()
TIME = r"(?:[T ,]+\d{1,2}:.*)?"
DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<y>\d{{4}})-(?P<m>\d\d)-(?P<d>\d\d){TIME}",
        r"(?P<y>\d{4})[/.](?P<m>\d{1,2})[/.](?P<d>\d{1,2})",
        rf"(?:[a-z]+,?\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?P<m>[a-z]{{3,9}})\.?,?[\s-]+(?P<y>\d{{4}}){TIME}",
        rf"(?:[a-z]+,?\s+)?(?P<m>[a-z]{{3,9}})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){TIME}",
    )
)
DAY_AND_MONTH = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")

# Where a page states the day it was published; a day of change or of access is another matter.
PUBLISHED = frozenset(
    "article:published_time og:published_time datepublished date dc.date dc.date.issued"
    " dcterms.date dcterms.issued pubdate publishdate publish-date publish_date"
    " publication_date parsely-pub-date sailthru.date citation_publication_date".split()
)
CHARSET = re.compile(rb"<meta[^>]{0,200}?charset=[\"']?([\w-]+)", re.IGNORECASE)
TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)
LOGGERS = ("pypdf", "trafilatura", "htmldate", "justext", "courlan", "charset_normalizer")


@dataclass(frozen=True, slots=True)
class Loaded:
    """One article as its file tells it.

    ``date`` is ISO or None, ``id`` is set for rows of a JSONL or Parquet file only, and ``note`` is
    what the user should know about the reading, such as a guessed encoding.
    """

    text: str
    title: str | None = None
    date: str | None = None
    id: str | None = None
    note: str | None = None


def load(suffix: str, data: bytes) -> list[Loaded]:
    """Read a file's bytes by its suffix, such as ``.txt``.

    Raises CorpusError where the suffix is unknown, the bytes cannot be read or hold no text.
    """
    loader = FORMATS.get(suffix.lower())
    if loader is None:
        raise CorpusError(f"has an unknown format; known are {', '.join(sorted(FORMATS))}")
    if not data.strip():
        raise CorpusError("is empty; put text into it or leave it out")
    articles = loader(data)
    if not any(_has_text(article.text) for article in articles):
        raise CorpusError("holds no text; put text into it or leave it out")
    return articles


def iso_date(value: object) -> tuple[str | None, str | None]:
    """Give (date as yyyy-mm-dd or None, note or None).

    Only a clear date counts: 3/4/2025 could be two days and is neither.
    """
    if value is None or value == "":
        return None, None
    if isinstance(value, datetime):
        return value.date().isoformat(), None
    if isinstance(value, date):
        return value.isoformat(), None
    found = _parse_date(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None, f"date {str(value)[:40]!r} is not clear, write it as yyyy-mm-dd"
    return found, None


def _parse_date(text: str) -> str | None:
    for pattern in DATES:
        found = pattern.fullmatch(text)
        if found:
            return _day(found["y"], found["m"], found["d"])
    found = DAY_AND_MONTH.fullmatch(text)
    if not found:
        return None
    first, second, year = found.groups()
    ways = {_day(year, second, first), _day(year, first, second)} - {None}
    return ways.pop() if len(ways) == 1 else None


def _day(year: str, month: str, day: str) -> str | None:
    if not month.isdecimal():
        named = [n for n, name in enumerate(MONTHS, 1) if name.startswith(month.lower())]
        if len(named) != 1:
            return None
        month = str(named[0])
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def decode(data: bytes) -> tuple[str, str | None]:
    """Give (text, note): UTF-8 strictly, else what a byte order mark or a confident guess says.

    A byte order mark is removed, line ends become a newline. Raises CorpusError for binary data.
    """
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            text = _try(data, name)
            if text is None:
                raise CorpusError(f"is not the {name} it claims to be; save it as UTF-8")
            return text, None if name == "utf-8-sig" else f"read as {name}"
    if b"\0" in data:
        raise CorpusError("is binary, not text; give it the suffix of its real format")
    text = _try(data, "utf-8")
    return (text, None) if text is not None else _guess(data)


def _try(data: bytes, name: str) -> str | None:
    try:
        text = data.decode(name)
    except (UnicodeError, LookupError):
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _guess(data: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    sample = data[:GUESS_FROM]
    if len(data) > GUESS_FROM:
        sample = sample[: max(sample.rfind(b"\n"), sample.rfind(b" ")) + 1] or sample
    with _library("text"):
        found = list(from_bytes(sample))
    best = [f for f in found if (f.chaos, f.coherence) == (found[0].chaos, found[0].coherence)]
    names = [name for f in best for name in (f.encoding, *f.could_be_from_charset)]
    # among equals the most common one: Western Windows
    for name in sorted(names, key=lambda name: name != "cp1252"):
        text = _try(data, name)
        if text is not None:
            return text, f"read as {name.replace('cp125', 'windows-125')}, a guess"
    raise CorpusError("has no encoding that could be told; save it as UTF-8")


def load_txt(data: bytes) -> list[Loaded]:
    r"""Take plain text verbatim; only a byte order mark goes and \r\n and \r become \n."""
    text, note = decode(data)
    return [Loaded(text, note=note)]


def load_markdown(data: bytes) -> list[Loaded]:
    """Take the text without its markup, a block a paragraph; title and date from front matter.

    Without a title there, the first heading of level 1 is the title.
    """
    from markdown_it import MarkdownIt

    text, note = decode(data)
    about: dict[str, Any] = {}
    if re.match(r"-{3,}[ \t]*\n", text):
        with _library("YAML front matter"):
            about, text = _front_matter(text)
    with _library("Markdown"):
        tokens = MarkdownIt("commonmark").enable("table").parse(text)
    first = next((i for i, token in enumerate(tokens) if token.tag == "h1"), None)
    heading = _inline(tokens[first + 1]) if first is not None else None
    day, unclear = iso_date(about.get("date"))
    title = _title(about.get("title")) or _title(heading)
    blocks = list(_blocks(tokens))
    if heading is None and blocks:
        blocks[0] = _head(tokens, blocks[0])
    return [Loaded(_joined(blocks), title, day, note=_notes(note, unclear))]


def _head(tokens: Sequence[Any], block: str) -> str:
    """Keep the lines of a first paragraph that is a title, a day and a reporter, and no prose."""
    first = next((token for token in tokens if token.type == "inline"), None)
    lines = first.content.split("\n") if first is not None and tokens[0].tag == "p" else []
    dated = any(re.search(r"\b(?:19|20)\d\d\b", line) for line in lines[1:])
    prose = any(len(line) > LONGEST_HEAD or line.rstrip().endswith(".") for line in lines)
    return _inline(first, "\n") if dated and not prose else block


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Give (what the front matter says, the text below it); a rule on the first line is none.

    YAML's reader in C, which would be the library's choice, dies of deep nesting.
    """
    from frontmatter.default_handlers import YAMLHandler
    from yaml import SafeLoader

    handler = YAMLHandler()
    try:
        head, body = handler.split(text.strip())
    except ValueError:
        return {}, text
    about = handler.load(head, Loader=SafeLoader)
    return (about, body.strip()) if about and isinstance(about, dict) else ({}, text)


def _blocks(tokens: Iterable[Any]) -> Iterator[str]:
    """Give one text a block: a list item with its marker, a table row with its cells."""
    item, row = "", list[str]()
    in_cell = False
    for token in tokens:
        if token.type == "list_item_open":
            item = f"{token.info}{token.markup} " if token.info else "- "
        elif token.type in ("th_open", "td_open", "th_close", "td_close"):
            in_cell = token.nesting == 1
        elif token.type == "inline" and in_cell:
            row.append(_inline(token))
        elif token.type == "tr_close":
            yield " | ".join(row)
            row = []
        elif token.type in ("inline", "fence", "code_block", "html_block"):
            yield item + _block(token)
            item = ""


def _block(token: Any) -> str:  # noqa: ANN401 - a token of a library imported late
    if token.type == "inline":
        return _inline(token)
    return TAG.sub("", token.content) if token.type == "html_block" else str(token.content)


def _inline(token: Any, soft: str = " ") -> str:  # noqa: ANN401 - as above
    breaks = {"softbreak": soft, "hardbreak": "\n"}
    return "".join(
        breaks.get(child.type, "" if child.type == "html_inline" else child.content)
        for child in token.children
    )


def load_html(data: bytes) -> list[Loaded]:
    """Take the main text of a page, its title, and the day it states it was published.

    What the page hides from its readers is left out (``rag.hidden``).
    The day comes from the page's own metadata, never from the text, its address or the clock.
    """
    from trafilatura import bare_extraction
    from trafilatura.utils import load_html as parse

    declared = CHARSET.search(data[:4096])
    name = declared[1].decode() if declared else "utf-8"
    name = "windows-1252" if name.lower() in ("iso-8859-1", "latin1", "ascii") else name
    text, note = _try(data, "utf-8"), None
    if text is None:
        text, note = _try(data, name), f"read as {name}, as the page says"
    if text is None or b"\0" in data or data.startswith(codecs.BOM_UTF8):
        text, note = decode(data)
    if not re.search(r"<(?:html|body)\b", text[:100_000], re.IGNORECASE):
        text = f"<html><body>{text}</body></html>"
    fixed = {"extensive_search": False, "max_date": "1995-01-02"}  # its guesses are not wanted
    with _library("HTML"):
        tree = parse(text)
        day, unclear = _published(tree)
        drop_hidden(tree)
        page: Any = bare_extraction(
            tree, include_comments=False, with_metadata=True, date_extraction_params=fixed
        )
    if page is None or not page.text:
        raise CorpusError("has no article text in it; save the article itself as text")
    return [
        Loaded(_joined(page.text.split("\n")), _title(page.title), day, note=_notes(note, unclear))
    ]


def _published(page: Any) -> tuple[str | None, str | None]:  # noqa: ANN401 - an lxml element
    """Take the strongest kind of statement there is; if its dates differ, none of them."""
    keys = ("property", "name", "itemprop")
    meta = [
        node.get("content")
        for node in page.iter("meta")
        if any(node.get(key, "").lower() in PUBLISHED for key in keys)
    ]
    times = {node: node.get("datetime") for node in page.iter("time")}
    marked = [
        value
        for node, value in times.items()
        if "pubdate" in node.attrib or node.get("itemprop", "").lower() == "datepublished"
    ]
    scripts = [node.text for node in page.iter("script") if "ld+json" in node.get("type", "")]
    stated = [day for script in scripts for day in _json_dates(script)]
    for kind in (meta, stated, marked, times.values()):
        days = {iso_date(value)[0] for value in kind if value} - {None}
        if len(days) == 1:
            return days.pop(), None
        if days:
            return None, "the page states several dates, so none was taken"
    return None, None


def _json_dates(script: str | None) -> Iterator[object]:
    try:
        top = json.loads(script or "")
    except (ValueError, RecursionError):
        return
    parts = top if isinstance(top, list) else [top]
    graphs = [p["@graph"] for p in parts if isinstance(p, dict) and "@graph" in p]
    for part in parts + [inner for graph in graphs if isinstance(graph, list) for inner in graph]:
        if isinstance(part, dict) and re.search("Article|Posting|Report", str(part.get("@type"))):
            yield part.get("datePublished")


def load_pdf(data: bytes) -> list[Loaded]:
    """Take a PDF's text, its lines joined to paragraphs, without a date: it knows only its own.

    The title of the metadata is often a file name; it counts where the text opens with it.
    """
    from pypdf import PdfReader

    lines: list[str] = []
    size = 0
    with _library("PDF"):
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise CorpusError("is an encrypted PDF; save it without a password")
        for page in reader.pages:
            found = page.extract_text()
            size = _bounded(size + len(found))
            lines += found.splitlines()
        title = _title(reader.metadata.title if reader.metadata else None)
    text = _joined(_unwrapped(lines))
    if not _has_text(text):
        raise CorpusError("is a PDF without text, only images; run text recognition on it first")
    opening = " ".join(text[:3000].split()).casefold()
    return [Loaded(text, title if title and title.casefold() in opening else None)]


def _unwrapped(lines: list[str]) -> Iterator[str]:
    """Join a line to the next where the next one's first word would not have fitted on it."""
    lines = [line.strip() for line in lines]
    lengths = sorted(len(line) for line in lines if line)
    width = lengths[len(lengths) * 9 // 10] if lengths else 0
    parts: list[str] = []
    for line, following in pairwise([*lines, ""]):
        word = following.partition(" ")[0]
        goes_on = bool(word) and (len(line) + 1 + len(word) > 0.85 * width or word[0].islower())
        hyphen = goes_on and word[0].islower() and re.search(r"[a-z]-$|\u00ad$", line)
        parts.append(line[:-1] if hyphen else line + " " * goes_on)
        if not goes_on:
            yield "".join(parts)
            parts = []


def load_docx(data: bytes) -> list[Loaded]:
    """Take a DOCX's paragraphs and table rows in order, and the title of its properties."""
    from docx import Document

    with _library("DOCX"):
        with zipfile.ZipFile(BytesIO(data)) as archive:
            unzipped = sum(member.file_size for member in archive.infolist())
        _unfolded(unzipped)
        document = Document(BytesIO(data))
        lines, size = [], 0
        for line in _docx_lines(document):
            size = _bounded(size + len(line))
            lines.append(line)
        title = _title(document.core_properties.title)
    return [Loaded(_joined(lines), title)]


def _docx_lines(parent: Any) -> Iterator[str]:  # noqa: ANN401 - a document or a cell
    for block in parent.iter_inner_content():
        if not hasattr(block, "rows"):
            yield block.text
            continue
        for row in block.rows:
            cells = {id(cell._tc): cell for cell in row.cells}  # a merged cell comes repeatedly
            texts = (" ".join(" ".join(_docx_lines(cell)).split()) for cell in cells.values())
            yield " | ".join(text for text in texts if text)


def load_jsonl(data: bytes) -> list[Loaded]:
    """Take one article a line: ``{"id", "title", "date", "text"}``; only the text is a must.

    Without an id the line number is the id. Raises CorpusError that names the line.
    """
    text, note = decode(data)
    lines = enumerate(text.split("\n"), 1)
    return _rows(
        ((f"line {number}", number, _json(line, number)) for number, line in lines if line.strip()),
        note,
    )


def _json(line: str, number: int) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise CorpusError(f"line {number} is not JSON ({problem}); mend it") from problem


def load_parquet(data: bytes) -> list[Loaded]:
    """Take one article a row: columns id, title, date, text; only the text is a must.

    Without an id the row's number, from 1, is the id; other columns are not read. Raises
    CorpusError that names the row, or says that pyarrow is not installed.
    """
    try:
        from pyarrow import parquet
    except ImportError as problem:
        raise CorpusError(
            "needs pyarrow to be read; run `pip install 'quotable-rag[parquet]'`"
        ) from problem
    with _library("Parquet"):
        about = parquet.read_metadata(BytesIO(data))
        there = about.schema.to_arrow_schema().names
        names = [name for name in ("id", "title", "date", "text") if name in there]
        if "text" not in names:
            raise CorpusError('has no column "text"; rename the one that holds the articles')
        # a text that comes again and again is kept once
        file = parquet.ParquetFile(BytesIO(data), metadata=about, read_dictionary=["text"])
        return _rows(_parquet_rows(file, names))


def _parquet_rows(file: Any, names: list[str]) -> Iterator[tuple[str, int, object]]:  # noqa: ANN401
    """Give the rows one by one, so that what unfolds is noticed before it fills the memory."""
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    columns = [group.column(at) for group in groups for at in range(group.num_columns)]
    read = [column for column in columns if column.path_in_schema in names]
    _unfolded(sum(column.total_uncompressed_size for column in read))
    number = size = 0
    for batch in file.iter_batches(PARQUET_ROWS, columns=names):
        for at in range(batch.num_rows):
            row = {name: batch.column(name)[at].as_py() for name in names}
            size = _unfolded(size + len(str(row["text"])))
            number += 1
            yield f"row {number}", number, row


def _rows(found: Iterable[tuple[str, int, object]], note: str | None = None) -> list[Loaded]:
    """Take rows that come with their place, for messages, and their number."""
    rows: dict[str, Loaded] = {}
    for place, number, given in found:
        row = _row(given, place, number, note)
        key = str(row.id)
        if key in rows:
            raise CorpusError(f"{place}: id {key!r} is there twice; make it unique")
        rows[key] = row
    return list(rows.values())


def _row(row: object, place: str, number: int, note: str | None) -> Loaded:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise CorpusError(f'{place} has no string "text"; add it')
    text = clean(row["text"])
    if not _has_text(text):
        raise CorpusError(f"{place} has an empty text; fill it or leave the line out")
    given = row.get("id")
    if isinstance(given, bool) or not isinstance(given, str | int | None):
        raise CorpusError(f"{place}: id must be a string or a number")
    key = str(number) if given is None or given == "" else str(given)
    if not is_printable(key):
        raise CorpusError(f"{place}: id {key!r} holds control characters; rename it")
    day, unclear = iso_date(row.get("date"))
    unclear = f"{place}: {unclear}" if unclear else None
    return Loaded(text, _title(row.get("title")), day, key, _notes(note, unclear))


FORMATS: dict[str, Callable[[bytes], list[Loaded]]] = {
    ".txt": load_txt,
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".html": load_html,
    ".htm": load_html,
    ".pdf": load_pdf,
    ".docx": load_docx,
    ".jsonl": load_jsonl,
    ".parquet": load_parquet,
}


def is_printable(name: str) -> bool:
    """Whether a name can be shown on one line and written as UTF-8."""
    return not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name)


@contextmanager
def _library(what: str) -> Iterator[None]:
    """Keep a library quiet, and turn whatever it raises into one line."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CorpusError:
        raise
    except Exception as problem:  # a damaged file makes parsers raise anything
        why = " ".join(str(problem).split())[:200] or type(problem).__name__
        raise CorpusError(f"cannot be read as {what} ({why}); save it anew") from problem
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _bounded(size: int) -> int:
    if size > MAX_TEXT:
        raise CorpusError(f"holds more than {MAX_TEXT:,} characters of text; split it")
    return size


def _unfolded(size: int) -> int:
    if size > MAX_UNZIPPED:
        raise CorpusError(f"unfolds to {size:,} bytes, which is too much; split it")
    return size


def clean(text: str) -> str:
    """Make text that can be stored: no NUL, halves of characters joined or replaced."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in (clean(block).strip() for block in blocks) if block)


def _has_text(text: str) -> bool:
    return re.search(r"[^\W_]", text) is not None


def _title(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return clean(" ".join(str(value).split())) or None


def _notes(*notes: str | None) -> str | None:
    return "; ".join(note for note in notes if note) or None
