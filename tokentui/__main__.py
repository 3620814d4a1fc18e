"""`python -m tokentui`, and what the `tokentui` command calls."""

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    # Asked by scripts and prompts on every turn: answered before click (25 ms) is imported.
    if sys.argv[1:] in (["--version"], ["-V"]):
        from tokentui import __version__

        sys.stdout.write(f"tokentui {__version__}\n")
        return 0
    from tokentui.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
