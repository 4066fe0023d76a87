"""The process: composition, life, status, logs, metrics.

structlog's console renderer takes `rich` along where it is installed, for tracebacks that are printed plain
here: 4 MB and 50 ms of every start. So rich is not to be found while structlog is loaded, which this package
does first.
"""

import sys

if "structlog" not in sys.modules and "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # as importlib documents: import raises ImportError
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]
