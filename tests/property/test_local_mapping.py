"""What holds of every dictionary: the order of rows, wrong units and unknown words."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from terminology.local_mapping.dictionary import read_dictionary
from terminology.local_mapping.items import LocalItem
from terminology.local_mapping.names import read_name
from terminology.local_mapping.properties import of_unit
from terminology.local_mapping.ranking import Ranker, load_weights
from terminology.local_mapping.suggest import suggest
from tests.unit.terminology.local_mapping.items import chinese, local_item, ranker

ITEMS = [local_item(row) for row in chinese()]
UNITS = ("g/L", "mg/dL", "mmol/L", "umol/L", "U/L", "mIU/mL", "%", "10^9/L", "s", "fL", "mmHg", "")
# Letters that begin, end and continue no phrase of the vocabulary.
UNKNOWN = st.text(alphabet="鑫淼焱垚qxjz", min_size=2, max_size=5)
items = st.sampled_from(ITEMS)


@settings(max_examples=20, deadline=None)
@given(st.permutations(chinese()[:40]))
def test_the_order_of_rows_changes_nothing(rows: list[dict[str, str]]) -> None:
    lines = ["代码,名称,单位,标本"]
    lines += [f"{r['code']},{r['name']},{r['unit']},{r['specimen']}" for r in rows]
    read = read_dictionary("\n".join(lines).encode()).items
    found = {each.code: suggest(each, ranker()) for each in read}
    straight = [replace(local_item(row), system="", section="", samples=()) for row in rows]
    for item in straight:
        assert found[item.code] == suggest(replace(item, names=item.names[:1]), ranker())


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), items)
def test_the_order_of_the_pool_changes_nothing(random, item: LocalItem) -> None:
    pool = list(ranker().pool)
    random.shuffle(pool)
    assert suggest(item, Ranker(pool, weights=load_weights().weights)) == suggest(item, ranker())


@settings(max_examples=200, deadline=None)
@given(items, st.sampled_from(UNITS))
def test_a_unit_of_another_dimension_is_never_accepted(item: LocalItem, unit: str) -> None:
    found = suggest(replace(item, unit=unit), ranker())
    if found.accepted is not None:
        assert found.accepted.property in of_unit(unit)
    assume(item.unit)
    usual = suggest(item, ranker()).accepted
    if usual is not None and usual.property not in of_unit(unit):
        # Another code of the same analyte, or none; never the one of the other dimension.
        assert found.accepted is None or found.accepted.code != usual.code


@settings(max_examples=200, deadline=None)
@given(items, UNKNOWN, st.booleans())
def test_an_unknown_word_never_makes_an_item_acceptable(
    item: LocalItem, word: str, before: bool
) -> None:
    name = f"{word}{item.names[0]}" if before else f"{item.names[0]}{word}"
    assume(read_name(name).words)
    found = suggest(replace(item, names=(name, *item.names[1:])), ranker())
    assert found.accepted is None


@settings(max_examples=200, deadline=None)
@given(items)
def test_every_suggestion_has_reasons_and_the_shares_fall(item: LocalItem) -> None:
    found = suggest(item, ranker())
    shares = [each.share for each in found.suggestions]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.000001
    assert all(each.reasons for each in found.suggestions)
    assert (found.accepted is None) == (found.doubt is not None)
