"""A PBX to try against. A program in its own right: shares no code with `regwatch.sources`."""

from regwatch.simulator.control import Control
from regwatch.simulator.faults import TABLE, Fault, FaultError
from regwatch.simulator.server import Served, Simulator
from regwatch.simulator.settings import SimulatorSettings

__all__ = [
    "TABLE",
    "Control",
    "Fault",
    "FaultError",
    "Served",
    "Simulator",
    "SimulatorSettings",
]
