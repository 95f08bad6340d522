"""`regwatch poll`: one complete sweep, for a person or a script."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from regwatch.app.settings.clients import pbx_settings, selection
from regwatch.app.sources import pbx_of
from regwatch.batching import batched
from regwatch.cli.console import err, look, print_lines
from regwatch.cli.loops import run_loop
from regwatch.cli.settings import load_or_exit
from regwatch.cli.tables import Column, table
from regwatch.clock import wall_clock
from regwatch.config import Config
from regwatch.config.sections import AccountShape
from regwatch.core.durations import humanise
from regwatch.core.model import Answer, Extension, ExtensionId, Listing, Registration
from regwatch.sources.source import Source, SourceError

ALL_REGISTERED, SOME_NOT, NOT_SEEN = 0, 1, 3
"""Exit codes; 2 is a bad configuration, as with all commands."""
COLUMNS = (
    *map(Column, ("extension", "label", "state", "lease ends in")),
    Column("address", below=True),
    Column("device", below=True),
)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one account answered."""

    account: str
    extensions: Sequence[Extension]
    answers: Mapping[ExtensionId, Answer]
    problem: str = ""

    @property
    def exit_code(self) -> int:
        """3 if it could not see, 1 if one is not registered, 0 if all are."""
        if self.problem or len(self.answers) < len(self.extensions):
            return NOT_SEEN
        all_well = all(answer.registered for answer in self.answers.values())
        return ALL_REGISTERED if all_well else SOME_NOT


def poll(config_file: Path, *, as_json: bool) -> None:
    """Print it, and exit by what was seen."""
    config = load_or_exit(config_file)
    sweeps: list[Sweep] = []
    run_loop(lambda stop: _sweep_all(config, sweeps, stop))
    if len(sweeps) < len(config.accounts):
        raise SystemExit(NOT_SEEN)
    (_print_json if as_json else _print_table)(sweeps)
    for sweep in sweeps:
        if sweep.problem:
            err().print(f"{sweep.account}: {sweep.problem}", style="red")
    raise SystemExit(max(sweep.exit_code for sweep in sweeps))


async def _sweep_all(config: Config, sweeps: list[Sweep], stop: asyncio.Event) -> int:
    """Sweep account after account; an interrupt ends it."""
    with _progress() as progress:
        async with asyncio.TaskGroup() as group:
            work = group.create_task(_sweep_each(config, sweeps, progress))
            stopping = group.create_task(stop.wait())
            await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
            work.cancel()
            stopping.cancel()
    return 0


async def _sweep_each(config: Config, sweeps: list[Sweep], progress: Progress) -> None:
    for account in config.accounts:
        sweep = await _sweep(config, account, progress)
        sweeps.append(sweep)


def _progress() -> Progress:
    """On the terminal only, and gone when it is done."""
    console = err()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


async def _sweep(config: Config, account: AccountShape, progress: Progress) -> Sweep:
    bar = progress.add_task(f"{account.name}: the list", total=None)
    async with pbx_of(pbx_settings(config, account), clock=wall_clock) as source:
        try:
            extensions = await _list(account, source)
        except SourceError as error:
            return Sweep(account.name, (), {}, str(error))
        progress.update(bar, total=len(extensions), description=account.name)
        asking = _Asking(source, account, extensions, lambda n: progress.advance(bar, n))
        await asking.run()
    unseen = len(extensions) - len(asking.answers)
    missing = f"{unseen} of {len(extensions)} extensions were not answered" if unseen else ""
    return Sweep(account.name, extensions, asking.answers, asking.problem or missing)


async def _list(account: AccountShape, source: Source) -> list[Extension]:
    chosen, listing = selection(account), Listing((), complete=True)
    if chosen.discovery is not None:
        type_, status = chosen.discovery.type, chosen.discovery.status
        listing = await source.extensions(type=type_, status=status)
    wanted = [extension for extension in listing.extensions if chosen.wants(extension)]
    return wanted + chosen.unlisted({extension.id for extension in wanted})


class _Asking:
    """The batches of one sweep, a few at a time; the first error ends it."""

    def __init__(
        self,
        source: Source,
        account: AccountShape,
        extensions: Sequence[Extension],
        advance: Callable[[int], None],
    ) -> None:
        self.answers: dict[ExtensionId, Answer] = {}
        self.problem = ""
        self._source = source
        self._advance = advance
        self._concurrency = account.polling.concurrency
        self._batches = batched([e.id for e in extensions], account.polling.batch_size)

    async def run(self) -> None:
        """Ask for all of it."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._work())

    async def _work(self) -> None:
        for ids in self._batches:
            if self.problem:
                return
            try:
                batch = await self._source.registrations(ids)
            except SourceError as error:
                self.problem = str(error)
                return
            self.answers.update(batch.answers)
            self._advance(len(ids))


def _rows(sweep: Sweep) -> Iterator[tuple[Extension, Answer | None]]:
    """Those that need a look first, then by name."""
    rows = [(extension, sweep.answers.get(extension.id)) for extension in sweep.extensions]
    return iter(sorted(rows, key=lambda row: (_rank(row[1]), row[0].name, row[0].id)))


def _rank(answer: Answer | None) -> int:
    if answer is None:
        return 1
    return 2 if answer.registered else 0


def _print_table(sweeps: Sequence[Sweep]) -> None:
    width = look().width
    several = len(sweeps) > 1
    rows = [
        cells for sweep in sweeps for row in _rows(sweep) for cells in _cells(sweep, *row, several)
    ]
    print_lines(table(COLUMNS, rows, width))
    if width is not None:
        print_lines(map(_total, sweeps))


def _cells(
    sweep: Sweep, extension: Extension, answer: Answer | None, several: bool
) -> Iterator[tuple[str | Text, ...]]:
    """A row for each device; one if there is none."""
    name = extension.name or f"id {extension.id}"
    who = f"{sweep.account}/{name}" if several else name
    if answer is None:
        yield who, extension.label, Text("not answered", "yellow"), "", "", ""
        return
    state = Text("registered", "green") if answer.registered else Text("not registered", "red")
    held = answer.registrations or answer.former
    if not held:
        yield who, extension.label, state, "", "", ""
    for each in held:
        address = each.real_address.removeprefix("sip:")
        yield who, extension.label, state, _left(each, answer), address, each.device


def _left(registration: Registration, answer: Answer) -> str:
    if registration.lease_ends_at is None:
        return "–"
    left = registration.lease_ends_at - answer.answered_at
    return humanise(left) if left > 0 else f"{humanise(-left)} ago"


def _total(sweep: Sweep) -> str:
    registered = sum(1 for answer in sweep.answers.values() if answer.registered)
    return f"{sweep.account}: {registered} of {len(sweep.extensions)} extensions registered"


def _print_json(sweeps: Sequence[Sweep]) -> None:
    rows = [_as_json(sweep.account, *row) for sweep in sweeps for row in _rows(sweep)]
    click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))


def _as_json(account: str, extension: Extension, answer: Answer | None) -> dict[str, object]:
    held = answer.registrations if answer else ()
    return {
        "account": account,
        "extension_id": extension.id,
        "extension": extension.name,
        "label": extension.label,
        "registered": answer.registered if answer else None,
        "registrations": [
            {
                "registration_id": each.id,
                "device": each.device,
                "real_address": each.real_address,
                "contact_address": each.contact_address,
                "lease_ends_at": each.lease_ends_at,
            }
            for each in held
        ],
    }
