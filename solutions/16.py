"""Answers to lesson 16's exercises. tests/notebooks puts each into the lesson and runs it."""


# exercise-1
def sessions(times, gap):
    found = []
    for at in sorted(times):
        if found and at - found[-1][1] <= gap:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


# exercise-1 wrong: a-session-has-a-length
def sessions(times, gap):  # noqa: F811
    found = []
    for at in sorted(times):
        if found and at - found[-1][0] <= gap:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


# exercise-1 wrong: arrival-is-order
def sessions(times, gap):  # noqa: F811
    found = []
    for at in times:
        if found and at - found[-1][1] <= gap:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


# exercise-2
def merge(a, b):
    number = a[0] + b[0]
    total = a[0] * a[1] + b[0] * b[1]
    return (number, total / number if number else 0.0)


# exercise-2 wrong: the-mean-of-means
def merge(a, b):  # noqa: F811
    return (a[0] + b[0], (a[1] + b[1]) / 2)


# exercise-2 wrong: every-window-has-marks
def merge(a, b):  # noqa: F811
    number = a[0] + b[0]
    return (number, (a[0] * a[1] + b[0] * b[1]) / number)
