"""Shows, changes and deletes categories."""

from functools import partial

from shop.application.catalogue.categories.sweep import CategorySweep
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.category import (
    Category,
    CategoryInUse,
    CategoryTree,
    EndedCategory,
    require_new_category_name,
)
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rule_document import RuleKind
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
    """Delete a category that has none below it; its products stay (admin)."""

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
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        sweep: CategorySweep,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._sweep = sweep
        self._clock = clock
        self._ids = ids

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
        while True:
            result = await self._transactions.write(partial(self._put, command), retryable=True)
            if isinstance(result, CategorySaved):
                return result
            # The products of the category of before must not be in the new one.
            await self._sweep.finish(result)

    async def _put(self, command: PutCategory, uow: UnitOfWork) -> CategorySaved | EndedCategory:
        """Save the category, or return the one of that slug that has ended but has products."""
        await self._authenticator.require_admin(uow, command.session)
        tree = await uow.categories.lock_tree()
        existing = tree.categories.get(command.slug)
        category = Category(
            slug=command.slug, name=command.name, parent=command.parent, position=command.position
        )
        tree.put(category)
        if category == existing:
            return CategorySaved(category=category, is_new=False)
        for ended in await uow.categories.ended():
            if ended.slug == command.slug:
                return ended
        uow.categories.put(category, self._clock.now())
        await uow.commit()
        return CategorySaved(category=category, is_new=existing is None)

    async def delete(self, command: DeleteCategory) -> None:
        """End a category, which no one sees from then on; its products leave it by a job.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `CategoryNotFound` or `CategoryInUse`.
        """
        deletion = _Deletion(command, EndedCategory(id=self._ids.new(), slug=command.slug))
        await self._transactions.write(partial(self._delete, deletion), retryable=True)

    async def _delete(self, deletion: "_Deletion", uow: UnitOfWork) -> None:
        if deletion.was_tried and await _is_gone(uow, deletion.ended.slug):
            return
        await self._require_unused(deletion.command, uow)
        now = self._clock.now()
        uow.categories.end(deletion.ended, now)
        uow.jobs.add(Job.new(JobKind.SWEEP_CATEGORY, deletion.ended.id, at=now, due_at=now))
        deletion.was_tried = True
        await uow.commit()

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


class _Deletion:
    """A deletion and whether it was tried, because its first commit may have got no answer."""

    def __init__(self, command: DeleteCategory, ended: EndedCategory) -> None:
        self.command = command
        self.ended = ended
        self.was_tried = False


async def _is_gone(uow: UnitOfWork, slug: str) -> bool:
    return slug not in (await uow.categories.tree()).categories
