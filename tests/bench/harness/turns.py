"""Turns of contenders in rotation, short and many: the machine's speed changes all the time."""

import statistics


def back_and_forth(kinds, parts):
    """All of them so many times, every other time backwards, so that what one leaves behind meets all of them."""
    for part in range(parts):
        yield from kinds[:: -1 if part % 2 else 1]


class Figures:
    """What one contender's turns gave, of which each round has so many."""

    def __init__(self, parts):
        self.turns = []
        self._parts = parts

    def add(self, figure):
        self.turns.append(figure)

    def by_round(self):
        """The median of each round's turns."""
        starts = range(0, len(self.turns), self._parts)
        return [statistics.median(self.turns[start:start + self._parts]) for start in starts]
