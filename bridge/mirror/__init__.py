"""Rooms and groups mirror each other: implements the adapters' `Inbox` and the groups' `Fanout`.

worker      platform events -> chat and commands -> the group
fanout      notices of the group -> deliveries, in the notices' own transaction
deliverer   deliveries -> adapters; one durable queue per room
"""
