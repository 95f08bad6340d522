"""What a bug met by a request costs: that request, or one line of its answer; never the others."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from regwatch.core.bugs import Where, why
from regwatch.guard import Bugs

API = "/api/"
WORDS = {
    404: "there is nothing at this path",
    405: "this path does not know this method",
    413: "the body is too large",
}
"""Of errors that aiohttp finds."""

T = TypeVar("T")
R = TypeVar("R")


def answer_error(
    request: web.BaseRequest, status: int, text: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """What is wrong, in the form that the API documents for its paths, else as a line of text."""
    if request.path.startswith(API):
        return web.json_response({"error": text}, status=status, headers=headers)
    return web.Response(text=f"{text}\n", status=status, headers=headers)


def surviving(bugs: Bugs) -> Middleware:
    """A middleware that answers 500 where a bug was met, and says so."""

    @web.middleware
    async def survive(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            allowed = {"Allow": error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
            text = WORDS.get(error.status, error.reason)
            return answer_error(request, error.status, text, allowed)
        except ConnectionError:
            raise
        except Exception as error:
            bugs.met("request_failed", Where.HTTP, _name_of(request), error)
            if request.writer.output_size > 0:
                raise _cut_off(request) from error
            return answer_error(request, 500, f"a bug in regwatch: {why(error)}")

    return survive


def _name_of(request: web.Request) -> str:
    """By its pattern: what stands in a path is not ours."""
    resource = request.match_info.route.resource
    path = "an unknown path" if resource is None else resource.canonical
    return f"{request.method} {path}"


def _cut_off(request: web.Request) -> ConnectionResetError:
    """The half of an answer is out: whoever reads it must see that it is not the whole."""
    if request.transport is not None:
        request.transport.close()
    return ConnectionResetError("an answer was cut off by a bug")


def each_sound(
    items: Iterable[T], make: Callable[[T], R], left_out: Callable[[Exception], None]
) -> list[R]:
    """What is made of each; `left_out` hears of those of which it cannot be made."""
    made = []
    for item in items:
        try:
            made.append(make(item))
        except Exception as error:  # noqa: BLE001 - the guard of one line: the others are shown
            left_out(error)
    return made
