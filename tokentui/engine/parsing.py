"""From one log file to priced batches: what a worker process, or the engine's own thread, does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

import msgspec

from tokentui.batch import Batch, Checkpoint
from tokentui.engine.discovery import Siblings
from tokentui.engine.projects import project_of
from tokentui.packed import Packed, Pricing, pack
from tokentui.sources import SOURCES, module_of

PriceOf = Callable[[str], Pricing]
"""Returns what prices the records of an account, `service` or `service/name`."""

_NO_SIBLINGS = Siblings(())


class Job(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file to read, from where it was read last."""

    source: str
    path: str
    checkpoint: Checkpoint | None
    size: int


def prepare() -> None:
    """Import what the logs of the usual tools are parsed with."""
    for source in SOURCES:
        if source.parser:
            import_module(source.parser)


def parse(job: Job, siblings: dict[str, Siblings], price_of: PriceOf) -> Iterator[Packed]:
    """Read a file and yield its batches, each record priced and each context in its project.

    Raises OSError when the file cannot be read.
    """
    reader = import_module(module_of(job.source))
    for batch in reader.read(
        job.path, job.checkpoint, siblings=siblings.get(job.source, _NO_SIBLINGS)
    ):
        yield finish(batch, price_of)


def finish(batch: Batch, price_of: PriceOf) -> Packed:
    """Price and pack the records of a batch and fold its working directories into projects."""
    for index, context in enumerate(batch.contexts):
        project = project_of(context.project) if context.project else ""
        if project != context.project:
            batch.contexts[index] = msgspec.structs.replace(context, project=project)
    return pack(batch, [price_of(context.account_key) for context in batch.contexts])
