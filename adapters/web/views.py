"""The group as a browser gets it: frames of what the view shows, seen by one person."""

from __future__ import annotations

from typing import cast

from adapters.web.addresses import hexed
from adapters.web.frames import http, page
from adapters.web.frames.page import SigningMethod, VoteWord
from bridge.model.commands import CommandSpec
from bridge.model.notices import ChangeKind, StateChanged
from bridge.model.view import Ballot, Group, Member, MembershipStatus, Result, SigningRequest


def group_frame(group: Group, viewer: bytes, now: float) -> page.GroupNow:
    """`viewer`: the person's address, b'' while they have none."""
    names = {member.address: member.name for member in group.members}
    shown = page.Group(
        name=group.name,
        full_name=group.full_name,
        state=group.state,
        deadline=group.deadline,
        epoch=group.epoch,
        joined=bool(group.members) and not group.is_removed,
        is_removed=group.is_removed,
        members=[_member(member, viewer) for member in group.members],
        queued=group.queued,
        waiting_chat=group.waiting_chat,
        coordination="contract" if group.coordination == "contract" else "waku",
        transport=group.transport,
        chain=group.chain,
        ballot=None if group.ballot is None else _ballot(group.ballot, names, viewer),
        now=now,
    )
    return page.GroupNow(shown)


def _member(member: Member, viewer: bytes) -> page.Member:
    return page.Member(
        address=hexed(member.address),
        name=member.name,
        key=member.key,
        is_bridge=member.is_bridge,
        is_steward=member.is_steward,
        has_vote=member.has_vote,
        accounts=[str(account) for account in member.accounts],
        me=bool(viewer) and member.address == viewer,
    )


def _ballot(ballot: Ballot, names: dict[bytes, str], viewer: bytes) -> page.Ballot:
    def vote(address: bytes) -> VoteWord:
        return "yes" if address in ballot.yes else "no" if address in ballot.no else ""

    may = bool(viewer) and viewer in ballot.voters
    voters = [
        page.Voter(hexed(address), names.get(address, ""), vote(address), bool(viewer) and address == viewer)
        for address in ballot.voters
    ]
    return page.Ballot(
        number=ballot.number,
        lines=list(ballot.lines),
        voters=voters,
        yes=len(ballot.yes),
        no=len(ballot.no),
        deadline=ballot.deadline,
        steward=hexed(ballot.steward),
        transaction=ballot.transaction,
        kind=ballot.changes[0].kind if ballot.changes else ChangeKind.POLICY,
        mine=vote(viewer) if may else "",
        may_vote=may and not vote(viewer),
    )


def results_frame(results: list[Result]) -> page.Results:
    """The last ballots."""
    return page.Results(
        [
            page.Result(
                number=each.number,
                lines=list(each.lines),
                passed=each.passed,
                yes=each.yes,
                no=each.no,
                voters=each.voters,
                by_deadline=each.by_deadline,
                closed_at=each.closed_at,
                text=each.text,
            )
            for each in results
        ]
    )


def me_frame(standing: MembershipStatus, signings: list[SigningRequest], *, is_out: bool) -> page.Me:
    """`is_out`: the person is banned from the room."""
    shown = page.Standing(
        address=hexed(standing.address),
        is_member=standing.is_member,
        has_vote=standing.has_vote,
        is_banned=standing.is_banned or is_out,
        is_joining=standing.is_joining,
        key=standing.key,
    )
    return page.Me(shown, [_signing(each) for each in signings], accepts=not is_out)


def _signing(request: SigningRequest) -> page.Signing:
    # The view promises one of the two.
    method = cast("SigningMethod", request.method)
    return page.Signing(request.request_id, request.purpose, request.title, method, request.payload)


def transition(change: StateChanged, at_ms: int) -> page.Transition:
    """A transition of the state machine."""
    return page.Transition(change.old, change.new, change.deadline, change.cause, at_ms)


def command(spec: CommandSpec) -> http.CommandSpec:
    """One command, for completion and controls."""
    parameters = [
        http.Parameter(
            name=each.name,
            kind=each.kind,
            description=each.description,
            optional=each.optional,
            words=list(each.words),
            most=each.high,
        )
        for each in spec.parameters
    ]
    return http.CommandSpec(spec.name, spec.arguments, spec.summary, parameters)
