"""What the books say to a request: an answer that is remembered under its key, or none yet."""

from dataclasses import dataclass

from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationResult,
    Declined,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """What was asked is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What was asked is not done and will not be; the reason is a word such as `captured`."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """The gateway answers as if something had gone wrong in it."""


SimulatedResponse = AuthorisationResult | Succeeded | Failed | ServerError


@dataclass(frozen=True, slots=True, kw_only=True)
class NoResponse:
    """This request gets no answer, however long somebody waits for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayedResponse:
    """The payment is decided after some time."""

    payment_id: str
    seconds: float


FirstResponse = SimulatedResponse | NoResponse | DelayedResponse

NOT_FOUND = "not_there"
KEY_REUSED = "key_reused"


def to_columns(response: SimulatedResponse) -> tuple[str, str]:
    """Return an answer as the books keep it: its kind, and what goes with it."""
    match response:
        case Approved(payment_id=detail):
            return "approved", detail
        case ActionRequired(payment_id=detail):
            return "challenged", detail
        case Declined(reason=detail):
            return "declined", detail
        case Failed(reason=detail):
            return "refused", detail
        case Succeeded():
            return "done", ""
        case ServerError():
            return "fault", ""


def from_columns(kind: str, detail: str) -> SimulatedResponse:
    """Return the answer that was kept so."""
    match kind:
        case "approved":
            return Approved(payment_id=detail)
        case "challenged":
            return ActionRequired(payment_id=detail)
        case "declined":
            return Declined(reason=detail)
        case "refused":
            return Failed(reason=detail)
        case "done":
            return Succeeded()
        case _:
            return ServerError()
