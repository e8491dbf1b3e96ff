"""Once a command has committed something, its failure is not reported as a change of nothing."""

import logging

import pytest

from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from shop.application.transactions.runner import after_commit
from shop.domain.cart import EmptyCart


def test_database_failure_leaves_the_outcome_unknown(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(CommitOutcomeUnknown, match="first commit failed: no disk"), after_commit():
        raise DatabaseUnavailable("no disk")

    assert caplog.records == []


def test_bug_leaves_the_outcome_unknown_and_is_logged_with_its_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bug = ZeroDivisionError("a bug")

    with pytest.raises(CommitOutcomeUnknown), after_commit():
        raise bug

    (record,) = caplog.records
    assert (record.levelno, record.message) == (logging.ERROR, "step_after_commit_failed")
    assert record.exc_info is not None
    assert record.exc_info[1] is bug


@pytest.mark.parametrize("error", [EmptyCart(), CommitOutcomeUnknown("no answer")])
def test_definite_error_and_unknown_outcome_stay_as_they_are(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(type(error)) as raised, after_commit():
        raise error

    assert raised.value is error
    assert caplog.records == []
