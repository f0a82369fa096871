"""ECL texts as the specification writes them, what they mean, and where broken ones fail."""

import pytest

from terminology.ecl.errors import INVALID, NOT_SUPPORTED, TOO_COSTLY, EclError
from terminology.ecl.parsing import parse
from terminology.ecl.syntax import (
    Attribute,
    AttributeGroup,
    AttributeSet,
    Cardinality,
    Compound,
    Concept,
    ConceptValue,
    FieldTest,
    MemberOf,
    Order,
    Refined,
    SearchTerm,
    TextValue,
    TimeValue,
    Walk,
    Walked,
)
from tests.support.ecl_text import written

# fmt: off
# Of chapter 6 of the specification, with every bracket that its precedence implies.
MEANT = [
    # 6.1 Simple expression constraints
    ("404684003 |Clinical finding|", "404684003"),
    ("<404684003 |Clinical finding|", "< 404684003"),
    ("descendantOf 404684003 |Clinical finding|", "< 404684003"),
    ("DESCENDANTORSELFOF 73211009 |Diabetes mellitus|", "<< 73211009"),
    ("<! 404684003", "<! 404684003"),
    ("childOf 404684003", "<! 404684003"),
    ("<<! 404684003", "<<! 404684003"),
    ("childOrSelfOf 404684003", "<<! 404684003"),
    ("> 40541001 |Acute pulmonary edema|", "> 40541001"),
    ("ancestorOf 40541001", "> 40541001"),
    (">> 40541001|Acute pulmonary edema|", ">> 40541001"),
    ("ancestorOrSelfOf 40541001", ">> 40541001"),
    (">! 40541001", ">! 40541001"),
    ("parentOf 40541001", ">! 40541001"),
    (">>! 40541001", ">>! 40541001"),
    ("parentOrSelfOf 40541001", ">>! 40541001"),
    ("^ 700043003 |Example problem list concepts reference set|", "^ 700043003"),
    ("memberOf 700043003", "^ 700043003"),
    ("^ [targetComponentId] 734138000", "^ [targetComponentId] 734138000"),
    ("^ [referencedComponentId, mapTarget] 816210007",
     "^ [referencedComponentId, mapTarget] 816210007"),
    (" ^[*] 447562003 |ICD-10 complex map reference set|", "^ [*] 447562003"),
    ("memberOf [any] 447562003", "^ [*] 447562003"),
    ("*", "*"),
    ("ANY", "*"),
    (">!*", ">! *"),
    ("^R 73211009 |Diabetes mellitus|", "^R 73211009"),
    ("refsetContainingAny 73211009", "^R 73211009"),
    ("< ^ 700043003", "< (^ 700043003)"),
    # 6.2 Refinements
    ("< 19829001 |Disorder of lung| :\n116676008 |Associated morphology| = << 79654002 |Edema|",
     "(< 19829001) : 116676008 = (<< 79654002)"),
    ("*: 246075003 |Causative agent| = 387517004 |Paracetamol| ", "* : 246075003 = 387517004"),
    ("< 404684003 : {363698007 = << 39057004,116676008 = << 415582006},{ 42752001 = * }",
     "(< 404684003) : { 363698007 = (<< 39057004) AND 116676008 = (<< 415582006) }"
     " AND { 42752001 = * }"),
    ("<< 404684003 : >>42752001 |Due to| = << 267038008",
     "(<< 404684003) : (>> 42752001) = (<< 267038008)"),
    ("< 763158003 : 1142135004 >= #250, 1142135004<=#800.5",
     "(< 763158003) : 1142135004 >= #250 AND 1142135004 <= #800.5"),
    ("* : 1142135004 = #-2 OR 1142135004 <> #+3 OR 1142135004 not = #0",
     "* : 1142135004 = #-2 OR 1142135004 != #3 OR 1142135004 != #0"),
    ('< 373873005 : 3460481009 |Has product name| = "PANADOL"',
     '(< 373873005) : 3460481009 = ("PANADOL")'),
    ('* : 3460481009 != ("PANADOL" "say \\"no\\"")',
     '* : 3460481009 != ("PANADOL" "say \\"no\\"")'),
    ("< 373873005 : 859999999102 = TRUE", "(< 373873005) : 859999999102 = true"),
    ("< 91723000 : R 363698007 = < 125605004", "(< 91723000) : R 363698007 = (< 125605004)"),
    ("< 91723000 : reverseOf 363698007 = < 125605004",
     "(< 91723000) : R 363698007 = (< 125605004)"),
    ("* : R << 127489000 = *", "* : R (<< 127489000) = *"),
    ("< 125605004 . 363698007", "(< 125605004) . 363698007"),
    ("< 19829001 . < 47429007 . 363698007", "(< 19829001) . (< 47429007) . 363698007"),
    ("< 404684003 : ANY = 79654002", "(< 404684003) : * = 79654002"),
    # 6.3 Cardinality
    ("* : [1..3] 127489000 = *", "* : [1..3] 127489000 = *"),
    ("* : [1 to many] 127489000 = *, [0 TO 1] 42752001 = *",
     "* : 127489000 = * AND [0..1] 42752001 = *"),
    ("* : [0..0] { [2..*] 363698007 = < 91723000 }",
     "* : [0..0] { [2..*] 363698007 = (< 91723000) }"),
    ("* : [3..3] R 127489000 = *", "* : [3..3] R 127489000 = *"),
    # 6.4 Conjunction and disjunction
    ("< 19829001 AND < 301867009 and ^ 700043003",
     "(< 19829001) AND (< 301867009) AND (^ 700043003)"),
    ("< 19829001, < 301867009", "(< 19829001) AND (< 301867009)"),
    ("< 19829001 |x|OR < 301867009", "(< 19829001) OR (< 301867009)"),
    ("(< 19829001 AND < 301867009) OR ^ 700043003",
     "((< 19829001) AND (< 301867009)) OR (^ 700043003)"),
    ("* : (363698007 = 39057004 AND 116676008 = 415582006) OR 42752001 = 445238008",
     "* : (363698007 = 39057004 AND 116676008 = 415582006) OR 42752001 = 445238008"),
    ("* : { (363698007 = 39057004 OR 42752001 = *), 116676008 = 415582006 }",
     "* : { (363698007 = 39057004 OR 42752001 = *) AND 116676008 = 415582006 }"),
    ("* : ({ 363698007 = * } OR { 42752001 = * }), 116676008 = *",
     "* : ({ 363698007 = * } OR { 42752001 = * }) AND 116676008 = *"),
    ("* : 246075003 = (< 373873005 OR < 105590001)",
     "* : 246075003 = ((< 373873005) OR (< 105590001))"),
    # 6.5 Exclusion and not equals
    ("<< 19829001 MINUS << 301867009", "(<< 19829001) MINUS (<< 301867009)"),
    ("* : 116676008 NOT = << 26036001", "* : 116676008 != (<< 26036001)"),
    # 6.6 Comments
    ("/* Disorders * of / lung */ < 19829001 /**/ : /* ( */ 116676008 = << 79654002 /* end */",
     "(< 19829001) : 116676008 = (<< 79654002)"),
    ("64572001/* and */OR/* or */19829001", "64572001 OR 19829001"),
    # 6.7 Nested expression constraints
    ("^ (< 450973005)", "^ (< 450973005)"),
    ("<< 125605004 : [0..0] ((<< 410662002 MINUS 363698007 )\nMINUS 116676008 ) = *",
     "(<< 125605004) : [0..0] (((<< 410662002) MINUS 363698007) MINUS 116676008) = *"),
    ("* : (<< 410662002 MINUS 363698007) != *", "* : ((<< 410662002) MINUS 363698007) != *"),
    ("* : 47429007 = (< 404684003 : 116676008 = << 55641003)",
     "* : 47429007 = ((< 404684003) : 116676008 = (<< 55641003))"),
    # A bracket within a term, a text or a comment is none.
    ("* : ( 363698007 |Finding site :-)| = 39057004 |a ) b| /* ) */ OR 774158006 = \") =\" )",
     '* : 363698007 = 39057004 OR 774158006 = (") =")'),
    # 6.8 Description filters
    ('< 64572001 {{ term = "heart att"}}', '(< 64572001) {{ D term = (match:"heart att") }}'),
    ('<64572001{{D TERM=("heart" WILD:"*itis\\*")}}',
     '(< 64572001) {{ D term = (match:"heart" wild:"*itis\\*") }}'),
    ('* {{ term != "fracture", type = syn, dialect = en-us (prefer)}}',
     '* {{ D term != (match:"fracture"), typeId = 900000000000013009,'
     ' dialectId = 900000000000509007 (900000000000548007) }}'),
    ('* {{ term = "x" }} {{ language != (SV en) }}',
     '* {{ D term = (match:"x") }} {{ D language != (sv en) }}'),
    ('* {{ typeId = (900000000000013009 |Synonym| 900000000000003001 |FSN|) }}',
     '* {{ D typeId = (900000000000013009 OR 900000000000003001) }}'),
    ('* {{ type = (synonym fullySpecifiedName definition) }}',
     '* {{ D typeId = (900000000000013009 OR 900000000000003001 OR 900000000000550004) }}'),
    ('* {{ typeId = (900000000000013009 OR 900000000000003001) }}',
     '* {{ D typeId = (900000000000013009 OR 900000000000003001) }}'),
    ('* {{ dialect = ( en-gb (prefer) en-nhs-clinical ) (accept) }}',
     '* {{ D dialectId = (900000000000508004 (900000000000548007)'
     ' 999001261000000100 (900000000000549004)) }}'),
    ('* {{ dialectId = 900000000000509007 (900000000000548007 |Preferred|) }}',
     '* {{ D dialectId = 900000000000509007 (900000000000548007) }}'),
    ('* {{ dialectId != (900000000000509007 900000000000508004 |GB| (acceptable)) (preferred) }}',
     '* {{ D dialectId != (900000000000509007 (900000000000548007)'
     ' 900000000000508004 (900000000000549004)) }}'),
    ('* {{ dialectId = (< 900000000000507009) }}', '* {{ D dialectId = (< 900000000000507009) }}'),
    ('* {{ D moduleId = 731000124108, effectiveTime != ("20190131" ""), active = false }}',
     '* {{ D moduleId = 731000124108, effectiveTime != ("20190131" ""), active = 0 }}'),
    ('*{{ D id = (1208972017 2674140012), active = "*" }}',
     '* {{ D id = (1208972017 2674140012), active = * }}'),
    # A filter belongs to what stands directly before it ("Order of Operation").
    ('* : 363698007 = 39057004, 116676008 = << 415582006 {{ term = "x" }}',
     '* : 363698007 = 39057004 AND 116676008 = ((<< 415582006) {{ D term = (match:"x") }})'),
    # 6.9 Concept filters
    ("< 56265001 {{ C definitionStatus = primitive }}",
     "(< 56265001) {{ C definitionStatusId = 900000000000074008 }}"),
    ("* {{ c definitionStatusId != (< 900000000000444006), active != 1 }}",
     "* {{ C definitionStatusId != (< 900000000000444006), active = 0 }}"),
    ('* {{ C effectiveTime >= "20190731" }}', '* {{ C effectiveTime >= ("20190731") }}'),
    # 6.10 Member filters
    ('^ 447562003 {{ M mapGroup != #2, mapPriority < #2, mapTarget = wild:"J*" }}',
     '^ 447562003 {{ M mapGroup != #2, mapPriority < #2, mapTarget = (wild:"J*") }}'),
    ('^ 447562003 {{ M mapTarget = "J45.9" }} {{ m active = "*" }}',
     '^ 447562003 {{ M mapTarget = (match:"J45.9"), active = * }}'),
    ('^ [targetComponentId] 900000000000527005 {{ M referencedComponentId = 67415000 }}',
     '^ [targetComponentId] 900000000000527005 {{ M referencedComponentId = 67415000 }}'),
    ('^ 900000000000534007 {{ M moduleId = << 32570231000036109, sourceEffectiveTime < "20200131",'
     ' grouped = true }}',
     '^ 900000000000534007 {{ M moduleId = (<< 32570231000036109),'
     ' sourceEffectiveTime < ("20200131"), grouped = true }}'),
    ('<< ^ 447562003 {{ M mapTarget = "J45" }} {{ C active = 1 }}',
     '(<< (^ 447562003 {{ M mapTarget = (match:"J45") }})) {{ C active = 1 }}'),
    # 6.11 History supplements
    ("<< 195967001 {{ + HISTORY-MIN }}", "(<< 195967001) {{ + HISTORY (900000000000527005) }}"),
    ("<< 195967001 {{+history_mod}}",
     "(<< 195967001) {{ + HISTORY (900000000000527005 OR 900000000000526001"
     " OR 900000000000528000 OR 1186924009) }}"),
    ("<< 195967001 {{ + HISTORY-MAX }}",
     "(<< 195967001) {{ + HISTORY (< 900000000000522004) }}"),
    ("<< 195967001 {{ + HISTORY }}", "(<< 195967001) {{ + HISTORY (< 900000000000522004) }}"),
    ("<< 195967001 {{ + HISTORY (*) }}", "(<< 195967001) {{ + HISTORY (< 900000000000522004) }}"),
    ('(< 195967001 {{+HISTORY}}) {{ D id = 264553015 }}',
     '((< 195967001) {{ + HISTORY (< 900000000000522004) }}) {{ D id = (264553015) }}'),
    # 6.12 Top and bottom
    ("!!> ( < 386617003 . 363698007 )", "!!> ((< 386617003) . 363698007)"),
    ("top ( < 386617003 . 363698007 )", "!!> ((< 386617003) . 363698007)"),
    ("bottom ( >> 427089005 AND ^ 816080008 )", "!!< ((>> 427089005) AND (^ 816080008))"),
]
# What is refused, the text at the place, and a word of what would be right.
REFUSED = [
    ("", "", "a concept identifier"),
    ("   ", "", "a concept identifier"),
    ("<", "", "a concept identifier"),
    ("heart", "heart", "a concept identifier"),
    ("12345", "12345", "6 to 18 digits"),
    ("0123456", "0123456", "6 to 18 digits"),
    ("1234567890123456789", "1234567890123456789", "6 to 18 digits"),
    ("404684003 |", "|", "ends with |"),
    ("404684003 ||", "||", "has characters"),
    ("404684003 |two\nlines|", "|two\nlines|", "on one line"),
    ("404684003\u00a0|x|", "\u00a0|x|", "AND, OR, MINUS"),
    ("404684003 < 19829001", "< 19829001", "AND, OR, MINUS"),
    ("404684003 /* open", "/* open", "*/"),
    ("404684003 AND(19829001)", "(19829001)", "a blank is expected"),
    ("1234567 AND 2345678 OR 3456789", "OR 3456789", "brackets"),
    ("1234567 OR 2345678, 3456789", ", 3456789", "brackets"),
    ("1234567 MINUS 2345678 MINUS 3456789", "MINUS 3456789", "brackets"),
    ("1234567 AND", "", "a blank is expected"),
    ("1234567 AND ", "", "a concept identifier"),
    ("(1234567", "", ") or AND"),
    ("1234567)", ")", "AND, OR, MINUS"),
    ("1234567 AND 2345678 : 3456789 = *", ": 3456789 = *", "brackets around"),
    ("1234567 : 2345678 = 3456789 . 4567890", ". 4567890", "brackets around"),
    ("1234567 . 2345678 : 3456789 = *", ": 3456789 = *", "brackets around"),
    ("1234567 :", "", "a concept identifier"),
    ("1234567 : 2345678", "", "= != < <="),
    ("1234567 : 2345678 =", "", "a concept identifier"),
    ("1234567 : 2345678 = #05", "05", "a number such as"),
    ("1234567 : 2345678 = #1.", "1.", "a number such as"),
    ("1234567 : 2345678 = 5", "5", "6 to 18 digits"),
    ("1234567 : 2345678 >= 3456789", "3456789", "# and a number"),
    ('1234567 : 2345678 > "a"', '"a"', "# and a number"),
    ('1234567 : 2345678 = "a', '"a', "quotation marks"),
    ('1234567 : 2345678 = ""', '""', "not empty"),
    ('1234567 : 2345678 = "a\\n"', '"a\\n"', "a backslash"),
    ('1234567 : 2345678 = ("a"', "", ")"),
    ("1234567 : 2345678 = *, 3456789 = * OR 4567890 = *", "OR 4567890 = *", "brackets"),
    ("1234567 : (2345678 = *", "(2345678 = *", "not closed"),
    ("1234567 : { 2345678 = *", "", "}, AND, OR"),
    ("1234567 : { { 2345678 = * } }", "{ 2345678 = * } }", "no group"),
    ("1234567 : { 2345678 = * } }", "}", "AND, OR, MINUS"),
    ("1234567 : [1] 2345678 = *", "] 2345678 = *", ".."),
    ("1234567 : [3..1] 2345678 = *", "[3..1] 2345678 = *", "at least 3 and at most 1"),
    ("1234567 : [1..] 2345678 = *", "] 2345678 = *", "a number of times"),
    ("1234567 : r 2345678 = *", "r 2345678 = *", "a concept identifier"),
    ("1234567 : R 2345678 = #5", "= #5", "reversed"),
    ("^ [] 1234567", "] 1234567", "the name of a field"),
    ("^ [a b] 1234567", "b] 1234567", "] or a comma"),
    ("1234567 {{ M active = 0 }}", "{{ M active = 0 }}", "directly behind"),
    ("1234567 {{ }}", "}}", "term, language"),
    ("1234567 {{ C term = \"x\" }}", 'term = "x" }}', "definitionstatus"),
    ("1234567 {{ D definitionStatus = primitive }}", "definitionStatus = primit", "term, language"),
    ('1234567 {{ term = "x" }', "}", "}} or a comma"),
    ('1234567 {{ term = "x" language = en }}', "language = en }}", "}} or a comma"),
    ('1234567 {{ term > "x" }}', '> "x" }}', "= !="),
    ('1234567 {{ term = " " }}', '" " }}', "not empty"),
    ("1234567 {{ term = heart }}", "heart }}", "quotation marks"),
    ("1234567 {{ language = eng }}", "eng }}", "two letters"),
    ("1234567 {{ type = preferred }}", "preferred }}", "fsn"),
    ("1234567 {{ dialect = en-zz }}", "en-zz }}", "dialectId"),
    ("1234567 {{ dialect = en-gb (best) }}", "best) }}", "prefer"),
    ("1234567 {{ typeId = (2345678 3456789 OR 4567890) }}", "OR 4567890) }}", "identifier"),
    ("1234567 {{ active = 2 }}", "2 }}", "true, false"),
    ("1234567 {{ active != * }}", "* }}", "1 or 0"),
    ('1234567 {{ C effectiveTime = "2021" }}', '"2021" }}', "a date"),
    ('1234567 {{ C effectiveTime = "20211301" }}', '"20211301" }}', "a date"),
    ('1234567 {{ C effectiveTime < "" }}', '"" }}', "one date"),
    ('* {{ C effectiveTime > ("20210131" "20210731") }}', '("20210131" "20210731") }}', "one date"),
    ("1234567 {{ + PAST }}", "PAST }}", "HISTORY-MIN"),
    ("1234567 {{ + HISTORY-ALL }}", "HISTORY-ALL }}", "HISTORY-MIN"),
    ("1234567 {{ + HISTORY }} {{ C active = 1 }}", "{{ C active = 1 }}", "in brackets"),
]
# fmt: on


@pytest.mark.parametrize(("text", "meaning"), MEANT)
def test_an_expression_means_what_the_specification_says(text: str, meaning: str) -> None:
    assert written(parse(text).constraint) == meaning


@pytest.mark.parametrize(("text", "found", "reason"), REFUSED)
def test_what_is_no_expression_is_refused_at_its_place(text: str, found: str, reason: str) -> None:
    with pytest.raises(EclError) as refused:
        parse(text)
    assert refused.value.found == found[:24]
    assert text[refused.value.position :].startswith(refused.value.found)
    assert reason in refused.value.reason
    assert refused.value.code == INVALID


def test_an_error_says_where_what_and_what_would_be_right() -> None:
    with pytest.raises(EclError) as refused:
        parse("< 19829001 AND heart")
    assert str(refused.value) == (
        "ECL at character 16, «heart»: a concept identifier, * or ( is expected here"
    )


@pytest.mark.parametrize("text", ["LOINC#54486-6", "<< LOINC#54486-6 |x|", '"LOINC#54486-6"'])
def test_an_alternate_identifier_is_refused_as_not_supported(text: str) -> None:
    with pytest.raises(EclError, match="SNOMED CT identifier") as refused:
        parse(text)
    assert refused.value.code == NOT_SUPPORTED


def test_the_tree_of_a_refined_expression() -> None:
    expression = parse(
        "< 404684003 |Clinical finding| : [0..2] { 363698007 = << 39057004, R 42752001 != * }"
    )
    site = Attribute(
        Concept("363698007"),
        ConceptValue(Walked(Walk.DESCENDANT_OR_SELF_OF, Concept("39057004"))),
    )
    cause = parse("* : R 42752001 != *").constraint
    assert isinstance(cause, Refined)
    assert isinstance(cause.refinement, Attribute)
    assert expression.constraint == Refined(
        Walked(Walk.DESCENDANT_OF, Concept("404684003")),
        AttributeGroup(AttributeSet("AND", (site, cause.refinement)), Cardinality(0, 2)),
    )


def test_a_concept_keeps_its_term_and_its_place() -> None:
    constraint = parse("<<  73211009 | Diabetes mellitus |").constraint
    assert isinstance(constraint, Walked)
    assert isinstance(constraint.of, Concept)
    assert (constraint.of.term, constraint.of.at) == ("Diabetes mellitus", 4)


def test_escapes_stand_for_themselves_and_those_of_a_pattern_are_kept() -> None:
    constraint = parse(
        '^ 447562003 {{ M mapAdvice = ("a \\"b\\" \\\\c" wild:"5\\**") }}'
    ).constraint
    assert isinstance(constraint, MemberOf)
    found = TextValue((SearchTerm("match", 'a "b" \\c'), SearchTerm("wild", "5\\**")))
    assert constraint.tests == (FieldTest("mapAdvice", found),)


def test_a_date_of_a_member_may_be_before_another() -> None:
    constraint = parse('^ 900000000000534007 {{ M sourceEffectiveTime <= "20200131" }}').constraint
    assert isinstance(constraint, MemberOf)
    assert constraint.tests == (
        FieldTest("sourceEffectiveTime", TimeValue(Order.AT_MOST, (20200131,))),
    )


def test_brackets_that_change_nothing_leave_no_trace() -> None:
    assert parse("((1234567)) OR ( 2345678 )").constraint == Compound(
        "OR", (Concept("1234567"), Concept("2345678"))
    )


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "<" * 10_000,
        "(" * 60 + "1234567" + ")" * 60,
        "* : 363698007 = (" * 60 + "*" + ")" * 60,
        "* : " + "(" * 60 + "363698007 = *" + ")" * 60,
        "* {{ + HISTORY (" * 60 + "*" + ") }}" * 60,
        "^ 1234567 {{ M a = " * 400 + "*" + "}}" * 400,
        "* {{ C moduleId = " * 400 + "*" + "}}" * 400,
        "1234567 OR " * 1000 + "1234567",
        "1234567" + " " * 10_000,
        "* /*" + "*" * 9_990,
        "* |" + "|" * 9_990,
        '* {{ term = "' + "\\" * 9_980,
        "* : 363698007 not" + " " * 9_900 + "x",
        "* : 363698007 not" + "/**/" * 2_400 + "x",
        "* : (363698007) = (" + "/**/" * 2_400 + "x",
        "* {{" + "/**/" * 2_400 + "x",
        "* : (" + '"\\' * 4_900,
        "* : (" + "/*" * 4_900,
    ],
)
def test_a_hostile_text_is_refused_and_not_followed(text: str) -> None:
    with pytest.raises(EclError):
        parse(text)


def test_thirty_brackets_are_read_and_thirty_one_are_too_costly() -> None:
    assert parse("(" * 30 + "1234567" + ")" * 30).constraint == Concept("1234567")
    nested = "* : { 363698007 = (" * 15 + "*" + ") }" * 15
    assert written(parse(nested).constraint).count("{") == 15
    with pytest.raises(EclError) as refused:
        parse("(" * 31 + "1234567" + ")" * 31)
    assert refused.value.code == TOO_COSTLY
