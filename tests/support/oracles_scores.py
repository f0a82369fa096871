"""The point scores once more, counted as a person counts them: the graphs' oracle."""

Row = dict[str, float]


def cha2ds2_vasc(v: Row) -> float:
    """Lip 2010."""
    score = v["heart_failure"] + v["hypertension"] + v["diabetes"] + v["vascular_disease"]
    score += 2 * v["thromboembolism"]
    if v["age"] >= 75:
        score += 2
    elif v["age"] >= 65:
        score += 1
    return score + (0 if v["male"] else 1)


def has_bled(v: Row) -> float:
    """Pisters 2010; creatinine in umol/L."""
    score = v["chronic_liver_disease"] + v["stroke"] + v["bleeding_history"] + v["labile_inr"]
    score += v["bleeding_drugs"] + v["alcohol_excess"]
    score += 1 if v["renal_replacement"] or v["creatinine"] >= 200 else 0
    score += 1 if v["systolic_pressure"] > 160 else 0
    return score + (1 if v["age"] > 65 else 0)


def findrisc(v: Row) -> float:
    """The form of the Finnish Diabetes Association; waist in cm."""
    score = 4 if v["age"] > 64 else 3 if v["age"] >= 55 else 2 if v["age"] >= 45 else 0
    score += 3 if v["bmi"] > 30 else 1 if v["bmi"] >= 25 else 0
    middle, high = (94, 102) if v["male"] else (80, 88)
    score += 4 if v["waist"] > high else 3 if v["waist"] >= middle else 0
    score += 0 if v["physically_active"] else 2
    score += 0 if v["daily_vegetables"] else 1
    score += 2 if v["treated"] else 0
    score += 5 if v["high_glucose_history"] else 0
    return score + (5 if v["family_diabetes"] >= 2 else 3 if v["family_diabetes"] >= 1 else 0)


def bode(v: Row) -> float:
    """Celli 2004, table 2."""
    fev1, walk, grade = v["fev1_percent"], v["six_minute_walk"], v["mmrc_dyspnoea"]
    score = 0 if fev1 >= 65 else 1 if fev1 >= 50 else 2 if fev1 > 35 else 3
    score += 0 if walk >= 350 else 1 if walk >= 250 else 2 if walk >= 150 else 3
    score += 3 if grade >= 4 else 2 if grade >= 3 else 1 if grade >= 2 else 0
    return score + (1 if v["bmi"] <= 21 else 0)


def maggic(v: Row) -> float:
    """Pocock 2013, the chart of points; creatinine in umol/L."""
    ef, age, sbp, bmi, crea = (
        v[n] for n in ("lvef", "age", "systolic_pressure", "bmi", "creatinine")
    )
    points = [7, 6, 5, 3, 2, 0][sum(ef >= bound for bound in (20, 25, 30, 35, 40))]
    column = 0 if ef < 30 else 1 if ef < 40 else 2
    by_age = [(0, 0, 0), (1, 2, 3), (2, 4, 5), (4, 6, 7), (6, 8, 9), (8, 10, 12), (10, 13, 15)]
    points += by_age[sum(age >= bound for bound in (55, 60, 65, 70, 75, 80))][column]
    by_sbp = [(5, 3, 2), (4, 2, 1), (3, 1, 1), (2, 1, 0), (1, 0, 0), (0, 0, 0)]
    points += by_sbp[sum(sbp >= bound for bound in (110, 120, 130, 140, 150))][column]
    points += 6 if bmi < 15 else 5 if bmi < 20 else 3 if bmi < 25 else 2 if bmi < 30 else 0
    bounds = (90, 110, 130, 150, 170, 210, 250)
    points += [0, 1, 2, 3, 4, 5, 6, 8][sum(crea >= bound for bound in bounds)]
    nyha = v["nyha_class"]
    points += 8 if nyha >= 4 else 6 if nyha >= 3 else 2 if nyha >= 2 else 0
    points += 1 if v["male"] else 0
    points += 1 if v["smoker"] else 0
    points += 3 if v["diabetes"] else 0
    points += 2 if v["copd"] else 0
    points += 2 if v["heart_failure_18_months"] else 0
    points += 0 if v["beta_blocker"] else 3
    return points + (0 if v["renin_angiotensin"] else 1)


BY_MODEL = {
    "cha2ds2-vasc": cha2ds2_vasc,
    "has-bled": has_bled,
    "findrisc": findrisc,
    "bode": bode,
    "maggic": maggic,
}
