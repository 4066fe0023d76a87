"""Members who have a Discord account, by name: so that `@Bob` from elsewhere becomes a mention."""

from __future__ import annotations

from adapters.discord.places import PLATFORM, snowflake
from bridge.model.ids import RoomRef
from bridge.model.view import GroupView


class People:
    """Asks the view, when there is one."""

    def __init__(self) -> None:
        self.view: GroupView | None = None

    async def by_name(self, room: RoomRef) -> dict[str, str]:
        """Case-folded name -> Discord user id. A name that two members bear means nobody."""
        group = await self.view.group(room) if self.view is not None else None
        found: dict[str, str] = {}
        twice: set[str] = set()
        for member in group.members if group else ():
            ids = [
                each.user_id
                for each in member.accounts
                if each.platform == PLATFORM and snowflake(each.user_id)
            ]
            name = " ".join(member.name.split()).casefold()
            if name in found:
                twice.add(name)
            if ids and name:
                found[name] = ids[0]
        return {name: user for name, user in found.items() if name not in twice}
