"""The file of senders: what it says, what is wrong with one, and who a peer may be."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.hl7v2.senders import (
    Peer,
    SenderFileError,
    Senders,
    is_within,
    load_senders,
    network,
)

LIS = {"name": "LIS of the main house", "application": "LIS", "facility": "DEMOHOSP"}


def file(folder: Path, *senders: dict[str, Any], text: str | None = None) -> Path:
    path = folder / "senders.json"
    path.write_text(text if text is not None else json.dumps({"senders": senders}))
    return path


def load(folder: Path, *senders: dict[str, Any]) -> Senders:
    return load_senders(file(folder, *senders))


def test_every_field_of_a_sender_is_read(tmp_path):
    (sender,) = load(
        tmp_path,
        LIS
        | {
            "addresses": ["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"],
            "certificates": ["lis.hospital.example"],
            "clients": ["https://lis.hospital.example"],
            "charset": "GB18030",
            "charset_always": "GBK",
            "timezone": "Asia/Urumqi",
            "processing_ids": ["P", "T"],
            "acknowledge": "stored",
            "local_codes": "codes/lis.json",
            "stands_in": True,
        },
    )
    assert (sender.name, sender.application, sender.facility) == tuple(LIS.values())
    assert sender.addresses == tuple(
        network(each) for each in ("10.1.0.0/16", "192.0.2.7", "2001:db8::/32")
    )
    assert (sender.charset, sender.charset_always) == ("GB18030", "GBK")
    assert sender.zone == ZoneInfo("Asia/Urumqi")
    assert (sender.processing_ids, sender.acknowledge) == (frozenset("PT"), "stored")
    # Beside the file that names it, so that the two are moved together.
    assert sender.local_codes == tmp_path / "codes" / "lis.json"
    assert sender.stands_in


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"name": ""}, "$.senders[1].name", "blank"),
        ({"name": " LIS"}, "$.senders[1].name", "blanks at its ends"),
        ({"name": LIS["name"]}, "$.senders[1].name", "names two senders"),
        ({"application": "", "facility": ""}, "$.senders[1].application", "MSH-3"),
        ({"application": "LIS"}, "$.senders[1]", "registered twice"),
        ({"facility": "DEMOHOSP "}, "$.senders[1].facility", "blanks at its ends"),
        ({"addresses": ["10.1.0.0/40"]}, "$.senders[1].addresses", "10.1.0.0/16"),
        ({"addresses": ["10.1.0.9/16"]}, "$.senders[1].addresses", "10.1.0.9/16"),
        ({"addresses": ["lis.example"]}, "$.senders[1].addresses", "no IP address"),
        ({"certificates": [""]}, "$.senders[1].certificates", "blank"),
        ({"clients": [""]}, "$.senders[1].clients", "blank"),
        ({"charset": "EBCDIC"}, "$.senders[1].charset", "GB18030"),
        ({"charset_always": "UTF-7"}, "$.senders[1].charset_always", "GB18030"),
        ({"timezone": "Shanghai"}, "$.senders[1].timezone", "Asia/Shanghai"),
        ({"timezone": "../../etc/passwd"}, "$.senders[1].timezone", "Asia/Shanghai"),
        ({"processing_ids": []}, "$.senders[1].processing_ids", "P, D and T"),
        ({"processing_ids": ["X"]}, "$.senders[1].processing_ids[0]", "X"),
        ({"acknowledge": "never"}, "$.senders[1].acknowledge", "never"),
        ({"stands_in": True}, "$.senders[1].stands_in", "everybody"),
        ({"adresses": ["10.0.0.1"]}, "$.senders[1]", "adresses"),
    ],
)
def test_a_wrong_field_is_named_with_the_file_and_what_would_mend_it(
    tmp_path, changed, place, words
):
    other = {"name": "RIS", "application": "RIS", "facility": "DEMOHOSP"}
    path = file(tmp_path, LIS, other | changed)
    with pytest.raises(SenderFileError) as refused:
        load_senders(path)
    assert str(refused.value).startswith(f"{path}: {place}: ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ('{"senders": []}', "nobody could send"),
        ("[]", "Expected `object`"),
        ('{"senders": [{}]}', "missing required field `name`"),
    ],
)
def test_a_file_that_registers_nobody_is_refused(tmp_path, text, words):
    with pytest.raises(SenderFileError, match=words):
        load_senders(file(tmp_path, text=text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SenderFileError, match=r"none\.json: file: cannot be read"):
        load_senders(tmp_path / "none.json")


def found(senders: Senders, names: tuple[str, str], peer: Peer) -> str | None:
    sender = senders.find(*names, peer)
    return None if sender is None else sender.name


def test_a_sender_is_known_by_its_names_and_only_from_its_own_place(tmp_path):
    senders = load(
        tmp_path,
        {"name": "A", "application": "LIS", "facility": "H", "addresses": ["10.1.0.0/16"]},
        {"name": "B", "application": "LIS", "facility": "", "certificates": ["lis-2"]},
        {"name": "C", "application": "ROOM", "clients": ["https://room.example"]},
        {"name": "D", "application": "OPEN"},
    )
    inside, outside = Peer("10.1.2.3"), Peer("10.2.0.1")
    assert found(senders, ("LIS", "H"), inside) == "A"
    assert found(senders, ("LIS", "H"), outside) is None
    # The second name counts: an empty one is not any.
    assert found(senders, ("LIS", ""), inside) is None
    assert found(senders, ("LIS", ""), Peer("10.2.0.1", ("lis-2",))) == "B"
    assert found(senders, ("LIS", ""), Peer("10.2.0.1", ("lis-3",))) is None
    # A client's name is no certificate's, and the other way round.
    assert found(senders, ("ROOM", ""), Peer("::1", client="https://room.example")) == "C"
    assert found(senders, ("ROOM", ""), Peer("::1", ("https://room.example",))) is None
    assert found(senders, ("LIS", ""), Peer("::1", client="lis-2")) is None
    assert found(senders, ("OPEN", ""), outside) == "D"
    assert found(senders, ("lis", "H"), inside) is None


def test_a_message_without_names_is_the_one_sender_that_stands_in_from_there(tmp_path):
    senders = load(
        tmp_path,
        {"name": "A", "application": "X1", "addresses": ["10.1.0.0/16"], "stands_in": True},
        {"name": "B", "application": "X2", "addresses": ["10.1.7.0/24"], "stands_in": True},
        {"name": "C", "application": "X3", "addresses": ["10.2.0.0/16"]},
    )
    assert found(senders, ("", ""), Peer("10.1.0.1")) == "A"
    # Two could be it: it is not guessed which.
    assert found(senders, ("", ""), Peer("10.1.7.1")) is None
    assert found(senders, ("", ""), Peer("10.2.0.1")) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),  # as a listener on :: sees it
        ("10.2.0.1", False),
        ("2001:db8::1%eth0", True),
        ("2001:db9::1", False),
        ("", False),
        ("/run/mllp.sock", False),
    ],
)
def test_an_address_lies_in_a_range_however_it_is_written(address, expected):
    assert is_within(address, (network("10.1.0.0/16"), network("2001:db8::/32"))) is expected


def test_a_peer_is_written_with_what_it_has_proved():
    assert str(Peer("10.0.0.7")) == "10.0.0.7"
    assert str(Peer("10.0.0.7", ("lis", "lis.example"))) == "10.0.0.7 (lis, lis.example)"
    assert str(Peer("10.0.0.7", client="https://lis")) == "10.0.0.7 (https://lis)"
