"""A PBX to try against. A program in its own right: shares no code with `regwatch.pbx`."""
