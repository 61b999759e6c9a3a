"""A certificate for loopback, made for one run by the `openssl` program."""

import subprocess
from pathlib import Path

from kscan.errors import KscanError


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key, in a folder that only we can read."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=kscan snapshot", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
        "-keyout", str(key), "-out", str(certificate),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError as error:
        raise KscanError("the program openssl is not here", "install it: it makes the server's certificate") from error
    except subprocess.TimeoutExpired as error:
        raise KscanError("openssl did not make a certificate within 30 s", "try again") from error
    if done.returncode:
        raise KscanError("openssl made no certificate", " ".join(done.stderr.split())[-200:])
    return certificate, key
