"""Content topics of a group, and the hash by which duplicates are known (protocol.md section 4)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from bridge.protocol.events import Topic

_TOPIC: Final = re.compile(r"/([a-z0-9][a-z0-9._-]{0,63})/1/(app_msg|welcome)/proto")


def content_topic(group: str, topic: Topic) -> str:
    """The Waku content topic of one subtopic of a group."""
    return f"/{group}/1/{topic.value}/proto"


def parse(name: str) -> tuple[str, Topic] | None:
    """(group, subtopic) of a content topic; None when it is not one of ours."""
    match = _TOPIC.fullmatch(name)
    return (match[1], Topic(match[2])) if match else None


def digest(topic_name: str, payload: bytes) -> bytes:
    """SHA-256(content topic, 0, payload): two payloads with the same digest are one message."""
    return hashlib.sha256(topic_name.encode() + b"\0" + payload).digest()
