"""CORS: pages of other origins that may call (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Accept",
    "Prefer",
    "If-Match",
    "If-None-Match",
    "If-None-Exist",
    "If-Modified-Since",
)
_EXPOSED = (
    "ETag",
    "Location",
    "Content-Location",
    "Last-Modified",
    "WWW-Authenticate",
    "X-Progress",
    "Retry-After",
    "Expires",
)
_VARY = (b"vary", b"Origin")


class CrossOrigin:
    """ASGI middleware, the outermost.

    A request without Origin is no page's: it passes with a `Vary` that keeps a shared cache from
    serving its answer to one that has it.
    """

    def __init__(
        self, app: ASGIApp, *, origins: tuple[str, ...], origin_pattern: str | None
    ) -> None:
        self._app = app
        self._for_pages = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_origin_regex=origin_pattern,
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_EXPOSED,
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        for name, _value in scope["headers"]:
            if name == b"origin":
                await self._for_pages(scope, receive, send)
                return

        async def varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _VARY]
            await send(message)

        await self._app(scope, receive, varied)
