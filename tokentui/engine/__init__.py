"""The collector: what is due, read, price, store. Knows no screen."""
