"""Articles and passages in SQLite: what goes in comes out, code point for code point."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from fakes import article

from rag.errors import IndexDamaged
from rag.passages import Passage, passages_of
from rag.texts import FILE, Texts, write_texts

ARTICLES = [
    article("a.txt", "İstanbul 🙂 agreed.\r\nAll is well.", "Title", "2025-12-01", "/from/a.txt"),
    article("b.txt", "Nobody dated this. Nor this.", None, None),
    article("c.txt", "The last one.", None, "2025-12-19"),
]
PASSAGES = [passage for a in ARTICLES for passage in passages_of(a)]


@pytest.fixture
def texts(tmp_path):
    write_texts(tmp_path, ARTICLES, PASSAGES)
    opened = Texts(tmp_path)
    yield opened
    opened.close()


def test_articles_come_back_as_they_were(texts):
    assert texts.names == ["a.txt", "b.txt", "c.txt"]
    assert list(texts.articles()) == ARTICLES


def test_passages_come_back_by_row_with_their_articles(texts):
    assert len(PASSAGES) == 5
    for row, passage in enumerate(PASSAGES):
        found, same = texts.passage(row)
        assert same == passage
        assert found.name == passage.article
    assert texts.passage_texts() == [
        "İstanbul 🙂 agreed.",
        "All is well.",
        "Nobody dated this.",
        "Nor this.",
        "The last one.",
    ]


def test_passages_are_found_by_their_places(texts):
    everywhere = [(passage.article, passage.sentence) for passage in PASSAGES]
    assert sorted(texts.at(everywhere)) == [0, 1, 2, 3, 4]
    assert texts.at([("b.txt", 1), ("b.txt", 2), ("b.txt", -1), ("x.txt", 0)]) == [3]
    assert texts.at([]) == []


@pytest.mark.parametrize(
    ("up_to", "rows"),
    [
        ("2025-11-30", []),
        ("2025-12-01", [0, 1]),
        ("2025-12-18", [0, 1]),
        ("2025-12-19", [0, 1, 4]),
        (None, [0, 1, 2, 3, 4]),
    ],
)
def test_rows_up_to_a_day_hold_that_day_and_no_undated_article(texts, up_to, rows):
    assert texts.rows(up_to=up_to).tolist() == rows


def test_rows_of_named_articles(texts):
    assert texts.rows(articles=["c.txt", "a.txt"]).tolist() == [0, 1, 4]
    assert texts.rows(articles=["a.txt', 'b.txt"]).tolist() == []
    assert texts.rows(articles=[]).tolist() == []
    assert texts.rows(up_to="2025-12-01", articles=["b.txt", "a.txt"]).tolist() == [0, 1]


@pytest.mark.parametrize("text", ["a\x00b", "a\r\nb\rc\nd", "\ufeffa", "e\u0301 \U0010ffff"])
def test_odd_text_keeps_every_code_point(tmp_path, text):
    write_texts(tmp_path, [article("x.txt", text, text, text)], [])
    with closing(Texts(tmp_path)) as texts:
        (found,) = texts.articles()
    assert (found.text, found.title, found.date) == (text, text, text)


def test_offsets_in_the_file_cut_the_sentence_out_of_the_article(tmp_path, texts):
    ask = "SELECT a.text, start, end, p.text FROM passages p JOIN articles a ON a.id = article"
    with closing(sqlite3.connect(tmp_path / FILE)) as base:
        rows = base.execute(ask).fetchall()
    assert len(rows) == 5
    for text, start, end, passage in rows:
        assert text[start:end] == passage


def test_two_articles_of_one_name_cannot_be_written(tmp_path):
    with pytest.raises(sqlite3.IntegrityError):
        write_texts(tmp_path, [ARTICLES[0], ARTICLES[0]], [])


def test_many_threads_read_the_same(texts):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: texts.passage(n % 5)[1], range(200)))
    assert found == [PASSAGES[n % 5] for n in range(200)]


@pytest.mark.parametrize("data", [None, b"", b"not a database at all, really not" * 50])
def test_missing_or_foreign_file_is_damaged(tmp_path, data):
    if data is not None:
        (tmp_path / FILE).write_bytes(data)
    with pytest.raises(IndexDamaged, match="run `rag index`") as caught:
        Texts(tmp_path)
    assert "\n" not in str(caught.value)
    assert (tmp_path / FILE).exists() is (data is not None)


def test_reading_writes_nothing(tmp_path):
    write_texts(tmp_path, ARTICLES, PASSAGES)
    before = (tmp_path / FILE).read_bytes()
    with closing(Texts(tmp_path)) as texts:
        texts.passage(0)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            texts._base.execute("DELETE FROM articles")
    assert [p.name for p in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).read_bytes() == before


def test_folder_with_odd_characters_is_no_obstacle(tmp_path):
    folder = tmp_path / "a?b#c %41 é"
    folder.mkdir()
    write_texts(folder, ARTICLES, [Passage("c.txt", 0, "The last one.", "")])
    with closing(Texts(folder)) as texts:
        assert texts.passage(0)[0] == ARTICLES[2]
