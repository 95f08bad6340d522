"""The parts that run, each started and stopped for itself; none knows another, for any of them may
be replaced while the others go on: what they say to each other goes through `app.exchange`.
"""
