"""Which model is in memory when: as lines of text, and as a picture in SVG."""

from collections.abc import Sequence
from html import escape

from dispatcher.cli.durations import seconds
from dispatcher.core.simulation.result import Result, Span
from dispatcher.core.task import ModelId

_COLUMNS = 72
_LOADING, _READY, _OUT = "░", "█", "·"
_WIDTH, _LEFT, _ROW, _GAP = 1000, 190, 18, 6
_COLOURS = ("#3b6fb6", "#d1763c", "#5a9a4a", "#a2559c", "#b8a13a", "#4aa3a3", "#b5495b", "#777777")


def text_lines(results: Sequence[Result], models: Sequence[ModelId]) -> list[str]:
    """For each policy its name and a line for each model, all on one scale of time."""
    end_s = max(result.lasted_s for result in results)
    width = max(map(len, models))
    lines = []
    for result in results:
        lines.append(f"{result.policy}: {result.swaps} swaps, done after {seconds(result.lasted_s)}")
        for model_id in models:
            spans = [span for span in result.spans if span.model_id == model_id]
            lines.append(f"  {model_id:<{width}} {_bar(spans, end_s)}")
    lines.append(f"  {'':<{width}} 0{seconds(end_s):>{_COLUMNS - 1}}   {_LOADING} loads  {_READY} in memory")
    return lines


def _bar(spans: Sequence[Span], end_s: float) -> str:
    step_s = end_s / _COLUMNS
    return "".join(_cell(spans, step_s * column, step_s * (column + 1)) for column in range(_COLUMNS))


def _cell(spans: Sequence[Span], from_s: float, until_s: float) -> str:
    """What the model did for most of this piece of time."""
    loading_s = ready_s = 0.0
    for span in spans:
        up_s = span.until_s if span.ready_s is None else span.ready_s
        loading_s += _overlap(span.from_s, up_s, from_s, until_s)
        ready_s += _overlap(up_s, span.until_s, from_s, until_s)
    if loading_s + ready_s < (until_s - from_s) / 2:
        return _OUT
    return _LOADING if loading_s > ready_s else _READY


def _overlap(from_s: float, until_s: float, start_s: float, end_s: float) -> float:
    return max(0.0, min(until_s, end_s) - max(from_s, start_s))


def svg(results: Sequence[Result], models: Sequence[ModelId]) -> str:
    """The same as a picture."""
    end_s = max(result.lasted_s for result in results) or 1.0
    per_s = (_WIDTH - _LEFT - 10) / end_s
    parts: list[str] = []
    y = 10
    for result in results:
        numbers = f"{result.deadline_hits:.0%} in time, p90 {seconds(result.p90_s)}, {result.swaps} swaps"
        parts.append(f'<text x="10" y="{y + 13}" font-weight="bold">{escape(result.policy)}: {numbers}</text>')
        y += _ROW + _GAP
        for place, model_id in enumerate(models):
            colour = _COLOURS[place % len(_COLOURS)]
            parts.append(f'<text x="10" y="{y + 13}">{escape(model_id[:26])}</text>')
            for span in result.spans:
                if span.model_id == model_id:
                    parts.extend(_rectangles(span, colour, per_s, y))
            y += _ROW + _GAP
    parts.append(f'<text x="{_LEFT}" y="{y + 13}">0</text>')
    parts.append(f'<text x="{_WIDTH - 10}" y="{y + 13}" text-anchor="end">{escape(seconds(end_s))}</text>')
    box = f'viewBox="0 0 {_WIDTH} {y + 24}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="12">'
    return "\n".join([head, f'<rect width="{_WIDTH}" height="{y + 24}" fill="white"/>', *parts, "</svg>"]) + "\n"


def _rectangles(span: Span, colour: str, per_s: float, y: int) -> list[str]:
    up_s = span.until_s if span.ready_s is None else span.ready_s
    pieces = ((span.from_s, up_s, 0.35), (up_s, span.until_s, 1.0))
    return [
        f'<rect x="{_LEFT + from_s * per_s:.1f}" y="{y}" width="{(until_s - from_s) * per_s:.1f}" height="{_ROW}" '
        f'fill="{colour}" fill-opacity="{opacity}"/>'
        for from_s, until_s, opacity in pieces
        if until_s > from_s
    ]
