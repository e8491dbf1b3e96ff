"""Runs a highly available shop on this machine until Ctrl-C: `make cluster`."""

import json
import secrets
import signal
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.request import urlopen

from tests.cluster import processes
from tests.cluster.cluster import HOST, Cluster, cluster
from tests.cluster.programs import HOW_TO_GET_THEM, find, missing_programs
from tests.servers import reserved_port

SERVERS = WORKERS = 2
STOP_SECONDS = 15


def shop_environment(running: Cluster, **settings: str) -> dict[str, str]:
    """Return the settings of a shop on the cluster, behind its pooler."""
    return {
        "SHOP_DATABASE_URL": running.pooled_url,
        "SHOP_DATABASE_POOLER": "transaction",
        "SHOP_SESSION_SECRETS": json.dumps([secrets.token_urlsafe(48)]),
        "SHOP_RUN_JOBS_IN_SERVER": "false",
        "SHOP_MEDIA_FOLDER": str(running.folder / "media"),
        **settings,
    }


def _start_shops(running: Cluster, stack: ExitStack) -> list[int]:
    shop, environment = find("shop"), shop_environment(running)
    migrating = processes.start(
        [shop, "migrate", "--database", running.proxied_url],
        running.folder / "migrate.log",
        **environment,
    )
    if migrating.wait() != 0:
        raise RuntimeError(running.logs())
    seeding = processes.start([shop, "seed"], running.folder / "seed.log", **environment)
    seeding.wait()
    ports = []
    for number in range(SERVERS):
        port = stack.enter_context(reserved_port())
        command = [shop, "serve", "--port", str(port)]
        _start(command, running, stack, f"serve-{number}", environment)
        ports.append(port)
    for number in range(WORKERS):
        _start([shop, "worker"], running, stack, f"worker-{number}", environment)
    return ports


def _start(
    command: list[str], running: Cluster, stack: ExitStack, name: str, environment: dict[str, str]
) -> None:
    process = processes.start(command, running.folder / f"{name}.log", **environment)
    stack.callback(processes.stop, process, signal.SIGTERM, STOP_SECONDS)


def _report(running: Cluster, ports: list[int]) -> str:
    addresses = {
        **{f"shop {number}": f"http://{HOST}:{port}" for number, port in enumerate(ports, 1)},
        "pgbouncer": running.pooled_url,
        "HAProxy": running.proxied_url,
        "etcd": f"http://{HOST}:{running.etcd_port}",
        **{
            f"node {each.name}": f"{HOST}:{each.postgresql_port}, Patroni at"
            f" http://{HOST}:{each.rest_port}"
            for each in running.nodes
        },
        "logs": str(running.folder),
        "nodes": f"{find('patronictl')} -c {running.folder}/one.yml list",
    }
    return "\n".join(f"{name:10} {address}" for name, address in addresses.items())


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run it; return the exit code."""
    if missing_programs():
        sys.stderr.write(f"cluster: {HOW_TO_GET_THEM}\n")
        return 1
    signal.signal(signal.SIGTERM, _interrupt)
    begun = time.monotonic()
    with suppress(KeyboardInterrupt), cluster() as running, ExitStack() as stack:
        ports = _start_shops(running, stack)
        for port in ports:
            running.wait_until(lambda port=port: _is_ready(port), "the shop is ready")  # type: ignore[misc]
        sys.stdout.write(f"{_report(running, ports)}\n")
        sys.stdout.write(f"Ready after {time.monotonic() - begun:.0f} s. Ctrl-C stops it.\n")
        sys.stdout.flush()
        while True:
            signal.pause()
    sys.stdout.write("Stopped.\n")
    return 0


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://{HOST}:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2])]
    sys.exit(main())
