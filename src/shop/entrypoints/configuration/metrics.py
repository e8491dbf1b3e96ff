"""Settings of metrics."""

from pydantic import Field

from shop.entrypoints.configuration.environment import EnvironmentSettings

MAX_PORT = 65_535


class MetricsSettings(EnvironmentSettings):
    """Where metrics are served, and how often the invariants are checked for them."""

    metrics_port: int | None = Field(default=None, ge=1, le=MAX_PORT)
    audit_seconds: float = Field(default=0, ge=0, le=7 * 86_400)
