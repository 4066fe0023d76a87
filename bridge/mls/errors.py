"""The one place where failures of the native part become errors of `bridge.protocol.errors`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bridge._native import MlsFailure
from bridge.protocol import errors

_BY_CODE: Final[dict[str, type[errors.ProtocolError]]] = {
    "not_permitted": errors.NotPermitted,
    "not_a_member": errors.NotAMember,
    "unknown_member": errors.UnknownMember,
    "already_member": errors.AlreadyMember,
    # Stored state that does not fit together: nothing from outside causes it, and only a rejoin helps.
    "internal": errors.LocalError,
    "malformed_mls": errors.MalformedMls,
    "wrong_group": errors.WrongGroup,
    "replayed": errors.Replayed,
    "not_allowed": errors.NotAllowed,
    "bad_signature": errors.BadSignature,
    "bad_batch": errors.BadBatch,
    "invalid_group": errors.InvalidGroup,
    "undecryptable": errors.UndecryptableMls,
}


def translate(failure: MlsFailure) -> errors.ProtocolError:
    """The protocol error for a native failure."""
    code, text, epoch, ours = failure.args
    if code == "wrong_epoch":
        return errors.WrongEpoch(epoch, ours)
    return _BY_CODE[code](text)


@contextmanager
def translated() -> Iterator[None]:
    """Run native calls; their failures leave as protocol errors."""
    try:
        yield
    except MlsFailure as failure:
        raise translate(failure) from failure
