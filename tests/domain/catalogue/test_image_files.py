"""Names of the files of images."""

import pytest

from shop.domain.catalogue.image_files import image_file, is_image_file

KEY = "9f" + "0" * 62


def test_file_is_named_by_the_checksum_and_the_width() -> None:
    assert image_file(KEY, 1600) == f"9f/{KEY}-1600.webp"
    assert is_image_file(image_file(KEY, 320))


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        f"9f/{KEY}-0.webp",
        f"9f/{KEY}-1600.webp\n",
        f"9f/{KEY}-1600.svg",
        f"9F/{KEY.upper()}-1600.webp",
        f"/9f/{KEY}-1600.webp",
        f"kept/9f/{KEY}-1600.webp",
        f"9f/{KEY}-123456.webp",
        "",
    ],
)
def test_other_names_are_no_files_of_images(name: str) -> None:
    assert not is_image_file(name)
