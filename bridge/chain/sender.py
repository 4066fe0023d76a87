"""Brings intents to the chain: each exactly once, whatever the node, the network or a kill -9 does.

    intents waiting ─► planned, tried by a call ─► signed ─► stored with its nonce ─► sent
                                                                │
        not in a block for long: a form with a higher fee ◄─────┤
        vanished in a reorganisation: the same bytes again ◄────┤
        nonce confirmed, ours: done or failed ◄─────────────────┤
        nonce confirmed, somebody else's: planned anew ◄────────┘

An intent is tied to one nonce until that nonce is confirmed, so it cannot happen twice. One sender per process
and chain: all groups share the paying wallet and its nonces.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from web3 import Web3
from web3.types import TxParams, TxReceipt

from bridge.chain.codec import (
    Attempt,
    Call,
    decode_attempts,
    decode_call,
    encode_attempts,
    encode_call,
)
from bridge.chain.errors import ChainError, ChainUnavailable, Reverted
from bridge.chain.node import Block, Node
from bridge.chain.ports import Account, Failed, Health, Planned, Planner
from bridge.storage import intents, transactions
from bridge.storage.intents import IntentRow
from bridge.storage.store import Store
from bridge.storage.transactions import TransactionRow
from bridge.storage.tx import Tx

MAX_OPEN: Final = 8
"""Transactions whose nonce is not confirmed: geth keeps 16 executable ones of an account for sure."""
PLANNED: Final = 200
"""Intents looked at in one round: four batches of votes."""
GAS_MARGIN: Final = (5, 4)
"""The state may change between the estimate and the block."""
BUMP: Final = (5, 4)
"""Nodes take a replacement for a tenth more; a quarter gets somewhere."""
DAY: Final = 86_400.0

log: Final = structlog.get_logger("bridge.chain.sender")


@dataclass(frozen=True, slots=True)
class SenderTuning:
    """`poll`, `stuck` and `resend` in seconds; `daily_limit` and `low_funds` in wei."""

    chain_id: int
    confirmations: int
    poll: float = 4.0
    resend: float = 12.0
    stuck: float = 60.0
    daily_limit: int = 10**17
    low_funds: int = 10**16


class Sender:
    """Run `run` in a task; `wake` after a commit that added intents."""

    def __init__(
        self,
        store: Store,
        node: Node,
        account: Account,
        planner: Planner,
        failed: Failed,
        clock: Callable[[], float],
        tuning: SenderTuning,
    ) -> None:
        self._store = store
        self._node = node
        self._account = account
        self._from = "0x" + account.address.hex()
        self._planner = planner
        self._failed = failed
        self._clock = clock
        self._tuning = tuning
        self._woken = asyncio.Event()
        self._refused_since: dict[int, int] = {}
        """Block in which an intent was first refused in a try."""
        self.health = Health("degraded", "the chain has not been asked yet")

    def wake(self) -> None:
        """There may be new intents."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled. Raises what the store raises; trouble with the chain is its health."""
        while True:
            self._woken.clear()
            await self.step()
            try:
                async with asyncio.timeout(self._tuning.poll):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def step(self) -> None:
        """One round."""
        try:
            trouble = await self._round()
        except ChainUnavailable as error:
            self.health = Health("down", str(error))
        except ChainError as error:
            self.health = Health("degraded", str(error))
        else:
            self.health = Health("degraded", trouble) if trouble else Health("ok")

    async def _round(self) -> str:
        """What is wrong, if something is."""
        await self._node.require_chain(self._tuning.chain_id)
        head = await self._head()
        mined = await self._node.nonce(self._from)
        deep = head.number - self._tuning.confirmations
        confirmed = await self._node.nonce(self._from, deep) if deep >= 0 else 0
        for row in await self._open_ones():
            if row.nonce < confirmed:
                await self._settle(row)
            elif row.nonce >= mined:
                await self._push(row, head)
        return await self._plan(head, mined)

    async def _head(self) -> Block:
        head = await self._node.block("latest")
        if head is None:
            raise ChainUnavailable("the node has no blocks")
        return head

    async def _open_ones(self) -> list[TransactionRow]:
        return await self._store.read(
            lambda tx: transactions.open_ones(tx, self._tuning.chain_id, self._account.address)
        )

    # ---- transactions that are on their way ----

    async def _settle(self, row: TransactionRow) -> None:
        """Its nonce is confirmed: by one of its forms, or by a transaction of somebody with the same key."""
        rows = await self._store.read(lambda tx: intents.of_transaction(tx, row.id))
        for attempt in reversed(decode_attempts(row.attempts)):
            receipt = await self._node.receipt(attempt.hash)
            if receipt is not None:
                await self._included(row, rows, receipt)
                return
        log.warning("nonce was taken by another transaction; planning anew", nonce=row.nonce)
        ids = [intent.id for intent in rows]

        def work(tx: Tx) -> None:
            transactions.settle(tx, row.id, transactions.State.LOST, 0)
            intents.settle(tx, ids, intents.State.WAITING, "nonce taken")

        await self._store.write(work)

    async def _included(self, row: TransactionRow, rows: list[IntentRow], receipt: TxReceipt) -> None:
        cost = int(receipt["gasUsed"]) * int(receipt.get("effectiveGasPrice", 0))
        if int(receipt["status"]) == 1:
            outcome = dict(self._planner.outcome(rows, receipt).of)
        else:
            # Tried before it was sent, so the state has changed in between: try again, or learn why not.
            outcome = {}
            for intent in rows:
                refusal = await self._refusal(Planned(decode_call(row.call), (intent,)))
                words = self._planner.in_words(refusal) if refusal else "again"
                outcome[intent.id] = "" if refusal and self._planner.is_done(refusal) else words
        done = [intent.id for intent in rows if not outcome.get(intent.id)]
        again = [intent.id for intent in rows if outcome.get(intent.id) == "again"]

        # The failures first: after a crash the others are found again, through the transaction that is open.
        for intent in rows:
            if intent.id not in (*done, *again):
                await self._fail(intent, outcome[intent.id])

        def work(tx: Tx) -> None:
            transactions.settle(tx, row.id, transactions.State.CONFIRMED, cost)
            intents.settle(tx, done, intents.State.DONE)
            intents.settle(tx, again, intents.State.WAITING)

        await self._store.write(work)

    async def _push(self, row: TransactionRow, head: Block) -> None:
        """Not in a block: send it again after a while, at a higher fee when it is stuck."""
        now, attempts = self._clock(), decode_attempts(row.attempts)
        if now - attempts[-1].signed_at > self._tuning.stuck and await self._bumped(row, head, attempts):
            log.warning(
                "transaction is stuck; sent again at a higher fee", nonce=row.nonce, forms=len(attempts)
            )
        elif row.sent_at and now - row.sent_at < self._tuning.resend:
            return
        await self._send(row.id, attempts[-1])

    async def _bumped(self, row: TransactionRow, head: Block, attempts: list[Attempt]) -> bool:
        """Add a form at a higher fee, unless that is too dear; then the old one waits."""
        call = decode_call(row.call)
        made = await self._signed(call, row.nonce, head, attempts[-1])
        cost = call.gas * made.max_fee
        trouble = await self._too_dear(cost - row.cost, await self._node.balance(self._from) - row.cost)
        if trouble:
            log.warning("transaction is stuck and stays so", nonce=row.nonce, why=trouble)
            return False
        attempts.append(made)
        await self._store.write(lambda tx: transactions.replaced(tx, row.id, encode_attempts(attempts), cost))
        return True

    async def _send(self, row_id: int, attempt: Attempt) -> None:
        await self._node.send(attempt.raw)
        now = self._clock()
        await self._store.write(lambda tx: transactions.was_sent(tx, row_id, now))

    # ---- new ones ----

    async def _plan(self, head: Block, mined: int) -> str:
        waiting = await self._store.read(lambda tx: intents.waiting(tx, PLANNED))
        open_ones = await self._open_ones()
        nonce = max([mined, *(row.nonce + 1 for row in open_ones)])
        funds = await self._node.balance(self._from)
        for planned in self._planner.plan(waiting):
            if len(open_ones) >= MAX_OPEN:
                break
            call = await self._tried(planned, head)
            if call is None:
                continue
            attempt = await self._signed(call, nonce, head, None)
            cost = call.gas * attempt.max_fee
            trouble = await self._too_dear(cost, funds)
            if trouble:
                return trouble
            row_id = await self._store_new(planned, call, nonce, attempt, cost)
            open_ones = await self._open_ones()
            nonce, funds = nonce + 1, funds - cost
            await self._send(row_id, attempt)
        if waiting and funds < self._tuning.low_funds:
            return f"funds run low: {funds} wei at {self._from}"
        return ""

    async def _tried(self, planned: Planned, head: Block) -> Call | None:
        """The call with its gas, if it would work now; what is refused for long enough has failed."""
        refusal = await self._refusal(planned)
        if not refusal:
            for intent in planned.intents:
                self._refused_since.pop(intent.id, None)
            gas = await self._node.estimate(self._params(planned.call))
            return Call(planned.call.to, planned.call.data, gas * GAS_MARGIN[0] // GAS_MARGIN[1])
        for intent in planned.intents:
            first = self._refused_since.setdefault(intent.id, head.number)
            if self._planner.is_done(refusal):
                await self._settled(intent, refusal)
            elif head.number - first >= self._tuning.confirmations:
                # Not at the first refusal: the newest blocks may still change.
                await self._fail(intent, self._planner.in_words(refusal))
        return None

    async def _settled(self, intent: IntentRow, note: str) -> None:
        await self._store.write(lambda tx: intents.settle(tx, [intent.id], intents.State.DONE, note))

    async def _refusal(self, planned: Planned) -> str:
        try:
            await self._node.call(self._params(planned.call))
        except Reverted as error:
            return error.name
        return ""

    def _params(self, call: Call) -> TxParams:
        return {"from": self._from, "to": "0x" + call.to.hex(), "data": "0x" + call.data.hex()}  # type: ignore[typeddict-item]

    async def _too_dear(self, cost: int, funds: int) -> str:
        since = self._clock() - DAY
        spent = await self._store.read(lambda tx: transactions.spent(tx, self._tuning.chain_id, since))
        if spent + cost > self._tuning.daily_limit:
            return f"the spending limit is reached: {spent} wei in 24 hours ([chain] daily_limit)"
        if cost > funds:
            return f"funds are too low: {funds} wei at {self._from}, {cost} are needed"
        return ""

    async def _signed(self, call: Call, nonce: int, head: Block, before: Attempt | None) -> Attempt:
        tip = await self._node.tip()
        max_fee = 2 * head.base_fee + tip
        if before is not None:
            tip = max(tip, before.tip * BUMP[0] // BUMP[1] + 1)
            max_fee = max(max_fee, before.max_fee * BUMP[0] // BUMP[1] + 1, tip)
        raw, digest = self._account.sign_transaction(
            {
                "chainId": self._tuning.chain_id,
                "nonce": nonce,
                "to": Web3.to_checksum_address(call.to),
                "value": 0,
                "data": "0x" + call.data.hex(),
                "gas": call.gas,
                "maxFeePerGas": max_fee,
                "maxPriorityFeePerGas": tip,
            }
        )
        return Attempt(raw, digest, max_fee, tip, self._clock())

    async def _store_new(self, planned: Planned, call: Call, nonce: int, attempt: Attempt, cost: int) -> int:
        now = self._clock()

        def work(tx: Tx) -> int:
            row_id = transactions.add(
                tx,
                self._tuning.chain_id,
                self._account.address,
                nonce,
                encode_call(call),
                encode_attempts([attempt]),
                cost,
                now,
            )
            intents.sent(tx, [intent.id for intent in planned.intents], row_id)
            return row_id

        return await self._store.write(work)

    async def _fail(self, intent: IntentRow, why: str) -> None:
        self._refused_since.pop(intent.id, None)
        log.warning("the chain refuses", group=intent.group, intent=intent.key[:40], why=why)

        def settle(tx: Tx) -> None:
            intents.settle(tx, [intent.id], intents.State.FAILED, why)

        await self._failed(intent.group, intent.key, why, settle)
