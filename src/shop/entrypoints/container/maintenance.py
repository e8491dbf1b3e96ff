"""Maintenance: backups of the whole shop, and migrations of all shops."""

from importlib.metadata import version

from dependency_injector import providers

from shop.application.maintenance.backup import BackUpShop
from shop.application.maintenance.migrate_shops import MigrateShops
from shop.application.maintenance.restore import RestoreShop
from shop.entrypoints.container.adapters import AdapterContainer as Base


class MaintenanceContainer(Base):
    """Backups, their restoration, and migrations of all shops."""

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
