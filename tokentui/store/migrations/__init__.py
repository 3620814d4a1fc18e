"""Numbered steps from one schema to the next, applied in order by `tokentui.store.migrate`."""
