"""`python -m bench.life [calm|honest|real] [DAYS] [PHONES] [SEED]`: what people are told of so many
days in the life of so many phones, by the default configuration, beside what truly happened.
"""

import argparse
from collections import Counter
from datetime import UTC, datetime

from bench.life.driver import Life, Told

from regwatch.notify.words.wording import headline
from regwatch.simulator.rates import LIVES


def report(told: Told) -> str:
    happened = Counter(each.kind.value for each in told.truth)
    lines = ["What happened: " + ", ".join(f"{n} {kind}" for kind, n in sorted(happened.items()))]
    for message in told.messages:
        at = datetime.fromtimestamp(message.created_at, UTC)
        lines.append(f"{at:%d %H:%M:%S} {message.severity.value:8} {headline(message)}")
    counts = ", ".join(f"{number} {alert}" for alert, number in told.counts().items())
    by_severity = ", ".join(f"{n} {severity}" for severity, n in told.by_severity().items())
    lines.append(f"Told: {counts}")
    lines.append(f"{len(told.messages)} messages: {by_severity}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.life", description=__doc__)
    parser.add_argument("life", choices=sorted(LIVES), nargs="?", default="calm")
    parser.add_argument("days", type=float, nargs="?", default=1.0)
    parser.add_argument("phones", type=int, nargs="?", default=500)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    given = parser.parse_args()
    life = Life(LIVES[given.life], phones=given.phones, seed=given.seed)
    print(report(life.live(given.days)))


if __name__ == "__main__":
    main()
