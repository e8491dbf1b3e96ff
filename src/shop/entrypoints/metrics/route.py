"""The route of the metrics."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shop.entrypoints.metrics.report import MetricsReport

PATH = "/metrics"
_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_route(report: MetricsReport) -> Route:
    """Return the route of the report; the OpenAPI document omits it."""

    async def show_metrics(_: Request) -> Response:
        return Response(await report.text(), media_type=_MEDIA_TYPE)

    return Route(PATH, show_metrics, include_in_schema=False)
