"""Who comes next, and how often one may ask."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.web.limits import MINUTE, Rate, Turnstile, client_of
from rag.web.problems import Refused


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_rate_counts_any_minute_of_each_client_alone():
    clock = Clock()
    rate = Rate(2, clock)
    rate.count("a")
    clock.now += 30
    rate.count("a")
    rate.count("b")
    with pytest.raises(Refused, match="wait 30 s") as refused:
        rate.count("a")
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "30"})
    clock.now += 30  # the first is a minute old
    rate.count("a")
    with pytest.raises(Refused, match="wait 30 s"):
        rate.count("a")


def test_rate_forgets_clients_that_are_quiet():
    clock = Clock()
    rate = Rate(5, clock)
    for number in range(1000):
        rate.count(str(number))
    clock.now += MINUTE
    rate.count("late")
    assert list(rate._seen) == ["late"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from("ab")), max_size=60))
def test_no_minute_has_more_than_the_rate_allows(steps):
    clock = Clock()
    rate = Rate(3, clock)
    taken = {"a": [], "b": []}
    for wait, client in steps:
        clock.now += wait
        recent = [t for t in taken[client] if t > clock.now - MINUTE]
        if len(recent) < 3:
            rate.count(client)
            taken[client].append(clock.now)
            continue
        with pytest.raises(Refused) as refused:
            rate.count(client)
        assert 0 < int(refused.value.headers["Retry-After"]) <= MINUTE


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (None, "local"),
        (("10.0.0.1", 80), "10.0.0.1"),
        (("testclient", 80), "testclient"),
        (("2001:db8:1:2:3::4", 80), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::1", 80), "2001:db8:1:2::/64"),
        (("2001:db8:1:3::1", 80), "2001:db8:1:3::/64"),
    ],
)
def test_client_is_named_by_its_address_or_network(address, name):
    assert client_of(address) == name


async def come(door: Turnstile, client: str, order: list[str], go: asyncio.Event) -> None:
    await door.enter(client)
    order.append(client)
    await go.wait()
    door.leave()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_clients_take_turns_however_many_questions_one_has():
    async def look() -> list[str]:
        door, order, go = Turnstile(1, 40), [], asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for client in "aaaaabbc":
                group.create_task(come(door, client, order, go))
                await settle()
            go.set()
        assert door.free == 1
        return order

    assert "".join(asyncio.run(look())) == "aabcabaa"


def test_line_is_bounded_in_all_and_for_each_client():
    async def look() -> list[str]:
        door, order, go = Turnstile(1, 8), [], asyncio.Event()
        told = []

        async def attempt(client: str) -> None:
            try:
                await come(door, client, order, go)
            except Refused as refused:
                told.append(f"{client}{refused.status}")

        async with asyncio.TaskGroup() as group:
            for client in "aaaabbbccddde":
                group.create_task(attempt(client))
                await settle()
            go.set()
        assert len(order) == 9
        return told

    assert asyncio.run(look()) == ["a429", "b429", "d503", "e503"]


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), at_once=st.integers(1, 3), waiting=st.integers(0, 8))
def test_every_turn_comes_back_whoever_leaves_when(seed, at_once, waiting):
    chance = random.Random(seed)

    async def look() -> None:
        door, inside = Turnstile(at_once, waiting), 0

        async def visit(client: str) -> None:
            nonlocal inside
            await door.enter(client)
            inside += 1
            assert inside <= at_once
            try:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            finally:
                inside -= 1
                door.leave()

        tasks = []
        for _ in range(20):
            tasks.append(asyncio.create_task(visit(chance.choice("abc"))))
            if chance.random() < 0.4:
                await asyncio.sleep(0)
            if chance.random() < 0.4:
                chance.choice(tasks).cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [d for d in done if isinstance(d, AssertionError)]
        assert (door.free, len(door._lines)) == (at_once, 0)

    asyncio.run(look())
