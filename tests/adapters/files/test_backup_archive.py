"""The file of a backup: complete or not there, and read as if a stranger had made it."""

import json
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from shop.adapters.files.backup_archive import MAX_MANIFEST_BYTES, TarBackupArchive
from shop.application.ports.backup_archive import BackupManifest
from shop.application.ports.database_backup import BackupFailed, DatabaseDescription
from tests.factories import NOW

PARTS = {"shop.db": b"orders" * 1000, "secret": b"a secret"}

Member = tuple[tarfile.TarInfo, bytes]


@pytest.fixture
def archive() -> TarBackupArchive:
    return TarBackupArchive()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder to extract to."""
    extracted = tmp_path / "extracted"
    extracted.mkdir()
    return extracted


@pytest.fixture
def backup(tmp_path: Path, archive: TarBackupArchive) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    for name, content in PARTS.items():
        (source / name).write_bytes(content)
    manifest = BackupManifest(
        created_at=NOW,
        release="1.2.3",
        database=DatabaseDescription(
            engine="sqlite", schema=None, schema_version="0007", currency="EUR", rows={"orders": 2}
        ),
        parts=[archive.describe(source / name) for name in PARTS],
    )
    archive.write(tmp_path / "backup.tar", manifest, source, overwrite=False)
    return tmp_path / "backup.tar"


def test_parts_are_extracted_as_they_were(
    backup: Path, folder: Path, archive: TarBackupArchive
) -> None:
    archive.extract(backup, folder)

    assert {each.name: each.read_bytes() for each in folder.iterdir()} == PARTS
    assert {each.stat().st_mode & 0o777 for each in (*folder.iterdir(), backup)} == {0o600}


def test_existing_file_is_replaced_only_if_requested(
    backup: Path, tmp_path: Path, archive: TarBackupArchive
) -> None:
    manifest, content = archive.read_manifest(backup), backup.read_bytes()

    with pytest.raises(BackupFailed, match="exists already; use --overwrite"):
        archive.write(backup, manifest, tmp_path / "source", overwrite=False)
    assert backup.read_bytes() == content

    (tmp_path / "source" / "secret").write_bytes(b"b secret")
    archive.write(backup, manifest, tmp_path / "source", overwrite=True)
    assert backup.read_bytes() != content


def _members(backup: Path) -> list[Member]:
    with tarfile.open(backup) as archive:
        opened = [(each, archive.extractfile(each)) for each in archive.getmembers()]
        return [(member, content.read()) for member, content in opened if content]


def _rewrite(backup: Path, members: list[Member]) -> None:
    with tarfile.open(backup, "w") as archive:
        for member, content in members:
            archive.addfile(member, BytesIO(content))


def _manifest_with(members: list[Member], change: Callable[[Any], None]) -> None:
    member, content = members[0]
    document = json.loads(content)
    change(document)
    text = json.dumps(document).encode()
    member.size = len(text)
    members[0] = member, text


def _change_content(members: list[Member]) -> None:
    members[1] = members[1][0], members[1][1].replace(b"orders", b"Orders", 1)


def _drop_part(members: list[Member]) -> None:
    del members[2]


def _add_part(members: list[Member]) -> None:
    members.append((tarfile.TarInfo("extra"), b""))


def _swap_parts(members: list[Member]) -> None:
    members[1], members[2] = members[2], members[1]


def _link(members: list[Member]) -> None:
    link = tarfile.TarInfo("secret")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    members[2] = link, b""


def _leave_folder(members: list[Member]) -> None:
    _manifest_with(members, lambda document: document["parts"][0].update(name="../escaped"))
    members[1][0].name = "../escaped"


def _name_absolutely(members: list[Member]) -> None:
    _manifest_with(members, lambda document: document["parts"][0].update(name="/tmp/escaped"))  # noqa: S108  Not written.
    members[1][0].name = "/tmp/escaped"  # noqa: S108  As above.


def _claim_other_size(members: list[Member]) -> None:
    _manifest_with(members, lambda document: document["parts"][0].update(size=7))


def _drop_manifest_field(members: list[Member]) -> None:
    _manifest_with(members, lambda document: document.pop("release"))


def _enlarge_manifest(members: list[Member]) -> None:
    _manifest_with(members, lambda document: document.update(padding=" " * MAX_MANIFEST_BYTES))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_change_content, "the checksum of shop.db is wrong"),
        (_drop_part, "secret is missing"),
        (_add_part, "it has parts that its manifest does not list"),
        (_swap_parts, "shop.db is missing"),
        (_link, "secret is missing"),
        (_leave_folder, "manifest.json lists a part with an invalid name"),
        (_name_absolutely, "manifest.json lists a part with an invalid name"),
        (_claim_other_size, "the size of shop.db is wrong"),
        (_drop_manifest_field, "manifest.json is invalid"),
        (_enlarge_manifest, f"manifest.json is larger than {MAX_MANIFEST_BYTES} bytes"),
    ],
)
def test_changed_archive_is_rejected(
    change: Callable[[list[Member]], None],
    reason: str,
    backup: Path,
    folder: Path,
    archive: TarBackupArchive,
) -> None:
    members = _members(backup)
    change(members)
    _rewrite(backup, members)

    with pytest.raises(BackupFailed) as rejected:
        archive.extract(backup, folder)

    assert str(rejected.value) == f"{backup} is damaged: {reason}; restore another backup"
    assert {each.name for each in folder.iterdir()} <= set(PARTS)
    assert {each.name for each in folder.parent.iterdir()} == {"backup.tar", "extracted", "source"}


def test_newer_format_is_rejected_by_name(backup: Path, archive: TarBackupArchive) -> None:
    members = _members(backup)
    _manifest_with(members, lambda document: document.update(format=2))
    _rewrite(backup, members)

    with pytest.raises(BackupFailed, match="was made by a newer release of the shop"):
        archive.read_manifest(backup)


def test_every_truncation_is_rejected(
    backup: Path, tmp_path: Path, archive: TarBackupArchive
) -> None:
    content = backup.read_bytes()
    end_of_parts = sum(512 + -(-len(each) // 512) * 512 for _, each in _members(backup))

    for size in range(0, end_of_parts, 512):
        backup.write_bytes(content[:size])
        folder = tmp_path / f"extracted-{size}"
        folder.mkdir()
        with pytest.raises(BackupFailed):
            archive.extract(backup, folder)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\0" * 1024])
def test_other_file_is_not_a_backup(
    content: bytes, tmp_path: Path, archive: TarBackupArchive
) -> None:
    (tmp_path / "other").write_bytes(content)

    with pytest.raises(BackupFailed, match="is not a backup of a shop"):
        archive.read_manifest(tmp_path / "other")
