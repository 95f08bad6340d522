"""The web config file in the format of Prometheus' exporter-toolkit: TLS and basic authentication.

Of that format `cert_file`, `key_file` and `basic_auth_users` are known. Every other key is an
error: who asks for client certificates must not believe to have them.
"""

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from regwatch.core.outside import made_safe
from regwatch.shapes.files import FileError, read_file, read_text

BCRYPT_HASH = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Besides its own errors PyYAML raises what comes of it, as for `!!bool maybe` and `!!int ""`."""
LEAST_COST, MOST_COST = 4, 16
"""Of bcrypt; each one more doubles the time, and 17 are more than ten seconds for each password."""


class WebConfigError(Exception):
    """A web config file that cannot be used; its text names the file and says what is wrong."""

    def __init__(self, path: Path, message: str) -> None:
        message = made_safe(message)
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What a web config file asks for; as it stands, nothing: plain HTTP, open to all."""

    tls: ssl.SSLContext | None = field(default=None, compare=False)
    users: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Bcrypt hashes of the passwords by user name; empty: no password is asked for."""
    certificate: Path | None = None
    """The file of the certificate that is shown."""
    pair: Sequence[bytes] = field(default=(), repr=False)
    """What stands in the files of certificate and key: they are renewed under the names they had.
    """


def load_web_config(path: Path) -> WebConfig:
    """Read and check a web config file; raises `WebConfigError`. Relative names of certificate
    files are taken from the file's own folder.
    """
    reader = _Reader(path)
    content = reader.mapping(reader.content(), "the file")
    reader.refuse_unknown(content, {"tls_server_config", "basic_auth_users"}, "")
    section = content.get("tls_server_config")
    tls, pair = reader.tls(section)
    return WebConfig(
        tls=tls,
        pair=pair,
        users=reader.users(content.get("basic_auth_users")),
        certificate=path.parent / section["cert_file"] if tls and section else None,
    )


def certificate_of(path: Path) -> Path | None:
    """The certificate that such a file names, if any; neither keys nor passwords are looked at.
    Raises `WebConfigError`.
    """
    reader = _Reader(path)
    section = reader.mapping(reader.content(), "the file").get("tls_server_config")
    if section is None:
        return None
    return reader.file(reader.mapping(section, "`tls_server_config`"), "cert_file")[0]


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path

    def fail(self, message: str, cause: BaseException | None = None) -> NoReturn:
        raise WebConfigError(self.path, message) from cause

    def content(self) -> object:
        try:
            text = read_text(self.path)
        except FileError as error:
            self.fail(f"cannot be read: {error}", error)
        try:
            return yaml.load(text, _UniqueKeysLoader) or {}  # noqa: S506 - a SafeLoader
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = f"line {mark.line + 1}: " if mark else ""
            # Only `problem`: the error's full text quotes the file, which holds password hashes.
            self.fail(f"{line}{error.problem or 'is no YAML'}", error)
        except UNREADABLE as error:
            self.fail("holds what cannot be read: only text, lists and mappings are known", error)
        except yaml.YAMLError as error:
            self.fail("is no YAML: it holds characters that YAML does not allow", error)

    def mapping(self, value: object, what: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.fail(f"{what} must be a mapping")
        for key in value:
            if not isinstance(key, str):
                self.fail(f"{what}: the key {key!r} must be text; quote it")
        return value

    def refuse_unknown(self, found: Mapping[str, Any], known: set[str], prefix: str) -> None:
        if unknown := sorted(set(found) - known):
            names = ", ".join(f"`{prefix}{key}`" for key in unknown)
            choice = ", ".join(f"`{prefix}{key}`" for key in sorted(known))
            self.fail(f"unknown: {names}; known here: {choice}")

    def tls(self, section: object) -> tuple[ssl.SSLContext | None, Sequence[bytes]]:
        if section is None:
            return None, ()
        found = self.mapping(section, "`tls_server_config`")
        self.refuse_unknown(found, {"cert_file", "key_file"}, "tls_server_config.")
        (cert, certificate), (key, private) = (
            self.file(found, name) for name in ("cert_file", "key_file")
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            # The callback: else OpenSSL asks for a passphrase on the terminal, and waits.
            context.load_cert_chain(cert, key, password=_no_passphrase)
        except (ssl.SSLError, _PassphraseNeededError) as error:
            self.fail(f"{cert} and {key} are no matching certificate and key in PEM", error)
        return context, (certificate, private)

    def file(self, found: Mapping[str, Any], name: str) -> tuple[Path, bytes]:
        value = found.get(name)
        if not isinstance(value, str) or not value:
            self.fail(f"`tls_server_config.{name}` must name a file")
        file = self.path.parent / value
        try:
            return file, read_file(file)
        except FileError as error:
            self.fail(f"`tls_server_config.{name}`: {file} cannot be read: {error}", error)

    def users(self, section: object) -> dict[str, bytes]:
        found = self.mapping({} if section is None else section, "`basic_auth_users`")
        for name, hashed in found.items():
            if not isinstance(hashed, str) or not BCRYPT_HASH.fullmatch(hashed):
                self.fail(
                    f"`basic_auth_users.{name}` must be the bcrypt hash of a password"
                    " (`htpasswd -nBC 10 NAME` makes one)"
                )
            if not LEAST_COST <= int(hashed[4:6]) <= MOST_COST:
                self.fail(
                    f"`basic_auth_users.{name}`: bcrypt's cost must be {LEAST_COST} to {MOST_COST}"
                )
            if ":" in name or not name or made_safe(name) != name:
                self.fail(
                    f"`basic_auth_users`: the name {name!r} is empty or has a colon, or holds a"
                    " character that is not seen"
                )
        return {name: hashed.encode() for name, hashed in found.items()}


class _PassphraseNeededError(Exception):
    """The key is encrypted."""


def _no_passphrase() -> NoReturn:
    raise _PassphraseNeededError


class _UniqueKeysLoader(yaml.SafeLoader):
    """PyYAML lets the last of two equal keys win, silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{key.value}` stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)
