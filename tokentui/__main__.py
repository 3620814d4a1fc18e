"""`python -m tokentui`, and what the `tokentui` command calls."""

import os
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


def script() -> None:
    """Run the command line and end the process."""
    import gc

    gc.set_threshold(50_000)  # imports make many objects and no garbage: 12 ms of 110
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass  # told already, or nobody is there to tell
    # Everything is stored and closed by now; taking the interpreter apart piece by piece takes 14 ms.
    os._exit(code)


if __name__ == "__main__":
    script()
