"""A comparison reports what its pairs show; a failed measurement stands in its row."""

import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bench.comparison import __main__ as command
from bench.comparison.report import show
from bench.comparison.results import Comparison, Pair, Row
from bench.comparison.revisions import BASE, HEAD, Revision
from bench.comparison.workloads import WORKLOADS, ComparedWorkload, chosen
from bench.results import NoResult
from tests.bench.bench_factories import MACHINE

ORDERS, ONE_CLIENT = WORKLOADS["orders"], WORKLOADS["one-client"]


def test_slower_by_3_percent_means_that_the_whole_interval_lies_below_0_97() -> None:
    assert _row([0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.9699]).is_slower
    assert not _row([0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.97]).is_slower
    assert not _row([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0]).is_slower


def test_faster_by_3_percent_means_that_the_whole_interval_lies_above_1_03() -> None:
    assert _row([1.04, 1.1, 1.1, 1.1, 1.1, 1.1, 2.0]).is_faster
    assert not _row([1.03, 1.1, 1.1, 1.1, 1.1, 1.1, 2.0]).is_faster


def test_ratio_above_1_is_better_for_rates_and_for_latencies() -> None:
    faster = [Pair(base=100, head=125)] * 7
    assert Row(workload=ORDERS, pairs=faster, failure=None).ratio.median == 1.25
    assert Row(workload=ONE_CLIENT, pairs=faster, failure=None).ratio.median == 0.8
    assert Row(workload=ONE_CLIENT, pairs=faster, failure=None).is_slower


def test_median_of_the_ratios_is_that_of_the_pairs() -> None:
    # A machine that grows slower strikes both sides of a pair, and so no ratio.
    pairs = [Pair(base=rate, head=1.1 * rate) for rate in (100, 90, 80, 70, 60, 50, 40)]
    ratio = Row(workload=ORDERS, pairs=pairs, failure=None).ratio

    assert (ratio.low, ratio.median, ratio.high) == pytest.approx((1.1, 1.1, 1.1))


def test_comparison_passes_if_every_workload_has_a_result_and_none_is_slower() -> None:
    same = _row([1.0] * 7)
    assert _comparison([same]).is_passed
    assert not _comparison([same, _row([0.9] * 7)]).is_passed
    assert not _comparison([same, _failed_row()]).is_passed


def test_report_shows_medians_ratio_interval_verdict_revisions_and_machine() -> None:
    shown = _shown([_row([0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96]), _row([1.0] * 7, ONE_CLIENT)])

    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "orders per s 1,000.0 930.0 0.930 0.900 to 0.960 7 slower by 3 %" in lines
    assert "one-client p50 ms 1,000.0 1,000.0 1.000 1.000 to 1.000 7" in lines
    assert "base: 0123456789ab" in lines
    assert "head: abcdef012345 with changes (tree 0a1b2c3d4e5f)" in lines
    assert lines[0].startswith("Abacus, 2 cores, 24 GiB")


def test_report_shows_a_failed_workload_in_its_row_and_the_others_beside_it() -> None:
    shown = _shown([_failed_row(), _row([1.1] * 7, ONE_CLIENT)])

    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "orders per s no result 1 no result: head: [broken] pipe" in lines
    assert "one-client p50 ms 1,000.0 909.1 1.100 1.100 to 1.100 7 faster by 3 %" in lines


def test_workloads_are_chosen_by_name_and_are_all_for_none() -> None:
    assert chosen("") == list(WORKLOADS.values())
    assert chosen("one-client orders") == [ONE_CLIENT, ORDERS]
    assert chosen("orders, one-client,orders") == [ORDERS, ONE_CLIENT]
    with pytest.raises(ValueError, match="unknown workload: order, ordres; choose from orders, "):
        chosen("order ordres orders")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "Missing argument"),
        (["abc", "--pairs", "6"], "greater than or equal to 7"),
        (["abc", "--workloads", "ordres"], "unknown workload: ordres"),
        (["abc", "--seconds", "0"], "greater than or equal to 1"),
    ],
)
def test_wrong_arguments_are_rejected_before_anything_is_measured(
    arguments: Sequence[str], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(base: str, **options: object) -> Comparison:
        raise AssertionError(base, options)

    monkeypatch.setattr(command, "compare", never)
    done = CliRunner().invoke(command.app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1"})

    assert done.exit_code == 2
    assert error in done.output


def test_arguments_reach_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def compare(
        base: str,
        *,
        workloads: Sequence[ComparedWorkload],
        pairs: int,
        seconds: int,
        report: object,
    ) -> Comparison:
        calls.extend([base, workloads, pairs, seconds])
        assert callable(report)
        return _comparison([_row([1.0] * 7)])

    monkeypatch.setattr(command, "compare", compare)
    given = ["--pairs", "9", "--workloads", "orders", "v1", "--seconds", "1"]
    assert CliRunner().invoke(command.app, given).exit_code == 0
    assert CliRunner().invoke(command.app, ["--workloads", "", "v1"]).exit_code == 0
    assert calls == ["v1", [ORDERS], 9, 1, "v1", list(WORKLOADS.values()), 7, 3]


@pytest.mark.parametrize("fault", ["slower", "failed"])
def test_command_exits_with_1_if_a_workload_is_slower_or_has_no_result(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _row([0.9] * 7) if fault == "slower" else _failed_row()
    monkeypatch.setattr(command, "compare", lambda *_, **__: _comparison([row]))
    done = CliRunner().invoke(command.app, ["v1"])

    assert done.exit_code == 1
    assert "orders" in done.output


def test_revision_that_cannot_be_installed_ends_the_command_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compare(*_: object, **__: object) -> Comparison:
        raise RuntimeError("cannot install base (v1)")

    monkeypatch.setattr(command, "compare", compare)
    done = CliRunner().invoke(command.app, ["v1"])

    assert done.exit_code == 1
    assert "no result: cannot install base (v1)" in str(done.output)


def test_comparison_imports_the_code_of_neither_revision() -> None:
    code = "import sys, bench.comparison.__main__; print([n for n in sys.modules if n == 'shop'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"


def _row(ratios: Sequence[float], workload: ComparedWorkload = ORDERS) -> Row:
    base = 1000.0
    pairs = [
        Pair(base=base, head=base / ratio if workload is ONE_CLIENT else base * ratio)
        for ratio in ratios
    ]
    return Row(workload=workload, pairs=pairs, failure=None)


def _failed_row() -> Row:
    failure = NoResult(reason="head: [broken] pipe")
    return Row(workload=ORDERS, pairs=[Pair(base=100, head=100)], failure=failure)


def _comparison(rows: Sequence[Row]) -> Comparison:
    changed = "abcdef012345 with changes (tree 0a1b2c3d4e5f)"
    return Comparison(
        machine=MACHINE,
        base=Revision(role=BASE, name="0123456789ab", tree=""),
        head=Revision(role=HEAD, name=changed, tree=""),
        seconds=3,
        rows=rows,
    )


def _shown(rows: Sequence[Row]) -> str:
    text = StringIO()
    show(_comparison(rows), Console(file=text, width=160))
    return text.getvalue()
