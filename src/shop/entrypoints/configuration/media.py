"""Settings of images."""

from pathlib import Path

from pydantic import field_validator

from shop.entrypoints.configuration.environment import EnvironmentSettings


class MediaSettings(EnvironmentSettings):
    """Where the shop stores the images of products."""

    media_folder: Path | None = None

    @field_validator("media_folder")
    @classmethod
    def _names_a_folder(cls, folder: Path | None) -> Path | None:
        if folder is not None and (folder == Path() or (folder.exists() and not folder.is_dir())):
            raise ValueError("must be a folder, such as /var/lib/shop/media")
        return folder
