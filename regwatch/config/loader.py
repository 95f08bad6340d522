"""From a file to a configuration, or to everything that is wrong with it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from regwatch.clock import Clock, wall_clock
from regwatch.config.checks import findings, without_effect
from regwatch.config.files import unusable_files, web_config
from regwatch.config.holidays import Holidays
from regwatch.config.label_checks import label_findings, windows_that_are_over
from regwatch.config.sections import HttpShape
from regwatch.config.source import Source, is_usable, strings
from regwatch.config.template_folder import TemplateFolder
from regwatch.config.top import Config
from regwatch.core.suggestions import did_you_mean
from regwatch.notify.receivers.webhook import SECRET_PREFIX, WebhookShape, key_in, secrets_in
from regwatch.shapes.files import FileError, read_text
from regwatch.shapes.problems import ConfigError, Location, Problem, written
from regwatch.shapes.shape import Shape
from regwatch.shapes.values import revealed, wrong
from regwatch.web.webconfig import WebConfig

QUOTED = re.compile(r"'([^']*)'")
WORD = re.compile(r"[A-Za-z_-]{1,40}")
"""As keys are."""
LEADING_WORD = re.compile(r"(?:[a-z]+(?:_[a-z]+)*(?=:))?")
"""A key that stands before a colon without a space."""
VARIABLE = re.compile(r"\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
LARGEST_SECRET = 65_536
"""Bytes: no password or token is near it; a larger file is the wrong one."""
KEY_ITSELF = "[key]"
"""What pydantic adds to the place of a mapping's key."""
MOST_PROBLEMS = 200
"""Said at once: a file with more is another one."""
SECRETS_FOLDER = "secrets"
Alone = TypeVar("Alone", bound=Shape)
EXAMPLE_STORAGE = "such as sqlite:////var/lib/regwatch/regwatch.db"


def load_config(
    file: Path,
    *,
    environ: Mapping[str, str],
    clock: Clock = wall_clock,
    text: str | None = None,
) -> Config:
    """Read, expand and check the file; raises `ConfigError` with all that is wrong with it. `text`:
    what is to be taken for its content.
    """
    now = clock()
    source = Source(file, secret=Shape.all_secret_names(), text=text)
    source.read()
    problems = source.problems
    values, unset = _expanded(source, environ)
    problems += unset
    problems += _no_text(source, values)
    secrets = _SecretFiles(file.parent, environ)
    try:
        config = Config.model_validate(values, context={"read_secret": secrets.read})
    except ValidationError as error:
        places = {problem.path for problem in problems}
        errors = error.errors()
        found = (_problem(source, details) for details in errors[:MOST_PROBLEMS])
        problems += [problem for problem in found if problem.path not in places]
        if len(errors) > MOST_PROBLEMS:
            more = len(errors) - MOST_PROBLEMS
            problems.append(Problem(file, None, "", f"and {more} problems more: is it this file?"))
        raise ConfigError(_ordered(problems)) from error
    problems += [source.problem(*finding) for finding in findings(config)]
    problems += [source.problem(*finding) for finding in label_findings(config, now=now)]
    problems += [source.problem(*each) for each in unusable_files(config, file.parent)]
    problems += _storage_problems(source, config)
    holidays = Holidays(config.schedules, source, file.parent)
    problems += holidays.problems
    templates = _templates(config, file.parent)
    problems += _template_problems(source, templates)
    if isinstance(web := web_config(config, file.parent), Problem):
        problems.append(web)
        web = WebConfig()
    if problems:
        raise ConfigError(_ordered(problems))
    vain = (*windows_that_are_over(config, now=now), *without_effect(config))
    over = (source.problem(*each) for each in vain)
    odd = (*_plain_http(source, config), *_odd_secrets(source, config))
    config._notices = (*odd, *secrets.notices(), *over)  # noqa: SLF001
    config._folder = file.parent  # noqa: SLF001
    config._templates = templates  # noqa: SLF001
    config._holidays = holidays  # noqa: SLF001
    config._web = web  # noqa: SLF001
    return config


class _HttpAlone(Shape):
    """All that commands need which speak to the daemon."""

    http: HttpShape = HttpShape()


def load_http(file: Path, keys: Collection[str], *, environ: Mapping[str, str]) -> HttpShape:
    """No more than these keys of `http`, whatever is wrong with the rest of the file; raises
    `ConfigError`.
    """
    return _section_alone(file, "http", _HttpAlone, environ, keys).http


def load_accounts(file: Path, *, environ: Mapping[str, str]) -> Config:
    """The accounts, and nothing else of the file; raises `ConfigError`."""
    config = _section_alone(file, "accounts", Config, environ)
    config._folder = file.parent  # noqa: SLF001
    return config


def _section_alone(
    file: Path,
    name: str,
    shape: type[Alone],
    environ: Mapping[str, str],
    keys: Collection[str] | None = None,
) -> Alone:
    source = Source(file, secret=Shape.all_secret_names())
    source.read()
    source.values = source.section(name, keys)
    values, problems = _expanded(source, environ)
    kept = [f"{name}.{key}" for key in keys or ()] or [name]
    problems += [each for each in source.problems if each.path.startswith(tuple(kept))]
    context = {"read_secret": _SecretFiles(file.parent, environ).read}
    try:
        found = shape.model_validate(values, context=context)
    except ValidationError as error:
        problems += [_problem(source, details) for details in error.errors()]
        raise ConfigError(_ordered(problems)) from error
    if problems:
        raise ConfigError(_ordered(problems))
    return found


def _ordered(problems: list[Problem]) -> list[Problem]:
    last = float("inf")  # what is said of the file as a whole

    def place(problem: Problem) -> tuple[float, str]:
        return (last if problem.line is None else problem.line, problem.path)

    return sorted(dict.fromkeys(problems), key=place)


# --- ${VARIABLES} ------------------------------------------------------------


def _expanded(source: Source, environ: Mapping[str, str]) -> tuple[Any, list[Problem]]:
    unset = [
        source.problem(place, f"${{{name}}} is not set", f"set it, or write ${{{name}:-default}}")
        for place, text in strings(source.values)
        for dollar, name, default in _variables(text)
        if not dollar and default is None and name not in environ
    ]
    return _expand(source.values, environ), unset


def _variables(text: str) -> list[tuple[str | None, str, str | None]]:
    return [match.groups() for match in VARIABLE.finditer(text)]  # type: ignore[misc]


def _no_text(source: Source, values: Any) -> list[Problem]:
    return [
        source.problem(
            place, "holds a character that is none", "take out \\0 and \\ud800 to \\udfff"
        )
        for place, text in strings(values)
        if not is_usable(text)
    ]


def _expand(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return VARIABLE.sub(lambda match: _replacement(match, environ), value)
    if isinstance(value, dict):
        return {key: _expand(each, environ) for key, each in value.items()}
    if isinstance(value, list):
        return [_expand(each, environ) for each in value]
    return value


def _replacement(match: re.Match[str], environ: Mapping[str, str]) -> str:
    dollar, name, default = match.groups()
    if dollar:
        return match.group(0)[1:]
    return environ.get(name) or (default or "")


# --- secrets' files ------------------------------------------------------------


class _SecretFiles:
    """Reads them: from the service manager's credentials first, then beside the file, then from
    the folder there that a service manager takes them from.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        credentials = environ.get("CREDENTIALS_DIRECTORY")
        self._folders = [Path(credentials)] if credentials else []
        self._folders += [folder, folder / SECRETS_FOLDER]
        self._readable_by_all: list[Path] = []

    def read(self, name: object, key: str) -> str:
        """The secret in a file, without the line's end."""
        if not isinstance(name, str) or not name:
            raise _at(key, "expected the name of a file")
        return self._content(self._found(name, key), key)

    def _found(self, name: str, key: str) -> Path:
        """The name is not said where there is no such file: it may be the secret itself."""
        reason = ""
        for folder in self._folders:
            try:
                if (folder / name).is_file():
                    return folder / name
                if (folder / name).exists():
                    reason = f"no regular file in {folder}"
            except PermissionError:
                reason = f"permission denied in {folder}"
            except OSError as error:  # a name that is too long
                reason = (error.strerror or "unknown error").lower()
        looked = ", ".join(dict.fromkeys(str(folder) for folder in self._folders))
        if reason:
            raise _at(key, f"cannot be read: {reason}", "it takes the name of a file")
        raise _at(key, "there is no such file", f"looked in {looked}")

    def _content(self, path: Path, key: str) -> str:
        try:
            secret = read_text(path, largest=LARGEST_SECRET).strip("\r\n")
            mode = path.stat().st_mode
        except (FileError, OSError) as error:
            raise _at(key, f"{path} cannot be read: {error}") from None
        if not secret.strip():
            raise _at(key, f"{path} is empty")
        if mode & 0o004:
            self._readable_by_all.append(path)
        return secret

    def notices(self) -> list[Problem]:
        """What is unwise about the files read."""
        message = "this secret's file can be read by every user: `chmod o-r` it"
        return [Problem(path, None, "", message) for path in self._readable_by_all]


def _at(key: str, message: str, suggestion: str = "") -> PydanticCustomError:
    error = wrong(message, suggestion)
    return PydanticCustomError("regwatch", "{text}", {**(error.context or {}), "key": key})


# --- pydantic's errors in plain words ----------------------------------------------------------


def _problem(source: Source, details: ErrorDetails) -> Problem:
    location: Location = tuple(step for step in details["loc"] if step != KEY_ITSELF)
    context = details.get("ctx", {})
    kind = details["type"]
    if kind == "extra_forbidden":
        return _unknown_key(source, location)
    if kind == "regwatch":
        place = (*location, context["key"]) if "key" in context else location
        return source.problem(place, str(context["text"]), context.get("suggestion") or None)
    message, suggestion = _in_words(kind, context, details)
    return source.problem(location, message, suggestion)


def _in_words(
    kind: str, context: Mapping[str, Any], details: ErrorDetails
) -> tuple[str, str | None]:
    match kind:
        case "missing":
            return "is missing", None
        case "literal_error":
            known = QUOTED.findall(str(context["expected"]))
            given = details["input"]
            shown = f"`{given[:40]}`" if isinstance(given, str) else "this value"
            return f"{shown} is not possible here", did_you_mean(str(given), known)
        case "too_short":
            return "must not be empty", None
        case "list_type":
            return "expected a list", "write [a, b], or a line `- a` each"
        case "dict_type" | "model_type":
            return "expected a mapping of keys and values", None
        case "bool_type":
            return "expected true or false", None
        case "int_type" | "int_from_float":
            return "expected a whole number", None
        case _:
            text = details["msg"].removeprefix("Input ").replace("should be", "must be")
            return text[:1].lower() + text[1:], None


def _unknown_key(source: Source, location: Location) -> Problem:
    key, shape = str(location[-1]), _shape_at(location[:-1])
    advice = did_you_mean(key, shape.known_keys()) if shape else None
    problem = source.problem(location, "unknown key", advice)
    # What is no word may be a secret that slipped out of its place.
    shown = key if WORD.fullmatch(key) else f"{_before_a_colon(key)}…"
    return replace(problem, path=written((*location[:-1], shown)))


def _before_a_colon(key: str) -> str:
    found = LEADING_WORD.match(key)
    return "" if found is None else found[0]


def _shape_at(location: Location) -> type[Shape] | None:
    shape: Any = Config
    for step in location:
        if isinstance(step, str) and isinstance(shape, type) and issubclass(shape, BaseModel):
            fields = {field.alias or name: field for name, field in shape.model_fields.items()}
            shape = _inner(fields[step].annotation) if step in fields else None
    return shape if isinstance(shape, type) and issubclass(shape, Shape) else None


def _inner(annotation: Any) -> Any:
    """The shape inside `list[…]`, `… | None`, `Annotated[…]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if (found := _inner(argument)) is not None:
            return found
    return None


# --- what is neither shape nor names -----------------------------------------------------------


def _templates(config: Config, folder: Path) -> TemplateFolder | None:
    name = config.templates
    return None if name is None else TemplateFolder(folder / name, config.receivers)


def _template_problems(source: Source, templates: TemplateFolder | None) -> list[Problem]:
    if templates is None:
        return []
    if templates.unreadable:
        return [source.problem(("templates",), templates.unreadable)]
    return templates.problems


def _storage_problems(source: Source, config: Config) -> list[Problem]:
    url = config.storage.url
    if url is None:
        return []
    place: Location = ("storage", "url")
    scheme, separator, _ = url.partition("://")
    if not separator or not scheme.isascii():
        return [source.problem(place, "no storage URL", EXAMPLE_STORAGE)]
    if scheme != "sqlite":
        return [
            source.problem(place, f"{scheme} is not available in this version", "use sqlite:///")
        ]
    return []


def _plain_http(source: Source, config: Config) -> list[Problem]:
    message = "without https everyone on the way can read the token"
    return [
        source.problem(("accounts", index, "url"), message)
        for index, account in enumerate(config.accounts)
        if account.url.startswith("http://") and not _is_loopback(account.url)
    ]


def _odd_secrets(source: Source, config: Config) -> list[Problem]:
    """What looks like a secret of Standard Webhooks, and is taken as it stands."""
    message = "is no base64 behind `whsec_`: it signs as the text that it is"
    return [
        source.problem(("receivers", index, "webhook", "secret"), message)
        for index, receiver in enumerate(config.receivers)
        if isinstance(receiver.settings, WebhookShape)
        for secret in secrets_in(revealed(receiver.settings.secret))
        if secret.startswith(SECRET_PREFIX) and key_in(secret) is None
    ]


def _is_loopback(url: str) -> bool:
    host = url.removeprefix("http://").split("/", 1)[0].rsplit(":", 1)[0].strip("[]")
    return host in ("localhost", "::1") or host.startswith("127.")


def storage_url(config: Config, environ: Mapping[str, str]) -> str:
    """Where the state is kept: as configured, else the service manager's folder, else here."""
    if config.storage.url is not None:
        return config.storage.url
    folder = environ.get("STATE_DIRECTORY", "").split(":")[0] or "."
    return f"sqlite:///{Path(folder) / 'regwatch.db'}"
