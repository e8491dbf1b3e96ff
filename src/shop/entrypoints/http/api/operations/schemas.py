"""What operators and readers of problems ask."""

from typing import Annotated, Literal

from pydantic import Field

from shop.entrypoints.http.schemas import ResponseBody


class Health(ResponseBody):
    """How the shop is."""

    status: Annotated[Literal["alive", "ready"], Field(examples=["ready"])]
