"""Tiny wheels and an index of them on loopback, so that a real solver can be asked."""

from __future__ import annotations

import json
import threading
import zipfile
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def wheel(folder: Path, name: str, version: str, *requires: str) -> Path:
    """Write a wheel with nothing in it but its metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    lines += [f"Requires-Dist: {one}" for one in requires]
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(f"{stem}.dist-info/METADATA", "\n".join(lines) + "\n")
        packed.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr(f"{stem}.dist-info/RECORD", "")
    return path


def wheels(folder: Path, *specifications: str) -> Path:
    """Write wheels from texts such as ``fastapi 0.109.1 starlette>=0.30``."""
    for text in specifications:
        name, version, *requires = text.split()
        wheel(folder, name, version, *requires)
    return folder


def digest(folder: Path, name: str, version: str) -> str:
    return (
        "sha256:" + sha256((folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl").read_bytes()).hexdigest()
    )


@contextmanager
def index(folder: Path, yanked: frozenset[str] = frozenset()) -> Iterator[str]:
    """Serve the wheels of a folder as a simple index (PEP 503, PEP 592); give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder, yanked))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def npm_registry(packages: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Serve what npm asks about packages; their archives are never fetched."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            versions = {
                version: {
                    "name": name,
                    "version": version,
                    "dist": {"tarball": f"{address}{name}.tgz", "shasum": "0" * 40},
                }
                for version in packages.get(name, ())
            }
            body = json.dumps({"name": name, "dist-tags": {"latest": max(versions, default="")}, "versions": versions})
            self.send_response(200 if versions else 404)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(folder: Path, yanked: frozenset[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            *_, first, last = self.path.strip("/").split("/")
            if first == "files":
                self._answer((folder / last).read_bytes(), "application/octet-stream")
                return
            found = sorted(folder.glob(f"{last.replace('-', '_')}-*.whl"))
            marks = {one.name: ' data-yanked="bad"' for one in found if one.name in yanked}
            links = [f'<a href="/files/{one.name}"{marks.get(one.name, "")}>{one.name}</a>' for one in found]
            self._answer("\n".join(links).encode(), "text/html", 200 if found else 404)

        def _answer(self, body: bytes, kind: str, code: int = 200) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the server's name for it

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
