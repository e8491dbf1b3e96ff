import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.cart import Cart
from shop.domain.customer_cart import CartContent
from shop.domain.orders.order_details import OrderDetails
from shop.domain.session import MAX_PREFERENCES_BYTES, Preferences, SessionPolicy
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import Role
from tests.factories import NOW, id_of, session, user

POLICY = SessionPolicy(
    idle=timedelta(hours=1), visitor_idle=timedelta(hours=1), absolute=timedelta(hours=10)
)
INSTANT = timedelta(microseconds=1)
ADA = user("ada")
EMPTY = session()
CONTENT = CartContent(
    cart=Cart(lines=(LineQuantity(sku="TEA", quantity=1),)),
    details=OrderDetails(email="ada@example.com"),
)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)
objects = st.dictionaries(st.text(max_size=2), values, max_size=4)


def test_new_session_is_empty_and_anonymous() -> None:
    assert (EMPTY.user_id, EMPTY.roles, EMPTY.signed_in_at) == (None, frozenset(), None)
    assert (EMPTY.preferences, EMPTY.cart, EMPTY.last_order_id) == ({}, Cart(), None)
    assert (EMPTY.created_at, EMPTY.last_seen_at, EMPTY.version) == (NOW, NOW, 0)


class TestExpiry:
    def test_unused_session_expires(self) -> None:
        assert EMPTY.expires_at(POLICY) == NOW + POLICY.idle
        assert not EMPTY.is_expired(POLICY, NOW + POLICY.idle - INSTANT)
        assert EMPTY.is_expired(POLICY, NOW + POLICY.idle)

    def test_used_session_continues(self) -> None:
        used = EMPTY.used_at(NOW + timedelta(minutes=59))

        assert used.expires_at(POLICY) == NOW + timedelta(minutes=119)
        assert not used.is_expired(POLICY, NOW + POLICY.idle)

    def test_every_session_expires_at_its_absolute_limit(self) -> None:
        used = EMPTY.used_at(NOW + POLICY.absolute - INSTANT)

        assert used.expires_at(POLICY) == NOW + POLICY.absolute
        assert not used.is_expired(POLICY, NOW + POLICY.absolute - INSTANT)
        assert used.is_expired(POLICY, NOW + POLICY.absolute)

    def test_last_use_never_goes_back(self) -> None:
        assert EMPTY.used_at(NOW - INSTANT) == EMPTY

    @pytest.mark.parametrize(
        ("idle", "touch_every"),
        [
            (timedelta(hours=1), timedelta(minutes=1)),
            (timedelta(minutes=10), timedelta(minutes=1)),
            (timedelta(seconds=10), timedelta(seconds=1)),
        ],
    )
    def test_last_use_is_stored_often_enough_to_keep_a_used_session(
        self, idle: timedelta, touch_every: timedelta
    ) -> None:
        assert (
            SessionPolicy(
                idle=idle, visitor_idle=idle, absolute=timedelta(days=1)
            ).last_seen_interval
            == touch_every
        )


class TestSignIn:
    def test_cart_and_preferences_are_kept(self) -> None:
        later = NOW + timedelta(minutes=5)
        visitor = EMPTY.with_content(CONTENT).with_preferences({"theme": "dark"})

        assert visitor.signed_in_as(ADA, at=later) == replace(
            visitor,
            user_id=ADA.id,
            roles=ADA.roles,
            signed_in_at=later,
            created_at=later,
            last_seen_at=later,
        )

    def test_lifetime_starts_again(self) -> None:
        old = session(created_at=NOW - POLICY.absolute)

        assert old.is_expired(POLICY, NOW)
        assert not old.signed_in_as(ADA, at=NOW).is_expired(POLICY, NOW)

    @pytest.mark.parametrize("before", [None, id_of("bob")])
    def test_last_order_of_another_user_is_dropped(self, before: UUID | None) -> None:
        tracking = session(user_id=before, last_order_id=id_of("order"))

        assert tracking.signed_in_as(ADA, at=NOW).last_order_id is None

    def test_last_order_of_the_user_is_kept(self) -> None:
        tracking = session(user_id=ADA.id).with_last_order(id_of("order"))

        assert tracking.signed_in_as(ADA, at=NOW).last_order_id == id_of("order")

    def test_roles_can_change_within_a_session(self) -> None:
        admin = frozenset({Role.ADMIN})

        assert EMPTY.with_roles(admin) == session(roles=admin)


class TestPreferences:
    @pytest.mark.parametrize(
        ("before", "patch", "after"),
        # RFC 7396, appendix A: those whose target and result are objects.
        [
            ({"a": "b"}, {"a": "c"}, {"a": "c"}),
            ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
            ({"a": "b"}, {"a": None}, {}),
            ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
            ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
            ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
            ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
            ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
            ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
            ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
            ({"a": "b"}, {}, {"a": "b"}),
        ],
    )
    def test_merge_patch_follows_its_standard(
        self, before: Preferences, patch: Preferences, after: Preferences
    ) -> None:
        patched = session(preferences=before).with_preferences(patch)

        assert patched == session(preferences=after)

    @given(objects, objects)
    def test_patch_modifies_neither_its_target_nor_itself(
        self, before: dict[str, object], patch: dict[str, object]
    ) -> None:
        said = json.dumps([before, patch])

        session(preferences=before).with_preferences(patch)

        assert json.dumps([before, patch]) == said

    @given(objects, objects)
    def test_repeated_patch_changes_nothing(
        self, before: dict[str, object], patch: dict[str, object]
    ) -> None:
        once = session(preferences=before).with_preferences(patch)

        assert once.with_preferences(patch) == once

    @pytest.mark.parametrize("letter", ["a", "ü", "🙂"])
    def test_preferences_are_limited_to_two_kilobytes(self, letter: str) -> None:
        size = len(letter.encode())
        most = (MAX_PREFERENCES_BYTES - len('{"a": ""}')) // size
        full = EMPTY.with_preferences({"a": letter * most})

        with pytest.raises(InvalidValue) as caught:
            full.with_preferences({"a": letter * (most + 1)})

        assert caught.value.field == "preferences"
        assert full.with_preferences({"a": None}) == EMPTY
