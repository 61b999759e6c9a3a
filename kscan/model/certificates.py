"""Certificates and requests for them: whom they name, and when they end. Signatures are not looked at."""

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from kscan.model.der import INTEGER, SEQUENCE, DerError, Name, name, only, time

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_EXPLICIT_VERSION = 0xA0


class Certificate(msgspec.Struct, frozen=True):
    """Whom a certificate names, and from when until when it holds."""

    subject: Name
    begins: datetime
    ends: datetime


def certificate(content: bytes) -> Certificate:
    """Read one certificate; DerError where it is none."""
    outer = list(only(content, SEQUENCE).children())
    if len(outer) != 3 or outer[0].tag != SEQUENCE:
        raise DerError("a certificate has three parts")
    parts = list(outer[0].children())
    if parts and parts[0].tag == _EXPLICIT_VERSION:
        parts = parts[1:]
    # Serial number, signature algorithm, issuer, validity, subject.
    if len(parts) < 6 or parts[0].tag != INTEGER or parts[3].tag != SEQUENCE:
        raise DerError("a part of the certificate is missing")
    validity = list(parts[3].children())
    if len(validity) != 2:
        raise DerError("a certificate begins and ends")
    return Certificate(name(parts[4]), time(validity[0]), time(validity[1]))


def request(content: bytes) -> Name:
    """Whom a request for a certificate names; DerError where it is none."""
    outer = list(only(content, SEQUENCE).children())
    parts = list(outer[0].children()) if len(outer) == 3 and outer[0].tag == SEQUENCE else []
    if len(parts) < 3 or parts[0].tag != INTEGER:
        raise DerError("a part of the request is missing")
    return name(parts[1])


def pem(text: str, *labels: str) -> Iterator[bytes]:
    """The blocks of a text that was written as base64 of PEM, as objects hold it; DerError where it is not."""
    try:
        content = base64.b64decode(text, validate=True)
        for found in _PEM.finditer(content):
            if found[1].decode() in labels:
                yield base64.b64decode(b"".join(found[2].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DerError("it is not base64") from error


def certificates(text: str) -> tuple[Certificate, ...]:
    """The certificates of a bundle as an object holds it."""
    return tuple(certificate(one) for one in pem(text, "CERTIFICATE", "TRUSTED CERTIFICATE"))


def requested(text: str) -> Name:
    """Whom the request names that an object holds."""
    found = list(pem(text, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"))
    if not found:
        raise DerError("it holds no request")
    return request(found[0])
