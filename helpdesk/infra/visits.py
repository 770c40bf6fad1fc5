"""How often somebody unknown may look at a page that is open to everybody: so many visits a quarter of an hour.

A page writes nothing to be looked at, so each process of the web counts on its own, in its memory.
"""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from threading import Lock

WINDOW = timedelta(minutes=15)
MOST_ADDRESSES = 10_000


class Visits:
    """The visits of one page by address; of too many addresses the one that came longest ago is forgotten."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._at: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def take(self, address: str, now: datetime) -> bool:
        """Count a visit from an address, and return whether it is one too many; then it is not counted."""
        key = _neighbourhood(address)
        with self._lock:
            seen = self._at.setdefault(key, deque())
            self._at.move_to_end(key)
            while seen and seen[0] <= now - WINDOW:
                seen.popleft()
            is_too_many = len(seen) >= self.most
            if not is_too_many:
                seen.append(now)
            if len(self._at) > MOST_ADDRESSES:
                self._at.popitem(last=False)
        return is_too_many


def _neighbourhood(address: str) -> str:
    """Return what one household has: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))  # noqa: PLR2004 - IPv4
