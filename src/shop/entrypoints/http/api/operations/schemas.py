"""Schema of health checks."""

from typing import Annotated, Literal

from pydantic import Field

from shop.entrypoints.http.schemas import ResponseBody


class Health(ResponseBody):
    """The health of the shop."""

    status: Annotated[Literal["alive", "ready"], Field(examples=["ready"])]
