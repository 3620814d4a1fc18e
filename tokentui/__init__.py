"""tokentui: what your AI tools have used, what it cost, and how close each limit is."""

__version__ = "0.1.0"
