"""The certificate as it travels with its batch: encoded, and encrypted under an exporter key of its epoch.

Outsiders must not read who voted how. What a certificate proves, `judgement.py` says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

from bridge.protocol.ballots import ballot as ballot_codec
from bridge.protocol.ballots import votes as vote_codec
from bridge.protocol.ballots.ballot import Ballot
from bridge.protocol.ballots.claims import LeaveClaim, RejoinClaim
from bridge.protocol.ballots.votes import SignedVote
from bridge.protocol.errors import BadCertificate, BadVote, Malformed
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb

CERTIFICATE_LABEL = "demls certificate v1"
"""MLS exporter label. The context is SHA-256 of the commit message, so every commit has its own key."""
KEY_BYTES = 32
MAX_CERTIFICATE_BYTES = 2_097_152
"""A vote takes about 210 bytes: room for more than 9,000 of them."""
MAX_CLAIMS = 1_024
_NONCE_BYTES = 12
_TAG_BYTES = 16


@dataclass(frozen=True, slots=True)
class Certificate:
    """The ballot (None when nothing needs one), its votes, and the claims of those who act for themselves."""

    ballot: Ballot | None = None
    votes: tuple[SignedVote, ...] = ()
    leaves: tuple[LeaveClaim, ...] = ()
    rejoins: tuple[RejoinClaim, ...] = ()


def encode(certificate: Certificate) -> bytes:
    """The certificate as bytes."""
    message = pb.Certificate(
        proposal=ballot_codec.to_wire(certificate.ballot) if certificate.ballot else None,
        votes=[vote_codec.to_wire(vote) for vote in certificate.votes],
        leaves=[claim.to_wire() for claim in certificate.leaves],
        rejoins=[claim.to_wire() for claim in certificate.rejoins],
    )
    return message.SerializeToString(deterministic=True)


def decode(data: bytes, voters: Iterable[Address]) -> Certificate:
    """Read a certificate; `voters` are those of the present epoch. What it proves is for `judge` to say.

    Raises Malformed (size, bounds), BadBatch (shape), BadCertificate (another electorate, too many votes).
    """
    if len(data) > MAX_CERTIFICATE_BYTES:
        raise Malformed(f"certificate of {len(data)} bytes")
    try:
        message = pb.Certificate.FromString(data)
    except DecodeError as error:
        raise Malformed("certificate does not parse") from error
    electorate = tuple(voters)
    if len(message.votes) > len(electorate):
        raise BadCertificate("more votes than voters")
    if len(message.leaves) > MAX_CLAIMS or len(message.rejoins) > MAX_CLAIMS:
        raise Malformed("too many claims in a certificate")
    try:
        found = ballot_codec.from_wire(message.proposal, electorate) if message.HasField("proposal") else None
    except BadVote as error:
        raise BadCertificate(str(error)) from error
    return Certificate(
        ballot=found,
        votes=tuple(vote_codec.from_wire(vote) for vote in message.votes),
        leaves=tuple(LeaveClaim.from_wire(claim) for claim in message.leaves),
        rejoins=tuple(RejoinClaim.from_wire(claim) for claim in message.rejoins),
    )


def seal(certificate: Certificate, key: bytes) -> bytes:
    """Encrypt: nonce (12 bytes), then AES-256-GCM. `key`: 32 bytes, of this commit only.

    The nonce is taken from the plaintext's hash, so the same batch seals to the same bytes after a crash,
    and a nonce never comes twice with different plaintexts. Raises BadCertificate when it is too large.
    """
    data = encode(certificate)
    if len(data) > MAX_CERTIFICATE_BYTES:
        raise BadCertificate(f"certificate of {len(data)} bytes is too large to send")
    nonce = hashlib.sha256(data).digest()[:_NONCE_BYTES]
    return nonce + AESGCM(key).encrypt(nonce, data, None)


def open_sealed(sealed: bytes, key: bytes, voters: Iterable[Address]) -> Certificate:
    """Decrypt and read. Raises BadCertificate (not sealed under this key) and what `decode` raises."""
    if not _NONCE_BYTES + _TAG_BYTES <= len(sealed) <= _NONCE_BYTES + MAX_CERTIFICATE_BYTES + _TAG_BYTES:
        raise Malformed(f"sealed certificate of {len(sealed)} bytes")
    try:
        data = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except InvalidTag as error:
        raise BadCertificate("the certificate is not sealed for this commit") from error
    return decode(data, voters)
