"""Texts by which a concept is found and that are not shown with it, and values only for filters."""

from pathlib import Path

import pytest

from terminology.releases.form import About, Body
from terminology.releases.release import Release
from terminology.releases.writing import ReleaseWriter

HEAD = {"resourceType": "CodeSystem", "url": "http://example.org/x", "content": "complete"}


def written(writer: ReleaseWriter) -> Release:
    return Release(writer.finish(About(url="http://example.org/x", version="1", head=HEAD)))


def test_words_that_come_late_and_in_any_order_find_their_concepts(tmp_path: Path) -> None:
    writer = ReleaseWriter(tmp_path)
    positions = [writer.add(code, Body(display=f"name {code}")) for code in "abc"]
    assert positions == [0, 1, 2]
    for position in (2, 0, 2, 1):
        writer.words(position, "shared; other", "同义词" if position == 2 else "同义")
    release = written(writer)
    assert release.with_texts("shared").tolist() == [0, 1, 2]
    assert release.with_texts("name shared").tolist() == [0, 1, 2]
    assert release.with_texts("同义").tolist() == [0, 1, 2]
    # Three ideographs must stand together in one text of the concept.
    assert release.with_texts("同义词").tolist() == [2]
    assert release.get("c").designations == ()  # type: ignore[union-attr]


def test_a_value_only_for_filters_is_found_and_not_told(tmp_path: Path) -> None:
    writer = ReleaseWriter(tmp_path, filterable=("kind",))
    writer.add("a", Body(properties=(("kind", "valueCode", "K1"),)))
    writer.index("kind", "Kind one", 0)
    with pytest.raises(ValueError, match="other"):
        writer.index("other", "x", 0)
    release = written(writer)
    assert release.of_property("kind", "Kind one").tolist() == [0]
    assert [each.value for each in release.at(0).properties] == ["K1"]
