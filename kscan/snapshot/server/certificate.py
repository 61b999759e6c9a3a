"""A certificate for loopback, made for one run and forgotten with it."""

import ssl
import subprocess
import tempfile
from pathlib import Path

from kscan.errors import ConfigError, KscanError

# Every setting is here, so that no configuration file of the machine has a say.
_REQUEST = """
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = kscan snapshot
[extensions]
subjectAltName = IP:127.0.0.1,DNS:localhost
basicConstraints = critical,CA:TRUE
keyUsage = critical,digitalSignature,keyCertSign
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
"""
_ADVICE = "install the openssl command, or give a certificate and its key"


def made() -> tuple[ssl.SSLContext, bytes]:
    """A server's TLS settings with a new self-signed certificate, and that certificate for its clients."""
    with tempfile.TemporaryDirectory(prefix="kscan-") as folder:
        settings, certificate, key = (Path(folder) / name for name in ("request.cnf", "tls.crt", "tls.key"))
        settings.write_text(_REQUEST)
        command = [
            "openssl", "req", "-x509", "-config", str(settings), "-days", "30", "-nodes", "-newkey", "ec",
            "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", str(key), "-out", str(certificate),
        ]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        except OSError as error:
            raise KscanError(f"no certificate can be made: openssl: {error.strerror}", _ADVICE) from error
        except subprocess.SubprocessError as error:
            words = " ".join((getattr(error, "stderr", None) or b"").decode(errors="replace").split())
            raise KscanError(f"openssl made no certificate: {words[:200] or error}", _ADVICE) from error
        return given(certificate, key)


def given(certificate: Path, key: Path | None = None) -> tuple[ssl.SSLContext, bytes]:
    """A server's TLS settings with a certificate of the caller's, and what its clients should trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
        return context, certificate.read_bytes()
    except (OSError, ValueError) as error:
        raise ConfigError(f"the certificate {certificate} and its key cannot be used", str(error)) from error


def _no_password() -> str:
    """Without this, an encrypted key would have OpenSSL ask at the terminal."""
    raise ValueError("the key is encrypted")
