"""Bodies that go wrong before a record is read, and numbers that must come back as they came."""

from tests.unit.r4.trap import WireTrap

_NUMBER = b'{"resourceType":"Observation","valueQuantity":{"value":'
_ID = b'{"resourceType":"Patient","id":'

WIRE_TRAPS: tuple[WireTrap, ...] = (
    WireTrap("a key twice", _ID + b'"a","id":"b"}', "stands twice", "json.html"),
    WireTrap("a trailing comma", _ID + b'"a",}', "Malformed JSON", "RFC 8259"),
    WireTrap("NaN for a number", _ID + b"NaN}", "Malformed JSON", "RFC 8259"),
    WireTrap("an exponent beyond a float", _ID + b"1e400}", "beyond 1e", "datatypes.html#decimal"),
    WireTrap("a leading zero", _ID + b"007}", "Malformed JSON", "RFC 8259"),
    WireTrap("text that is no UTF-8", _ID + b'"\xff"}', "Invalid UTF-8", "json.html"),
    WireTrap("a byte order mark", b"\xef\xbb\xbf" + _ID + b'"a"}', "byte order mark", "RFC 8259"),
    WireTrap("an array of resources", b"[]", "JSON array", "json.html"),
    WireTrap("nesting without end", b'{"a":' * 70 + b"1" + b"}" * 70, "deeper", "json.html"),
    *(
        WireTrap(name, _NUMBER + text + b"}}", "Malformed JSON", "RFC 8259")
        for name, text in (
            ("a number that begins with its point", b".5"),
            ("a number that ends in its point", b"5."),
            ("a plus sign", b"+5"),
            ("a hexadecimal number", b"0x1F"),
            ("a sign alone", b"-"),
            ("two signs", b"--5"),
            ("a comma in a number", b"5,4"),
            ("an exponent of nothing", b"1e"),
            ("a point in an exponent", b"1e2.5"),
            ("thousands apart", b"1_000"),
            ("Infinity", b"Infinity"),
            ("True", b"True"),
            ("a text in single quotes", b"'5'"),
        )
    ),
    WireTrap("a comment", _NUMBER + b"5 /* umol/L */}}", "Malformed JSON", "RFC 8259"),
    WireTrap("two resources in one body", b"{}{}", "Malformed JSON", "RFC 8259"),
    WireTrap("a tab in a string", b'{"id":"a\tb"}', "Malformed JSON", "RFC 8259"),
    WireTrap("half a surrogate pair", rb'{"id":"\ud800"}', "surrogate", "RFC 8259"),
    WireTrap(
        "a key twice, once escaped", rb'{"id":"a","\u0069d":"b"}', "stands twice", "json.html"
    ),
)

# Spellings that a reader could change, and this one may not (datatypes.html#decimal).
KEPT_NUMBERS: tuple[bytes, ...] = (
    *(b"1.10", b"1.00", b"0.00000001", b"1e3", b"1E+3", b"12345678901234567.89"),
    *(b"-0", b"-0.0", b"0.0e-10", b"1E5", b"1e-10", b"1E+05", b"100", b"0.10e1", b"-1.50"),
    *(b"0.000", b"123456789012345678901234567890", b"1e308", b"0e0", b"-0e-1", b"0E-0"),
)
