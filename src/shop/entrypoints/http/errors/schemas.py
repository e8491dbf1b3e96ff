"""Schemas of problem details (RFC 9457)."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from shop.domain.shared.errors import ShopError
from shop.entrypoints.http.errors.problem_details import explanation_of, problem, title_of
from shop.entrypoints.http.schemas import ResponseBody


class ProblemExplanation(ResponseBody):
    """The explanation of a problem type, with an example."""

    type: Annotated[str, Field(examples=["/problems/email-taken"])]
    title: Annotated[str, Field(examples=["Email taken"])]
    status: Annotated[int, Field(ge=400, le=599, examples=[409])]
    explanation: Annotated[str, Field(examples=["The e-mail address already belongs to a user."])]
    example: Annotated[
        dict[str, Any],
        Field(
            examples=[
                {
                    "type": "/problems/email-taken",
                    "title": "Email taken",
                    "status": 409,
                    "detail": "This e-mail address is already in use.",
                }
            ]
        ),
    ]

    @classmethod
    def of(cls, error: ShopError) -> Self:
        """Render the explanation of an example error."""
        example = problem(error)
        return cls(
            type=example["type"],
            title=title_of(error),
            status=example["status"],
            explanation=explanation_of(type(error)),
            example=example,
        )


class FieldErrorResponse(ResponseBody):
    """One fault of a request and its place."""

    pointer: Annotated[
        str,
        Field(
            examples=["/lines/0/quantity"],
            description="A JSON pointer into the body (RFC 6901), or `/query/…`, `/path/…` or "
            "`/header/…`.",
        ),
    ]
    detail: Annotated[str, Field(examples=["must be at least 1."])]


class Problem(BaseModel):
    """The details of an error (RFC 9457), with its own fields as further members."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    type: Annotated[
        str,
        Field(
            pattern=r"^/problems/[a-z-]+$",
            examples=["/problems/invalid-request"],
            description="The problem type. It is stable, and `GET` on it returns an explanation.",
        ),
    ]
    title: Annotated[str, Field(examples=["Invalid request"])]
    status: Annotated[int, Field(ge=400, le=599, examples=[422])]
    detail: Annotated[str, Field(examples=["The request is malformed; `errors` lists the faults."])]
    errors: Annotated[
        list[FieldErrorResponse],
        Field(default_factory=list, description="The faults of a malformed request."),
    ]
