"""Lives of phones, people and places, and of what the API says of them: settled beforehand, with
their truth. What happens how often stands in `regwatch.simulator.rates`, and nowhere else.

`life(settings, rates, seed=…, begins=…, days=…)` is the truth of so many days: a sequence of
`Happening(at, kind, want, whom, place, until, …)`, each with its `sights`: who went when, when the
first refresh was missed, when the entry was gone, when the device was back. A `World` whose
`settings.rates` are these, with the same seed, lives exactly this, whatever is asked of it:

    settings = SimulatorSettings(extensions=500, seed=5, rates=REAL_LIFE.only(Kind.POWER_CUT))
    truth = life(settings, settings.rates, seed=5, begins=START, days=10)
    world = World(settings, clock=lambda: now)
    world.advance(now)          # what is due has happened
    world.answers(ids)          # as the API would show them, faults and all: JSON values
    world.faults                # those that are on: `http_503`, which are the asker's to heed
    world.happened()            # the truth so far

`Rates.only(…)`, `.without(…)` leave kinds out, and change nothing of the others.
"""

from regwatch.simulator.life.happenings import Act, Happening, Sight, Step, Want
from regwatch.simulator.life.living import Living
from regwatch.simulator.life.plan import Plan, life

__all__ = ["Act", "Happening", "Living", "Plan", "Sight", "Step", "Want", "life"]
