"""The shared suite's assertions are explained like those of a test file."""

import pytest

pytest.register_assert_rewrite("tests.adapters.suite")
