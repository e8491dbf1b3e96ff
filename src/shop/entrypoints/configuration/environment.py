"""Whether a shop is developed or in production, which every group of settings may ask."""

from enum import StrEnum

from pydantic import BaseModel


class Environment(StrEnum):
    """Whether a shop is developed or in production."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class EnvironmentSettings(BaseModel):
    """The setting on which the checks of the others depend."""

    environment: Environment = Environment.DEVELOPMENT

    @property
    def is_production(self) -> bool:
        """Whether secrets must be set, and errors must show nothing internal."""
        return self.environment is Environment.PRODUCTION
