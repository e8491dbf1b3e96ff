"""Finds products by words, category, price, stock and options."""

from collections.abc import Mapping, Sequence

from shop.application.catalogue.facets import Facets, count_facets
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchFilter,
    SearchPosition,
    SearchQuestion,
)
from shop.application.ports.repositories.products import AvailableProduct
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.search_terms import (
    SaleState,
    SearchQuery,
    category_mark,
    option_mark,
)
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value

MAX_CONCURRENT_SEARCHES = 2
"""Groups of searches at once: a slow one does not stop all, and orders do not wait for many."""

MAX_SEARCHES_AT_ONCE = 8
"""Each search asks several statements, and all of a group wait for the last one."""


@value
class FindProducts:
    """A question for a page of products; without a sort, by relevance if there are words."""

    words: str
    page: PageRequest[SearchPosition]
    category: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool = False
    state: SaleState = SaleState.ON_SALE
    sort: ProductSort | None = None
    facets: bool = False

    @property
    def order(self) -> ProductSort:
        """The sort of what is found: nothing is more relevant than another without words."""
        has_words = bool(self.words.strip())
        if self.sort is None:
            return ProductSort.RELEVANCE if has_words else ProductSort.HANDLE
        if self.sort is ProductSort.RELEVANCE and not has_words:
            return ProductSort.NEWEST
        return self.sort


@value
class FoundProducts:
    """A page of products, and the counts of all that were found if they were asked for."""

    page: Page[AvailableProduct, SearchPosition]
    sort: ProductSort
    facets: Facets | None


class ProductFinder:
    """Answers searches; identical ones share one answer, like those of `ProductService`."""

    def __init__(
        self, transactions: TransactionRunner, currency: Currency, queues: CommandQueues
    ) -> None:
        self._transactions = transactions
        self._currency = currency
        self._queue = queues.queue_for(
            self._find_all,
            max_concurrent_groups=MAX_CONCURRENT_SEARCHES,
            max_group_size=MAX_SEARCHES_AT_ONCE,
        )

    async def find(self, question: FindProducts) -> FoundProducts:
        """Return a page of products, with their availability."""
        return await self._queue.submit(question)

    async def _find_all(self, questions: Sequence[FindProducts]) -> Sequence[FoundProducts]:
        async def find_all(uow: UnitOfWork) -> Mapping[FindProducts, FoundProducts]:
            tree = await uow.categories.tree()
            return {each: await self._answer(uow, each, tree) for each in dict.fromkeys(questions)}

        answers = await self._transactions.read(find_all)
        return [answers[each] for each in questions]

    async def _answer(
        self, uow: UnitOfWork, question: FindProducts, tree: CategoryTree
    ) -> FoundProducts:
        query = SearchQuery.of(question.words, tree)
        if query is None and question.words.strip():
            return _nothing(question)
        asked = SearchQuestion(
            query=query, filter=_filter(question, tree), sort=question.order, page=question.page
        )
        found = await uow.product_searches.find(asked)
        products = await uow.products.available(found.items)
        facts = await uow.product_searches.facts(asked) if question.facets else None
        return FoundProducts(
            page=Page(items=[products[handle] for handle in found.items], next=found.next),
            sort=asked.sort,
            facets=None if facts is None else count_facets(facts, tree, self._currency),
        )


def _nothing(question: FindProducts) -> FoundProducts:
    """Answer a question of signs alone: no product has such a word."""
    facets = Facets(total=0, categories=(), options={}, prices=()) if question.facets else None
    return FoundProducts(page=Page(items=(), next=None), sort=question.order, facets=facets)


def _filter(question: FindProducts, tree: CategoryTree) -> SearchFilter:
    marks = () if question.category is None else category_mark(question.category, tree)
    for name, each in question.options:
        marks += option_mark(name, each)
    return SearchFilter(
        marks=marks,
        state=question.state,
        min_price=question.min_price,
        max_price=question.max_price,
        in_stock=question.in_stock,
    )
