"""Shows, changes and deletes categories."""

from functools import partial

from shop.application.catalogue.search_rows import refresh_search_rows
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.category import Category, CategoryTree, require_new_category_name
from shop.domain.shared.value import value


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

    The products of a category that moves or ends are found by its new place in the same unit of
    work.
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
        changed = tree.put(category)
        if category == existing:
            return CategorySaved(category=category, is_new=False)
        uow.categories.put(category, self._clock.now())
        if existing is not None and existing.parent != category.parent:
            handles = await uow.categories.handles_in(tree.below(category.slug))
            await refresh_search_rows(uow, handles, changed)
        await uow.commit()
        return CategorySaved(category=category, is_new=existing is None)

    async def delete(self, command: DeleteCategory) -> None:
        """Delete a category.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `CategoryNotFound` or `CategoryInUse`.
        """
        # A retry after an unknown outcome would not find what it has deleted itself.
        await self._transactions.write(partial(self._delete, command), retryable=False)

    async def _delete(self, command: DeleteCategory, uow: UnitOfWork) -> None:
        await self._authenticator.require_admin(uow, command.session)
        tree = await uow.categories.lock_tree()
        changed = tree.remove(command.slug)
        handles = await uow.categories.handles_in([command.slug])
        uow.categories.remove(command.slug)
        await refresh_search_rows(uow, handles, changed, without=command.slug)
        await uow.commit()
