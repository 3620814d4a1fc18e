"""Readers of the session logs that AI coding tools leave on this machine, one file a tool."""
