"""Operations: is it alive, is it ready, what is it, and what do its problems mean."""

from typing import Annotated

from fastapi import Path
from fastapi.responses import HTMLResponse

from shop.entrypoints.http.dependencies import TheDatabase, TheSettings
from shop.entrypoints.http.examples import example_with_slug
from shop.entrypoints.http.openapi import refuses
from shop.entrypoints.http.pages import WELCOME_PATH, welcome
from shop.entrypoints.http.refusals import ProblemNotFound, Unavailable, Unmigrated
from shop.entrypoints.http.routers.topic import topic
from shop.entrypoints.http.schemas.operations import Health, ProblemExplanation

router = topic("operations", prefix="")

Slug = Annotated[str, Path(max_length=100, pattern=r"^[a-z-]+$", examples=["email-taken"])]


@router.get(WELCOME_PATH, response_class=HTMLResponse, response_description="The page.")
async def show_welcome(settings: TheSettings) -> str:
    """Say what this is and where to go, on a page for people."""
    return welcome(with_docs=not settings.is_production)


@router.get("/healthz")
async def check_health() -> Health:
    """Tell that the process is alive."""
    return Health(status="alive")


@router.get("/readyz", responses=refuses(Unmigrated, Unavailable))
async def check_readiness(database: TheDatabase) -> Health:
    """Tell that orders can be taken: the database is reachable and migrated."""
    await database.check()
    return Health(status="ready")


@router.get("/problems/{slug}", responses=refuses(ProblemNotFound))
async def explain_problem(slug: Slug) -> ProblemExplanation:
    """Explain a type of problem; every problem's `type` leads here."""
    return ProblemExplanation.of(example_with_slug(slug))
