"""The process: composition, life, status, logs, metrics."""
