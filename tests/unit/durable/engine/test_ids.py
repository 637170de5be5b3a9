"""The engine's own ids."""

import secrets

import pytest

from rawr.durable.engine import SystemIds


def test_ids_are_unique_and_ascend() -> None:
    ids = SystemIds(lambda: 1_000)
    made = [ids.ulid() for _ in range(2000)]
    assert made == sorted(set(made))


def test_random_bytes_are_fetched_for_many_ids_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[int] = []

    def token_bytes(count: int) -> bytes:
        fetched.append(count)
        return bytes(range(256)) * (count // 256)

    monkeypatch.setattr(secrets, "token_bytes", token_bytes)
    moments = iter(range(1000))
    ids = SystemIds(lambda: next(moments))
    entropies = {ids.ulid()[10:] for _ in range(400)}
    assert len(fetched) == 1
    assert len(entropies) > 100
