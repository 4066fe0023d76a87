"""What all parts of the engine share: the state, the port, the present time, and the effects collected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bridge.model.notices import Answer, Notice, Refused, State, StateChanged
from bridge.protocol import errors
from bridge.protocol.effects import (
    CancelTimer,
    CatchUp,
    Effect,
    Publish,
    SetTimer,
    Sign,
    SignPurpose,
    Tell,
)
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.engine.state import (
    MAX_SIGNATURES,
    EngineConfig,
    EngineState,
    OpenBallot,
    PendingSignature,
)
from bridge.protocol.events import Topic
from bridge.protocol.on_chain import Typed
from bridge.protocol.permissions import Kind, may_send
from bridge.protocol.policy import decode_policy
from bridge.protocol.ports import Address, MlsPort, View
from bridge.protocol.states import Role, Trigger, target
from bridge.protocol.types import GroupPolicy
from bridge.protocol.wire import demls_pb2 as pb

CLOCK_TOLERANCE: Final = 5
"""Seconds by which members' clocks may differ (protocol.md section 7)."""


class Core:
    """State, port and effects of one event. The parts of the engine act through it."""

    def __init__(self, config: EngineConfig, mls: MlsPort, state: EngineState) -> None:
        self.config = config
        self.mls = mls
        self.state = state
        self.now = 0.0
        self.effects: list[Effect] = []
        self._view: View | None = mls.view()
        self._policy: GroupPolicy | None = None
        self._policy_bytes = b""

    # ---- the group ----

    def refresh(self) -> None:
        """Read the view anew; after every change of the group."""
        self._view = self.mls.view()

    @property
    def joined(self) -> bool:
        """Whether the own leaf is a member."""
        return self._view is not None

    @property
    def view(self) -> View:
        """The group now. Raises NotAMember before the own leaf has joined."""
        if self._view is None:
            raise errors.NotAMember("this bridge is not a member of the group (yet)")
        return self._view

    @property
    def policy(self) -> GroupPolicy:
        """The group policy of the present epoch."""
        raw = self.view.policy
        if self._policy is None or raw != self._policy_bytes:
            self._policy, self._policy_bytes = decode_policy(raw), raw
        return self._policy

    @property
    def steward(self) -> Address:
        """The member that runs the steward epochs at retry round 0."""
        return Address(self.state.steward)

    @property
    def is_steward(self) -> bool:
        """Whether that is this bridge."""
        return self.joined and self.state.steward == self.config.own

    @property
    def role(self) -> Role:
        """The column of the transition table."""
        return Role.STEWARD if self.is_steward else Role.OTHER

    @property
    def machine(self) -> State:
        """The present state."""
        return State(self.state.machine)

    def voters(self) -> tuple[Address, ...]:
        """Members with a vote, sorted."""
        return self.policy.voters(self.view.members)

    # ---- effects ----

    def tell(self, notice: Notice) -> None:
        """Emit a notice."""
        self.effects.append(Tell(notice))

    def answer(self, reply_to: str, code: str, **facts: str) -> None:
        """Tell one person the outcome of his request; nothing when nobody waits for it."""
        if reply_to:
            self.tell(Answer(reply_to, code, tuple(sorted(facts.items()))))

    def refuse(self, error: errors.ProtocolError) -> None:
        """Count and log something received."""
        self.tell(Refused(error.code, str(error)))

    def set_timer(self, name: str, at: float) -> None:
        """(Re)set a timer of this group."""
        token = self.token()
        self.state.timers[name] = token
        self.effects.append(SetTimer(name, at, token))

    def cancel_timer(self, name: str) -> None:
        """Cancel it if it is set."""
        if self.state.timers.pop(name, None) is not None:
            self.effects.append(CancelTimer(name))

    def token(self) -> int:
        """A number not used before in this group."""
        value = self.state.next_token
        self.state.next_token = value + 1
        return value

    def sign(self, purpose: SignPurpose, signer: Address, message: bytes, then: PendingSignature) -> None:
        """Ask for a wallet signature (EIP-191); `then` says what follows. Raises QueueFull.

        The same question stays open under its token: its owner may be about to sign it. Another one of the same
        purpose to the same wallet is replaced: only what is signed counts.
        """
        then.message = message
        self._ask_wallet(purpose, signer, then)

    def sign_typed(self, purpose: SignPurpose, signer: Address, typed: Typed, then: PendingSignature) -> None:
        """The same with EIP-712 data."""
        then.typed, then.digest = typed.json(), typed.digest()
        self._ask_wallet(purpose, signer, then)

    def _ask_wallet(self, purpose: SignPurpose, signer: Address, then: PendingSignature) -> None:
        pending = self.state.signatures
        token = self._asked(then.purpose, then.address)
        if token and (pending[token].message, pending[token].typed) != (then.message, then.typed):
            del pending[token]
            token = 0
        if not token and len(pending) >= MAX_SIGNATURES:
            raise errors.QueueFull("too many signatures are waited for; try again later")
        token = token or self.token()
        pending[token] = then
        self.effects.append(Sign(token, signer, purpose, then.message, then.reply_to, then.typed))

    def question(self, purpose: str, address: bytes) -> PendingSignature | None:
        """What this wallet is asked to sign for that, if it is."""
        return self.state.signatures.get(self._asked(purpose, address))

    def _asked(self, purpose: str, address: bytes) -> int:
        """The token of the question; 0 when there is none."""
        pending = self.state.signatures
        return next((t for t, p in pending.items() if (p.purpose, p.address) == (purpose, address)), 0)

    def unask(self, purpose: str, *addresses: bytes, code: str = "", **facts: str) -> None:
        """Drop open questions to these wallets (to all, when none is named); a `code` tells them why."""
        for token, then in list(self.state.signatures.items()):
            if then.purpose == purpose and (not addresses or then.address in addresses):
                del self.state.signatures[token]
                if code:
                    self.answer(then.reply_to, code, **facts)

    def publish(self, topic: Topic, data: bytes, *, archive: bool = True) -> None:
        """Put bytes on a content topic."""
        self.effects.append(Publish(topic, data, archive))

    def may_send(self, kind: Kind) -> bool:
        """What the permission table says to us, now."""
        return may_send(
            self.machine,
            kind,
            is_steward=self.is_steward,
            chat_during_ballot=self.policy.chat_during_ballot,
        )

    def require(self, kind: Kind) -> None:
        """Raise NotPermitted when the state or the role forbids sending `kind`."""
        if not self.may_send(kind):
            raise errors.NotPermitted(f"{kind} may not be sent in {self.machine.capitalize()}")

    def publish_inside(self, leaf: Address, kind: Kind, message: pb.AppMessage) -> None:
        """Encrypt `message` as `leaf` and publish it. Raises NotPermitted, LeafBehind."""
        self.require(kind)
        self.publish(Topic.APP, self.mls.seal(leaf, message.SerializeToString(deterministic=True)))

    def catch_up(self) -> None:
        """Ask for what was missed."""
        self.effects.append(CatchUp(self.view.epoch if self.joined else 0, int(self.state.last_time)))

    # ---- the machine ----

    def move(self, trigger: Trigger, deadline: float = 0.0, role: Role | None = None) -> None:
        """Take a transition of the table; sets the deadline timer of the state that is entered."""
        old = self.machine
        new = target(role or self.role, old, trigger)
        self.state.machine = new.value
        self.state.deadline = deadline if new is not State.WORKING else 0.0
        if new is State.WORKING:
            self.cancel_timer("deadline")
        else:
            self.set_timer("deadline", deadline)
        if new is not old:
            self.tell(StateChanged(old, new, int(self.state.deadline), self.is_steward, trigger.value))

    def extend(self, deadline: float) -> None:
        """Stay in this state until then."""
        self.state.deadline = deadline
        self.set_timer("deadline", deadline)

    def open_voting(
        self, proposal: bytes, voters: Iterable[bytes], until: float, items: list[QueuedChange]
    ) -> None:
        """Waiting -> Voting with this ballot; `items` are the steward's."""
        self.state.ballot = OpenBallot(proposal, list(voters), items=items)
        self.move(Trigger.START_VOTING, until)
