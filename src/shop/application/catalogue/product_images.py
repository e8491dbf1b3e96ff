"""Adds, changes and removes the images of products."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from shop.application.idempotency.optional_key import execute_once, optional_request
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.image_processor import EncodedImage, ImageProcessor
from shop.application.ports.image_store import ImageStore
from shop.application.ports.metrics import Metrics
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.image_files import image_file
from shop.domain.catalogue.product import Product, ProductNotFound
from shop.domain.catalogue.product_image import (
    InvalidImage,
    ProductImage,
    id_at,
    moved,
    normalise_alt,
    numbered,
    require_image,
    require_room,
)
from shop.domain.shared.value import value


@value
class AddImage:
    """Add an image to a product, after the others (admin). The key is optional."""

    session: SessionToken | None
    product: str
    content: bytes
    alt: str
    key: str | None = None


@value
class ChangeImage:
    """Change what is given of an image of a product (admin)."""

    session: SessionToken | None
    product: str
    image_id: UUID
    alt: str | None
    position: int | None


@value
class RemoveImage:
    """Remove an image from a product (admin)."""

    session: SessionToken | None
    product: str
    image_id: UUID


class ImageService:
    """Adds, changes and removes images, and makes their sizes.

    The file is kept before the transaction that adds the image, and published after it. So what
    is published is in the database or in an order, and what is only kept for long is nowhere.
    """

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        processor: ImageProcessor,
        store: ImageStore,
        clock: Clock,
        ids: IdGenerator,
        metrics: Metrics,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._processor = processor
        self._store = store
        self._clock = clock
        self._ids = ids
        self._metrics = metrics

    async def of_product(self, product: str) -> Sequence[ProductImage]:
        """Return the images of a product by position."""
        found = await self._transactions.read(lambda uow: uow.product_images.of_products([product]))
        return found.get(product, ())

    async def add(self, command: AddImage) -> CommandResult[ProductImage]:
        """Encode an image and add it, once under the key, if there is one.

        Errors: `NotSignedIn`, `SessionExpired`, `Forbidden`, `ProductNotFound`, `InvalidImage`,
        `InvalidValue`, `TooManyImages`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        command = replace(command, alt=normalise_alt(command.alt))
        # Rejected before the work, and again in the transaction that adds it.
        await self._transactions.read(partial(self._require_place, command))
        encoded = await self._encode(command.content)
        key = hashlib.sha256(encoded.content).hexdigest()
        await self._store.keep(image_file(key, encoded.width), encoded.content)
        image = ProductImage(
            id=self._ids.new(),
            product=command.product,
            position=0,
            alt=command.alt,
            key=key,
            width=encoded.width,
            height=encoded.height,
            sizes=(),
            created_at=self._clock.now(),
        )
        result = await self._transactions.write(partial(self._add, command, image), retryable=True)
        if isinstance(result.value, ProductImage) and not result.replayed:
            # If the process ends here, the job publishes the file.
            await self._store.publish(result.value.file)
        return result

    async def _encode(self, content: bytes) -> EncodedImage:
        try:
            return await self._processor.encode(content)
        except InvalidImage as error:
            self._metrics.image_rejected(error.reason)
            raise

    async def _require_place(self, command: AddImage, uow: UnitOfWork) -> None:
        await self._authenticator.require_admin(uow, command.session)
        if command.key is not None:
            # Its image may have been added before, whatever has become of the product since.
            return
        if command.product not in await uow.products.get_many([command.product]):
            raise ProductNotFound(sku=command.product)
        found = await uow.product_images.of_products([command.product])
        require_room(found.get(command.product, ()))

    async def _add(
        self, command: AddImage, image: ProductImage, uow: UnitOfWork
    ) -> CommandResult[ProductImage]:
        user = await self._authenticator.require_admin(uow, command.session)
        request = optional_request(
            user,
            command.key,
            command,
            "image",
            product=command.product,
            alt=command.alt,
            content=hashlib.sha256(command.content).hexdigest(),
        )

        async def load(ids: Collection[UUID]) -> Mapping[UUID, ProductImage]:
            found = await uow.product_images.get_many(ids)
            return {each: found.get(each, image).as_added(each, command.alt) for each in ids}

        return await execute_once(
            uow,
            request,
            at=self._clock.now(),
            lock=partial(_find_images, uow, command.product),
            decide=partial(self._decide, uow, command, image),
            load=load,
        )

    def _decide(
        self,
        uow: UnitOfWork,
        command: AddImage,
        image: ProductImage,
        found: tuple[Product, Sequence[ProductImage]] | None,
    ) -> ProductImage:
        if found is None:
            raise ProductNotFound(sku=command.product)
        product, images = found
        for each in images:
            if id_at(each.id, 0) == id_at(image.id, 0):
                # An earlier attempt was committed without an answer.
                return each
        require_room(images)
        position = len(images)
        added = replace(image, id=id_at(image.id, position), position=position)
        uow.product_images.add(added)
        _show_first(uow, product, [*images, added])
        now = self._clock.now()
        uow.jobs.add(Job.new(JobKind.MAKE_IMAGE_SIZES, added.id, at=now, due_at=now))
        return added

    async def change(self, command: ChangeImage) -> ProductImage:
        """Change the text or the position of an image.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `ProductNotFound`, `ImageNotFound` or
        `InvalidValue`.
        """
        return await self._transactions.write(partial(self._change, command), retryable=True)

    async def _change(self, command: ChangeImage, uow: UnitOfWork) -> ProductImage:
        await self._authenticator.require_admin(uow, command.session)
        product, images = await _lock_images(uow, command.product)
        image = require_image(images, command.image_id)
        if command.alt is not None:
            image = image.with_alt(command.alt)
        changed = [image if each.id == image.id else each for each in images]
        if command.position is not None:
            changed = moved(changed, image.id, command.position)
        _save_changes(uow, images, changed)
        _show_first(uow, product, changed)
        await uow.commit()
        return require_image(changed, command.image_id)

    async def remove(self, command: RemoveImage) -> None:
        """Remove an image; its files stay, because orders may name them.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `ProductNotFound` or `ImageNotFound`.
        """
        await self._transactions.write(partial(self._remove, command), retryable=False)

    async def _remove(self, command: RemoveImage, uow: UnitOfWork) -> None:
        await self._authenticator.require_admin(uow, command.session)
        product, images = await _lock_images(uow, command.product)
        removed = require_image(images, command.image_id)
        uow.product_images.remove(removed)
        others = numbered([each for each in images if each.id != removed.id])
        _save_changes(uow, images, others)
        _show_first(uow, product, others)
        await uow.commit()

    async def make_sizes(self, job: Job) -> None:
        """Publish an image and make its smaller sizes; a job, which may run twice."""
        image = await self._transactions.read(partial(_find_image, job.id.subject_id))
        sizes: Mapping[int, EncodedImage] = {}
        if image is not None:
            await self._store.publish(image.file)
            sizes = await self._make_sizes(image)
        await self._transactions.write(partial(_finish, job, tuple(sizes)), retryable=True)

    async def _make_sizes(self, image: ProductImage) -> Mapping[int, EncodedImage]:
        widths = image.smaller_widths
        content = await self._store.read(image.file) if widths else None
        if content is None:
            return {}
        sizes = await self._processor.resize(content, widths)
        for width, size in sizes.items():
            await self._store.put(image.file_of(width), size.content)
        return sizes


async def _find_images(
    uow: UnitOfWork, handle: str
) -> tuple[Product, Sequence[ProductImage]] | None:
    """Lock a product with its images; return None if there is none."""
    product = (await uow.products.lock([handle])).get(handle)
    if product is None:
        return None
    return product, (await uow.product_images.of_products([handle])).get(handle, ())


async def _lock_images(uow: UnitOfWork, handle: str) -> tuple[Product, Sequence[ProductImage]]:
    """Lock a product with its images; raise `ProductNotFound` if there is none."""
    found = await _find_images(uow, handle)
    if found is None:
        raise ProductNotFound(sku=handle)
    return found


def _show_first(uow: UnitOfWork, product: Product, images: Sequence[ProductImage]) -> None:
    """Show the first image wherever the product is shown: in carts and new orders too."""
    own_image = images[0].url if images else None
    if own_image != product.own_image:
        uow.products.save(replace(product, own_image=own_image))


def _save_changes(
    uow: UnitOfWork, before: Sequence[ProductImage], after: Sequence[ProductImage]
) -> None:
    unchanged = set(before)
    for image in after:
        if image not in unchanged:
            uow.product_images.save(image)


async def _find_image(image_id: UUID, uow: UnitOfWork) -> ProductImage | None:
    return (await uow.product_images.get_many([image_id])).get(image_id)


async def _finish(job: Job, sizes: Sequence[int], uow: UnitOfWork) -> None:
    image = await _find_image(job.id.subject_id, uow)
    if image is not None:
        # Under the product's lock, or a change of the same image could be lost.
        _, images = await _lock_images(uow, image.product)
        current = [each for each in images if each.id == image.id]
        for each in current:
            uow.product_images.save(each.with_sizes(sizes))
    uow.jobs.complete(job)
    await uow.commit()
