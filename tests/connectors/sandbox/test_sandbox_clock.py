"""The stand-ins' clock goes ahead when it is told to, and never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox.exchange import Clock


def test_clock__goes_ahead_and_stays_ahead() -> None:
    clock = Clock(datetime(2026, 11, 15, tzinfo=UTC))
    before = clock.now()
    clock.advance(timedelta(days=1))
    after = clock.now()
    assert timedelta(days=1) <= after - before < timedelta(days=1, minutes=1)
    assert after < clock.now()


def test_clock__never_goes_back() -> None:
    with pytest.raises(ValueError, match="only goes forward"):
        Clock(datetime(2026, 11, 15, tzinfo=UTC)).advance(timedelta(seconds=-1))
