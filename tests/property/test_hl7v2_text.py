"""Texts survive escaping, every character set and every separator; no input breaks the reader."""

from datetime import datetime

from hypothesis import example, given
from hypothesis import strategies as st

from fhir_server.hl7v2 import admission
from fhir_server.hl7v2.acknowledgment import acknowledge, code_of
from fhir_server.hl7v2.escapes import STANDARD, Separators, escape, unescape
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.mapping.conversion import convert, read
from fhir_server.hl7v2.mapping.times import moment
from fhir_server.hl7v2.problems import Problem, Refusal
from fhir_server.hl7v2.tokenizer import parse
from fhir_server.r4.validation import validate
from tests.unit.hl7v2.examples import (
    CREATININE,
    MSH,
    OBR,
    PID,
    SHANGHAI,
    message,
    surroundings,
    with_field,
)

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x0b\x1c"))
marks = st.permutations(list("|^~\\&#*!$@")).map(lambda m: Separators(*m[:5], ""))
# Every ideograph of GBK whose second byte is a delimiter of HL7.
COLLIDING = [
    chr(code) for code in range(0x4E00, 0x9FA6) if set(chr(code).encode("gbk")) & set(b"|^~\\")
]


@given(texts, marks)
def test_escaping_and_back_gives_the_same_text(text, separators):
    written = escape(text, separators)
    assert unescape(written, separators, "utf-8") == text
    for mark in (separators.field, separators.component, separators.repetition, "\r", "\n"):
        assert mark not in written


@given(texts)
def test_unescaping_anything_never_fails(text):
    assert isinstance(unescape(text, STANDARD, "gb18030"), str)


@given(st.lists(st.sampled_from(COLLIDING), min_size=1, max_size=12).map("".join))
@example("聞聟")
def test_ideographs_that_hold_delimiter_bytes_stay_whole(name):
    header = with_field(with_field(MSH, 18, "GB18030"), 4, name)
    lines = [header, with_field(PID, 5, f"{name}^{name}"), with_field(CREATININE, 3, f"C^{name}")]
    raw = "\r".join(lines).encode("gb18030")
    found = read_header(raw)
    parsed = parse(raw, found, admission.codec(found, raw, default_charset=""))
    assert found.component(4) == name
    assert parsed.segments[1].text(5, 2) == name
    assert parsed.segments[2].text(3, 2) == name


segments = st.one_of(
    st.sampled_from([MSH, PID, OBR, CREATININE, "ZXX|1", "", "NTE|1||x", "SPM|1|S", "ORC|RE|1"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40),
)


@given(st.lists(segments, max_size=8), st.sampled_from(["\r", "\n", "\r\n"]))
def test_every_non_blank_line_is_in_exactly_one_segment(lines, end):
    raw = end.join([MSH, *lines]).encode()
    parsed = parse(raw, read_header(raw), "utf-8")
    previous = 0
    for segment in parsed.segments:
        assert segment.span[0] >= previous
        previous = segment.span[1]
    kept = b"".join(raw[start:stop] for start, stop in (s.span for s in parsed.segments))
    assert kept.strip(b"\0 \t") == raw.replace(b"\r", b"").replace(b"\n", b"").strip(b"\0 \t") or (
        b"\n" in kept
    )


@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer_that_parses(raw):
    header = read_header(raw)
    at = datetime(2026, 11, 20, tzinfo=SHANGHAI)
    answer = acknowledge(header, "AR", [Problem("100", "x | y")], at=at, control_id="a")
    assert code_of(answer) == "AR"
    assert read_header(answer).problem is None


fields = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n|"), max_size=20),
    st.sampled_from(
        [
            "20261120",
            "NM",
            "SN",
            "CWE",
            "TS",
            "ED",
            "F",
            "W",
            "5.80",
            "<^5",
            "^1^:^2",
            '""',
            "&&^^~~",
        ]
    ),
)


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.integers(1, 26), fields), max_size=6))
def test_a_message_with_any_field_is_refused_with_a_place_or_makes_valid_resources(changes):
    lines = [MSH, PID, OBR, CREATININE, "SPM|1|S1||SER", "NTE|1||x"]
    for line, number, value in changes:
        lines[line] = with_field(lines[line], number, value)
    raw = message(*lines)
    try:
        header = read_header(raw)
        found = read(parse(raw, header, "utf-8"), surroundings(raw))
        conversion = convert(found, [draft.new_id for draft in found.patients])
    except Refusal as refusal:
        assert all(problem.location is not None for problem in refusal.problems)
        return
    for draft in found.patients:
        assert validate({**draft.resource, "id": draft.new_id}) == ()
    for each in conversion.drafts:
        assert validate(each.resource) == (), each.resource
    account = conversion.account
    whole = [entry for entry in account.unconverted if entry.fields is None]
    assert account.segments == account.converted + len(whole)


@given(st.from_regex(r"[0-9]{4,14}(\.[0-9]{1,6})?([+-][0-9]{4})?", fullmatch=True))
def test_a_time_is_valid_fhir_with_an_offset_or_refused(text):
    try:
        found = moment(text, zone=SHANGHAI)
    except ValueError:
        return
    assert len(found.text) <= 10 or found.text[-6] in "+-"
    assert found.low.utcoffset() is not None
