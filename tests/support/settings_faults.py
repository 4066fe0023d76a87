"""What is wrong with a table of an adapter, as an operator reads it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bridge.model.settings import Table
from bridge.settings.problems import Problem, problems_of


def fault(model: type[Table], values: dict[str, Any]) -> Problem:
    """The only one; fails when there is none or more."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    (found,) = problems_of(caught.value, model)
    return found
