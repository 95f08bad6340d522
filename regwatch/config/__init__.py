"""The configuration file: its shape, its errors, what it builds. No part imports it."""
