"""Images of products: added, changed, removed, and made smaller by a job."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from dependency_injector import providers

from shop.application.catalogue.product_images import AddImage, ChangeImage, RemoveImage
from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ports.image_processor import EncodedImage, ImageProcessor
from shop.application.ports.image_store import ImageStore
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from shop.domain.catalogue.image_files import image_file
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.catalogue.product_image import (
    MAX_IMAGES,
    ImageNotFound,
    InvalidImage,
    ProductImage,
    TooManyImages,
)
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.user import Forbidden
from tests.application.memory_shop import MemoryShop
from tests.clock import FakeClock

pytestmark = pytest.mark.anyio

NOWHERE = UUID(int=0)


class PlainProcessor(ImageProcessor):
    """Takes every text for an image, 1600 pixels wide, except "bad"."""

    async def encode(self, content: bytes) -> EncodedImage:
        if content == b"bad":
            raise InvalidImage(reason="format")
        return EncodedImage(content=b"encoded " + content, width=1600, height=1200)

    async def resize(self, content: bytes, widths: Collection[int]) -> Mapping[int, EncodedImage]:
        return {
            width: EncodedImage(content=content, width=width, height=width * 3 // 4)
            for width in widths
        }


class DictStore(ImageStore):
    """Files in dictionaries, with the time at which each was kept."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.kept: dict[str, tuple[bytes, object]] = {}
        self.published: dict[str, bytes] = {}

    async def keep(self, name: str, content: bytes) -> None:
        self.kept[name] = (content, self._clock.now())

    async def publish(self, name: str) -> None:
        if name in self.kept:
            self.published[name] = self.kept.pop(name)[0]
        assert name in self.published

    async def put(self, name: str, content: bytes) -> None:
        self.published[name] = content

    async def read(self, name: str) -> bytes | None:
        return self.published.get(name)

    async def kept_before(self, time: object) -> list[str]:
        return [name for name, (_, kept_at) in self.kept.items() if kept_at < time]  # type: ignore[operator]

    async def discard(self, names: Collection[str], *, kept_before: object) -> None:
        for name in names:
            if name in await self.kept_before(kept_before):
                del self.kept[name]


@pytest.fixture
def store(shop: MemoryShop) -> DictStore:
    store = DictStore(shop.clock)
    shop.container.image_store.override(providers.Object(store))
    shop.container.image_processor.override(providers.Object(PlainProcessor()))
    return store


def _key(content: str) -> str:
    return hashlib.sha256(f"encoded {content}".encode()).hexdigest()


async def _add(
    shop: MemoryShop, token: SessionToken | None, content: str = "tin", product: str = "TEA"
) -> ProductImage:
    command = AddImage(session=token, product=product, content=content.encode(), alt=" A tin ")
    return (await shop.container.image_service().add(command)).unwrap()


async def _change(
    shop: MemoryShop,
    token: SessionToken | None,
    image_id: UUID,
    alt: str | None = None,
    position: int | None = None,
) -> ProductImage:
    command = ChangeImage(
        session=token, product="TEA", image_id=image_id, alt=alt, position=position
    )
    return await shop.container.image_service().change(command)


async def _run_jobs(shop: MemoryShop) -> int:
    return await shop.container.image_job_runner().run_due()


async def _images(shop: MemoryShop) -> list[ProductImage]:
    return list(await shop.container.image_service().of_product("TEA"))


async def test_image_is_encoded_published_and_added(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    added = await _add(shop, admin)

    assert await _images(shop) == [added]
    assert (added.key, added.width, added.alt) == (_key("tin"), 1600, "A tin")
    assert store.published == {added.file: b"encoded tin"}
    assert store.kept == {}
    assert shop.jobs == ["make_image_sizes"]


async def test_job_makes_smaller_sizes(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    added = await _add(shop, admin)

    assert await _run_jobs(shop) == 1

    assert await _images(shop) == [replace(added, sizes=(320, 640, 1280))]
    assert store.published.keys() == {added.file_of(each) for each in (320, 640, 1280, 1600)}
    assert shop.jobs == []


async def test_job_publishes_what_a_process_that_died_had_kept(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    added = await _add(shop, admin)
    content = store.published.pop(added.file)
    await store.keep(added.file, content)

    await _run_jobs(shop)

    assert added.file in store.published
    assert store.kept == {}


async def test_job_of_an_image_that_is_gone_does_nothing(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    added = await _add(shop, admin)
    command = RemoveImage(session=admin, product="TEA", image_id=added.id)
    await shop.container.image_service().remove(command)

    await _run_jobs(shop)

    assert (shop.jobs, await _images(shop)) == ([], [])
    assert store.published.keys() == {added.file}


async def test_images_are_moved_and_renamed(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    first, second, third = [await _add(shop, admin, each) for each in ("a", "b", "c")]
    assert [each.position for each in (first, second, third)] == [0, 1, 2]

    changed = await _change(shop, admin, third.id, alt="The lid", position=0)

    assert (changed.position, changed.alt) == (0, "The lid")
    images = await _images(shop)
    assert [each.id for each in images] == [third.id, first.id, second.id]
    assert [each.position for each in images] == [0, 1, 2]
    assert len(store.published) == 3


async def test_removed_image_leaves_no_gap_and_its_file(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    first, second = await _add(shop, admin, "a"), await _add(shop, admin, "b")

    command = RemoveImage(session=admin, product="TEA", image_id=first.id)
    await shop.container.image_service().remove(command)

    assert await _images(shop) == [replace(second, position=0)]
    assert store.published.keys() == {first.file, second.file}


async def test_product_has_a_bounded_number_of_images(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    for number in range(MAX_IMAGES):
        await _add(shop, admin, str(number))
    before, files = await _images(shop), dict(store.published)

    with pytest.raises(TooManyImages):
        await _add(shop, admin, "one more")

    assert (await _images(shop), store.published, store.kept) == (before, files, {})


@pytest.mark.parametrize(
    ("content", "product", "alt", "error"),
    [
        ("bad", "TEA", "", InvalidImage),
        ("tin", "NONE", "", ProductNotFound),
        ("tin", "TEA", "x" * 251, InvalidValue),
    ],
)
async def test_rejected_image_leaves_nothing(
    shop: MemoryShop,
    admin: SessionToken,
    store: DictStore,
    content: str,
    product: str,
    alt: str,
    error: type[ShopError],
) -> None:
    command = AddImage(session=admin, product=product, content=content.encode(), alt=alt)

    with pytest.raises(error):
        await shop.container.image_service().add(command)

    assert (store.kept, store.published, shop.jobs) == ({}, {}, [])
    assert await _images(shop) == []


async def test_only_an_admin_changes_images(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    added = await _add(shop, admin)
    ada = await shop.customer("ada")
    before = await _images(shop), dict(store.published)
    images = shop.container.image_service()

    for token, error in ((ada, Forbidden), (None, NotSignedIn)):
        with pytest.raises(error):
            await _add(shop, token, "other")
        with pytest.raises(error):
            await _change(shop, token, added.id, alt="Mine")
        with pytest.raises(error):
            await images.remove(RemoveImage(session=token, product="TEA", image_id=added.id))

    assert (await _images(shop), store.published) == before
    assert store.kept == {}


async def test_image_of_another_product_is_missing(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    coffee = await _add(shop, admin, product="COFFEE")
    images = shop.container.image_service()

    for image_id in (coffee.id, NOWHERE):
        with pytest.raises(ImageNotFound):
            await _change(shop, admin, image_id, position=0)
        with pytest.raises(ImageNotFound):
            await images.remove(RemoveImage(session=admin, product="TEA", image_id=image_id))

    assert await images.of_product("COFFEE") == [coffee]
    assert store.published.keys() == {coffee.file}


async def test_image_is_added_once_if_the_commit_gets_no_answer(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    shop.faults.plan(("committed", CommitOutcomeUnknown()))

    added = await _add(shop, admin)

    assert await _images(shop) == [added]
    assert store.published.keys() == {added.file}


async def test_sweep_deletes_what_no_transaction_came_for(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    shop.faults.plan(("product_images.add", DatabaseUnavailable()))
    with pytest.raises(DatabaseUnavailable):
        await _add(shop, admin, "orphan")
    orphan = image_file(_key("orphan"), 1600)
    assert store.kept.keys() == {orphan}
    sweep = shop.container.image_sweep()

    await sweep.run()
    assert store.kept.keys() == {orphan}
    shop.clock.advance(timedelta(days=1, seconds=1))
    await sweep.run()

    assert (store.kept, store.published) == ({}, {})


async def test_sweep_publishes_what_a_transaction_has_named(
    shop: MemoryShop, admin: SessionToken, store: DictStore
) -> None:
    added = await _add(shop, admin)
    await store.keep(added.file, store.published.pop(added.file))
    shop.clock.advance(timedelta(days=3))

    await shop.container.image_sweep().run()

    assert store.kept == {}
    assert store.published == {added.file: b"encoded tin"}


@pytest.mark.usefixtures("store")
class TestAnImageUnderAKey:
    async def test_is_added_once(self, shop: MemoryShop, admin: SessionToken) -> None:
        await _add(shop, admin, "first")
        added = await _add_under_key(shop, admin)
        await _change(shop, admin, added.id, alt="The lid", position=0)
        await _run_jobs(shop)
        before = await _images(shop)

        command = AddImage(session=admin, product="TEA", content=b"tin", alt="A tin", key=KEY)
        again = await shop.container.image_service().add(command)

        assert again.replayed
        assert again.unwrap() == added
        assert (added.position, added.sizes) == (1, ())
        assert await _images(shop) == before

    async def test_is_not_added_again_when_it_was_removed(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        added = await _add_under_key(shop, admin)
        command = RemoveImage(session=admin, product="TEA", image_id=added.id)
        await shop.container.image_service().remove(command)

        assert await _add_under_key(shop, admin) == added

        assert await _images(shop) == []

    async def test_is_no_other_image(self, shop: MemoryShop, admin: SessionToken) -> None:
        await _add_under_key(shop, admin)
        before = await _images(shop)

        with pytest.raises(IdempotencyKeyReused):
            await _add_under_key(shop, admin, "another")

        assert await _images(shop) == before


KEY = "key-of-an-image"


async def _add_under_key(
    shop: MemoryShop, token: SessionToken, content: str = "tin"
) -> ProductImage:
    command = AddImage(session=token, product="TEA", content=content.encode(), alt="A tin", key=KEY)
    return (await shop.container.image_service().add(command)).unwrap()
