"""What Prometheus scrapes: instruments, collectors, and the text of both."""
