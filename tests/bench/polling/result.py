"""A case in figures: how soon losses were found, by us and by what others would do."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, median

from bench.polling import rivals
from bench.polling.case import HOUR, LATENCY, Case
from bench.polling.driver import Driver, Run
from bench.polling.world import Loss

SATURATED_SHARE = 0.2
"""Where appointments take more of the extensions asked than this, there are too few requests."""


@dataclass(frozen=True)
class Result:
    """Times in seconds; lags are means over all losses of a kind, from visible to found."""

    case: Case
    requests_per_hour: float
    by_appointment: float
    """The share of those asked whose appointment had come."""
    silent: float
    unregistered: float
    silent_every_minute: float
    silent_clairvoyant: float
    longest_unasked: float
    passed_over: float
    """Sweeps' worth of the requests that were made while one extension was not asked: how often
    everybody could have been, at the pace that was possible then."""
    not_found: int
    false_losses: int
    false_warnings: int
    phone_hours: float
    warned: tuple[int, int]
    """How many of the silent losses of phones that refresh at half of 600 s or more were warned of
    before the lease ended, and how many there were."""
    warned_share_left: float
    """Of the lease, the median."""

    @property
    def slot(self) -> float:
        """Between requests."""
        return HOUR / self.requests_per_hour

    @property
    def sweep(self) -> float:
        """How long an even sweep with as many requests takes."""
        return rivals.sweep_seconds(self.case, self.requests_per_hour)

    @property
    def swept(self) -> float:
        """The mean lag of such a sweep, whatever the loss."""
        return self.sweep / 2 + LATENCY

    @property
    def gain(self) -> float:
        """Times sooner than the sweep a silent loss is found."""
        return self.swept / self.silent

    @property
    def is_saturated(self) -> bool:
        """Whether there are too few requests to meet every appointment and sweep as well."""
        return self.by_appointment > SATURATED_SHARE


def measure(case: Case) -> Result:
    """Play a case."""
    return figures(Driver(case).play())


def figures(run: Run) -> Result:
    """What came of it."""
    case, losses = run.case, run.world.losses
    per_hour = run.requests_per_hour
    silent = [loss for loss in losses if loss.kind == "die"]
    halfway = [x for x in silent if x.lease >= 600 and x.period < 0.51 * x.lease]
    warned = [x for x in halfway if x.warned_at is not None and x.warned_at < x.visible_at]
    left = [(x.visible_at - (x.warned_at or 0.0)) / x.lease for x in warned]
    return Result(
        case=case,
        requests_per_hour=per_hour,
        by_appointment=run.by_appointment / max(1, run.asked),
        silent=_mean(silent, lambda loss: loss.lag),
        unregistered=_mean(
            [loss for loss in losses if loss.kind == "unregister"], lambda loss: loss.lag
        ),
        silent_every_minute=_mean(silent, rivals.every_minute(case, run.world.ids)),
        silent_clairvoyant=_mean(silent, rivals.clairvoyant(per_hour)),
        longest_unasked=run.longest_unasked,
        passed_over=run.passed_over / rivals.batches(case),
        not_found=sum(1 for loss in losses if loss.found_at is None),
        false_losses=run.false_losses,
        false_warnings=run.false_warnings,
        phone_hours=run.phone_hours,
        warned=(len(warned), len(halfway)),
        warned_share_left=median(left) if left else float("nan"),
    )


def _mean(losses: list[Loss], lag: Callable[[Loss], float]) -> float:
    return mean(map(lag, losses)) if losses else float("nan")
