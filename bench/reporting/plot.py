"""Draws results as PNG and SVG."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.results import Results, Row, ScalingResults
from bench.schedule import CLIENTS
from bench.workloads import CART_AND_ORDER, MANY_PRODUCTS, READ_ORDER, READ_PRODUCTS, SINGLE_PRODUCT

SubjectKey = tuple[str, str, int]

LINES: Mapping[SubjectKey, tuple[str, str, str]] = {
    ("postgresql", "shop", 1): ("shop", "tab:blue", "-"),
    ("postgresql", "shop", 2): ("shop, two processes", "tab:blue", "--"),
    ("sqlite", "shop", 1): ("shop, SQLite", "tab:green", "-"),
    ("sqlite", "shop", 2): ("shop, SQLite, two processes", "tab:green", "--"),
    ("postgresql", "ORM baseline", 1): ("ORM baseline", "tab:red", "-"),
    ("sqlite", "ORM baseline", 1): ("ORM baseline, SQLite", "tab:orange", "-"),
}
"""The label, colour and style of each line."""

BESTS: Mapping[str, str] = {"database limit": "black", "stored procedure": "tab:purple"}
"""The subjects whose best rate is drawn as a horizontal line."""

HEADROOM = 1.1

PANELS = {
    MANY_PRODUCTS.name: "Orders/s, 1,000 products",
    SINGLE_PRODUCT.name: "Orders/s, one product",
    CART_AND_ORDER.name: "Orders/s, cart filled first",
    READ_ORDER.name: "GET /orders/{id}, requests/s",
    READ_PRODUCTS.name: "GET /products, requests/s",
}


def plot(results: Results, files: Sequence[Path]) -> None:
    """Draw rates and the p99 latency by the number of clients."""
    figure = Figure(figsize=(15, 8.5), layout="constrained")
    panels = figure.subplots(2, 3).flat
    for (workload, title), axes in zip(PANELS.items(), panels, strict=False):
        mine = [row for row in results.rows if row.cell.workload == workload]
        _draw(axes, mine, "per_second")
        _draw_bests(axes, mine)
        _finish(axes, title)
    orders = [row for row in results.rows if row.cell.workload == MANY_PRODUCTS.name]
    _draw(panels[len(PANELS)], orders, "p99_ms")
    _finish(panels[len(PANELS)], "p99 of an order in ms, 1,000 products")
    handles = {
        label: handle
        for axes in figure.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5)
    _save(figure, files)


def plot_growth(growth: ScalingResults, files: Sequence[Path]) -> None:
    """Draw rates, the p99 latency and memory by the size of the shop."""
    figure = Figure(figsize=(13, 4), layout="constrained")
    throughput, latency, memory = figure.subplots(1, 3)
    sizes = [size.orders for size in growth.sizes]
    cells = dict.fromkeys(row.cell for size in growth.sizes for row in size.rows)
    for cell in cells:
        # A size whose measurement has failed has no such row, and no point in the plot.
        rows = {size.orders: row for size in growth.sizes for row in size.rows if row.cell == cell}
        label = f"{cell.workload}, {cell.clients} clients"
        rates = [row.per_second.median for row in rows.values()]
        throughput.plot(list(rows), rates, marker="o", label=label)
        worst = [row.p99_ms.median for row in rows.values()]
        latency.plot(list(rows), worst, marker="o", label=label)
    memory.plot(sizes, [size.server_mib for size in growth.sizes], marker="o", color="black")
    titles = ("per second", "p99 in ms", "memory of the server in MiB")
    for axes, title in zip((throughput, latency, memory), titles, strict=True):
        axes.set_title(title)
        axes.set_xscale("log")
        axes.set_xlabel("orders, and as many products")
        _start_at_zero(axes)
    throughput.legend()
    _save(figure, files)


def _draw(axes: Axes, rows: Sequence[Row], what: str) -> None:
    for key, (label, colour, style) in LINES.items():
        mine = sorted(
            (row for row in rows if (row.cell.engine, row.cell.subject, row.cell.processes) == key),
            key=lambda row: row.cell.clients,
        )
        if mine:
            ranges = [getattr(row, what) for row in mine]
            clients = [row.cell.clients for row in mine]
            axes.plot(
                clients,
                [each.median for each in ranges],
                label=label,
                color=colour,
                linestyle=style,
                marker="o",
                markersize=4,
            )
            axes.fill_between(
                clients,
                [each.least for each in ranges],
                [each.most for each in ranges],
                color=colour,
                alpha=0.15,
            )


def _draw_bests(axes: Axes, rows: Iterable[Row]) -> None:
    for subject, colour in BESTS.items():
        seen = [row.per_second.median for row in rows if row.cell.subject == subject]
        if seen:
            axes.axhline(max(seen), color=colour, linestyle=":", label=subject)


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title)
    axes.set_xscale("log", base=2)
    axes.set_xticks(CLIENTS, [str(each) for each in CLIENTS])
    axes.set_xlabel("clients")
    _start_at_zero(axes)


def _start_at_zero(axes: Axes) -> None:
    if axes.has_data():
        axes.set_ylim(0, HEADROOM * axes.dataLim.y1)
    axes.grid(visible=True, alpha=0.3)


def _save(figure: Figure, files: Iterable[Path]) -> None:
    for file in files:
        # Without the date, equal results give equal files.
        figure.savefig(file, dpi=110, metadata={"Date": None} if file.suffix == ".svg" else None)
