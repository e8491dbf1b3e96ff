"""Requests to the gateway's HTTP API, and what is asserted of the responses."""

from typing import Any

import httpx2

from tests.factories import id_of

ORDER = str(id_of("order"))
CARD = "tok_visa"


def order_body(**changes: object) -> dict[str, object]:
    return {"order_id": ORDER, "amount": 1999, "currency": "EUR", "token": CARD, **changes}


async def authorise(
    client: httpx2.AsyncClient, token: object = CARD, *, key: str = "1", **changes: object
) -> httpx2.Response:
    return await client.post(
        "/payments", json=order_body(token=token, **changes), headers={"Idempotency-Key": key}
    )


async def post(
    client: httpx2.AsyncClient, path: str, sent: object, *, key: str = "2"
) -> httpx2.Response:
    return await client.post(path, json=sent, headers={"Idempotency-Key": key})


async def items(client: httpx2.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    response = await client.get(f"/payments{query}")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    document = response.json()
    assert document.keys() == {"items"}
    listed: list[dict[str, Any]] = document["items"]
    return listed


def assert_problem(response: httpx2.Response, status: int, kind: str, reason: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["type"], problem["status"], problem["reason"]) == (
        f"/problems/{kind}",
        status,
        reason,
    )
