"""Works for the store with their arguments bound now: what a lambda in a loop cannot do in a typed way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from bridge.storage.tx import Tx

P = ParamSpec("P")
R = TypeVar("R")


def on(call: Callable[Concatenate[Tx, P], R], *args: P.args, **named: P.kwargs) -> Callable[[Tx], R]:
    """`call(tx, …)` for `Store.read` and `Store.write`."""
    return lambda tx: call(tx, *args, **named)
