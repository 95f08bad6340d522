"""The table of kinds: each service once, in an order that errors and the schema rely on."""

from importlib import import_module
from pkgutil import iter_modules

from regwatch.config.receivers import ReceiverShape
from regwatch.notify import receivers
from regwatch.notify.receivers.kind import Kind
from regwatch.notify.receivers.kinds import KINDS


def test_every_kind_that_a_module_makes_stands_in_the_table():
    made = {
        id(value)
        for module in iter_modules(receivers.__path__, receivers.__name__ + ".")
        for value in vars(import_module(module.name)).values()
        if isinstance(value, Kind)
    }
    assert made == {id(kind) for kind in KINDS.values()}


def test_the_file_knows_each_by_its_name_in_the_table_s_order():
    assert list(ReceiverShape.model_fields) == ["name", "fallback", *KINDS]
    assert list(KINDS)[:2] == ["webhook", "slack"]
    assert all(name == kind.name for name, kind in KINDS.items())


def test_no_two_kinds_share_settings():
    settings = [each for kind in KINDS.values() for each in kind.receivers]
    assert len(settings) == len(set(settings))
