"""What the page refuses. Every text is shown to the person and says what to do.

PageError                   code, HTTP status, text
  BadRequest                400  the browser sent something malformed
  NotSignedIn               401  no session, or it is over
  Forbidden                 403  wrong CSRF token, origin, host; not an operator; banned
  Unknown                   404  no such room, file, message
  TooLarge                  413
  TooMany                   429  rate limit; `after` seconds
  Busy                      503  passing trouble of ours
"""

from __future__ import annotations


class PageError(Exception):
    """Refused. `code` is stable and for programs; the text is for the person."""

    code = "refused"
    status = 400

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code or type(self).code


class BadRequest(PageError):
    """Malformed, or against a rule for names, passwords, texts."""

    code = "bad-request"


class NotSignedIn(PageError):
    """No session, or a wrong name or password."""

    code = "not-signed-in"
    status = 401


class Forbidden(PageError):
    """This person, or this origin, may not."""

    code = "forbidden"
    status = 403


class Unknown(PageError):
    """There is no such thing here."""

    code = "unknown"
    status = 404


class TooLarge(PageError):
    """Beyond a size limit."""

    code = "too-large"
    status = 413


class TooMany(PageError):
    """A rate limit; `after` seconds from now it may be tried again."""

    code = "too-many"
    status = 429

    def __init__(self, text: str, after: float) -> None:
        super().__init__(text)
        self.after = after


class Busy(PageError):
    """Passing trouble on our side."""

    code = "busy"
    status = 503
