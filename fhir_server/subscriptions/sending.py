"""One POST to an endpoint; whatever does not end in 2xx within its time is a failure."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpx


class NotTaken(Exception):
    """The receiver did not take a notification; the text says why, without address and secrets."""


class Send(Protocol):
    """Sends one notification."""

    async def __call__(
        self, endpoint: str, body: bytes, headers: Mapping[str, str], *, seconds: float
    ) -> None:
        """Return when the receiver has taken it; `NotTaken` where it has not in `seconds`."""

    async def close(self) -> None:
        """Give back what is held open."""


class HttpSend:
    """`Send` over HTTP: no redirects, no proxies of the environment, answers are not read."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def __call__(
        self, endpoint: str, body: bytes, headers: Mapping[str, str], *, seconds: float
    ) -> None:
        """Send; `NotTaken` otherwise."""
        import httpx  # noqa: PLC0415 (a server without Subscriptions need not load it)

        client = self._opened()
        try:
            async with (
                asyncio.timeout(seconds),
                client.stream("POST", endpoint, content=body, headers=headers) as response,
            ):
                status = response.status_code
        except TimeoutError:
            raise NotTaken(f"no answer within {seconds:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # Also what cannot be sent at all (a header that is no ASCII) counts as an attempt.
            # An error's text may hold the address, and an address may hold a secret.
            raise NotTaken(f"no connection ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise NotTaken(f"the endpoint answered {status}")

    async def close(self) -> None:
        """Close the connections that were kept."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _opened(self) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415 (as above)

        if self._client is None:
            # The system's own authorities, or those of SSL_CERT_FILE: a hospital has its own.
            self._client = httpx.AsyncClient(
                verify=ssl.create_default_context(),
                follow_redirects=False,
                trust_env=False,
                timeout=None,  # noqa: S113 (asyncio.timeout bounds the whole of it)
                limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            )
        return self._client
