"""The base of all shapes of the file: strict, frozen; the one place that knows secrets' files."""

from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, model_validator

from regwatch.shapes.values import wrong

FILE_SUFFIX = "_file"


class Shape(BaseModel):
    """A mapping of the file: unknown keys are errors, and so are values of another type."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True
    )

    @classmethod
    def secret_names(cls) -> list[str]:
        """The keys that hold secrets."""
        return [name for name, field in cls.model_fields.items() if _is_secret(field.annotation)]

    @classmethod
    def all_secret_names(cls) -> frozenset[str]:
        """The keys that hold secrets in any of the shapes that are made of this one."""
        own = frozenset(cls.secret_names())
        return own.union(*(each.all_secret_names() for each in cls.__subclasses__()))

    @classmethod
    def known_keys(cls) -> list[str]:
        """Every key that may stand in this mapping."""
        keys = [field.alias or name for name, field in cls.model_fields.items()]
        return keys + [name + FILE_SUFFIX for name in cls.secret_names()]

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: Any, info: ValidationInfo) -> Any:
        """Take each `<key>_file` for the `<key>` it holds."""
        if not isinstance(values, dict):
            raise wrong("expected a mapping of keys and values")
        values = dict(values)
        for name in cls.secret_names():
            if name + FILE_SUFFIX not in values:
                continue
            if name in values:
                raise wrong(f"`{name}` and `{name}{FILE_SUFFIX}` exclude each other")
            read = info.context["read_secret"] if info.context else None
            if read is not None:
                values[name] = read(values.pop(name + FILE_SUFFIX), name + FILE_SUFFIX)
        return values


def _is_secret(annotation: Any) -> bool:
    """Also inside `Annotated[…]` and `… | None`."""
    return annotation is SecretStr or any(_is_secret(each) for each in get_args(annotation))
