"""Fixtures that every test may ask for; each is started only when asked for."""

pytest_plugins = [
    "tests.support.browser",
    "tests.support.fixtures_anvil",
    "tests.support.fixtures_postgres",
    "tests.support.fixtures_synapse",
    "tests.support.fixtures_waku",
    "tests.support.kinds",
]
