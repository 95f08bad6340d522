"""A daemon as the web part sees one, made of plain values, and ways to serve and ask it."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp.typedefs import Middleware
from prometheus_client import CollectorRegistry

from regwatch.clock import Clock
from regwatch.core.alerts.mutes import Silence
from regwatch.core.bugs import Setback
from regwatch.core.dispatch.forecast import Forecast
from regwatch.core.history import Happening, Sought
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    AlertName,
    Answer,
    Extension,
    ExtensionId,
    ExtensionState,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Quota,
    Registration,
    RegistrationId,
    Severity,
    Timestamp,
    Watched,
)
from regwatch.core.phones.warned import Outcomes
from regwatch.core.polling.agenda import Purpose
from regwatch.guard import Bugs
from regwatch.notify.trial import Trial
from regwatch.web.auth import Gate
from regwatch.web.listener import listening
from regwatch.web.metrics.instruments import Instruments
from regwatch.web.server import Reload, WebSettings, build_app
from regwatch.web.views import NeverMatchesError, NotFoundError, UnavailableError

NOW = Timestamp(1_795_000_000.0)  # 2026-11-18T11:06:40Z


NONE_ENDED = Outcomes()


@dataclass
class FakeAccount:
    name: AccountName
    extensions: dict[ExtensionId, Watched] = field(default_factory=dict)
    quota: Quota | None = None
    api_up: bool | None = None
    oldest_answer_at: Timestamp | None = None
    sweep_seconds: float = 60.0
    warnings: Outcomes = NONE_ENDED
    ids_asked: dict[Purpose, int] = field(default_factory=lambda: dict.fromkeys(Purpose, 0))
    api_problem: str = ""
    first_sweep_done: bool = True
    unexpected: frozenset[int] = frozenset()

    def expects(self, watched: Watched) -> bool:
        return watched.extension.id not in self.unexpected

    @property
    def sites(self) -> Sequence[str]:
        return sorted({"", *(w.site for w in self.extensions.values())})

    def watched(self) -> Mapping[ExtensionId, Watched]:
        return self.extensions

    def counts(self) -> Mapping[tuple[str, ExtensionState], int]:
        return Counter((w.site, w.state) for w in self.extensions.values())

    def registration_counts(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        for w in self.extensions.values():
            counts[w.site] += len(w.registrations)
        return counts


@dataclass
class FakeDaemon:
    all_accounts: list[FakeAccount] = field(default_factory=list)
    open_incidents: list[Incident] = field(default_factory=list)
    resolved: list[Incident] = field(default_factory=list)
    backlog: dict[str, tuple[int, Timestamp | None]] = field(default_factory=dict)
    problem: str | None = None
    stalled: str | None = None
    setbacks: list[Setback] = field(default_factory=list)
    escalating: dict[IncidentId, Sequence[tuple[Timestamp, Sequence[str]]]] = field(
        default_factory=dict
    )

    def accounts(self) -> Sequence[FakeAccount]:
        return self.all_accounts

    def incidents(self) -> Sequence[Incident]:
        return self.open_incidents

    def recently_resolved(self) -> Sequence[Incident]:
        return self.resolved

    def escalations(self, incident_id: IncidentId) -> Sequence[tuple[Timestamp, Sequence[str]]]:
        return self.escalating.get(incident_id, ())

    def outbox_backlog(self) -> Mapping[str, tuple[int, Timestamp | None]]:
        return self.backlog

    def set_aside(self) -> tuple[Sequence[Setback], int]:
        return self.setbacks, len(self.setbacks)

    def health_problem(self) -> str | None:
        return self.problem

    def live_problem(self) -> str | None:
        return self.stalled


@dataclass
class FakeOperations:
    """Keeps what it is told; `broken` is why it cannot."""

    happenings: list[Happening] = field(default_factory=list)
    kept: list[Incident] = field(default_factory=list)
    set_silences: list[Silence] = field(default_factory=list)
    sought: list[Sought] = field(default_factory=list)
    acknowledged: list[tuple[str, str, str]] = field(default_factory=list)
    deletions: list[tuple[str, list[str], bool]] = field(default_factory=list)
    unregistered: list[tuple[str, int, str | None, str]] = field(default_factory=list)
    broken: str = ""
    unmatched: str = ""
    """What is wrong with the matchers of any silence."""
    trial: Forecast | None = None
    tried: list[tuple[dict[str, str], list[IncidentId], Timestamp]] = field(default_factory=list)

    async def history(self, sought: Sought) -> Sequence[Happening]:
        self._check()
        self.sought.append(sought)
        wanted = sought.incident_id
        return [h for h in self.happenings if wanted in (None, h.incident_id)]

    async def incident(self, incident_id: IncidentId) -> Incident | None:
        self._check()
        return next((i for i in self.kept if i.id == incident_id), None)

    async def incidents_like(self, beginning: str) -> Sequence[Incident]:
        self._check()
        return [i for i in self.kept if i.id.startswith(beginning)]

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        self.acknowledged.append((incident_id, by, comment))
        return await self.incident(incident_id)

    def silences(self) -> Sequence[Silence]:
        return self.set_silences

    async def silence(
        self,
        matchers: Matchers,
        *,
        starts_at: Timestamp,
        ends_at: Timestamp,
        author: str,
        comment: str,
    ) -> Silence:
        self._check()
        if self.unmatched:
            raise NeverMatchesError(self.unmatched)
        made = Silence(
            id=f"s{len(self.set_silences)}",
            matchers=matchers,
            starts_at=starts_at,
            ends_at=ends_at,
            author=author,
            comment=comment,
            created_at=NOW,
        )
        self.set_silences.append(made)
        return made

    def try_routes(
        self, labels: Mapping[str, str], open_incidents: Sequence[Incident], *, at: Timestamp
    ) -> Forecast:
        if self.trial is None:
            raise NeverMatchesError(self.unmatched)
        self.tried.append((dict(labels), [each.id for each in open_incidents], at))
        return self.trial

    async def expire(self, silence_id: str, author: str) -> Silence | None:
        found = [s for s in self.set_silences if s.id == silence_id and not s.is_over(now=NOW)]
        return found[0].ended(now=NOW) if found else None

    def deleting(
        self, account: AccountName, registrations: Sequence[RegistrationId], *, withdrawn: bool
    ) -> bool:
        self.deletions.append((account, list(registrations), withdrawn))
        return account == "acme"

    async def unregister(
        self,
        account: AccountName,
        extension_id: ExtensionId,
        registration_id: RegistrationId | None,
        *,
        by: str,
    ) -> tuple[Answer, Answer]:
        self._check()
        if registration_id == "unknown":
            raise NotFoundError("it has no registration `unknown`")
        self.unregistered.append((account, extension_id, registration_id, by))
        held = (registration(),)
        return (
            Answer(extension_id, registered=True, registrations=held, former=(), answered_at=NOW),
            Answer(extension_id, registered=False, registrations=(), former=held, answered_at=NOW),
        )

    async def try_receiver(self, name: str, *, by: str) -> Trial:
        if name != "chat":
            raise NotFoundError(f"no receiver is named {name}; there are: chat")
        return Trial("chat", "slack", "it is gone", is_retryable=True)

    def _check(self) -> None:
        if self.broken:
            raise UnavailableError(self.broken)


def registration(
    number: int = 1,
    *,
    ends_in: float | None = 600.0,
    device: str = "Yealink SIP-T46G 28.72.14.5",
    address: str = "sip:203.0.113.7:62338",
) -> Registration:
    return Registration(
        RegistrationId(f"uloc-{number}"),
        device,
        address,
        "sip:000*002@192.168.5.52:5062",
        None if ends_in is None else Timestamp(NOW + ends_in),
    )


def watched(
    number: int,
    state: ExtensionState = ExtensionState.REGISTERED,
    *,
    name: str | None = None,
    label: str = "",
    site: str = "",
    registrations: tuple[Registration, ...] | None = None,
    since: float | None = None,
    reason: str = "",
) -> Watched:
    """An extension; with one registration if its state says so, unless told otherwise."""
    is_registered = state in {ExtensionState.REGISTERED, ExtensionState.OVERDUE}
    if registrations is None:
        registrations = (registration(number),) if is_registered else ()
    name = f"000*{number}" if name is None else name
    return Watched(
        Extension(ExtensionId(number), name, label),
        site=site,
        state=state,
        since=None if since is None else Timestamp(since),
        answered_at=Timestamp(NOW - 20),
        registrations=registrations,
        reason=reason,
    )


def account(*extensions: Watched, name: str = "acme", **rest: object) -> FakeAccount:
    return FakeAccount(AccountName(name), {w.extension.id: w for w in extensions}, **rest)


def incident(
    alert: AlertName = AlertName.EXTENSION_LOST,
    *,
    number: int | None = 101,
    state: IncidentState = IncidentState.FIRING,
    severity: Severity = Severity.CRITICAL,
    started_at: float = NOW - 300,
    resolved_at: float | None = None,
    summary: str = "",
    explanation: str = "",
    **facts: object,
) -> Incident:
    about: dict[str, object] = {"account": AccountName("acme")}
    if number is not None:
        about |= {"extension_id": ExtensionId(number), "extension": f"000*{number}"}
    return Incident(
        id=IncidentId(f"i-{alert}-{number}"),
        account=AccountName("acme"),
        alert=alert,
        severity=severity,
        subject=f"extension/{number}",
        state=state,
        started_at=Timestamp(started_at),
        resolved_at=None if resolved_at is None else Timestamp(resolved_at),
        summary=summary,
        explanation=explanation,
        facts=Facts(**(about | facts)),
    )


async def no_problems() -> list[str]:
    return []


def instruments() -> Instruments:
    return Instruments(CollectorRegistry())


@asynccontextmanager
async def served(
    daemon: FakeDaemon,
    made: Instruments | None = None,
    *,
    reload: Reload = no_problems,
    settings: WebSettings | None = None,
    gate: Gate | None = None,
    operations: FakeOperations | None = None,
    bugs: Bugs | None = None,
    clock: Clock = lambda: NOW,
    in_between: Sequence[Middleware] = (),
) -> AsyncIterator[aiohttp.ClientSession]:
    """A session whose base address is the daemon's, served on a free port of loopback; what is
    `in_between` may answer in the daemon's place.
    """
    app = build_app(
        daemon,
        made or instruments(),
        reload=reload,
        clock=clock,
        settings=settings,
        gate=gate,
        operations=operations,
        bugs=bugs,
    )
    app.middlewares.extend(in_between)
    async with (
        listening(app, "127.0.0.1:0") as address,
        aiohttp.ClientSession(f"http://{address}", auto_decompress=True) as session,
    ):
        yield session
