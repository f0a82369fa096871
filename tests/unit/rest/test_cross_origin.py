"""CORS: which pages may read an answer, and that a shared cache keeps their answers apart."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fhir_server.rest.cross_origin import CrossOrigin

pytestmark = pytest.mark.anyio

PORTAL = "https://portal.example-hospital.cn"
LOCAL = "http://localhost:3000"
STRANGER = "https://evil.example"


async def record(_request: Request) -> Response:
    return Response("{}", headers={"Vary": "Accept-Encoding", "ETag": 'W/"1"'})


def browser(*, pattern: str | None = None) -> httpx.AsyncClient:
    app = CrossOrigin(
        Starlette(routes=[Route("/fhir/Patient/1", record)]),
        origins=(PORTAL,),
        origin_pattern=pattern,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=LOCAL)


def varied(answer: httpx.Response) -> set[str]:
    lines = answer.headers.get_list("vary", split_commas=True)
    return {name.strip().lower() for name in lines}


async def test_a_request_of_no_page_passes_and_its_answer_varies_by_origin() -> None:
    async with browser() as client:
        answer = await client.get("/fhir/Patient/1")
    assert answer.status_code == 200
    assert varied(answer) == {"accept-encoding", "origin"}
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("origin", "pattern", "may"),
    [
        (PORTAL, None, True),
        (f"{PORTAL}.evil.example", None, False),
        (STRANGER, None, False),
        (LOCAL, None, False),
        (LOCAL, r"http://localhost(:\d+)?", True),
        (f"{LOCAL}.evil.example", r"http://localhost(:\d+)?", False),
    ],
)
async def test_a_page_reads_only_what_its_origin_may(
    origin: str, pattern: str | None, may: bool
) -> None:
    async with browser(pattern=pattern) as client:
        answer = await client.get("/fhir/Patient/1", headers={"Origin": origin})
    assert answer.headers.get("access-control-allow-origin") == (origin if may else None)
    assert "access-control-allow-credentials" not in answer.headers
    if may:
        assert varied(answer) == {"accept-encoding", "origin"}
        exposed = answer.headers["access-control-expose-headers"]
        assert {"ETag", "Location", "Content-Location", "X-Progress"} <= set(exposed.split(", "))


async def test_a_page_asks_first_for_what_it_may_send() -> None:
    asking = {
        "Origin": PORTAL,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, if-match, if-none-exist, prefer",
    }
    async with browser() as client:
        answer = await client.options("/fhir/Patient/1", headers=asking)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == PORTAL
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert "If-None-Exist" in answer.headers["access-control-allow-headers"]
        for refused in (
            {"Origin": STRANGER},
            {"Access-Control-Request-Method": "TRACE"},
            {"Access-Control-Request-Headers": "x-internal"},
        ):
            answer = await client.options("/fhir/Patient/1", headers=asking | refused)
            assert answer.status_code == 400
