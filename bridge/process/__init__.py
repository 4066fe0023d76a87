"""The process: composition, life, status, logs, metrics.

structlog takes along what it finds installed: rich for tracebacks that are printed plain here, greenlet for
threads that are not here; together 4 MB and 60 ms of every start. So this package loads it first, without them.
"""

from bridge.model.absent import absent

with absent("rich", "greenlet"):
    import structlog  # noqa: F401
