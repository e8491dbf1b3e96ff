"""Decides what an import makes of products, and stages it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from shop.application.catalogue.imports.categories import ImportCategories
from shop.application.catalogue.imports.handles import owners_of, with_known_handles
from shop.application.catalogue.imports.product_draft import ProductDraft
from shop.application.catalogue.imports.rows import ImportedProduct, VariantRow
from shop.application.catalogue.price_history import stage_price_changes
from shop.application.catalogue.search_rows import stage_search_rows_in
from shop.application.catalogue.tax_checks import find_tax_categories
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.imports.product_file_reader import FileDescription
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.category import Category
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.inventory import (
    Inventory,
    StockBelowReserved,
    StockMovement,
    StockMovementKind,
)
from shop.domain.pricing.taxes.tax_categories import ANY_TAX_CATEGORY, TaxCategories
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency
from shop.domain.shared.tax_category import STANDARD_TAX_CATEGORY
from shop.domain.shared.value import value

CATEGORY_FIELDS = frozenset({"categories", "category_paths"})

REASON = "Import"
"""The reason of every stock movement that an import makes."""


@value
class UnitResult:
    """How many products are added, changed and unchanged, and what cannot be as the file says."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    messages: Sequence[ImportMessage] = ()

    def __add__(self, other: "UnitResult") -> "UnitResult":
        return UnitResult(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            messages=[*self.messages, *other.messages],
        )


@value
class _Existing:
    """What the shop has of some products: also which product each SKU belongs to."""

    products: Mapping[str, Product]
    owners: Mapping[str, str]
    categories: ImportCategories
    slugs: Mapping[str, Sequence[str]]
    inventories: Mapping[str, Inventory]
    tax_categories: TaxCategories = ANY_TAX_CATEGORY


@value
class _Change:
    """What becomes of a product, its categories and inventories; None if something is new.

    A product that stays as it is, is the same object.
    """

    product: tuple[Product | None, Product]
    categories: tuple[Sequence[str], Sequence[str]]
    inventories: Sequence[tuple[Inventory | None, Inventory]]

    @property
    def is_new(self) -> bool:
        """Whether the product is added."""
        return self.product[0] is None

    @property
    def is_change(self) -> bool:
        """Whether anything is different."""
        return self.is_of_product or any(old != new for old, new in self.inventories)

    @property
    def is_of_product(self) -> bool:
        """Whether the product itself is different, or in other categories."""
        before, after = self.product
        return before is not after or self.categories[0] != self.categories[1]


class ImportPlan:
    """Compares the products of a file with the shop, and stages what is different."""

    def __init__(
        self,
        transactions: TransactionRunner,
        clock: Clock,
        ids: IdGenerator,
        currency: Currency,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._ids = ids
        self.currency = currency

    async def categories(self, added: Sequence[Category]) -> ImportCategories:
        """Return the categories of the shop with those that a file would add, for `check`."""

        async def categories(uow: UnitOfWork) -> ImportCategories:
            tree = await uow.categories.tree()
            return ImportCategories(tree, added, ended=await uow.categories.ended())

        return await self._transactions.read(categories)

    async def check(
        self,
        products: Sequence[ImportedProduct],
        file: FileDescription,
        categories: ImportCategories,
    ) -> UnitResult:
        """Return what `apply` would do now, without changes.

        The categories are those of all products that were checked before.
        """

        async def decide(uow: UnitOfWork) -> UnitResult:
            known = await with_known_handles(uow, products)
            skus, handles = _skus(known), [each.handle for each in known]
            existing = _Existing(
                products=await uow.products.get_many(handles),
                owners=await owners_of(uow, skus),
                categories=categories,
                slugs=await uow.categories.slugs_of(handles),
                inventories=await uow.inventories.get_many(skus),
                tax_categories=await find_tax_categories(uow, _tax_categories(known)),
            )
            return self._decide(known, existing, file)[1]

        return await self._transactions.read(decide)

    async def apply(
        self, uow: UnitOfWork, products: Sequence[ImportedProduct], file: FileDescription
    ) -> UnitResult:
        """Stage the products of a checked file.

        What has become impossible since the check is left out, and said: a SKU that
        belongs to another product now, or stock that orders have reserved.
        """
        are_named = any(CATEGORY_FIELDS & each.fields.keys() for each in products)
        tree = await uow.categories.lock_tree() if are_named else None
        products = await with_known_handles(uow, products)
        skus, handles = _skus(products), [each.handle for each in products]
        locked = await uow.products.lock(handles)
        existing = _Existing(
            products=locked,
            owners=await owners_of(uow, skus),
            # Unless categories are named, none is added, and none is looked for.
            categories=ImportCategories(
                tree or await uow.categories.tree(),
                ended=await uow.categories.ended() if are_named else (),
            ),
            slugs=await uow.categories.slugs_of(handles),
            inventories=await uow.inventories.lock(skus),
        )
        changes, result = self._decide(products, existing, file)
        now = self._clock.now()
        for category in existing.categories.added:
            uow.categories.put(category, now)
        for change in changes:
            self._stage(uow, change, now)
        stage_search_rows_in(
            uow,
            [each.product[1] for each in changes if each.is_of_product],
            {each.product[1].handle: each.categories[1] for each in changes},
        )
        return result

    def _decide(
        self, products: Sequence[ImportedProduct], existing: _Existing, file: FileDescription
    ) -> tuple[Sequence[_Change], UnitResult]:
        messages: list[ImportMessage] = []
        decided = [self._change(each, existing, file, messages) for each in products]
        changes = [each for each in decided if each is not None]
        added = sum(each.is_new for each in changes)
        changed = sum(each.is_change for each in changes) - added
        unchanged = len(changes) - added - changed
        return changes, UnitResult(
            added=added, changed=changed, unchanged=unchanged, messages=messages
        )

    def _change(
        self,
        imported: ImportedProduct,
        existing: _Existing,
        file: FileDescription,
        messages: list[ImportMessage],
    ) -> _Change | None:
        before = existing.products.get(imported.handle)
        draft = ProductDraft(
            imported, before, self.currency, self._clock.now(), existing.tax_categories
        )
        after = draft.product(existing.owners)
        messages += [_message(file, each.line, each.field, each.rule) for each in draft.faults]
        if after is None:
            return None
        slugs = existing.slugs.get(after.handle, ())
        try:
            categories = existing.categories.slugs_of(imported, slugs)
        except InvalidValue as error:
            messages.append(_message(file, imported.line, error.field, error.rule))
            return None
        return _Change(
            product=(before, after),
            categories=(sorted(slugs), categories),
            inventories=[
                _restocked(existing.inventories.get(row.sku), row, file, messages)
                for row in imported.variants
            ],
        )

    def _stage(self, uow: UnitOfWork, change: _Change, now: datetime) -> None:
        before, after = change.product
        if before is None:
            uow.products.add(after)
        elif before is not after:
            uow.products.save(after)
        stage_price_changes(uow, before, after)
        if change.categories[0] != change.categories[1]:
            uow.categories.assign(after.handle, *change.categories)
        for old, new in change.inventories:
            stocked = old
            if stocked is None:
                stocked = _empty(new.sku)
                uow.inventories.add(stocked)
            if new != stocked:
                uow.inventories.save(new, self._movement(stocked, new, now))

    def _movement(self, before: Inventory, after: Inventory, now: datetime) -> StockMovement:
        return StockMovement.between(
            before,
            after,
            id=self._ids.new(),
            kind=StockMovementKind.ADJUSTMENT,
            order_id=None,
            reason=REASON,
            created_at=now,
        )


def _skus(products: Sequence[ImportedProduct]) -> Sequence[str]:
    return [row.sku for each in products for row in each.variants]


def _tax_categories(products: Sequence[ImportedProduct]) -> Iterator[str]:
    for product in products:
        for row in product.variants:
            yield row.fields.get("tax_category") or STANDARD_TAX_CATEGORY


def _empty(sku: str) -> Inventory:
    return Inventory(sku=sku, on_hand=0, reserved=0)


def _restocked(
    before: Inventory | None,
    row: VariantRow,
    file: FileDescription,
    messages: list[ImportMessage],
) -> tuple[Inventory | None, Inventory]:
    """Return the inventory before and after; what is reserved stays on hand."""
    after = before or _empty(row.sku)
    if row.stock is not None and row.stock != after.on_hand:
        try:
            after = after.adjust(row.stock - after.on_hand)
        except StockBelowReserved as error:
            messages.append(_message(file, row.line, "stock", error.detail.removesuffix(".")))
    return before, after


def _message(file: FileDescription, line: int, field: str, detail: str) -> ImportMessage:
    return ImportMessage(line=line, column=file.column_of(field), detail=detail)
