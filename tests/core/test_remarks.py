"""What is remarked of what nobody is told."""

from fakes.values import ACME, at

from regwatch.core.history import Kind, of_outcome
from regwatch.core.outcome import Gathered
from regwatch.core.remarks import Remark, Untold


def test_a_remark_is_a_line_of_the_history() -> None:
    gathered = Gathered()
    gathered.add([Remark(Untold.CONFIRMED_BACK, None, at(3), "there again after 2 s")])
    (line,) = of_outcome(ACME, gathered.outcome(), watched={}, now=at(4))
    assert (line.kind, line.event, line.at) == (Kind.UNTOLD, "confirmed_back", at(3))
    assert line.because == line.words == "there again after 2 s"
