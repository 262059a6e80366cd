"""What a database must do to hold a shared index; the same index is read and written on all.

Every record carries the generation in which it was ``born`` and the one in which it ``died``. A
reader looks at one generation only, so whatever a writer adds or takes away stays unseen until the
number of the current generation is raised, which is one small write.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import numpy as np
from numpy.typing import NDArray

from rag.corpus import Article
from rag.embedder import Encoded
from rag.passages import Passage

ALIVE = 2**62  # the generation in which what is still there dies
K1, B = 1.2, 0.75  # of BM25, as in the word index
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Row:
    """A passage as a database holds it; ``version`` names its article's exact state."""

    id: int
    version: str
    date: str | None
    passage: Passage
    encoded: Encoded


@dataclass(frozen=True, slots=True)
class Held:
    """An article that a database holds, and from which generation to before which."""

    version: str
    name: str
    sha256: str
    born: int
    died: int


@dataclass(frozen=True, slots=True)
class View:
    """What a search may see: a generation of a shelf, articles up to a day, articles by name."""

    shelf: str
    generation: int
    up_to: str | None = None
    articles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A question's known terms, as often as it says them; mean passage length in terms.

    ``weights`` are their inverse document frequencies, times as often as they are said.
    """

    terms: tuple[str, ...]
    weights: dict[str, float]
    mean_length: float


class Database(Protocol):
    """Holds shelves of articles and passages (one shelf a recipe), and a few texts by key.

    All methods raise StoreFailed when the database cannot be reached or breaks off; the next call
    connects again. Ids are made from content, so that writing a record twice leaves one.
    """

    def read(self, key: str) -> str | None:
        """Give the text kept under a key."""
        ...

    def write(self, key: str, text: str) -> None:
        """Keep a text under a key, at once and whole."""
        ...

    def erase(self, prefix: str, but: Sequence[str]) -> None:
        """Forget all texts whose key begins so, except some."""
        ...

    def writer(self) -> AbstractContextManager["Writer"]:
        """Keep other writers out; raises IndexFault when there is one."""
        ...

    def make(self, shelf: str, dimension: int) -> None:
        """Make an empty shelf unless it is there."""
        ...

    def drop_shelves(self, but: str) -> None:
        """Throw away all shelves except one."""
        ...

    def near(self, view: View, vector: Floats, k: int) -> list[tuple[int, float]]:
        """Give up to k (row id, inner product), best first."""
        ...

    def worded(self, view: View, words: Words, k: int) -> list[tuple[int, float]]:
        """Give up to k (row id, BM25 score), best first; rows that share no word are left out."""
        ...

    def fetch(self, shelf: str, ids: Sequence[int]) -> list[Row]:
        """Give rows by id, in any order; ids that are gone are left out."""
        ...

    def at(self, view: View, places: Collection[tuple[str, int]]) -> list[Row]:
        """Give the rows at (article, number of its sentence) that a view shows, in any order."""
        ...

    def recall(self, shelf: str, texts: Sequence[str]) -> dict[str, Encoded]:
        """Give what is known of some passage texts, dead or unborn ones too."""
        ...

    def held(self, shelf: str) -> list[Held]:
        """List all articles of all generations."""
        ...

    def articles(self, view: View) -> Iterator[Article]:
        """Give the articles that a view shows, in any order."""
        ...

    def put(self, shelf: str, articles: Sequence[Article], rows: Sequence[Row], born: int) -> None:
        """Add rows, then their articles: an article that is there has all its rows."""
        ...

    def retire(self, shelf: str, versions: Sequence[str], died: int) -> None:
        """Let living articles and their rows die in a generation to come."""
        ...

    def discard(self, shelf: str, versions: Sequence[str], born: int) -> None:
        """Delete articles of one birth, and their rows."""
        ...

    def sweep(self, shelf: str, current: int) -> None:
        """Undo deaths after the current generation; delete what the last two do not see."""
        ...

    def index_vectors(self, shelf: str, passages: int) -> None:
        """Make an approximate index where there are so many passages that one pays."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class Writer(Protocol):
    """The right to write, for as long as it is renewed."""

    def renew(self) -> None:
        """Keep the right; raises IndexFault when another writer has taken it over."""
        ...


def version_of(article: Article) -> str:
    """Name an article's exact state: any change of its text or labels gives another name."""
    told = (article.name, article.sha256, article.title, article.date, article.origin)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:24]


def row_id(version: str, sentence: int, born: int) -> int:
    """Give a row's id, 62 bits of a hash of what it is."""
    digest = hashlib.sha256(f"{version}:{sentence}:{born}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 2


def text_hash(text: str) -> int:
    """Give 62 bits of a text's hash, by which its vectors are found again."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


def pack(tokens: Floats) -> bytes:
    """Write token vectors, shape (t, d), as float16, as the folder index keeps them."""
    return tokens.astype("<f2").tobytes()


def unpack(data: bytes, dimension: int) -> Floats:
    """Read what ``pack`` wrote."""
    return np.frombuffer(data, dtype="<f2").reshape(-1, dimension).astype(np.float32)


def shown(uri: str) -> str:
    """Give a URI without its password, for messages."""
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    place = f"{parts.username or ''}:***@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=place))
