"""Where tokentui keeps its files, and the settings a person may write into `config.toml`.

Nothing but the standard library is imported here, and TOML only when a file is read or written:
the command line needs the paths on every start, the settings file on few.
"""

from tokentui.config.checks import CURRENCIES, THEMES, WEEK_STARTS, shown
from tokentui.config.file import MAX_CONFIG_BYTES, ConfigError, change, line_of, load, save, with_line
from tokentui.config.places import Paths, paths
from tokentui.config.settings import Documented, Settings, documented
from tokentui.config.watched import Watched

__all__ = [
    "CURRENCIES", "MAX_CONFIG_BYTES", "THEMES", "WEEK_STARTS", "ConfigError", "Documented", "Paths",
    "Settings", "Watched", "change", "documented", "line_of", "load", "paths", "save", "shown",
    "with_line",
]  # fmt: skip
