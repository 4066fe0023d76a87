"""The page: rooms, votes and the group's state in a browser, with accounts of its own or the person's wallet.

`app` lists what it answers, `live` what goes over the socket; `static/` holds the front end.
"""

from adapters.web.plugin import plugin

__all__ = ["plugin"]
