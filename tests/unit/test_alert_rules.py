"""When a value becomes an alert, how often it is told, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analytics.alerts.rules import ALL, CLEAR_AFTER, NAMES, Event, Rule, State, rules, step

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
COOLDOWN = timedelta(minutes=60)
HIGH = Rule("x", "X", 10, 5, "Mend it.")
LOW = Rule("x", "X", 10, 20, "Mend it.", below=True)
SLOW = Rule("x", "X", 10, 5, "Mend it.", after=3)


def told(rule: Rule, *values: float | None) -> list[str]:
    """Return what is told at each of these looks, a minute apart."""
    state, events = State(), []
    for number, value in enumerate(values):
        state, event = step(rule, state, value, START + number * MINUTE, COOLDOWN)
        events.append(event.value if event else "")
    return events


def test_a_value_beyond_the_threshold_fires_once() -> None:
    assert told(HIGH, 9, 10, 11, 12) == ["", "firing", "", ""]


def test_a_small_value_fires_where_small_is_bad() -> None:
    assert told(LOW, 11, 10, 3) == ["", "firing", ""]


def test_a_rule_may_want_to_see_it_several_times_in_a_row() -> None:
    assert told(SLOW, 11, 11, 11) == ["", "", "firing"]
    assert told(SLOW, 11, 11, 1, 11, 11) == [""] * 5


def test_it_is_resolved_when_it_is_well_clear_for_some_looks() -> None:
    assert told(HIGH, 11, 5, 4) == ["firing", "", "resolved"]
    assert CLEAR_AFTER == 2


def test_between_threshold_and_clear_nothing_changes() -> None:
    assert told(HIGH, 11, 9, 6, 9, 6, 9) == ["firing", "", "", "", "", ""]
    assert told(HIGH, 9, 6, 9) == ["", "", ""]


def test_one_good_look_among_bad_ones_resolves_nothing() -> None:
    assert told(HIGH, 11, 4, 11, 4, 11, 4) == ["firing", "", "", "", "", ""]


def test_a_value_that_hovers_does_not_flap() -> None:
    assert told(HIGH, *[9.9, 10.1] * 20).count("firing") == 1
    assert "resolved" not in told(HIGH, *[9.9, 10.1] * 20)


def test_it_is_told_again_after_the_cooldown_and_not_before() -> None:
    events = told(HIGH, *[11] * 125)
    assert [number for number, event in enumerate(events) if event] == [0, 60, 120]
    assert events[60] == events[120] == "again"


def test_a_clock_that_was_put_back_brings_no_silence() -> None:
    state, _ = step(HIGH, State(), 11, START, COOLDOWN)
    _, event = step(HIGH, state, 11, START - timedelta(days=400), COOLDOWN)
    assert event is Event.AGAIN


def test_it_is_told_again_while_the_value_hovers() -> None:
    assert told(HIGH, 11, *[7] * 60)[60] == "again"


def test_of_no_value_nothing_follows() -> None:
    assert told(HIGH, None, None) == ["", ""]
    assert told(HIGH, 11, None, None) == ["firing", "", ""]
    assert told(SLOW, 11, 11, None, 11) == ["", "", "", "firing"]


def test_it_fires_anew_after_it_was_resolved() -> None:
    assert told(HIGH, 11, 1, 1, 11) == ["firing", "", "resolved", "firing"]


def test_a_rule_that_is_off_never_fires_and_ends_what_fires() -> None:
    off = HIGH.at(None)
    assert told(off, 99, 99) == ["", ""]
    fires = State(firing_since=START, notified_at=START)
    state, _ = step(off, fires, 99, START, COOLDOWN)
    assert step(off, state, 99, START, COOLDOWN) == (State(), Event.RESOLVED)


def test_another_threshold_keeps_its_distance_to_clear() -> None:
    assert (HIGH.at(100).threshold, HIGH.at(100).clear) == (100, 50)
    assert (LOW.at(100).threshold, LOW.at(100).clear) == (100, 200)


def test_thresholds_are_set_by_name() -> None:
    found = {rule.name: rule for rule in rules({"queue_age": 60.0, "backup_age": None})}
    assert found["queue_age"].threshold == 60
    assert found["backup_age"].threshold is None
    assert found["errors"] == next(rule for rule in ALL if rule.name == "errors")


@pytest.mark.parametrize("rule", ALL, ids=NAMES)
def test_every_rule_leaves_room_between_bad_and_good(rule: Rule) -> None:
    assert rule.threshold is not None
    assert rule.is_bad(rule.threshold)
    assert rule.is_good(rule.clear)
    assert not rule.is_bad(rule.clear)
    assert not rule.is_good(rule.threshold)


@pytest.mark.parametrize("rule", ALL, ids=NAMES)
def test_every_rule_says_what_to_do(rule: Rule) -> None:
    assert rule.title
    assert len(rule.advice) > 10


def test_names_are_there_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
