"""The student portal: a small web application whose clicks become records in Kafka.

In a notebook `portal = helpers.web.start(lab.kafka, prefix=prefix)`; in a terminal
`python -m helpers web`.
"""

from helpers.web.launch import WebApplication, start

__all__ = ["WebApplication", "start"]
