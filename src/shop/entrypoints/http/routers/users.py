"""Users: become one."""

from shop.application.accounts import SignUp
from shop.domain.user import EmailTaken
from shop.entrypoints.http.dependencies import CurrentExchange, HeldToken, TheAccounts
from shop.entrypoints.http.openapi import TO_CHANGE_SESSIONS, refuses
from shop.entrypoints.http.routers.topic import topic
from shop.entrypoints.http.schemas.accounts import AccountAnswer
from shop.entrypoints.http.schemas.users import NewUser, SignedUpAnswer, UserAnswer

router = topic("users and sessions", prefix="/api/v1")


@router.post("/users", status_code=201, responses=refuses(EmailTaken, *TO_CHANGE_SESSIONS))
async def sign_up(
    body: NewUser, token: HeldToken, accounts: TheAccounts, exchange: CurrentExchange
) -> SignedUpAnswer:
    """Become a customer with an account, and be signed in; the cart comes along."""
    command = SignUp(session=token, name=body.name, email=body.email, password=body.password)
    signed_up = await accounts.sign_up(command)
    exchange.follow(signed_up.visit)
    exchange.log("signed up")
    return SignedUpAnswer(
        user=UserAnswer.of(signed_up.user), account=AccountAnswer.of(signed_up.account)
    )
