"""Maintenance: backups of the whole shop, migrations of all shops, and moves."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from dependency_injector import providers

from shop.application.maintenance.backup import BackUpShop
from shop.application.maintenance.migrate_shops import MigrateShops
from shop.application.maintenance.move_shop import MoveShop
from shop.application.maintenance.restore import RestoreShop
from shop.entrypoints.container.reconciliation import ReconciliationContainer as Base


class MaintenanceContainer(Base):
    """Backups, their restoration, migrations of all shops, and moves."""

    release = providers.Callable(version, "shop")
    back_up_shop = providers.Singleton(
        BackUpShop,
        Base.database_backup,
        Base.backup_parts,
        Base.backup_archive,
        Base.clock,
        release,
    )
    migrate_shops = providers.Singleton(
        MigrateShops,
        Base.shop_schemas,
        Base.open_schema,
        Base.settings.provided.currency,
    )
    # It is called with both databases, and with what is beside the first.
    move_shop: providers.Provider[Callable[..., MoveShop]] = providers.Callable(
        partial, MoveShop, audit_before=Base.audit_shop.provided.find_violated, clock=Base.clock
    )
    restore_shop = providers.Singleton(
        RestoreShop,
        Base.database_backup,
        Base.backup_parts,
        Base.backup_archive,
        # Only after its content is there: the adapter remembers the file that it was made for.
        Base.database.provider,
        currency=Base.settings.provided.currency,
        release=release,
        scratch_folder=Base.settings.provided.database_folder,
    )
