"""Dictionaries as laboratories export them: Chinese or English headers, UTF-8 or GB18030."""

import pytest

from terminology.local_mapping.dictionary import DictionaryRefused, read_dictionary

CHINESE = (
    "项目代码,项目名称,英文缩写,单位,标本类型,专业组,结果样例,备注\n"
    "A1,谷丙转氨酶,ALT,U/L,血清,生化,23；45|18,x\n"
)


@pytest.mark.parametrize(
    ("charset", "called"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030")],
)
def test_the_character_set_is_found_out_and_told(charset: str, called: str) -> None:
    found = read_dictionary(CHINESE.encode(charset))
    (item,) = found.items
    assert found.charset == called
    assert found.unused == ("备注",)
    assert (item.code, item.names, item.unit, item.specimen, item.section) == (
        *("A1", ("谷丙转氨酶", "ALT"), "U/L", "血清", "生化"),
    )
    assert item.samples == ("23", "45", "18")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_english_headers_and_other_separators(separator: str) -> None:
    text = "Item_Code,Label,ValueUOM,Fluid\nX,Creatinine,mg/dL,Urine\n\n".replace(",", separator)
    (item,) = read_dictionary(text.encode()).items
    assert (item.code, item.names, item.unit, item.specimen) == (
        "X",
        ("Creatinine",),
        "mg/dL",
        "Urine",
    )


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("单位,标本\nU/L,血清\n", "column-missing"),
        ("代码,名称,项目名称\n1,a,b\n", "column-twice"),
        ("代码,名称\n", "no-rows"),
        ("", "column-missing"),
        ("代码,名称\n1,a\n1,b\n", "code-twice"),
        ("代码,名称\n1,\n", "row-without"),
        ("代码,名称\n1,a,b\n", "too-many-cells"),
    ],
)
def test_what_cannot_be_read_is_refused(content: str, fault: str) -> None:
    with pytest.raises(DictionaryRefused) as refused:
        read_dictionary(content.encode())
    assert refused.value.fault == fault


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(DictionaryRefused) as refused:
        read_dictionary("代码,名称\n1,a\n2,b\n1,c\n".encode())
    assert refused.value.values == {"code": "1", "line": 4, "first": 2}


@pytest.mark.parametrize("declared", ["GB18030", "GBK", "gb2312"])
def test_a_declared_character_set_is_read(declared: str) -> None:
    found = read_dictionary(CHINESE.encode("gb18030"), charset=declared)
    assert (found.charset, found.items[0].names[0]) == ("GB18030", "谷丙转氨酶")


def test_a_declared_character_set_is_kept_to() -> None:
    with pytest.raises(DictionaryRefused) as refused:
        read_dictionary(CHINESE.encode("gb18030"), charset="UTF-8")
    assert refused.value.fault == "charset"
    with pytest.raises(DictionaryRefused) as refused:
        read_dictionary(b"\xff\xff\xff")
    assert refused.value.fault == "charset"
    with pytest.raises(DictionaryRefused) as refused:
        read_dictionary(CHINESE.encode(), charset="Big5")
    assert refused.value.fault == "charset-unknown"


def test_one_code_in_two_systems() -> None:
    text = "代码,名称,代码系统\n1,钠,urn:a\n1,钾,urn:b\n"
    assert len(read_dictionary(text.encode()).items) == 2
