"""The images in a backup."""

import io
import tarfile
from pathlib import Path

import pytest

from shop.adapters.files.image_store import FileImageStore
from shop.adapters.files.media_backup import MediaBackup
from shop.application.ports.database_backup import BackupFailed
from shop.domain.catalogue.image_files import image_file

pytestmark = pytest.mark.anyio

FILE, KEPT, OTHER = (image_file(digit * 64, 1600) for digit in "123")


def _content(folder: Path) -> dict[str, bytes]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


async def _copy_of(folder: Path, target: Path) -> Path:
    async with MediaBackup(folder).snapshot() as snapshot:
        await snapshot.copy_to(target)
    return target


async def _restore(copy: Path, folder: Path) -> None:
    async with MediaBackup(folder).replacement() as replacement:
        await replacement.replace_with(copy)


async def test_images_are_restored_as_they_were(tmp_path: Path) -> None:
    source, target = tmp_path / "media", tmp_path / "restored"
    store = FileImageStore(source)
    await store.put(FILE, b"published")
    await store.keep(KEPT, b"kept")
    (source / "notes.txt").write_text("not an image")

    copy = await _copy_of(source, tmp_path / "media.tar")
    await _restore(copy, target)

    assert _content(target) == {FILE: b"published", f"kept/{KEPT}": b"kept"}
    assert copy.stat().st_mode & 0o777 == 0o600


async def test_images_that_are_there_stay(tmp_path: Path) -> None:
    source, target = tmp_path / "media", tmp_path / "restored"
    await FileImageStore(source).put(FILE, b"published")
    await FileImageStore(target).put(OTHER, b"newer")

    copy = await _copy_of(source, tmp_path / "media.tar")
    for _ in range(2):
        await _restore(copy, target)

    assert _content(target) == {FILE: b"published", OTHER: b"newer"}


async def test_shop_without_images_is_backed_up(tmp_path: Path) -> None:
    copy = await _copy_of(tmp_path / "none", tmp_path / "media.tar")

    await _restore(copy, tmp_path / "restored")

    assert _content(tmp_path) == {"media.tar": copy.read_bytes()}


@pytest.mark.parametrize("name", ["../outside.webp", "/etc/passwd", "notes.txt", f"kept/../{FILE}"])
async def test_copy_with_another_file_is_rejected(tmp_path: Path, name: str) -> None:
    copy = tmp_path / "media.tar"
    with tarfile.open(copy, "w") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())

    with pytest.raises(BackupFailed):
        await _restore(copy, tmp_path / "restored")

    assert _content(tmp_path) == {"media.tar": copy.read_bytes()}


async def test_images_of_a_copy_are_checked_before_anything_is_replaced(tmp_path: Path) -> None:
    copy = tmp_path / "media.tar"
    with tarfile.open(copy, "w") as archive:
        archive.addfile(tarfile.TarInfo("notes.txt"), io.BytesIO())

    async with MediaBackup(tmp_path / "restored").replacement() as replacement:
        with pytest.raises(BackupFailed, match=r"notes\.txt is not an image"):
            await replacement.find_loss(copy)


async def test_link_in_a_copy_is_rejected(tmp_path: Path) -> None:
    copy, member = tmp_path / "media.tar", tarfile.TarInfo(FILE)
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(copy, "w") as archive:
        archive.addfile(member)

    with pytest.raises(BackupFailed):
        await _restore(copy, tmp_path / "restored")

    assert _content(tmp_path) == {"media.tar": copy.read_bytes()}


async def test_damaged_copy_is_rejected(tmp_path: Path) -> None:
    copy = tmp_path / "media.tar"
    copy.write_bytes(b"no archive" * 100)

    with pytest.raises(BackupFailed):
        await _restore(copy, tmp_path / "restored")

    assert _content(tmp_path) == {"media.tar": copy.read_bytes()}
