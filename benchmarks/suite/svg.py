"""Pieces of SVG, readable in light and in dark: colours are CSS variables that follow the reader's scheme."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STYLE = """
:root { --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --rule: #d1d9e0;
  --ours: #0969da; --old: #9a6700; --goal: #cf222e;
  --c0: #0969da; --c1: #1a7f37; --c2: #8250df; --c3: #bc4c00; --c4: #cf222e; --c5: #0a6c74; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --soft: #9198a1; --paper: #0d1117; --rule: #3d444d;
  --ours: #4493f8; --old: #d29922; --goal: #f85149;
  --c0: #4493f8; --c1: #3fb950; --c2: #ab7df8; --c3: #db6d28; --c4: #f85149; --c5: #39c5cf; } }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); }
svg .soft { fill: var(--soft); }
svg .strong { font-weight: 600; }
"""
COLOURS = 6
"""How many colours of lines and parts there are: ``--c0`` and so on."""


def drawing(title: str, width: float, height: float, parts: Iterable[str], *, style: str = "") -> str:
    """Return a whole drawing; its title is what a screen reader says.

    Args:
        width: in pixels, as the height; it shrinks with the page.
        style: CSS for a drawing that is a file of its own.
    """
    css = f"<style>{style}</style>" if style else ""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" style="max-width:100%;height:auto">'
    )
    return "\n".join([head, f"<title>{escape(title)}</title>{css}", *parts, "</svg>"])


def text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "start") -> str:
    """Return a line of text; `kind` is ``soft``, ``strong`` or nothing."""
    classes = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{classes}>{escape(words)}</text>'


def bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Return a filled rectangle; `colour` is the name of a variable, as ``ours``."""
    size = f'width="{max(width, 1):.1f}" height="{height:.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} rx="2" style="fill:var(--{colour})"/>'


def line(points: Sequence[tuple[float, float]], colour: str, *, is_dashed: bool = False) -> str:
    """Return a line through points."""
    dashes = ";stroke-dasharray:5 4" if is_dashed else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" style="fill:none;stroke:var(--{colour});stroke-width:2{dashes}"/>'


def dot(x: float, y: float, colour: str, words: str) -> str:
    """Return a point with a tooltip."""
    place = f'cx="{x:.1f}" cy="{y:.1f}" r="3.5"'
    return f'<circle {place} style="fill:var(--{colour})"><title>{escape(words)}</title></circle>'
