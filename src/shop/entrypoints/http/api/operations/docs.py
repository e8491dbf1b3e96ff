"""Routes of Swagger UI, served from installed files for development."""

from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from shop.entrypoints.http.html_pages import (
    DOCS_PATH,
    SWAGGER_SCRIPT_PATH,
    SWAGGER_STYLE_PATH,
    docs_page,
)


def docs_routes() -> list[Route]:
    """Return the routes of the page and its assets; the OpenAPI document omits them."""
    paths = (SWAGGER_SCRIPT_PATH, SWAGGER_STYLE_PATH)
    return [
        Route(DOCS_PATH, _show_docs, include_in_schema=False),
        *(Route(path, _show_asset, include_in_schema=False) for path in paths),
    ]


async def _show_docs(_: Request) -> HTMLResponse:
    return HTMLResponse(docs_page())


async def _show_asset(request: Request) -> FileResponse:
    # The routes name the files, so no request can name another.
    name = Path(request.url.path).name
    return FileResponse(str(files("fastapi_offline") / "static" / name))
