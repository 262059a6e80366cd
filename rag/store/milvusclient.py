"""Talking to Milvus: connections, collections, small texts, and the lease of a writer.

What a request needs is a collection that is there and loaded; what breaks off is told in one line,
and the next request connects anew. Bytes travel as base64 in pieces, since text is what it holds.
"""

import base64
import json
import logging
import os
import re
import socket
import threading
import time
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pymilvus import DataType, Function, MilvusClient
from pymilvus.exceptions import MilvusException

from rag.errors import IndexFault, SettingsError, StoreFailed, first_line
from rag.store.database import K1, B, shown

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs a traceback for each error

NAME = "quotable"
STATE = f"{NAME}_state"
PIECE = 60_000  # bytes of a text in one element; Milvus takes 65,535
PIECES = 1024
CONNECTS_IN = 5.0  # seconds
SECONDS = 20.0  # longest wait for one request
LEASE = 60.0  # seconds after which a silent writer on another machine counts as gone
PAGE = 500
MOST = 16_000  # records Milvus gives at once
# A connection of its own, tried again soon: a shared one waits ever longer after each failure.
# No signs of life while nothing is asked: servers close connections that send many.
CHANNEL = {
    "grpc.keepalive_permit_without_calls": 0,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 1000,
}
_ours: set[str] = set()  # leases held by this process
BROKEN = (MilvusException, grpc.RpcError, grpc.FutureTimeoutError, ValueError)


class Connection:
    """A Milvus file, server or cluster; safe to share between threads."""

    def __init__(self, uri: str, token: str | None) -> None:
        self._uri = uri if "://" in uri else _file(uri)
        self._token = token or ""
        self._lock = threading.Lock()
        self._client: MilvusClient | None = None
        self._loaded: set[str] = set()

    def ask(self, request: str, *what: Any, **how: Any) -> Any:  # noqa: ANN401 - Milvus' own types
        """Make one request by its name; over a connection that broke off, once more on a new one.

        Raises StoreFailed.
        """
        fresh = self._client is None
        try:
            return self._call(request, what, how)
        except BROKEN as problem:
            self._give_up()
            if fresh:
                raise self._failed(problem) from problem
        try:
            return self._call(request, what, how)
        except BROKEN as problem:
            self._give_up()
            raise self._failed(problem) from problem

    def _call(self, request: str, what: Sequence[Any], how: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return getattr(self._connected(), request)(*what, timeout=SECONDS, **how)

    def _failed(self, problem: Exception) -> StoreFailed:
        told = first_line(Exception(getattr(problem, "message", None) or str(problem)))
        return StoreFailed(
            f"Milvus at {shown(self._uri)} failed: {told}; start it (or wait until it is "
            "back) and try again"
        )

    def _connected(self) -> MilvusClient:
        with self._lock:
            if self._client is None:
                if "://" not in self._uri:
                    Path(self._uri).parent.mkdir(parents=True, exist_ok=True)
                self._client = MilvusClient(
                    self._uri,
                    token=self._token,
                    timeout=CONNECTS_IN,
                    dedicated=True,
                    grpc_options=CHANNEL,
                )
            return self._client

    def forget(self) -> None:
        """Let go of the connection; a file's engine stops when the process ends."""
        with self._lock:
            client, self._client = self._client, None
            self._loaded.clear()
        if client is not None:
            with suppress(*BROKEN):
                client.close()

    def _give_up(self) -> None:
        """Let go of a connection that broke off; a file's engine, which may be dead, is ended."""
        self.forget()
        if "://" not in self._uri:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self._uri)

    def is_lite(self) -> bool:
        """Whether this is Milvus' core alone, as milvus-lite carries it, and no server around it.

        It never seals a segment. AUTOINDEX then means the interim index of growing segments, an IVF
        that looks at a few of its lists and cannot be told to look at more; FLAT turns it off
        (milvus-io/milvus issue 27209).
        """
        if "://" not in self._uri:
            return True
        try:
            self.ask("get_server_version")
        except StoreFailed as failure:
            cause = failure.__cause__
            return isinstance(cause, grpc.Call) and cause.code() is grpc.StatusCode.UNIMPLEMENTED
        return False

    def ready(self, name: str) -> bool:
        """Whether a collection is there; it is loaded the first time."""
        if name not in self._loaded:
            if not self.ask("has_collection", name):
                return False
            self.ask("load_collection", name)
            self._loaded.add(name)
        return True

    def query(
        self, name: str, where: str, fields: Sequence[str], key: str = "key"
    ) -> Iterator[dict[str, Any]]:
        """Give all records that fulfil a condition; of a collection that is missing, none."""
        if not self.ready(name):
            return
        keys = self._keys(name, where, key)
        for at in range(0, len(keys), PAGE):
            some = f"{key} in {listed(keys[at : at + PAGE])}"
            yield from self.ask("query", name, some, output_fields=list(fields))

    def _keys(self, name: str, where: str, key: str) -> list[Any]:
        keys: list[Any] = []
        more = where
        while True:
            page = self.ask("query", name, more, output_fields=[key], limit=MOST)
            keys += sorted(record[key] for record in page)
            if len(page) < MOST:
                return keys
            more = f"({where}) and {key} > {json.dumps(keys[-1])}"

    def delete(self, name: str, where: str) -> None:
        """Delete the records that fulfil a condition."""
        if self.ready(name):
            self.ask("delete", name, filter=where)

    def upsert(self, name: str, records: Sequence[Mapping[str, Any]]) -> None:
        """Write records over those with the same keys, some at a time."""
        for at in range(0, len(records), 64):
            self.ask("upsert", name, list(records[at : at + 64]))

    def create(
        self,
        name: str,
        fields: Sequence[Mapping[str, Any]],
        indexes: Sequence[tuple[str, str, str]],
        function: Function | None = None,
    ) -> None:
        """Make a collection; ``indexes`` are (field, kind, metric)."""
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        for each in fields:
            schema.add_field(**each)
        if function is not None:
            schema.add_function(function)
        made = MilvusClient.prepare_index_params()
        for column, kind, metric in indexes:
            params = {"bm25_k1": K1, "bm25_b": B} if metric == "BM25" else {}
            made.add_index(column, index_type=kind, metric_type=metric, params=params)
        self.ask(
            "create_collection", name, schema=schema, index_params=made, consistency_level="Strong"
        )
        self.ready(name)

    def read(self, key: str) -> str | None:
        """Give the text kept under a key."""
        found = list(self.query(STATE, f"key == {json.dumps(key)}", ["data"]))
        return joined(found[0]["data"]).decode() if found else None

    def write(self, key: str, text: str) -> None:
        """Keep a text under a key."""
        if not self.ready(STATE):
            fields = [string("key", 512, is_primary=True), NOTHING, strings("data")]
            self.create(STATE, fields, [("nothing", "FLAT", "L2")])
        self.upsert(STATE, [{"key": key, "nothing": [1.0, 0.0], "data": pieces(text.encode())}])

    def erase(self, prefix: str, but: Sequence[str]) -> None:
        """Forget all texts whose key begins so, except some."""
        where = f"key like {json.dumps(prefix + '%')}"
        if but:
            where += f" and key not in {listed(but)}"
        self.delete(STATE, where)


@dataclass
class Lease:
    """The right to write, renewed before each batch.

    Milvus has no locks, so two writers may seldom start at once; the one that renews second gives
    up, before anything is published.
    """

    connection: Connection
    owner: str = ""

    def take(self) -> None:
        """Take the lease; raises IndexFault while another writer holds it."""
        told = self.connection.read("writer")
        held = json.loads(told) if told else None
        if held and not _gone(held):
            raise IndexFault(
                f"another `rag index` (process {held['pid']} on {held['host']}) is writing to this "
                f"Milvus; wait for it to end, at most {LEASE:.0f} s after it died, and try again"
            )
        self.owner = uuid.uuid4().hex
        _ours.add(self.owner)
        self._write()

    def renew(self) -> None:
        """Keep the lease; raises IndexFault when another writer has taken it."""
        told = self.connection.read("writer")
        if told and json.loads(told)["owner"] != self.owner:
            raise IndexFault(
                "another `rag index` has taken over this Milvus; nothing was published by this one"
            )
        self._write()

    def leave(self) -> None:
        """Give the lease back."""
        _ours.discard(self.owner)
        self.connection.erase("writer", [])

    def _write(self) -> None:
        held = {"owner": self.owner, "at": time.time(), "pid": os.getpid()}
        self.connection.write("writer", json.dumps({**held, "host": socket.gethostname()}))


def _file(path: str) -> str:
    """Give a file's whole path; raises SettingsError for a name that Milvus would not take."""
    whole = Path(path).absolute()
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,33}\.db", whole.name):
        raise SettingsError(
            f"--store milvus:{path}: call the file NAME.db, of letters, digits, dots, - and _, 36 "
            "at most; or give a server's address, http://HOST:19530"
        )
    return str(whole)


def _gone(held: Mapping[str, Any]) -> bool:
    """Whether a writer is dead for certain (its process here is), or silent for too long."""
    if held["host"] == socket.gethostname():
        if held["pid"] == os.getpid():
            return held["owner"] not in _ours  # left behind when the server went away
        try:
            os.kill(held["pid"], 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
    return bool(time.time() - held["at"] > LEASE)


def listed(values: Sequence[Any]) -> str:
    """Say some values as Milvus' conditions want them."""
    return json.dumps(list(values), ensure_ascii=False)


def pieces(data: bytes) -> list[str]:
    """Write bytes as pieces of text."""
    text = base64.b64encode(zlib.compress(data, 1)).decode("ascii")
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def joined(found: Sequence[str]) -> bytes:
    """Read what ``pieces`` wrote."""
    return zlib.decompress(base64.b64decode("".join(found)))


def string(name: str, longest: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give a field for a text of so many bytes."""
    return {"field_name": name, "datatype": DataType.VARCHAR, "max_length": longest, **more}


def number(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give a field for an integer."""
    return {"field_name": name, "datatype": DataType.INT64, **more}


def strings(name: str) -> dict[str, Any]:
    """Give a field for pieces of text."""
    return {
        "field_name": name,
        "datatype": DataType.ARRAY,
        "element_type": DataType.VARCHAR,
        "max_capacity": PIECES,
        "max_length": 65_535,
    }


# Milvus wants a vector in every collection
NOTHING = {"field_name": "nothing", "datatype": DataType.FLOAT_VECTOR, "dim": 2}
