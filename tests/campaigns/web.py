"""A real server under attack: paths, foreign pages, sizes, slow clients, passwords.

The server is `rag chat` in a process of its own on this machine's loopback, without a language
model and with a password for the second half.
"""

import argparse
import contextlib
import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .report import Report, finish, options

LEAKED = "a file or a secret came out"
SERVER_ERROR = "status 500"
LET_IN = "a foreign page was let in"
TOO_MUCH = "a body beyond the limit was taken"
BARE = "a response without its security headers"
STUCK = "no answer while others were slow"
OPEN = "a connection that says nothing was kept"
GUESSED = "passwords can be guessed without a pause"
EVIL = {"Origin": "http://evil.example"}
JSON = {"Content-Type": "application/json"}
PASSWORD = "correct horse battery"  # of a server that lives for a minute

NAMES = ("/etc/passwd", "pyproject.toml", "rag/settings.py", "seeds/articles.toml")
ROOTS = ("/", "/look/", "/static/", "/assets/", "/v1/articles/", "/gradio_api/file=", "/theme/")
UPS = (
    "",
    "../",
    "..%2f",
    "%2e%2e/",
    "%252e%252e%252f",
    "..\\",
    "..%5c",
    "....//",
    "/",
    "%2f",
    "%00",
)
SIGNS = ("root:x:0", "[project]", "class Settings", "rest_on")


@contextlib.contextmanager
def server(
    report: Report, around: Mapping[str, str] = MappingProxyType({}), **settings: str
) -> Iterator["Server"]:
    """Run `rag chat` on a free port until the block ends; ``around`` is set in its environment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    own_settings = {f"RAG_{name.upper()}": value for name, value in settings.items()}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("rag")), "chat", "--port", str(port)],
            env={**os.environ, "RAG_LLM": "none", **around, **own_settings},
            stdout=log,
            stderr=log,
        )
        try:
            own = Server(port, process)
            own.wait()
            yield own
        finally:
            process.terminate()
            process.wait(60)
            log.seek(0)
            said = log.read()
            report.count("bytes that the server logged", len(said))
            if b"Traceback" in said:
                report.notes.append(
                    "traceback in the log: " + said[-600:].decode("utf-8", "replace")
                )


class Server:
    """A server's port, and one request to it."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port, self.process = port, process

    def wait(self) -> None:
        """Wait until the models are loaded."""
        end = time.monotonic() + 300
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            time.sleep(0.5)
        raise TimeoutError("the server did not come up")

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Any = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send one request as it stands; gives status, body and headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            # an event stream has no end
            text = b"" if "event-stream" in told.get("content-type", "") else answer.read(1_000_000)
            return answer.status, text, told
        finally:
            connection.close()


def paths(own: Server, report: Report) -> None:
    """Ask for files that are nobody's business, in every way of writing them."""
    for root in ROOTS:
        for up in UPS:
            for name in NAMES:
                path = root + up * (6 if up.startswith((".", "%2e")) else 1)
                path += name.lstrip("/") if up else name
                report.count("paths")
                status, body, _ = own.ask("GET", path.replace("\\", "%5c"))
                if status >= 500:
                    report.fault(SERVER_ERROR, path)
                if any(sign in body.decode("utf-8", "replace") for sign in SIGNS):
                    report.fault(LEAKED, path)


def multipart(name: str, size: int) -> tuple[bytes, dict[str, str]]:
    """Give an upload's body and headers."""
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return head.encode() + b"a" * size + b"\r\n--x--\r\n", {
        "Content-Type": "multipart/form-data; boundary=x"
    }


def foreign_pages(own: Server, report: Report) -> None:
    """Send what a page of another place could make a browser send."""
    upload, kind = multipart("a.txt", 10)
    join = json.dumps({"data": [], "fn_index": 0, "session_hash": "s"}).encode()
    for origin in ("http://evil.example", "null", f"http://localhost:{own.port + 1}"):
        for path, body, headers in (
            ("/gradio_api/upload", upload, kind),
            ("/gradio_api/queue/join", join, JSON),
            ("/gradio_api/queue/join", join, {"Content-Type": "text/plain"}),
            ("/gradio_api/reset", b"{}", JSON),
            ("/login", b"username=a&password=b", {}),
            ("/v1/answers", b'{"question": "Who?"}', JSON),
            ("/mcp", b"{}", JSON),
        ):
            report.count("requests of foreign pages")
            if own.ask("POST", path, body, {**headers, "Origin": origin})[0] != 403:
                report.fault(LET_IN, f"{path} from {origin}")
        told = own.ask("GET", "/config", headers={"Origin": origin})[2]
        if told.get("access-control-allow-origin"):
            report.fault(LET_IN, f"{origin} may read /config")
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", ""):
        report.count("foreign host names")
        if own.ask("GET", "/", headers={"Host": host})[0] not in (400, 421):
            report.fault(LET_IN, f"host {host!r}")


def sizes(own: Server, report: Report) -> None:
    """Send bodies, names and headers that are too large."""
    for path, size in (("/gradio_api/queue/join", 30 << 20), ("/v1/answers", 1 << 20)):
        report.count("oversized requests")
        body = b'{"data":["' + b"a" * size + b'"]}'
        try:
            status = own.ask("POST", path, body, JSON)[0]
        except OSError:
            status = 413  # refused before it was sent
        if status != 413:
            report.fault(TOO_MUCH, f"{path}, {size} bytes: {status}")
    for name, size in (("a.txt", 12 << 20), ("../../../evil.txt", 9), ("a" * 500, 9), ("", 9)):
        report.count("strange uploads")
        body, headers = multipart(name, size)
        try:
            status, told, _ = own.ask("POST", "/gradio_api/upload", body, headers)
        except OSError:
            continue
        if status >= 500:
            report.fault(SERVER_ERROR, f"upload {name[:20]!r}")
        if size > 10_000_000 and status != 413:
            report.fault(TOO_MUCH, f"upload of {size} bytes: {status}")
        if b".." in told:
            report.fault(LEAKED, f"upload to {told[:200]!r}")


def headers(own: Server, report: Report) -> None:
    """Look at the headers of everything."""
    for path in ("/", "/config", "/look/chat.js", "/v1/articles", "/healthz", "/nothing"):
        report.count("responses whose headers were looked at")
        told = own.ask("GET", path)[2]
        policy = told.get("content-security-policy", "")
        good = "default-src 'self'" in policy and "frame-ancestors 'self'" in policy
        if not good or told.get("x-content-type-options") != "nosniff":
            report.fault(BARE, path)


def slow_clients(own: Server, report: Report, many: int, wait: float) -> None:
    """Hold so many connections open with half a head each; others must be served meanwhile."""
    held = []
    for _ in range(many):
        slow = socket.create_connection(("127.0.0.1", own.port))
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        held.append(slow)
        report.count("slow connections")
    began = time.monotonic()
    if own.ask("GET", "/healthz")[0] != 200 or own.ask("GET", "/config")[0] != 200:
        report.fault(STUCK, f"{many} slow connections")
    took = time.monotonic() - began
    report.notes.append(f"two requests beside {many} slow connections: {took:.2f} s")
    time.sleep(wait)
    kept = sum(not _ended(slow) for slow in held)
    report.count("slow connections ended by the server", many - kept)
    if kept:
        report.fault(OPEN, f"{kept} of {many} after {wait:g} s")
    for slow in held:
        slow.close()


def _ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def passwords(report: Report) -> None:
    """Guess the password, and look at what is open without one."""
    with server(report, password=PASSWORD) as own:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        for n in range(12):
            report.count("wrong passwords")
            status = own.ask("POST", "/login", f"username=reader&password=no{n}".encode(), kind)[0]
            if status == 200:
                report.fault(GUESSED, f"guess {n}")
        right = f"username=reader&password={PASSWORD.replace(' ', '+')}".encode()
        if own.ask("POST", "/login", right, kind)[0] == 200:
            report.fault(GUESSED, "the right one is taken right after ten wrong ones")
        for path in ("/config", "/v1/articles", "/v1/articles/000_bf3511107b49d45d.txt"):
            report.count("paths asked without the password")
            status, body, _ = own.ask("GET", path)
            if status == 200 and b"Rubio" in body:
                report.fault(LEAKED, f"{path} without the password")


def main() -> int:
    """Run the campaign."""
    parser: argparse.ArgumentParser = options(__doc__ or "")
    parser.add_argument("--connections", type=int, default=2000)
    given = parser.parse_args()
    report = Report("Web and API", vars(given).copy())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (min(hard, max(soft, given.connections + 500)), hard)
    )
    with server(report) as own:
        paths(own, report)
        foreign_pages(own, report)
        sizes(own, report)
        headers(own, report)
        slow_clients(own, report, given.connections, 40.0)
    passwords(report)
    return finish(report, given.out)


if __name__ == "__main__":
    sys.exit(main())
