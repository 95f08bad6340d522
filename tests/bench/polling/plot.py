"""The results as a picture: how long a silent loss stays unseen, on a logarithmic scale."""

from collections.abc import Iterator, Sequence
from math import isfinite, log10
from xml.sax.saxutils import escape

from bench.polling.result import Result
from bench.polling.table import seconds

WIDTH, LEFT, RIGHT, TOP, ROW = 900, 250, 40, 92, 34
SHORTEST, LONGEST = 0.3, 3000.0
TICKS = ((1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (1800, "30 min"))
KINDS = (
    ("regwatch", "#1565c0", 7),
    ("clairvoyant, at an even pace", "#9e9e9e", 4),
    ("even sweep", "#ef8f00", 6),
    ("all every 60 s", "#c62828", 6),
)


def svg(results: Sequence[Result]) -> str:
    """The whole picture."""
    height = TOP + ROW * len(results) + 34
    body = "\n".join([*_legend(), *_scale(height - 30), *_rows(results)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="13" role="img">\n'
        "<title>How long a silent loss stays unseen after it shows at the API, mean</title>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _x(value: float) -> float:
    share = (log10(value) - log10(SHORTEST)) / (log10(LONGEST) - log10(SHORTEST))
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _legend() -> Iterator[str]:
    yield _text(16, 28, "How long a silent loss stays unseen (mean)", size=17, weight="bold")
    x = 16.0
    for name, colour, radius in KINDS:
        yield f'<circle cx="{x + 7:.0f}" cy="52" r="{radius}" fill="{colour}"/>'
        yield _text(x + 20, 57, name)
        x += 36 + 7 * len(name)
    yield _text(16, 80, "extensions / per request / requests per hour", colour="#616161")


def _scale(bottom: float) -> Iterator[str]:
    for value, name in TICKS:
        x = _x(value)
        yield (f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}" stroke="#e0e0e0"/>')
        yield _text(x, bottom + 18, name, anchor="middle", colour="#616161")


def _rows(results: Sequence[Result]) -> Iterator[str]:
    for number, result in enumerate(results):
        y = TOP + ROW * number + ROW / 2
        yield _text(16, y + 4, f"{result.case.name}")
        values = (
            result.silent,
            result.silent_clairvoyant,
            result.swept,
            result.silent_every_minute,
        )
        shown = [max(SHORTEST, value) for value in values if isfinite(value)]
        yield (
            f'<line x1="{_x(min(shown)):.1f}" x2="{_x(max(shown)):.1f}" y1="{y}" y2="{y}" '
            'stroke="#bdbdbd"/>'
        )
        for value, (name, colour, radius) in reversed(list(zip(values, KINDS, strict=True))):
            if isfinite(value):
                yield (
                    f'<circle cx="{_x(max(SHORTEST, value)):.1f}" cy="{y}" r="{radius}" '
                    f'fill="{colour}"><title>{name}: {seconds(value)}</title></circle>'
                )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 13,
    weight: str = "normal",
    anchor: str = "start",
    colour: str = "#212121",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )
