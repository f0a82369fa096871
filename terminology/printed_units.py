"""How laboratories print units, UCUM code first; one printed form has one meaning or is absent.

The forms are compared after `units.ucum_code` has folded width, superscripts and mu signs and
removed white space. Case is compared too, for UCUM's sake: `Mmol` is a megamole. Capitals
throughout are what old line printers made of a unit and are listed where nothing else is meant;
`G/L` is not, because it stands for g/L in one laboratory and for 10*9/L in another.
"""

from collections.abc import Mapping
from typing import Final

PRINTED: Final[Mapping[str, str]] = {
    # concentrations of substance
    "mol/L": "mol/l 摩尔/升",
    "mmol/L": "mmol/l MMOL/L MMOL/l mMol/L mmoL/L mmol/升 毫摩尔/升 毫摩尔每升 毫摩/升",
    "umol/L": "umol/l UMOL/L uMol/L umoL/L umol/升 微摩尔/升 微摩尔每升 微摩/升",
    "nmol/L": "nmol/l NMOL/L nMol/L nmoL/L 纳摩尔/升",
    "pmol/L": "pmol/l PMOL/L pMol/L pmoL/L 皮摩尔/升",
    "umol/mL": "umol/ml", "nmol/mL": "nmol/ml", "umol/dL": "umol/dl", "mmol/dL": "mmol/dl",
    "mol/m3": "mol/m^3",
    "meq/L": "meq/l mEq/L mEq/l MEQ/L", "eq/L": "eq/l Eq/L",
    # concentrations of mass
    "g/L": "g/l gm/L gm/l g/升 克/升 克每升",
    "g/dL": "g/dl gm/dL gm/dl G/DL GM/DL 克/分升",
    "mg/dL": "mg/dl MG/DL 毫克/分升 毫克每分升", "mg/100.mL": "mg/100ml mg/100mL",
    "mg/L": "mg/l MG/L mg/升 毫克/升 毫克每升", "mg/mL": "mg/ml 毫克/毫升", "g/mL": "g/ml",
    "ug/mL": "ug/ml UG/ML mcg/mL mcg/ml 微克/毫升", "ug/dL": "ug/dl UG/DL mcg/dL mcg/dl",
    "ug/L": "ug/l UG/L mcg/L mcg/l 微克/升",
    "ng/mL": "ng/ml NG/ML 纳克/毫升", "ng/L": "ng/l NG/L 纳克/升", "ng/dL": "ng/dl NG/DL",
    "pg/mL": "pg/ml PG/ML 皮克/毫升",
    # enzyme activity and arbitrary units
    "U/L": "U/l u/L u/l 单位/升 U/升", "U/mL": "U/ml u/ml u/mL", "kU/L": "kU/l KU/L",
    "mU/mL": "mU/ml", "mU/L": "mU/l", "ukat/L": "ukat/l", "nkat/L": "nkat/l",
    "[IU]/L": "IU/L IU/l iu/L iu/l [iU]/L [IU]/l 国际单位/升",
    "[IU]/mL": "IU/mL IU/ml [iU]/mL [IU]/ml", "m[IU]/mL": "mIU/mL mIU/ml m[iU]/mL",
    "m[IU]/L": "mIU/L mIU/l m[iU]/L", "u[IU]/mL": "uIU/mL uIU/ml u[iU]/mL",
    "k[IU]/L": "kIU/L KIU/L k[iU]/L",
    # counts
    "10*9/L": "10^9/L 10^9/l x10^9/L X10^9/L *10^9/L x10*9/L 10E9/L 10e9/L x10E9/L 10*9/l",
    "10*12/L": "10^12/L 10^12/l x10^12/L X10^12/L *10^12/L x10*12/L 10E12/L 10e12/L x10E12/L",
    "10*6/L": "10^6/L x10^6/L x10*6/L 10E6/L",
    "10*3/uL": "10^3/uL 10^3/ul x10^3/uL x10*3/uL 10E3/uL 10*3/ul K/uL K/ul k/uL",
    "10*6/uL": "10^6/uL 10^6/ul x10^6/uL x10*6/uL 10E6/uL 10*6/ul M/uL",
    "10*6/mL": "10^6/mL 10^6/ml", "10*3/mL": "10^3/mL 10^3/ml",
    "/uL": "/ul cells/uL cells/ul #/uL #/ul 个/uL 个/ul", "/mm3": "/mm^3", "/mL": "/ml", "/L": "/l",
    "/nL": "/nl", "/pL": "/pl",
    # ratios
    "%": "percent PERCENT 百分比 %NGSP NGSP% %(NGSP) NGSP(%)", "L/L": "l/l",
    "mmol/mol": "mmol/molHb mmol/molIFCC mmol/mol(IFCC) IFCCmmol/mol mmol/mol{Hb}",
    "mol/mol": "",
    "mg/g": "mg/gCr mg/gcr mg/gCREA mg/gCrea mg/g.Cr mg/g·Cr mg/g(Cr) mg/g{creat} mg/g{Cre} "
    "mg/g肌酐 毫克/克 MG/G",
    "ug/mg": "ug/mgCr ug/mgcr ug/mg.Cr ug/mg·Cr ug/mg{creat} ug/mg肌酐",
    "ug/g": "ug/gCr", "g/g": "g/gCr g/g{creat}", "mg/kg": "",
    "mg/mmol": "mg/mmolCr mg/mmolcr mg/mmolCREA mg/mmol.Cr mg/mmol·Cr mg/mmol(Cr) "
    "mg/mmol{creat} mg/mmol肌酐 毫克/毫摩尔 MG/MMOL",
    "g/mol": "g/molCr g/mol{creat}", "ug/umol": "", "ug/mmol": "", "g/mmol": "",
    "1": "{INR} INR {ratio} 比值",
    # body measures and vital signs
    "cm": "CM 厘米 公分", "m": "米", "mm": "MM 毫米", "[in_i]": "in inch inches 英寸",
    "[ft_i]": "ft 英尺",
    "kg": "KG Kg 公斤 千克", "g": "gm 克", "[lb_av]": "lb lbs 磅", "[oz_av]": "oz",
    "kg/m2": "kg/m^2 KG/M2 kg/m*2 Kg/m2 公斤/平方米 千克/平方米", "g/m2": "", "g/cm2": "g/cm^2",
    "mm[Hg]": "mmHg mmhg MMHG mmHG 毫米汞柱", "cm[Hg]": "cmHg", "kPa": "KPa KPA kpa 千帕", "Pa": "",
    "/min": "1/min bpm BPM {beats}/min beats/min beat/min 次/min 次/分 次/分钟 {beat}/min",
    "/s": "1/s", "Hz": "", "Cel": "degC °C 摄氏度", "[degF]": "degF °F",
    "mL/min/{1.73_m2}": "mL/min/1.73m2 ml/min/1.73m2 mL/min/1.73m^2 ml/min/1.73m^2 "
    "mL/min/1.73 ml/min/1.73 mL/min/(1.73m2) ml/min/(1.73m2) mL/min/{1.73m2} mL/min/1.73_m2 "
    "mL/(min.1.73m2) ml/(min.1.73m2) mL/(min·1.73m2) ml/(min·1.73m2) mL/min·1.73m2 "
    "ml/min·1.73m2 mL/min.1.73m2 ml/min.1.73m2 ML/MIN/1.73M2",
    "mL/s/{1.73_m2}": "mL/s/1.73m2 ml/s/1.73m2",
    "mL/min": "ml/min ML/MIN 毫升/分 毫升/分钟", "mL/s": "ml/s", "L/min": "l/min 升/分",
    # printed on the same reports, outside the catalogue
    "fL": "fl FL 飞升", "pg": "皮克", "fmol": "", "mg": "毫克", "ug": "微克",
    "L": "l 升", "mL": "ml 毫升",
    "dL": "dl", "s": "sec 秒", "min": "分钟", "h": "hr hrs 小时", "d": "day days 天",
    "wk": "week weeks",
    "mo": "month months", "a": "year years yr 岁 年", "mosm/kg": "mOsm/kg mOsm/kgH2O",
    "g/(24.h)": "g/24h g/24hr g/d", "mg/(24.h)": "mg/24h mg/24hr mg/d", "ug/min": "",
    "mmol/(24.h)": "mmol/24h mmol/d", "mL/(24.h)": "ml/24h mL/24h", "mm/h": "mm/hr",
    "ug/mL{FEU}": "ug/mLFEU ug/mlFEU", "mg/L{FEU}": "mg/LFEU",
    "ng/mL{FEU}": "ng/mLFEU ng/mlFEU", "ug/L{FEU}": "ug/LFEU",
    "ng/mL{DDU}": "ng/mLDDU ng/mlDDU", "mg/L{DDU}": "mg/LDDU", "{titer}": "titer 滴度",
    "[pH]": "pH", "/[HPF]": "/HPF /hpf #/HPF #/hpf /HP 个/HP",
    "/[LPF]": "/LPF /lpf #/LPF #/lpf /LP 个/LP",
}  # fmt: skip
