"""Whatever a library logs, no key reaches the log."""

from __future__ import annotations

import io
import logging

import pytest

from tests.vaults import CANARY
from tokentui.secrets import Secret
from tokentui.secrets.redaction import Redaction


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redaction())
    logger = logging.Logger("tokentui.tests")
    logger.addHandler(handler)
    return logger, stream


def test_a_live_secret_is_struck_out_of_message_arguments_and_traceback(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    held = Secret("no-prefix-key")
    logger.warning("header %s", {"x-api-key": "no-prefix-key"})
    try:
        raise ValueError("refused no-prefix-key")
    except ValueError:
        logger.exception("no-prefix-key failed", stack_info=True)
    assert "header {'x-api-key': '***'}" in stream.getvalue()
    assert "ValueError: refused ***" in stream.getvalue()
    assert held == Secret("no-prefix-key")
    assert "no-prefix-key failed" not in stream.getvalue()


def test_what_looks_like_a_key_is_struck_out_though_nobody_holds_it(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    logger.error("Authorization: Bearer %s", CANARY)
    logger.error(f"GET /v1?key={CANARY}")
    assert stream.getvalue() == "Authorization: Bearer ***\nGET /v1?key=***\n"


def test_a_message_that_does_not_fit_its_arguments_is_still_a_line(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    logger.error("%d and %d", CANARY)
    assert stream.getvalue() == "(a message that cannot be formatted)\n"
