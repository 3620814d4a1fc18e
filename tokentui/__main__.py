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
    if sys.argv[1:2] == ["statusline"] and "_TOKENTUI_COMPLETE" not in os.environ:
        from tokentui import statusline  # called by Claude Code at every turn: nothing else is imported

        if statusline.main(sys.argv[2:]) is not None:
            return 0
    if sys.argv[1:] in ([], ["--mouse"]) and "_TOKENTUI_COMPLETE" not in os.environ:
        code = _dashboard(mouse=bool(sys.argv[1:]))
        if code is not None:
            return code
    from tokentui.cli import run

    return run(sys.argv[1:])


def _dashboard(*, mouse: bool) -> int | None:
    """Show the dashboard without the command line (40 ms); None where that has something to say before."""
    import gc

    from tokentui import last_screen

    try:
        last_screen.show(os.environ)
        gc.disable()  # until the first paint: a start makes many objects and no garbage
        from tokentui import config
        from tokentui.sources import SOURCES
        from tokentui.ui.opening import open_dashboard, unfit

        paths = config.paths(os.environ)
        settings = config.load(paths.config_file)
        unknown = {*settings.sources_off, *settings.extra_roots} - {each.name for each in SOURCES}
        if unfit(os.environ, sys.stdin, sys.stdout) or settings.warnings or unknown:
            return None
        return open_dashboard(paths, settings, mouse=mouse)
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        last_screen.take_away()
        from tokentui.cli.failures import report

        return report(problem)
    finally:
        last_screen.take_away()


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
