"""JSON as it is printed: indented, and nothing in it but what can be read."""

import json

import msgspec


def indented(content: bytes) -> bytes:
    """JSON with indents and a line end, whose texts hold as escapes what could steer a terminal or turn text around."""
    content = msgspec.json.format(content) + b"\n"
    if content.isascii() and b"\x7f" not in content:
        return content
    text = content.decode()
    signs = {ord(sign): _escaped(sign) for sign in set(text) if not sign.isprintable() and sign != "\n"}
    return text.translate(signs).encode() if signs else content


def _escaped(sign: str) -> str:
    return "\\u007f" if sign == "\x7f" else json.dumps(sign)[1:-1]
