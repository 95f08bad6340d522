"""When everybody was asked for since the start."""

from regwatch.core.model import ExtensionId
from regwatch.core.polling.first_sweep import FirstSweep

ONE, TWO = ExtensionId(1), ExtensionId(2)


def test_it_ends_once_the_list_is_known_and_nobody_is_left() -> None:
    sweep = FirstSweep()
    sweep.wait_for([ONE, TWO])
    sweep.cross_off([ONE, TWO])
    assert not sweep.ends(), "the list may name others"
    sweep.wait_for([TWO])
    sweep.list_is_known = True
    assert not sweep.ends()
    sweep.cross_off([TWO])
    assert (sweep.ends(), sweep.ends()) == (True, False), "said once"


def test_who_comes_later_does_not_undo_it() -> None:
    sweep = FirstSweep()
    sweep.list_is_known = True
    assert sweep.ends()
    sweep.wait_for([ONE])
    assert sweep.is_done
    assert not sweep.ends()
