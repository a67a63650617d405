"""The window over HTTP: who is let in, and what is not loaded."""

import asyncio
import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from studio.errors import StudioError
from studio.paths import PROJECT
from studio.ui import window
from studio.ui.guard import Guard, Message
from tests.ui.fake_studio import FakeStudio

EVIL = "http://evil.example"
CALL = json.dumps({"data": {}, "fn_name": "poll", "session_hash": "s", "component_id": 0})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    demo, shown = window.open_window(FakeStudio(), port=7905, password=None, browser=False)
    yield "127.0.0.1", int(shown.rstrip("/").rsplit(":", 1)[1])
    demo.close()


def ask(
    address: tuple[str, int], method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told


def test_the_page_and_its_functions_answer(address: tuple[str, int]) -> None:
    status, page = ask(address, "GET", "/")
    assert status == 200
    desk = _component(page, "desk")
    call = json.dumps({"data": {}, "fn_name": "poll", "session_hash": "s", "component_id": desk})
    own = {"Origin": f"http://127.0.0.1:{address[1]}", "Content_Type": "application/json"}
    status, told = ask(address, "POST", "/gradio_api/component_server", call, **own)
    assert status == 200
    assert json.loads(told)["stage"] == {"state": "empty", "welcome": {}}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {"Host": "evil.example"}),
        ("GET", "/config", {"Host": "evil.example:7905"}),
        ("GET", "/config", {"Origin": EVIL}),
        ("POST", "/gradio_api/upload", {"Origin": EVIL, "Content_Type": "multipart/form-data"}),
        ("POST", "/gradio_api/component_server", {"Origin": EVIL, "Content_Type": "text/plain"}),
        ("POST", "/gradio_api/component_server", {"Origin": "null"}),
        ("POST", "/gradio_api/component_server", {"Origin": "http://localhost:9999"}),
        ("POST", "/gradio_api/component_server", {"Sec_Fetch_Site": "cross-site"}),
        ("OPTIONS", "/gradio_api/upload", {"Origin": "http://localhost:9999"}),
        ("GET", "/gradio_api/file=http://example.com/x.png", {}),
        ("GET", "/gradio_api/file=/etc/passwd", {}),
    ],
)
def test_strangers_are_refused(
    address: tuple[str, int], method: str, path: str, headers: dict[str, str]
) -> None:
    assert ask(address, method, path, CALL if method == "POST" else None, **headers)[0] == 403


def test_a_refused_websocket_is_closed() -> None:
    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    async def unused(*_: object) -> Message:
        raise AssertionError("a stranger was let in")

    scope = {
        "type": "websocket",
        "path": "/",
        "server": ("127.0.0.1", 7860),
        "headers": [(b"host", b"evil.example")],
    }
    # In a thread of its own: the browser tests leave a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, Guard(unused, anywhere=False)(scope, unused, send)).result()
    assert [message["type"] for message in said] == ["websocket.close"]


def test_the_worker_is_warmed_once() -> None:
    studio = FakeStudio()
    demo, shown = window.open_window(studio, port=7930, password=None, browser=False)
    try:
        place = "127.0.0.1", int(shown.rstrip("/").rsplit(":", 1)[1])
        desk = _component(ask(place, "GET", "/")[1], "desk")
        call = json.dumps(
            {"data": {}, "fn_name": "poll", "session_hash": "s", "component_id": desk}
        )
        for _ in range(2):
            ask(
                place, "POST", "/gradio_api/component_server", call, Content_Type="application/json"
            )
        assert studio.asked.count(("warm",)) == 1
    finally:
        demo.close()


def test_the_page_names_no_other_host(address: tuple[str, int]) -> None:
    page = ask(address, "GET", "/")[1].decode()
    hosts = set(re.findall(r"""(?:src|href)=["'](?:https?:)?//([^/"':]+)""", page))
    assert hosts <= {"127.0.0.1", "localhost"}


def test_a_taken_port_leads_to_the_next(address: tuple[str, int]) -> None:
    demo, shown = window.open_window(FakeStudio(), port=address[1], password=None, browser=False)
    demo.close()
    assert str(address[1]) not in shown


def test_listening_beyond_this_computer_asks_for_the_password() -> None:
    demo, shown = window.open_window(FakeStudio(), port=7940, password="open", browser=False)
    try:
        place = "127.0.0.1", int(shown.rstrip("/").rsplit(":", 1)[1])
        assert ask(place, "GET", "/config", Host="studio.lan:1")[0] == 401
        assert ask(place, "GET", "/config", Host="studio.lan:1", Origin=EVIL)[0] == 403
        assert ask(place, "POST", "/gradio_api/component_server", CALL)[0] == 401
    finally:
        demo.close()


def test_no_free_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "PORTS_TRIED", 0)
    with pytest.raises(StudioError):
        window.open_window(FakeStudio(), port=7905, password=None, browser=False)


def test_past_the_last_port_none_is_tried() -> None:
    with socket.create_server(("127.0.0.1", window.LAST_PORT)), pytest.raises(StudioError):
        window.open_window(FakeStudio(), port=window.LAST_PORT, password=None, browser=False)


def test_the_window_loads_no_torch() -> None:
    code = "import sys, studio.ui, studio.ui.window; print('torch' in sys.modules)"
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert outcome.stdout.strip() == "False"


def test_starting_the_worker_anew_loads_no_web_server() -> None:
    code = "import sys, app; print('gradio' in sys.modules or 'studio' in sys.modules)"
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert outcome.stdout.strip() == "False"


def _component(page: bytes, name: str) -> int:
    found = re.search(r"window\.gradio_config = (\{.*?\});</script>", page.decode(), re.DOTALL)
    assert found
    for component in json.loads(found[1])["components"]:
        if component["props"].get("elem_id") == name:
            return int(component["id"])
    raise AssertionError(name)
