"""The dashboard with its engine, in a terminal, on a provider at loopback and a vault that opens at once.

`python -m tests.ui_accounts_program URL [crash]`: with `crash` what follows a test fails, and tells the key.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from tests.vaults import means
from tokentui import config, secrets
from tokentui.engine.journal import open_journal
from tokentui.sources import providers


def main() -> int:
    """Run it until it is left."""
    from tokentui.ui import accounts_add
    from tokentui.ui.opening import open_dashboard

    url, *modes = sys.argv[1:]
    rows = (row._replace(base_url=url) if row.name == "deepseek" else row for row in providers.PROVIDERS)
    providers.PROVIDERS = tuple(rows)
    setattr(secrets.Means, "of", staticmethod(lambda environ, _cost=None: means(environ)))  # noqa: B010

    async def fail(self: accounts_add.AddAccount, *_: Any) -> None:
        key = self.key
        raise RuntimeError(f"boom {key.reveal() if key else ''}")

    if modes:
        setattr(accounts_add.AddAccount, "_after_test", fail)  # noqa: B010
    places = config.paths(os.environ)
    open_journal(places.state_dir / "tokentui.log")
    return open_dashboard(places, config.Settings(), mouse=False)


if __name__ == "__main__":
    sys.exit(main())
