"""Requests that begin imports: once under a key, one at a time, and with their file stored."""

import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from dependency_injector import providers

from shop.adapters.files import import_spools
from shop.adapters.files.import_spools import FolderImportSpools
from shop.application.catalogue.imports.service import BeginImport
from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.catalogue.product_import import ImportInProgress, ImportNotFound, ImportStatus
from shop.domain.session import NotSignedIn
from shop.domain.user import Forbidden
from tests.application.catalogue.running_imports import (
    HEADER,
    JAM,
    TEA,
    begin,
    files_in,
    request,
    stock_of,
)
from tests.application.memory_shop import MemoryShop
from tests.factories import id_of

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def spools(shop: MemoryShop, tmp_path: Path) -> FolderImportSpools:
    """Let the shop's imports wait in a folder that the test sees."""
    spools = FolderImportSpools(tmp_path)
    shop.container.import_spools.override(providers.Object(spools))
    return spools


class TestBeginning:
    async def test_is_rejected_while_another_import_runs(
        self, shop: MemoryShop, admin: SessionToken, tmp_path: Path
    ) -> None:
        begun = await begin(shop, admin, HEADER + TEA)

        with pytest.raises(ImportInProgress):
            await begin(shop, admin, HEADER + JAM)

        assert list(shop.database.state.imports.rows) == [begun.id]
        assert files_in(tmp_path) == [str(begun.id)]

    async def test_is_for_admins(
        self, shop: MemoryShop, ada_token: SessionToken, tmp_path: Path
    ) -> None:
        with pytest.raises(Forbidden):
            await begin(shop, ada_token, HEADER + TEA)
        with pytest.raises(NotSignedIn):
            await begin(shop, None, HEADER + TEA)

        assert shop.database.state.imports.rows == {}
        assert files_in(tmp_path) == []

    async def test_leaves_no_file_if_its_content_ends_too_early(
        self, shop: MemoryShop, admin: SessionToken, tmp_path: Path
    ) -> None:
        async def content() -> AsyncIterator[bytes]:
            yield HEADER.encode()
            raise ConnectionError

        command = BeginImport(session=admin, content=content(), dry_run=False)
        with pytest.raises(ConnectionError):
            await shop.container.import_service().begin(command)

        assert shop.database.state.imports.rows == {}
        assert files_in(tmp_path) == []


class TestAnImportUnderAKey:
    KEY = "key-of-an-import"

    async def test_begins_once_and_is_replayed_as_it_began(
        self, shop: MemoryShop, admin: SessionToken, tmp_path: Path
    ) -> None:
        first = await request(shop, admin, HEADER + JAM, key=self.KEY)
        while_running = await request(shop, admin, HEADER + JAM, key=self.KEY)
        await shop.container.worker().drain()
        shop.clock.advance(timedelta(days=1))
        again = await request(shop, await shop.sign_in("root"), HEADER + JAM, key=self.KEY)

        assert (first.replayed, while_running.replayed, again.replayed) == (False, True, True)
        assert first.unwrap() == while_running.unwrap() == again.unwrap()
        assert list(shop.database.state.imports.rows) == [first.unwrap().id]
        assert stock_of(shop) == {"TEA": 5, "COFFEE": 2, "JAM": 7}
        assert files_in(tmp_path) == []

    @pytest.mark.parametrize(("text", "dry_run"), [(HEADER + TEA, False), (HEADER + JAM, True)])
    async def test_is_no_other_import(
        self, shop: MemoryShop, admin: SessionToken, text: str, *, dry_run: bool
    ) -> None:
        await request(shop, admin, HEADER + JAM, key=self.KEY)
        before = shop.database.state.imports.rows

        other = await request(shop, admin, text, dry_run=dry_run, key=self.KEY)

        with pytest.raises(IdempotencyKeyReused):
            other.unwrap()
        assert shop.database.state.imports.rows == before

    async def test_that_was_rejected_can_begin_later(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await begin(shop, admin, HEADER + TEA)
        rejected = await request(shop, admin, HEADER + JAM, key=self.KEY)
        assert isinstance(rejected.value, ImportInProgress)
        await shop.container.worker().drain()

        assert (await request(shop, admin, HEADER + JAM, key=self.KEY)).unwrap().is_running


class TestAFileOfARequest:
    async def test_stays_if_the_import_may_have_begun(
        self, shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shop.application.transactions.runner.MAX_ATTEMPTS", 1)
        shop.faults.plan(("committed", CommitOutcomeUnknown()))
        with pytest.raises(CommitOutcomeUnknown):
            await begin(shop, admin, HEADER + JAM)

        await shop.container.worker().drain()

        (ended,) = shop.database.state.imports.rows.values()
        assert ended.status is ImportStatus.DONE
        assert stock_of(shop)["JAM"] == 7

    async def test_stays_if_the_session_ends_before_the_answer(
        self, shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        a_year = timedelta(days=365).total_seconds()
        monkeypatch.setattr(
            "shop.application.transactions.runner._delay_seconds", lambda *_: a_year
        )
        shop.faults.plan(("committed", CommitOutcomeUnknown()))

        begun = await begin(shop, admin, HEADER + JAM)
        await shop.container.worker().drain()

        assert shop.database.state.imports.rows[begun.id].status is ImportStatus.DONE
        assert stock_of(shop)["JAM"] == 7

    async def test_is_removed_a_day_later_if_no_import_has_begun(
        self, shop: MemoryShop, admin: SessionToken, tmp_path: Path
    ) -> None:
        running = await begin(shop, admin, HEADER + JAM)
        orphan = id_of("orphan")
        (tmp_path / str(orphan)).mkdir()
        imports = shop.container.import_service()
        for each in (running.id, orphan):
            _set_modified(tmp_path / str(each), shop.clock.now() - timedelta(hours=25))
        (tmp_path / str(id_of("recent"))).mkdir()

        await imports.sweep()

        assert set(files_in(tmp_path)) == {str(running.id), str(id_of("recent"))}


async def test_file_is_on_the_disk_before_its_import_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(import_spools, "sync_file", synced.append)
    monkeypatch.setattr(import_spools, "sync_folder", synced.append)

    async def content() -> AsyncIterator[bytes]:
        yield HEADER.encode()

    await FolderImportSpools(tmp_path).receive(id_of("import"), content())

    folder = tmp_path / str(id_of("import"))
    assert synced == [folder / "file", folder, tmp_path]


class TestShowing:
    async def test_is_for_admins(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        with pytest.raises(Forbidden):
            await shop.container.import_service().show(ada_token, id_of("import"))

    async def test_reports_an_unknown_import(self, shop: MemoryShop, admin: SessionToken) -> None:
        with pytest.raises(ImportNotFound):
            await shop.container.import_service().show(admin, id_of("import"))


def _set_modified(folder: Path, time: datetime) -> None:
    os.utime(folder, (time.timestamp(), time.timestamp()))
