"""What a corpus is made of: articles and their sentences, with exact offsets.

Offsets are half-open and count Unicode code points of ``Article.text``.
"""

import hashlib
import json
import os
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from rag.datelines import dateline, day_of_file
from rag.errors import CorpusError
from rag.loaders import FORMATS, Loaded, is_printable, iso_date, load
from rag.sentences import opening_heading, split
from rag.settings import VERSION

MANIFEST = "articles.toml"
NO_ARTICLES = ("README", "LICENSE")
LATELY = 2_000_000_000  # nanoseconds; no file system's clock is coarser


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest citable unit: ``article.text[start:end] == text``, stripped of white space."""

    article: str
    number: int
    start: int
    end: int
    text: str
    paragraph: int
    heading: bool


@dataclass(frozen=True)
class Article:
    """A source text; ``date`` is ISO or None where nobody says it, ``origin`` the file it is in."""

    name: str
    text: str
    title: str | None
    date: str | None
    origin: str
    sha256: str

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The article's sentences in order."""
        return tuple(
            Sentence(
                self.name,
                number,
                s.start,
                s.end,
                self.text[s.start : s.end],
                s.paragraph,
                s.heading,
            )
            for number, s in enumerate(split(self.text))
        )


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Corpus:
    """All articles by name, what was left out, and what the user should know, a line each."""

    articles: tuple[Article, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The checksum of all articles' checksums, in order of their names."""
        told = "\n".join(article.sha256 for article in self.articles)
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _File:
    """A file to read; ``root`` is its source folder, ``named`` whether the user named the file."""

    path: Path
    root: Path
    named: bool


@dataclass(slots=True)
class _Reading:
    """What one call of ``read_corpus`` has come across so far."""

    max_bytes: int
    articles: list[tuple[Article, Path]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    manifests: dict[Path, dict[str, tuple[str | None, str | None]]] = field(default_factory=dict)

    def skip(self, path: Path, reason: str) -> None:
        """Leave a path out."""
        self.skipped.append(Skipped(_shown(path), reason))


def read_corpus(sources: Sequence[Path], max_bytes: int) -> Corpus:
    """Read articles from files and folders, sorted by name.

    In a folder a bad file is skipped and reported; files of more than ``max_bytes`` bytes are bad.
    Raises CorpusError where a source does not exist, a file that was named is bad, a manifest is
    malformed, two articles would have one name, or there is nothing to read.
    """
    reading = _Reading(max_bytes)
    seen: set[Path] = set()
    for source in sources:
        for file in _files(source, reading):
            if (resolved := file.path.resolve()) not in seen:
                seen.add(resolved)
                _read(file, reading)
    if not reading.articles:
        first = next(iter(reading.skipped), None)
        why = f"; the first of {len(reading.skipped)} left out: {first.path}" if first else ""
        why += f" {first.reason}" if first else "; name a file or a folder with articles"
        raise CorpusError("no article could be read" + why)
    _note_absent(reading)
    articles = sorted(_unique_names(reading.articles), key=lambda article: article.name)
    return Corpus(tuple(articles), tuple(reading.skipped), tuple(reading.notes))


def survey(sources: Sequence[Path], max_bytes: int) -> str | None:
    """Give a checksum of which files ``read_corpus`` would read, and of the state each is in.

    Where it is what it was before, reading would give the same articles. None where that is not
    sure: files are left out, for reasons that may go away, or one was changed so lately that one
    more change might not show. Raises CorpusError where a source does not exist or holds nothing.
    """
    reading = _Reading(max_bytes)
    files = [file for source in sources for file in _files(source, reading)]
    places = {(file.path.parent, file.root) for file in files}
    folders = {folder for parent, root in places for folder in _up_to(parent, root)}
    manifests = sorted(folder / MANIFEST for folder in folders)
    told: list[object] = [VERSION, max_bytes, *((str(f.root), f.named) for f in files)]
    newest = 0
    try:
        for path in (*(f.path for f in files), *(path for path in manifests if path.exists())):
            state = path.stat()
            newest = max(newest, state.st_mtime_ns, state.st_ctime_ns)
            told.append((str(path.absolute()), state.st_size, *untouched(state)))
    except OSError:
        return None
    sure = not reading.skipped and newest < time.time_ns() - LATELY
    return hashlib.sha256(json.dumps(told).encode()).hexdigest() if sure else None


def untouched(state: os.stat_result) -> list[int]:
    """Give the numbers of a file that any change of it alters."""
    return [state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def _up_to(folder: Path, root: Path) -> Iterator[Path]:
    """Give a folder and those above it, up to a root."""
    for each in (folder, *folder.parents):
        yield each
        if each == root:
            return


def read_origin(article_name: str, origin: Path) -> str | None:
    """Read the text of one article again from its file; None where file or row is gone.

    Raises CorpusError where the file is there and cannot be read.
    """
    if not origin.is_file():
        return None
    row = article_name.partition(f"{origin.name}#")[2]
    try:
        loaded = load(origin.suffix, origin.read_bytes())
    except OSError as problem:
        raise CorpusError(f"{_shown(origin)} cannot be read: {problem.strerror}") from problem
    except CorpusError as problem:
        raise CorpusError(f"{_shown(origin)} {problem}") from problem
    return next((each.text for each in loaded if (each.id or "") == row), None)


def _files(source: Path, reading: _Reading) -> Iterator[_File]:
    if source.is_file():
        yield _File(source, source.parent, named=True)
        return
    if not source.is_dir():
        what = "is neither a file nor a folder" if source.exists() else "does not exist"
        raise CorpusError(f"{_shown(source)} {what}; check the path")
    before, any_file = len(reading.skipped), False
    for path in _walk(source, reading):
        if path.suffix.lower() in FORMATS:
            any_file = True
            yield _File(path, source, named=False)
        else:
            known = ", ".join(sorted(FORMATS))
            reading.skip(path, f"has an unknown format; known are {known}")
    if not any_file:
        left = len(reading.skipped) - before
        also = f" ({left} left out, the first: {reading.skipped[before].path})" if left else ""
        raise CorpusError(
            f"no article found in {_shown(source)}{also}; put in files that end in "
            + ", ".join(sorted(FORMATS))
        )


def _walk(source: Path, reading: _Reading) -> Iterator[Path]:
    """Give the files below a folder, sorted, without what is hidden or leads out of it."""
    root = source.resolve()

    def unreadable(problem: OSError) -> None:
        reading.skip(Path(problem.filename), f"cannot be opened: {problem.strerror}")

    for folder, folders, names in os.walk(source, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if Path(folder, name).is_symlink():
                reading.skip(Path(folder, name), "is a link to a folder; name the folder itself")
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or name == MANIFEST or name.upper().startswith(NO_ARTICLES):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                reading.skip(path, "is a link that leads out of the folder; name its target")
            elif not path.is_file():
                reading.skip(path, "is no regular file")
            else:
                yield path


def _read(file: _File, reading: _Reading) -> None:
    name = file.path.relative_to(file.root).as_posix()
    _load_manifests(file, reading)
    try:
        if not is_printable(str(file.path.absolute())):
            raise CorpusError("has a name with unreadable characters; rename it")
        rows = load(file.path.suffix, _bytes(file.path, reading.max_bytes))
    except CorpusError as problem:
        if file.named:
            raise CorpusError(f"{_shown(file.path)} {problem}") from problem
        reading.skip(file.path, str(problem))
        return
    notes = dict.fromkeys(row.note for row in rows if row.note)
    reading.notes += [f"{_shown(file.path)}: {note}" for note in notes]
    for row in rows:
        end = f"#{row.id}" if row.id is not None else ""
        title, date = _told_by_manifest(file, end, reading)
        day = date or row.date or dateline(row.text)
        if row.id is None:  # else the file's name is not the article's
            day = day or day_of_file(file.path.name)
        told = replace(row, title=title or row.title, date=day)
        reading.articles.append((_article(name + end, told, file.path), file.root))


def _bytes(path: Path, max_bytes: int) -> bytes:
    try:
        size = path.stat().st_size
        if size <= max_bytes:
            with path.open("rb") as file:
                data = file.read(max_bytes + 1)
            size = max(size, len(data))
    except OSError as problem:
        raise CorpusError(f"cannot be read: {problem.strerror}; check its rights") from problem
    if size > max_bytes:
        raise CorpusError(
            f"has {size:,} bytes, {max_bytes:,} are allowed; split it or raise max_article_bytes"
        )
    return data


def _article(name: str, row: Loaded, path: Path) -> Article:
    title = row.title or _opening_heading(row.text)
    told = json.dumps([name, row.text, title, row.date]).encode()
    digest = hashlib.sha256(told).hexdigest()
    return Article(name, row.text, title, row.date, str(path.absolute()), digest)


def _opening_heading(text: str) -> str | None:
    """Give the heading a text opens with; one further down titles only its own section."""
    first = opening_heading(text[:4000])
    return " ".join(text[first.start : first.end].lstrip("#").split()) if first else None


def _load_manifests(file: _File, reading: _Reading) -> None:
    """Read the manifests of the file's folder and of those above it, up to the source folder."""
    for folder in _up_to(file.path.parent, file.root):
        if folder not in reading.manifests:
            reading.manifests[folder] = _manifest(folder)


def _manifest(folder: Path) -> dict[str, tuple[str | None, str | None]]:
    path = folder / MANIFEST
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CorpusError(f"{_shown(path)} cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        why = " ".join(str(problem).split())
        raise CorpusError(f"{_shown(path)} is not TOML ({why}); mend it") from problem
    return {name: _manifest_entry(path, name, table) for name, table in tables.items()}


def _manifest_entry(path: Path, name: str, table: object) -> tuple[str | None, str | None]:
    where = f"{_shown(path)}, entry {name!r}"
    if not isinstance(table, dict):
        raise CorpusError(f'{where}: is no table; write ["{name}"] and title = "..." below it')
    title, (date, unclear) = table.get("title"), iso_date(table.get("date"))
    if title is not None and not (isinstance(title, str) and title.strip()):
        raise CorpusError(f"{where}: the title must be a text that is not empty")
    if unclear or table.get("date") == "":
        raise CorpusError(f"{where}: {unclear or 'the date is empty, leave it out'}")
    return " ".join(title.split()) if title else None, date


def _told_by_manifest(file: _File, end: str, reading: _Reading) -> tuple[str | None, str | None]:
    """Give (title, date) from the nearest manifest that names the file or row."""
    for folder in _up_to(file.path.parent, file.root):
        if entries := reading.manifests[folder]:
            name = file.path.relative_to(folder).as_posix() + end
            if name in entries:
                return entries[name]
    return None, None


def _note_absent(reading: _Reading) -> None:
    """Note what a manifest names and nobody finds: no such file, or no such row in it."""
    rows = {
        f"{article.origin}#{article.name.partition(Path(article.origin).name + '#')[2]}"
        for article, _ in reading.articles
    }
    for folder, entries in reading.manifests.items():
        for name in entries:
            path = (folder / name).absolute()
            if str(path) not in rows and not path.exists():
                reading.notes.append(f"{_shown(folder / MANIFEST)} names {name!r}, which is absent")


def _unique_names(found: list[tuple[Article, Path]]) -> list[Article]:
    """Put the source folder's name in front of names that came twice."""
    often = Counter(article.name for article, _ in found)
    articles = [
        _renamed(article, f"{root.resolve().name}/{article.name}")
        if often[article.name] > 1
        else article
        for article, root in found
    ]
    taken: dict[str, Article] = {}
    for article in articles:
        other = taken.setdefault(article.name, article)
        if other is not article:
            raise CorpusError(
                f"{_shown(Path(other.origin))} and {_shown(Path(article.origin))} would both be "
                f"named {article.name!r}; rename one or give a folder above both"
            )
    return articles


def _renamed(article: Article, name: str) -> Article:
    row = Loaded(article.text, article.title, article.date)
    return _article(name, row, Path(article.origin))


def _shown(path: Path) -> str:
    """Make a path fit for one line of a message."""
    text = str(path)
    return text if is_printable(text) else ascii(text)
