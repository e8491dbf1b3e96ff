"""What happens to the primary, and how it comes back: the kinds of `make failover`."""

import time
from collections.abc import Callable, Mapping

from tests.cluster.cluster import Cluster
from tests.cluster.node import Node

Break = Callable[[Cluster, Node], None]


def _come_back(cluster: Cluster, node: Node) -> None:
    node.thaw()
    node.connect()
    node.make_room()
    if not node.is_running():
        node.start()
    cluster.wait_until_whole()


def _kill(cluster: Cluster, node: Node) -> None:
    node.kill()
    _wait_for_successor(cluster, node)


def _crash(cluster: Cluster, node: Node) -> None:
    node.crash()
    del cluster


def _freeze(cluster: Cluster, node: Node) -> None:
    node.freeze()
    _wait_for_successor(cluster, node)


def _cut(cluster: Cluster, node: Node) -> None:
    node.cut()
    _wait_for_successor(cluster, node)


def _fill(cluster: Cluster, node: Node) -> None:
    node.fill()
    _wait_for_successor(cluster, node)


def _wait_for_successor(cluster: Cluster, node: Node) -> None:
    others = [each for each in cluster.nodes if each is not node]
    cluster.wait_until(
        lambda: any(each.status().get("role") == "primary" for each in others),
        f"{node.name} has a successor",
    )
    # Some orders wait for their standby meanwhile, until it is back.
    time.sleep(2)


BREAKS: Mapping[str, Break] = {
    "kill": _kill,
    "crash": _crash,
    "freeze": _freeze,
    "cut": _cut,
    "full": _fill,
}


def break_primary(kind: str, cluster: Cluster) -> None:
    """Break the primary, wait until it has a successor, and let it come back."""
    primary = cluster.primary
    assert primary is not None
    try:
        BREAKS[kind](cluster, primary)
    finally:
        _come_back(cluster, primary)
