"""Images of products over HTTP: uploaded, changed, served, and removed."""

import hashlib
from typing import Any

import httpx2
import pytest

from shop.adapters.files.image_store import FileImageStore
from shop.domain.catalogue.product_image import MAX_IMAGE_BYTES
from tests.adapters.images.hostile_files import encoded, opened, picture, with_metadata
from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_invalid

pytestmark = pytest.mark.anyio

PATH = "/products/TEA/images"
PNG = encoded(picture((800, 600)), "PNG")


@pytest.fixture
async def root(shop: HttpShop) -> Browser:
    await shop.add_product("TEA", on_hand=1)
    return await shop.admin("root")


async def _upload(
    browser: Browser,
    content: bytes = PNG,
    path: str = PATH,
    alt: str = "",
    key: str | None = None,
) -> httpx2.Response:
    return await browser.client.post(
        f"/api/v1{path}",
        files={"file": ("tin.png", content, "image/png")},
        data={"alt": alt},
        headers={} if key is None else {"Idempotency-Key": key},
    )


async def _added(browser: Browser, alt: str = "") -> Json:
    answer = await _upload(browser, alt=alt)
    assert answer.status_code == 201, answer.text
    image: Json = answer.json()
    return image


def _stored(shop: HttpShop) -> int:
    return len(shop.database.state.product_images.rows)


async def test_uploaded_image_is_served_for_a_year(shop: HttpShop, root: Browser) -> None:
    image = await _added(root, alt="A tin of tea")

    assert image == {
        "id": image["id"],
        "url": image["url"],
        "alt": "A tin of tea",
        "width": 800,
        "height": 600,
        "position": 0,
        "sizes": [],
    }
    served = await shop.browser().get(f"/{image['url']}")
    assert served.status_code == 200
    assert opened(served.content).size == (800, 600)
    checksum = hashlib.sha256(served.content).hexdigest()
    assert image["url"] == f"/media/{checksum[:2]}/{checksum}-800.webp"
    headers = served.headers
    assert headers["content-type"] == "image/webp"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["vary"] == "Accept-Encoding"
    assert "set-cookie" not in headers


async def test_browser_that_has_an_image_is_sent_no_content_and_no_file_is_read(
    shop: HttpShop, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = (await _added(root))["url"]
    tag = (await root.get(f"/{url}")).headers["etag"]

    monkeypatch.setattr(FileImageStore, "read", None)
    answer = await shop.browser().get(f"/{url}", if_none_match=tag)
    monkeypatch.undo()

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    head = await shop.browser().request("HEAD", f"/{url}")
    assert (head.status_code, head.headers["etag"]) == (200, tag)


async def test_sizes_are_served_once_the_job_has_made_them(shop: HttpShop, root: Browser) -> None:
    image = await _added(root)

    await shop.container.worker().drain()

    changed = (await root.patch(f"{PATH}/{image['id']}", {"alt": "Tin"})).json()
    assert [each["width"] for each in changed["sizes"]] == [320, 640]
    small = await root.get(f"/{changed['sizes'][0]['url']}")
    assert opened(small.content).size == (320, 240)


async def test_metadata_are_gone(shop: HttpShop, root: Browser) -> None:
    answer = await _upload(root, with_metadata())

    served = await shop.browser().get(f"/{answer.json()['url']}")
    assert b"secret" not in served.content


async def test_images_are_moved_and_removed(shop: HttpShop, root: Browser) -> None:
    first, second = await _added(root, alt="First"), await _added(root, alt="Second")
    assert (first["position"], second["position"]) == (0, 1)

    moved = await root.patch(f"{PATH}/{second['id']}", {"position": 0})
    removed = await root.delete(f"{PATH}/{first['id']}")

    assert (moved.status_code, moved.json()["position"]) == (200, 0)
    assert (removed.status_code, removed.content) == (204, b"")
    assert _stored(shop) == 1
    # An order may name it.
    assert (await root.get(f"/{first['url']}")).status_code == 200
    again = await root.delete(f"{PATH}/{first['id']}")
    assert (again.status_code, again.json()["type"]) == (404, "/problems/image-not-found")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"<svg/>", "format"), (encoded(picture(), "GIF"), "format"), (b"text", "not-an-image")],
)
async def test_file_that_is_no_image_is_rejected(
    shop: HttpShop, root: Browser, content: bytes, reason: str
) -> None:
    answer = await _upload(root, content)

    assert answer.status_code == 422
    assert (answer.json()["type"], answer.json()["reason"]) == ("/problems/invalid-image", reason)
    metrics = (await root.get("//metrics")).text
    assert f'shop_image_rejections_total{{reason="{reason}"}} 1.0' in metrics
    assert _stored(shop) == 0


async def test_file_of_more_than_ten_megabytes_is_rejected(shop: HttpShop, root: Browser) -> None:
    for size in (MAX_IMAGE_BYTES + 1, MAX_IMAGE_BYTES + 200_000):
        answer = await _upload(root, b"\xff\xd8\xff" + bytes(size - 3))
        assert answer.status_code == 413

    assert _stored(shop) == 0


FILE = ("file", ("tin.png", PNG, "image/png"))


@pytest.mark.parametrize(
    ("parts", "pointers"),
    [
        ([("alt", (None, "A tin"))], ["/file"]),
        ([("file", (None, "text"))], ["/file"]),
        ([FILE, ("title", (None, "A tin"))], ["/title"]),
        ([FILE, ("alt", (None, "A")), ("alt", (None, "B"))], ["/alt"]),
        ([FILE, FILE], [""]),
        ([("other", ("tin.png", PNG, "image/png"))], ["/other", "/file"]),
    ],
)
async def test_upload_has_one_file_and_known_fields(
    shop: HttpShop, root: Browser, parts: list[tuple[str, Any]], pointers: list[str]
) -> None:
    answer = await root.client.post(f"/api/v1{PATH}", files=parts)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert _stored(shop) == 0


@pytest.mark.parametrize("alt", ["x" * 251, "hidden\u200b"])
async def test_alternative_text_has_rules(shop: HttpShop, root: Browser, alt: str) -> None:
    answer = await _upload(root, alt=alt)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/alt"]
    assert _stored(shop) == 0


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"file=x"),
        ("text/plain", b"x"),
        ("image/png", PNG),
    ],
)
async def test_upload_has_its_own_media_type(
    shop: HttpShop, root: Browser, content_type: str, body: bytes
) -> None:
    answer = await root.send_raw("POST", PATH, body, content_type)

    assert answer.status_code == 415
    assert answer.json()["accept"] == ["multipart/form-data"]
    assert _stored(shop) == 0


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x"],
)
async def test_malformed_form_is_rejected(shop: HttpShop, root: Browser, content_type: str) -> None:
    for body in (b"--y\r\nno form", b"--x\r\nContent-Disposition: x\r\n\r\n", b"\0" * 1000):
        answer = await root.send_raw("POST", PATH, body, content_type)
        assert answer.status_code == 422, answer.text

    assert _stored(shop) == 0


async def test_other_method_is_not_allowed_whatever_it_sends(root: Browser) -> None:
    form = await root.client.put(f"/api/v1{PATH}", files={"file": ("tin.png", PNG, "image/png")})
    for answer in (form, await root.put(PATH, {}), await root.get(PATH)):
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_form_is_not_accepted_elsewhere(root: Browser) -> None:
    answer = await _upload(root, path="/transfers")

    assert (answer.status_code, answer.json()["accept"]) == (415, ["application/json"])


async def test_stranger_uploads_nothing(shop: HttpShop, root: Browser) -> None:
    del root
    customer = await shop.customer("ada")

    for browser, status in ((shop.browser(), 401), (customer, 403)):
        assert (await _upload(browser)).status_code == status

    assert _stored(shop) == 0


async def test_upload_from_another_site_is_rejected(shop: HttpShop, root: Browser) -> None:
    answer = await root.client.post(
        f"/api/v1{PATH}",
        files={"file": ("tin.png", PNG, "image/png")},
        headers={"sec-fetch-site": "cross-site"},
    )

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-site")
    assert _stored(shop) == 0


async def test_product_that_does_not_exist_has_no_images(root: Browser) -> None:
    answer = await _upload(root, path="/products/NONE/images")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/product-not-found")


@pytest.mark.parametrize(
    "path",
    [
        "//media/9f/" + "9f" + "0" * 62 + "-320.webp",
        "//media/..%2f/shop.db",
        "//media/kept/x.webp",
        "//media/9f/x.webp",
        "//media/9f",
    ],
)
async def test_no_other_file_is_served(shop: HttpShop, path: str) -> None:
    answer = await shop.browser().get(path)

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/route-not-found")


async def test_upload_under_a_key_is_answered_again_and_adds_nothing(
    shop: HttpShop, root: Browser
) -> None:
    first = await _upload(root, alt="A tin", key="key-of-an-image")
    await root.patch(f"{PATH}/{first.json()['id']}", {"alt": "The lid"})

    again = await _upload(root, alt="A tin", key="key-of-an-image")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(shop.database.state.product_images.rows) == 1


async def test_text_of_an_image_is_removed_by_null_and_its_place_cannot_be(
    shop: HttpShop, root: Browser
) -> None:
    image = await _added(root, alt="A tin")
    path = f"{PATH}/{image['id']}"
    with shop.unchanged():
        assert_invalid(await root.patch(path, {"alt": None, "position": None}), "/position")
        assert (await root.patch(path, {})).json()["alt"] == "A tin"

    removed = await root.patch(path, {"alt": None})

    assert (removed.status_code, removed.json()["alt"]) == (200, "")
