"""Settings of the HTTP server."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import NoDecode

from shop.entrypoints.configuration.checks import json_list
from shop.entrypoints.configuration.environment import EnvironmentSettings


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("must be an address or a network, such as 10.0.0.0/8 or ::1") from None


class ServerSettings(EnvironmentSettings):
    """Who may reach the server, and how."""

    trusted_proxies: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...],
        NoDecode,
        json_list(
            'must be a JSON list of addresses and networks, such as ["127.0.0.1", "10.0.0.0/8"]',
            may_be_empty=True,
        ),
    ] = ()

    request_head_timeout_seconds: float = Field(default=10, gt=0, le=3_600)
    request_body_timeout_seconds: float = Field(default=30, gt=0, le=3_600)
    request_body_bytes_per_second: int = Field(default=1_024, ge=0, le=1_000_000)
    connections_per_address: int = Field(default=256, ge=1, le=1_000_000)
