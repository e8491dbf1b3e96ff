"""The limits: every figure has its measurements, and the report shows what they cost."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from bench.limits import quote_loop
from bench.limits.schedule import FIGURES, MORE_OVERLOADED, cells
from bench.reporting.report import section
from bench.reporting.summary import figures, rows
from bench.reporting.terminal import show_limits
from bench.results import Cell, Failure, Measurement, NoResult, Range, Results
from shop.domain.pricing.quote import quote
from tests.bench.bench_factories import MACHINE, measured, sound_results


def test_every_figure_has_its_measurements_in_each_round() -> None:
    assert _names(everything=True) == list(FIGURES)


def test_quick_run_leaves_out_only_the_heavier_overloads_and_hot_lines_on_sqlite() -> None:
    others = [f"overload, {clients:,} clients: " for clients in MORE_OVERLOADED]
    others.append("two hot lines, SQLite: ")
    left_out = [each for each in FIGURES if each not in _names(everything=False)]
    assert left_out == [each for each in FIGURES if each.startswith(tuple(others))]
    assert len(left_out) == 11


def test_cells_of_a_round_are_measured_once() -> None:
    schedule = cells(everything=True)
    assert len(set(schedule)) == len(schedule)
    assert set(cells(everything=False)) < set(schedule)


def test_figures_compare_the_best_of_the_shop_with_the_best_of_the_limit() -> None:
    found = {each.name: each.value for each in _results().figures}

    assert found["two lines: shop / lean limit"] == Range(median=0.5, least=0.5, most=0.5)
    costs = "two lines, 128 clients: server's CPU ms per order"
    assert found[costs] == Range(median=1.8, least=1.8, most=1.8)
    quote = "quote of 10 lines, 5 promotions"
    assert found[f"{quote}: CPU ms"] == Range(median=2, least=2, most=2)
    ratio = found[f"{quote} / server's CPU of an order, 128 clients"]
    assert ratio == Range(median=2 / 1.8, least=2 / 1.8, most=2 / 1.8)
    assert found["overload, 512 clients: rejections/s"] == Range(median=70, least=70, most=70)
    memory = "overload, 512 clients: server's memory / that with 128"
    assert found[memory] == Range(median=1.5, least=1.5, most=1.5)


def test_terminal_shows_what_an_order_costs_and_what_was_rejected() -> None:
    shown = StringIO()
    show_limits(_results(), Console(file=shown, width=250))

    lines = [" ".join(line.split()) for line in shown.getvalue().splitlines()]
    measurement = "overload shop postgresql 512 500 20.0 40.0 0.90 0.50 0.10 0.20 1.80 70 180"
    assert measurement in lines
    assert "two lines: shop / lean limit 0.50 0.50 0.50" in lines


def test_page_shows_the_limits_with_their_range() -> None:
    page = section(sound_results(), None, _results())

    assert "| two lines: shop / lean limit | 0.50 | 0.50 to 0.50 |" in page
    row = "| overload, shop, postgresql | 512 | 500 | 500 to 500 | 20.0 | 40.0 | 1.80 | 70 | 180 |"
    assert row in page


def test_failed_measurement_of_a_limit_is_named_and_the_others_remain() -> None:
    (failed, *rest) = cells(everything=False)
    failure = Failure(cell=failed, during="round 1", reason="broken")
    results = _results(rest, [failure])
    shown = StringIO()
    show_limits(results, Console(file=shown, width=250))

    found = {each.name: each.value for each in results.figures}
    assert isinstance(found["two lines: shop / lean limit"], NoResult)
    assert isinstance(found["transfers/s"], Range)
    assert "round 1: no result: broken" in shown.getvalue()


@pytest.mark.parametrize(
    "subject", ["lean limit", "lean loop", "full loop", "young shop", "quote loop"]
)
def test_every_subject_is_measured_in_every_run(subject: str) -> None:
    for everything in (True, False):
        assert subject in {each.subject for each in cells(everything=everything)}


def test_quote_loop_prices_10_lines_at_two_rates_with_shipping_and_5_promotions() -> None:
    quoted = quote(quote_loop.cart(), quote_loop.rules(), quote_loop.NOW)

    assert (len(quoted.lines), len(quoted.discounts), len(quoted.taxes)) == (10, 5, 2)
    assert (quoted.shipping_price, quoted.problems) == (490, ())
    assert quote_loop.run(seconds=0)["quotes"] == 200


def _names(*, everything: bool) -> list[str]:
    found = figures([_measurement(each) for each in cells(everything=everything)], (), FIGURES)
    return [each.name for each in found]


def _measurement(cell: Cell) -> Measurement:
    rate = 1000 if cell.subject == "lean limit" else 500
    is_overloaded = cell.clients > 128
    return replace(
        measured(cell.subject, cell.clients, rate, number=1),
        cell=cell,
        rejected_per_second=70 if is_overloaded else 0,
        server_mib=180 if is_overloaded else 120,
    )


def _results(of: list[Cell] | None = None, failures: list[Failure] | None = None) -> Results:
    measurements = [_measurement(each) for each in of or cells(everything=False)]
    return Results(
        machine=MACHINE,
        rounds=1,
        seconds=1,
        figures=figures(measurements, failures or (), FIGURES),
        rows=rows(measurements, failures=failures or ()),
        statements=[],
        measurements=measurements,
        failures=failures or [],
    )
