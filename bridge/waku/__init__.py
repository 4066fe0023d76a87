"""Ways to Waku: an embedded relay node, an external node over REST, and an in-memory hub for tests."""
