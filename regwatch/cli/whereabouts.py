"""Where the daemon is, by what the command line, the environment and the configuration say."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from regwatch.cli.errors import RemoteError
from regwatch.cli.reaching import UNIX
from regwatch.cli.remote import Remote

if TYPE_CHECKING:
    from regwatch.config.sections import HttpShape

SOCKET = Path("/run/regwatch/regwatch.sock")
"""Where the unit has it made."""
USUAL = "http://127.0.0.1:9877"
"""Where a daemon listens that is told nothing else."""
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here
WHERE, TOKEN = ("listen", "socket", "web_config_file"), ("api_token", "api_token_file")
"""The keys of `http` that say where the daemon is, and how one may write."""
ELSEWHERE = "say where it is: --url http://HOST:PORT"
OTHER_WAYS = "use sudo, or give $REGWATCH_TOKEN or --user"


def chosen(config_file: Path, url: str | None, user: str | None) -> Remote:
    """The daemon that is meant; asks for the password of a user. Raises `RemoteError`."""
    password = os.environ.get("REGWATCH_PASSWORD", "")
    if user and not password:
        password = click.prompt(f"Password of {user}", hide_input=True, err=True)
    remote = named(url) if url else nearest(config_file)
    return replace(remote, user=user or "", password=password)


def without_asking(config_file: Path, url: str | None, user: str | None) -> Remote:
    """The same for whoever must not be asked anything; raises `RemoteError`."""
    if user and not os.environ.get("REGWATCH_PASSWORD"):
        raise RemoteError("its password would have to be asked for")
    return chosen(config_file, url, user)


def named(url: str) -> Remote:
    """By its URL alone; raises `RemoteError`."""
    try:
        is_one = urlsplit(url).scheme in ("http", "https", "unix")
    except ValueError:
        is_one = False
    if not is_one:
        raise RemoteError(f"--url {url} is no URL: write http://HOST:PORT, or unix:PATH")
    token = os.environ.get("REGWATCH_TOKEN", "")
    return Remote(url.rstrip("/"), lambda: token)


def nearest(config_file: Path) -> Remote:
    """That of this machine: at the usual socket if it is there and no file is named, else where
    the configuration says, or where it is without one that can be read. Raises `RemoteError`.
    """
    if not _is_named():
        if os.access(SOCKET, os.W_OK):
            return Remote(f"{UNIX}{SOCKET}")
        if not os.access(config_file, os.R_OK):
            return named(USUAL)
    return remote_of(config_file)


def _is_named() -> bool:
    """Whether somebody says which configuration; else that of the machine is meant."""
    context = click.get_current_context(silent=True)
    source = None if context is None else context.get_parameter_source("config_file")
    return source is not None and source is not click.core.ParameterSource.DEFAULT


def remote_of(file: Path) -> Remote:
    """The daemon of this configuration, on this machine. Nothing is read but where it listens,
    and the token once it is needed. Raises `RemoteError`.
    """
    from regwatch.cli.settings import loaded_or_exit
    from regwatch.config import load_http
    from regwatch.web.listener import parse_address

    http = loaded_or_exit(lambda: load_http(file, WHERE, environ=os.environ))
    if http.socket or os.access(SOCKET, os.W_OK):
        return Remote(f"{UNIX}{http.socket or SOCKET}")
    address = parse_address(http.listen)
    host = EVERYWHERE.get(address.host, address.host)
    shown = f"[{host}]" if ":" in host else host
    certificate = _certificate(file, http)
    scheme = "https" if certificate else "http"
    return Remote(
        f"{scheme}://{shown}:{address.port}", token=lambda: _token(file), trusted=certificate
    )


def _certificate(file: Path, http: "HttpShape") -> Path | None:
    from regwatch.web.webconfig import WebConfigError, certificate_of

    path = http.web_config_file
    try:
        return certificate_of(file.parent / path) if path else None
    except WebConfigError as error:
        raise RemoteError(f"{error}; {ELSEWHERE}") from error


def _token(file: Path) -> str:
    if given := os.environ.get("REGWATCH_TOKEN"):
        return given
    from regwatch.config import ConfigError, load_http
    from regwatch.shapes.values import revealed

    try:
        http = load_http(file, TOKEN, environ=os.environ)
    except ConfigError as error:
        problem = error.problems[0]
        raise RemoteError(f"no token: {problem.path}: {problem.message}; {OTHER_WAYS}") from error
    return revealed(http.api_token)
