"""The student-events system. Runs without Jupyter.

`campus`, `simulation`, `events` and `schemas` need nothing but Python; `topics` needs
confluent_kafka.
"""
