"""What people do: go home and come, walk about with their softphones, reload pages, log in
elsewhere. In UTC, on working days.
"""

from collections.abc import Iterator
from random import Random

from regwatch.simulator.furnishing import DESKS, SOFTPHONES, mobile_host, model_of
from regwatch.simulator.life.ground import DAY, HOUR, MINUTE, Ground
from regwatch.simulator.life.happenings import FIRST, Act, Happening, Step, Want
from regwatch.simulator.rates import Kind

OPENS, CLOSES = 8 * HOUR, 18 * HOUR
SPREAD_SECONDS = 10 * MINUTE
"""Most come and go within so much of the hour."""
AT_WORK = (8.75 * HOUR, 16.5 * HOUR)
AWAY = (10 * MINUTE, 75 * MINUTE)
"""On a mobile network."""
ELSEWHERE = (1 * HOUR, 5 * HOUR)
SATURDAY, SUNDAY = 5, 6
GOODBYE_SHARE = 0.5
"""Of reloaded pages: those that un-REGISTER first."""


def is_working_day(day: int) -> bool:
    """Counted from the epoch, which was a Thursday."""
    return (day + 3) % 7 not in (SATURDAY, SUNDAY)


def office_hours(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """Each softphone and browser goes at closing time, until the next working day."""
    if Kind.OFFICE_HOURS not in ground.rates.kinds or not is_working_day(day):
        return
    nights = next(n for n in (1, 2, 3) if is_working_day(day + n))
    for number, seat in enumerate([*ground.roaming, *ground.browsers]):
        at = day * DAY + random.gauss(CLOSES, SPREAD_SECONDS)
        until = (day + nights) * DAY + random.gauss(OPENS, SPREAD_SECONDS)
        says_goodbye = random.random() < ground.rates.goodbye_share
        who = ground.id_of(seat)
        gone = Step(at, Act.GOODBYE if says_goodbye else Act.OFF, who)
        yield Happening(
            number=f"{Kind.OFFICE_HOURS.value}/{day}/{number}",
            at=at,
            kind=Kind.OFFICE_HOURS,
            want=Want.SIGN_OFF if says_goodbye else Want.LOSS,
            whom=(who,),
            until=until,
            steps=(gone, Step(until, Act.REBOOT, who)),
        )


def roaming(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """Out of the Wi-Fi, into the mobile network, and back."""
    if Kind.ROAMING not in ground.rates.kinds or not is_working_day(day):
        return
    for number, seat in enumerate(ground.roaming):
        roll, at = random.random(), day * DAY + random.uniform(*AT_WORK)
        until, host = at + random.uniform(*AWAY), mobile_host(random.randrange(3_000_000))
        if roll < ground.rates.roaming_share:
            who = ground.id_of(seat)
            yield Happening(
                number=f"{Kind.ROAMING.value}/{day}/{number}",
                at=at,
                kind=Kind.ROAMING,
                want=Want.ADDRESS,
                whom=(who,),
                until=until,
                steps=(Step(at, Act.ROAM, who, FIRST, host), Step(until, Act.ROAM, who)),
            )


def reloads(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """Of pages that are phones."""
    if Kind.RELOAD not in ground.rates.kinds or not is_working_day(day):
        return
    number = 0
    for seat in ground.browsers:
        at = day * DAY + AT_WORK[0]
        rate = max(ground.rates.reload_per_browser, 1e-9) / (AT_WORK[1] - AT_WORK[0])
        while (at := at + random.expovariate(rate)) < day * DAY + AT_WORK[1]:
            who, number = ground.id_of(seat), number + 1
            word = "goodbye" if random.random() < GOODBYE_SHARE else ""
            yield Happening(
                number=f"{Kind.RELOAD.value}/{day}/{number}",
                at=at,
                kind=Kind.RELOAD,
                want=Want.NOTHING,
                whom=(who,),
                steps=(Step(at, Act.RELOAD, who, FIRST, word),),
            )


def take_overs(ground: Ground, random: Random, day: int) -> Iterator[Happening]:
    """Another device for some hours, where the PBX keeps one contact only."""
    singles = [seat for seat in ground.wired if not seat.has_second]
    for number in range(ground.times(Kind.TAKE_OVER, random, singles)):
        seat, at = random.choice(singles), day * DAY + random.uniform(*AT_WORK)
        until, own = at + random.uniform(*ELSEWHERE), model_of(seat, ground.seed)
        other = random.choice([each for each in (*DESKS, *SOFTPHONES) if each != own])
        who = ground.id_of(seat)
        steps = (Step(at, Act.TAKE_OVER, who, FIRST, other),)
        yield Happening(
            number=f"{Kind.TAKE_OVER.value}/{day}/{number}",
            at=at,
            kind=Kind.TAKE_OVER,
            want=Want.OTHER_DEVICE,
            whom=(who,),
            until=until,
            steps=(*steps, Step(until, Act.TAKE_OVER, who, FIRST, own)),
        )
