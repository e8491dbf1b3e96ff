"""Makes the routes of one kind of rule: they differ in their documents alone."""

from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from shop.application.catalogue.preconditions import PreconditionFailed
from shop.application.ports.paging import PageRequest
from shop.application.pricing.rule_documents import DeleteRule, PutRule, ShownRule
from shop.domain.pricing.rule_document import (
    MAX_RULE_SLUG_CHARACTERS,
    RULE_SLUG_PATTERN,
    Rule,
    RuleKind,
    not_found_error,
)
from shop.domain.shared.errors import ShopError
from shop.entrypoints.http.api.pagination import CursorParameter, Limit
from shop.entrypoints.http.api.router import api_router, set_created_status
from shop.entrypoints.http.api.rules.dependencies import RuleServiceDependency
from shop.entrypoints.http.dependencies import AdminUser
from shop.entrypoints.http.openapi.conditional_requests import (
    IF_NONE_MATCH_PARAMETER,
    RULE_HAS_ETAG,
    RULE_NOT_MODIFIED,
    RULE_PRECONDITION_PARAMETERS,
)
from shop.entrypoints.http.openapi.document import ADMIN_ERRORS, error_responses
from shop.entrypoints.http.requests.cursors import decode_slug_cursor, encode_slug_cursor
from shop.entrypoints.http.requests.entity_tags import (
    IfNoneMatch,
    RulePrecondition,
    is_rule_unchanged,
    rule_tag,
)
from shop.entrypoints.http.schemas import QueryParameters, ResponseBody


class RuleDescription(Protocol):
    """The body that makes or replaces a rule."""

    def to_rule(self, slug: str) -> Rule:
        """Return the rule; raise `InvalidValue`."""


@dataclass(frozen=True, kw_only=True)
class RuleRoutes:
    """What the routes of a kind are called, and which documents they take and return."""

    kind: RuleKind
    path: str
    singular: str
    plural: str
    example: str
    description: type[Any]
    response: type[Any]
    list_response: type[Any]
    put_errors: tuple[type[ShopError], ...] = ()
    delete_errors: tuple[type[ShopError], ...] = ()


class RuleQuery(QueryParameters):
    """A page of rules by slug."""

    limit: Limit = 20
    cursor: Annotated[CursorParameter, Field(examples=["Z2VybWFueQ"])] = None
    archived: Annotated[
        bool,
        Field(examples=[False], description="Whether to list those that have ended instead."),
    ] = False

    def to_page_request(self) -> PageRequest[str]:
        """Return the requested page; raise `InvalidRequest` for an invalid cursor."""
        return PageRequest(limit=self.limit, after=decode_slug_cursor(self.cursor))


def _path_slug(example: str) -> Any:  # noqa: ANN401  An annotation.
    """Return the type of the slug in a path."""
    return Annotated[
        str,
        Path(
            min_length=1,
            max_length=MAX_RULE_SLUG_CHARACTERS,
            pattern=RULE_SLUG_PATTERN,
            examples=[example],
        ),
    ]


def rule_routes(routes: RuleRoutes) -> APIRouter:
    """Return a router that lists, shows, saves and ends rules of one kind."""
    router = api_router("rules of prices", prefix=f"/api/v1/{routes.path}")
    name = routes.singular.replace(" ", "_")
    not_found = not_found_error(routes.kind)
    _add_reading(router, routes, name, not_found)
    _add_changing(router, routes, name, not_found)
    return router


def _add_reading(
    router: APIRouter, routes: RuleRoutes, name: str, not_found: type[ShopError]
) -> None:
    slug_type = _path_slug(routes.example)

    async def list_rules(
        principal: AdminUser, query: Annotated[RuleQuery, Query()], rules: RuleServiceDependency
    ) -> ResponseBody:
        page = await rules.list(
            principal.user, routes.kind, query.to_page_request(), archived=query.archived
        )
        items = [_rendered(routes, each) for each in page.items]
        listed: ResponseBody = routes.list_response(items=items, next=encode_slug_cursor(page.next))
        return listed

    async def show_rule(
        slug: slug_type,  # type: ignore[valid-type]  # FastAPI reads it.
        principal: AdminUser,
        if_none_match: IfNoneMatch,
        rules: RuleServiceDependency,
        response: Response,
    ) -> ResponseBody | Response:
        shown = await rules.show(principal.user, routes.kind, slug)
        headers = {"ETag": rule_tag(shown)}
        if is_rule_unchanged(if_none_match, shown):
            return Response(status_code=304, headers=headers)
        response.headers.update(headers)
        return _rendered(routes, shown)

    router.add_api_route(
        "",
        list_rules,
        name=f"list_{name}s",
        description=f"List the {routes.plural} by slug (admin).",
        response_model=routes.list_response,
        responses=error_responses(*ADMIN_ERRORS),
    )
    router.add_api_route(
        "/{slug}",
        show_rule,
        name=f"show_{name}",
        description=f"Return a {routes.singular} (admin).",
        response_model=routes.response,
        responses={200: RULE_HAS_ETAG}
        | RULE_NOT_MODIFIED
        | error_responses(*ADMIN_ERRORS, not_found),
        openapi_extra={"parameters": [IF_NONE_MATCH_PARAMETER]},
    )


def _add_changing(
    router: APIRouter, routes: RuleRoutes, name: str, not_found: type[ShopError]
) -> None:
    slug_type = _path_slug(routes.example)
    body_type = routes.description

    async def put_rule(
        slug: slug_type,  # type: ignore[valid-type]  # FastAPI reads it.
        body: body_type,  # type: ignore[valid-type]  # As above.
        principal: AdminUser,
        precondition: RulePrecondition,
        rules: RuleServiceDependency,
        response: Response,
    ) -> ResponseBody:
        given: RuleDescription = body
        saved = await rules.put(
            PutRule(session=principal.token, rule=given.to_rule(slug), precondition=precondition)
        )
        principal.response_context.log_security_event(
            "rule_changed", kind=routes.kind.value, slug=slug
        )
        set_created_status(response, is_new=saved.is_new)
        response.headers["ETag"] = rule_tag(saved.shown)
        return _rendered(routes, saved.shown)

    async def delete_rule(
        slug: slug_type,  # type: ignore[valid-type]  # FastAPI reads it.
        principal: AdminUser,
        precondition: RulePrecondition,
        rules: RuleServiceDependency,
    ) -> None:
        await rules.delete(
            DeleteRule(
                session=principal.token, kind=routes.kind, slug=slug, precondition=precondition
            )
        )
        principal.response_context.log_security_event(
            "rule_ended", kind=routes.kind.value, slug=slug
        )

    router.add_api_route(
        "/{slug}",
        put_rule,
        methods=["PUT"],
        name=f"put_{name}",
        description=f"Create or replace a {routes.singular} (admin).\n\nSend its `ETag` as "
        "`If-Match`, so that no change of another admin is lost.",
        response_model=routes.response,
        responses={
            200: RULE_HAS_ETAG,
            201: {
                "description": f"The {routes.singular} is new.",
                "model": routes.response,
                **RULE_HAS_ETAG,
            },
            **error_responses(*ADMIN_ERRORS, PreconditionFailed, *routes.put_errors),
        },
        openapi_extra={"parameters": RULE_PRECONDITION_PARAMETERS},
    )
    router.add_api_route(
        "/{slug}",
        delete_rule,
        methods=["DELETE"],
        name=f"delete_{name}",
        description=f"End a {routes.singular}; orders keep what it was for them (admin).",
        status_code=204,
        response_class=Response,
        response_description=f"The {routes.singular} has ended.",
        responses=error_responses(
            *ADMIN_ERRORS, not_found, PreconditionFailed, *routes.delete_errors
        ),
        openapi_extra={"parameters": RULE_PRECONDITION_PARAMETERS[:1]},
    )


def _rendered(routes: RuleRoutes, shown: ShownRule) -> ResponseBody:
    rendered: ResponseBody = routes.response.of(shown.document.rule, shown.used)
    return rendered
