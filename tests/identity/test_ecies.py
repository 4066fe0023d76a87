"""ECIES: the seed's vector, round trips, refusals."""

from __future__ import annotations

import traceback

import pytest
from coincurve import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.identity import ecies
from bridge.identity.ecies import EciesError

SEED_SECRET = bytes.fromhex("81bae876b70513c9decc608eed549977a81afa1c2b6b4080aec256339e792e0f")
SEED_MESSAGE = bytes.fromhex(
    "049c7a3a75b43dfa0c28c911a4ff1ff157a176116c4e4d00ca15fead57b4806c038cf0af9d9cfaa6fb03b8fa18f10b32"
    "81d8e01eb346447874072321ec98fd35ef78377b525757b494427f89014f97d799c7bc8916e2d66a14c8f0905ed9ca32"
    "dec716f9b9158a385a9fad92"
)


def test_the_seed_s_vector() -> None:
    assert ecies.decrypt(SEED_SECRET, SEED_MESSAGE) == b"key package"


def new_pair() -> tuple[bytes, bytes]:
    """A fresh key pair: secret, compressed public key."""
    key = PrivateKey()
    return key.secret, key.public_key.format(compressed=True)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_round_trip(data: bytes) -> None:
    secret, public = new_pair()
    assert (len(secret), len(public)) == (32, 33)
    sealed = ecies.encrypt(public, data)
    assert len(sealed) == len(data) + ecies.OVERHEAD_BYTES
    assert ecies.decrypt(secret, sealed) == data
    assert ecies.encrypt(public, data) != sealed


def test_the_largest_message() -> None:
    secret, public = new_pair()
    data = bytes(ecies.MAX_PLAINTEXT_BYTES)
    assert ecies.decrypt(secret, ecies.encrypt(public, data)) == data
    with pytest.raises(EciesError):
        ecies.encrypt(public, data + b"x")
    with pytest.raises(EciesError):
        ecies.decrypt(secret, b"\x04" + bytes(ecies.OVERHEAD_BYTES + ecies.MAX_PLAINTEXT_BYTES))


@settings(deadline=None)
@given(st.integers(0, len(SEED_MESSAGE) - 1), st.integers(0, 7))
def test_any_changed_bit_is_refused(index: int, bit: int) -> None:
    damaged = bytearray(SEED_MESSAGE)
    damaged[index] ^= 1 << bit
    with pytest.raises(EciesError):
        ecies.decrypt(SEED_SECRET, bytes(damaged))


@settings(deadline=None)
@given(st.integers(0, len(SEED_MESSAGE) - 1))
def test_any_shortened_message_is_refused(length: int) -> None:
    with pytest.raises(EciesError):
        ecies.decrypt(SEED_SECRET, SEED_MESSAGE[:length])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    for message in (data, b"\x04" + data, SEED_MESSAGE[:65] + data):
        with pytest.raises(EciesError):
            ecies.decrypt(SEED_SECRET, message)


def test_another_key_is_refused_and_shows_no_secret() -> None:
    secret, _ = new_pair()
    with pytest.raises(EciesError) as caught:
        ecies.decrypt(secret, SEED_MESSAGE)
    assert secret.hex() not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("key", [b"", bytes(32), bytes(33), b"\x02" + b"\xff" * 32, b"\x04" + bytes(64)])
def test_bad_public_keys(key: bytes) -> None:
    with pytest.raises(EciesError):
        ecies.encrypt(key, b"data")


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(32), b"\xff" * 32])
def test_bad_secrets(secret: bytes) -> None:
    with pytest.raises(EciesError):
        ecies.decrypt(secret, SEED_MESSAGE)
