"""The `apprise` receiver: the long tail of services, through Apprise (https://appriseit.com).

An extra, `regwatch[apprise]`. Apprise blocks, so each message has a thread of its own and a
deadline; it says yes or no and not why, so that every no is tried again.
"""

import asyncio
import importlib
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from typing import Any

from pydantic import model_validator

from regwatch.core.model import Notification, Severity
from regwatch.notify.errors import ReceiverUnavailableError
from regwatch.notify.receivers.kind import Kind, Means, RestOfFile
from regwatch.notify.redaction import redact, secrets_of
from regwatch.notify.words.composition import Composed, send_composed, text_within
from regwatch.notify.words.markup import PLAIN, cut_to
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.shapes.shape import Shape
from regwatch.shapes.values import Duration, Secret, revealed, wrong

NOT_INSTALLED = "Apprise is not installed"
TYPES = {Severity.CRITICAL: "failure", Severity.WARNING: "warning", Severity.INFO: "info"}
RESOLVED_TYPE = "success"


class AppriseShape(Shape):
    """Any service that Apprise knows."""

    url: Secret
    timeout: Duration = 60.0

    @model_validator(mode="after")
    def _is_known(self) -> "AppriseShape":
        if problem := problem_with(revealed(self.url)):
            advice = "see https://appriseit.com/services"
            if problem == NOT_INSTALLED:
                advice = "pip install 'regwatch[apprise]'"
            raise wrong(problem, advice)
        return self


@dataclass(frozen=True, slots=True)
class AppriseSettings:
    """One of Apprise's URLs, which holds every secret of the service."""

    url: str = field(repr=False)
    timeout_seconds: float = 60.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


def settings_of(shape: AppriseShape, rest: RestOfFile) -> AppriseSettings:
    """As the file says."""
    return AppriseSettings(url=revealed(shape.url), **rest.spoken(shape.timeout))


def problem_with(url: str) -> str:
    """What is wrong with it, empty if nothing is. Asks nobody."""
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        return NOT_INSTALLED
    _keep_quiet()
    return "" if apprise.Apprise.instantiate(url) else "Apprise does not know this kind of URL"


class AppriseReceiver:
    """Hands each notification to Apprise."""

    kind = "apprise"

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        self.name = name
        self._settings = settings
        self._busy = threading.Lock()

    async def deliver(self, notification: Notification) -> None:
        """Success is that Apprise says so."""
        settings = self._settings
        await send_composed(notification, settings.own, self._send, settings)

    async def _send(self, message: Composed) -> None:
        service = self._service()
        if not self._busy.acquire(blocking=False):
            raise ReceiverUnavailableError(
                "the message before, past its deadline, still hangs", may_have_arrived=False
            )
        work = partial(_notify, service, message, self._settings.external_url)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                taken, heard = await _in_thread(work, self._busy.release)
        except TimeoutError as error:
            raise ReceiverUnavailableError("no answer in time") from error
        if not taken:
            said = "; ".join(heard) or "no reason given"
            secrets = (*secrets_of(self._settings.url), service.url(privacy=False))
            raise ReceiverUnavailableError(redact(f"Apprise: {said}", secrets))

    def _service(self) -> Any:
        if problem := problem_with(self._settings.url):
            raise ReceiverUnavailableError(problem, may_have_arrived=False)
        return importlib.import_module("apprise").Apprise.instantiate(self._settings.url)


def _notify(service: Any, message: Composed, external_url: str) -> tuple[bool, Sequence[str]]:
    """Runs in the thread: whether it was taken, and what Apprise had to say."""
    notification = message.notification
    kind = RESOLVED_TYPE if notification.is_resolved else TYPES[notification.severity]
    title = cut_to(message.title, service.title_maxlen or 250)
    # Where a service knows no title, Apprise puts it above the body.
    limit = service.body_maxlen - (0 if service.title_maxlen else len(title) + 10)
    logger, overheard = logging.getLogger("apprise"), _Overheard()
    logger.addHandler(overheard)
    try:
        taken = service.notify(
            title=title,
            body=text_within(limit, message, PLAIN, external_url),
            notify_type=kind,
            body_format="text",
        )
    except Exception as error:  # noqa: BLE001 - any of a hundred plugins, each with its own
        return False, [f"{type(error).__name__}: {error}"]
    finally:
        logger.removeHandler(overheard)
    return bool(taken), overheard.heard


class _Overheard(logging.Handler):
    """What Apprise logs in this thread: its only way to say why."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what was said here."""
        if record.thread == self._thread:
            self.heard.append(record.getMessage())


def _keep_quiet() -> None:
    """They log URLs and answers with their secrets at times: not into our log."""
    for library in ("apprise", "urllib3", "requests"):
        logging.getLogger(library).propagate = False


async def _in_thread(
    work: Callable[[], tuple[bool, Sequence[str]]], done: Callable[[], None]
) -> tuple[bool, Sequence[str]]:
    """Run it in a daemon thread: one that hangs must not keep the program from ending, as those of
    the executors would.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[tuple[bool, Sequence[str]]] = loop.create_future()

    def settle(value: tuple[bool, Sequence[str]]) -> None:
        if not result.done():
            result.set_result(value)

    def run() -> None:
        try:
            value = work()
        finally:
            done()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value)

    threading.Thread(target=run, name="apprise", daemon=True).start()
    return await result


def _receiver(name: str, settings: AppriseSettings, means: Means) -> AppriseReceiver:
    del means  # Apprise makes its own requests
    return AppriseReceiver(name, settings)


APPRISE = Kind(
    "apprise", AppriseShape, settings_of, {AppriseSettings: _receiver}, escape=PLAIN.escape
)
