"""The templates of the configuration can be read, agree, and say what is promised."""

import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.cluster.cluster import Cluster, write_configuration
from tests.cluster.node import Node
from tests.cluster.programs import TEMPLATES

ETCD, PROXY, POOLER = 2379, 5000, 6432


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the configuration of a cluster that does not run."""
    nodes = [
        Node(
            name=name,
            folder=tmp_path,
            rest_port=base,
            postgresql_port=base + 1,
            rest_link=base + 2,
            postgresql_link=base + 3,
            etcd_link=base + 4,
            rest_peer_link=base + 5,
            postgresql_peer_link=base + 6,
            etcd_port=ETCD,
        )
        for name, base in (("one", 8000), ("two", 9000))
    ]
    write_configuration(
        Cluster(folder=tmp_path, nodes=nodes, etcd_port=ETCD, proxy_port=PROXY, pooler_port=POOLER)
    )
    return tmp_path


def test_patroni_acknowledges_nothing_that_one_node_alone_has(folder: Path) -> None:
    settings = [yaml.safe_load((folder / f"{name}.yml").read_text()) for name in ("one", "two")]

    for each in settings:
        shared = each["bootstrap"]["dcs"]
        assert shared["synchronous_mode"] is True
        assert shared["synchronous_mode_strict"] is True
        assert shared["primary_start_timeout"] == 0
        assert shared["postgresql"]["parameters"]["synchronous_commit"] == "on"
        # Patroni's own rule for its times.
        assert shared["loop_wait"] + 2 * shared["retry_timeout"] <= shared["ttl"]
    assert [each["name"] for each in settings] == ["one", "two"]
    assert {each["scope"] for each in settings} == {"shop"}
    assert settings[0]["bootstrap"] == settings[1]["bootstrap"]


def test_everything_listens_on_loopback(folder: Path) -> None:
    for name, base in (("one", 8000), ("two", 9000)):
        settings = yaml.safe_load((folder / f"{name}.yml").read_text())
        assert settings["restapi"]["listen"] == f"127.0.0.1:{base}"
        assert settings["postgresql"]["listen"] == f"127.0.0.1:{base + 1}"
        assert settings["etcd3"]["hosts"] == f"127.0.0.1:{base + 4}"
    assert "bind 127.0.0.1:5000\n" in (folder / "haproxy.cfg").read_text()
    assert "listen_addr = 127.0.0.1\n" in (folder / "pgbouncer.ini").read_text()


def test_haproxy_asks_each_node_whether_it_is_the_primary(folder: Path) -> None:
    text = (folder / "haproxy.cfg").read_text()

    assert re.findall(r"server (\w+) 127.0.0.1:(\d+) check port (\d+)", text) == [
        ("one", "8003", "8002"),
        ("two", "9003", "9002"),
    ]
    assert "option httpchk OPTIONS /primary" in text
    assert "on-marked-down shutdown-sessions" in text


def test_pgbouncer_leads_to_haproxy_and_ends_no_query(folder: Path) -> None:
    text = (folder / "pgbouncer.ini").read_text()

    assert f"* = host=127.0.0.1 port={PROXY}" in text
    assert f"listen_port = {POOLER}" in text
    assert "pool_mode = transaction" in text
    assert not re.search(r"^query_timeout", text, re.MULTILINE)


def test_each_template_is_explained() -> None:
    explained = (TEMPLATES / "README.md").read_text()

    for each in TEMPLATES.iterdir():
        assert each.name == "README.md" or f"`{each.name}`" in explained
