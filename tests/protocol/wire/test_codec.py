"""The envelopes: exactly one bounded message, or Malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.errors import Malformed
from bridge.protocol.wire import codec
from bridge.protocol.wire import demls_pb2 as pb

GROUP = b"garden"
ADDRESS = bytes(range(20))
STARTED = pb.EpochStarted(group_id=GROUP, epoch=3)
INVITATION = pb.InvitationToJoin(mls_message_out_bytes=b"welcome", group_id=GROUP)
APP: list[codec.AppPayload] = [
    STARTED,
    pb.ConversationMessage(message=b"hi"),
    pb.BatchProposalsMessage(group_name=GROUP, commit_message=b"c", mls_proposals=[b"p"]),
    pb.BanRequest(user_to_ban=ADDRESS, requester=ADDRESS, group_id=GROUP, reason="spam"),
    pb.Proposal(group_id=GROUP),
    pb.Vote(vote_id=1),
    pb.VotingProposal(group_id=GROUP, missing=[ADDRESS]),
    pb.UserVote(group_id=GROUP, proposal_id=1),
    pb.LeaveRequest(group_id=GROUP),
    pb.Fragment(count=1),
    pb.HistoryRequest(group_id=GROUP),
    pb.ChangeRequest(group_id=GROUP, requester=ADDRESS, policy=b"p"),
]
WELCOME: list[codec.WelcomePayload] = [
    pb.GroupAnnouncement(group_id=GROUP),
    pb.JoinRequest(encrypted=b"x"),
    INVITATION,
    pb.Fragment(count=1),
]


@pytest.mark.parametrize("payload", APP, ids=lambda payload: payload.DESCRIPTOR.name)
def test_app_roundtrip(payload: codec.AppPayload) -> None:
    message = codec.decode_app(codec.encode_app(payload))
    field = message.WhichOneof("payload")
    assert field is not None
    assert getattr(message, field) == payload


@pytest.mark.parametrize("payload", WELCOME, ids=lambda payload: payload.DESCRIPTOR.name)
def test_welcome_roundtrip(payload: codec.WelcomePayload) -> None:
    message = codec.decode_welcome(codec.encode_welcome(payload))
    field = message.WhichOneof("payload")
    assert field is not None
    assert getattr(message, field) == payload


@pytest.mark.parametrize(
    "bad",
    [
        pb.ChangeRequest(requester=ADDRESS, policy=b"p"),
        pb.ChangeRequest(group_id=GROUP, policy=b"p"),
        pb.ChangeRequest(group_id=GROUP, requester=ADDRESS),
        pb.ChangeRequest(group_id=GROUP, requester=ADDRESS, policy=b"p", key_package=b"k"),
        pb.ChangeRequest(group_id=GROUP, requester=ADDRESS, policy=bytes(20_000)),
        pb.ChangeRequest(group_id=GROUP, requester=ADDRESS, policy=b"p", reason="x" * 600),
    ],
)
def test_bad_requests_for_a_change(bad: pb.ChangeRequest) -> None:
    with pytest.raises(Malformed):
        codec.decode_app(codec.encode_app(bad))


def test_every_kind_of_the_envelope_is_tried_above() -> None:
    assert {payload.DESCRIPTOR for payload in APP} == {f.message_type for f in pb.AppMessage.DESCRIPTOR.fields}
    assert {payload.DESCRIPTOR for payload in WELCOME} == {
        f.message_type for f in pb.WelcomeMessage.DESCRIPTOR.fields
    }


@given(st.binary(max_size=400))
def test_garbage_is_malformed_or_bounded(data: bytes) -> None:
    for decode in (codec.decode_app, codec.decode_welcome, codec.decode_join_request_body):
        try:
            decode(data)
        except Malformed:
            continue


@given(st.data())
def test_an_altered_envelope_raises_malformed_only(data: st.DataObject) -> None:
    raw = bytearray(codec.encode_app(data.draw(st.sampled_from(APP))))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        codec.decode_app(bytes(raw))
    except Malformed:
        return


def test_two_payloads_in_one_envelope_are_refused() -> None:
    vote, started = codec.encode_app(pb.Vote(vote_id=1)), codec.encode_app(STARTED)
    for data in (vote + started, started + vote, vote + vote):
        with pytest.raises(Malformed, match="more than one"):
            codec.decode_app(data)


def test_an_unknown_field_is_tolerated_an_unknown_kind_is_not() -> None:
    later = b"\xa2\x06\x03new"
    assert codec.decode_app(codec.encode_app(STARTED) + later).epoch_started == STARTED
    with pytest.raises(Malformed, match="unknown kind"):
        codec.decode_app(later)


def test_an_mls_message_is_not_taken_for_ours() -> None:
    with pytest.raises(Malformed):
        codec.decode_app(bytes.fromhex("0001000200000000"))


@pytest.mark.parametrize("limit", [codec.MAX_CLEAR_BYTES, codec.MAX_WHOLE_BYTES])
def test_size_limits(limit: int) -> None:
    def sized(size: int) -> bytes:
        batch = pb.BatchProposalsMessage(group_name=GROUP, commit_message=b"c")
        overhead = len(codec.encode_app(batch)) + 7
        batch.commit_message = bytes(size - overhead)
        return codec.encode_app(batch)

    fitting = sized(limit - 20)
    assert codec.decode_app(fitting, limit=limit)
    with pytest.raises(Malformed, match="allowed"):
        codec.decode_app(fitting + bytes(21 + limit - len(fitting)), limit=limit)
    with pytest.raises(Malformed):
        codec.decode_app(b"")


@pytest.mark.parametrize(
    "payload",
    [
        pb.EpochStarted(epoch=1),
        pb.EpochStarted(group_id=b"x" * 65),
        pb.BatchProposalsMessage(group_name=GROUP),
        pb.BatchProposalsMessage(commit_message=b"c"),
        pb.BatchProposalsMessage(group_name=GROUP, commit_message=b"c", mls_proposals=[b""] * 2_049),
        pb.BanRequest(group_id=GROUP, user_to_ban=b"0x70997970"),
        pb.BanRequest(group_id=GROUP, user_to_ban=ADDRESS, requester=b"x"),
        pb.BanRequest(group_id=GROUP, user_to_ban=ADDRESS, reason="x" * 513),
        pb.VotingProposal(group_id=GROUP, missing=[b"x"]),
        pb.VotingProposal(group_id=GROUP, missing=[ADDRESS] * 10_001),
        pb.UserVote(proposal_id=1),
    ],
)
def test_out_of_bounds_app(payload: codec.AppPayload) -> None:
    with pytest.raises(Malformed):
        codec.decode_app(codec.encode_app(payload))


@pytest.mark.parametrize(
    "payload",
    [
        pb.JoinRequest(),
        pb.JoinRequest(encrypted=bytes(20_000)),
        pb.InvitationToJoin(group_id=GROUP),
        pb.InvitationToJoin(mls_message_out_bytes=b"w"),
    ],
)
def test_out_of_bounds_welcome(payload: codec.WelcomePayload) -> None:
    with pytest.raises(Malformed):
        codec.decode_welcome(codec.encode_welcome(payload))


def test_join_request_body() -> None:
    body = pb.JoinRequestBody(group_id=GROUP, key_package=b"kp", time=1, name="Dave")
    assert codec.decode_join_request_body(body.SerializeToString()) == body
    for changed in (
        {"group_id": b""},
        {"key_package": b""},
        {"key_package": bytes(16_385)},
        {"rejoin_signature": b"x"},
        {"name": "x" * 257},
    ):
        bad = pb.JoinRequestBody.FromString(body.SerializeToString())
        for name, value in changed.items():
            setattr(bad, name, value)
        with pytest.raises(Malformed):
            codec.decode_join_request_body(bad.SerializeToString())
    with pytest.raises(Malformed):
        codec.decode_join_request_body(bytes(148_001))
