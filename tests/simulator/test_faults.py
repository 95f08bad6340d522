"""Every fault is a switch with a help, values it takes, and values it does not."""

import pytest

from regwatch.simulator.faults import TABLE, FaultError, Faults


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("http_500", (-0.1, 1.1, "nan", "half", [])),
        ("hang", (True, -1, "inf", {})),
        ("clock_off", (True, "inf", "late", [])),
        ("left_out_ids", ("all", "-3", "", "17,", True)),
        ("max_ids", ("many", True)),
        ("duplicates", ("off", 0.5, 2, [])),
        ("redirect", (True, "", 5)),
        ("unknown_id", (True, "500", 500)),
    ],
)
def test_values_that_a_fault_does_not_take(name: str, values: tuple[object, ...]) -> None:
    faults = Faults({"slow": 1})
    for value in values:
        with pytest.raises(FaultError, match=f"^{name}: "):
            faults.set({"html_200": 1, name: value})
    assert faults.active == {"slow": 1.0}


@pytest.mark.parametrize("fault", TABLE, ids=lambda fault: fault.name)
def test_each_fault_is_switched_on_by_a_text_and_off_by_nothing(fault: object) -> None:
    texts = {"share 0–1": "0.5", "seconds": "2", "number": "3", "URL": "http://x/", "on": "on"}
    texts |= {"ids: 17,42": "17,42", "seconds, also negative": "-600"}
    text = texts.get(fault.values, fault.values.split("|")[-1])  # type: ignore[attr-defined]
    name = fault.name  # type: ignore[attr-defined]
    faults = Faults({name: text})
    assert faults.on(name)
    faults.set({name: None})
    assert not faults.on(name)
    faults.set({name: text})
    faults.set({name: False})
    assert faults.active == {}


def test_every_fault_has_a_line_of_help_and_says_what_it_takes() -> None:
    assert len({fault.name for fault in TABLE}) == len(TABLE)
    assert all(fault.help and fault.values for fault in TABLE)


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("http_500", True, 1.0),
        ("http_500", "0.5", 0.5),
        ("hang", "2", 2.0),
        ("max_ids", 50.0, 50),
        ("duplicates", "", True),
        ("redirect", "http://x/", "http://x/"),
        ("unknown_id", 404, "404"),
        ("clock_off", "-600", -600.0),
        ("left_out_ids", 17, "17"),
    ],
)
def test_how_a_value_is_read(name: str, given: object, read: object) -> None:
    faults = Faults({name: given})
    assert faults.active == {name: read}
    assert faults.word(name, "otherwise") == str(read)


def test_what_is_off_is_nothing_and_otherwise_what_one_says() -> None:
    faults = Faults({})
    assert (faults.on("hang"), faults.number("hang")) == (False, 0.0)
    assert faults.word("unknown_id", "omit") == "omit"


def test_all_are_off_at_once() -> None:
    faults = Faults({"hang": 2, "duplicates": True})
    faults.clear()
    assert faults.active == {}


def test_what_is_seen_of_the_switches_cannot_change_them() -> None:
    faults = Faults({"hang": 2})
    faults.active.clear()  # type: ignore[attr-defined]
    assert faults.on("hang")


def test_a_share_strikes_always_the_same_and_ids_those_they_name() -> None:
    faults = Faults({"unregistered_share": 0.3, "left_out_ids": "17,42"})
    struck = [i for i in range(10_000) if faults.strikes("unregistered_share", i)]
    assert struck == [i for i in range(10_000) if faults.strikes("unregistered_share", i)]
    assert 0.28 < len(struck) / 10_000 < 0.32
    assert [i for i in range(100) if faults.strikes("left_out_ids", i)] == [17, 42]
    assert not faults.strikes("left_out_share", 17)
