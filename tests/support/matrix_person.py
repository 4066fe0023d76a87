"""A person with a Matrix client, for tests: acts in rooms and reads them, independent of the adapter."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from tests.support.servers.synapse import User
from tests.support.waiting import guard, limit


@dataclass(frozen=True)
class Seen:
    """A message as a room shows it now: edits applied, redacted ones with text ''."""

    event_id: str
    sender: str
    text: str
    content: dict[str, Any]


class MatrixPerson:
    """Raw client-server API with httpx; raises on every refusal."""

    def __init__(self, url: str, user: User) -> None:
        self.user_id = user.user_id
        self._server = url
        self._counter = itertools.count()
        self._run = secrets.token_hex(4)
        self._http = httpx.AsyncClient(
            base_url=f"{url}/_matrix/client/v3",
            headers={"Authorization": f"Bearer {user.token}"},
            timeout=limit(),
            trust_env=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self._http.request(method, path, json=body if method != "GET" else None)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return dict(answer.json())

    async def create_room(self, *invite: str, **extra: Any) -> str:
        """A private room; `invite` are user ids. Returns the room id."""
        body = {"preset": "private_chat", "invite": list(invite), **extra}
        return str((await self.call("POST", "/createRoom", body))["room_id"])

    async def invite(self, room: str, user_id: str) -> None:
        await self.call("POST", f"/rooms/{quote(room)}/invite", {"user_id": user_id})

    async def join(self, room: str) -> None:
        await self.call("POST", f"/join/{quote(room)}", {})

    async def kick(self, room: str, user_id: str) -> None:
        await self.call("POST", f"/rooms/{quote(room)}/kick", {"user_id": user_id})

    async def ban(self, room: str, user_id: str, reason: str = "") -> None:
        await self.call("POST", f"/rooms/{quote(room)}/ban", {"user_id": user_id, "reason": reason})

    async def unban(self, room: str, user_id: str) -> None:
        await self.call("POST", f"/rooms/{quote(room)}/unban", {"user_id": user_id})

    async def upload(self, content: bytes, media_type: str) -> str:
        """Put a file on the homeserver; returns its address (mxc://…)."""
        url = f"{self._server}/_matrix/media/v3/upload"
        answer = await self._http.post(url, content=content, headers={"Content-Type": media_type})
        assert answer.status_code == 200, answer.text[:500]
        return str(answer.json()["content_uri"])

    async def download(self, address: str) -> tuple[bytes, str]:
        """Content and type of a file, by authenticated media."""
        path = address.removeprefix("mxc://")
        answer = await self._http.get(f"{self._server}/_matrix/client/v1/media/download/{path}")
        assert answer.status_code == 200, answer.text[:500]
        return answer.content, answer.headers["Content-Type"]

    async def set_power(self, room: str, user_id: str, power: int) -> None:
        path = f"/rooms/{quote(room)}/state/m.room.power_levels"
        levels = await self.call("GET", path)
        levels.setdefault("users", {})[user_id] = power
        await self.call("PUT", path, levels)

    async def set_state(self, room: str, kind: str, content: dict[str, Any], key: str = "") -> None:
        await self.call("PUT", f"/rooms/{quote(room)}/state/{kind}/{quote(key)}", content)

    async def event(self, room: str, kind: str, content: dict[str, Any]) -> str:
        """Send any event; returns its id."""
        path = f"/rooms/{quote(room)}/send/{kind}/{self._run}-{next(self._counter)}"
        return str((await self.call("PUT", path, content))["event_id"])

    async def say(self, room: str, text: str, **extra: Any) -> str:
        return await self.event(room, "m.room.message", {"msgtype": "m.text", "body": text, **extra})

    async def edit(self, room: str, event_id: str, text: str) -> str:
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event_id}
        return await self.say(room, f"* {text}", **{"m.new_content": new, "m.relates_to": relation})

    async def react(self, room: str, event_id: str, key: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.event(room, "m.reaction", {"m.relates_to": relation})

    async def delete(self, room: str, event_id: str) -> str:
        path = f"/rooms/{quote(room)}/redact/{quote(event_id)}/{self._run}-{next(self._counter)}"
        return str((await self.call("PUT", path, {}))["event_id"])

    async def membership(self, room: str, user_id: str) -> str:
        path = f"/rooms/{quote(room)}/state/m.room.member/{quote(user_id)}"
        return str((await self.call("GET", path))["membership"])

    async def wait_for_membership(self, room: str, user_id: str, wanted: str) -> None:
        async with guard():
            while await self.membership(room, user_id) != wanted:
                await asyncio.sleep(0.05)

    async def events(self, room: str) -> list[dict[str, Any]]:
        """All events that this person may see, oldest first."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            start = f"&from={quote(token)}" if token else ""
            page = await self.call("GET", f"/rooms/{quote(room)}/messages?dir=f&limit=500{start}")
            found += page["chunk"]
            token = page.get("end", "")
            if not token:
                return found

    async def read(self, room: str) -> list[Seen]:
        """The room as a client shows it."""
        shown: dict[str, Seen] = {}
        for event in await self.events(room):
            if event["type"] != "m.room.message":
                continue
            content = event["content"]
            relation = content.get("m.relates_to", {})
            target = relation.get("event_id", "") if relation.get("rel_type") == "m.replace" else ""
            if target in shown and shown[target].sender == event["sender"]:
                content = content["m.new_content"]
                shown[target] = Seen(target, event["sender"], content["body"], content)
            else:
                shown[event["event_id"]] = Seen(
                    event["event_id"], event["sender"], content.get("body", ""), content
                )
        return list(shown.values())

    async def reactions(self, room: str, event_id: str) -> list[str]:
        """The reactions to a message that stand, oldest first."""
        relations = [
            event["content"].get("m.relates_to", {})
            for event in await self.events(room)
            if event["type"] == "m.reaction"
        ]
        return [each["key"] for each in relations if each.get("event_id") == event_id]
