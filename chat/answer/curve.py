"""A reliability curve as SVG: what was said against what was.

Plain shapes with presentation attributes, so that it stands under a strict policy for
styles. Colours come from the text around it, or are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from chat.answer.reliability import Bin

#: Width and height of the plot, and the room for numbers left and below, in user units.
SIDE, LEFT, BELOW, MARGIN = 320, 44, 44, 12
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def reliability_svg(
    bins: Sequence[Bin], title: str, *, ink: str = "currentColor", paper: str = "none"
) -> str:
    """The curve of ``bins``: confidence to the right, share of right answers upwards.

    Each bin is a dot whose area grows with the number of its answers. ``title`` and the
    numbers are there for those who do not see the picture.
    """
    width, height = LEFT + SIDE + MARGIN, MARGIN + SIDE + BELOW
    held = [each for each in bins if each.count]
    told = "; ".join(f"{_whole(b.sure)} said, {_whole(b.right)} right of {b.count}" for b in held)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-size="12">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(told)}</desc>",
        f'<rect width="{width}" height="{height}" fill="{paper}"/>',
        *_axes(ink),
        *_dots(held, ink),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _axes(ink: str) -> list[str]:
    bottom, right = MARGIN + SIDE, LEFT + SIDE
    lines = [
        f'<path d="M{LEFT} {MARGIN}V{bottom}H{right}" fill="none" stroke="{ink}"/>',
        f'<path d="M{LEFT} {bottom}L{right} {MARGIN}" stroke="{ink}" stroke-dasharray="4 4"/>',
    ]
    for tick in _TICKS:
        x, y = _x(tick), _y(tick)
        lines.append(_text(x, bottom + 18, _whole(tick), ink, "middle"))
        lines.append(_text(LEFT - 6, y + 4, _whole(tick), ink, "end"))
    middle = LEFT + SIDE / 2
    lines.append(_text(middle, bottom + 36, "confidence said", ink, "middle"))
    lines.append(_text(LEFT + 8, MARGIN + 10, "share of answers that were right", ink, "start"))
    return lines


def _dots(bins: Sequence[Bin], ink: str) -> list[str]:
    most = max((each.count for each in bins), default=1)
    points = " ".join(f"{_x(b.sure):.1f},{_y(b.right):.1f}" for b in bins)
    line = f'<polyline points="{points}" fill="none" stroke="{ink}" stroke-width="1.5"/>'
    return [line] + [
        f'<circle cx="{_x(b.sure):.1f}" cy="{_y(b.right):.1f}" '
        f'r="{3 + 7 * (b.count / most) ** 0.5:.1f}" fill="{ink}" fill-opacity="0.7">'
        f"<title>{b.count} answers</title></circle>"
        for b in bins
    ]


def _x(share: float) -> float:
    return LEFT + SIDE * share


def _y(share: float) -> float:
    return MARGIN + SIDE * (1 - share)


def _whole(share: float) -> str:
    return f"{round(100 * share)} %"


def _text(x: float, y: float, text: str, ink: str, anchor: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{ink}"'
    return f"<text {place}>{escape(text)}</text>"
