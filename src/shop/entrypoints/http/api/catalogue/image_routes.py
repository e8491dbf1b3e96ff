"""Routes of the images of products."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response

from shop.application.catalogue.product_images import AddImage, ChangeImage, RemoveImage
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.catalogue.product_image import (
    MAX_IMAGE_BYTES,
    ImageNotFound,
    InvalidImage,
    TooManyImages,
)
from shop.entrypoints.http.api.catalogue.image_schemas import (
    UPLOAD_BODY,
    ImageChange,
    ImageResponse,
)
from shop.entrypoints.http.api.catalogue.routes import PathHandle
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AdminUser,
    CurrentResponseContext,
    ImageServiceDependency,
    OptionalKey,
)
from shop.entrypoints.http.openapi.document import (
    ADMIN_ERRORS,
    IDEMPOTENCY_ERRORS,
    error_responses,
    idempotency_key_header,
)
from shop.entrypoints.http.requests.uploads import UploadRoute, read_upload

_PREFIX = "/api/v1/products/{handle}/images"


class ImageUploadRoute(UploadRoute):
    """A route that takes an image."""

    max_file_bytes = MAX_IMAGE_BYTES


router = api_router("catalogue", prefix=_PREFIX)
uploads = api_router("catalogue", prefix=_PREFIX, route_class=ImageUploadRoute)

ImageId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a18-8f5d-8e9f0a1b2c34"])]


@uploads.post(
    "",
    status_code=201,
    responses=error_responses(
        *ADMIN_ERRORS, *IDEMPOTENCY_ERRORS, ProductNotFound, InvalidImage, TooManyImages
    ),
    openapi_extra=UPLOAD_BODY
    | idempotency_key_header("7d2f4b86-1c3e-4a59-9b70-6e8d0f2a4c15", required=False),
)
async def add_image(
    handle: PathHandle,
    principal: AdminUser,
    key: OptionalKey,
    request: Request,
    images: ImageServiceDependency,
    response_context: CurrentResponseContext,
) -> ImageResponse:
    """Add an image to a product, after its others (admin).

    The shop encodes it again, without its metadata, and makes smaller sizes of it a little later.
    With an idempotency key, it is added exactly once.
    """
    async with read_upload(request, max_file_bytes=MAX_IMAGE_BYTES, fields=["alt"]) as upload:
        command = AddImage(
            session=principal.token,
            product=handle,
            content=await upload.file.read(),
            alt=upload.fields.get("alt", ""),
            key=key,
        )
    return ImageResponse.of(response_context.unwrap(await images.add(command)))


@router.patch(
    "/{image_id}", responses=error_responses(*ADMIN_ERRORS, ProductNotFound, ImageNotFound)
)
async def change_image(
    handle: PathHandle,
    image_id: ImageId,
    body: ImageChange,
    principal: AdminUser,
    images: ImageServiceDependency,
) -> ImageResponse:
    """Change the text or the position of an image (admin); null removes the text."""
    command = ChangeImage(
        session=principal.token,
        product=handle,
        image_id=image_id,
        alt=body.alt,
        position=body.position,
    )
    return ImageResponse.of(await images.change(command))


@router.delete(
    "/{image_id}",
    status_code=204,
    response_class=Response,
    response_description="The product no longer has the image.",
    responses=error_responses(*ADMIN_ERRORS, ProductNotFound, ImageNotFound),
)
async def remove_image(
    handle: PathHandle, image_id: ImageId, principal: AdminUser, images: ImageServiceDependency
) -> None:
    """Remove an image from a product (admin); its URL stays, because orders may have it."""
    await images.remove(RemoveImage(session=principal.token, product=handle, image_id=image_id))
