"""Secrets of all forms, where they stand in a configuration, and how they are looked for."""

import base64
import html
import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

VALUES: Mapping[str, str] = {
    "digits": "8273645190273645",
    "an alias": "*Kf83hs92Lq0Xw",
    "a tag": "!Jd72ja83Mw1Cv",
    "an anchor": "&Gs61kb94Nx2Bn",
    "a directive": "%Ph50lc05Oz3Vm",
    "a reserved sign": "@Rt49md16Pa4Ck",
    "a backtick": "`Qy38ne27Qb5Xj",
    "a comment": "#Ws27of38Rc6Zh",
    "a dash": "- Ed16pg49Sd7Yg",
    "a colon": "Uf05qh50: Te8Tf",
    "a mapping": "{Ig94ri61Uf9Rd}",
    "a list": "[Ok83sj72Vg0Es]",
    "single quotes": "'Pl72tk83Wh1Wa'",
    "double quotes": '"Am61ul94Xi2Qp"',
    "quotes within": "Bn50vm05\"Yj3'Ko",
    "a backslash": "Cb49wn16\\Zk4Ni",
    "a backslash at the end": "Vx38xo27Al5Mu\\",
    "spaces within": "Zc27yp38 Bm6 Ly",
    "signs of URLs": "Xd16zq49/Cn7+Kt=&?",
    "percent-encoded already": "Se05ar50%2FDo8%20Jr",
    "signs of base64": "Wf94bs61+Ep9/He==",
    "signs of HTML": "<Qg83ct72>&Fq0;Gw",
    "signs of a shell": "$(Ah72du83)`Gr1`;Fv",
    "signs of patterns": "Bj61ev94.*+?^$Hs2|Eb",
    "signs of templates": "{{Ck50fw05}}{%It3%}Da",
    "a variable's sign": "Dl49gx16$Ju4$$Cz",
    "Latin": "Fm38hyåéü27Kv5By",
    "Cyrillic": "Жп27из38Лц6Ащ",
    "Arabic": "سرية27كلمة38طويلة",
    "emoji": "Gn16ja49🔑Mx7Zp",
    "like a date": "1891-08-19T07:41:53",
    "like a UUID": "6f1c2b9e-7d44-4f0a-9b1e-2c3d4e5f6a7b",
    "hexadecimal": "0x9f8e7d6c5b4a3f2e",
    "like a Slack token": "xoxb-28374650912-Hw05kb94Ny2",
    "like a JWT": "eyJhbGciOiJIUzI1NiJ9.Ix94lc05Oz3.Yr83md16Pa4",
    "of Standard Webhooks": "whsec_S2Y4M2hzOTJMcTBYd0pkNzJqYTgzTXcxQ3Y=",
    "in capitals": "JY72NE27QB5XS83OF38RC6",
    "long": "Kz61pg49Sd7T" * 90,
    "short": "Lq0X9",
    "a line break at the end of its file": "Mt50qh50Te8Uf4",
    "a byte order mark before it": "Nu49ri61Uf9Vg3",
}
MOST_PIECES = 60
"""Of a long one its beginning is looked for, whole or cut."""
LONGEST_COMMON = 7
"""Characters of a secret that may stand in a text by chance."""


def forms(secret: str) -> Iterator[str]:
    """What a text may hold of it: the secret, and whatever a server or a library may make of it."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield repr(secret)[1:-1]
    for before in (b"", b"a", b"ab"):
        encoded = base64.b64encode(before + secret.encode()).decode().rstrip("=")
        yield encoded[4:-2]
    yield secret.encode().hex()


def found_in(text: str, secret: str) -> str:
    """A piece of the secret that stands in a text; empty if there is none."""
    lower = text.lower()
    for form in forms(secret):
        known = form.lower() if len(form) <= MOST_PIECES else form.lower()[:MOST_PIECES]
        size = min(LONGEST_COMMON + 1, len(known))
        pieces = (known[i : i + size] for i in range(len(known) - size + 1))
        if size >= 5 and (piece := next((p for p in pieces if p in lower), "")):
            return piece
    return ""


def echoes(said: str) -> str:
    """What a server may answer: what it was told, in all forms."""
    encoded = base64.b64encode(said.encode()).decode()
    return "\n".join(
        [
            said,
            quote(said),
            json.dumps({"error": said}),
            json.dumps(said, ensure_ascii=False),
            html.escape(said),
            said.upper(),
            said.lower(),
            encoded,
            repr(said),
        ]
    )
