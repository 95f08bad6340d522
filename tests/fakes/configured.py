"""Configurations in a few words."""

from pathlib import Path

from regwatch.clock import Clock, wall_clock
from regwatch.config import Config, load_config

SMALL = "accounts: [{url: 'https://pbx.example.com', access_token: t0ken}]\n"
"""The least there is."""


def load(folder: Path, text: str, *, clock: Clock = wall_clock, **environ: str) -> Config:
    """The configuration in a file of this folder that says so."""
    file = folder / "regwatch.yml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, environ=environ, clock=clock)


def secret(folder: Path, name: str, content: str = "s3cret\n") -> None:
    """A file with a secret that only its owner may read."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
