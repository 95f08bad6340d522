"""One e-mail mailbox (RFC 5322 section 3.4), with a name or without, as mail servers take it."""

import re
from dataclasses import dataclass
from email.headerregistry import Address
from ipaddress import ip_address

import idna
from email_validator import EmailNotValidError, validate_email

from regwatch.shapes.values import wrong

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")
OUTSIDE_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"')
EXAMPLE = "such as noc@example.com"
SHOWN = 80
"""Characters of what is no address."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody who sends or gets mail."""

    name: str
    """For people; may be empty."""
    local: str
    """What stands before the `@`."""
    domain: str
    """In ASCII, as the DNS knows it (RFC 5891), or an address in brackets."""

    @property
    def address(self) -> str:
        """As SMTP takes it: in ASCII, but for what stands before the `@`."""
        return f"{self.local}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether every mail server can take it; others need SMTPUTF8 (RFC 6531)."""
        return self.local.isascii()

    @property
    def header(self) -> Address:
        """For a header."""
        return Address(self.name, username=_unquoted(self.local), domain=self.domain)


def mailbox(text: str) -> Mailbox:
    """Read it; raises pydantic's error with what to write instead."""
    text = text.strip()
    bare = OUTSIDE_QUOTES.sub("", text)
    if "(" in bare:
        raise _no_address(text, "a comment in brackets is not taken: put the name into quotes")
    if ":" in bare.partition("@")[0]:
        raise _no_address(text, "a group is not taken: list its addresses")
    name, spec = _split(text)
    local, _, domain = spec.rpartition("@")
    return Mailbox(name, _local(local, text), _domain(domain, text))


def _split(text: str) -> tuple[str, str]:
    if not text.endswith(">"):
        return "", text
    name, _, spec = text[:-1].rpartition("<")
    name = name.strip()
    if "," in OUTSIDE_QUOTES.sub("", name):
        raise _no_address(text, "quote a name with a comma in it")
    return _unquoted(name), spec


def _unquoted(text: str) -> str:
    quoted = QUOTED.fullmatch(text)
    return text if quoted is None else ESCAPED.sub(r"\1", quoted[1])


def _local(local: str, text: str) -> str:
    try:
        # Of a domain that is known to be right: what is wrong then is what stands before it.
        found = validate_email(
            f"{local}@example.com", check_deliverability=False, allow_quoted_local=True
        )
    except EmailNotValidError:
        raise _no_address(text, EXAMPLE) from None
    return found.local_part


def _domain(domain: str, text: str) -> str:
    try:
        if domain.startswith("[") and domain.endswith("]"):
            ip_address(domain[1:-1].removeprefix("IPv6:"))
            return domain
        return idna.encode(domain, uts46=True, std3_rules=True).decode()
    except ValueError:  # idna's errors are ValueErrors, too
        raise _no_address(text, EXAMPLE) from None


def _no_address(text: str, advice: str) -> Exception:
    return wrong(f"`{text[:SHOWN]}` is no e-mail address", advice)
