"""Settings of the HTTP server."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import NoDecode

from shop.entrypoints.configuration.checks import json_list
from shop.entrypoints.configuration.environment import EnvironmentSettings
from shop.entrypoints.configuration.hosts import KnownHosts, listed_host


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("must be an address or a network, such as 10.0.0.0/8 or ::1") from None


class ServerSettings(EnvironmentSettings):
    """Who may reach the server, and how."""

    hosts: Annotated[
        tuple[Annotated[str, AfterValidator(listed_host)], ...],
        NoDecode,
        json_list('must be a JSON list of host names, such as ["shop.example"]'),
    ] = ()
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

    @property
    def accepts_any_host(self) -> bool:
        """Whether production answers to every host name, because none is listed."""
        return self.is_production and not self.hosts

    @property
    def known_hosts(self) -> KnownHosts:
        """The hosts that requests may be addressed to; in development also this machine."""
        return KnownHosts(
            self.hosts,
            default_port="443" if self.is_production else "80",
            loopback=not self.is_production,
        )
