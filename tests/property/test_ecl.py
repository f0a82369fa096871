"""ECL over arrays agrees with ECL read naively, on any small edition and any constraint."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminology.ecl.errors import EclError
from terminology.ecl.evaluation import evaluate
from terminology.ecl.parsing import parse
from terminology.ecl.syntax import Constraint, SearchTerm
from terminology.ecl.term_matching import finder, words_needed
from tests.support.ecl_edition import ConceptFact, Edition, TextFact
from tests.support.ecl_oracle import Oracle
from tests.support.ecl_strategies import UNKNOWN, constraints, editions, refined
from tests.support.ecl_text import written

PLACES = st.integers(0, 8)


def agrees(edition: Edition, constraint: Constraint) -> None:
    oracle = Oracle(edition)
    expression = parse(written(constraint))
    assert expression.constraint == constraint
    try:
        result = evaluate(expression, edition)
    except EclError:
        assert oracle.may_refuse(constraint)
        return
    positions = result.ids.tolist()
    assert {edition.code(position) for position in positions} == oracle.selected(constraint)
    assert positions == sorted(set(positions))
    assert set(result.unknown) <= {UNKNOWN}


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(editions(), constraints())
def test_any_constraint_selects_what_it_says(edition: Edition, constraint: Constraint) -> None:
    agrees(edition, constraint)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(editions(least=8), refined())
def test_any_refinement_selects_what_it_says(edition: Edition, constraint: Constraint) -> None:
    agrees(edition, constraint)


@settings(max_examples=1_000, deadline=None)
@given(st.text(alphabet="abé1 -(_心肌梗Ａ㎎ñ+", max_size=8), st.tuples(PLACES, PLACES), st.data())
def test_an_index_of_words_never_hides_what_a_term_finds(
    text: str, places: tuple[int, int], data: st.DataObject
) -> None:
    first, last = sorted(places)
    part, rest = text[first:last], text[:first] + "*" + text[last:]
    kind, wanted = data.draw(
        st.sampled_from(
            [("match", part), ("wild", f"*{part}*"), ("wild", f"*{part}"), ("wild", rest)]
        )
    )
    term = SearchTerm(kind, wanted)
    if finder([term])(text):
        edition = Edition((ConceptFact("1000001"),), texts=(TextFact("1000001", text),))
        assert edition.with_words(words_needed(term)).tolist() == [0]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='<>!^*:=.,#|()[]{}+-"\\ R1234567890andorminustermwild/\n', max_size=60))
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    try:
        expression = parse(text)
    except EclError as refused:
        assert 0 <= refused.position <= len(text)
        assert text.startswith(refused.found, refused.position)
    else:
        assert parse(written(expression.constraint)).constraint == expression.constraint
