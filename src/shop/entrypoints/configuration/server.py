"""Settings of the HTTP server."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator
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
