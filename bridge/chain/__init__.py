"""Ethereum: contract clients, the log follower, the sender of transactions, the development chain."""
