"""Serves the page of a run to a browser on this machine, and predicts the photographs that it sends.

What it answers is a short list: the files of the page, the data of the run and the pictures that its index names. No address becomes a
path, so that there is none of another file. A page of somebody else may not use it through the browser: names that a foreign name
server may point here (DNS rebinding) are refused, and so are requests that another page makes.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from mmseg.apis.viewing.content import DATA, MAX_UPLOAD, PAGE, STATIC, data_script, page_data, picture_file
from mmseg.apis.viewing.files import Index
from mmseg.utils.errors import BadFileError, UserError, of_the_system, one_line

UPLOAD = "/photograph"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Of every answer: the page runs its own script and nothing else, and no other page may use what is here."""
TYPES = {".jpg": "image/jpeg", ".png": "image/png"}
PATIENCE = 30
"""Seconds that a client may be silent."""

Predictor = Callable[[bytes], dict]
"""Predicts an image file, see :func:`mmseg.apis.viewing.photographs.predict_photo`."""


class Refusal(Exception):  # noqa: N818  (becomes an answer)
    """An answer of one line, with its status."""

    def __init__(self, status: HTTPStatus, line: str) -> None:
        super().__init__(line)
        self.status = status


class ViewServer(socketserver.ThreadingTCPServer):
    """Listens once it is made.

    Args:
        host: address or name to listen on.
        port: 0 takes a free one.

    Raises:
        UserError: the port is taken, or the address is none of this machine.
    """

    daemon_threads = allow_reuse_address = True
    run: Path
    index: Index
    load: Callable[[], Predictor] | None = None

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.host, self.predictor, self.busy = host, None, threading.Lock()
        try:
            super().__init__((host, port), Handler)
        except (OSError, OverflowError) as error:
            reason = os.strerror(error.errno) if getattr(error, "errno", 0) in range(1, 200) else getattr(error, "strerror", None) or error
            raise UserError(f"Cannot listen on {host}, port {port}: {reason}. Choose another --port or --host.") from None

    def show(self, run: Path, index: Index, load: Callable[[], Predictor] | None) -> None:
        """Answers until the process is stopped.

        Args:
            run: the folder.
            index: of :func:`mmseg.apis.viewing.files.read_index`.
            load: makes what predicts photographs, when the first one comes; None where nothing can.
        """
        self.run, self.index, self.load = run, index, load
        try:
            self.serve_forever()
        finally:
            self.busy.acquire(timeout=PATIENCE)  # a thread that still computes when Python ends would abort it

    @property
    def address(self) -> str:
        """What to open in a browser."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server_address[1]}/"

    def content(self, address: str) -> tuple[bytes, str] | None:
        """What lies at an address, and its type; None where nothing does."""
        name = address.removeprefix("/") or "index.html"
        if name in STATIC:
            return (PAGE / name).read_bytes(), STATIC[name]
        if name == DATA:
            return data_script(page_data(self.run, self.index, upload=self.load is not None)).encode(), STATIC["viewer.js"]
        file = picture_file(self.run, self.index, name)
        return (file.read_bytes(), TYPES[file.suffix]) if file else None

    def predict(self, data: bytes) -> dict:
        """Predicts a photograph; the network is loaded for the first one."""
        if self.predictor is None:
            self.predictor = self.load()
        return self.predictor(data)

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that has left is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def known_host(given: str | None, host: str) -> bool:
    """Whether a request names this server as a person would: by an address, which no name server decides about, or by a name of ours.

    Args:
        given: header ``Host``, with or without a port.
        host: that the server listens on.
    """
    name = (given or "").strip().lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in {"localhost", host.lower(), socket.gethostname().lower()} - {""}
    return True


class Handler(BaseHTTPRequestHandler):
    """One request, see :class:`ViewServer`."""

    server: ViewServer
    timeout = PATIENCE
    server_version, sys_version = "view", ""

    def do_GET(self) -> None:
        self.answer(self.get)

    def do_POST(self) -> None:
        self.answer(self.post)

    def answer(self, work: Callable[[], tuple[bytes, str]]) -> None:
        """Sends what the work gives, or the line of its refusal."""
        status = HTTPStatus.OK
        try:
            if not known_host(self.headers.get("Host"), self.server.host):
                raise Refusal(HTTPStatus.FORBIDDEN, "This server is not known by this name.")
            content, kind = work()
        except Refusal as refusal:
            status, content, kind = refusal.status, str(refusal).encode(), "text/plain; charset=utf-8"
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def get(self) -> tuple[bytes, str]:
        """A file of the page, the data, or a picture."""
        found = self.server.content(self.path.partition("?")[0])
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        return found

    def post(self) -> tuple[bytes, str]:
        """The pictures of a photograph."""
        if self.path != UPLOAD or self.server.load is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "No photographs are taken at this address.")
        if self.headers.get("Origin", f"http://{self.headers['Host']}") != f"http://{self.headers['Host']}":
            raise Refusal(HTTPStatus.FORBIDDEN, "Another page may not send photographs.")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "The length of the photograph is not given.")
        size = int(length.lstrip("0")[:20] or 0)
        if size > MAX_UPLOAD:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The photograph has more than {MAX_UPLOAD >> 20} MB.")
        data = self.rfile.read(size)  # however slowly it comes, nobody else waits for it
        if len(data) < size:
            raise Refusal(HTTPStatus.BAD_REQUEST, "The photograph did not arrive whole.")
        with self.server.busy:  # memory to predict one is enough
            return self.predicted(data)

    def predicted(self, data: bytes) -> tuple[bytes, str]:
        """What the network says about a photograph."""
        try:
            return json.dumps(self.server.predict(data)).encode(), "application/json"
        except BadFileError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        except Exception as error:
            line = str(error) if isinstance(error, UserError) else of_the_system(error)
            if line is None:
                raise
            raise Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, one_line(line)) from None

    def log_message(self, *_: object) -> None:
        """Nothing is printed of requests."""
