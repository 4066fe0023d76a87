"""MLS groups on the native part: `MlsGroupPort` implements `bridge.protocol.ports.MlsPort`."""

from bridge.mls.archive import Batch
from bridge.mls.port import MlsGroupPort, SignBinding

__all__ = ["Batch", "MlsGroupPort", "SignBinding"]
