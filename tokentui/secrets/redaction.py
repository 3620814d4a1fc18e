"""Keeps keys out of what is logged, whoever logs it."""

from __future__ import annotations

import logging

from tokentui.secrets.secret import redacted


class Redaction(logging.Filter):
    """A filter for a log's handler: no secret that is alive, and nothing that may be a key, gets through.

    It belongs on the handler: a logger's own filter does not see what its children log.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the message and the texts of an exception; nothing is dropped."""
        try:
            record.msg = redacted(record.getMessage())
        except (TypeError, ValueError, KeyError):  # arguments that do not fit the message
            record.msg = "(a message that cannot be formatted)"
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = redacted(record.exc_text) if record.exc_text else record.exc_text
        record.stack_info = redacted(record.stack_info) if record.stack_info else record.stack_info
        return True
