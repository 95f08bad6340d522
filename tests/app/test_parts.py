"""Which parts a reload leaves alone, and in which order they stop."""

from dataclasses import dataclass, replace
from typing import Any

from regwatch.app.parts import Parts
from regwatch.core.known_labels import KnownLabels


@dataclass(eq=False)
class Part:
    settings: Any
    trouble: str = ""

    def __repr__(self) -> str:
        return str(self.settings)


NO_TRIAL: Any = None


def parts(accounts: str = "ab", lines: str = "xy", desk: str = "d", beat: str = "h") -> Parts:
    made: dict[str, Any] = {
        "accounts": list(map(Part, accounts)),
        "lines": list(map(Part, lines)),
        "desk": Part(desk),
        "self_watch": Part("s"),
        "heartbeats": list(map(Part, beat)),
    }
    labels = KnownLabels(accounts=[], receivers=[], sites={})
    return Parts(
        **made, maintenance=(), known_labels=labels, route_trial=NO_TRIAL, beats_every=60.0
    )


def names(found: Any) -> list[str]:
    return ["".join(map(str, stage)) for stage in found]


def test_who_asks_stops_before_who_decides_before_who_tells() -> None:
    assert names(parts().stages) == ["habs", "d", "xy"]
    assert str(parts().everything) == "[h, a, b, s, d, x, y]"


def test_all_that_is_equal_is_kept() -> None:
    former = parts()
    assert parts().keeping(former).everything == former.everything


def test_what_differs_is_new_and_the_order_is_that_of_the_file() -> None:
    former, coming = parts(), parts(accounts="cba", lines="yz", desk="e", beat="")
    kept = coming.keeping(former)
    assert [str(each) for each in kept.accounts] == ["c", "b", "a"]
    assert kept.accounts[1:] == [former.accounts[1], former.accounts[0]]
    assert kept.lines == [former.lines[1], coming.lines[1]]
    assert (kept.desk, kept.self_watch) == (coming.desk, former.self_watch)
    assert names(kept.without(former)) == ["c", "e", "z"]
    assert names(former.without(kept)) == ["h", "d", "x"]


def test_a_list_is_known_to_who_asks_the_same_pbx_in_the_same_name() -> None:
    former = heirs(Named("acme"), Named("bolt"), Named("corp"), Named("dune"))
    for account in former.accounts:
        account.list_read = account.settings.name  # type: ignore[assignment]
    elsewhere = Pbx(url="https://other.example.com")
    others = Pbx(credentials="others")
    coming = heirs(Named("acme", 2), Named("bolt", pbx=elsewhere), Named("corp", pbx=others))
    coming.inherit(former)
    assert [account.list_read for account in coming.accounts] == ["acme", None, None]


@dataclass(frozen=True)
class Pbx:
    url: str = "https://pbx.example.com"
    credentials: str = "ours"


@dataclass(frozen=True)
class Named:
    name: str
    value: int = 1
    pbx: Pbx = Pbx()


@dataclass(eq=False)
class Heir:
    settings: Named
    list_read: Any = None


def heirs(*settings: Named) -> Parts:
    return replace(parts(), accounts=[Heir(each) for each in settings])  # type: ignore[misc]
