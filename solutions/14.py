"""Answers to lesson 14's exercises. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
failed = """filter @logStream = "lines" and level in ["ERROR", "CRITICAL"]
| stats count_distinct(request_id) as requests by service"""

# exercise-1 wrong: lines-are-requests
failed = """filter @logStream = "lines" and level in ["ERROR", "CRITICAL"]
| stats count(*) as requests by service"""

# exercise-1 wrong: a-warning-is-a-failure
failed = """filter @logStream = "lines" and type = "error"
| stats count_distinct(request_id) as requests by service"""

# exercise-2
phone = r"(?<!\d)(?:\+34[ -]?)?[67]\d{2}[ -]?\d{3}[ -]?\d{3}(?!\d)"

# exercise-2 wrong: a-number-is-written-in-one-way
phone = r"(?<!\d)[67]\d{8}(?!\d)"

# exercise-2 wrong: the-line-is-the-number
phone = r"^(?:\+34[ -]?)?[67]\d{2}[ -]?\d{3}[ -]?\d{3}$"

# exercise-2 wrong: every-digit-is-a-secret
phone = r"\+?\d[\d -]*"
