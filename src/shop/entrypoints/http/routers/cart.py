"""The cart of the session; it works before signing in, too."""

from shop.application.carts import PutCartLine, RemoveCartLine
from shop.domain.catalogue import ProductNotFound
from shop.entrypoints.http.dependencies import Anyone, CurrentExchange, HeldToken, TheCarts
from shop.entrypoints.http.openapi import TO_CHANGE_SESSIONS, TO_VISITORS, refuses
from shop.entrypoints.http.routers.products import PathSku
from shop.entrypoints.http.routers.topic import topic
from shop.entrypoints.http.schemas.carts import CartAnswer, CartQuantity

router = topic("cart", prefix="/api/v1/cart")


@router.get("", responses=refuses(*TO_VISITORS))
async def show_cart(visitor: Anyone, carts: TheCarts) -> CartAnswer:
    """Return my cart, at present prices."""
    return CartAnswer.of(await carts.show(visitor.cart))


@router.put("/lines/{sku}", responses=refuses(*TO_VISITORS, *TO_CHANGE_SESSIONS, ProductNotFound))
async def put_cart_line(
    sku: PathSku,
    body: CartQuantity,
    token: HeldToken,
    carts: TheCarts,
    exchange: CurrentExchange,
) -> CartAnswer:
    """Have this quantity of a product in my cart."""
    command = PutCartLine(session=token, sku=sku, quantity=body.quantity)
    changed = await carts.put(command)
    exchange.follow(changed.visit)
    return CartAnswer.of(changed.cart)


@router.delete("/lines/{sku}", responses=refuses(*TO_VISITORS, *TO_CHANGE_SESSIONS))
async def remove_cart_line(
    sku: PathSku, visitor: Anyone, carts: TheCarts, exchange: CurrentExchange
) -> CartAnswer:
    """Have no such product in my cart."""
    changed = await carts.remove(RemoveCartLine(session=visitor.token, sku=sku))
    exchange.follow(changed.visit)
    return CartAnswer.of(changed.cart)


@router.delete("", responses=refuses(*TO_VISITORS, *TO_CHANGE_SESSIONS))
async def clear_cart(visitor: Anyone, carts: TheCarts, exchange: CurrentExchange) -> CartAnswer:
    """Have nothing in my cart."""
    changed = await carts.clear(visitor.token)
    exchange.follow(changed.visit)
    return CartAnswer.of(changed.cart)
