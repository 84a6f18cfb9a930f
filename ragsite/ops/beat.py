"""The clock that starts what is done regularly, on a machine whose own clock may jump.

Celery's beat remembers by the clock on the wall when each task ran and when it runs next. A
clock that is put back by an hour ends all regular work for an hour; here it goes on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from celery.beat import PersistentScheduler
from celery.schedules import crontab
from celery.utils.time import maybe_make_aware

#: What has its hour is not done again in the same night when the clock is put back by less than
#: this, as with Debian's cron (cron(8), "special considerations").
_SAME_NIGHT: Final = timedelta(hours=3)
_AT_ONCE: Final = timedelta()


class Scheduler(PersistentScheduler):
    """Counts a last time in the future as now."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Do what is due; return the seconds until the next look."""
        late = [entry for entry in self.schedule.values() if _is_ahead(entry)]
        for entry in late:
            entry.last_run_at = entry.default_now()
        if late:  # what was planned was planned by the clock as it was
            self._heap = None
        return super().tick(*args, **kwargs)


def _is_ahead(entry: Any) -> bool:
    """Whether the last time lies so far in the future that the clock was put back since."""
    ahead = maybe_make_aware(entry.last_run_at) - maybe_make_aware(entry.default_now())
    allowed = _SAME_NIGHT if isinstance(entry.schedule, crontab) else _AT_ONCE
    return bool(ahead > allowed)
