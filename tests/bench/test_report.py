"""The report shows the measurements unchanged."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bench import results
from bench.reporting.report import BEGIN, END, section, with_section
from bench.reporting.summary import figures, rows, scaling_figures
from bench.reporting.terminal import show, show_growth
from bench.results import DatasetSize, Failure, NoResult, Range, Results, ScalingResults, Statements
from tests.bench.bench_factories import (
    MACHINE,
    cell,
    dataset_size,
    limit_measurements,
    measured,
    results_of,
    results_with_a_failure,
    sound_growth,
    sound_results,
)


def test_ratio_is_results_of_the_best_of_either_side_in_the_same_round() -> None:
    (figure,) = figures(
        [
            *limit_measurements(number=1, per_second=1000),
            measured("shop", 32, 1100, number=1),
            measured("shop", 128, 1500, number=1),
            # A slow moment of the machine strikes both.
            *limit_measurements(number=2, per_second=500),
            measured("shop", 32, 900, number=2),
            measured("shop", 128, 800, number=2),
        ]
    )[:1]

    assert figure.name == "orders: shop / database limit"
    assert figure.value == Range(median=1.65, least=1.5, most=1.8)


def test_measurement_missing_in_some_rounds_enters_no_figure() -> None:
    (figure,) = figures(
        [
            *limit_measurements(number=1, per_second=1000),
            measured("shop", 128, 1500, number=1),
            measured("shop", 8, 9000, number=1),
            *limit_measurements(number=2, per_second=1000),
            measured("shop", 128, 1500, number=2),
        ]
    )[:1]

    assert figure.value == Range(median=1.5, least=1.5, most=1.5)


def test_row_is_compared_with_the_limit_and_the_baseline_at_equal_clients() -> None:
    found = rows(
        [
            *limit_measurements(number=1, per_second=1000),
            measured("ORM baseline", 128, 300, number=1),
            measured("shop", 128, 1500, number=1),
        ],
        [Statements(cell=cell("shop", 128), statements=0.25, commits=0.0625)],
    )

    limit, baseline, shop = found[0], found[-2], found[-1]
    assert limit.to_limit == Range(median=0.5, least=0.5, most=0.5)
    assert baseline.to_baseline == Range(median=1, least=1, most=1)
    assert shop.to_limit == Range(median=1.5, least=1.5, most=1.5)
    assert shop.to_baseline == Range(median=5, least=5, most=5)
    assert (shop.statements, shop.commits) == (0.25, 0.0625)
    assert limit.statements is None


def test_results_are_stored_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)

    for run in (sound_results(), results_with_a_failure()):
        assert results.read(results.write("run", run), Results) == run
    assert results.read(results.write("growth", sound_growth()), ScalingResults) == sound_growth()


def test_readme_section_states_figures_rates_and_conditions() -> None:
    report = section(sound_results(), sound_growth())

    assert "| orders: shop / database limit | 1.50 | 1.50 to 1.50 |" in report
    assert "| throughput kept: orders | 0.90 | 0.90 to 0.90 |" in report
    assert ("| database limit |  | 500 |  |  | 1,000 (16) | 1.00 |  | 0.90, 0.50, 0.10 |") in report
    assert (
        "| **shop** |  |  |  | 1,500 | 1,500 (128) | 1.50 | 20.0, 40.0 ms | 0.90, 0.50, 0.10 |"
    ) in report
    assert "| shop, orders, 128 clients | 0.25 | 0.06 |" in report
    assert "| 1,000,000 | 900 | 40.0 | 80 MiB |" in report
    assert "Abacus, 2 cores, 24 GiB" in report


def test_report_without_scaling_results_omits_their_section() -> None:
    assert "growth" not in section(sound_results(), None).replace(
        "Carts, reads, statements, growth", ""
    )


def test_terminal_shows_every_row_and_figure() -> None:
    shown = StringIO()
    show(sound_results(), Console(file=shown, width=200))

    lines = [line.split() for line in shown.getvalue().splitlines()]
    assert (
        "orders shop postgresql 1 128 1,500 20.0 40.0 0.90 0.50 0.10 0.20 0.25 0.06 1.50 5.00"
    ).split() in lines
    assert "orders: shop / database limit 1.50 1.50 1.50".split() in lines


BASELINE_FAILED = "ORM baseline in 1, postgresql, orders, 128 clients: no response within 64 s"


def test_figure_of_a_failed_measurement_says_so_and_the_others_remain() -> None:
    found = {each.name: each.value for each in results_with_a_failure().figures}

    assert found == {
        "orders: shop / database limit": Range(median=1.5, least=1.5, most=1.5),
        "orders, 128 clients: shop / ORM baseline": NoResult(reason=BASELINE_FAILED),
        "orders, 128 clients: p99 / p50": Range(median=2, least=2, most=2),
    }


def test_best_of_a_subject_needs_all_of_its_measurements() -> None:
    (figure,) = figures(
        [*limit_measurements(number=1, per_second=1000), measured("shop", 32, 1100, number=1)],
        [Failure(cell=cell("shop", 128), during="round 1", reason="broken")],
    )[:1]

    assert figure.value == NoResult(reason="shop in 1, postgresql, orders, 128 clients: broken")


def test_measurement_that_fails_in_one_round_enters_no_figure() -> None:
    found = figures(
        [
            *limit_measurements(number=1, per_second=1000),
            measured("shop", 128, 1500, number=1),
            *limit_measurements(number=2, per_second=1000),
        ],
        [Failure(cell=cell("shop", 128), during="round 2", reason="broken")],
    )

    reason = NoResult(reason="shop in 1, postgresql, orders, 128 clients: broken")
    assert {each.name: each.value for each in found} == {
        "orders: shop / database limit": reason,
        "orders, 128 clients: p99 / p50": reason,
    }


def test_ratio_to_a_failed_measurement_says_so_and_the_row_remains() -> None:
    shop = results_with_a_failure().rows[-1]

    assert shop.per_second == Range(median=1500, least=1500, most=1500)
    assert shop.to_limit == Range(median=1.5, least=1.5, most=1.5)
    assert shop.to_baseline == NoResult(reason=BASELINE_FAILED)


def test_terminal_shows_a_failed_measurement_in_its_row() -> None:
    shown = StringIO()
    show(results_with_a_failure(), Console(file=shown, width=300))

    lines = [line.split() for line in shown.getvalue().splitlines()]
    baseline = (
        "orders ORM baseline postgresql 1 128 no result round 1: no result: no response within 64 s"
    )
    assert baseline.split() in lines
    (shop,) = (line for line in lines if line[:2] == ["orders", "shop"])
    assert " ".join(shop).endswith(f"1.50 no result / baseline: no result: {BASELINE_FAILED}")
    assert f"orders, 128 clients: shop / ORM baseline no result {BASELINE_FAILED}".split() in lines


def test_report_without_failures_has_no_column_for_them() -> None:
    shown = StringIO()
    show(sound_results(), Console(file=shown, width=250))

    assert "failure" not in shown.getvalue()


def test_readme_names_failed_measurements() -> None:
    report = section(results_with_a_failure(), None)

    assert "| ORM baseline |  |  |  | no result |  |  |  |  |" in report
    figure = "orders, 128 clients: shop / ORM baseline"
    assert f"| {figure} | no result: {BASELINE_FAILED} |  |" in report
    label, reason = BASELINE_FAILED.split(": ")
    assert f"- {label}, round 1: no result: {reason}" in report


def test_completely_failed_run_is_shown() -> None:
    failure = Failure(cell=cell("shop", 128), during="round 1", reason="broken")
    shown = StringIO()
    show(results_of([], [failure]), Console(file=shown, width=250))

    assert "round 1: no result: broken" in shown.getvalue()


def test_scaling_without_the_largest_size_has_no_figure_and_the_others_remain() -> None:
    failure = Failure(cell=cell("shop", 32), during="round 1", reason="broken")
    large = DatasetSize(orders=10**6, server_mib=80, rows=[], measurements=[], failures=[failure])
    sizes = [dataset_size(10_000, 1000), large]
    growth = ScalingResults(
        machine=MACHINE, rounds=1, seconds=2, figures=scaling_figures(sizes), sizes=sizes
    )
    shown = StringIO()
    show_growth(growth, Console(file=shown, width=250))

    lines = [line.split() for line in shown.getvalue().splitlines()]
    assert "10,000 orders 1,000 20.0 40.0 0.20 80".split() in lines
    assert "1,000,000 orders no result 80 round 1: no result: broken".split() in lines
    reason = "shop in 1, postgresql, orders, 32 clients: broken"
    assert f"throughput kept: orders no result {reason}".split() in lines
    assert growth.failures == [failure]


def test_readme_is_rewritten_only_between_its_comments() -> None:
    readme = f"before\n{BEGIN}\nold\n{END}\nafter\n"

    rewritten = with_section(readme, "new")

    assert rewritten == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert with_section(rewritten, "new") == rewritten


@pytest.mark.parametrize("readme", ["nothing", f"{BEGIN} alone", f"{END} before {BEGIN}"])
def test_readme_without_the_comments_stays_unchanged(readme: str) -> None:
    with pytest.raises(ValueError, match="the README has no"):
        with_section(readme, "new")
