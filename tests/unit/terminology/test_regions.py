"""North or south of the Yangtze by province, and no side where the province does not decide."""

import pytest

from terminology.regions import PROVINCES, find_province


@pytest.mark.parametrize(
    ("text", "code", "side"),
    [
        ("北京市", "11", "north"), ("北京", "11", "north"), ("Beijing", "11", "north"),
        ("110105", "11", "north"), ("11", "11", "north"), ("CN-BJ", "11", "north"),
        ("CN-11", "11", "north"), (" 广东省 ", "44", "south"),
        ("Guangdong Province", "44", "south"), ("江西", "36", "south"),
        ("shaanxi", "61", "north"), ("Shanxi", "14", "north"), ("内蒙古自治区", "15", "north"),
        ("上海市", "31", "south"), ("310000000000", "31", "south"), ("ＣＮ－ＧＤ", "44", "south"),
    ],
)  # fmt: skip
def test_provinces_by_name_and_code(text: str, code: str, side: str) -> None:
    province = find_province(text)
    assert province is not None
    assert (province.code, province.side) == (code, side)


@pytest.mark.parametrize(
    "text",
    ["江苏省", "安徽", "湖北", "重庆市", "500000", "四川省", "云南", "西藏", "Qinghai", "香港"],
)
def test_a_province_that_does_not_decide_says_why(text: str) -> None:
    province = find_province(text)
    assert province is not None
    assert province.side is None
    assert province.reason


@pytest.mark.parametrize(
    "text", ["", "南京市", "Jiang Su", "99", "1101055", "California", "东北", "江", "CN-XX", "CN"]
)
def test_what_is_no_province_is_unknown(text: str) -> None:
    assert find_province(text) is None


def test_all_provinces_are_there_once() -> None:
    assert len(PROVINCES) == 34
    for part in ("code", "iso", "name_zh", "full_name_zh", "name_en"):
        assert len({getattr(province, part) for province in PROVINCES}) == 34
    assert all((province.side is None) == bool(province.reason) for province in PROVINCES)
