"""Turns of contenders in rotation, short and many: the machine's speed changes all the time."""

import statistics


def back_and_forth(kinds, parts):
    """All of them so many times, every other time backwards, so that what one leaves behind meets all of them."""
    for part in range(parts):
        yield from kinds[:: -1 if part % 2 else 1]


class Figures:
    """What one contender's turns gave."""

    def __init__(self):
        self._rounds = []

    def begin_round(self):
        self._rounds.append([])

    def add(self, figure):
        self._rounds[-1].append(figure)

    def by_round(self):
        """The median of each round's turns."""
        return [statistics.median(turns) for turns in self._rounds]

    def turns(self):
        return [figure for turns in self._rounds for figure in turns]
