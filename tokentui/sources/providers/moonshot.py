"""Moonshot: the balance of an account on the international or the Chinese platform.

Format: platform.moonshot.ai/docs (`/users/me/balance`): floats, dollars on .ai, yuan on .cn; the cash part
may be negative. Errors may come with status 200 and a `code` other than 0. There is no usage API.
"""

from __future__ import annotations

from tokentui.billing import Account, Balance, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import ProviderError
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client


async def test(client: Client, account: Account) -> KeyReport:
    """Read the balance."""
    await _balance(client)
    return KeyReport(f"the key is valid; its balance is in {_currency(account)}", ("balance",))


async def balance(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return what is left, vouchers included."""
    data = await _balance(client)
    currency = _currency(account)
    found = [Balance(data.money("available_balance"), currency)]
    if data.has("voucher_balance"):
        found.append(Balance(data.money("voucher_balance"), currency, "vouchers"))
    return Fetched(balances=tuple(found))


FETCHES = {"balance": balance}


async def _balance(client: Client) -> Row:
    answer = Row(await client.get("users/me/balance"))
    if answer.count("code", 0) != 0:
        raise ProviderError(f"Moonshot refused the question (code {answer.count('code')})")
    return answer.row("data")


def _currency(account: Account) -> str:
    return "CNY" if "moonshot.cn" in account.base_url else "USD"
