"""Whatever happens to a Subscription in whatever order, it keeps its promises."""

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.subscriptions import states
from fhir_server.subscriptions.states import Progress

ATTEMPTS = 4
_SECOND = 1_000_000

STEPS = st.lists(
    st.sampled_from(
        ["event", "take", "take", "refuse", "second", "hour", "requested", "active", "off"]
    ),
    max_size=60,
)


@given(STEPS, st.floats(0, 0.999))
def test_any_life_keeps_the_promises(steps: list[str], spread: float) -> None:
    now, progress = _SECOND, states.requested(None, "requested")
    shaken_hands = False
    for step in steps:
        before = progress
        kind = states.wanted(progress, heartbeat=60, now=now)
        match step:
            case "event" if progress.status != "off":
                progress = states.replace(progress, events=progress.events + 1)
            case "take" if kind is not None:
                through = min(progress.events, progress.delivered + 3)
                progress = states.taken(progress, kind, through=through, now=now)
                shaken_hands = shaken_hands or kind == "handshake"
            case "refuse" if kind is not None:
                progress = states.refused(
                    progress, kind, "503", attempts=ATTEMPTS, now=now, spread=spread
                )
            case "second":
                now += _SECOND
            case "hour":
                now += 3600 * _SECOND
            case "requested" | "active" | "off":
                progress = states.requested(progress, step)  # type: ignore[arg-type]
                shaken_hands = False

        # Nothing is told before the endpoint has answered a handshake, nor in error or off.
        assert progress.status != "active" or shaken_hands
        assert kind not in ("event-notification", "heartbeat") or before.status == "active"
        keeps_count(before, progress, now)


def keeps_count(before: Progress, progress: Progress, now: int) -> None:
    # Numbers only grow, and nothing is taken that was not counted.
    assert before.delivered <= progress.delivered <= progress.events
    assert before.events <= progress.events
    # Error has a reason and a time; attempts are bounded; a pause is never endless.
    assert (progress.status == "error") == bool(progress.failed)
    assert progress.status != "error" or progress.reason
    assert progress.attempts <= ATTEMPTS
    assert progress.due <= now + 300 * _SECOND
    # What waits is sent, sooner or later, without anybody's help.
    if progress.status == "active" and progress.events > progress.delivered:
        later = now + 300 * _SECOND
        assert states.wanted(progress, heartbeat=0, now=later) == "event-notification"


@given(st.integers(1, 100), st.floats(0, 0.999))
def test_pauses_grow_to_five_minutes_and_are_spread_over_half(attempts: int, spread: float) -> None:
    longest = min(2 * 2 ** (attempts - 1), 300)
    assert longest / 2 <= states.pause(attempts, spread) / _SECOND <= longest


def test_in_all_a_day_s_night_shift_is_not_waited_out() -> None:
    """Twelve attempts are about half an hour: then somebody is told."""
    total = sum(states.pause(number, 0) for number in range(1, 12)) / _SECOND
    assert 1200 < total < 1800


def test_a_new_start_forgets_the_failures_and_keeps_the_numbers() -> None:
    failed = Progress("error", events=7, delivered=3, attempts=12, failed=9, reason="503")
    assert states.requested(failed, "active") == Progress("requested", events=7, delivered=3)
