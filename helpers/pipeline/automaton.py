"""Regular expressions over bytes as tables: what follows from a state and a byte is one look-up.

`Automata.add(pattern)` makes a small part of `re`'s language into a deterministic automaton:
characters, choices in brackets, groups, alternatives, and repetitions. A character is a byte, its
code the byte's value. ValueError for anything else.

The way is the textbook's: Thompson's construction, then that of subsets (Aho, Lam, Sethi, Ullman,
Compilers, 2nd edition, 3.7).
"""

from __future__ import annotations

import re

import numpy as np

DEAD = 0  # the state that no byte leads out of
_Sub = re._parser.SubPattern


class _Graph:
    """A nondeterministic automaton: states are numbers, `free` needs no byte."""

    def __init__(self) -> None:
        self.free: list[list[int]] = []
        self.steps: list[list[tuple[frozenset[int], int]]] = []

    def state(self) -> int:
        self.free.append([])
        self.steps.append([])
        return len(self.free) - 1

    def sequence(self, tree: _Sub, at: int) -> int:
        """What is matched from `at` on; the state in which it ends."""
        for op, given in tree:
            at = self._one(str(op), given, at)
        return at

    def _one(self, op: str, given, at: int) -> int:
        if op == "LITERAL":
            return self._step(frozenset([given]), at)
        if op == "IN":
            return self._step(_choice(given), at)
        if op == "SUBPATTERN":
            return self.sequence(given[3], at)
        if op == "BRANCH":
            end = self.state()
            for tree in given[1]:
                self.free[self.sequence(tree, self._fork(at))].append(end)
            return end
        if op == "MAX_REPEAT":
            return self._repeat(*given, at)
        raise ValueError(f"{op} is not known here")

    def _step(self, choice: frozenset[int], at: int) -> int:
        if max(choice) > 255:
            raise ValueError("a character that is no byte")
        self.steps[at].append((choice, self.state()))
        return self.steps[at][-1][1]

    def _fork(self, at: int) -> int:
        self.free[at].append(self.state())
        return self.free[at][-1]

    def _repeat(self, least: int, most: int, tree: _Sub, at: int) -> int:
        for _ in range(least):
            at = self.sequence(tree, at)
        if most is re._parser.MAXREPEAT:
            at = self._fork(at)
            self.free[self.sequence(tree, at)].append(at)
            return self._fork(at)
        end = self.state()
        for _ in range(most - least):
            self.free[at].append(end)
            at = self.sequence(tree, self._fork(at))
        self.free[at].append(end)
        return end

    def reach(self, states: set[int]) -> frozenset[int]:
        """These and what can be reached from them without a byte."""
        found, look = set(states), list(states)
        while look:
            for other in self.free[look.pop()]:
                if other not in found:
                    found.add(other)
                    look.append(other)
        return frozenset(found)


def _choice(given) -> frozenset[int]:
    inside: set[int] = set()
    negated = False
    for op, what in given:
        if str(op) == "NEGATE":
            negated = True
        elif str(op) == "LITERAL":
            inside.add(what)
        elif str(op) == "RANGE":
            inside |= set(range(what[0], what[1] + 1))
        else:
            raise ValueError(f"{op} is not known here")
    return frozenset(set(range(256)) - inside if negated else inside)


class Automata:
    """Several automata in one table. Equal patterns are the same one."""

    def __init__(self) -> None:
        self._rows: list[np.ndarray] = [np.zeros(256, np.uint16)]
        self._accepting = [False]
        self._known: dict[str, int] = {}

    def add(self, pattern: str) -> int:
        """The state in which it starts."""
        if pattern not in self._known:
            self._known[pattern] = self._made(pattern)
        return self._known[pattern]

    def _made(self, pattern: str) -> int:
        graph = _Graph()
        begin = graph.state()
        end = graph.sequence(re._parser.parse(pattern), begin)
        first = graph.reach({begin})
        base = len(self._rows)
        names, look = {first: base}, [first]
        for states in look:
            row = np.zeros(256, np.uint16)
            leads: dict[int, set[int]] = {}
            for state in states:
                for choice, target in graph.steps[state]:
                    for byte in choice:
                        leads.setdefault(byte, set()).add(target)
            for byte, targets in leads.items():
                reached = graph.reach(targets)
                if reached not in names:
                    names[reached] = base + len(look)
                    look.append(reached)
                row[byte] = names[reached]
            self._rows.append(row)
            self._accepting.append(end in states)
        return base

    def tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """`classes` (256), `follows`, `accepting`, and how wide a state's part of `follows` is.

        Bytes that nothing tells apart are one class. State `n` is called `n * width` there; what
        follows from it and a byte is `follows[state + classes[byte]]`. So the table is as small as
        it can be and stays in the processor's nearest cache. Raises ValueError when there are too
        many states for that.
        """
        columns, classes = np.unique(np.stack(self._rows), axis=1, return_inverse=True)
        states, width = columns.shape
        if states * width > 0xFFFF:
            raise ValueError("too many states")
        accepting = np.zeros(states * width, bool)
        accepting[::width] = self._accepting
        follows = (columns.astype(np.uint32) * width).astype(np.uint16).ravel()
        return classes.astype(np.uint8), follows, accepting, width
