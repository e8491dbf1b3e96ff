"""Catalogue: products, one by one and in bulk."""

from dependency_injector import providers

from shop.application.catalogue.categories.service import CategoryService
from shop.application.catalogue.categories.sweep import CategorySweep
from shop.application.catalogue.export import ProductExport
from shop.application.catalogue.imports.check import FileCheck
from shop.application.catalogue.imports.jobs import ImportJobs
from shop.application.catalogue.imports.plan import ImportPlan
from shop.application.catalogue.imports.service import ImportService
from shop.application.catalogue.product_images import ImageService
from shop.application.catalogue.product_search import ProductFinder
from shop.application.catalogue.products import ProductService
from shop.application.catalogue.variants import VariantService
from shop.application.maintenance.image_sweep import ImageSweep
from shop.application.maintenance.product_seed import ProductSeed
from shop.entrypoints.container.identity import IdentityContainer as Base


class CatalogueContainer(Base):
    """The use cases around products and categories."""

    product_service = providers.Singleton(
        ProductService,
        Base.transaction_runner,
        Base.session_authenticator,
        Base.clock,
        Base.settings.provided.currency,
        Base.command_queues,
    )
    variant_service = providers.Singleton(VariantService, Base.transaction_runner, Base.clock)
    product_export = providers.Singleton(ProductExport, Base.transaction_runner)
    import_plan = providers.Singleton(
        ImportPlan,
        Base.transaction_runner,
        Base.clock,
        Base.id_generator,
        Base.settings.provided.currency,
    )
    file_check = providers.Singleton(
        FileCheck, Base.product_file_reader, import_plan, Base.settings.provided.currency
    )
    import_jobs = providers.Singleton(
        ImportJobs,
        Base.transaction_runner,
        Base.import_spools,
        file_check,
        import_plan,
        Base.database,
        Base.clock,
        lease=Base.policies.provided.retry.lease,
    )
    import_service = providers.Singleton(
        ImportService,
        Base.transaction_runner,
        Base.session_authenticator,
        Base.import_spools,
        Base.clock,
        Base.id_generator,
    )
    product_finder = providers.Singleton(
        ProductFinder,
        Base.transaction_runner,
        Base.settings.provided.currency,
        Base.command_queues,
    )
    category_sweep = providers.Singleton(
        CategorySweep,
        Base.transaction_runner,
        Base.clock,
        lease=Base.policies.provided.retry.lease,
    )
    category_service = providers.Singleton(
        CategoryService,
        Base.transaction_runner,
        Base.session_authenticator,
        category_sweep,
        Base.clock,
        Base.id_generator,
    )
    image_service = providers.Singleton(
        ImageService,
        Base.transaction_runner,
        Base.session_authenticator,
        Base.image_processor,
        Base.image_store,
        Base.clock,
        Base.id_generator,
        Base.metrics,
    )
    image_sweep = providers.Singleton(
        ImageSweep, Base.transaction_runner, Base.image_store, Base.clock
    )
    product_seed = providers.Singleton(ProductSeed, Base.transaction_runner, import_plan)
