"""Is a load test about to leave this machine, and what would it cost where it goes?

Nothing here connects or asks a name server: an address is local only if it says so itself.
"""

from __future__ import annotations

import ipaddress
import math

from helpers.costs import GB, PRICES, UNIT_MB_S, UNIT_PARTITIONS
from helpers.errors import LabError

# Confluent Cloud, Basic, AWS, USD. They differ by region.
IN_GB, UNIT_HOUR = PRICES["kafka in"].usd, PRICES["kafka capacity"].usd
PRICES_OF = PRICES["kafka in"].on


def hosts(servers: str) -> list[str]:
    """The host names of `bootstrap.servers`. Raises LabError when a part is not HOST:PORT."""
    found = []
    for part in servers.split(","):
        host, colon, port = part.strip().rpartition("://")[2].rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
            raise LabError(f"{part.strip() or 'nothing'!r} is not HOST:PORT, 127.0.0.1:9092 say")
        found.append(host.strip("[]"))
    return found


def is_local(host: str) -> bool:
    """Whether it is a loopback address or localhost. A name that might be one is not looked up."""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761: never anything else
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def outside(servers: str) -> list[str]:
    """The hosts of `bootstrap.servers` that are not this machine. Raises LabError as `hosts`."""
    return [host for host in hosts(servers) if not is_local(host)]


def cost(records: int, size: int, peak_rate: float, seconds: float, partitions: int) -> float:
    """USD for that load on a Basic cluster that does nothing else: GB in, and eCKU by begun hours.

    Of values only; keys and batch headers come on top, compression takes off. Reading, and keeping
    the records for a month, are not in it.
    """
    units = max(
        1, math.ceil(peak_rate * size / 1e6 / UNIT_MB_S), math.ceil(partitions / UNIT_PARTITIONS)
    )
    hours = max(1, math.ceil(seconds / 3600))
    return records * size / GB * IN_GB + (units - 1) * UNIT_HOUR * hours


def cost_line(usd: float) -> str:
    """The cost in words, with what it is made of."""
    about = f"about {usd:.2f} USD" if usd >= 0.01 else "less than 0.01 USD"
    rule = f"{IN_GB:g} a GB in, {UNIT_HOUR:g} an hour for each eCKU after the first"
    return f"on Confluent Cloud Basic {about} ({rule}; prices of {PRICES_OF})"
