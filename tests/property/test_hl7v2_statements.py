"""Statements on one person: the same is known whatever arrives first, twice, or in parts."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.hl7v2.stated import Stated, combined, from_text, stated, to_text

ELEMENTS = ("name", "address", "maritalStatus", "deceased", "multipleBirth", "telecom", "contact")


@st.composite
def statements(draw: st.DrawFn) -> Stated:
    """What one message says of one patient, or of one visit."""
    said: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {"resourceType": st.just("Patient"), "id": st.just("p")},
            optional={
                "address": st.sampled_from([["石家庄"], ["保定"]]),
                "maritalStatus": st.sampled_from([{"text": "M"}, {"text": "S"}]),
                "status": st.sampled_from(["unknown", "arrived", "finished"]),
                "class": st.sampled_from([{"code": "UNK"}, {"code": "IMP"}]),
                "period": st.dictionaries(
                    st.sampled_from(["start", "end"]), st.sampled_from(["2026", "2027"]), min_size=1
                ),
                "identifier": st.lists(
                    st.builds(
                        lambda value, kind: {"system": "urn:id:H", "value": value, "type": kind},
                        st.sampled_from("ABC"),
                        st.sampled_from(["MR", "PI"]),
                    ),
                    min_size=1,
                    max_size=3,
                ),
            },
        )
    )
    # Of a choice a message states one type.
    said |= draw(
        st.sampled_from([{}, {"deceasedBoolean": False}, {"deceasedDateTime": "2026-11-20"}])
    )
    stamp = (draw(st.integers(0, 5)), draw(st.sampled_from(["m1", "m2", "m3", "m4"])))
    return stated(said, stamp, draw(st.frozensets(st.sampled_from(ELEMENTS), max_size=3)))


def distinct(*said: Stated) -> bool:
    """Whether no two messages have one stamp: no two messages have one id."""
    return len({each.stamp for each in said}) == len(said)


@given(statements(), statements())
def test_the_order_of_two_messages_does_not_matter(first, second):
    if distinct(first, second):
        assert combined(first, second) == combined(second, first)


@given(statements(), statements(), statements())
def test_what_lies_between_two_messages_does_not_matter(first, second, third):
    if distinct(first, second, third):
        left = combined(combined(first, second), third)
        assert left == combined(first, combined(second, third))
        assert left == combined(combined(third, first), second)


@given(statements(), statements())
def test_a_message_processed_again_changes_nothing(first, second):
    if distinct(first, second):
        both = combined(first, second)
        assert combined(both, first) == both
        assert combined(both, second) == both


@given(statements(), statements())
def test_what_is_stored_of_the_stamps_is_what_was_known(first, second):
    both = combined(first, second)
    assert from_text(to_text(both.others)) == both.others
