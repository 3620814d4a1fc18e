"""DeepSeek: the balance, in the currency of the account.

Format: api-docs.deepseek.com (`/user/balance`): decimal strings, in USD or CNY. There is no usage API.
"""

from __future__ import annotations

from tokentui.billing import Account, Balance, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Read the balance."""
    answer = Row(await client.get("user/balance"))
    list(answer.rows("balance_infos"))  # another answer says nothing of the key
    enough = answer.flag("is_available")
    state = "has enough balance for requests" if enough else "has no balance left for requests"
    return KeyReport(f"the key is valid; the account {state}", ("balance",))


async def balance(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return what is left: one balance a currency, granted credit included."""
    answer = Row(await client.get("user/balance"))
    balances = tuple(
        Balance(row.money("total_balance"), row.text("currency", limit=10).upper())
        for row in answer.rows("balance_infos")
    )
    notes = () if answer.flag("is_available") else ("there is not enough left for a request",)
    return Fetched(balances=balances, notes=notes)


FETCHES = {"balance": balance}
