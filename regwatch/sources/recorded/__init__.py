"""A record that `run --record` made: how it is read, and a source that answers as it says."""
