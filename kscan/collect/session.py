"""The credentials of now: when they are refused, one request renews them and all others go on with what it got."""

import threading
from typing import Any

import msgspec
from kubernetes.client.rest import RESTClientObject

from kscan.collect.credentials import load
from kscan.collect.request import Access
from kscan.errors import KscanError

# A server that refuses every token would have each request ask for another one.
_MOST_RENEWALS = 10


class Session(msgspec.Struct, frozen=True, eq=False):
    """One generation of credentials, and the connections that were made with it."""

    configuration: Any
    pool: Any


class Sessions:
    """One generation of credentials at a time, for all threads."""

    def __init__(self, configuration: Any, access: Access) -> None:  # noqa: ANN401 - untyped package
        self.current = _session(configuration)
        self._access = access
        self._lock = threading.Lock()
        self._left = _MOST_RENEWALS

    def renew(self, refused: Session, seconds: float) -> bool:
        """Whether there are other credentials than those refused: another request's, or loaded now."""
        with self._lock:
            if self.current is not refused:
                return True
            if not self._left:
                return False
            self._left -= 1
            try:
                fresh = load(self._access, seconds).configuration
            except KscanError:
                # What was read so far is worth a report; what is refused from here on is a gap.
                self._left = 0
                return False
            fresh.connection_pool_maxsize = refused.configuration.connection_pool_maxsize
            self.current = _session(fresh)
            return True

    def authorization(self, session: Session) -> str:
        """The header by which the server knows us; empty where a certificate does that."""
        with self._lock:
            return session.configuration.auth_settings().get("BearerToken", {}).get("value") or ""


def _session(configuration: Any) -> Session:  # noqa: ANN401 - untyped package
    return Session(configuration, RESTClientObject(configuration).pool_manager)
