"""Three PBXes and three receivers that bring about every kind of alert, each in its time, and over
before the end.

What is said at a moment follows from that moment alone: who asks after a crash hears what would
have been heard without one. All times in seconds from the beginning.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from itertools import chain
from math import floor, inf

from fakes.pbx import SECRET, Canned, FakePbx, canned_json
from fakes.values import YEALINK

from regwatch.core.model import AlertName

Span = tuple[float, float]
LEASE, REFRESH = 600.0, 300.0
END = 2250.0
"""Everything is over and told."""
NEVER: Span = (inf, inf)
OTHER_MODEL = "Snom D785 10.1.54.13"
SITE = "198.51.100.1"


@dataclass(frozen=True)
class Phone:
    """It refreshes at `phase` and every `REFRESH` seconds after it."""

    number: int
    phase: float = 0.0
    away: Sequence[Span] = ()
    """Said good-bye, and came back."""
    silent: Span = NEVER
    """Does not refresh: its entry stays until its lease is over."""
    address: str = ""
    moved: tuple[Span, str] = (NEVER, "")
    """Registers from another address in this time."""
    exchanged_at: float = inf
    second: bool = False
    """There is another device besides."""
    second_away: Span = NEVER

    def entries(self, now: float) -> list[dict[str, object]]:
        """Its registrations as the PBX would list them."""
        held = [] if self._ends_at(now) <= now else [self._entry(now)]
        if self.second and not _within(self.second_away, now):
            other = {
                "registration_id": self._named("b", now),
                "contact_address": f"sip:{self.number}@192.168.5.53:5062",
            }
            held.append(self._entry(now) | other)
        return held

    def _ends_at(self, now: float) -> float:
        if any(_within(span, now) for span in self.away):
            return -inf
        at = floor((now - self.phase) / REFRESH) * REFRESH + self.phase
        begins, ends = self.silent
        if begins <= at < ends:
            at = floor((begins - self.phase) / REFRESH) * REFRESH + self.phase
            at = ends if now >= ends else at
        back = max((end for _, end in self.away if end <= now), default=-inf)
        return max(at, back) + LEASE

    def _entry(self, now: float) -> dict[str, object]:
        span, elsewhere = self.moved
        address = elsewhere if _within(span, now) else self.address or f"203.0.113.{self.number}"
        return {
            "device": OTHER_MODEL if now >= self.exchanged_at else YEALINK,
            "real_address": f"sip:{address}:62338",
            "contact_address": f"sip:{self.number}@192.168.5.52:5062",
            "expires": round(self._ends_at(now) - now),
            "registration_id": self._named("a", now),
        }

    def _named(self, device: str, now: float) -> str:
        """An entry that is made anew has another name."""
        ends = (end for _, end in (*self.away, self.silent, self.second_away))
        return f"{self.number}-{device}-{sum(end <= now for end in ends)}"


def _within(span: Span, now: float) -> bool:
    return span[0] <= now < span[1]


def _forgotten(number: int, at: float) -> Phone:
    """The registrar loses it, and it comes back as it refreshes: the first two while it is looked
    at what it is that so many are gone.
    """
    phase = 112.0 + 6.0 * (number - 101)
    back = (floor((at - phase) / REFRESH) + 1) * REFRESH + phase
    return Phone(number, phase=phase, away=((at, back),))


@dataclass(frozen=True)
class Trouble:
    """What brings about one kind of alert: at phones, at an API, at a receiver."""

    phones: Sequence[Phone] = ()
    """Of account acme, but for those that the registrar forgets: they are account zeta's."""
    api: tuple[Span, Callable[[float], Canned]] | None = None
    """What account bolt's API says instead of an answer."""
    refusing: Span = NEVER
    """The receiver `moody` refuses what it is sent."""


def _used_up(seconds: float) -> Canned:
    quota = {"Limit": "1000", "Remaining": "0", "Reset": str(round(seconds))}
    headers = {f"X_RateLimit_{name}": value for name, value in quota.items()}
    return canned_json('{"status":"rate_limit_exceeded"}', 429, **headers)


TABLE: Mapping[AlertName, Trouble] = {
    AlertName.EXTENSION_LOST: Trouble([Phone(12, phase=30, silent=(200, 1000))]),
    AlertName.SIGNED_OFF: Trouble([Phone(1, away=[(60, 150)]), Phone(2, away=[(1060, 1240)])]),
    AlertName.REGISTRATION_LOST: Trouble([Phone(3, second=True, second_away=(400, 500))]),
    AlertName.REFRESH_OVERDUE: Trouble(
        [Phone(4, phase=15, silent=(1400, 1780)), Phone(5, phase=10, silent=(1400, 1900))]
    ),
    AlertName.NEVER_REGISTERED: Trouble([Phone(6, away=[(-inf, 300)])]),
    AlertName.API_UNAVAILABLE: Trouble(api=((200, 400), lambda _left: Canned(500))),
    AlertName.CREDENTIALS_REFUSED: Trouble(
        api=((600, 900), lambda _left: canned_json('{"status":"app_access_type_deny"}', 403))
    ),
    AlertName.QUOTA_EXHAUSTED: Trouble(api=((1200, 1400), _used_up)),
    AlertName.REGISTRAR_RESTARTED: Trouble([_forgotten(n, 700) for n in range(101, 110)]),
    AlertName.ACCOUNT_LOST: Trouble(
        [Phone(n, phase=5 + n % 12, away=[(100, 190)]) for n in range(201, 213)]
    ),
    AlertName.SITE_LOST: Trouble(
        [Phone(n, phase=20, address=SITE, silent=(1400, 1800)) for n in range(20, 26)]
    ),
    AlertName.FLAPPING: Trouble(
        [Phone(7, away=[(300 + 120 * n, 360 + 120 * n) for n in range(4)])]
    ),
    AlertName.ADDRESS_CHANGED: Trouble([Phone(8, moved=((210, inf), "192.0.2.8"))]),
    AlertName.FOREIGN_NETWORK: Trouble(
        [Phone(9, address="198.51.100.99", moved=((90, 210), "192.0.2.9"))]
    ),
    AlertName.DEVICE_CHANGED: Trouble([Phone(10, exchanged_at=240)]),
    # The phone's message finds it well again.
    AlertName.RECEIVER_BROKEN: Trouble([Phone(11, away=[(850, 940)])], refusing=(690, 800)),
}
"""Each kind of alert there is."""
OVERLOADED: Span = (1050, 1110)
"""`moody` has no time: it is tried again."""
ANSWERS_LOST: Span = (60, 65)
"""`hook` takes what it is sent, and says that it could not: the same comes again."""
PHONES = tuple(chain.from_iterable(trouble.phones for trouble in TABLE.values()))
OF_ACCOUNT: Mapping[str, Sequence[Phone]] = {
    "acme": [*(p for p in PHONES if p.number < 100), *(Phone(n, phase=40) for n in range(30, 36))],
    "bolt": [Phone(n) for n in range(40, 43)],
    "zeta": [*(p for p in PHONES if 100 < p.number < 200), Phone(113, phase=5)],
    "omega": [*(p for p in PHONES if p.number > 200), *(Phone(n, phase=9) for n in (213, 214))],
}
CONFIG = cleandoc("""
    accounts:
    {accounts}
    sites:
      - {{name: riga, extensions: ["20", "21", "22", "23", "24", "25"]}}
      - {{name: office, networks: ["198.51.100.96/27"], extensions: ["9"]}}
    alerts:
      never_registered: {{after: 2m}}
      refresh_overdue: {{learn_after: 2}}
      api_unavailable: {{for: 1m}}
      flapping: {{changes: 5, window: 20m, calm: 3m}}
    receivers:
      - {{name: hook, webhook: {{url: "{hook}"}}}}
      - {{name: moody, fallback: spare, webhook: {{url: "{moody}"}}}}
      - {{name: spare, webhook: {{url: "{spare}"}}}}
      - {{name: early, webhook: {{url: "{early}"}}}}
      - {{name: boss, webhook: {{url: "{boss}"}}}}
    schedules:
      early: {{hours: "07:00-08:12", timezone: UTC}}
    routes:
      - {{match: {{alert: receiver_broken}}, receivers: [hook], group_wait: 0s}}
      - {{active: early, receivers: [early], continue: true,
         group_by: [account, alert, extension_id],
         group_wait: 0s}}
      - {{receivers: [hook, moody], group_by: [account, alert, extension_id],
         group_wait: 0s, escalate: {{after: 500s, receivers: [boss]}}}}
    http: {{listen: "127.0.0.1:0"}}
    storage: {{url: "sqlite:///{folder}/regwatch.db"}}
""")
ACCOUNT = """\
  - name: {name}
    url: "{url}"
    client_id: demo
    client_secret: {secret}
    extensions: {{discover: {{every: 1h}}}}
    polling: {{interval: {interval}}}"""
INTERVALS = {"zeta": "10s"}
"""Who returns after a restart is to be seen soon, whenever it is that we begin."""
RECEIVERS = ("hook", "moody", "spare", "early", "boss")


def config(folder: object, pbxes: Mapping[str, str], receivers: Mapping[str, str]) -> str:
    """The configuration, with the URLs by account and by receiver."""
    accounts = (
        ACCOUNT.format(name=name, url=url, secret=SECRET, interval=INTERVALS.get(name, "30s"))
        for name, url in pbxes.items()
    )
    return CONFIG.format(accounts="\n".join(accounts), folder=folder, **receivers)


class TroubledPbx(FakePbx):
    """The PBX of one account."""

    def __init__(self, account: str, now: Callable[[], float]) -> None:
        super().__init__()
        self._account = account
        self._now = now
        self._phones = {phone.number: phone for phone in OF_ACCOUNT[account]}
        self.answers = self._info
        self.extensions = [
            {"id": n, "name": f"000*{n}", "type": "phone", "status": "active"} for n in self._phones
        ]

    def _info(self, extension_id: int) -> dict[str, object]:
        entries = self._phones[extension_id].entries(self._now())
        return {
            "registered": bool(entries),
            "extension_id": extension_id,
            "registrations": entries,
        }

    def _canned(self, path: str) -> Canned | None:
        if self._account == "bolt" and path.startswith("/api"):
            for span, says in (trouble.api for trouble in TABLE.values() if trouble.api):
                if _within(span, self._now()):
                    return says(span[1] - self._now())
        return super()._canned(path)


def mood(receiver: str, now: float) -> tuple[int, bool]:
    """The status that a receiver answers with, and whether it takes what it is sent."""
    if receiver == "hook" and _within(ANSWERS_LOST, now):
        return 500, True
    if receiver == "moody" and any(_within(trouble.refusing, now) for trouble in TABLE.values()):
        return 404, False
    if receiver == "moody" and _within(OVERLOADED, now):
        return 503, False
    return 200, True
