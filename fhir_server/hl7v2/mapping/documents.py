"""OBX of type ED and RP to DocumentReference: what is no value but a document, or where one is.

Source: v2-to-FHIR implementation guide, ED[Attachment] and RP[Attachment]; HL7 v2.8 section
2A.3.24 (ED), 2A.3.65 (RP). R4's Observation has no attachment among its values, so the Observation
is derived from the DocumentReference that holds it.
"""

import base64
import binascii
import hashlib
import re
from typing import Final

from fhir_server.hl7v2.mapping.code_systems import ABSENT_REASON
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import clean, filled
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject

TYPES: Final = frozenset(("ED", "RP"))

# Tables 0191 and 0291, type and subtype of data, to media types; what is not here stays unnamed.
_MEDIA: Final = {
    "PDF": "application/pdf",
    "RTF": "application/rtf",
    "JPEG": "image/jpeg",
    "JPG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "TIF": "image/tiff",
    "BMP": "image/bmp",
    "DICOM": "application/dicom",
    "HTML": "text/html",
    "XML": "application/xml",
    "X-HL7-CDA-LEVEL-ONE": "application/hl7-cda-level-one+xml",
    "PLAIN": "text/plain",
}
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_BLANKS: Final = re.compile(r"\s+")
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

# Observation.status to DocumentReference: its own status, and that of what it holds.
_STATUS: Final = {"entered-in-error": "entered-in-error"}
_DOC_STATUS: Final = {
    "amended": "amended",
    "corrected": "amended",
    "entered-in-error": "entered-in-error",
    "final": "final",
    "preliminary": "preliminary",
}


# What an Observation says whose document cannot be read: there was a result, and it is not here.
UNREADABLE: Final[JsonObject] = {
    "coding": [{"system": ABSENT_REASON, "code": "error"}],
    "text": "文档无法读取,原件在消息中 / the document cannot be read; it is kept in the message",
}


def links(of_observation: JsonObject, report: JsonObject) -> JsonObject:
    """Return the references of a document: those of its Observation where R4 has them, its report.

    `report` is a Reference, {} for a document that belongs to none.
    """
    related = [*of_observation.get("basedOn", []), *([report] if report else [])]
    context = filled(
        encounter=[of_observation["encounter"]] if "encounter" in of_observation else [],
        related=related,
    )
    return {"subject": of_observation["subject"], **filled(context=context)}


def documents(obx: Segment, observation: JsonObject, context: Context) -> list[JsonObject]:
    """Return a DocumentReference, without id and subject, for each document in OBX-5.

    One that cannot be read is left out with a warning; the bytes are in the message.
    """
    found = []
    for number, each in enumerate(obx.repetitions(5), start=1):
        if not each:
            continue
        read = _pointed if obx.text(2).upper() == "RP" else _enclosed
        attachment = read(each, obx, number, context)
        if attachment:
            found.append(_document(attachment, observation))
    return found


def _document(attachment: JsonObject, observation: JsonObject) -> JsonObject:
    status = observation["status"]
    return {
        "resourceType": "DocumentReference",
        **filled(
            status=_STATUS.get(status, "current"),
            docStatus=_DOC_STATUS.get(status, ""),
            type_=observation["code"],
            date=observation.get("issued", ""),
            content=[{"attachment": attachment}],
        ),
    }


def _enclosed(value: Composite, obx: Segment, number: int, context: Context) -> JsonObject:
    kind, subtype, encoding = (value.text(part).upper() for part in (2, 3, 4))
    # ED.5 is the last component: a separator in it was forgotten to be escaped, and is content.
    text = value.tail(5).whole()
    try:
        data = _decoded(text, encoding)
    except ValueError as error:
        place = obx.at(5, repetition=number, component=5)
        context.remark("102", f"OBX-5 is a document that cannot be read: {error}", place)
        return {}
    return {
        **filled(contentType=_media_type(kind, subtype, encoding)),
        "data": base64.b64encode(data).decode("ascii"),
        "size": len(data),
        # R4 Attachment.hash is SHA-1; it finds damage and proves nothing.
        "hash": base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),
        **filled(title=clean(obx.first(3).text(2)) or clean(obx.first(3).text(1))),
    }


def _decoded(text: str, encoding: str) -> bytes:
    """Return the bytes of ED.5; table 0299: A is text as it is, Hex, Base64."""
    if encoding in ("", "A"):
        found = text.encode("utf-8")
    else:
        # Line breaks, escaped or not, are how senders wrap it.
        packed = _BLANKS.sub("", text)
        if encoding == "BASE64":
            try:
                found = base64.b64decode(packed, validate=True)
            except binascii.Error:
                raise ValueError("ED.5 is no base64") from None
        elif encoding == "HEX":
            try:
                found = bytes.fromhex(packed)
            except ValueError:
                raise ValueError("ED.5 is no hexadecimal text") from None
        else:
            raise ValueError("ED.4 is none of A, Hex and Base64")
    if not found:
        raise ValueError("ED.5 is empty")
    return found


def _media_type(kind: str, subtype: str, encoding: str) -> str:
    """Return the media type of a type and a subtype of data, "" where they name none."""
    known = _MEDIA.get(subtype) or _MEDIA.get(kind)
    if known is None and kind in ("TEXT", "TX", "FT"):
        known = "text/plain"
    if known is None:
        written = f"{kind}/{subtype}".lower()
        is_whole = kind in ("APPLICATION", "AUDIO", "IMAGE", "TEXT", "VIDEO") and subtype
        known = written if is_whole and _MEDIA_TYPE.fullmatch(written) else ""
    is_text = known.startswith("text/") and encoding in ("", "A")
    return f"{known}; charset=utf-8" if is_text else known


def _pointed(value: Composite, obx: Segment, number: int, context: Context) -> JsonObject:
    pointer = clean(value.text(1))
    if not _ADDRESS.fullmatch(pointer):
        text = "OBX-5 points to a document and names no address of it; it is kept as text"
        context.remark("102", text, obx.at(5, repetition=number if number > 1 else None))
        return {}
    kind, subtype = value.text(3).upper(), value.text(4).upper()
    return filled(
        contentType=_media_type(kind, subtype, "BASE64"),
        url=pointer,
        title=clean(obx.first(3).text(2)) or clean(obx.first(3).text(1)),
    )
