"""Certificates and requests are read as openssl writes them; what is none is an error, never a guess."""

import base64
import contextlib
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscan.model.certificates import certificate, certificates, request, requested
from kscan.model.der import SEQUENCE, DerError, Element, Name, elements, name, time

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl")
# What may stand in a name on openssl's command line without meaning more there.
WORD = st.text(
    st.characters(whitelist_categories=("L", "N")) | st.sampled_from(" :.-@"), min_size=1, max_size=40
).filter(lambda text: text.strip() == text)


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", str(path))
    return str(path)


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    length = (
        bytes([size]) if size < 128 else bytes([0x80 | (n := (size.bit_length() + 7) // 8)]) + size.to_bytes(n, "big")
    )
    return bytes([tag]) + length + content


def subject_of(common_name, *organizations):
    return "".join(f"/O={one}" for one in organizations) + f"/CN={common_name}"


@needs_openssl
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(common_name=WORD, organizations=st.lists(WORD, max_size=3), days=st.integers(1, 20000))
def test_as_openssl_writes_them(key, common_name, organizations, days):
    words = ["-new", "-key", key, "-utf8", "-subj", subject_of(common_name, *organizations), "-outform", "DER"]
    wanted = Name(common_name, tuple(organizations))
    assert request(openssl("req", *words)) == wanted
    found = certificate(openssl("req", "-x509", "-days", str(days), *words))
    assert found.subject == wanted
    assert found.ends - found.begins == timedelta(days=days)
    assert abs(found.begins - datetime.now(UTC)) < timedelta(minutes=5)


@needs_openssl
@pytest.mark.parametrize("algorithm", [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]])
def test_of_other_keys_and_with_extensions(tmp_path, algorithm):
    words = ["-newkey", *algorithm, "-nodes", "-keyout", str(tmp_path / "key"), "-subj", "/O=system:masters/CN=admin"]
    asked = openssl("req", "-new", *words, "-addext", "subjectAltName=DNS:a.example")
    assert requested(base64.b64encode(asked).decode()) == Name("admin", ("system:masters",))
    signed = openssl("req", "-x509", "-days", "3", *words, "-addext", "keyUsage=digitalSignature")
    both = base64.b64encode(b"a note\n" + signed + b"\n" + signed).decode()
    assert [one.subject.common_name for one in certificates(both)] == ["admin", "admin"]


@given(st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 31)).map(lambda one: one.replace(microsecond=0)))
def test_times(moment):
    general = moment.strftime("%Y%m%d%H%M%SZ").rjust(15, "0")
    assert time(Element(0x18, general.encode())) == moment.replace(tzinfo=UTC)
    if moment.year < 2050:
        assert time(Element(0x17, general[2:].encode())) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "content", [b"20240101000000", b"20240101000000+0100", b"20241301000000Z", b"2024010100Z", b""]
)
def test_times_of_other_forms_are_errors(content):
    with pytest.raises(DerError):
        time(Element(0x18, content))


@pytest.mark.parametrize(
    ("tag", "content", "text"),
    [(0x0C, "Grün".encode(), "Grün"), (0x13, b"plain", "plain"), (0x1E, "Grün".encode("utf-16-be"), "Grün")],
)
def test_texts_of_names(tag, content, text):
    pair = der(SEQUENCE, der(0x06, b"\x55\x04\x03"), der(tag, content))
    assert name(Element(SEQUENCE, der(0x31, pair))) == Name(text)


def test_several_parts_of_a_name_in_one_set():
    pairs = [der(SEQUENCE, der(0x06, b"\x55\x04\x0a"), der(0x0C, one)) for one in (b"a", b"b")]
    assert name(Element(SEQUENCE, der(0x31, *pairs))) == Name("", ("a", "b"))


@given(st.binary(max_size=300))
def test_what_is_no_der_is_an_error_and_nothing_else(content):
    for read in (certificate, request, lambda one: list(elements(one))):
        with contextlib.suppress(DerError):
            read(content)


@needs_openssl
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_maimed_certificate_is_an_error_or_a_certificate(key, data):
    whole = certificate_of(key)
    at = data.draw(st.integers(0, len(whole) - 1))
    maimed = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with contextlib.suppress(DerError):
        certificate(maimed)
    with pytest.raises(DerError):
        certificate(cut)


MADE = {}


def certificate_of(key):
    if key not in MADE:
        MADE[key] = openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=a", "-outform", "DER")
    return MADE[key]


@pytest.mark.parametrize(
    "text", ["a!", base64.b64encode(b"nothing").decode(), "", base64.b64encode(b"\xff" * 9).decode()]
)
def test_what_holds_no_request_is_an_error(text):
    with pytest.raises(DerError):
        requested(text)
    assert text == "a!" or certificates(text) == ()
