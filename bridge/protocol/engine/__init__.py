"""`GroupEngine`: the group protocol of one bridge in one group, without IO.

Events go in, effects come out (`handle`). The parts, each one reason to change:

    core.py         state, port, clock of the event, effects, transitions
    state.py        what is remembered (plain data)
    stewarding.py   queue, steward epoch, commit
    voting.py       ballots and votes
    batches.py      judging and adopting batches, new epochs, catching up
    joining.py      announcements, join requests, Welcomes
    requests.py     what this bridge's people asked for
    talk.py         chat
    coordinating.py what the chain says of ballots and roster, where a contract coordinates
    recording.py    commits that wait for their record on the chain
    claiming.py     what members sign who leave or rejoin
    publishing.py   key packages on the chain, for those who are away
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, ParamSpec

from bridge.model.notices import ChangeNote, State
from bridge.protocol import errors, wallet
from bridge.protocol.batches import notes
from bridge.protocol.effects import Effect
from bridge.protocol.engine.batches import Batches
from bridge.protocol.engine.claiming import Claiming
from bridge.protocol.engine.coordinating import Coordinating
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.joining import Joining
from bridge.protocol.engine.publishing import Publishing
from bridge.protocol.engine.receiving import Receiving
from bridge.protocol.engine.recording import Recording
from bridge.protocol.engine.requests import Requests
from bridge.protocol.engine.state import (
    EngineConfig,
    EngineState,
    HeldMessage,
    PendingSignature,
    decode_state,
    encode_state,
)
from bridge.protocol.engine.stewarding import Stewarding
from bridge.protocol.engine.talk import Talk
from bridge.protocol.engine.voting import Voting
from bridge.protocol.events import (
    CastVote,
    ChainSeen,
    Event,
    IntentFailed,
    JoinMember,
    JoinRequestOpened,
    LeaveMember,
    Payload,
    ProposeAdd,
    ProposePolicy,
    PublishPackage,
    RequestBan,
    SendChat,
    Signed,
    Start,
    TimerFired,
    Topic,
)
from bridge.protocol.policy import encode_policy
from bridge.protocol.ports import Address, MlsPort, View
from bridge.protocol.states import Trigger
from bridge.protocol.stewards import order
from bridge.protocol.types import Coordination, GroupPolicy
from bridge.protocol.wire import demls_pb2 as pb

__all__ = ["BallotStatus", "EngineConfig", "EngineStatus", "GroupEngine", "SignatureStatus"]

Request = JoinMember | LeaveMember | RequestBan | CastVote | ProposePolicy | ProposeAdd | PublishPackage
BRIDGE_NAME: Final = "bridge"
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class BallotStatus:
    """The open ballot: who has voted which way so far."""

    ballot_id: int
    changes: tuple[ChangeNote, ...]
    voters: tuple[bytes, ...]
    yes: tuple[bytes, ...]
    no: tuple[bytes, ...]
    deadline: int
    steward: bytes
    transaction: bytes = b""
    """That opened it on the chain (32 bytes); empty where no contract coordinates."""


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """A wallet is asked to sign `message` (EIP-191), or `typed` (JSON, EIP-712) where that is not empty.

    `ballot_id` and `yes` say which vote, if it is one.
    """

    token: int
    address: bytes
    purpose: str
    message: bytes
    ballot_id: int = 0
    yes: bool = False
    typed: str = ""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What `!status` and the page show. `members` is empty before the own leaf has joined."""

    group: str
    full_name: str
    state: State
    deadline: float
    epoch: int
    is_steward: bool
    steward: bytes
    own: bytes
    members: tuple[bytes, ...]
    voters: tuple[bytes, ...]
    hosted: frozenset[bytes]
    service: frozenset[bytes]
    queued: int
    waiting_chat: int
    ballot: BallotStatus | None
    joining: frozenset[bytes] = frozenset()
    """This bridge's people who asked to join and are not in yet."""
    is_removed: bool = False
    """The own leaf was removed from the group."""
    signatures: tuple[SignatureStatus, ...] = ()
    """Questions to wallets that are not here, still open."""
    coordination: Coordination = Coordination.WAKU
    policy: GroupPolicy | None = None
    chain_ready: bool = False
    """Whether the contract can take ballots and records of this group now."""
    chain_trouble: str = ""
    """Why it cannot, in words; empty also where no contract coordinates."""
    number: int = 0
    """Of the last commit that the chain has recorded."""


class GroupEngine:
    """Sans-IO: the same events and the same port answers give the same effects."""

    def __init__(self, config: EngineConfig, mls: MlsPort, state: EngineState | None = None) -> None:
        self._core = Core(config, mls, state or EngineState())
        self.stewarding = Stewarding(self._core, self)
        self.voting = Voting(self._core, self)
        self.batches = Batches(self._core, self)
        self.joining = Joining(self._core, self)
        self.requests = Requests(self._core, self)
        self.claiming = Claiming(self._core, self)
        self.talk = Talk(self._core, self)
        self.coordinating = Coordinating(self._core, self)
        self.recording = Recording(self._core, self)
        self.publishing = Publishing(self._core, self)
        self._receiving = Receiving(self._core, self)
        self._timers: dict[str, Callable[[], None]] = {
            "tick": self.stewarding.tick,
            "collect": self.stewarding.collected,
            "remind": self.voting.remind,
            "held": self.batches.release_held,
            "behind": self.batches.still_behind,
            "holdback": self.talk.holdback,
            "deadline": self._deadline,
            "expect": self._expect,
        }

    @classmethod
    def restore(cls, config: EngineConfig, mls: MlsPort, blob: bytes) -> GroupEngine:
        """The engine as it was when `snapshot` was taken; `mls` must be of the same moment."""
        return cls(config, mls, decode_state(blob))

    def snapshot(self) -> bytes:
        """Everything that is remembered, to be stored in the event's transaction."""
        return encode_state(self._core.state)

    # ---- events ----

    def handle(self, event: Event, now: float) -> list[Effect]:
        """One event at Unix time `now`. Raises LocalError for a refused local request; then nothing changed."""
        core = self._core
        core.now, core.effects = now, []
        match event:
            case Payload(topic, data):
                core.state.last_time = now
                self.payload(topic, data)
            case SendChat():
                self.talk.send(event)
            case TimerFired(name, token):
                if core.state.timers.get(name) == token:
                    del core.state.timers[name]
                    self.guarded(self._timers[name])
            case Signed(token, signature):
                self._signed(token, signature)
            case ChainSeen():
                self.coordinating.on_seen(event)
            case IntentFailed():
                self.guarded(self.coordinating.on_failed, event)
            case JoinRequestOpened(plaintext):
                self.guarded(self.joining.on_opened, plaintext)
            case Start():
                self._start()
            case _:
                self._request(event)
        effects, core.effects = core.effects, []
        return effects

    def payload(self, topic: Topic, data: bytes) -> None:
        """A payload from outside; whatever is wrong with it is refused and counted, and changes nothing."""
        self.guarded(self._receiving.payload, topic, data)

    def inside(self, held: HeldMessage) -> None:
        """A decrypted group message, again (it was held)."""
        self.guarded(self._receiving.inside, held)

    def guarded(self, take: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Take something from outside; what is wrong with it is refused, counted, and changes nothing."""
        try:
            take(*args, **kwargs)
        except errors.ProtocolError as error:
            self._core.refuse(error)

    def _request(self, event: Request) -> None:
        """A person's request: all or nothing."""
        core = self._core
        before = encode_state(core.state)
        try:
            match event:
                case JoinMember():
                    self.requests.join(event)
                case LeaveMember():
                    self.requests.leave(event)
                case RequestBan():
                    self.requests.ban(event)
                case CastVote():
                    self.voting.cast(event)
                case ProposePolicy():
                    self.requests.propose_policy(event)
                case ProposeAdd():
                    self.requests.propose_add(event)
                case PublishPackage():
                    self.publishing.publish(event)
        except errors.ProtocolError as error:
            core.state = decode_state(before)
            core.effects = []
            if isinstance(error, errors.LocalError):
                raise
            raise errors.NotPermitted(str(error)) from error

    def _signed(self, token: int, signature: bytes) -> None:
        """A wallet has answered; an empty signature refuses. Raises NotAsked, WrongSignature."""
        signatures = self._core.state.signatures
        pending = signatures.get(token)
        if pending is None:
            raise errors.NotAsked("this signature is not waited for any more")
        if signature:
            try:
                signer = Address(pending.address)
                if pending.typed:
                    wallet.check_digest(signer, pending.digest, signature)
                else:
                    wallet.check(signer, pending.message, signature)
            except errors.BadSignature as error:
                raise errors.WrongSignature(str(error)) from error
        del signatures[token]
        if not signature:
            self.requests.not_signed(pending)
            return
        continuations = {
            "bind": self.requests.bind_signed,
            "vote": self.voting.signed,
            "leave": self.claiming.leave_signed,
            "rejoin": self.claiming.rejoin_signed,
            "leave_claim": self.claiming.leave_claimed,
            "rejoin_claim": self.claiming.rejoin_claimed,
            "publish": self.publishing.signed,
        }
        try:
            continuations[pending.purpose](pending, signature)
        except errors.ProtocolError as error:
            self._core.refuse(error)
            self._failed_signature(pending, error)

    def _failed_signature(self, pending: PendingSignature, error: errors.ProtocolError) -> None:
        self._core.answer(pending.reply_to, error.code, detail=str(error))

    # ---- life of the group ----

    def _start(self) -> None:
        """First event of a process: create the group, or ask to be let in, or go on."""
        core, config = self._core, self._core.config
        if core.state.removed:
            return
        if core.joined:
            self._rearm()
            self.stewardship()
            self.settled()
            if not core.is_steward:
                core.catch_up()
        elif config.create and config.policy is not None:
            core.mls.create(config.name.group_id, encode_policy(config.policy), int(core.now))
            core.refresh()
            core.state.steward = config.own
            core.state.last_commit = core.now
            self.coordinating.created()
            self.stewardship()
        else:
            self.requests.join(JoinMember(config.own, BRIDGE_NAME))

    def _rearm(self) -> None:
        """The shell drops a timer whose event it had to give up; nobody may hang on that after a restart."""
        core = self._core
        if core.machine is not State.WORKING:
            core.set_timer("deadline", core.state.deadline)
        core.state.timers.pop("tick", None)  # `stewardship` sets it again

    def entered(self, view: View) -> None:
        """The own leaf has just joined: a fresh start in Working."""
        state = self._core.state
        self._core.move(Trigger.JOINED)
        state.ballot, state.expecting, state.last_commit = None, 0, self._core.now
        self.stewardship()
        self.settled()
        future, state.future = state.future, []
        for raw in future:
            self.payload(Topic.APP, raw)

    def stewardship(self) -> None:
        """Who runs the steward epochs now; if it is us, the timer runs."""
        core = self._core
        candidates = core.policy.steward_candidates
        if core.state.steward not in core.view.members or core.state.steward not in candidates:
            first = order(
                candidates, core.view.members, core.view.group_id, core.view.epoch, 0, core.policy.creator
            )
            core.state.steward = first[0] if first else b""
        if not core.is_steward:
            core.cancel_timer("tick")
        elif "tick" not in core.state.timers:
            core.set_timer("tick", core.now)

    def settled(self) -> None:
        """Back in Working (or still there): take what was held, send what waits, in order."""
        core = self._core
        if not core.joined:
            return
        if core.machine is State.WORKING:
            held, core.state.held = core.state.held, []
            for message in held:
                self.inside(message)
            self.requests.flush()
        self.talk.flush()

    # ---- timers ----

    def _deadline(self) -> None:
        core = self._core
        if core.machine is State.VOTING:
            self.voting.deadline()
        elif core.machine is State.WAITING:
            self.stewarding.abandon()
            core.move(Trigger.TIMEOUT)
            self.settled()

    def _expect(self) -> None:
        """YES was not followed by its batch in time: ask for it."""
        core = self._core
        if core.state.expecting:
            core.state.expecting = 0
            core.catch_up()

    # ---- status ----

    def status(self) -> EngineStatus:
        """A snapshot for people."""
        core, config = self._core, self._core.config
        view = core.view if core.joined else None
        trouble = self.coordinating.trouble()
        return EngineStatus(
            group=config.name.name,
            full_name=str(config.name),
            state=core.machine,
            deadline=core.state.deadline,
            epoch=view.epoch if view else 0,
            is_steward=core.is_steward,
            steward=core.state.steward,
            own=config.own,
            members=view.members if view else (),
            voters=core.voters() if view else (),
            hosted=frozenset(core.mls.hosted()) if view else frozenset(),
            service=frozenset(core.policy.service_members) if view else frozenset(),
            queued=len(core.state.queue) + len(core.state.collected),
            waiting_chat=len(core.state.chat),
            ballot=self._ballot_status(),
            joining=frozenset(pending.address for pending in core.state.requests if pending.kind == "add"),
            is_removed=core.state.removed,
            signatures=tuple(_asked(token, pending) for token, pending in core.state.signatures.items()),
            coordination=core.policy.coordination if view else Coordination.WAKU,
            policy=core.policy if view else None,
            chain_ready=self.coordinating.active and not trouble,
            chain_trouble=trouble,
            number=core.state.chain.roster.number if core.state.chain.roster else 0,
        )

    def _ballot_status(self) -> BallotStatus | None:
        ballot = self.voting.ballot()
        if ballot is None:
            return None
        votes = self.voting.votes()
        row = self.coordinating.row_of(ballot)
        return BallotStatus(
            ballot.ballot_id,
            notes(ballot.changes),
            ballot.voters,
            tuple(v.voter for v in votes if v.yes),
            tuple(v.voter for v in votes if not v.yes),
            ballot.deadline,
            ballot.steward,
            row.transaction if row else b"",
        )


def _asked(token: int, pending: PendingSignature) -> SignatureStatus:
    vote = pb.Vote.FromString(pending.data) if pending.purpose == "vote" else pb.Vote()
    return SignatureStatus(
        token,
        pending.address,
        pending.purpose,
        pending.message,
        vote.proposal_id,
        vote.vote,
        pending.typed,
    )
