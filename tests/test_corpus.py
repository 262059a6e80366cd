import hashlib
import json
import os
from pathlib import Path

import pytest

from rag.corpus import Skipped, read_corpus, read_origin
from rag.errors import CorpusError

SEEDS = Path(__file__).parent.parent / "seeds"
LIMIT = 1_000_000


def put(folder, **files):
    """Write files; a double underscore in a key is a slash, a single one before txt a dot."""
    for key, text in files.items():
        path = folder / key.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def names(corpus):
    return [article.name for article in corpus.articles]


def fails(sources, *words, limit=LIMIT):
    with pytest.raises(CorpusError) as caught:
        read_corpus(sources, limit)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_seeds():
    corpus = read_corpus([SEEDS], LIMIT)
    assert names(corpus) == sorted(path.name for path in SEEDS.glob("*.txt"))
    assert corpus.skipped == corpus.notes == ()
    assert [article.date for article in corpus.articles] == [
        "2025-12-20",
        "2025-12-23",
        "2025-12-30",
        "2025-12-01",
        "2025-12-28",
    ]
    assert corpus.articles[1].title == "No progress from the Miami round of Ukraine peace talks"
    for article in corpus.articles:
        assert article.text == (SEEDS / article.name).read_bytes().decode()
        assert read_origin(article.name, Path(article.origin)) == article.text
        for number, sentence in enumerate(article.sentences):
            assert sentence.number == number
            assert article.text[sentence.start : sentence.end] == sentence.text
    assert sum(len(article.sentences) for article in corpus.articles) == 135


def test_a_named_file_gets_its_manifest_too():
    (article,) = read_corpus([SEEDS / "000_bf3511107b49d45d.txt"], LIMIT).articles
    assert article.date == "2025-12-20"
    assert article.name == "000_bf3511107b49d45d.txt"


def test_what_a_folder_gives(tmp_path):
    put(
        tmp_path,
        b_txt="B.",
        a__c_txt="C.",
        a__README_txt="no",
        LICENSE="no",
        _hidden_txt="no",
        a___git__x_txt="no",
        picture_png=b"\x89PNG",
    )
    corpus = read_corpus([tmp_path], LIMIT)
    assert names(corpus) == ["a/c.txt", "b.txt"]
    (skipped,) = corpus.skipped
    assert skipped.path == str(tmp_path / "picture.png")
    assert "unknown format" in skipped.reason


def test_bad_files_are_skipped_in_a_folder_and_fatal_by_name(tmp_path):
    put(tmp_path, good_txt="Good.", empty_txt="", binary_txt=b"a\0b", big_txt="x" * 101)
    corpus = read_corpus([tmp_path], 100)
    assert names(corpus) == ["good.txt"]
    reasons = {Path(skipped.path).name: skipped.reason for skipped in corpus.skipped}
    assert "binary" in reasons["binary.txt"]
    assert "empty" in reasons["empty.txt"]
    assert "101 bytes, 100 are allowed" in reasons["big.txt"]
    for name, word in (("empty.txt", "empty"), ("binary.txt", "binary"), ("big.txt", "allowed")):
        fails([tmp_path / name], str(tmp_path / name), word, limit=100)


def test_nothing_to_read(tmp_path):
    fails([tmp_path / "absent"], "absent", "does not exist")
    fails([tmp_path], f"no article found in {tmp_path}", ".txt")
    fails([], "no article")
    put(tmp_path, empty_txt="", picture_png=b"x")
    fails([tmp_path], "no article could be read", "empty.txt", "is empty")
    fails([tmp_path / "picture.png"], "unknown format")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path):
    put(tmp_path, a_txt="A.", b_txt="B.")
    (tmp_path / "b.txt").chmod(0)
    assert "cannot be read" in read_corpus([tmp_path], LIMIT).skipped[0].reason


def test_a_file_that_fails_to_open(tmp_path, monkeypatch):
    put(tmp_path, a_txt="A.", b_txt="B.")
    real = Path.open

    def refuse(self, *args, **kwargs):
        if self.name == "b.txt":
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    corpus = read_corpus([tmp_path], LIMIT)
    assert names(corpus) == ["a.txt"]
    assert "Permission denied" in corpus.skipped[0].reason


def test_links_are_not_followed_out_of_the_folder(tmp_path):
    inside = put(tmp_path / "in", a_txt="A.")
    outside = put(tmp_path / "out", secret_txt="Secret.", deep__x_txt="X.")
    (inside / "file.txt").symlink_to(outside / "secret.txt")
    (inside / "folder").symlink_to(outside / "deep")
    (inside / "same.txt").symlink_to(inside / "a.txt")
    (inside / "broken.txt").symlink_to(inside / "gone.txt")
    corpus = read_corpus([inside], LIMIT)
    assert names(corpus) == ["a.txt"]
    assert {Path(skipped.path).name for skipped in corpus.skipped} == {
        "file.txt",
        "folder",
        "broken.txt",
    }


def test_names_that_come_twice(tmp_path):
    one = put(tmp_path / "one", a_txt="First.", b_txt="B.")
    two = put(tmp_path / "two", a_txt="Second.")
    corpus = read_corpus([one, two], LIMIT)
    assert names(corpus) == ["b.txt", "one/a.txt", "two/a.txt"]
    assert corpus == read_corpus([two, one], LIMIT)
    assert names(read_corpus([one / "a.txt", two / "a.txt"], LIMIT)) == ["one/a.txt", "two/a.txt"]
    assert names(read_corpus([one, one, one / "a.txt"], LIMIT)) == ["a.txt", "b.txt"]
    assert read_origin("two/a.txt", two / "a.txt") == "Second."
    again = put(tmp_path / "more" / "two", a_txt="Third.")
    fails([two, again], "two/a.txt", "rename one")


def test_day_in_a_files_name_comes_last_and_is_not_that_of_a_line(tmp_path):
    for name, text in {
        "2026-03-04-a.txt": "The dam held.",
        "2026-03-04-b.txt": "The dam holds\nPublished 2 March 2026\n\nIt held.",
        "2026-03-04-c.jsonl": json.dumps({"id": 1, "text": "It held."}),
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    dates = [article.date for article in read_corpus([tmp_path], LIMIT).articles]
    assert dates == ["2026-03-04", "2026-03-02", None]


def test_jsonl(tmp_path):
    rows = [{"id": "x#1", "text": "One.", "title": "T"}, {"text": "Two.", "date": "2025-01-02"}]
    put(tmp_path, sub__n_jsonl="\n".join(json.dumps(row) for row in rows))
    put(tmp_path, articles_toml='["sub/n.jsonl#x#1"]\ndate = 2024-01-01\n["sub/n.jsonl#9"]\n')
    corpus = read_corpus([tmp_path], LIMIT)
    assert [(a.name, a.title, a.date) for a in corpus.articles] == [
        ("sub/n.jsonl#2", None, "2025-01-02"),
        ("sub/n.jsonl#x#1", "T", "2024-01-01"),
    ]
    assert corpus.notes == (f"{tmp_path / 'articles.toml'} names 'sub/n.jsonl#9', which is absent",)
    file = tmp_path / "sub" / "n.jsonl"
    assert read_origin("sub/n.jsonl#x#1", file) == "One."
    assert read_origin("sub/n.jsonl#gone", file) is None


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [{"id": "x#1", "text": "One."}, {"id": None, "text": "Two."}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "wire.parquet")
    found = {a.name: a.text for a in read_corpus([tmp_path], LIMIT).articles}
    assert found == {"wire.parquet#x#1": "One.", "wire.parquet#2": "Two."}
    assert read_origin("wire.parquet#x#1", tmp_path / "wire.parquet") == "One."


def test_sha256_covers_what_the_index_depends_on(tmp_path):
    put(tmp_path, a_txt="One.")
    (plain,) = read_corpus([tmp_path], LIMIT).articles
    told = json.dumps(["a.txt", "One.", None, None]).encode()
    assert plain.sha256 == hashlib.sha256(told).hexdigest()
    put(tmp_path, articles_toml='["a.txt"]\ntitle = "T"\n')
    (titled,) = read_corpus([tmp_path], LIMIT).articles
    put(tmp_path, articles_toml='["a.txt"]\ntitle = "T"\ndate = "2 Jan 2025"\n')
    (dated,) = read_corpus([tmp_path], LIMIT).articles
    assert dated.date == "2025-01-02"
    assert len({plain.sha256, titled.sha256, dated.sha256}) == 3


def test_manifest_overrides_the_document_and_the_nearest_one_wins(tmp_path):
    put(tmp_path, sub__a_md="---\ntitle: Own\ndate: 2020-01-01\n---\nText.", sub__b_md="# B\n\nT.")
    put(tmp_path, articles_toml='["sub/a.md"]\ntitle = "Far"\n["sub/b.md"]\ntitle = "Far"\n')
    put(tmp_path, sub__articles_toml='["a.md"]\ntitle = "Near"\n["gone.txt"]\n')
    corpus = read_corpus([tmp_path], LIMIT)
    assert [(a.title, a.date) for a in corpus.articles] == [("Near", "2020-01-01"), ("Far", None)]
    assert len(corpus.notes) == 1
    assert "gone.txt" in corpus.notes[0]


@pytest.mark.parametrize(
    ("manifest", "word"),
    [
        ("[", "not TOML"),
        (b"\xff", "not TOML"),
        ('title = "T"', "no table"),
        ('["a.txt"]\ntitle = 5', "title"),
        ('["a.txt"]\ntitle = " "', "title"),
        ('["a.txt"]\ndate = "3/4/2025"', "yyyy-mm-dd"),
        ('["a.txt"]\ndate = 2025', "yyyy-mm-dd"),
        ('["a.txt"]\ndate = ""', "empty"),
    ],
)
def test_bad_manifests(tmp_path, manifest, word):
    put(tmp_path, a_txt="A.", articles_toml=manifest)
    fails([tmp_path], "articles.toml", word)


def test_title_from_the_opening_heading_only(tmp_path):
    put(tmp_path, a_txt="A  title\nText here.", b_txt="Text here.\nA heading\nMore text.")
    put(tmp_path, c_txt="# Marked.\nText.")
    titles = [article.title for article in read_corpus([tmp_path], LIMIT).articles]
    assert titles == ["A title", None, "Marked."]


def test_a_guessed_encoding_is_said(tmp_path):
    put(tmp_path, a_txt="Trump’s café in Orléans is closed.".encode("cp1252"))
    assert read_corpus([tmp_path], LIMIT).notes == (
        f"{tmp_path / 'a.txt'}: read as windows-1252, a guess",
    )


def test_names_that_cannot_be_shown(tmp_path):
    put(tmp_path, a_txt="A.")
    (tmp_path / "b\nc.txt").write_text("B.")
    (skipped,) = read_corpus([tmp_path], LIMIT).skipped
    assert skipped == Skipped(
        ascii(str(tmp_path / "b\nc.txt")), "has a name with unreadable characters; rename it"
    )
    fails([tmp_path / "b\nc.txt"], "unreadable characters")


def test_paths_relative_to_here(tmp_path, monkeypatch):
    put(tmp_path, sub__a_txt="A.", sub__articles_toml='["a.txt"]\ntitle = "T"\n')
    monkeypatch.chdir(tmp_path)
    (article,) = read_corpus([Path()], LIMIT).articles
    assert (article.name, article.title) == ("sub/a.txt", "T")
    assert article.origin == str(tmp_path / "sub" / "a.txt")
    monkeypatch.chdir(tmp_path / "sub")
    (article,) = read_corpus([Path("a.txt")], LIMIT).articles
    assert (article.name, article.title) == ("a.txt", "T")


def test_origin(tmp_path):
    put(tmp_path, a_txt="A\r\nB.")
    assert read_origin("a.txt", tmp_path / "a.txt") == "A\nB."
    assert read_origin("gone.txt", tmp_path / "gone.txt") is None
    put(tmp_path, a_txt=b"a\0b")
    with pytest.raises(CorpusError, match="binary"):
        read_origin("a.txt", tmp_path / "a.txt")
