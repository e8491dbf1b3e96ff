"""Operations of the gateway over HTTP: authorise, capture, void, refund and authenticate."""

import httpx2
import pytest

from tests.adapters.simulated_gateway.http.requests import (
    ORDER,
    assert_problem,
    authorise,
    items,
    post,
)

pytestmark = pytest.mark.anyio


async def test_payment_can_be_followed_from_authorisation_to_refund(
    client: httpx2.AsyncClient,
) -> None:
    approved = await authorise(client)
    payment_id = approved.json()["id"]
    assert (approved.status_code, approved.json()) == (
        201,
        {"id": payment_id, "authorised": True, "challenged": False, "declined": False},
    )
    (first,) = await items(client)
    assert first == {
        "id": payment_id,
        "order_id": ORDER,
        "amount": 1999,
        "currency": "EUR",
        "authorised": True,
        "captured": False,
        "refunded": 0,
        "voided": False,
        "declined": False,
        "calls": 1,
        "challenged": False,
        "cancelled": False,
        "reason": None,
        "created_at": "2026-11-21T12:00:00+00:00",
    }

    money = {"amount": 1999, "currency": "EUR"}
    captured = await post(client, f"/payments/{payment_id}/capture", money)
    assert (captured.status_code, captured.json()) == (200, {"id": payment_id, "captured": True})
    some = {"amount": 500, "currency": "EUR"}
    refunded = await post(client, f"/payments/{payment_id}/refunds", some, key="3")
    assert (refunded.status_code, refunded.json()) == (201, {"id": payment_id, **some})

    assert await items(client) == [{**first, "captured": True, "refunded": 500}]
    shown = await client.get(f"/payments/{payment_id}")
    assert (shown.status_code, [shown.json()]) == (200, await items(client))


async def test_voided_payment_was_authorised(client: httpx2.AsyncClient) -> None:
    payment_id = (await authorise(client)).json()["id"]

    response = await post(client, f"/payments/{payment_id}/void", {})

    assert (response.status_code, response.json()) == (200, {"id": payment_id, "voided": True})
    (payment,) = await items(client)
    assert (payment["authorised"], payment["voided"], payment["captured"]) == (True, True, False)


@pytest.mark.parametrize("token", ["tok_authenticate", "tok_timeout_before"])
async def test_payment_voided_before_its_authorisation_counts_as_declined(
    client: httpx2.AsyncClient, token: str
) -> None:
    await authorise(client, token)
    (before,) = await items(client)

    await post(client, f"/payments/{before['id']}/void", {})

    assert await items(client) == [{**before, "cancelled": True}]
    assert (before["authorised"], before["voided"], before["declined"]) == (False, False, False)


async def test_calls_count_every_authorisation_request(client: httpx2.AsyncClient) -> None:
    for _ in range(3):
        assert (await authorise(client)).status_code == 201

    assert [each["calls"] for each in await items(client)] == [3]


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("tok_declined", "declined"),
        ("tok_insufficient", "insufficient_funds"),
    ],
)
async def test_declined_card_returns_402_every_time(
    client: httpx2.AsyncClient, token: str, reason: str
) -> None:
    for _ in range(2):
        assert_problem(await authorise(client, token), 402, "card-declined", reason)

    (payment,) = await items(client)
    assert (payment["authorised"], payment["declined"], payment["reason"]) == (False, True, reason)
    assert (payment["captured"], payment["refunded"], payment["calls"]) == (False, 0, 2)


@pytest.mark.parametrize("token", ["tok_unknown", "4242424242424242", "4242 4242 4242 4242"])
async def test_text_that_is_no_token_is_rejected_and_leaves_no_record(
    client: httpx2.AsyncClient, token: str
) -> None:
    response = await authorise(client, token)

    assert_problem(response, 422, "invalid-request", "unknown_token")
    assert [each["pointer"] for each in response.json()["errors"]] == ["/token"]
    assert token not in response.text
    assert await items(client) == []


async def test_card_that_times_out_before_is_authorised_by_the_second_request(
    client: httpx2.AsyncClient,
) -> None:
    lost = await authorise(client, "tok_timeout_before")
    assert_problem(lost, 504, "gateway-timeout", "gateway_timeout")
    (before,) = await items(client)
    assert (before["authorised"], before["declined"], before["calls"]) == (False, False, 1)

    assert (await authorise(client, "tok_timeout_before")).status_code == 201

    assert await items(client) == [{**before, "authorised": True, "calls": 2}]


async def test_card_that_times_out_after_is_authorised_by_the_first_request(
    client: httpx2.AsyncClient,
) -> None:
    assert (await authorise(client, "tok_timeout_after")).status_code == 504
    (before,) = await items(client)
    assert (before["authorised"], before["calls"]) == (True, 1)

    assert (await authorise(client, "tok_timeout_after")).status_code == 201

    assert await items(client) == [{**before, "calls": 2}]


async def test_faulty_card_is_authorised_once_and_returns_500_every_time(
    client: httpx2.AsyncClient,
) -> None:
    for _ in range(3):
        response = await authorise(client, "tok_error")
        assert_problem(response, 500, "internal-error", "internal_error")

    (payment,) = await items(client)
    assert (payment["authorised"], payment["calls"]) == (True, 3)


@pytest.mark.parametrize("reason", [None, "authentication_failed"])
async def test_challenged_card_waits_for_its_customer(
    client: httpx2.AsyncClient, reason: str | None
) -> None:
    challenged = await authorise(client, "tok_authenticate")
    payment_id = challenged.json()["id"]
    assert (challenged.status_code, challenged.json()) == (
        202,
        {"id": payment_id, "authorised": False, "challenged": True, "declined": False},
    )
    (before,) = await items(client)
    assert (before["challenged"], before["authorised"]) == (True, False)
    step, approved = f"/payments/{payment_id}/authentication", reason is None
    decided = {"authorised": approved, "declined": not approved, "reason": reason}
    after = {**before, "challenged": False, **decided}

    for _ in range(2):
        taken = await client.post(step, json={"approved": approved})
        assert (taken.status_code, taken.json()) == (200, after)

    other = await client.post(step, json={"approved": not approved})
    assert_problem(other, 409, "not-challenged", "not_challenged")
    assert await items(client) == [after]


@pytest.mark.parametrize("token", ["tok_visa", "tok_declined"])
async def test_challenge_that_is_not_required_cannot_be_completed(
    client: httpx2.AsyncClient, token: str
) -> None:
    await authorise(client, token)
    before = await items(client)

    step = f"/payments/{before[0]['id']}/authentication"
    response = await client.post(step, json={"approved": token == "tok_declined"})

    assert_problem(response, 409, "not-challenged", "not_challenged")
    assert await items(client) == before


async def test_authorisation_after_a_void_is_declined(
    client: httpx2.AsyncClient,
) -> None:
    await authorise(client, "tok_timeout_before")
    (before,) = await items(client)
    await post(client, f"/payments/{before['id']}/void", {})

    response = await authorise(client, "tok_timeout_before")

    assert_problem(response, 402, "card-declined", "cancelled")
    assert await items(client) == [{**before, "cancelled": True, "calls": 2}]


@pytest.mark.parametrize(
    ("path", "sent", "status", "reason"),
    [
        ("capture", {"amount": 1998, "currency": "EUR"}, 422, "amount_differs"),
        ("capture", {"amount": 1999, "currency": "USD"}, 422, "amount_differs"),
        ("refunds", {"amount": 1, "currency": "EUR"}, 409, "not_captured"),
    ],
)
async def test_impossible_operation_is_rejected_with_its_reason(
    client: httpx2.AsyncClient, path: str, sent: object, status: int, reason: str
) -> None:
    payment_id = (await authorise(client)).json()["id"]
    before = await items(client)

    for _ in range(2):
        response = await post(client, f"/payments/{payment_id}/{path}", sent)
        assert_problem(response, status, reason.replace("_", "-"), reason)

    assert await items(client) == before


@pytest.mark.parametrize(
    ("path", "sent", "status", "reason"),
    [
        ("capture", {"amount": 1999, "currency": "EUR"}, 409, "captured"),
        ("void", {}, 409, "captured"),
        ("refunds", {"amount": 2000, "currency": "EUR"}, 409, "more_than_is_left"),
        ("refunds", {"amount": 1, "currency": "USD"}, 422, "currency_differs"),
        ("refunds", {"amount": 0, "currency": "EUR"}, 422, "amount_not_positive"),
    ],
)
async def test_capture_cannot_be_undone(
    client: httpx2.AsyncClient, path: str, sent: object, status: int, reason: str
) -> None:
    payment_id = (await authorise(client)).json()["id"]
    money = {"amount": 1999, "currency": "EUR"}
    await post(client, f"/payments/{payment_id}/capture", money, key="capture")
    before = await items(client)

    response = await post(client, f"/payments/{payment_id}/{path}", sent)

    assert_problem(response, status, reason.replace("_", "-"), reason)
    assert await items(client) == before


@pytest.mark.parametrize("path", ["", "/capture", "/void", "/refunds", "/authentication"])
async def test_unknown_payment_returns_404(client: httpx2.AsyncClient, path: str) -> None:
    sent = {"amount": 1, "currency": "EUR", "approved": True}

    response = await client.request(
        "POST" if path else "GET",
        f"/payments/pay_none{path}",
        json=sent,
        headers={"Idempotency-Key": "1"},
    )

    assert_problem(response, 404, "not-there", "not_there")
    assert await items(client) == []


async def test_key_used_for_another_request_returns_422(client: httpx2.AsyncClient) -> None:
    await authorise(client, amount=1)
    before = await items(client)

    response = await authorise(client, amount=2)

    assert_problem(response, 422, "key-reused", "key_reused")
    assert await items(client) == before
