"""What the installed client does unless told otherwise, asked of librdkafka itself.

The Python package shows no defaults; the C library that it is made of does, with
`rd_kafka_conf_get` (librdkafka's rdkafka.h). So a lesson can assert what a manual says.
"""

from __future__ import annotations

import ctypes

from confluent_kafka import cimpl

KINDS = ("rd_kafka_conf", "rd_kafka_topic_conf")  # `acks` belongs to a topic, `linger.ms` does not
FOUND = 0  # RD_KAFKA_CONF_OK


def default(name: str) -> str:
    """The default of a client setting, as text; other names of it work too ("acks").

    Raises KeyError for a name that librdkafka does not know.
    """
    library = ctypes.CDLL(cimpl.__file__)  # with the librdkafka that it was linked to
    for kind in KINDS:
        new, get = getattr(library, f"{kind}_new"), getattr(library, f"{kind}_get")
        destroy = getattr(library, f"{kind}_destroy")
        new.restype = ctypes.c_void_p
        get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]
        destroy.argtypes, destroy.restype = [ctypes.c_void_p], None
        settings, text, size = new(), ctypes.create_string_buffer(4096), ctypes.c_size_t(4096)
        try:
            if get(settings, name.encode(), text, ctypes.byref(size)) == FOUND:
                return text.value.decode()
        finally:
            destroy(settings)
    raise KeyError(f"librdkafka has no setting {name!r}; see its CONFIGURATION.md")
