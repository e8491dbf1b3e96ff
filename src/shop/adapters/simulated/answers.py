"""What the books say to a request: an answer that is remembered under its key, or none yet."""

from dataclasses import dataclass

from shop.application.ports.payment_gateway import Approved, Challenged, Declined, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was asked is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What was asked is not done and will not be; the reason is a word such as `captured`."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The gateway answers as if something had gone wrong in it."""


Answer = Verdict | Done | Refused | Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """This request gets no answer, however long somebody waits for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """The payment is decided after some time."""

    payment_id: str
    seconds: float


Said = Answer | Unanswered | Later

NOT_THERE = "not_there"
KEY_REUSED = "key_reused"


def written(answer: Answer) -> tuple[str, str]:
    """Return an answer as the books keep it: its kind, and what goes with it."""
    match answer:
        case Approved(payment_id=detail):
            return "approved", detail
        case Challenged(payment_id=detail):
            return "challenged", detail
        case Declined(reason=detail):
            return "declined", detail
        case Refused(reason=detail):
            return "refused", detail
        case Done():
            return "done", ""
        case Fault():
            return "fault", ""


def read(kind: str, detail: str) -> Answer:
    """Return the answer that was kept so."""
    match kind:
        case "approved":
            return Approved(payment_id=detail)
        case "challenged":
            return Challenged(payment_id=detail)
        case "declined":
            return Declined(reason=detail)
        case "refused":
            return Refused(reason=detail)
        case "done":
            return Done()
        case _:
            return Fault()
