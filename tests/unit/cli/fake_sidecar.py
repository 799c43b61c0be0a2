"""A fake sidecar on a loopback socket: it answers what a test gives it, and keeps what it was asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

TOKEN = "aid_a-token-for-tests-0123456789"


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    authorization: str | None


@dataclass
class FakeSidecar:
    """Answers `METHOD /path` from `replies`; what isn't there is a 404 that isn't a sidecar's."""

    url: str = ""
    replies: dict[str, list[tuple[int, str, bytes]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answers(self, what: str, reply: BaseModel | bytes, status: int = 200, kind: str = "application/json") -> None:
        """Answer `what`, such as `GET /health`, with this from now on."""
        body = reply if isinstance(reply, bytes) else reply.model_dump_json(by_alias=True).encode()
        self.replies[what] = [(status, kind, body)]

    def answers_in_turn(self, what: str, *replies: BaseModel) -> None:
        """Answer `what` with one after the other, and with the last from then on."""
        self.replies[what] = [(200, "application/json", reply.model_dump_json().encode()) for reply in replies]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, whatever it is."""
        self.asked.append(
            Asked(
                request.method,
                request.raw_path.partition("?")[0],
                dict(request.query),
                await request.read(),
                request.headers.get("Authorization"),
            )
        )
        what = f"{request.method} {request.raw_path.partition('?')[0]}"
        turns = self.replies.get(what, [(404, "text/html", b"<h1>Not here</h1>")])
        status, kind, body = turns.pop(0) if len(turns) > 1 else turns[0]
        return web.Response(status=status, body=body, content_type=kind)


@asynccontextmanager
async def fake_sidecar() -> AsyncIterator[FakeSidecar]:
    """A fake sidecar for as long as the block lasts."""
    fake = FakeSidecar()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
