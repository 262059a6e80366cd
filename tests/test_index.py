"""The index as it is read: whole and of these settings, or refused with the way out."""

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from rag.errors import IndexDamaged, IndexMismatch, IndexMissing
from rag.index import CURRENT, FORMAT, MANIFEST, check_files, open_index, read_manifest
from rag.indexer import build_index

FILES = [
    "bm25/data.csc.index.npy",
    "bm25/indices.csc.index.npy",
    "bm25/indptr.csc.index.npy",
    "bm25/params.index.json",
    "bm25/vocab.index.json",
    "offices.json",
    "texts.sqlite",
    "token-bounds.npy",
    "tokens.npy",
    "vectors.faiss",
    "vocabulary.json",
]


@pytest.fixture
def folder(settings, sources, embedder) -> Path:
    """The folder of a freshly built generation."""
    build_index([sources({"a.txt": "Army talks. Peace."})], settings, embedder.open)
    return read_manifest(settings.index)[0]


def refused(settings, error) -> str:
    """Open an index that cannot be opened; give the message."""
    with pytest.raises(error) as caught:
        open_index(settings)
    message = str(caught.value)
    assert "\n" not in message
    assert "rag index" in message
    return message


def test_whole_index_opens_with_rows_that_belong_together(settings, folder, embedder):
    index = open_index(settings)
    assert [a.name for a in index.articles] == ["a.txt"]
    assert index.texts.passage_texts() == ["Army talks.", "Peace."]
    peace = next(embedder.encode(["peace"]))
    assert index.vectors.search(peace.vector, 1, None) == [(1, pytest.approx(1.0))]
    assert index.tokens.maxsim(peace.tokens, [0, 1]) == [0.0, 1.0]
    assert [row for row, _ in index.words.search("peace", 5)] == [1]
    assert index.folder == folder
    index.close()


def test_manifest_counts_and_names_every_file(settings, folder):
    _, manifest = read_manifest(settings.index)
    assert (manifest["articles"], manifest["passages"]) == (1, 2)
    assert sorted(manifest["files"]) == FILES
    for name, told in manifest["files"].items():
        data = (folder / name).read_bytes()
        assert told == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_index_holds_no_pickle(folder):
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert suffixes == {".faiss", ".json", ".npy", ".sqlite"}
    for path in folder.rglob("*.npy"):
        assert b"'|O'" not in path.read_bytes()[:128]


def test_missing_index_says_what_to_do(settings):
    assert "there is no index" in refused(settings, IndexMissing)
    settings.index.mkdir()
    assert "there is no index" in refused(settings, IndexMissing)
    assert not list(settings.index.iterdir())


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_one_altered_byte_in_any_file_is_found_and_the_file_named(settings, folder, name, where):
    data = bytearray((folder / name).read_bytes())
    at = {"first": 0, "middle": len(data) // 2, "last": -1}[where]
    data[at] ^= 1
    (folder / name).write_bytes(bytes(data))
    assert str(folder / name) in refused(settings, IndexDamaged)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
@pytest.mark.parametrize("change", ["shorter", "longer", "empty", "gone"])
def test_truncated_grown_or_missing_file_is_found_and_named(settings, folder, name, change):
    path = folder / name
    data = path.read_bytes()
    path.unlink()
    if change != "gone":
        path.write_bytes({"shorter": data[:-1], "longer": data + b" ", "empty": b""}[change])
    assert str(path) in refused(settings, IndexDamaged)


@pytest.mark.parametrize("data", [b"", b"g-1", b"g-1 2 3", b"\xff\xfe", b"g-gone 00", b"../.. 0"])
def test_damaged_pointer_is_found(settings, folder, data):
    (settings.index / CURRENT).write_bytes(data)
    refused(settings, IndexDamaged)


def test_altered_checksum_of_the_pointer_is_found(settings, folder):
    pointer = settings.index / CURRENT
    pointer.write_text(pointer.read_text("utf-8")[:-2] + "x\n", "utf-8")
    assert "was altered" in refused(settings, IndexDamaged)


def test_pointer_cannot_lead_out_of_the_index(settings, folder, tmp_path):
    outside = tmp_path / "outside"
    shutil.copytree(folder, outside)
    pointer = settings.index / CURRENT
    digest = pointer.read_text("utf-8").split()[1]
    pointer.write_text(f"{outside} {digest}\n", "utf-8")
    refused(settings, IndexDamaged)


@pytest.mark.parametrize("name", FILES)
def test_file_swapped_with_another_indexs_is_found(settings, folder, sources, embedder, name):
    elsewhere = settings.model_copy(update={"index": settings.index.with_name("other")})
    build_index(
        [sources({"a.txt": "Miami army. French President Anna Blanc. Border troops."})],
        elsewhere,
        embedder.open,
    )
    other = read_manifest(elsewhere.index)[0]
    assert (other / name).read_bytes() != (folder / name).read_bytes()
    shutil.copyfile(other / name, folder / name)
    assert str(folder / name) in refused(settings, IndexDamaged)


def rewrite(settings, folder: Path, **changes: object) -> None:
    """Write the manifest as another version or setting would have."""
    manifest = json.loads((folder / MANIFEST).read_bytes()) | changes
    raw = json.dumps(manifest).encode()
    (folder / MANIFEST).write_bytes(raw)
    pointer = f"{folder.name} {hashlib.sha256(raw).hexdigest()}\n"
    (settings.index / CURRENT).write_text(pointer, "utf-8")


@pytest.mark.parametrize("version", [0, FORMAT + 1, None, str(FORMAT)])
def test_index_of_another_format_is_a_mismatch(settings, folder, version):
    rewrite(settings, folder, format=version)
    assert f"has format {version}, this version reads {FORMAT}" in refused(settings, IndexMismatch)


@pytest.mark.parametrize("key", ["embedder", "embedder_sha256", "store"])
def test_index_of_another_recipe_is_a_mismatch_that_names_both(settings, folder, key):
    old = json.loads((folder / MANIFEST).read_bytes())["recipe"]
    rewrite(settings, folder, recipe=old | {key: "another"})
    message = refused(settings, IndexMismatch)
    assert f"made with {key} 'another', the settings say '{old[key]}'" in message


def test_index_of_another_embedder_folder_is_a_mismatch(settings, folder, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"1")
    other = settings.model_copy(update={"embedder": str(model)})
    assert "made with embedder 'minilm'" in refused(other, IndexMismatch)


def test_index_replaced_while_it_is_opened_is_opened_anew(
    settings, folder, sources, embedder, monkeypatch
):
    """The reader has read the old pointer when two new generations take the old one away."""
    right = read_manifest

    def slow(place):
        found = right(place)
        monkeypatch.setattr("rag.index.read_manifest", right)
        for text in ("Border. Election.", "Miami. Troops."):
            build_index([sources({"a.txt": text})], settings, embedder.open)
        return found

    monkeypatch.setattr("rag.index.read_manifest", slow)
    index = open_index(settings)
    assert index.texts.passage_texts() == ["Miami.", "Troops."]
    assert not folder.exists()
    index.close()


def test_opening_an_index_writes_nothing(settings, folder):
    def state() -> dict[str, tuple[int, int]]:
        found = (p for p in settings.index.rglob("*") if p.is_file())
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in found}

    before = state()
    time.sleep(0.01)
    index = open_index(settings)
    index.words.search("army", 1)
    index.close()
    assert state() == before


@pytest.fixture
def trusting(settings, sources, embedder, monkeypatch) -> Path:
    """A generation all of whose files count as large: untouched ones are not hashed."""
    monkeypatch.setattr("rag.index.TRUSTED", 0)
    build_index([sources({"a.txt": "Army talks. Peace."})], settings, embedder.open)
    return read_manifest(settings.index)[0]


def test_large_file_that_nobody_touched_is_not_hashed(settings, trusting, monkeypatch):
    monkeypatch.setattr("rag.index.sha256_of", lambda path: pytest.fail(f"hashed {path}"))
    open_index(settings).close()


@pytest.mark.parametrize("name", FILES)
def test_altered_large_file_is_found_though_its_times_are_set_back(settings, trusting, name):
    path = trusting / name
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert str(path) in refused(settings, IndexDamaged)


def test_large_file_that_was_moved_is_hashed_and_found_whole(settings, trusting):
    moved = settings.index.with_name("moved")
    shutil.copytree(settings.index, moved)
    there = settings.model_copy(update={"index": moved})
    open_index(there).close()
    path = moved / trusting.name / "tokens.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert str(path) in refused(there, IndexDamaged)


def test_what_a_failing_disk_does_to_a_large_file_is_seen_where_every_byte_is_read(
    settings, trusting, monkeypatch
):
    """Such damage leaves all times as they are; here the manifest is told of them as they are."""
    _, manifest = read_manifest(settings.index)
    path = trusting / "vectors.faiss"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    state = path.stat()
    told = manifest["files"]["vectors.faiss"]
    told["untouched"] = [state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
    check_files(trusting, manifest, every_byte=False)
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss was altered"):
        check_files(trusting, manifest)


def test_manifest_of_small_files_tells_nothing_of_when_and_where(settings, folder):
    _, manifest = read_manifest(settings.index)
    assert {key for told in manifest["files"].values() for key in told} == {"size", "sha256"}
    assert manifest["vectors"] == "flat"
