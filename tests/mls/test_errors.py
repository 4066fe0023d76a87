"""Every native failure has its exception; none is unknown."""

import re
from pathlib import Path

import pytest

from bridge._native import MlsFailure
from bridge.mls.errors import _BY_CODE, translate, translated
from bridge.protocol import errors

NATIVE = Path(__file__).parents[2] / "bridge" / "native" / "py" / "src" / "mls.rs"


def test_the_codes_of_the_native_part_are_all_known() -> None:
    codes = set(re.findall(r'Error::\w+(?:\(_\)| \{ \.\. \})? => "(\w+)"', NATIVE.read_text()))
    assert codes == {*_BY_CODE, "wrong_epoch"}


def test_codes_agree_with_the_exceptions() -> None:
    for code, kind in _BY_CODE.items():
        assert code in (kind.code, "internal")


def test_the_epochs_come_through() -> None:
    error = translate(MlsFailure("wrong_epoch", "text", 7, 9))
    assert isinstance(error, errors.WrongEpoch)
    assert (error.epoch, error.ours) == (7, 9)


def test_the_cause_is_kept() -> None:
    failure = MlsFailure("bad_batch", "why", 0, 0)
    with pytest.raises(errors.BadBatch, match="why") as caught, translated():
        raise failure
    assert caught.value.__cause__ is failure
