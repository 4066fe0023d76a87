"""The fault switches. A test sets them at run time; each is used up by the requests or events that it hits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol


class When(Enum):
    """What is done with a request that a fault hits."""

    BEFORE = "an error answer; nothing is done"
    AFTER = "done, then an error answer"
    RESET_BEFORE = "TCP reset; nothing is done"
    RESET_AFTER = "done, then TCP reset"
    LIMIT = "429"


@dataclass
class HttpFault:
    """One fault of REST requests."""

    when: When
    part: str
    method: str
    left: int
    skip: int
    status: int = 500
    retry_after: float | None = None
    via: bool = True
    is_global: bool = False


@dataclass
class EventFault:
    """One fault of gateway events: "late", "double" or "malform"."""

    kind: str
    event: str
    left: int
    seconds: float = 0.0


class Gateway(Protocol):
    """What the switches do to live sockets."""

    def close_all(self, code: int) -> None:
        """Close all sockets with a code."""

    def abort_all(self) -> None:
        """TCP reset of all sockets."""

    def say_to_all(self, op: int, data: Any) -> None:
        """Send an op other than an event."""

    def forget(self) -> None:
        """Forget all sessions: none can be resumed."""

    def revoke(self) -> None:
        """The bot's token is good no longer; sockets close with 4004."""


class Faults:
    """The switches of one server. `part` is a part of the path, `times` how often, after `skip` that pass."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._http: list[HttpFault] = []
        self._events: list[EventFault] = []
        self._refused_sockets = 0
        self.hit: Counter[str] = Counter()
        """How often each kind of fault was used."""

    def _add(self, when: When, part: str, method: str, times: int, skip: int, **more: Any) -> None:
        self._http.append(HttpFault(when, part, method, times, skip, **more))

    def fail_before(
        self, part: str, times: int = 1, *, status: int = 500, method: str = "", skip: int = 0
    ) -> None:
        """An error answer; the request is not acted on."""
        self._add(When.BEFORE, part, method, times, skip, status=status)

    def fail_after(
        self, part: str, times: int = 1, *, status: int = 500, method: str = "", skip: int = 0
    ) -> None:
        """The request is acted on (the message exists!), and the answer is an error."""
        self._add(When.AFTER, part, method, times, skip, status=status)

    def reset_before(self, part: str, times: int = 1, *, method: str = "", skip: int = 0) -> None:
        """The connection is reset; the request is not acted on."""
        self._add(When.RESET_BEFORE, part, method, times, skip)

    def reset_after(self, part: str, times: int = 1, *, method: str = "", skip: int = 0) -> None:
        """The request is acted on, and the connection reset instead of an answer."""
        self._add(When.RESET_AFTER, part, method, times, skip)

    def limit(
        self,
        part: str,
        retry_after: float | None = 0.05,
        *,
        via: bool = True,
        is_global: bool = False,
        times: int = 1,
        method: str = "",
        skip: int = 0,
    ) -> None:
        """429. `retry_after` in seconds, None: not told; `via` False: as from the proxy before Discord."""
        self._add(When.LIMIT, part, method, times, skip, retry_after=retry_after, via=via, is_global=is_global)

    def late(self, event: str, seconds: float, times: int = 1) -> None:
        """The next such events come late; others overtake them."""
        self._events.append(EventFault("late", event, times, seconds))

    def double(self, event: str, times: int = 1) -> None:
        """The next such events come twice, with the same sequence number."""
        self._events.append(EventFault("double", event, times))

    def malform(self, event: str, times: int = 1) -> None:
        """Before each of the next such events comes one of its type with nothing in it that it should have."""
        self._events.append(EventFault("malform", event, times))

    def refuse_gateway(self, times: int = 1) -> None:
        """The next connections to the gateway get HTTP 503 instead of a socket."""
        self._refused_sockets = times

    def drop_gateway(self, code: int = 1001) -> None:
        """Close the gateway's sockets; the session can be resumed."""
        self._gateway.close_all(code)

    def reset_gateway(self) -> None:
        """TCP reset of the gateway's sockets; the session can be resumed."""
        self._gateway.abort_all()

    def reconnect(self) -> None:
        """Op 7: the client is asked to reconnect and resume."""
        self._gateway.say_to_all(7, None)

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9; when not resumable, the sessions and their buffers are gone."""
        if not resumable:
            self._gateway.forget()
        self._gateway.say_to_all(9, resumable)

    def revoke_token(self) -> None:
        """401 to all from now on, and close 4004. `heal` does not undo it."""
        self._gateway.revoke()

    def heal(self) -> None:
        """Drop the faults that were not used up."""
        self._http.clear()
        self._events.clear()
        self._refused_sockets = 0

    def take_http(self, method: str, path: str) -> HttpFault | None:
        """For the server: the fault of this request, counted as used."""
        for fault in self._http:
            if fault.left and fault.part in path and fault.method in ("", method):
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.left -= 1
                self.hit[fault.when.name] += 1
                return fault
        return None

    def take_event(self, event: str) -> EventFault | None:
        """For the server: the fault of this event, counted as used."""
        for fault in self._events:
            if fault.left and fault.event == event:
                fault.left -= 1
                self.hit[fault.kind] += 1
                return fault
        return None

    def take_socket(self) -> bool:
        """For the server: whether this connection to the gateway is refused."""
        if not self._refused_sockets:
            return False
        self._refused_sockets -= 1
        self.hit["refused socket"] += 1
        return True
