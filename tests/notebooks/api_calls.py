"""What each lesson's own code cells must call: the API being taught stays in view.

A name is what is called, by its last part: `admin.create_topics(...)` is "create_topics", a
constructor is its class. "a|b" asks for one of them.
"""

API_CALLS: dict[str, set[str]] = {
    "00": set(),  # the map: it teaches no API
    "01": {
        "Producer",
        "produce",
        "flush",
        "Consumer",
        "subscribe",
        "poll",
        "AdminClient",
        "create_topics",
        "client",  # boto3.client
        "put_object",
        "get_object",
        "put_metric_data",
        "get_metric_statistics|get_metric_data",
    },
    "02": {
        "AdminClient",
        "create_topics",
        "list_topics|describe_topics",
        "create_partitions",
        "Producer",
        "produce",
        "poll|flush",
        "Consumer",
        "poll|consume",
    },
    "03": {
        "AdminClient",
        "create_topics",
        "describe_configs",
        "incremental_alter_configs",
        "Producer",
        "produce",
        "Consumer",
        "consume|poll",
        "list_offsets|get_watermark_offsets",
    },
}
