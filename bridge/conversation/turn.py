"""One event through the engine, with everything that can be done at once: synchronous, no IO, no clock.

The engine asks for signatures and ECIES by effects. `EffectRunner` answers those on the spot, feeds the answers
back and collects what is left for the shell to store and to do (`Outcome`). Whole groups run through this class
in the property tests, on a fake clock; the asyncio part around it is `conversation.py`.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, assert_never

from bridge.conversation.keys import Entropy, KeyRing
from bridge.conversation.ports import Signer
from bridge.identity.ecies import encrypt
from bridge.model.notices import Answer, Notice, Refused
from bridge.protocol import announcements
from bridge.protocol.announcements import Announcement
from bridge.protocol.chain import Intent
from bridge.protocol.effects import (
    Announce,
    AskChain,
    CancelTimer,
    CatchUp,
    Effect,
    OpenJoinRequest,
    Publish,
    SealJoinRequest,
    SetTimer,
    Sign,
    Tell,
)
from bridge.protocol.events import Event, JoinRequestOpened, Signed, Topic
from bridge.protocol.types import GroupName
from bridge.protocol.wire import demls_pb2 as pb

MAX_STEPS: Final = 1_000
"""Events that may follow from one; more is a fault of ours (a loop), and the turn is given up."""


class Engine(Protocol):
    """What a turn needs of `bridge.protocol.engine.GroupEngine`."""

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take one event. Raises a LocalError, before any change, for a refused request."""


class RunawayTurn(RuntimeError):
    """One event led to more than MAX_STEPS others."""


@dataclass(slots=True)
class Outcome:
    """What one event leaves to be done. Lists are in order; `timers` holds the last word on each name."""

    publishes: list[Publish] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    timers: dict[str, SetTimer | None] = field(default_factory=dict)
    """None: cancelled."""
    catch_ups: list[CatchUp] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    """To be brought to the chain."""
    refused: Counter[str] = field(default_factory=Counter)
    """By error code."""

    @property
    def refusal(self) -> str:
        """The code, if all that came of the event is one refusal; else empty.

        A batch that is adopted may bring the refusal of a message that was held: then there is more.
        """
        alone = len(self.notices) == self.refused.total() == 1
        return next(iter(self.refused)) if alone and not (self.publishes or self.timers or self.intents) else ""


class EffectRunner:
    """Runs events of one group through its engine and does the inner effects at once.

    Deterministic up to the ECIES ephemeral key and what MLS draws by itself, given `entropy`.
    """

    def __init__(
        self, name: GroupName, engine: Engine, signer: Signer, keys: KeyRing, entropy: Entropy
    ) -> None:
        self.engine = engine
        self.keys = keys
        self._name = name
        self._signer = signer
        self._entropy = entropy

    def handle(self, event: Event, now: float) -> Outcome:
        """Take one event and all that follow from it, in the order in which they arise.

        Raises the LocalError of a refused request (nothing has changed then) and RunawayTurn.
        """
        outcome = Outcome()
        waiting: deque[Event] = deque([event])
        for _ in range(MAX_STEPS):
            if not waiting:
                return outcome
            for effect in self.engine.handle(waiting.popleft(), now):
                follow_up = self._perform(effect, outcome, now)
                if follow_up is not None:
                    waiting.append(follow_up)
        raise RunawayTurn(f"{type(event).__name__} led to more than {MAX_STEPS} events")

    def _perform(self, effect: Effect, outcome: Outcome, now: float) -> Event | None:
        """Do or collect one effect; the event that answers it, if any."""
        match effect:
            case Publish():
                outcome.publishes.append(effect)
            case Tell(notice):
                outcome.notices.append(notice)
                if isinstance(notice, Refused):
                    outcome.refused[notice.code] += 1
            case SetTimer(name):
                outcome.timers[name] = effect
            case CancelTimer(name):
                outcome.timers[name] = None
            case CatchUp():
                outcome.catch_ups.append(effect)
            case AskChain(intent):
                outcome.intents.append(intent)
            case Sign():
                return self._sign(effect, outcome)
            case OpenJoinRequest(ciphertext):
                plaintext = self.keys.open(ciphertext)
                return None if plaintext is None else JoinRequestOpened(plaintext)
            case SealJoinRequest(recipient, plaintext):
                outcome.publishes.append(_join_request(recipient, plaintext))
            case Announce():
                self._announce(effect, outcome, now)
            case _:
                assert_never(effect)
        return None

    def _sign(self, asked: Sign, outcome: Outcome) -> Event | None:
        """By the wallet, if it is here; else its owner is asked (the engine remembers what for)."""
        if asked.typed:
            signature = self._signer.sign_typed(asked.signer, asked.typed)
        else:
            signature = self._signer.sign(asked.signer, asked.message)
        if signature is not None:
            return Signed(asked.token, signature)
        if asked.reply_to:
            outcome.notices.append(Answer(asked.reply_to, f"sign_{asked.purpose}"))
        return None

    def _announce(self, effect: Announce, outcome: Outcome, now: float) -> None:
        """Sign and publish an announcement with a fresh key. Without the wallet nothing is announced."""
        public = self.keys.new_key(self._entropy)
        draft = Announcement(
            self._name.group_id, effect.epoch, effect.steward, public, int(now), self._name.creator, b""
        )
        signature = self._signer.sign(effect.steward, _announced_bytes(draft))
        if signature is None:
            outcome.refused["no_wallet"] += 1
            return
        announcement = announcements.to_wire(replace(draft, signature=signature))
        # Each replaces the one before: nobody wants an old one from the archive.
        data = pb.WelcomeMessage(group_announcement=announcement).SerializeToString(deterministic=True)
        outcome.publishes.append(Publish(Topic.WELCOME, data, archive=False))


def _announced_bytes(draft: Announcement) -> bytes:
    """What the steward's wallet signs of an announcement."""
    return announcements.signing_bytes(
        draft.group_id, draft.epoch, draft.steward, draft.eth_pub_key, draft.time, draft.creator
    )


def _join_request(recipient: bytes, plaintext: bytes) -> Publish:
    request = pb.JoinRequest(encrypted=encrypt(recipient, plaintext))
    data = pb.WelcomeMessage(join_request=request).SerializeToString(deterministic=True)
    return Publish(Topic.WELCOME, data)
