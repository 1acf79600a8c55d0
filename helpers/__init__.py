"""What the lessons stand on: starting brokers, registry and AWS, drawing, checking exercises.

The lessons call Kafka and AWS themselves; nothing in here hides a client (see docs/decisions.md).
"""
