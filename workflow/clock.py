"""Days and deadlines: Beijing time and China's working-day calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

BEIJING = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """Today's date in China."""
    return datetime.now(BEIJING).date()


def local_date(moment: datetime) -> date:
    """The date in China of a moment."""
    return moment.astimezone(BEIJING).date()


def is_working_day(day: date) -> bool:
    """Whether offices work on a day; beyond the published calendar, Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_working_days(start: datetime, days: int) -> datetime:
    """The end (18:00 Beijing time) of the `days`-th working day after `start` (PRO-04: the day itself is not counted)."""
    day = local_date(start)
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return datetime.combine(day, time(18), BEIJING).astimezone(UTC)


def working_days_left(until: datetime, now: datetime) -> int:
    """Whole working days between now and a deadline; 0 on the last day, negative when overdue."""
    first, last = local_date(now), local_date(until)
    step = 1 if last >= first else -1
    count, day = 0, first
    while day != last:
        day += timedelta(days=step)
        count += step * is_working_day(day)
    return count if until >= now else min(count, -1)
