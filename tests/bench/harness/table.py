"""Figures of several rounds, and how they are told."""

import statistics


def spread(values, unit="", digits=1):
    """"median (minimum to maximum) unit"."""
    shown = [f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]}{unit} ({shown[1]} to {shown[2]})"


def ratios(ours, theirs):
    """Of each round by itself: what disturbs the machine disturbs both."""
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def markdown(title, header, rows):
    lines = [f"### {title}", "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
