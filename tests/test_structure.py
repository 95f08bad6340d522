"""What the house promises of its own build: small parts, and tests where one looks for them."""

from pathlib import Path

from figures import Module, house, imported, largest_classes, long_functions

MOST_METHODS = 15
"""Public ones of a class: what has more does more than one thing."""
LONG_SHARE = 0.002
"""Of all functions: so few may be longer than a screen's half."""
DECIDES_NOTHING = {
    "__main__.py": "calls the command line, and is called by the tests of installed commands",
    "app/surroundings.py": "what parts are built into: values and services, handed on",
    "cli/errors.py": "what may be in the way: exceptions without a body",
    "core/steps.py": "what an account wants done: values",
    "core/unstorable.py": "one exception without a body",
    "notify/delivery/deliveries.py": "Protocols, and what an attempt came to: values",
    "notify/receiver.py": "a Protocol: what a receiver must have",
    "web/views.py": "Protocols: what pages and the API need of the daemon",
}
"""Without tests of their own, and why."""
THROUGH_OTHERS = {
    "core/intake.py": "by the monitor, whose observing it is",
    "notify/words/composition.py": "by messages of every kind of receiver, since it tries again",
    "sources/ringme/transport.py": "by requests of the client, against a server that misbehaves",
}
"""Tested from outside, and how."""
DOORS = {"cli/": "fakes.commands", "web/": "fakes.web"}
"""By room: commands are called by name, and pages are asked for over HTTP."""
HOUSE = house()


def decides(module: Module) -> bool:
    """Whether it holds a function or a class; the face of a package only says what is in it."""
    has_code = bool(module.functions or module.classes)
    return has_code and module.path.name != "__init__.py" and module.name not in DECIDES_NOTHING


def is_about(tests: Path, module: Module) -> bool:
    """Whether they import the module, or what it is reached by."""
    doors = {module.dotted, module.dotted.rpartition(".")[0]}
    doors |= {door for room, door in DOORS.items() if module.name.startswith(room)}
    return not doors.isdisjoint(imported(tests))


def test_every_module_that_decides_has_a_test_file_of_its_own() -> None:
    missing = [each.name for each in HOUSE if decides(each) and not each.tests.exists()]
    assert missing == []


def test_a_test_file_is_about_the_module_whose_name_it_bears() -> None:
    tested = (each for each in HOUSE if each.tests.exists() and each.name not in THROUGH_OTHERS)
    assert [each.name for each in tested if not is_about(each.tests, each)] == []


def test_what_is_excused_from_tests_stands_there_still() -> None:
    assert {*DECIDES_NOTHING, *THROUGH_OTHERS} <= {each.name for each in HOUSE}


def test_no_class_has_too_many_public_methods() -> None:
    assert [each for each in largest_classes(HOUSE) if each[0] > MOST_METHODS] == []


def test_hardly_any_function_is_long() -> None:
    functions = sum(len(module.functions) for module in HOUSE)
    too_long = long_functions(HOUSE)
    assert len(too_long) <= LONG_SHARE * functions, too_long
