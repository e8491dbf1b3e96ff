"""The container: all parts of a running shop, one module per application package.

Each module's container inherits from those it builds on, and adds providers. It must not replace
one: services would stay on the replaced provider. Use `override` to exchange an adapter.
"""

from shop.entrypoints.container.catalogue import CatalogueContainer
from shop.entrypoints.container.idempotency import IdempotencyContainer
from shop.entrypoints.container.inventory import InventoryContainer
from shop.entrypoints.container.jobs import JobContainer
from shop.entrypoints.container.maintenance import MaintenanceContainer
from shop.entrypoints.container.reconciliation import ReconciliationContainer


class Container(
    JobContainer,
    IdempotencyContainer,
    InventoryContainer,
    CatalogueContainer,
    MaintenanceContainer,
    ReconciliationContainer,
):
    """Every part of a running shop, created from its settings on first use."""
