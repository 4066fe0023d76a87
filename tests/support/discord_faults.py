"""Every fault switch of the local Discord server, by what it is called: of the gateway, and of REST."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.servers.discord.faults import Faults

Switch = Callable[[Faults], None]

GATEWAY: dict[str, Switch] = {
    "dropped": lambda faults: faults.drop_gateway(),
    "dropped with a code that ends the session": lambda faults: faults.drop_gateway(4009),
    "reset": lambda faults: faults.reset_gateway(),
    "asked to reconnect (op 7)": lambda faults: faults.reconnect(),
    "invalid, to be resumed (op 9)": lambda faults: faults.invalidate(resumable=True),
    "invalid, not to be resumed (op 9)": lambda faults: faults.invalidate(resumable=False),
    "events come late": lambda faults: faults.late("MESSAGE_CREATE", 0.03, times=5),
    "events come twice": lambda faults: faults.double("MESSAGE_CREATE", times=5),
    "malformed events": lambda faults: faults.malform("MESSAGE_CREATE"),
}

REST: dict[str, Switch] = {
    "500 before acting": lambda faults: faults.fail_before("/webhooks/", 2, method="POST"),
    "500 after acting": lambda faults: faults.fail_after("/webhooks/", 2, method="POST"),
    "reset before acting": lambda faults: faults.reset_before("/webhooks/", 2, method="POST"),
    "reset after acting": lambda faults: faults.reset_after("/webhooks/", 2, method="POST"),
    "429": lambda faults: faults.limit("/webhooks/", 0.05, times=2),
    "429 by the proxy in front": lambda faults: faults.limit("/webhooks/", 0.05, via=False),
    "429 without a time": lambda faults: faults.limit("/webhooks/", None),
    "429 for everything": lambda faults: faults.limit("/webhooks/", 0.05, is_global=True),
}
