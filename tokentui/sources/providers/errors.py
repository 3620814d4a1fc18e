"""What can go wrong between us and a provider: each says what happened, and what to do next.

No message holds a key, a header, a whole address or the body of an answer.
"""

from __future__ import annotations


class ProviderError(Exception):
    """A provider did not answer as it should."""

    code = "error"
    """How the state of the account names it."""

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        """`status` is the HTTP status, where there was one."""
        super().__init__(message)
        self.hint = hint
        self.status = status


class KeyRejected(ProviderError):
    """401 or 403: the key is wrong, or it is of the wrong kind for this question."""

    code = "key-rejected"


class NotOffered(ProviderError):
    """404 or 410: this provider, or this kind of account, does not answer this question."""

    code = "not-offered"


class Throttled(ProviderError):
    """429: asked too often. `retry_after` is in seconds; None where the provider did not say."""

    code = "throttled"

    def __init__(
        self, message: str, hint: str = "", *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint, status=status)
        self.retry_after = retry_after


class Unavailable(ProviderError):
    """5xx, a timeout, no network, no name, a bad certificate, a captive portal: it may work later."""

    code = "unavailable"

    def __init__(
        self, message: str, hint: str = "", *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint, status=status)
        self.retry_after = retry_after


class Moved(ProviderError):
    """A redirect: it is not followed, because the key would travel with it."""

    code = "moved"


class Refused(ProviderError):
    """We do not ask: an address without https that is not this machine's, or one that is no address."""

    code = "refused"


class ChangedFormat(ProviderError):
    """The answer is not what the provider documents; `field` is where."""

    code = "changed-format"

    def __init__(self, field: str, what: str = "is missing") -> None:
        """`field` is a path into the answer: `data[3].results[0].amount.value`."""
        super().__init__(
            f"the provider changed its format: {field} {what}",
            "look for a newer tokentui; the figures known so far stay",
        )
        self.field = field
