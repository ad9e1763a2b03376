"""The server of a run's page: what it answers, and to whom."""

import contextlib
import http.client
import json
import re
import socket
import threading
from pathlib import Path

import pytest

from mmseg.apis.viewing import server
from mmseg.apis.viewing.content import MAX_UPLOAD, STATIC
from mmseg.apis.viewing.server import ViewServer, known_host
from mmseg.utils.errors import BadFileError, UserError
from tests.apis.viewing.looked_at import EVIL, write_run
from tests.cli.failures import refusal


def predict(data: bytes) -> dict:
    """Stands for a network."""
    if data == b"network":
        raise UserError("latest.pth is broken.")
    if data == b"memory":
        raise RuntimeError("CUDA out of memory.\nTried to …")
    if data != b"photo":
        raise BadFileError("The photograph is no image.")
    return {"pictures": {}, "confidence": 1.0}


class Served:
    """A run that is served, and what it answers."""

    def __init__(self, run: Path, load=lambda: predict) -> None:
        self.run = run
        self.server = ViewServer("127.0.0.1", 0)
        self.thread = threading.Thread(target=self.server.show, args=(run, write_run(run), load), daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def ask(self, address: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, dict]:
        """Status, content and headers of an answer; a body is posted."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.putrequest("GET" if body is None else "POST", address, skip_host="Host" in headers)
        given = {**headers, **({} if body is None or "Content-Length" in headers else {"Content-Length": str(len(body))})}
        for name, value in given.items():
            if value:
                line.putheader(name.replace("_", "-"), value)
        line.endheaders(body or None)
        answer = line.getresponse()
        return answer.status, answer.read(), dict(answer.headers)

    def raw(self, text: bytes) -> bytes:
        """The first line of what is answered to any bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(text)
            line.shutdown(socket.SHUT_WR)
            return line.makefile("rb").readline()


@contextlib.contextmanager
def serving(run: Path, **how):
    served = Served(run, **how)
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One that no test changes."""
    with serving(tmp_path_factory.mktemp("served") / "run") as served:
        (served.run / "config.py").write_text("secret")
        yield served


def test_the_page_its_data_and_its_pictures(served):
    for name, kind in STATIC.items():
        status, content, headers = served.ask(f"/{name}")
        assert status == 200 and headers["Content-Type"] == kind and content == (server.PAGE / name).read_bytes()
    assert served.ask("/")[1] == served.ask("/index.html?a=b")[1]
    _, content, headers = served.ask("/data.js")
    assert headers["Content-Type"].startswith("text/javascript") and b"JSON.parse" in content and EVIL.encode() not in content
    _, content, headers = served.ask("/pictures/0001_prediction.png")
    assert headers["Content-Type"] == "image/png" and content == (served.run / "view/0001_prediction.png").read_bytes()
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"] and "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address",
    [
        *("/config.py", "/view/index.json", "/../config.py", "/pictures/../../config.py", "//config.py", "/..", "/%2e%2e/config.py"),
        *("/pictures/%2e%2e%2findex.json", "/pictures/..%5cindex.json", "/pictures/0000_photo.jpg%00", "/viewer.py", "/photograph"),
        *("http://127.0.0.1/config.py", "/pictures/0009_photo.jpg", "/index.html/../../../config.py", "/page/viewer.js", "/%69ndex.html"),
    ],
)
def test_nothing_else(served, address):
    status, content, headers = served.ask(address)
    assert (status, headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert content.count(b"\n") == 0 and b"secret" not in content


def test_a_link_out_of_the_run_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    with serving(tmp_path / "run") as served:
        (served.run / "view/0000_photo.jpg").unlink()
        (served.run / "view/0000_photo.jpg").symlink_to(tmp_path / "secret")
        assert served.ask("/pictures/0000_photo.jpg")[0] == 404
        assert served.ask("/pictures/0001_photo.jpg")[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost.evil", "127.1"])
def test_other_names_of_this_server(served, host):
    assert served.ask("/", Host=host)[0] == 403
    assert served.ask("/photograph", b"photo", Host=host)[0] == 403
    assert served.ask("/", Host=f"localhost:{served.port}")[0] == 200


def test_names():
    own = socket.gethostname()
    for name in ("127.0.0.1", "127.0.0.1:80", "[::1]:80", "LOCALHOST:1", "192.168.0.7", own, "box:80"):
        assert known_host(name, "box"), name
    for name in (None, "", ":80", "other", "[other]", "127.0.0.1,box", "user@127.0.0.1"):
        assert not known_host(name, "box"), name
    assert not known_host("", "")


def test_a_photograph(served):
    status, content, headers = served.ask("/photograph", b"photo", Origin=f"http://127.0.0.1:{served.port}")
    assert status == 200 and json.loads(content) == {"pictures": {}, "confidence": 1.0} and headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "headers", "status", "line"),
    [
        (b"no image", {}, 400, "The photograph is no image."),
        (b"network", {}, 500, "latest.pth is broken."),
        (b"memory", {}, 500, "Memory ran out (CUDA out of memory.)."),
        (b"", {"Content-Length": ""}, 411, "The length of the photograph is not given."),
        (b"", {"Content-Length": "-1"}, 411, "The length of the photograph is not given."),
        (b"", {"Content-Length": "²"}, 411, "The length of the photograph is not given."),
        (b"", {"Content-Length": str(MAX_UPLOAD + 1)}, 413, "The photograph has more than 32 MB."),
        (b"", {"Content-Length": "0" * 20 + str(MAX_UPLOAD + 1)}, 413, "The photograph has more than 32 MB."),
        (b"", {"Content-Length": "0" * 5000}, 400, "The photograph is no image."),
        (b"", {"Content-Length": "9" * 5000}, 413, "The photograph has more than 32 MB."),
        (b"photo", {"Origin": "http://evil.example"}, 403, "Another page may not send photographs."),
        (b"photo", {"Origin": "null"}, 403, "Another page may not send photographs."),
    ],
)
def test_photographs_that_are_refused(served, body, headers, status, line):
    found, content, answered = served.ask("/photograph", body, **headers)
    assert (found, answered["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert content.decode().startswith(line) and content.count(b"\n") == 0


def test_half_a_photograph(served):
    head = b"POST /photograph HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nphot"
    assert re.match(rb"HTTP/1.0 400 ", served.raw(head))


def test_a_photograph_that_never_arrives_holds_up_no_other(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as line:
        line.sendall(b"POST /photograph HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nphot")
        assert served.ask("/photograph", b"photo")[0] == 200


def test_a_network_is_loaded_once_and_when_it_is_needed(tmp_path):
    loads = []
    with serving(tmp_path / "run", load=lambda: loads.append(1) or predict) as served:
        assert served.ask("/")[0] == 200 and not loads
        assert [served.ask("/photograph", b"photo")[0] for _ in range(2)] == [200, 200] and loads == [1]


def test_without_a_network(tmp_path):
    with serving(tmp_path / "run", load=None) as served:
        assert served.ask("/photograph", b"photo")[0] == 404
        assert json.loads(json.loads(re.search(rb'JSON\.parse\((".*")\)', served.ask("/data.js")[1])[1]))["upload"] == 0


def test_other_requests(served):
    for request in (b"PUT / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", b"OPTIONS /photograph HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"):
        assert re.match(rb"HTTP/1.0 501 ", served.raw(request))
    assert re.match(rb"HTTP/1.0 403 ", served.raw(b"GET / HTTP/1.0\r\n\r\n"))  # no Host
    assert served.ask("/")[0] == 200


def test_a_port_that_is_taken_and_none(tmp_path):
    with ViewServer("127.0.0.1", 0) as first:
        port = first.server_address[1]
        assert first.address == f"http://127.0.0.1:{port}/"
        assert f"port {port}: Address already in use." in refusal(lambda: ViewServer("127.0.0.1", port))
    assert refusal(lambda: ViewServer("127.0.0.1", 70000)).startswith("Cannot listen on 127.0.0.1, port 70000: ")
    assert refusal(lambda: ViewServer("no.such.host.invalid", 0)).startswith("Cannot listen on no.such.host.invalid, port 0: ")


def test_addresses_for_a_browser(monkeypatch):
    monkeypatch.setattr(server.socketserver.ThreadingTCPServer, "__init__", lambda self, address, handler: None)
    for host, shown in (("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("box", "box")):
        made = ViewServer(host, 80)
        made.server_address = (host, 80)
        assert made.address == f"http://{shown}:80/"
