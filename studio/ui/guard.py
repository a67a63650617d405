"""The doorkeeper: refuses requests that another web site makes through the person's browser.

An ASGI middleware; knows hosts and headers, nothing of the studio. Gradio's own `strict_cors` only
withholds response headers, so a foreign page could still upload files and call functions.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost")
FOREIGN = ("cross-site", "same-site")


class Guard:
    """Lets through what this page asks for itself. anywhere: any Host is ours (the studio listens
    beyond this computer, behind a password); otherwise only loopback, which also stops a foreign
    name pointed at this computer (DNS rebinding)."""

    def __init__(self, app: App, anywhere: bool) -> None:
        self.app = app
        self.anywhere = anywhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._allowed(scope):
            await _refuse(scope, send)
        else:
            await self.app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "")
        port = scope["server"][1]
        if not self.anywhere and host not in {f"{name}:{port}" for name in LOOPBACK}:
            return False
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return False
        if scope.get("method") not in ("GET", "HEAD") and headers.get("sec-fetch-site") in FOREIGN:
            return False
        # Gradio would fetch such an address itself; nothing here may leave the computer.
        return "/file=http" not in scope["path"].lower()


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        # Before it is accepted; the server then answers 403.
        await send({"type": "websocket.close"})
        return
    await send(
        {
            "type": "http.response.start",
            "status": 403,
            "headers": [(b"content-type", b"text/plain; charset=utf-8")],
        }
    )
    await send({"type": "http.response.body", "body": b"This studio answers its own page only."})
