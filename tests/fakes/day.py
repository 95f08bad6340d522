"""A day in the life of 500 phones: what happens is settled beforehand, and known. The real planner,
monitor and grouping, as the default configuration makes them, watch it in virtual time.
"""

import heapq
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.polling.case import HOUR, Case
from bench.polling.driver import Driver
from fakes.clocks import both

from regwatch.app.settings.policies import maintenance, monitor_policy, routes, sites
from regwatch.config import load_config
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.model import (
    ExtensionId,
    FailureReason,
    Incident,
    IncidentId,
    ItemStatus,
    Notification,
    NotifyReason,
    Timestamp,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.polling.planner import Ask
from regwatch.core.steps import Failure
from regwatch.notify.words.first_line import headline
from regwatch.simulator.fleet import public_address

SITES, PHONES = 8, 500
SITE_SIZE = -(-PHONES // SITES)
CASE = Case(
    PHONES, 50, 1000, "desk", hours=24.0, warm_up=4 * HOUR, losses=0, seed=5, site_size=SITE_SIZE
)
DARK_SITES, REPAIRED_SITE = (5, 6, 7), 4
CONFIG = """
accounts: [{{url: "https://pbx.example.com", access_token: t0ken, name: acme}}]
sites:
{sites}
receivers:
  - {{name: chat, webhook: {{url: "https://chat.example.com"}}}}
  - {{name: pager, webhook: {{url: "https://pager.example.com"}}}}
routes:
  - {{match: {{severity: critical}}, receivers: [pager, chat]}}
  - {{receivers: [chat]}}
maintenance:
  - {{name: new switch, match: {{site: site4}}, from: "{begins}", to: "{ends}"}}
"""
BLIND = ((6.0, 6.35), (18.5, 20.5))
"""Hours of the day in which the API does not answer."""
EATEN_HOUR = 9
"""The hour in which another program uses up the quota."""
RESTART_AT, WINDOW = 12.2, (14.0, 17.0)


@dataclass(frozen=True)
class Event:
    """Something that truly happens to phones, in hours of the day."""

    kind: str
    begins: float
    ends: float
    phones: tuple[ExtensionId, ...]
    site: str = ""
    act: str = ""
    """How each of them goes, if all go in the same way."""


@dataclass
class Naive:
    """A script as people write it: asks for everybody every minute, tells of who is not there any
    more and who is there again. What is not answered is not there.
    """

    there: dict[ExtensionId, bool] = field(default_factory=dict)
    messages: int = 0
    blind_messages: int = 0
    """Of them: because it could not see."""

    def poll(self, answers: dict[ExtensionId, bool], *, is_blind: bool) -> None:
        for extension_id, registered in answers.items():
            before = self.there.get(extension_id)
            if before is not None and before != registered:
                self.messages += 1
                self.blind_messages += is_blind
            self.there[extension_id] = registered


class Day(Driver):
    """One day, watched."""

    def __init__(self) -> None:
        self._dawn = CASE.begins_at
        with TemporaryDirectory() as folder:
            file = Path(folder) / "regwatch.yml"
            file.write_text(self._config())
            self.config = load_config(file, environ={})
        super().__init__(CASE)
        self._random = Random(11)
        self.events: list[Event] = []
        self._script: list[tuple[float, int, Callable[[float], object]]] = []
        self.grouping = Grouping(routes(self.config))
        self.messages: list[Notification] = []
        self.incidents: dict[IncidentId, Incident] = {}
        self.naive = Naive()
        self._naive_at = self._dawn
        self._was_blind = False
        self._write_script()
        self._let_others_eat()

    def make_monitor(self) -> Monitor:
        config, plain = self.config, super().make_monitor()
        policy, mutes = monitor_policy(config, config.accounts[0]), Mutes(maintenance(config))
        return Monitor(plain.account, policy, sites(config.sites), mutes=mutes)

    def _config(self) -> str:
        lines = (f"  - {{name: site{n}, networks: [{public_address(n)}/32]}}" for n in range(SITES))
        begins, ends = (datetime.fromtimestamp(self.hour(hour), UTC).isoformat() for hour in WINDOW)
        return CONFIG.format(sites="\n".join(lines), begins=begins, ends=ends)

    def hour(self, hour: float) -> float:
        """An hour of the day as a point in time."""
        return self._dawn + hour * HOUR

    # --- what happens ------------------------------------------------------------

    def _write_script(self) -> None:
        phones = self.world.registrar.phones.values()
        quiet = [p.id for p in phones if p.site < REPAIRED_SITE and not p.never]
        self._random.shuffle(quiet)
        chosen = iter(quiet)
        for number in range(40):
            self._single(ExtensionId(next(chosen)), number)
        for number in range(6):
            self._flapper(ExtensionId(next(chosen)), 1.0 + 3.3 * number)
        for number in range(20):
            self._reboot(ExtensionId(next(chosen)), 0.5 + 1.15 * number)
        for site, (begins, ends) in zip(
            DARK_SITES, ((2.0, 4.5), (10.3, 11.8), (21.2, 22.9)), strict=True
        ):
            self._dark(site, begins, ends)
        self._repair()
        self._do(RESTART_AT, self.world.registrar.restart)
        self.events.append(Event("restart", RESTART_AT, RESTART_AT + 1, ()))
        self.events += [Event("blind", begins, ends, ()) for begins, ends in BLIND]
        self.events.append(Event("quota", EATEN_HOUR, EATEN_HOUR + 1, ()))

    def _do(self, hour: float, what: Callable[[float], object]) -> None:
        heapq.heappush(self._script, (self.hour(hour), len(self._script), what))

    def _act(self, hour: float, extension_id: ExtensionId, action: str) -> None:
        self._do(hour, lambda now: self.world.registrar.act(extension_id, action, now))

    def _single(self, who: ExtensionId, number: int) -> None:
        """Away for longer than the API is ever blind: each can be seen."""
        begins = self._random.uniform(0.2, 18.0)
        if abs(begins - RESTART_AT) < 1.2:  # forgotten, and never back: a loss of another kind
            begins -= 2.6
        ends = begins + self._random.uniform(3.5, 5.0)
        act = ("die", "unregister")[number % 2]
        self._act(begins, who, act)
        self._act(ends, who, "revive")
        self.events.append(Event("single", begins, ends, (who,), act=act))

    def _flapper(self, who: ExtensionId, begins: float) -> None:
        for number in range(20):
            self._act(begins + number / 20, who, "revive" if number % 2 else "unregister")
        self.events.append(Event("flapper", begins, begins + 1, (who,)))

    def _reboot(self, who: ExtensionId, at: float) -> None:
        self._act(at, who, "reboot")
        self.events.append(Event("reboot", at, at, (who,)))

    def _dark(self, site: int, begins: float, ends: float) -> None:
        registrar = self.world.registrar
        self._do(begins, lambda now: registrar.site(site, dark=True, now=now))
        self._do(ends, lambda now: registrar.site(site, dark=False, now=now))
        members = tuple(ExtensionId(p.id) for p in registrar.phones.values() if p.site == site)
        self.events.append(Event("site", begins, ends, members, f"site{site}"))

    def _repair(self) -> None:
        """Phones of a site go one by one, while everybody knows; one stays away."""
        phones = self.world.registrar.phones.values()
        members = [ExtensionId(p.id) for p in phones if p.site == REPAIRED_SITE and not p.never]
        begins, ends = WINDOW
        for number, who in enumerate(members[:10]):
            self._act(begins + 0.1 + number / 60, who, "unregister")
            back = ends - 0.5 if number else ends + 1.5
            self._act(back, who, "revive")
        self.events.append(Event("repaired", begins, ends, tuple(members[1:10]), "site4"))
        self.events.append(Event("forgotten", begins + 0.1, ends + 1.5, (members[0],), "site4"))

    def _let_others_eat(self) -> None:
        """All of it within ten minutes."""
        hour = int((self.hour(EATEN_HOUR) - (CASE.begins_at - CASE.warm_up)) // HOUR)
        self.quota._others[hour] = [CASE.quota / 2, *[float(CASE.quota)] * 11]

    # --- how it is seen ------------------------------------------------------------

    def _is_blind(self, now: float) -> bool:
        return any(self.hour(begins) <= now < self.hour(ends) for begins, ends in BLIND)

    def _land(self, ask: Ask, now: float) -> None:
        if not self._is_blind(now):
            super()._land(ask, now)
            return
        self.account.request_made(None, now=both(now))
        failure = Failure(FailureReason.TIMEOUT, "no answer")
        self._judge(self.account.failed(ask, failure, now=both(now)), now)

    def _judge(self, outcome: Outcome, now: float) -> None:
        at = Timestamp(now)
        for incident in {i.id: i for i in outcome.incidents}.values():
            self.incidents[incident.id] = incident
            self.grouping.take(incident, now=at)
        for message in self.grouping.due(now=at):
            self.grouping.queued(message, now=at)
            if now >= self._dawn:
                self.messages.append(message)
        while self._script and self._script[0][0] <= now:
            _, _, act = heapq.heappop(self._script)
            act(now)
        if self._naive_at <= now < CASE.ends_at:
            self._naive_at += 60.0
            self._poll_naively(now)

    def _poll_naively(self, now: float) -> None:
        used = self.quota.own(now) + self.quota.taken_by_others(now)
        ids, is_blind = tuple(self.world.ids), self._is_blind(now) or used >= CASE.quota
        answers = {} if is_blind else self.world.answers(ids, now)
        there = {i: i in answers and answers[i].registered for i in ids}
        self.naive.poll(there, is_blind=is_blind or self._was_blind)
        self._was_blind = is_blind

    # --- what was told ------------------------------------------------------------

    def of_kind(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def told(self, receiver: str = "chat") -> Iterator[tuple[Notification, ItemStatus, Incident]]:
        """Each time an incident was told as new or resolved, reminders apart."""
        for message in self.messages:
            if message.receiver == receiver:
                for item in message.items:
                    if item.status is not ItemStatus.STILL:
                        yield message, item.status, item.incident

    def stories(self, receiver: str = "chat") -> dict[IncidentId, list[tuple[ItemStatus, str]]]:
        stories: dict[IncidentId, list[tuple[ItemStatus, str]]] = defaultdict(list)
        for _, status, incident in self.told(receiver):
            stories[incident.id].append((status, incident.alert.value))
        return stories

    def told_of(self, who: ExtensionId) -> list[Incident]:
        """The incidents about a phone that chat was told of."""
        stories = self.stories()
        found = (self.incidents[i] for i in stories)
        return [incident for incident in found if incident.facts.extension_id == who]

    def news(self, receiver: str = "chat") -> list[Notification]:
        """The messages that are no reminders."""
        mine = (m for m in self.messages if m.receiver == receiver)
        return [m for m in mine if m.reason is not NotifyReason.REPEAT_DUE]

    def report(self) -> str:
        """What a person would want to read of it."""
        lines = ["What happened"]
        counts = Counter(event.kind for event in self.events)
        lines += [f"  {number:3} {kind}" for kind, number in counts.items()]
        lines.append("What chat was told")
        for message in self.messages:
            if message.receiver == "chat":
                at = datetime.fromtimestamp(message.created_at, UTC)
                lines.append(f"  {at:%H:%M:%S}  {headline(message)}")
        ours, naive = len(self.news()), self.naive
        reminders = sum(message.receiver == "chat" for message in self.messages) - ours
        lines.append(f"{ours} messages to chat, and {reminders} reminders")
        lines.append(
            f"The naive script: {naive.messages} messages, {naive.messages / ours:.0f} times as "
            f"many; {naive.blind_messages} of them because it could not see"
        )
        return "\n".join(lines)


def main(_arguments: Sequence[str]) -> None:
    day = Day()
    day.play()
    print(day.report())


if __name__ == "__main__":
    main(sys.argv[1:])
