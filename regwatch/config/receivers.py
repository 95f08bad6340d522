"""A receiver of the file: its name, and the shape of one of the kinds that there are."""

from typing import TYPE_CHECKING

from pydantic import Field, create_model, model_validator

from regwatch.notify.receivers.kinds import KINDS
from regwatch.shapes.shape import Shape
from regwatch.shapes.values import Text, wrong


class NamedReceiver(Shape):
    """What is the same for all kinds."""

    name: Text
    fallback: Text | None = Field(
        default=None, description="The receiver that gets what this one refuses for good."
    )

    @model_validator(mode="after")
    def _has_one_kind(self) -> "NamedReceiver":
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            listed = ", ".join(f"`{kind}`" for kind in KINDS)
            found = f"has {len(kinds)} kinds" if kinds else "has no kind"
            raise wrong(f"receiver `{self.name}` {found}", f"give it exactly one of {listed}")
        return self

    @property
    def kind(self) -> str:
        """`webhook`, `slack`, …"""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def settings(self) -> Shape:
        """Those of its kind."""
        settings: Shape = getattr(self, self.kind)
        return settings


if TYPE_CHECKING:  # a checker cannot look into what is made from a table
    ReceiverShape = NamedReceiver
else:
    ReceiverShape = create_model(
        "ReceiverShape",
        __base__=NamedReceiver,
        __module__=__name__,
        __doc__="A place that alerts go to: a name, and exactly one kind.",
        **{kind.name: (kind.shape | None, None) for kind in KINDS.values()},
    )
