"""The folder of images: kept first, then published, and never outside the folder."""

import gc
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shop.adapters.files.image_store import FileImageStore, TemporaryImageStore, write_image
from shop.application.ports.image_store import ImageStoreUnavailable
from shop.domain.catalogue.image_files import image_file

pytestmark = pytest.mark.anyio

FILE, OTHER = image_file("9f" + "0" * 62, 1600), image_file("ab" + "1" * 62, 320)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def store(folder: Path) -> FileImageStore:
    return FileImageStore(folder)


def _files(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def _set_age(file: Path, age: timedelta) -> None:
    seconds = (NOW - age).timestamp()
    os.utime(file, (seconds, seconds))


async def test_kept_file_is_served_once_it_is_published(
    store: FileImageStore, folder: Path
) -> None:
    await store.keep(FILE, b"image")
    assert await store.read(FILE) is None

    await store.publish(FILE)

    assert await store.read(FILE) == b"image"
    assert _files(folder) == {FILE}


async def test_file_is_published_again_without_harm(store: FileImageStore, folder: Path) -> None:
    await store.put(FILE, b"image")

    await store.publish(FILE)

    assert _files(folder) == {FILE}


async def test_file_that_was_never_kept_cannot_be_published(
    store: FileImageStore, folder: Path
) -> None:
    with pytest.raises(ImageStoreUnavailable):
        await store.publish(FILE)

    assert _files(folder) == set()


async def test_missing_file_has_no_content(store: FileImageStore) -> None:
    assert await store.read(FILE) is None


async def test_old_kept_files_are_discarded_and_no_others(
    store: FileImageStore, folder: Path
) -> None:
    await store.keep(FILE, b"old")
    await store.keep(OTHER, b"new")
    await store.put(FILE, b"published")
    _set_age(folder / "kept" / FILE, 2 * DAY)
    _set_age(folder / FILE, 2 * DAY)
    _set_age(folder / "kept" / OTHER, timedelta())

    assert await store.kept_before(NOW - DAY) == [FILE]
    await store.discard([FILE, OTHER], kept_before=NOW - DAY)

    assert _files(folder) == {FILE, f"kept/{OTHER}"}


async def test_file_that_is_kept_again_is_not_old(store: FileImageStore, folder: Path) -> None:
    await store.keep(FILE, b"image")
    _set_age(folder / "kept" / FILE, 2 * DAY)
    assert await store.kept_before(NOW - DAY) == [FILE]

    await store.keep(FILE, b"image")
    await store.discard([FILE], kept_before=NOW - DAY)

    assert _files(folder) == {f"kept/{FILE}"}


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", f"kept/{FILE}", "9f/x.webp", ""])
async def test_no_name_leads_out_of_the_folder(
    store: FileImageStore, folder: Path, name: str
) -> None:
    with pytest.raises(ValueError, match="is not the name of an image"):
        await store.put(name, b"image")
    with pytest.raises(ValueError, match="is not the name of an image"):
        await store.read(name)

    assert _files(folder) == set()


async def test_only_its_owner_can_read_a_file(store: FileImageStore, folder: Path) -> None:
    await store.put(FILE, b"image")

    assert (folder / FILE).stat().st_mode & 0o777 == 0o600


async def test_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file")
    store = FileImageStore(tmp_path / "media")

    with pytest.raises(ImageStoreUnavailable):
        await store.keep(FILE, b"image")

    assert _files(tmp_path) == {"media"}


def test_folder_of_a_shop_in_memory_ends_with_it() -> None:
    store = TemporaryImageStore()
    folder = store.folder
    # Not by the store: its thread may hold it a moment longer.
    write_image(folder / FILE, b"image")
    assert _files(folder) == {FILE}

    del store
    gc.collect()

    assert not folder.exists()


async def test_write_that_fails_leaves_no_draft(
    store: FileImageStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(ImageStoreUnavailable):
        await store.put(FILE, b"image")

    assert _files(folder) == set()


async def test_drafts_of_processes_that_were_killed_are_discarded(
    store: FileImageStore, folder: Path
) -> None:
    await store.put(FILE, b"image")
    old, new = (folder / "9f" / f".draft-{each}" for each in ("old", "new"))
    for draft, age in ((old, 2 * DAY), (new, timedelta())):
        draft.write_bytes(b"half")
        _set_age(draft, age)

    await store.discard([], kept_before=NOW - DAY)

    assert _files(folder) == {FILE, "9f/.draft-new"}
