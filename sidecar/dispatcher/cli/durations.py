"""Durations in words as short as they are exact."""


def seconds(value: float | None) -> str:
    """A duration for people; a dash when there is none."""
    if value is None:
        return "–"
    if value < 0.01:
        return "0 s"
    if value < 1:
        return f"{value:.2f} s"
    if value < 10:
        return f"{value:.1f} s"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"
