"""`python -m tokentui`, and what the `tokentui` command calls."""

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    # Asked by scripts and prompts on every turn: answered before click (25 ms) is imported.
    if sys.argv[1:] in (["--version"], ["-V"]):
        from tokentui import __version__

        try:
            print("tokentui", __version__, flush=True)  # nothing, where there is no output
            return 0
        except OSError:
            pass  # a full disk, a closed pipe: told below as for every command
    from tokentui.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
