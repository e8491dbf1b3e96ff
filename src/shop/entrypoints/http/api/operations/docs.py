"""Routes of Swagger UI, served from installed files for development."""

from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from shop.entrypoints.http.html_pages import (
    DOCS_PATH,
    SWAGGER_SCRIPT_PATH,
    SWAGGER_STYLE_PATH,
    docs_page,
)
from shop.entrypoints.http.requests.entity_tags import if_none_match


def docs_routes() -> list[Route]:
    """Return the routes of the page and its assets; the OpenAPI document omits them."""
    paths = (SWAGGER_SCRIPT_PATH, SWAGGER_STYLE_PATH)
    return [
        Route(DOCS_PATH, _show_docs, include_in_schema=False),
        *(Route(path, _show_asset, include_in_schema=False) for path in paths),
    ]


async def _show_docs(_: Request) -> HTMLResponse:
    return HTMLResponse(docs_page())


async def _show_asset(request: Request) -> Response:
    # The routes name the files, so no request can name another.
    file = Path(str(files("fastapi_offline") / "static"), Path(request.url.path).name)
    response = FileResponse(file, stat_result=file.stat())  # noqa: ASYNC240  A file of the package.
    tag = response.headers["etag"]
    tags = if_none_match(request)
    if tags is not None and tags.include(tag.strip('"')):
        return Response(status_code=304, headers={"ETag": tag})
    return response
