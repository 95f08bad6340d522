"""Files that the configuration names: whether they can be used is known before anything starts."""

import ssl
from collections.abc import Iterator
from pathlib import Path

from regwatch.config.checks import Finding
from regwatch.config.top import Config
from regwatch.notify.receivers.email import EmailShape
from regwatch.shapes.files import FileError, read_file
from regwatch.shapes.problems import Location, Problem
from regwatch.web.webconfig import WebConfig, WebConfigError, load_web_config

LONGEST_SHOWN = 200
"""Characters of a file's name in an error: it may be any text."""


def unusable_files(config: Config, folder: Path) -> Iterator[Finding]:
    """What is wrong with the certificates of authorities; `folder`: what their names begin at."""
    for place, name in _authorities(config):
        if problem := wrong_with_authorities(folder / name):
            yield place, problem, None


def web_config(config: Config, folder: Path) -> WebConfig | Problem:
    """What the exporter-toolkit's file says, if one is configured; or why it cannot be used."""
    name = config.http.web_config_file
    try:
        return WebConfig() if name is None else load_web_config(folder / name)
    except WebConfigError as error:
        return Problem(error.path, None, "", error.message)


def wrong_with_authorities(file: Path) -> str:
    """Why a file of certificates in PEM cannot be used; empty if it can."""
    shown = str(file)[:LONGEST_SHOWN]
    try:
        read_file(file)  # first: to open a pipe would be to wait
        ssl.create_default_context(cafile=file)
    except FileError as error:
        return f"{shown} cannot be read: {error}"
    except (ssl.SSLError, OSError):
        return f"{shown} holds no certificates in PEM"
    return ""


def _authorities(config: Config) -> Iterator[tuple[Location, str]]:
    for index, account in enumerate(config.accounts):
        if account.ca_file is not None:
            yield ("accounts", index, "ca_file"), account.ca_file
    for index, receiver in enumerate(config.receivers):
        shape = receiver.settings
        if isinstance(shape, EmailShape) and shape.ca_file is not None:
            yield ("receivers", index, receiver.kind, "ca_file"), shape.ca_file
