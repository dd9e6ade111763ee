"""How fast a browser may speak."""

from __future__ import annotations

from hotline.channels.limits import Bucket, Seldom


def test_a_bucket_lets_so_many_through_at_once_and_then_as_many_as_come_in() -> None:
    bucket = Bucket(3, 2.0, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.5)
    assert not bucket.take(0.5)


def test_what_may_happen_seldom_happens_once_a_time_and_name() -> None:
    seldom = Seldom(3.0)
    assert seldom.take("a", 10.0)
    assert not seldom.take("a", 12.9)
    assert seldom.take("b", 12.9)
    assert seldom.take("a", 13.0)


def test_names_are_not_remembered_longer_than_they_count() -> None:
    seldom = Seldom(3.0)
    for number in range(10_000):
        assert seldom.take(f"web-{number}", float(number))
    assert len(seldom._last) <= 4
