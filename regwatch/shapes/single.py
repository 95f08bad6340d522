"""Values that name one thing, in which people like to write several: they want a list."""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from regwatch.shapes.mailbox import EXAMPLE, mailbox
from regwatch.shapes.values import Secret, Text, wrong

QUOTED = re.compile(r'(?<![^\s<,;])"(?:[^"\\]|\\.)*"')
ATOMS = r"[^\s<>,;:|\"@()\[\]\\.]+(?:\.[^\s<>,;:|\"@()\[\]\\.]+)*"
MAILBOX = re.compile(rf"{ATOMS}@(?:\[[^\]\s]*\]|{ATOMS})")
GROUP = re.compile(r"[^@<,]*:")
CHARACTER_SET = re.compile(r"\[[^\[\]]*\]")
"""Without another bracket in it: else a row of brackets would cost the square of its length."""
BETWEEN = re.compile(r"[\s,;]+")
EXAMPLE_URL = "such as https://chat.example.com/hook"


def _as_list(parts: Iterable[str]) -> str:
    return f"write a list: [{', '.join(part for part in parts if part)}]"


def _address(value: str) -> str:
    """One mailbox (RFC 5322), with a name or without; what is quoted in the name is free."""
    value = value.strip()
    text = QUOTED.sub("quoted", value).strip()
    if text.count("@") > 1 and not GROUP.match(text):
        raise wrong(f"`{value[:80]}` holds several addresses", _as_list(MAILBOX.findall(text)))
    if not value.isprintable():
        raise wrong(f"`{value[:80]!r}` is no e-mail address", EXAMPLE)
    mailbox(value)
    return value


def _sender(value: str) -> str:
    if QUOTED.sub("", value).count("@") > 1:
        raise wrong(
            f"`{value[:80]}` holds several addresses", "give the one that messages come from"
        )
    return _address(value)


def _url(value: str) -> str:
    try:
        host = urlsplit(value).netloc
    except ValueError:
        raise wrong("no URL: its host cannot be read") from None
    if value.count("://") > 1 or BETWEEN.search(host):
        raise wrong("holds several URLs", _as_list(BETWEEN.split(value)))
    return value


def _web_url(value: str) -> str:
    if not _is_web_url(value):
        raise wrong("expected an http or https URL", EXAMPLE_URL)
    return value


def _secret_url(value: SecretStr) -> SecretStr:
    _web_url(value.get_secret_value())
    return value


def _is_web_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and text.isprintable() and " " not in text


def _host(value: str) -> str:
    if BETWEEN.search(value) or "/" in value or not value.isprintable():
        raise wrong("no name of a host", "such as smtp.example.com")
    if ":" in value and not _is_ipv6(value):
        raise wrong("a host without its port", "the port has a key of its own: `port`")
    return value


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _pattern(value: str) -> str:
    if is_several(value):
        raise wrong(f"`{value[:80]}` holds several extensions", _as_list(quoted_parts(value)))
    return value


def is_several(pattern: str) -> bool:
    """Whether an extension's pattern holds what stands between several, and in no extension."""
    return BETWEEN.search(CHARACTER_SET.sub("", pattern.strip())) is not None


def quoted_parts(pattern: str) -> list[str]:
    """The single ones, as the file would say them."""
    return [f'"{part}"' for part in BETWEEN.split(pattern) if part]


Address = Annotated[Text, AfterValidator(_address)]
SenderAddress = Annotated[Text, AfterValidator(_sender)]
OneUrl = Annotated[Text, AfterValidator(_url)]
WebUrl = Annotated[OneUrl, AfterValidator(_web_url)]
SecretUrl = Annotated[Secret, AfterValidator(_secret_url)]
Host = Annotated[Text, AfterValidator(_host)]
ExtensionPattern = Annotated[Text, AfterValidator(_pattern)]
"""A number, a full name, an id, or a pattern of these."""
