"""Which handler an address leads to, in a small tree that has a part of each kind."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from fhir_server.rest import addresses
from fhir_server.rest.interactions import fhir_routes
from fhir_server.rest.route_tree import TEMPLATE, FhirRoutes, RouteTree, is_fhir

pytestmark = pytest.mark.anyio
addresses.register()


async def told(request: Request) -> Response:
    """Answer with what the tree has left in the scope."""
    return PlainTextResponse(f"{request.scope.get(TEMPLATE)} {dict(request.path_params)}")


def route(path: str, *methods: str) -> Route:
    return Route(path, told, methods=list(methods) or ["GET"])


# The literals stand last: what answers does not depend on the order of the declarations.
TREE = RouteTree(
    [
        route("/fhir/{type}", "GET", "POST"),
        route("/fhir/{type}/{id:id}", "GET", "PUT"),
        route("/fhir/{type}/{id:id}/{name}"),
        route("/fhir/{type}/{name:operation}"),
        route("/fhir/{name:operation}", "POST"),
        route("/fhir/metadata"),
        route("/fhir/{type}/_search", "POST"),
    ]
)


@pytest.mark.parametrize(
    ("address", "template", "values"),
    [
        # A literal before any text, a form before any text.
        ("GET /fhir/metadata", "/fhir/metadata", {}),
        ("GET /fhir/Patient", "/fhir/{type}", {"type": "Patient"}),
        ("POST /fhir/$meta", "/fhir/{name}", {"name": "meta"}),
        ("POST /fhir/Patient/_search", "/fhir/{type}/_search", {"type": "Patient"}),
        ("GET /fhir/Patient/$meta", "/fhir/{type}/{name}", {"type": "Patient", "name": "meta"}),
        ("PUT /fhir/Patient/1", "/fhir/{type}/{id}", {"type": "Patient", "id": "1"}),
        # What the nearer part does not take by this method, the next one may.
        ("POST /fhir/metadata", "/fhir/{type}", {"type": "metadata"}),
        ("GET /fhir/$meta", "/fhir/{type}", {"type": "$meta"}),
        ("HEAD /fhir/Patient/1", "/fhir/{type}/{id}", {"type": "Patient", "id": "1"}),
    ],
)
def test_an_address_leads_to_the_nearest_handler(
    address: str, template: str, values: dict[str, str]
) -> None:
    found = TREE.find(*address.split(" "))
    assert found is not None
    assert (found.template, found.values) == (template, values)


@pytest.mark.parametrize(
    "address",
    [
        "GET /",
        "GET /fhir",
        "DELETE /fhir/metadata",
        "PATCH /fhir/Patient/1",
        "BREW /fhir/Patient",
        "GET /fhir/Patient/1/2/3",
        # A form is that of the whole part.
        "GET /fhir/Patient/1~2",
        "GET /fhir/Patient/_search",
        # An empty part is no part.
        "GET /fhir/",
        "GET /fhir/Patient/",
        "GET /fhir//Patient",
    ],
)
def test_where_no_route_answers(address: str) -> None:
    assert TREE.find(*address.split(" ")) is None


def test_of_two_handlers_at_one_place_the_first_answers() -> None:
    async def second(_request: Request) -> Response:
        return Response()

    tree = RouteTree([route("/fhir/{type}"), Route("/fhir/{type}", second, methods=["GET", "PUT"])])
    kept, added = tree.find("GET", "/fhir/Patient"), tree.find("PUT", "/fhir/Patient")
    assert kept is not None and kept.handler is told
    assert added is not None and added.handler is second


def test_two_names_of_one_place_keep_their_own() -> None:
    tree = RouteTree([route("/fhir/{type}/_a"), route("/fhir/{kind}/_b")])
    found = tree.find("GET", "/fhir/Patient/_b")
    assert found is not None and found.values == {"kind": "Patient"}


def test_a_mount_is_no_route_of_the_tree() -> None:
    with pytest.raises(TypeError, match="plain route"):
        RouteTree([Mount("/fhir", app=RouteTree)])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/fhir", True),
        ("/fhir/", True),
        ("/fhir/Patient", True),
        ("/fhirx", False),
        ("/FHIR/Patient", False),
        ("/a/fhir/Patient", False),
    ],
)
def test_what_belongs_to_the_fhir_api(path: str, expected: bool) -> None:
    assert is_fhir(path) is expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/fhir/Patient/7", "/fhir/{type}/{id} {'id': '7', 'type': 'Patient'}"),
        ("BREW", "/fhir/Patient", "/fhir/{path} {}"),
        ("GET", "/health", "elsewhere"),
    ],
)
async def test_the_routes_answer_and_pass_on(method: str, path: str, expected: str) -> None:
    async def elsewhere(scope, receive, send) -> None:
        await PlainTextResponse("elsewhere")(scope, receive, send)

    routes = FhirRoutes(elsewhere, routes=[route("/fhir/{type}/{id:id}")], otherwise=told)
    sent: list[dict] = []

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    await routes(scope, None, send)
    assert sent[-1]["body"].decode() == expected


SAMPLES = {"type": "Condition", "compartment": "Patient", "id": "7", "version": "2", "name": "x"}


def test_no_route_of_the_api_is_hidden_behind_another() -> None:
    tree = RouteTree(fhir_routes())
    for declared in fhir_routes():
        assert isinstance(declared, Route)
        operation = {
            name: "$x"
            for name, convertor in declared.param_convertors.items()
            if convertor.regex.startswith(r"\$")
        }
        path = declared.path_format.format(**SAMPLES | operation)
        for method in declared.methods or ():
            found = tree.find(method, path)
            assert found is not None, (method, path)
            assert found.handler is declared.endpoint, (method, path)
