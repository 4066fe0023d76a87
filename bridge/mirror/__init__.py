"""Rooms and groups mirror each other: implements the adapters' `Inbox` and the groups' `Fanout`.

worker      platform events -> chat and commands -> the group
fanout      notices of the group -> deliveries, in the notices' own transaction
moderators  bans that a platform's moderators make: asked of the group, mirrored, or left alone
deliverer   deliveries -> adapters; one durable queue per room
"""
