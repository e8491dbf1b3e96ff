"""What happens to the primary, and how it comes back: the kinds of `make failover`."""

import time
from collections.abc import Callable, Mapping

from tests.cluster.cluster import Cluster
from tests.cluster.node import Node

Break = Callable[[Cluster, Node], None]


def _come_back(cluster: Cluster, node: Node) -> None:
    node.thaw()
    for each in cluster.nodes:
        each.connect()
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
    for each in cluster.nodes:
        if each is not node:
            each.cut_from_peer()
    _wait_for_successor(cluster, node)


def _fill(cluster: Cluster, node: Node) -> None:
    node.fill()
    # PostgreSQL reuses files of its log, and rejects orders until it needs a new one, for which
    # there is no room. Under a longer load that happens by itself.
    _wait_for_successor(cluster, node, meanwhile=node.switch_log)


def _wait_for_successor(
    cluster: Cluster, node: Node, *, meanwhile: Callable[[], None] = lambda: None
) -> None:
    others = [each for each in cluster.nodes if each is not node]

    def has_successor() -> bool:
        meanwhile()
        return any(each.status().get("role") == "primary" for each in others)

    cluster.wait_until(has_successor, f"{node.name} has a successor")
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
    # Orders are acknowledged a moment before Patroni may promote the standby that has them.
    cluster.wait_until_whole()
    primary = cluster.primary
    assert primary is not None
    try:
        BREAKS[kind](cluster, primary)
    finally:
        _come_back(cluster, primary)
