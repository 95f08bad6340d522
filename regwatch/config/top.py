"""The file as a whole."""

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr

from regwatch.config.alerts import AlertsShape
from regwatch.config.holidays import Holidays
from regwatch.config.hours import MaintenanceShape, ScheduleShape, Timezone
from regwatch.config.receivers import ReceiverShape
from regwatch.config.sections import (
    AccountShape,
    HeartbeatShape,
    HttpShape,
    LogShape,
    MetricsShape,
    RouteShape,
    SiteShape,
    StorageShape,
)
from regwatch.config.template_folder import TemplateFolder
from regwatch.core.schedules import Dates
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.shapes.problems import Problem
from regwatch.shapes.shape import Shape
from regwatch.shapes.values import Duration, Text
from regwatch.web.webconfig import WebConfig


class Config(Shape):
    """Everything regwatch is told."""

    accounts: list[AccountShape] = Field(min_length=1)
    sites: list[SiteShape] = []
    alerts: AlertsShape = AlertsShape()
    recover_after: Duration = 0.0
    receivers: list[ReceiverShape] = []
    templates: Text | None = Field(
        default=None, description="A folder of templates that change the words of messages."
    )
    routes: list[RouteShape] = []
    timezone: Timezone = Field(default=ZoneInfo("UTC"), description="Of the times in messages.")
    schedules: dict[str, ScheduleShape] = {}
    maintenance: list[MaintenanceShape] = []
    heartbeat: HeartbeatShape | None = None
    http: HttpShape = HttpShape()
    storage: StorageShape = StorageShape()
    metrics: MetricsShape = MetricsShape()
    log: LogShape = LogShape()
    editor_schema: Text | None = Field(default=None, alias="$schema")

    _notices: tuple[Problem, ...] = PrivateAttr(default=())
    _folder: Path = PrivateAttr(default=Path())
    _templates: TemplateFolder | None = PrivateAttr(default=None)
    _holidays: Holidays | None = PrivateAttr(default=None)
    _web: WebConfig = PrivateAttr(default_factory=WebConfig)

    @property
    def notices(self) -> tuple[Problem, ...]:
        """What is worth saying though it is no error."""
        return self._notices

    def path(self, text: str | None) -> Path | None:
        """A path of the file, relative to the file's own folder."""
        return None if text is None else self._folder / text

    @property
    def web(self) -> WebConfig:
        """What `http.web_config_file` asks for; without one, nothing."""
        return self._web

    def excepted_dates(self, schedule: str) -> tuple[Dates, ...]:
        """The dates on which a schedule's hours do not begin."""
        return self._holidays.of(schedule) if self._holidays else ()

    def own_words(self, receiver: str) -> OwnWords:
        """The templates of a receiver's own; none by default."""
        return self._templates.own_words(receiver) if self._templates else NO_TEMPLATES
