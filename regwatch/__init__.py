"""regwatch: tells people that phones lost their registration at a cloud PBX."""

__version__ = "0.1.0"
