"""The front page with our own head in it, before anything of Gradio's runs.

An ASGI middleware; knows HTML pages and one text to put into them. Gradio adds the `head` it is
given only after its scripts have read the browser's language and painted once.
"""

from studio.ui.guard import App, Message, Receive, Scope, Send

MARK = b"<head>"


class Front:
    """Puts head into the page at `/`."""

    def __init__(self, app: App, head: str) -> None:
        self.app = app
        self.head = MARK + head.encode("utf-8")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send(start, body, send)

        await self.app(scope, receive, collect)

    async def _send(self, start: Message, body: bytes, send: Send) -> None:
        page = body.replace(MARK, self.head, 1)
        length = str(len(page)).encode("ascii")
        headers = [
            (name, length if name.lower() == b"content-length" else value)
            for name, value in start["headers"]
        ]
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": page})
