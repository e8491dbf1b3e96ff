"""Shows, changes and deletes categories."""

from collections.abc import Sequence
from functools import partial

from shop.application.catalogue.search_rows import stage_search_rows_in
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.category import (
    Category,
    CategoryInUse,
    CategoryTree,
    require_new_category_name,
)
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rule_document import RuleKind
from shop.domain.shared.value import value

PRODUCTS_AT_ONCE = 500
"""How many products leave a category in one transaction: it may have all of the shop's."""


@value
class PutCategory:
    """Add a category, or give it another name or place (admin)."""

    session: SessionToken | None
    slug: str
    name: str
    parent: str | None
    position: int


@value
class DeleteCategory:
    """Delete a category that has none below it; its products leave it (admin)."""

    session: SessionToken | None
    slug: str


@value
class CategorySaved:
    """The category was added or changed."""

    category: Category
    is_new: bool


class CategoryService:
    """Shows, changes and deletes categories.

    A category that moves changes no product: a search asks for all that is below a category.
    """

    def __init__(
        self, transactions: TransactionRunner, authenticator: SessionAuthenticator, clock: Clock
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock

    async def show(self) -> CategoryTree:
        """Return all categories."""

        async def show(uow: UnitOfWork) -> CategoryTree:
            return await uow.categories.tree()

        return await self._transactions.read(show)

    async def put(self, command: PutCategory) -> CategorySaved:
        """Add or change a category.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, or `InvalidValue` for a parent that
        does not exist, is below the category, or has too many levels above it.
        """
        require_new_category_name(command.name)
        return await self._transactions.write(partial(self._put, command), retryable=True)

    async def _put(self, command: PutCategory, uow: UnitOfWork) -> CategorySaved:
        await self._authenticator.require_admin(uow, command.session)
        tree = await uow.categories.lock_tree()
        existing = tree.categories.get(command.slug)
        category = Category(
            slug=command.slug, name=command.name, parent=command.parent, position=command.position
        )
        tree.put(category)
        if category == existing:
            return CategorySaved(category=category, is_new=False)
        uow.categories.put(category, self._clock.now())
        await uow.commit()
        return CategorySaved(category=category, is_new=existing is None)

    async def delete(self, command: DeleteCategory) -> None:
        """Delete a category once all its products have left it, so many at a time.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `CategoryNotFound` or `CategoryInUse`.
        """
        # A retry after an unknown outcome would not find what it has deleted itself.
        while await self._transactions.write(partial(self._delete, command), retryable=False):
            pass

    async def _delete(self, command: DeleteCategory, uow: UnitOfWork) -> bool:
        """Take some products out of a category and return true; if it has none, delete it."""
        await self._require_unused(command, uow)
        handles = await uow.categories.handles_in(command.slug, PRODUCTS_AT_ONCE)
        if handles:
            await _leave(uow, command.slug, handles)
        else:
            uow.categories.remove(command.slug)
        await uow.commit()
        return bool(handles)

    async def _require_unused(self, command: DeleteCategory, uow: UnitOfWork) -> None:
        """Lock the categories; raise `CategoryInUse` if others or promotions need this one."""
        await self._authenticator.require_admin(uow, command.session)
        tree = await uow.categories.lock_tree()
        tree.remove(command.slug)
        # No promotion is saved meanwhile.
        await uow.rule_documents.lock()
        promotions = [
            each.slug
            for each in await uow.rule_documents.of_kind(RuleKind.PROMOTION)
            if isinstance(each.rule, Promotion) and command.slug in each.rule.selected_categories
        ]
        if promotions:
            raise CategoryInUse(slug=command.slug, promotions=tuple(promotions))


async def _leave(uow: UnitOfWork, slug: str, handles: Sequence[str]) -> None:
    products = await uow.products.lock(handles)
    before = await uow.categories.slugs_of(products)
    after = {handle: [each for each in slugs if each != slug] for handle, slugs in before.items()}
    for handle in products:
        uow.categories.assign(handle, before[handle], after[handle])
    stage_search_rows_in(uow, products.values(), after)
