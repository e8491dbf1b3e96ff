"""Routes of categories."""

from typing import Annotated

from fastapi import Path, Response

from shop.application.catalogue.categories.service import DeleteCategory, PutCategory
from shop.domain.catalogue.category import (
    CATEGORY_SLUG_PATTERN,
    MAX_CATEGORY_SLUG_CHARACTERS,
    CategoryInUse,
    CategoryNotFound,
)
from shop.entrypoints.http.api.catalogue.category_schemas import (
    CategoryDescription,
    CategoryResponse,
    CategoryTreeResponse,
)
from shop.entrypoints.http.api.router import api_router, set_created_status
from shop.entrypoints.http.dependencies import AdminUser, CategoryServiceDependency
from shop.entrypoints.http.errors.http_errors import RequestOutcomeUnknown, ServiceUnavailable
from shop.entrypoints.http.openapi.document import ADMIN_ERRORS, error_responses

router = api_router("catalogue", prefix="/api/v1/categories")

PathSlug = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_CATEGORY_SLUG_CHARACTERS,
        pattern=CATEGORY_SLUG_PATTERN,
        examples=["tea"],
    ),
]


@router.get("", responses=error_responses(ServiceUnavailable, RequestOutcomeUnknown))
async def list_categories(categories: CategoryServiceDependency) -> CategoryTreeResponse:
    """Return all categories as a tree."""
    return CategoryTreeResponse.of(await categories.show())


@router.put(
    "/{slug}",
    responses={
        201: {"description": "The category is new.", "model": CategoryResponse},
        **error_responses(*ADMIN_ERRORS),
    },
)
async def put_category(
    slug: PathSlug,
    body: CategoryDescription,
    principal: AdminUser,
    categories: CategoryServiceDependency,
    response: Response,
) -> CategoryResponse:
    """Create a category, or give it another name or place in the tree (admin)."""
    command = PutCategory(
        session=principal.token,
        slug=slug,
        name=body.name,
        parent=body.parent,
        position=body.position,
    )
    saved = await categories.put(command)
    set_created_status(response, is_new=saved.is_new)
    return CategoryResponse.of(saved.category)


@router.delete(
    "/{slug}",
    status_code=204,
    response_class=Response,
    response_description="The category is deleted.",
    responses=error_responses(*ADMIN_ERRORS, CategoryNotFound, CategoryInUse),
)
async def delete_category(
    slug: PathSlug, principal: AdminUser, categories: CategoryServiceDependency
) -> None:
    """Delete a category that has none below it; its products stay (admin)."""
    await categories.delete(DeleteCategory(session=principal.token, slug=slug))
