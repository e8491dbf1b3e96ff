"""A cluster on this machine: etcd, two nodes of PostgreSQL under Patroni, HAProxy and pgbouncer."""

import asyncio
import csv
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from tests.cluster import processes
from tests.cluster.node import Node
from tests.cluster.programs import fill_in, find, postgresql_folder
from tests.servers import POLL_INTERVAL_SECONDS, reserved_port
from tests.system_user import system_user
from tests.timeouts import TEST_TIMEOUT_SECONDS

ROLE = "shop"
PASSWORDS = {
    "superuser_password": "superuser-of-this-machine",
    "replication_password": "replication-of-this-machine",
    "rewind_password": "rewind-of-this-machine",
}
ROLE_PASSWORD = "shop-of-this-machine"
HOST = "127.0.0.1"


@dataclass(kw_only=True)
class Cluster:
    """The running processes, and the addresses at which the shop reaches the primary."""

    folder: Path
    nodes: list[Node]
    etcd_port: int
    proxy_port: int
    pooler_port: int
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def proxied_url(self) -> str:
        """The primary, through HAProxy; a connection of one's own."""
        return f"postgresql+asyncpg://{ROLE}:{ROLE_PASSWORD}@/{ROLE}?host={self.folder}"

    @property
    def pooled_url(self) -> str:
        """The primary, through pgbouncer and HAProxy."""
        return f"postgresql+asyncpg://{ROLE}:{ROLE_PASSWORD}@{HOST}:{self.pooler_port}/{ROLE}"

    @property
    def primary(self) -> Node | None:
        """The node that is the primary by its own words, if there is one."""
        found = [each for each in self.nodes if _is_primary(each)]
        return found[0] if found else None

    @property
    def standby(self) -> Node:
        """The node that is not the primary."""
        primary = self.primary
        (found,) = [each for each in self.nodes if each is not primary]
        return found

    def start_etcd(self) -> None:
        """Start etcd, where the nodes agree about the primary."""
        with reserved_port() as peer_port:
            client, peer = f"http://{HOST}:{self.etcd_port}", f"http://{HOST}:{peer_port}"
            self._processes["etcd"] = processes.start(
                [
                    find("etcd"),
                    *("--data-dir", str(self.folder / "etcd")),
                    *("--listen-client-urls", client, "--advertise-client-urls", client),
                    *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
                    *("--initial-cluster", f"default={peer}"),
                ],
                self.folder / "etcd.log",
            )
            self.wait_until(lambda: _listens(self.etcd_port), "etcd answers")

    def stop_etcd(self) -> None:
        """Kill etcd with -9."""
        processes.stop(self._processes.pop("etcd"), signal.SIGKILL, 5)

    def start(self) -> None:
        """Start everything, and wait until commits are on both nodes."""
        self.start_etcd()
        for each in self.nodes:
            each.prepare()
        first, *others = self.nodes
        first.start()
        self.wait_until(lambda: self.primary is first, "there is a primary")
        for each in others:
            each.start()
        self.wait_until_whole()
        user = system_user()
        for name, program, option in (
            ("haproxy", "haproxy.cfg", "-f"),
            ("pgbouncer", "pgbouncer.ini", ""),
        ):
            command = [find(name), *filter(None, [option]), str(self.folder / program)]
            self._processes[name] = processes.start(command, self.folder / f"{name}.log", user=user)
        self.wait_until(lambda: _listens(self.pooler_port), "pgbouncer answers")
        # HAProxy takes every node for the primary until it has asked it.
        self.wait_until(self._is_led_to_the_primary, "HAProxy knows the primary")
        asyncio.run(self._add_role())

    def stop(self) -> None:
        """Stop everything."""
        for each in ("pgbouncer", "haproxy"):
            if each in self._processes:
                processes.stop(self._processes.pop(each), signal.SIGTERM, 1)
        for node in self.nodes:
            node.thaw()
            node.connect()
        for node in reversed(self.nodes):
            node.stop()
        for process in self._processes.values():
            processes.stop(process, signal.SIGTERM, 5)

    def wait_until_whole(self) -> None:
        """Wait until there is a primary, and a standby whose disk its commits wait for."""
        self.wait_until(self._is_whole, "the cluster is whole")

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something has become so; show the logs if it does not."""
        deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {TEST_TIMEOUT_SECONDS} s: {what}\n{self.logs()}")
            time.sleep(POLL_INTERVAL_SECONDS)

    def logs(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(
            f"--- {each.name}\n" + "\n".join(each.read_text(errors="replace").splitlines()[-25:])
            for each in sorted(self.folder.glob("*.log"))
        )

    def _is_whole(self) -> bool:
        """Check it in etcd: PostgreSQL reports a standby before Patroni may promote it."""
        primary = self.primary
        if primary is None:
            return False
        members = primary.ask("cluster").get("members", ())
        states = {each["role"]: each["state"] for each in members}
        return states == {"leader": "running", "sync_standby": "streaming"}

    def _is_led_to_the_primary(self) -> bool:
        console_path = self.folder / "haproxy.sock"
        if not console_path.exists():
            return False
        with socket.socket(socket.AF_UNIX) as console:
            console.connect(str(console_path))
            console.sendall(b"show stat\n")
            lines = console.makefile().read().splitlines()
        nodes = {each.name for each in self.nodes}
        states = [row["status"] for row in csv.DictReader(lines) if row["svname"] in nodes]
        return sorted(each.partition(" ")[0] for each in states) == ["DOWN", "UP"]

    async def _add_role(self) -> None:
        url = (
            f"postgresql://postgres:{PASSWORDS['superuser_password']}@/postgres?host={self.folder}"
        )
        connection = await asyncpg.connect(url, timeout=TEST_TIMEOUT_SECONDS)
        await connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE_PASSWORD}'")
        await connection.execute(f"CREATE DATABASE {ROLE} OWNER {ROLE}")
        await connection.close()


def _is_primary(node: Node) -> bool:
    status = node.status()
    return status.get("role") == "primary" and status.get("state") == "running"


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a cluster on free ports of this machine; it has the role and the database `shop`."""
    with ExitStack() as stack:
        # The path of a socket must be short.
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="shop-cluster-")))
        folder.chmod(0o777)
        etcd_port, proxy_port, pooler_port = (
            stack.enter_context(reserved_port()) for _ in range(3)
        )
        nodes = [
            Node(
                name=name,
                folder=folder,
                rest_port=stack.enter_context(reserved_port()),
                postgresql_port=stack.enter_context(reserved_port()),
                rest_link=stack.enter_context(reserved_port()),
                postgresql_link=stack.enter_context(reserved_port()),
                rest_peer_link=stack.enter_context(reserved_port()),
                postgresql_peer_link=stack.enter_context(reserved_port()),
                etcd_link=stack.enter_context(reserved_port()),
                etcd_port=etcd_port,
            )
            for name in ("one", "two")
        ]
        running = Cluster(
            folder=folder,
            nodes=nodes,
            etcd_port=etcd_port,
            proxy_port=proxy_port,
            pooler_port=pooler_port,
        )
        write_configuration(running)
        stack.callback(running.stop)
        running.start()
        yield running


def write_configuration(cluster: Cluster) -> None:
    """Fill in the templates of `deploy/high-availability`."""
    common: dict[str, object] = {
        "listen_host": HOST,
        "network": f"{HOST}/32",
        "folder": cluster.folder,
        "program_folder": postgresql_folder(),
        "proxy_host": HOST,
        "proxy_port": cluster.proxy_port,
        "pooler_port": cluster.pooler_port,
        "role": ROLE,
        **PASSWORDS,
    }
    for node in cluster.nodes:
        values = {
            **common,
            "name": node.name,
            "data_folder": node.data,
            "etcd_hosts": f"{HOST}:{node.etcd_link}",
            "etcd_has_proxies": "true",
            "rest_port": node.rest_port,
            "rest_address": f"{HOST}:{node.rest_peer_link}",
            "postgresql_port": node.postgresql_port,
            "postgresql_address": f"{HOST}:{node.postgresql_peer_link}",
        }
        (cluster.folder / f"{node.name}.yml").write_text(fill_in("patroni.yml", values))
    servers = "\n".join(
        f"    server {each.name} {HOST}:{each.postgresql_link} check port {each.rest_link}"
        for each in cluster.nodes
    )
    (cluster.folder / "haproxy.cfg").write_text(
        fill_in("haproxy.cfg", {**common, "servers": servers})
    )
    (cluster.folder / "pgbouncer.ini").write_text(fill_in("pgbouncer.ini", common))
    (cluster.folder / "users.txt").write_text(f'"{ROLE}" "{ROLE_PASSWORD}"\n')


if __name__ == "__main__":
    with cluster() as started:
        sys.stdout.write(f"{started.proxied_url}\n{started.pooled_url}\n")
        signal.pause()
