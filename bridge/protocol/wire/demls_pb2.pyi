from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Coordination(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COORDINATION_WAKU: _ClassVar[Coordination]
    COORDINATION_CONTRACT: _ClassVar[Coordination]

class Silence(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SILENCE_ABSTAIN: _ClassVar[Silence]
    SILENCE_APPROVE: _ClassVar[Silence]
    SILENCE_REJECT: _ClassVar[Silence]
COORDINATION_WAKU: Coordination
COORDINATION_CONTRACT: Coordination
SILENCE_ABSTAIN: Silence
SILENCE_APPROVE: Silence
SILENCE_REJECT: Silence

class WelcomeMessage(_message.Message):
    __slots__ = ("group_announcement", "join_request", "invitation_to_join", "fragment")
    GROUP_ANNOUNCEMENT_FIELD_NUMBER: _ClassVar[int]
    JOIN_REQUEST_FIELD_NUMBER: _ClassVar[int]
    INVITATION_TO_JOIN_FIELD_NUMBER: _ClassVar[int]
    FRAGMENT_FIELD_NUMBER: _ClassVar[int]
    group_announcement: GroupAnnouncement
    join_request: JoinRequest
    invitation_to_join: InvitationToJoin
    fragment: Fragment
    def __init__(self, group_announcement: _Optional[_Union[GroupAnnouncement, _Mapping]] = ..., join_request: _Optional[_Union[JoinRequest, _Mapping]] = ..., invitation_to_join: _Optional[_Union[InvitationToJoin, _Mapping]] = ..., fragment: _Optional[_Union[Fragment, _Mapping]] = ...) -> None: ...

class GroupAnnouncement(_message.Message):
    __slots__ = ("eth_pub_key", "signature", "group_id", "epoch", "steward", "time", "creator")
    ETH_PUB_KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    STEWARD_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    CREATOR_FIELD_NUMBER: _ClassVar[int]
    eth_pub_key: bytes
    signature: bytes
    group_id: bytes
    epoch: int
    steward: bytes
    time: int
    creator: bytes
    def __init__(self, eth_pub_key: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., group_id: _Optional[bytes] = ..., epoch: _Optional[int] = ..., steward: _Optional[bytes] = ..., time: _Optional[int] = ..., creator: _Optional[bytes] = ...) -> None: ...

class JoinRequest(_message.Message):
    __slots__ = ("encrypted",)
    ENCRYPTED_FIELD_NUMBER: _ClassVar[int]
    encrypted: bytes
    def __init__(self, encrypted: _Optional[bytes] = ...) -> None: ...

class JoinRequestBody(_message.Message):
    __slots__ = ("group_id", "key_package", "time", "rejoin_signature", "epoch", "name", "chain_signature")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_PACKAGE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    REJOIN_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHAIN_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    group_id: bytes
    key_package: bytes
    time: int
    rejoin_signature: bytes
    epoch: int
    name: str
    chain_signature: bytes
    def __init__(self, group_id: _Optional[bytes] = ..., key_package: _Optional[bytes] = ..., time: _Optional[int] = ..., rejoin_signature: _Optional[bytes] = ..., epoch: _Optional[int] = ..., name: _Optional[str] = ..., chain_signature: _Optional[bytes] = ...) -> None: ...

class InvitationToJoin(_message.Message):
    __slots__ = ("mls_message_out_bytes", "group_id")
    MLS_MESSAGE_OUT_BYTES_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    mls_message_out_bytes: bytes
    group_id: bytes
    def __init__(self, mls_message_out_bytes: _Optional[bytes] = ..., group_id: _Optional[bytes] = ...) -> None: ...

class AppMessage(_message.Message):
    __slots__ = ("conversation_message", "batch_proposals_message", "ban_request", "proposal", "vote", "voting_proposal", "user_vote", "epoch_started", "leave_request", "fragment", "history_request", "change_request")
    CONVERSATION_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    BATCH_PROPOSALS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    BAN_REQUEST_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    VOTE_FIELD_NUMBER: _ClassVar[int]
    VOTING_PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    USER_VOTE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_STARTED_FIELD_NUMBER: _ClassVar[int]
    LEAVE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    FRAGMENT_FIELD_NUMBER: _ClassVar[int]
    HISTORY_REQUEST_FIELD_NUMBER: _ClassVar[int]
    CHANGE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    conversation_message: ConversationMessage
    batch_proposals_message: BatchProposalsMessage
    ban_request: BanRequest
    proposal: Proposal
    vote: Vote
    voting_proposal: VotingProposal
    user_vote: UserVote
    epoch_started: EpochStarted
    leave_request: LeaveRequest
    fragment: Fragment
    history_request: HistoryRequest
    change_request: ChangeRequest
    def __init__(self, conversation_message: _Optional[_Union[ConversationMessage, _Mapping]] = ..., batch_proposals_message: _Optional[_Union[BatchProposalsMessage, _Mapping]] = ..., ban_request: _Optional[_Union[BanRequest, _Mapping]] = ..., proposal: _Optional[_Union[Proposal, _Mapping]] = ..., vote: _Optional[_Union[Vote, _Mapping]] = ..., voting_proposal: _Optional[_Union[VotingProposal, _Mapping]] = ..., user_vote: _Optional[_Union[UserVote, _Mapping]] = ..., epoch_started: _Optional[_Union[EpochStarted, _Mapping]] = ..., leave_request: _Optional[_Union[LeaveRequest, _Mapping]] = ..., fragment: _Optional[_Union[Fragment, _Mapping]] = ..., history_request: _Optional[_Union[HistoryRequest, _Mapping]] = ..., change_request: _Optional[_Union[ChangeRequest, _Mapping]] = ...) -> None: ...

class Fragment(_message.Message):
    __slots__ = ("id", "index", "count", "data")
    ID_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    index: int
    count: int
    data: bytes
    def __init__(self, id: _Optional[bytes] = ..., index: _Optional[int] = ..., count: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class BatchProposalsMessage(_message.Message):
    __slots__ = ("group_name", "mls_proposals", "commit_message", "epoch", "retry_round", "ballot_id", "sealed_certificate")
    GROUP_NAME_FIELD_NUMBER: _ClassVar[int]
    MLS_PROPOSALS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    RETRY_ROUND_FIELD_NUMBER: _ClassVar[int]
    BALLOT_ID_FIELD_NUMBER: _ClassVar[int]
    SEALED_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    group_name: bytes
    mls_proposals: _containers.RepeatedScalarFieldContainer[bytes]
    commit_message: bytes
    epoch: int
    retry_round: int
    ballot_id: int
    sealed_certificate: bytes
    def __init__(self, group_name: _Optional[bytes] = ..., mls_proposals: _Optional[_Iterable[bytes]] = ..., commit_message: _Optional[bytes] = ..., epoch: _Optional[int] = ..., retry_round: _Optional[int] = ..., ballot_id: _Optional[int] = ..., sealed_certificate: _Optional[bytes] = ...) -> None: ...

class Certificate(_message.Message):
    __slots__ = ("proposal", "votes", "leaves", "rejoins")
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    VOTES_FIELD_NUMBER: _ClassVar[int]
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    REJOINS_FIELD_NUMBER: _ClassVar[int]
    proposal: Proposal
    votes: _containers.RepeatedCompositeFieldContainer[Vote]
    leaves: _containers.RepeatedCompositeFieldContainer[LeaveRequest]
    rejoins: _containers.RepeatedCompositeFieldContainer[RejoinClaim]
    def __init__(self, proposal: _Optional[_Union[Proposal, _Mapping]] = ..., votes: _Optional[_Iterable[_Union[Vote, _Mapping]]] = ..., leaves: _Optional[_Iterable[_Union[LeaveRequest, _Mapping]]] = ..., rejoins: _Optional[_Iterable[_Union[RejoinClaim, _Mapping]]] = ...) -> None: ...

class RejoinClaim(_message.Message):
    __slots__ = ("group_id", "address", "epoch", "key_package_hash", "time", "signature", "chain_signature")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    KEY_PACKAGE_HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    CHAIN_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    group_id: bytes
    address: bytes
    epoch: int
    key_package_hash: bytes
    time: int
    signature: bytes
    chain_signature: bytes
    def __init__(self, group_id: _Optional[bytes] = ..., address: _Optional[bytes] = ..., epoch: _Optional[int] = ..., key_package_hash: _Optional[bytes] = ..., time: _Optional[int] = ..., signature: _Optional[bytes] = ..., chain_signature: _Optional[bytes] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("changes",)
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    def __init__(self, changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("add", "remove", "set_policy", "requester", "reason")
    ADD_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    SET_POLICY_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    add: Add
    remove: Remove
    set_policy: SetPolicy
    requester: bytes
    reason: str
    def __init__(self, add: _Optional[_Union[Add, _Mapping]] = ..., remove: _Optional[_Union[Remove, _Mapping]] = ..., set_policy: _Optional[_Union[SetPolicy, _Mapping]] = ..., requester: _Optional[bytes] = ..., reason: _Optional[str] = ...) -> None: ...

class Add(_message.Message):
    __slots__ = ("address", "key_package_hash", "name")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    KEY_PACKAGE_HASH_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    key_package_hash: bytes
    name: str
    def __init__(self, address: _Optional[bytes] = ..., key_package_hash: _Optional[bytes] = ..., name: _Optional[str] = ...) -> None: ...

class Remove(_message.Message):
    __slots__ = ("address",)
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    def __init__(self, address: _Optional[bytes] = ...) -> None: ...

class SetPolicy(_message.Message):
    __slots__ = ("policy",)
    POLICY_FIELD_NUMBER: _ClassVar[int]
    policy: bytes
    def __init__(self, policy: _Optional[bytes] = ...) -> None: ...

class GroupPolicy(_message.Message):
    __slots__ = ("version", "creator", "steward_candidates", "service_members", "ballot_rules", "coordination", "chat_during_ballot", "bootstrap_open", "bootstrap_listed", "timing")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATOR_FIELD_NUMBER: _ClassVar[int]
    STEWARD_CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    SERVICE_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    BALLOT_RULES_FIELD_NUMBER: _ClassVar[int]
    COORDINATION_FIELD_NUMBER: _ClassVar[int]
    CHAT_DURING_BALLOT_FIELD_NUMBER: _ClassVar[int]
    BOOTSTRAP_OPEN_FIELD_NUMBER: _ClassVar[int]
    BOOTSTRAP_LISTED_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    version: int
    creator: bytes
    steward_candidates: _containers.RepeatedScalarFieldContainer[bytes]
    service_members: _containers.RepeatedScalarFieldContainer[bytes]
    ballot_rules: BallotRules
    coordination: Coordination
    chat_during_ballot: bool
    bootstrap_open: bool
    bootstrap_listed: _containers.RepeatedScalarFieldContainer[bytes]
    timing: Timing
    def __init__(self, version: _Optional[int] = ..., creator: _Optional[bytes] = ..., steward_candidates: _Optional[_Iterable[bytes]] = ..., service_members: _Optional[_Iterable[bytes]] = ..., ballot_rules: _Optional[_Union[BallotRules, _Mapping]] = ..., coordination: _Optional[_Union[Coordination, str]] = ..., chat_during_ballot: _Optional[bool] = ..., bootstrap_open: _Optional[bool] = ..., bootstrap_listed: _Optional[_Iterable[bytes]] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ...) -> None: ...

class BallotRules(_message.Message):
    __slots__ = ("adds", "removals", "policies", "min_votes")
    ADDS_FIELD_NUMBER: _ClassVar[int]
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    MIN_VOTES_FIELD_NUMBER: _ClassVar[int]
    adds: Silence
    removals: Silence
    policies: Silence
    min_votes: int
    def __init__(self, adds: _Optional[_Union[Silence, str]] = ..., removals: _Optional[_Union[Silence, str]] = ..., policies: _Optional[_Union[Silence, str]] = ..., min_votes: _Optional[int] = ...) -> None: ...

class Timing(_message.Message):
    __slots__ = ("steward_epoch", "waiting", "voting", "commit")
    STEWARD_EPOCH_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    VOTING_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    steward_epoch: int
    waiting: int
    voting: int
    commit: int
    def __init__(self, steward_epoch: _Optional[int] = ..., waiting: _Optional[int] = ..., voting: _Optional[int] = ..., commit: _Optional[int] = ...) -> None: ...

class ConversationMessage(_message.Message):
    __slots__ = ("message", "message_id", "kind", "author", "html", "target", "reply_to", "thread", "attachments", "mentions", "origin_platform", "origin_room", "time_ms", "after", "after_epoch")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MESSAGE: _ClassVar[ConversationMessage.Kind]
        EDIT: _ClassVar[ConversationMessage.Kind]
        DELETE: _ClassVar[ConversationMessage.Kind]
        REACTION: _ClassVar[ConversationMessage.Kind]
        NOTICE: _ClassVar[ConversationMessage.Kind]
    MESSAGE: ConversationMessage.Kind
    EDIT: ConversationMessage.Kind
    DELETE: ConversationMessage.Kind
    REACTION: ConversationMessage.Kind
    NOTICE: ConversationMessage.Kind
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    HTML_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    THREAD_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    MENTIONS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_PLATFORM_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_ROOM_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    AFTER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    message: bytes
    message_id: bytes
    kind: ConversationMessage.Kind
    author: Author
    html: str
    target: bytes
    reply_to: bytes
    thread: bytes
    attachments: _containers.RepeatedCompositeFieldContainer[Attachment]
    mentions: _containers.RepeatedScalarFieldContainer[str]
    origin_platform: str
    origin_room: str
    time_ms: int
    after: bytes
    after_epoch: int
    def __init__(self, message: _Optional[bytes] = ..., message_id: _Optional[bytes] = ..., kind: _Optional[_Union[ConversationMessage.Kind, str]] = ..., author: _Optional[_Union[Author, _Mapping]] = ..., html: _Optional[str] = ..., target: _Optional[bytes] = ..., reply_to: _Optional[bytes] = ..., thread: _Optional[bytes] = ..., attachments: _Optional[_Iterable[_Union[Attachment, _Mapping]]] = ..., mentions: _Optional[_Iterable[str]] = ..., origin_platform: _Optional[str] = ..., origin_room: _Optional[str] = ..., time_ms: _Optional[int] = ..., after: _Optional[bytes] = ..., after_epoch: _Optional[int] = ...) -> None: ...

class Author(_message.Message):
    __slots__ = ("platform", "user_id", "display_name", "avatar", "address")
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    AVATAR_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    platform: str
    user_id: str
    display_name: str
    avatar: str
    address: bytes
    def __init__(self, platform: _Optional[str] = ..., user_id: _Optional[str] = ..., display_name: _Optional[str] = ..., avatar: _Optional[str] = ..., address: _Optional[bytes] = ...) -> None: ...

class Attachment(_message.Message):
    __slots__ = ("reference", "name", "media_type", "size", "sha256", "key")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    reference: str
    name: str
    media_type: str
    size: int
    sha256: bytes
    key: bytes
    def __init__(self, reference: _Optional[str] = ..., name: _Optional[str] = ..., media_type: _Optional[str] = ..., size: _Optional[int] = ..., sha256: _Optional[bytes] = ..., key: _Optional[bytes] = ...) -> None: ...

class EpochStarted(_message.Message):
    __slots__ = ("group_id", "epoch", "retry_round", "changes")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    RETRY_ROUND_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    group_id: bytes
    epoch: int
    retry_round: int
    changes: int
    def __init__(self, group_id: _Optional[bytes] = ..., epoch: _Optional[int] = ..., retry_round: _Optional[int] = ..., changes: _Optional[int] = ...) -> None: ...

class Proposal(_message.Message):
    __slots__ = ("name", "payload", "proposal_id", "proposal_owner", "votes", "expected_voters_count", "round", "timestamp", "expiration_time", "liveness_criteria_yes", "group_id", "epoch")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_ID_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_OWNER_FIELD_NUMBER: _ClassVar[int]
    VOTES_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VOTERS_COUNT_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_TIME_FIELD_NUMBER: _ClassVar[int]
    LIVENESS_CRITERIA_YES_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    name: str
    payload: bytes
    proposal_id: int
    proposal_owner: bytes
    votes: _containers.RepeatedCompositeFieldContainer[Vote]
    expected_voters_count: int
    round: int
    timestamp: int
    expiration_time: int
    liveness_criteria_yes: bool
    group_id: bytes
    epoch: int
    def __init__(self, name: _Optional[str] = ..., payload: _Optional[bytes] = ..., proposal_id: _Optional[int] = ..., proposal_owner: _Optional[bytes] = ..., votes: _Optional[_Iterable[_Union[Vote, _Mapping]]] = ..., expected_voters_count: _Optional[int] = ..., round: _Optional[int] = ..., timestamp: _Optional[int] = ..., expiration_time: _Optional[int] = ..., liveness_criteria_yes: _Optional[bool] = ..., group_id: _Optional[bytes] = ..., epoch: _Optional[int] = ...) -> None: ...

class Vote(_message.Message):
    __slots__ = ("vote_id", "vote_owner", "proposal_id", "timestamp", "vote", "parent_hash", "received_hash", "vote_hash", "signature", "ballot_digest")
    VOTE_ID_FIELD_NUMBER: _ClassVar[int]
    VOTE_OWNER_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    VOTE_FIELD_NUMBER: _ClassVar[int]
    PARENT_HASH_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_HASH_FIELD_NUMBER: _ClassVar[int]
    VOTE_HASH_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    BALLOT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    vote_id: int
    vote_owner: bytes
    proposal_id: int
    timestamp: int
    vote: bool
    parent_hash: bytes
    received_hash: bytes
    vote_hash: bytes
    signature: bytes
    ballot_digest: bytes
    def __init__(self, vote_id: _Optional[int] = ..., vote_owner: _Optional[bytes] = ..., proposal_id: _Optional[int] = ..., timestamp: _Optional[int] = ..., vote: _Optional[bool] = ..., parent_hash: _Optional[bytes] = ..., received_hash: _Optional[bytes] = ..., vote_hash: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., ballot_digest: _Optional[bytes] = ...) -> None: ...

class VotingProposal(_message.Message):
    __slots__ = ("proposal_id", "group_id", "proposal", "missing")
    PROPOSAL_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    proposal_id: int
    group_id: bytes
    proposal: Proposal
    missing: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, proposal_id: _Optional[int] = ..., group_id: _Optional[bytes] = ..., proposal: _Optional[_Union[Proposal, _Mapping]] = ..., missing: _Optional[_Iterable[bytes]] = ...) -> None: ...

class UserVote(_message.Message):
    __slots__ = ("proposal_id", "vote", "group_id", "signed_vote")
    PROPOSAL_ID_FIELD_NUMBER: _ClassVar[int]
    VOTE_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNED_VOTE_FIELD_NUMBER: _ClassVar[int]
    proposal_id: int
    vote: bool
    group_id: bytes
    signed_vote: Vote
    def __init__(self, proposal_id: _Optional[int] = ..., vote: _Optional[bool] = ..., group_id: _Optional[bytes] = ..., signed_vote: _Optional[_Union[Vote, _Mapping]] = ...) -> None: ...

class BanRequest(_message.Message):
    __slots__ = ("user_to_ban", "requester", "group_id", "reason")
    USER_TO_BAN_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    user_to_ban: bytes
    requester: bytes
    group_id: bytes
    reason: str
    def __init__(self, user_to_ban: _Optional[bytes] = ..., requester: _Optional[bytes] = ..., group_id: _Optional[bytes] = ..., reason: _Optional[str] = ...) -> None: ...

class LeaveRequest(_message.Message):
    __slots__ = ("group_id", "address", "epoch", "time", "signature", "chain_signature")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    CHAIN_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    group_id: bytes
    address: bytes
    epoch: int
    time: int
    signature: bytes
    chain_signature: bytes
    def __init__(self, group_id: _Optional[bytes] = ..., address: _Optional[bytes] = ..., epoch: _Optional[int] = ..., time: _Optional[int] = ..., signature: _Optional[bytes] = ..., chain_signature: _Optional[bytes] = ...) -> None: ...

class ChangeRequest(_message.Message):
    __slots__ = ("group_id", "requester", "reason", "policy", "key_package")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    KEY_PACKAGE_FIELD_NUMBER: _ClassVar[int]
    group_id: bytes
    requester: bytes
    reason: str
    policy: bytes
    key_package: bytes
    def __init__(self, group_id: _Optional[bytes] = ..., requester: _Optional[bytes] = ..., reason: _Optional[str] = ..., policy: _Optional[bytes] = ..., key_package: _Optional[bytes] = ...) -> None: ...

class HistoryRequest(_message.Message):
    __slots__ = ("group_id", "requester", "since", "time", "have", "signature")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    HAVE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    group_id: bytes
    requester: bytes
    since: int
    time: int
    have: bytes
    signature: bytes
    def __init__(self, group_id: _Optional[bytes] = ..., requester: _Optional[bytes] = ..., since: _Optional[int] = ..., time: _Optional[int] = ..., have: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...
