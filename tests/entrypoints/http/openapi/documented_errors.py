"""The codes of exactly the errors that each route can return."""

OF_PROBES = {
    "invalid-request",
    "content-too-large",
    "internal-error",
    "malformed-http",
    "request-timeout",
    "head-too-large",
}
OF_ALL = OF_PROBES | {"unknown-host", "https-required"}
OF_STORED = OF_ALL | {"service-unavailable"}
OF_BODIES = {"unsupported-media-type", "unsupported-encoding", "unsupported-charset"}
OF_UNSAFE = OF_STORED | OF_BODIES | {"cross-site", "outcome-unknown"}
# Looking may write down that the session was used, so also of that the outcome may be unknown.
OF_ANYONE = OF_STORED | {"session-expired", "outcome-unknown"}
OF_SIGNED_IN = OF_ANYONE | {"not-signed-in"}
OF_ANYONE_UNSAFE = OF_ANYONE | OF_UNSAFE
OF_SIGNED_IN_UNSAFE = OF_SIGNED_IN | OF_UNSAFE
OF_ADMINS = OF_SIGNED_IN | {"forbidden"}
OF_ADMINS_UNSAFE = OF_SIGNED_IN_UNSAFE | {"forbidden"}
OF_CHANGED_SESSIONS = {"session-conflict", "session-too-large"}
OF_KEYS = {"invalid-idempotency-key", "idempotency-key-reused", "request-in-progress"}
OF_FULFILMENTS = {
    "order-not-found",
    "illegal-transition",
    "payment-not-captured",
    "quantity-exceeds-order",
}


def _of_rules(
    path: str, not_found: str, on_put: str = "", on_delete: str = ""
) -> dict[tuple[str, str], set[str]]:
    """Return the errors of the routes of one kind of rule."""
    return {
        ("get", path): OF_ADMINS,
        ("get", f"{path}/{{slug}}"): OF_ADMINS | {not_found},
        ("put", f"{path}/{{slug}}"): OF_ADMINS_UNSAFE | {"precondition-failed"} | ({on_put} - {""}),
        ("delete", f"{path}/{{slug}}"): OF_ADMINS_UNSAFE
        | {not_found, "precondition-failed"}
        | ({on_delete} - {""}),
    }


# The codes of exactly the errors that each route can return.
ERRORS = {
    ("post", "/api/v1/users"): OF_UNSAFE
    | OF_CHANGED_SESSIONS
    | {"email-taken", "too-many-requests"},
    ("post", "/api/v1/session"): OF_UNSAFE
    | OF_CHANGED_SESSIONS
    | {"wrong-credentials", "too-many-requests"},
    ("get", "/api/v1/users"): OF_ADMINS,
    ("get", "/api/v1/users/{user_id}"): OF_ADMINS | {"user-not-found"},
    ("patch", "/api/v1/users/{user_id}"): OF_ADMINS_UNSAFE | {"user-not-found"},
    ("delete", "/api/v1/users/{user_id}/sessions"): OF_ADMINS_UNSAFE | {"user-not-found"},
    ("get", "/api/v1/addresses"): OF_SIGNED_IN,
    ("post", "/api/v1/addresses"): OF_SIGNED_IN_UNSAFE | {"too-many-addresses"},
    ("put", "/api/v1/addresses/{address_id}"): OF_SIGNED_IN_UNSAFE | {"address-not-found"},
    ("delete", "/api/v1/addresses/{address_id}"): OF_SIGNED_IN_UNSAFE | {"address-not-found"},
    ("patch", "/api/v1/cart"): OF_ANYONE_UNSAFE | OF_CHANGED_SESSIONS | {"too-many-requests"},
    ("get", "/api/v1/cart/shipping-methods"): OF_ANYONE,
    ("post", "/api/v1/cart/codes"): OF_ANYONE_UNSAFE
    | OF_CHANGED_SESSIONS
    | {"code-not-found", "code-not-applicable", "code-used-up", "too-many-requests"},
    ("delete", "/api/v1/cart/codes/{code}"): OF_ANYONE_UNSAFE | OF_CHANGED_SESSIONS,
    ("get", "/api/v1/session"): OF_ANYONE,
    ("patch", "/api/v1/session"): OF_ANYONE_UNSAFE | OF_CHANGED_SESSIONS | {"too-many-requests"},
    ("get", "/api/v1/session/order"): OF_ANYONE | {"no-order"},
    ("delete", "/api/v1/session"): OF_UNSAFE,
    ("get", "/api/v1/sessions"): OF_SIGNED_IN,
    ("delete", "/api/v1/sessions"): OF_SIGNED_IN_UNSAFE,
    ("delete", "/api/v1/sessions/{handle}"): OF_SIGNED_IN_UNSAFE | {"session-not-found"},
    ("post", "/api/v1/password"): OF_SIGNED_IN_UNSAFE
    | OF_CHANGED_SESSIONS
    | {"wrong-password", "too-many-requests"},
    ("get", "/api/v1/account"): OF_SIGNED_IN,
    ("get", "/api/v1/account/transfers"): OF_SIGNED_IN,
    ("post", "/api/v1/transfers"): OF_SIGNED_IN_UNSAFE
    | OF_KEYS
    | {
        "forbidden",
        "recipient-not-found",
        "insufficient-funds",
        "balance-too-large",
        "too-many-requests",
    },
    ("post", "/api/v1/accounts/{account_id}/credits"): OF_ADMINS_UNSAFE
    | OF_KEYS
    | {"account-not-found", "balance-too-large"},
    ("get", "/api/v1/products"): OF_SIGNED_IN | {"forbidden"},
    **_of_rules("/api/v1/tax-rates", "tax-rate-not-found", on_put="seller-country-unknown"),
    **_of_rules("/api/v1/shipping-zones", "shipping-zone-not-found", on_delete="zone-in-use"),
    **_of_rules("/api/v1/shipping-methods", "shipping-method-not-found"),
    **_of_rules("/api/v1/promotions", "promotion-not-found"),
    ("get", "/api/v1/promotions/{slug}/codes"): OF_ADMINS | {"promotion-not-found"},
    ("post", "/api/v1/promotions/{slug}/codes"): OF_ADMINS_UNSAFE
    | OF_KEYS
    | {"promotion-not-found"},
    ("get", "/api/v1/categories"): OF_STORED | {"outcome-unknown"},
    ("put", "/api/v1/categories/{slug}"): OF_ADMINS_UNSAFE,
    ("delete", "/api/v1/categories/{slug}"): OF_ADMINS_UNSAFE
    | {"category-not-found", "category-in-use"},
    ("get", "/api/v1/products/{handle}"): OF_STORED | {"product-not-found", "outcome-unknown"},
    ("put", "/api/v1/products/{handle}"): OF_ADMINS_UNSAFE
    | {"precondition-failed", "sku-taken", "category-not-found"},
    ("delete", "/api/v1/products/{handle}"): OF_ADMINS_UNSAFE
    | {"product-not-found", "precondition-failed"},
    ("post", "/api/v1/products/{handle}/stock"): OF_ADMINS_UNSAFE
    | OF_KEYS
    | {"product-not-found", "stock-below-reserved", "several-variants"},
    ("get", "/api/v1/products/{handle}/stock/movements"): OF_ADMINS
    | {"product-not-found", "several-variants"},
    ("get", "/api/v1/variants/{sku}/stock/movements"): OF_ADMINS | {"product-not-found"},
    ("get", "/api/v1/variants/{sku}"): OF_STORED | {"product-not-found", "outcome-unknown"},
    ("post", "/api/v1/variants/{sku}/stock"): OF_ADMINS_UNSAFE
    | OF_KEYS
    | {"product-not-found", "stock-below-reserved"},
    ("post", "/api/v1/products/{handle}/images"): OF_ADMINS_UNSAFE
    | OF_KEYS
    | {"product-not-found", "invalid-image", "too-many-images"},
    ("patch", "/api/v1/products/{handle}/images/{image_id}"): OF_ADMINS_UNSAFE
    | {"product-not-found", "image-not-found"},
    ("delete", "/api/v1/products/{handle}/images/{image_id}"): OF_ADMINS_UNSAFE
    | {"product-not-found", "image-not-found"},
    ("post", "/api/v1/imports"): OF_ADMINS_UNSAFE | OF_KEYS | {"import-in-progress"},
    ("get", "/api/v1/imports/{import_id}"): OF_ADMINS | {"import-not-found"},
    ("get", "/api/v1/products/export"): OF_ADMINS,
    ("get", "/media/{folder}/{name}"): OF_STORED | {"route-not-found"},
    ("get", "/api/v1/cart"): OF_ANYONE,
    ("delete", "/api/v1/cart"): OF_ANYONE_UNSAFE | OF_CHANGED_SESSIONS,
    ("put", "/api/v1/cart/lines/{sku}"): OF_ANYONE_UNSAFE
    | OF_CHANGED_SESSIONS
    | {"product-not-found", "too-many-requests"},
    ("delete", "/api/v1/cart/lines/{sku}"): OF_ANYONE_UNSAFE | OF_CHANGED_SESSIONS,
    ("post", "/api/v1/orders"): OF_SIGNED_IN_UNSAFE
    | OF_CHANGED_SESSIONS
    | OF_KEYS
    | {
        "forbidden",
        "product-not-found",
        "not-for-sale",
        "out-of-stock",
        "insufficient-funds",
        "code-not-found",
        "code-used-up",
        "code-not-applicable",
        "address-required",
        "shipping-unavailable",
        "price-changed",
        "empty-cart",
        "card-declined",
        "payment-expired",
        "payment-cancelled",
        "too-many-pending-orders",
        "too-many-requests",
    },
    ("post", "/api/v1/deposits"): OF_SIGNED_IN_UNSAFE
    | OF_KEYS
    | {
        "forbidden",
        "balance-too-large",
        "card-declined",
        "payment-expired",
        "too-many-requests",
    },
    ("get", "/api/v1/deposits"): OF_SIGNED_IN,
    ("get", "/api/v1/deposits/{deposit_id}"): OF_SIGNED_IN | {"deposit-not-found"},
    ("post", "/api/v1/webhooks/stripe"): OF_UNSAFE | {"invalid-signature"},
    ("get", "/api/v1/orders"): OF_SIGNED_IN | {"forbidden"},
    ("get", "/api/v1/orders/{order_id}"): OF_SIGNED_IN | {"order-not-found"},
    ("get", "/api/v1/orders/{order_id}/history"): OF_SIGNED_IN | {"order-not-found"},
    ("post", "/api/v1/orders/{order_id}/cancel"): OF_SIGNED_IN_UNSAFE
    | OF_KEYS
    | {"order-not-found", "illegal-transition", "order-partly-fulfilled", "balance-too-large"},
    ("post", "/api/v1/orders/{order_id}/shipments"): OF_ADMINS_UNSAFE | OF_KEYS | OF_FULFILMENTS,
    ("get", "/api/v1/orders/{order_id}/shipments"): OF_SIGNED_IN | {"order-not-found"},
    ("post", "/api/v1/orders/{order_id}/deliveries"): OF_ADMINS_UNSAFE | OF_KEYS | OF_FULFILMENTS,
    ("get", "/api/v1/orders/{order_id}/deliveries"): OF_SIGNED_IN | {"order-not-found"},
    ("post", "/api/v1/orders/{order_id}/refunds"): OF_ADMINS_UNSAFE
    | OF_FULFILMENTS
    | OF_KEYS
    | {
        "not-paid-by-card",
        "refund-exceeds-payment",
        "shipping-already-refunded",
        "nothing-to-refund",
        "balance-too-large",
    },
    ("get", "/api/v1/orders/{order_id}/refunds"): OF_SIGNED_IN | {"order-not-found"},
    ("get", "/api/v1/webhook-deliveries"): OF_SIGNED_IN | {"forbidden"},
    ("post", "/api/v1/webhook-deliveries/{delivery_id}/retry"): OF_ADMINS_UNSAFE
    | {"webhook-delivery-not-found"},
    ("get", "/"): OF_ALL,
    ("get", "/healthz"): OF_PROBES,
    ("get", "/readyz"): OF_PROBES
    | {"service-unavailable", "database-not-migrated", "database-incompatible", "shop-moved"},
    ("get", "/problems/{slug}"): OF_ALL | {"problem-not-found"},
}
