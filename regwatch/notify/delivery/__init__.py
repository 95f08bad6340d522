"""The outbox: what is stored is sent until it is taken, in order, over restarts."""
