"""Chinese provinces and the side of the Yangtze on which they lie, as China-PAR asks for it.

China-PAR's predictor is "north or south of the Yangtze" (Yang 2016, doi
10.1161/CIRCULATIONAHA.116.022367). A province counts here only where the river leaves practically
all of its people on one side; elsewhere the prefecture would have to be known, and no side is
better than a guessed one.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Side = Literal["north", "south"]


@dataclass(frozen=True, slots=True)
class Province:
    """A province of GB/T 2260; `side` is None, with a reason, where the province does not decide.

    `iso` is the subdivision of ISO 3166-2:CN (JS), `name_zh` the short name (江苏), `full_name_zh`
    the official one (江苏省).
    """

    code: str
    iso: str
    name_zh: str
    full_name_zh: str
    name_en: str
    side: Side | None
    reason: str | None = None


_STRADDLES: Final = "the Yangtze divides the province"
_NO_COHORT: Final = "China-PAR was built and validated in cohorts of the mainland"

PROVINCES: Final = (
    Province("11", "BJ", "北京", "北京市", "Beijing", "north"),
    Province("12", "TJ", "天津", "天津市", "Tianjin", "north"),
    Province("13", "HE", "河北", "河北省", "Hebei", "north"),
    Province("14", "SX", "山西", "山西省", "Shanxi", "north"),
    Province("15", "NM", "内蒙古", "内蒙古自治区", "Inner Mongolia", "north"),
    Province("21", "LN", "辽宁", "辽宁省", "Liaoning", "north"),
    Province("22", "JL", "吉林", "吉林省", "Jilin", "north"),
    Province("23", "HL", "黑龙江", "黑龙江省", "Heilongjiang", "north"),
    # Chongming and two smaller islands lie in the estuary; the city lies on the south bank.
    Province("31", "SH", "上海", "上海市", "Shanghai", "south"),
    Province("32", "JS", "江苏", "江苏省", "Jiangsu", None, _STRADDLES),
    Province("33", "ZJ", "浙江", "浙江省", "Zhejiang", "south"),
    Province("34", "AH", "安徽", "安徽省", "Anhui", None, _STRADDLES),
    Province("35", "FJ", "福建", "福建省", "Fujian", "south"),
    # The river is Jiangxi's northern border, at Jiujiang.
    Province("36", "JX", "江西", "江西省", "Jiangxi", "south"),
    Province("37", "SD", "山东", "山东省", "Shandong", "north"),
    Province("41", "HA", "河南", "河南省", "Henan", "north"),
    Province("42", "HB", "湖北", "湖北省", "Hubei", None, _STRADDLES),
    # The river is Hunan's north-eastern border, at Yueyang.
    Province("43", "HN", "湖南", "湖南省", "Hunan", "south"),
    Province("44", "GD", "广东", "广东省", "Guangdong", "south"),
    Province("45", "GX", "广西", "广西壮族自治区", "Guangxi", "south"),
    Province("46", "HI", "海南", "海南省", "Hainan", "south"),
    Province("50", "CQ", "重庆", "重庆市", "Chongqing", None, _STRADDLES),
    # Most of Sichuan's people live north of the channel (Chengdu), on the map; as a region it is
    # counted to the south (Qinling-Huaihe line), and Yibin and Luzhou lie on both banks.
    Province("51", "SC", "四川", "四川省", "Sichuan", None, _STRADDLES),
    Province("52", "GZ", "贵州", "贵州省", "Guizhou", "south"),
    # The upper course (Jinsha) crosses Yunnan's north: Zhaotong, Lijiang, Diqing.
    Province(
        "53", "YN", "云南", "云南省", "Yunnan", None, "the upper Yangtze crosses the province"
    ),
    Province(
        "54", "XZ", "西藏", "西藏自治区", "Tibet", None, "the upper Yangtze is its eastern border"
    ),
    # Hanzhong and Ankang are in the Yangtze's basin but north of the river.
    Province("61", "SN", "陕西", "陕西省", "Shaanxi", "north"),
    Province("62", "GS", "甘肃", "甘肃省", "Gansu", "north"),
    # The headwaters cross thinly peopled Yushu; nine people in ten live around Xining.
    Province("63", "QH", "青海", "青海省", "Qinghai", None, "the headwaters cross the province"),
    Province("64", "NX", "宁夏", "宁夏回族自治区", "Ningxia", "north"),
    Province("65", "XJ", "新疆", "新疆维吾尔自治区", "Xinjiang", "north"),
    Province("71", "TW", "台湾", "台湾省", "Taiwan", None, _NO_COHORT),
    Province("81", "HK", "香港", "香港特别行政区", "Hong Kong", None, _NO_COHORT),
    Province("82", "MO", "澳门", "澳门特别行政区", "Macau", None, _NO_COHORT),
)

# Other names in use; full-width letters and case are folded before the comparison.
_ALIASES: Final = {
    "neimenggu": "15", "nei mongol": "15", "xizang": "54", "hongkong": "81", "macao": "82",
    "shaanxi sheng": "61", "香港特区": "81", "澳门特区": "82",
}  # fmt: skip

_GB2260: Final = re.compile(r"([1-8][0-7])(?:[0-9]{4}(?:[0-9]{3}|[0-9]{6})?)?")


@lru_cache(maxsize=1024)
def find_province(text: str) -> Province | None:
    """The province named by a Chinese or English name or a code, None if unknown.

    Codes are GB/T 2260's two digits, alone or leading a division code of six, nine or twelve,
    and ISO 3166-2:CN. Names are compared whole, never by likeness.
    """
    wanted = unicodedata.normalize("NFKC", text).strip().casefold()
    code = _GB2260.fullmatch(wanted)
    return _BY_NAME.get(code[1] if code else wanted)


def _names(province: Province) -> Iterator[str]:
    yield province.code
    yield province.name_zh
    yield province.full_name_zh
    english = province.name_en.casefold()
    yield f"cn-{province.iso.casefold()}"
    # ISO 3166-2:CN until 2017.
    yield f"cn-{province.code}"
    yield from (english, f"{english} province", f"{english} city", f"{english} municipality")


_BY_CODE: Final = {province.code: province for province in PROVINCES}
_BY_NAME: Final = {name: province for province in PROVINCES for name in _names(province)} | {
    alias: _BY_CODE[code] for alias, code in _ALIASES.items()
}
