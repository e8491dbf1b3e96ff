"""Schemas of products."""

from typing import Annotated, Self

from pydantic import Field

from shop.application.catalogue.preconditions import Precondition
from shop.application.catalogue.product_changes import PutProduct
from shop.application.catalogue.product_search import FoundProducts
from shop.application.catalogue.variants import ShownVariant
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.catalogue.category import MAX_CATEGORIES_OF_PRODUCT
from shop.domain.catalogue.options import MAX_OPTION_VALUES, MAX_OPTIONS, ProductOption
from shop.domain.catalogue.product import MAX_VARIANTS
from shop.domain.catalogue.product_image import MAX_IMAGES
from shop.entrypoints.http.api.catalogue.category_schemas import CategorySlug
from shop.entrypoints.http.api.catalogue.detail_schemas import (
    SafetyInput,
    SafetyResponse,
    SeoInput,
    SeoResponse,
)
from shop.entrypoints.http.api.catalogue.facet_schemas import FacetsResponse
from shop.entrypoints.http.api.catalogue.image_schemas import ImageResponse
from shop.entrypoints.http.api.catalogue.product_fields import (
    Description,
    Handle,
    ImageUrl,
    NewDescription,
    NewImageUrl,
    NewProductName,
    ProductName,
)
from shop.entrypoints.http.api.catalogue.stock_schemas import Available
from shop.entrypoints.http.api.catalogue.variant_schemas import (
    NewOptionText,
    OptionText,
    VariantInput,
    VariantResponse,
    variants_of,
)
from shop.entrypoints.http.requests.cursors import encode_search_cursor, encode_sku_cursor
from shop.entrypoints.http.schemas import (
    MoneyResponse,
    NextCursor,
    PriceInput,
    RequestBody,
    ResponseBody,
    Sku,
    is_none,
)

_EXAMPLE = {
    "sku": "SHIRT-M",
    "price": {"amount": 1990, "currency": "EUR"},
    "options": {"Size": "M"},
    "weight_grams": 180,
}


class ProductOptionInput(RequestBody):
    """In what the variants of a product differ, with all values that it can have."""

    name: NewOptionText
    values: Annotated[
        list[NewOptionText],
        Field(min_length=1, max_length=MAX_OPTION_VALUES, examples=[["S", "M"]]),
    ]


class ProductDescription(RequestBody):
    """The content of a product: its variants, or the price of its only one."""

    name: NewProductName
    description: NewDescription
    price: Annotated[
        PriceInput | None,
        Field(description="Of the only variant, whose SKU is the handle; not beside variants."),
    ] = None
    active: Annotated[bool, Field(examples=[True], description="Whether it is for sale.")]
    image_url: Annotated[
        NewImageUrl,
        Field(
            description="Outside the shop, and shown if the product has no images of its own. Omit "
            "it to keep it; null removes it."
        ),
    ] = None
    categories: Annotated[
        list[CategorySlug] | None,
        Field(
            max_length=MAX_CATEGORIES_OF_PRODUCT,
            examples=[None, ["tea"]],
            description="The categories that it is directly in. Omit them to keep them; null "
            "takes it out of all.",
        ),
    ] = None
    safety: Annotated[
        SafetyInput | None, Field(description="Omit it to keep it; null removes it.")
    ] = None
    seo: Annotated[SeoInput | None, Field(description="Omit it to keep it; null removes it.")] = (
        None
    )
    options: Annotated[
        list[ProductOptionInput] | None,
        Field(
            max_length=MAX_OPTIONS,
            examples=[None, [{"name": "Size", "values": ["S", "M"]}]],
            description="Beside variants, none if it is omitted.",
        ),
    ] = None
    variants: Annotated[
        list[VariantInput] | None,
        Field(
            min_length=1,
            max_length=MAX_VARIANTS,
            # Without them first: tools make a body of the first example of each member.
            examples=[None, [_EXAMPLE]],
            description="All variants in their order; one that is missing is archived.",
        ),
    ] = None

    def to_command(
        self, session: SessionToken | None, handle: str, precondition: Precondition
    ) -> PutProduct:
        """Return the command that puts this product; raise `InvalidValue`."""
        names = [each.name for each in self.options or ()]
        given = self.model_fields_set
        return PutProduct(
            session=session,
            handle=handle,
            name=self.name,
            description=self.description,
            price=None if self.price is None else self.price.to_money(),
            active=self.active,
            image_url=self.image_url,
            keeps_image="image_url" not in given,
            categories=tuple(self.categories or ()) if "categories" in given else None,
            safety=None if self.safety is None else self.safety.to_safety(),
            keeps_safety="safety" not in given,
            seo=None if self.seo is None else self.seo.to_seo(),
            keeps_seo="seo" not in given,
            options=None if self.options is None else tuple(map(_option, self.options)),
            variants=None if self.variants is None else variants_of(self.variants, names),
            precondition=precondition,
        )


def _option(given: ProductOptionInput) -> ProductOption:
    return ProductOption(name=given.name, values=tuple(given.values))


class ProductOptionResponse(ResponseBody):
    """In what the variants of a product differ."""

    name: OptionText
    values: Annotated[list[OptionText], Field(max_length=MAX_OPTION_VALUES)]


class ProductResponse(ResponseBody):
    """A product with its variants and its available quantity."""

    handle: Handle
    sku: Annotated[
        Sku | None,
        Field(exclude_if=is_none, description="Of the variant of a product that has one alone."),
    ]
    name: ProductName
    description: Description
    price: Annotated[MoneyResponse, Field(description="The lowest of the variants that are sold.")]
    available: Annotated[Available, Field(description="Of all variants that are sold.")]
    image_url: Annotated[
        ImageUrl, Field(description="Of the first image; without one, the URL that staff gave.")
    ]
    active: Annotated[bool, Field(examples=[True], description="Whether it is for sale.")]
    archived: Annotated[
        bool | None, Field(exclude_if=is_none, description="Present, and true, if it is archived.")
    ]
    options: Annotated[list[ProductOptionResponse], Field(max_length=MAX_OPTIONS)]
    variants: Annotated[list[VariantResponse], Field(max_length=MAX_VARIANTS)]
    categories: Annotated[
        list[CategorySlug], Field(description="Those that it is directly in, sorted.")
    ]
    images: Annotated[list[ImageResponse], Field(max_length=MAX_IMAGES)]
    safety: Annotated[SafetyResponse | None, Field(exclude_if=is_none)]
    seo: Annotated[
        SeoResponse,
        Field(description="Made from the name and the description where staff gave nothing."),
    ]

    @classmethod
    def of(cls, available_product: AvailableProduct) -> Self:
        """Render a product."""
        product = available_product.product
        only = product.only_variant
        return cls(
            handle=product.handle,
            sku=None if only is None else only.sku,
            name=product.name,
            description=product.description,
            price=MoneyResponse.of(product.price),
            available=available_product.available,
            image_url=product.shown_image,
            active=product.active,
            archived=True if product.archived_at else None,
            options=[
                ProductOptionResponse(name=each.name, values=list(each.values))
                for each in product.options
            ],
            variants=[
                VariantResponse.of(each, available_product.stock[each.sku])
                for each in product.variants
            ],
            categories=list(available_product.categories),
            images=[ImageResponse.of(each) for each in available_product.images],
            safety=None if product.safety is None else SafetyResponse.of(product.safety),
            seo=SeoResponse.of(product.seo, product.name, product.description),
        )


class ProductList(ResponseBody):
    """A page of products; by handle, or as the request sorts what it finds."""

    items: list[ProductResponse]
    next: NextCursor
    facets: Annotated[
        FacetsResponse | None,
        Field(exclude_if=is_none, description="Only if they were asked for."),
    ] = None

    @classmethod
    def of(cls, page: Page[AvailableProduct, str]) -> Self:
        """Render a page of products."""
        return cls(
            items=[ProductResponse.of(each) for each in page.items],
            next=encode_sku_cursor(page.next),
        )

    @classmethod
    def found(cls, found: FoundProducts) -> Self:
        """Render a page of products that were searched."""
        return cls(
            items=[ProductResponse.of(each) for each in found.page.items],
            next=encode_search_cursor(found.page.next, found.sort),
            facets=None if found.facets is None else FacetsResponse.of(found.facets),
        )


class ShownVariantResponse(VariantResponse):
    """A variant with its product, and the lowest earlier price if it is reduced."""

    handle: Handle
    name: ProductName
    lowest_price_30_days: Annotated[
        MoneyResponse | None,
        Field(
            exclude_if=is_none,
            description="The lowest of the 30 days before the price began, if it is reduced.",
        ),
    ]

    @classmethod
    def shown(cls, shown: ShownVariant) -> Self:
        """Render a variant with its product."""
        lowest = shown.lowest_price
        return cls(
            **vars(VariantResponse.of(shown.variant, shown.available)),
            handle=shown.product.handle,
            name=shown.product.name,
            lowest_price_30_days=None if lowest is None else MoneyResponse.of(lowest),
        )
