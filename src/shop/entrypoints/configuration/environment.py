"""Whether a shop is developed or in production, which every group of settings may ask."""

from enum import StrEnum

from pydantic import BaseModel, ValidationInfo


class Environment(StrEnum):
    """Whether a shop is developed or in production."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class EnvironmentSettings(BaseModel):
    """The setting on which the checks of the others depend."""

    environment: Environment = Environment.DEVELOPMENT

    # A check of settings together is a validator of one of them, which reads the others in the
    # `data` of its `ValidationInfo`: pydantic then reports all faults at once. A validator of the
    # model would end at the first fault, and say nothing while any setting is invalid by itself.

    @property
    def is_production(self) -> bool:
        """Whether secrets must be set, and errors must show nothing internal."""
        return self.environment is Environment.PRODUCTION


def is_in_production(info: ValidationInfo) -> bool:
    """Return whether the settings that are being validated are of production."""
    return info.data.get("environment") is Environment.PRODUCTION
