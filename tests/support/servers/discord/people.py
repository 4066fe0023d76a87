"""A person with Discord's app, for tests: writes, reacts, presses buttons, gives commands, moderates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from tests.support.servers.discord import actions, wire
from tests.support.servers.discord.checks import CONTENT, FILE_BYTES
from tests.support.servers.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL,
    Answer,
    Interactions,
    waits,
)
from tests.support.servers.discord.model import Attachment, Channel, Guild, Message, User
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.world import World

File = tuple[str, bytes, str]
"""(name, bytes, content type)."""


class Host(Protocol):
    """What a person needs of the server."""

    world: World
    interactions: Interactions

    async def wait_for(self, predicate: Any) -> Any:
        """Wait until the predicate holds."""


class Person:
    """A user who acts. What Discord's app refuses raises ValueError, PermissionError or LookupError."""

    def __init__(self, host: Host, user: User) -> None:
        self._host = host
        self._world = host.world
        self.user = user

    def __repr__(self) -> str:
        return f"Person({self.user.name!r}, {self.user.id})"

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.id

    @property
    def mention(self) -> str:
        """The text that mentions this person."""
        return f"<@{self.user.id}>"

    # messages

    async def say(
        self,
        channel: Channel,
        text: str = "",
        *,
        reply_to: Message | None = None,
        attachments: Iterable[File] = (),
        stickers: Iterable[str] = (),
        embeds: Sequence[dict[str, Any]] = (),
    ) -> Message:
        """Write a message; `stickers` are names of the guild's, `embeds` as a link's preview would add them."""
        self._may(channel, Permission.SEND_MESSAGES)
        message = Message(self._world.new_id(), channel.id, self.user, text)
        if len(text) > CONTENT:
            raise ValueError("message too long")
        for name, data, kind in attachments:
            if len(data) > FILE_BYTES:
                raise ValueError("file too large")
            message.attachments.append(Attachment(self._world.new_id(), name, kind, data))
        if channel.guild_id:
            known = {each.name: each for each in self._world.guilds[channel.guild_id].stickers.values()}
            message.stickers = [known[name] for name in stickers]
        message.embeds = list(embeds)
        if reply_to:
            message.reference, message.kind = reply_to.id, 19
        return actions.post(self._world, message)

    async def edit(self, message: Message, text: str) -> Message:
        """Edit an own message."""
        self._own(message)
        return actions.edit(self._world, message, {"content": text})

    async def delete(self, message: Message) -> None:
        """Delete an own message, or as a moderator anybody's."""
        if message.author != self.user:
            self._may(self._world.channel(message.channel_id), Permission.MANAGE_MESSAGES)
        actions.delete(self._world, message)

    async def react(self, message: Message, emoji: str) -> None:
        """React with a character, or "name:id"."""
        actions.react(self._world, message, emoji, self.user)

    async def unreact(self, message: Message, emoji: str) -> None:
        """Take an own reaction back."""
        actions.unreact(self._world, message, emoji, self.user)

    async def start_thread(self, channel: Channel, name: str, message: Message | None = None) -> Channel:
        """Start a public thread, on a message if given."""
        return actions.start_thread(self._world, channel, name, self.user, message)

    async def archive(self, thread: Channel, *, archived: bool = True) -> None:
        """Archive a thread, or take it up."""
        actions.set_archived(self._world, thread, archived=archived)

    def direct(self) -> Channel:
        """The direct conversation with the bot."""
        return actions.direct_channel(self._world, self.user)

    def see(self, channel: Channel) -> list[Message]:
        """The channel as this person sees it: with the ephemeral messages for them."""
        return [
            each
            for _, each in sorted(channel.messages.items())
            if not each.ephemeral or each.seen_by == self.user.id
        ]

    # interactions

    async def press_button(self, message: Message, custom_id: str) -> Answer:
        """Press a button; LookupError when the message has no such enabled button that this person sees."""
        channel = self._world.channel(message.channel_id)
        if message not in self.see(channel):
            raise LookupError("the message is not there")
        for component in _flat(message.components):
            if component.get("custom_id") == custom_id and component["type"] == 2:
                if component.get("disabled"):
                    raise LookupError(f"button {custom_id} is disabled")
                data = {"custom_id": custom_id, "component_type": 2, "id": component["id"]}
                return await self._ask(COMPONENT, channel, data, message)
        raise LookupError(f"no button {custom_id}")

    async def slash(self, channel: Channel, name: str, options: Mapping[str, Any] | None = None) -> Answer:
        """Give a command; "group name" for one in a group. Options: text, number, bool, Person, User, Channel.

        Returns when the bot's message is there; a deferred answer is waited for. LookupError for an unknown
        command or option, or a required one that lacks.
        """
        return await self._ask(COMMAND, channel, self._command(channel, name, options or {}))

    async def autocomplete(
        self, channel: Channel, name: str, options: Mapping[str, Any], focused: str
    ) -> list[dict[str, Any]]:
        """The completions of the option `focused`, whose text so far is in `options`: name and value each."""
        data = self._command(channel, name, options, focused)
        made = await self._host.interactions.ask(AUTOCOMPLETE, self.user, channel, data)
        return made.choices

    async def submit_modal(self, answer: Answer, values: Mapping[str, str]) -> Answer:
        """Send the form that an answer opened, with texts by custom id."""
        if answer.modal is None:
            raise LookupError("the answer is no form")
        data = {
            "custom_id": answer.modal["custom_id"],
            "components": _filled(answer.modal["components"], values),
        }
        return await self._ask(MODAL, answer.interaction.channel, data, answer.interaction.source)

    async def _ask(
        self, kind: int, channel: Channel, data: dict[str, Any], source: Message | None = None
    ) -> Answer:
        made = await self._host.interactions.ask(kind, self.user, channel, data, source)
        await self._host.wait_for(lambda: not waits(made))
        return Answer(made)

    def _command(
        self, channel: Channel, name: str, options: Mapping[str, Any], focused: str = ""
    ) -> dict[str, Any]:
        first, *rest = name.split()
        registered = self._world.commands.get(channel.guild_id, []) + self._world.commands.get(0, [])
        command = next((each for each in registered if each["name"] == first), None)
        if command is None:
            raise LookupError(f"no command /{first}")
        resolved: dict[str, Any] = {}
        data = {"id": command["id"], "name": first, "type": 1, "resolved": resolved}
        if command.get("guild_id"):
            data["guild_id"] = command["guild_id"]
        level, holder = command, data
        for part in rest:
            level = _named(level, part)
            inner: dict[str, Any] = {"name": part, "type": level["type"]}
            holder["options"] = [inner]
            holder = inner
        missing = [
            o["name"] for o in level.get("options") or [] if o.get("required") and o["name"] not in options
        ]
        if missing and not focused:
            raise LookupError(f"/{name} needs {missing}")
        holder["options"] = [
            self._option(_named(level, key), value, channel, resolved, key == focused)
            for key, value in options.items()
        ]
        return data

    def _option(
        self, option: dict[str, Any], value: Any, channel: Channel, resolved: dict[str, Any], focused: bool
    ) -> dict[str, Any]:
        shown = {"name": option["name"], "type": option["type"], "value": value}
        if isinstance(value, Person):
            value = value.user
        if isinstance(value, User):
            shown["value"] = str(value.id)
            resolved.setdefault("users", {})[str(value.id)] = wire.user(value)
            guild = self._world.guilds.get(channel.guild_id)
            if guild and value.id in guild.members:
                member = {**wire.member(guild.members[value.id]), "permissions": "0"}
                resolved.setdefault("members", {})[str(value.id)] = member
        elif isinstance(value, Channel):
            shown["value"] = str(value.id)
            resolved.setdefault("channels", {})[str(value.id)] = {
                **wire.channel(self._world, value),
                "permissions": "0",
            }
        return {**shown, "focused": True} if focused else shown

    # moderation

    async def ban(
        self, guild: Guild, user: Person | User, reason: str | None = None, delete_message_seconds: int = 0
    ) -> None:
        """Ban as a moderator."""
        self._moderates(guild, Permission.BAN_MEMBERS)
        actions.ban(self._world, guild, _user(user), self.user, reason, delete_message_seconds)

    async def unban(self, guild: Guild, user: Person | User, reason: str | None = None) -> None:
        """Lift a ban as a moderator."""
        self._moderates(guild, Permission.BAN_MEMBERS)
        actions.unban(self._world, guild, _user(user), self.user, reason)

    async def kick(self, guild: Guild, user: Person | User, reason: str | None = None) -> None:
        """Put a member out as a moderator."""
        self._moderates(guild, Permission.KICK_MEMBERS)
        actions.kick(self._world, guild, _user(user), self.user, reason)

    def _moderates(self, guild: Guild, needed: Permission) -> None:
        if needed & ~self._world.guild_permissions(guild, self.user.id):
            raise PermissionError(f"{self.user.name} lacks {needed!r}")

    def _may(self, channel: Channel, needed: Permission) -> None:
        if needed & ~self._world.permissions(channel, self.user.id):
            raise PermissionError(f"{self.user.name} lacks {needed!r}")

    def _own(self, message: Message) -> None:
        if message.author != self.user:
            raise PermissionError("only the author edits")


def _user(who: Person | User) -> User:
    return who.user if isinstance(who, Person) else who


def _flat(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for top in components for each in (top, *_flat(top.get("components") or []))]


def _named(level: dict[str, Any], name: str) -> dict[str, Any]:
    for option in level.get("options") or []:
        if option["name"] == name:
            return dict(option)
    raise LookupError(f"no option {name}")


def _filled(components: list[dict[str, Any]], values: Mapping[str, str]) -> list[dict[str, Any]]:
    """A form's rows (type 1) and labels (type 18) with the texts put in."""
    filled = []
    for each in components:
        shown = {"type": each["type"], "id": each.get("id", 0)}
        if "components" in each:
            shown["components"] = _filled(each["components"], values)
        elif "component" in each:
            shown["component"] = _filled([each["component"]], values)[0]
        elif "custom_id" in each:
            shown |= {"custom_id": each["custom_id"], "value": values.get(each["custom_id"], "")}
        filled.append(shown)
    return filled
