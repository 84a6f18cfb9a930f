"""The cache on Redis, which costs nobody more than a moment when it does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from django_redis.cache import RedisCache as PlainRedisCache
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TooSlow

#: After a fault Redis is not asked again for so long, seconds: one that swallows packets
#: would otherwise cost every request its whole patience, several times over.
REST: Final = 2.0


class RedisCache(PlainRedisCache):  # type: ignore[misc]  # untyped library
    """Django-redis's cache. While it rests, every call raises ``NotConnected`` at once."""

    #: Until when each server is left alone, by its address; shared by all cache objects,
    #: since each request has one of its own.
    rests: ClassVar[dict[str, float]] = {}

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._address = str(server)


def _patient(name: str) -> Callable[..., Any]:
    asked = getattr(PlainRedisCache, name)

    def method(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < RedisCache.rests.get(self._address, 0.0):
            raise NotConnected("Redis did not answer a moment ago.")
        try:
            return asked(self, *args, **kwargs)
        except (NotConnected, TooSlow, OSError):
            RedisCache.rests[self._address] = time.monotonic() + REST
            raise

    method.__name__, method.__doc__ = name, asked.__doc__
    return method


for _name in ("get", "set", "add", "incr", "touch", "delete", "has_key", "get_many", "set_many"):
    setattr(RedisCache, _name, _patient(_name))
