"""How a receiver that speaks HTTP shows who it is: in the file, and as it is sent."""

from pydantic import SecretStr

from regwatch.notify.http import Credentials
from regwatch.shapes.shape import Shape
from regwatch.shapes.values import Secret, Text, revealed


class BasicAuth(Shape):
    """HTTP basic authentication."""

    username: Text
    password: Secret


def credentials(auth: BasicAuth | None, token: SecretStr | None) -> Credentials:
    """From what stands in the file."""
    return Credentials(
        username=auth.username if auth else "",
        password=revealed(auth.password) if auth else "",
        bearer_token=revealed(token),
    )
