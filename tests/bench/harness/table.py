"""Figures of several rounds, and how they are told."""

import math
import statistics


def spread(values, unit="", digits=1):
    """"median (minimum to maximum) unit"."""
    shown = [f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]}{unit} ({shown[1]} to {shown[2]})"


def interval_of_median(values, digits=2):
    """Where the median of all rounds that there could be lies, at 95 %, by order statistics: between the values at
    equal places from either end. Nothing where there are too few of them, less than six."""
    ordered, count = sorted(values), len(values)
    beyond, place = 0.0, 0
    while beyond + math.comb(count, place) / 2**count <= 0.025:
        beyond += math.comb(count, place) / 2**count
        place += 1
    return f"{ordered[place - 1]:,.{digits}f} to {ordered[-place]:,.{digits}f}" if place else ""


def ratios(ours, theirs):
    """Of each round by itself: what disturbs the machine disturbs both. A disturbed machine may have done nothing."""
    return [a / b if b else math.inf for a, b in zip(ours, theirs, strict=True)]


def compared(ours, theirs):
    """How our Figures relate to theirs: by round, and the interval that all turns together leave for the median."""
    return [spread(ratios(ours.by_round(), theirs.by_round()), digits=2),
            interval_of_median(ratios(ours.turns, theirs.turns))]


def markdown(title, header, rows):
    lines = [f"### {title}", "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
