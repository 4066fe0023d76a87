"""What `make run` shows in the terminal: where the pages are, who may sign in, and what both bridges do."""

from __future__ import annotations

from bridge.cli.demo.network import Network
from bridge.cli.demo.people import PEOPLE
from bridge.cli.output import out
from bridge.process.report import Group


def invitation(network: Network) -> str:
    """The text under which people find their way in."""
    lines = ["", "Open both pages, in two windows:", ""]
    for side in network.sides:
        names = " and ".join(person.name for person in PEOPLE.values() if person.side == side.number)
        lines.append(f"  {side.name}  {side.url}   test accounts: {names} (one click signs in)")
    chain = network.sides[0].report.chain if network.sides[0].report is not None else None
    if chain is not None:
        lines += [
            "",
            f"client1 runs a chain for both, {chain.url}: contracts count the votes. Ballots take some",
        ]
        lines += ["seconds longer to open and to close; each card shows the transaction that opened it."]
    lines += [
        "",
        "Press Join on each page, then talk. /ban <address> or !ban <name> opens a vote, !help says the rest.",
        "Everything is on this computer only and is gone when you press Ctrl-C.",
        "",
    ]
    return "\n".join(lines)


async def follow(network: Network) -> None:
    """Print every change of state, epoch and membership, until cancelled."""
    shown = ["" for _ in network.sides]
    while True:
        for side in network.sides:
            line = described(side.group)
            if line != shown[side.number]:
                shown[side.number] = line
                out.print(f"  {side.name}  {line}", markup=False)
        await network.news()


def described(group: Group | None) -> str:
    """One line."""
    if group is None or not group.members:
        return "not in the group yet"
    members = f"{len(group.members)} members, {len(group.voters)} with a vote"
    vote = ""
    if group.ballot is not None:
        ballot = group.ballot
        vote = f", vote {ballot.ballot_id}: {len(ballot.yes)} yes, {len(ballot.no)} no"
    return f"{group.state}, epoch {group.epoch}, {members}{vote}"


async def talk(network: Network) -> None:
    """Show where to go, and go on until cancelled."""
    out.print(invitation(network), markup=False)
    await follow(network)
