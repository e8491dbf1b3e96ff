"""Routes of the landing page, health checks and problem types."""

from typing import Annotated

from fastapi import Path
from fastapi.responses import HTMLResponse

from shop.entrypoints.http.api.operations.schemas import Health
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    DatabaseDependency,
    PaymentGatewayDependency,
    SettingsDependency,
)
from shop.entrypoints.http.errors.http_errors import (
    DatabaseIncompatible,
    DatabaseMoved,
    DatabaseNotMigrated,
    ProblemNotFound,
    ServiceUnavailable,
)
from shop.entrypoints.http.errors.schemas import ProblemExplanation
from shop.entrypoints.http.html_pages import LANDING_PAGE_PATH, landing_page
from shop.entrypoints.http.openapi.document import error_responses
from shop.entrypoints.http.openapi.error_examples import example_with_slug
from shop.entrypoints.validation_messages import SLUG_PATTERN

router = api_router("operations", prefix="")

ProblemSlug = Annotated[str, Path(max_length=100, pattern=SLUG_PATTERN, examples=["email-taken"])]


@router.get(LANDING_PAGE_PATH, response_class=HTMLResponse, response_description="The page.")
async def show_welcome(settings: SettingsDependency) -> str:
    """Return the landing page, for people."""
    return landing_page(with_docs=not settings.is_production)


@router.get("/healthz")
async def check_health() -> Health:
    """Report that the process is alive."""
    return Health(status="alive")


@router.get(
    "/readyz",
    responses=error_responses(
        DatabaseNotMigrated, DatabaseIncompatible, DatabaseMoved, ServiceUnavailable
    ),
)
async def check_readiness(
    database: DatabaseDependency, gateway: PaymentGatewayDependency
) -> Health:
    """Report that orders can be placed: the database is reachable, migrated and writable.

    The file of a simulated gateway in the shop's process is checked as well.
    """
    await database.check()
    await database.check_writing()
    await gateway.check_records()
    return Health(status="ready")


@router.get("/problems/{slug}", responses=error_responses(ProblemNotFound))
async def explain_problem(slug: ProblemSlug) -> ProblemExplanation:
    """Explain a problem type; a problem's `type` is the path of its explanation."""
    return ProblemExplanation.of(example_with_slug(slug))
