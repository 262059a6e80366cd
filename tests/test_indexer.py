"""Indexing: exactly what changed, all or nothing, one writer at a time."""

import errno
import os
import resource
import shutil
import time

import numpy as np
import pytest
from filelock import FileLock

from rag import corpus as corpus_room
from rag import indexer
from rag.corpus import read_corpus
from rag.errors import CorpusError, IndexFault, IndexMissing, RagError, SettingsError
from rag.index import CURRENT, Within, open_index, read_manifest
from rag.indexer import Change, _sync, build_index, clear_leftovers, index_corpus

START = {
    "a.txt": "Army talks began. Europe sent troops.",
    "b.txt": "Miami is warm.",
    "c.txt": "Peace is near. The border is open. Nobody voted.",
}


@pytest.fixture
def build(settings, sources, embedder):
    """Write files over the articles and index; a text of None takes the file away."""

    def run(files=START, progress=None):
        folder = sources({name: text for name, text in files.items() if text is not None})
        for name in [name for name, text in files.items() if text is None]:
            (folder / name).unlink()
        return build_index([folder], settings, embedder.open, progress)

    return run


def answers(settings) -> list[str]:
    """Everything the index in use holds, by row."""
    index = open_index(settings)
    try:
        return index.texts.passage_texts()
    finally:
        index.close()


def names(settings) -> list[str]:
    """What lies in the index folder."""
    return sorted(path.name for path in settings.index.iterdir())


ALL = [
    "Army talks began.",
    "Europe sent troops.",
    "Miami is warm.",
    "Peace is near.",
    "The border is open.",
    "Nobody voted.",
]


def test_first_run_adds_everything(build, settings, embedder):
    report = build()
    assert report.articles == Change(added=3)
    assert report.passages == Change(added=6)
    assert report.embedded == 6
    assert embedder.seen == answers(settings) == ALL


def test_unchanged_run_embeds_nothing_and_does_not_open_the_model(build, settings, embedder):
    build()
    before = (settings.index / CURRENT).read_bytes()
    report = build({})
    assert report.articles == Change(unchanged=3)
    assert report.passages == Change(unchanged=6)
    assert report.embedded == 0
    assert (embedder.opened, len(embedder.seen)) == (1, 6)
    assert (settings.index / CURRENT).read_bytes() == before


def test_one_edited_one_added_one_removed_are_exactly_those(build, settings, embedder):
    build()
    embedder.seen.clear()
    report = build(
        {
            "a.txt": "Army talks began. Europe sent no troops.",
            "b.txt": None,
            "d.txt": "An election.",
        }
    )
    assert report.articles == Change(added=1, changed=1, removed=1, unchanged=1)
    # gone: "Europe sent troops." and "Miami is warm."
    assert report.passages == Change(added=2, removed=2, unchanged=4)
    assert report.embedded == 2
    assert embedder.seen == ["Europe sent no troops.", "An election."]
    assert answers(settings) == [
        "Army talks began.",
        "Europe sent no troops.",
        "Peace is near.",
        "The border is open.",
        "Nobody voted.",
        "An election.",
    ]


def test_removing_alone_opens_no_model(build, settings, embedder):
    build()
    report = build({"b.txt": None})
    assert report.articles == Change(removed=1, unchanged=2)
    assert report.passages == Change(removed=1, unchanged=5)
    assert (report.embedded, embedder.opened) == (0, 1)
    assert "Miami is warm." not in answers(settings)


def test_sentence_that_moves_to_another_article_is_not_embedded_again(build, settings, embedder):
    build()
    report = build({"b.txt": None, "z.txt": "Miami is warm."})
    assert report.articles == Change(added=1, removed=1, unchanged=2)
    assert report.passages == Change(unchanged=6)
    assert (report.embedded, embedder.opened) == (0, 1)
    assert answers(settings)[-1] == "Miami is warm."


def test_repeated_sentence_is_embedded_once_and_counted_each_time(build, embedder):
    report = build({"a.txt": "Army talks. Army talks.", "b.txt": "Army talks."})
    assert report.passages == Change(added=3)
    assert report.embedded == 1
    assert embedder.seen == ["Army talks."]
    report = build({"a.txt": "Army talks.", "b.txt": None})
    assert report.passages == Change(removed=2, unchanged=1)
    report = build({"a.txt": "Army talks. Army talks."})
    assert report.passages == Change(added=1, unchanged=1)
    assert report.embedded == 0


def test_reused_vectors_are_the_ones_a_fresh_build_would_make(build, settings, embedder):
    build()
    build({"b.txt": None, "d.txt": "An election in Europe. Peace."})
    index = open_index(settings)
    for row, text in enumerate(index.texts.passage_texts()):
        fresh = next(embedder.encode([text]))
        assert index.vectors.search(fresh.vector, 1, None)[0][1] == pytest.approx(1.0)
        assert index.tokens.get(row).tolist() == fresh.tokens.tolist()
    index.close()


@pytest.mark.parametrize("line", ['title = "New"', "date = 2025-12-19"])
def test_changed_title_or_date_changes_the_article_without_embedding(
    build, settings, embedder, line
):
    build()
    report = build({"articles.toml": f'["b.txt"]\n{line}\n'})
    assert report.articles == Change(changed=1, unchanged=2)
    assert (report.embedded, embedder.opened) == (0, 1)
    index = open_index(settings)
    assert (index.articles[1].title == "New") is ("title" in line)
    assert (index.articles[1].date == "2025-12-19") is ("date" in line)
    index.close()


def test_another_index_lends_its_vectors(build, settings, sources, embedder, tmp_path):
    build()
    embedder.seen.clear()
    own = settings.model_copy(update={"index": tmp_path / "own"})
    corpus = read_corpus([sources({**START, "d.txt": "An election."})], 1000)
    known = open_index(settings)
    report = index_corpus(corpus, own, embedder.open, known=known)
    assert (report.articles, report.embedded) == (Change(added=4), 1)
    assert embedder.seen == ["An election."]
    assert answers(own) == [*ALL, "An election."]
    assert answers(settings) == ALL
    lent, kept = open_index(own), known
    assert (lent.vectors.get([0, 3]) == kept.vectors.get([0, 3])).all()
    for index in (lent, kept):
        index.close()


def test_moved_folder_is_followed_without_embedding(build, settings, sources, embedder, tmp_path):
    build()
    moved = sources({}).rename(tmp_path / "moved")
    report = build_index([moved], settings, embedder.open)
    assert (report.articles, report.embedded) == (Change(unchanged=3), 0)
    index = open_index(settings)
    assert [a.origin for a in index.articles] == [str(moved / name) for name in sorted(START)]
    index.close()


def test_two_ways_to_the_same_corpus_give_the_same_checksum(build, settings):
    build()
    first = read_manifest(settings.index)[1]["corpus_sha256"]
    build({"b.txt": "Miami is cold."})
    assert read_manifest(settings.index)[1]["corpus_sha256"] != first
    build(START)
    assert read_manifest(settings.index)[1]["corpus_sha256"] == first


def test_progress_counts_up_to_all_new_texts(build):
    seen = []
    build(progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 6) for n in range(1, 7)]


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt, r"^$"),
        (SystemExit(143), SystemExit, "143"),
        (OSError(errno.ENOSPC, "No space left"), IndexFault, "the disk is full"),
        (OSError(errno.EROFS, "Read-only"), IndexFault, r"cannot be written \(Read-only"),
        (RagError("the model fell over"), RagError, "the model fell over"),
    ],
)
def test_interrupted_embedding_leaves_the_old_index_answering(
    build, settings, embedder, problem, error, message
):
    build()
    before = names(settings)
    embedder.fails, embedder.fails_at = problem, 1
    with pytest.raises(error, match=message):
        build({"d.txt": "An election. No border."})
    assert embedder.seen[-1] == "An election."  # it was in the middle
    assert answers(settings) == ALL
    assert names(settings) == before
    embedder.fails = None
    assert build({}).passages == Change(added=2, unchanged=6)


STEPS = [
    "rag.store.faiss.FaissStore.save",
    "rag.store.tokens.TokenVectors.save",
    "rag.indexer.write_texts",
    "rag.indexer.WordIndex.save",
    "rag.indexer._write_manifest",
    "rag.indexer._sync",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("problem", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_interrupted_writing_leaves_the_old_index_and_nothing_else(
    build, settings, monkeypatch, step, problem
):
    build()
    before = names(settings)

    def fail(*_: object) -> None:
        raise problem

    with monkeypatch.context() as patch:
        patch.setattr(step, fail)
        expected = KeyboardInterrupt if isinstance(problem, KeyboardInterrupt) else IndexFault
        with pytest.raises(expected):
            build({"d.txt": "An election."})
    assert answers(settings) == ALL
    assert names(settings) == before
    assert build({}).articles == Change(added=1, unchanged=3)


def test_interrupted_first_run_leaves_no_index(build, settings, embedder):
    embedder.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        build()
    with pytest.raises(IndexMissing):
        open_index(settings)
    embedder.fails = None
    assert build({}).articles == Change(added=3)


def test_leftovers_of_a_killed_run_are_cleared_away(build, settings):
    build()
    (settings.index / "g-123.unfinished" / "bm25").mkdir(parents=True)
    (settings.index / "CURRENT.unfinished").write_text("half", "utf-8")
    (settings.index / "README.md").write_text("mine", "utf-8")
    build({"d.txt": "An election."})
    assert not [name for name in names(settings) if "unfinished" in name]
    assert (settings.index / "README.md").read_text("utf-8") == "mine"
    assert len(answers(settings)) == 7


def test_leftovers_are_cleared_when_nothing_is_new_as_well(build, settings):
    build()
    (settings.index / "g-123.unfinished").mkdir()
    for name in ("g-dead1", "g-dead2", "g-dead3"):
        (settings.index / name).mkdir()
    assert build({}).articles == Change(unchanged=3)
    assert clear_leftovers(settings.index) == []
    current = read_manifest(settings.index)[0].name
    left = [name for name in names(settings) if name.startswith("g-")]
    assert len(left) == 2
    assert current in left


def test_whole_generations_stay_where_no_pointer_says_which_is_in_use(build, settings):
    build()
    (settings.index / CURRENT).unlink()
    (settings.index / "g-1.unfinished").mkdir()
    assert clear_leftovers(settings.index) == ["g-1.unfinished"]
    assert len([name for name in names(settings) if name.startswith("g-")]) == 1


def test_disk_that_fails_after_the_swap_does_not_say_that_nothing_changed(
    build, settings, monkeypatch
):
    build()
    right = _sync

    def fail(path):
        if path == settings.index and (path / CURRENT).read_bytes() != before:
            raise OSError(errno.EIO, "Input/output error")
        right(path)

    before = (settings.index / CURRENT).read_bytes()
    monkeypatch.setattr("rag.indexer._sync", fail)
    with pytest.raises(IndexFault, match=r"is in use, but the disk then failed \(Input/output"):
        build({"d.txt": "An election."})
    assert len(answers(settings)) == 7


def test_only_the_generation_before_is_kept(build, settings):
    folders = []
    for n in range(4):
        build({"d.txt": f"Election {n}."})
        folders.append(read_manifest(settings.index)[0].name)
    assert [name for name in names(settings) if name.startswith("g-")] == sorted(folders[-2:])


def test_open_index_goes_on_answering_while_a_new_one_is_made(build, settings):
    build()
    index = open_index(settings)
    build({"a.txt": "All is new."})
    assert index.texts.passage_texts() == ALL
    assert [row for row, _ in index.words.search("Miami", 1)] == [2]
    index.close()


@pytest.mark.parametrize("limit", [0, 200, 1_000, 5_000, 10_000, 20_000, 40_000, 80_000])
def test_disk_that_refuses_bytes_never_harms_the_old_index(
    build, settings, sources, embedder, limit
):
    """Whichever file meets the limit, and whoever writes it: faiss, numpy, bm25s or SQLite."""
    build()
    before = names(settings)
    folder = sources({"d.txt": " ".join(f"Peace{n} talks{n} border." for n in range(600))})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(IndexFault, match="was not changed: it cannot be written") as caught:
            build_index([folder], settings, embedder.open)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    assert answers(settings) == ALL
    assert names(settings) == before


def test_second_indexer_gets_one_clear_error(build, settings):
    build()
    with (
        FileLock(settings.index / ".lock"),
        pytest.raises(IndexFault, match="another `rag index` is writing to") as caught,
    ):
        build({"d.txt": "An election."})
    assert "\n" not in str(caught.value)
    assert answers(settings) == ALL
    assert build({}).articles == Change(added=1, unchanged=3)


def test_lock_is_let_go_after_a_failure(build, embedder):
    embedder.fails = RagError("no")
    for _ in range(2):
        with pytest.raises(RagError, match=r"^no$"):
            build()


@pytest.mark.parametrize("taken", ["index", "parent"])
def test_place_that_cannot_be_written_is_one_clear_line(
    settings, sources, embedder, tmp_path, taken
):
    (tmp_path / "file").touch()
    place = tmp_path / "file" if taken == "index" else tmp_path / "file" / "index"
    elsewhere = settings.model_copy(update={"index": place})
    with pytest.raises(IndexFault, match=r"cannot be written .* choose another --index") as caught:
        build_index([sources(START)], elsewhere, embedder.open)
    assert "\n" not in str(caught.value)
    assert embedder.opened == 0


def test_read_only_folder_is_one_clear_line(build, settings, monkeypatch):
    build()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:  # rights do not bind root, so the call is refused instead
        patch.setattr("filelock.FileLock._acquire", refuse)
        with pytest.raises(IndexFault, match=r"cannot be written \(Permission denied\)"):
            build({"d.txt": "An election."})
    assert answers(settings) == ALL


@pytest.mark.parametrize("damage", ["truncated", "gone"])
def test_damaged_index_is_built_again_from_the_articles(build, settings, embedder, damage):
    build()
    folder, _ = read_manifest(settings.index)
    if damage == "gone":
        shutil.rmtree(folder)
    else:
        (folder / "texts.sqlite").write_bytes(b"")
    report = build({})
    assert report.articles == Change(added=3)
    assert report.embedded == 6
    assert answers(settings) == ALL


def test_other_embedder_means_embedding_everything_again(build, settings, sources, embedder):
    build()
    model = settings.index.with_name("model")
    model.mkdir()
    (model / "weights").write_bytes(b"1")
    other = settings.model_copy(update={"embedder": str(model)})
    report = build_index([sources({})], other, embedder.open)
    assert report.embedded == 6
    (model / "weights").write_bytes(b"2")
    assert build_index([sources({})], other, embedder.open).embedded == 6
    assert build_index([sources({})], other, embedder.open).embedded == 0


@pytest.mark.parametrize("files", [{}, {"a.txt": ""}, {"a.txt": " \n"}, {"a.png": "x"}])
def test_nothing_to_index_leaves_the_old_index_alone(build, settings, sources, embedder, files):
    build()
    empty = sources({}).with_name("empty")
    empty.mkdir()
    for name, text in files.items():
        (empty / name).write_text(text, "utf-8")
    with pytest.raises(CorpusError):
        build_index([empty], settings, embedder.open)
    assert answers(settings) == ALL


def test_article_without_a_single_word_is_one_clear_error(build):
    with pytest.raises(CorpusError) as caught:
        build({"a.txt": "***\n🙂\n"})
    assert "\n" not in str(caught.value)
    assert build(START).articles == Change(added=3)


def test_unknown_store_is_refused_before_anything_is_read(settings, embedder, tmp_path):
    other = settings.model_copy(update={"store": "elastic"})
    with pytest.raises(SettingsError, match="elastic"):
        build_index([tmp_path / "nowhere"], other, embedder.open)
    assert not settings.index.exists()


# A large index


@pytest.fixture
def large(monkeypatch):
    """From now on more than four passages are many."""
    monkeypatch.setattr("rag.store.SMALL", 4)


MANY = {
    **{f"{n:02d}.txt": f"Army talks{n} began. Peace{n} is near. Peace." for n in range(20)},
    "articles.toml": "".join(f'["{n:02d}.txt"]\ndate = 2025-12-{n + 1:02d}\n' for n in range(20)),
}


def told(settings) -> dict[str, list]:
    """Everything that a search can get from an index, by its parts."""
    index = open_index(settings)
    every = range(len(index.texts.passage_texts()))
    found = {
        "texts": index.texts.passage_texts(),
        "vectors": index.vectors.get(np.array(every)).tolist(),
        "tokens": [index.tokens.get(row).tolist() for row in every],
        "kind": [index.manifest["vectors"]],
    }
    index.close()
    return found


def test_many_passages_are_kept_in_the_form_of_a_large_index(build, settings, large):
    report = build(MANY)
    assert report.passages == Change(added=60)
    assert report.embedded == 41  # "Peace." is embedded once
    assert told(settings)["kind"] == ["pq9x4fs"]


def test_large_index_gives_texts_vectors_and_near_tokens(build, settings, embedder, large):
    build(MANY)
    found = told(settings)
    for row, text in enumerate(found["texts"]):
        fresh = next(embedder.encode([text]))
        assert found["vectors"][row] == fresh.vector.tolist()
        kept = np.array(found["tokens"][row]).reshape(-1, embedder.dimension)
        assert kept.argmax(axis=1).tolist() == fresh.tokens.argmax(axis=1).tolist()


def test_large_index_searches_within_limits(build, settings, embedder, large, monkeypatch):
    monkeypatch.setattr("rag.store.coded.SCANNED", 3)
    build(MANY)
    index = open_index(settings)
    peace = next(embedder.encode(["peace"])).vector
    for up_to, many in (("2025-12-20", 60), ("2025-12-04", 12), ("2025-12-01", 3)):
        found = index.near(peace, 50, Within(up_to=up_to))
        assert len(found) == min(50, many)
        assert max(row for row, _ in found) < many
    found = index.near(peace, 50, Within(articles={"07.txt", "03.txt"}))
    assert sorted(row for row, _ in found) == [9, 10, 11, 21, 22, 23]
    assert index.near(peace, 5, Within(up_to="2025-11-30")) == []
    index.close()


def test_changed_large_index_is_the_one_a_fresh_build_makes(
    build, settings, sources, embedder, large
):
    build(MANY)
    report = build({"03.txt": "All is new.", "07.txt": None})
    assert report.embedded == 1
    fresh = settings.model_copy(update={"index": settings.index.with_name("fresh")})
    build_index([sources({})], fresh, embedder.open)
    assert told(settings) == told(fresh)


def test_index_that_grows_large_takes_its_vectors_over(
    build, settings, sources, embedder, monkeypatch
):
    build(MANY)
    assert told(settings)["kind"] == ["flat"]
    monkeypatch.setattr("rag.store.SMALL", 4)
    assert build({"d.txt": "An election."}).embedded == 1
    fresh = settings.model_copy(update={"index": settings.index.with_name("fresh")})
    build_index([sources({})], fresh, embedder.open)
    assert told(settings) == told(fresh)


def test_index_that_grows_small_is_embedded_anew_since_codes_are_not_exact(
    build, settings, large, monkeypatch
):
    build(MANY)
    monkeypatch.setattr("rag.store.SMALL", 100)
    assert build({"d.txt": "An election."}).embedded == 42
    assert told(settings)["kind"] == ["flat"]


# ------------------------------------------------------------ files nobody touched


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled soon; gives what waits for it."""
    monkeypatch.setattr(corpus_room, "LATELY", 100_000_000)
    return lambda: time.sleep(0.15)


@pytest.fixture
def reads(monkeypatch):
    """How often articles were read."""
    seen = []
    real = indexer.read_corpus

    def counting(*given):
        seen.append(given)
        return real(*given)

    monkeypatch.setattr(indexer, "read_corpus", counting)
    return seen


def test_files_nobody_touched_are_not_read_again(build, sources, settled, reads):
    folder = sources(START)
    (folder / "a.txt").write_bytes("Café talks about an army began.".encode("cp1252"))
    settled()
    first = build({})
    assert len(reads) == 1
    again = build({})
    assert len(reads) == 1
    assert again.embedded == 0
    assert again.articles == Change(unchanged=first.articles.added)
    assert again.passages == Change(unchanged=first.passages.added)
    assert again.corpus == first.corpus
    assert first.corpus.notes


@pytest.mark.parametrize("change", ["text", "touched", "new", "gone", "manifest", "renamed"])
def test_any_change_of_a_file_is_seen(build, sources, settled, reads, change):
    folder = sources(START)
    (folder / "more").mkdir()
    (folder / "more" / "d.txt").write_text("Snow fell.", "utf-8")
    settled()
    build({})
    file = folder / "more" / "d.txt"
    if change == "text":  # of the same length, its time set back
        times = file.stat()
        file.write_text("Rain fell.", "utf-8")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    elif change == "touched":
        file.touch()
    elif change == "new":
        (folder / "more" / "e.txt").write_text("Ice melted.", "utf-8")
    elif change == "gone":
        file.unlink()
    elif change == "manifest":
        (folder / "more" / "articles.toml").write_text('["d.txt"]\ndate = 2025-12-01\n', "utf-8")
    else:
        file.rename(folder / "more" / "e.txt")
    settled()
    report = build({})
    assert len(reads) == 2
    assert (report.articles == Change(unchanged=4)) == (change == "touched")


def test_what_was_just_written_is_not_trusted(build, sources, reads):
    sources(START)
    build({})
    build({})
    assert len(reads) == 2


def test_what_was_left_out_is_tried_again(build, sources, settled, reads):
    (sources(START) / "e.pdf").write_bytes(b"no PDF")
    settled()
    for number in (1, 2):
        assert build({}).corpus.skipped
        assert len(reads) == number


def test_another_index_is_made_though_no_file_changed(build, sources, settled, settings, reads):
    sources(START)
    settled()
    build({})
    shutil.rmtree(settings.index)
    assert build({}).articles == Change(added=3)
    assert len(reads) == 2
