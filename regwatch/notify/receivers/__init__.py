"""One module per service: its settings, its payload, its limits, and what counts as taken."""
