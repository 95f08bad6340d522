"""How regwatch logs: structlog over the standard library's logging, in one of three formats.

* `journal`: no timestamp, the journal has its own; the level as `<N>` in front, see
  sd-daemon(3);
* `console`: for people, in colours if it is a terminal;
* `json`: one object a line, for collectors.

Whatever comes from outside cannot forge a line, and secrets are cut out of every value.
"""

import logging
import os
import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

Format = Literal["auto", "journal", "console", "json"]

# As in syslog(3); journald reads them from the beginning of a line.
SYSLOG_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
HIDDEN = "[hidden]"
SECRET_KEY = re.compile(
    r"secret|token|password|authorization|routing_key|credential", re.IGNORECASE
)
URL_SECRETS = re.compile(r"(?P<scheme>https?://)(?:[^\s/@]*@)?(?P<rest>[^\s?#]*)(?P<query>\?\S*)?")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
TO_BE_QUOTED = re.compile(r'[\s"=]')
LONGEST_READ = 20_000
LONGEST_VALUE = 2000
"""Characters of a value, and of each line of a traceback."""

EventDict = MutableMapping[str, Any]


def configure(level: str, format: Format, stream: TextIO, environ: Mapping[str, str]) -> None:  # noqa: A002
    """Set up logging for the process; called again, it replaces what was set up before."""
    chosen = _chosen(format, stream, environ)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            without_secrets,
            *_renderers(chosen, stream),
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("asyncio", "aiosqlite", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _chosen(format: Format, stream: TextIO, environ: Mapping[str, str]) -> Format:  # noqa: A002
    if format != "auto":
        return format
    if is_journal(stream, environ):
        return "journal"
    return "console" if stream.isatty() else "json"


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the stream leads to the journal: systemd names its device and inode."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _renderers(format: Format, stream: TextIO) -> list[Any]:  # noqa: A002
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    if format == "json":
        return [stamp, structlog.processors.JSONRenderer(default=str)]
    if format == "journal":
        return [_journal_line]
    console = structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False), _one_line, console]


def _journal_line(_logger: object, _name: str, event: EventDict) -> str:
    priority = SYSLOG_PRIORITIES.get(str(event.pop("level", "info")), 6)
    exception = event.pop("exception", None)
    words = [str(event.pop("event", ""))]
    words += [f"{key}={_quoted(value)}" for key, value in event.items()]
    lines = [CONTROL.sub(_escaped, " ".join(words))]
    lines += _lines_of(exception) if exception else []
    return "\n".join(f"<{priority}>{line}" for line in lines)


def _lines_of(exception: object) -> list[str]:
    """Of a traceback: an exception may quote anything."""
    return [CONTROL.sub(_escaped, line) for line in str(exception).splitlines()]


def _one_line(_logger: object, _name: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if key == "exception":
            event[key] = "\n".join(_lines_of(value))
        elif isinstance(value, str):
            event[key] = CONTROL.sub(_escaped, value)
    return event


def _escaped(match: re.Match[str]) -> str:
    return match.group(0).encode("unicode_escape").decode()


def _quoted(value: object) -> str:
    text = str(value)
    if text and not TO_BE_QUOTED.search(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def without_secrets(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Hide the values of keys that name secrets, and what URLs carry besides host and path."""
    for key, value in event.items():
        if SECRET_KEY.search(key) and value is not None:
            event[key] = HIDDEN
        elif key == "exception":
            event[key] = "\n".join(_safe(line) for line in str(value).splitlines())
        elif isinstance(value, str):
            event[key] = _safe(value)
        elif isinstance(value, list | tuple):
            event[key] = [_safe(each) if isinstance(each, str) else each for each in value]
    return event


def _safe(text: str) -> str:
    # Cut after it: half a password would not be known for one.
    return URL_SECRETS.sub(_safe_url, text[:LONGEST_READ])[:LONGEST_VALUE]


def _safe_url(match: re.Match[str]) -> str:
    query = "?…" if match["query"] else ""
    return f"{match['scheme']}{match['rest']}{query}"
