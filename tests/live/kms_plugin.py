"""A KMS plugin as API servers speak to it, over a Unix socket: both versions of the protocol, and ill where asked.

It hides nothing: what it gives back as encrypted is the text itself, turned around.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc

Fields = dict[int, bytes]
_V1, _V2 = "v1beta1.KeyManagementService", "v2.KeyManagementService"


def decoded(message: bytes) -> Fields:
    """The fields of a message that has only texts in it, none longer than it says."""
    fields: Fields = {}
    while message:
        number, length = message[0] >> 3, 0
        assert message[0] & 7 == 2, "not a text"
        message = message[1:]
        for place, byte in enumerate(message):
            length |= (byte & 127) << 7 * place
            if byte < 128:
                break
        fields[number], message = message[place + 1 :][:length], message[place + 1 + length :]
    return fields


def encoded(fields: Fields) -> bytes:
    """A message with these fields."""
    return b"".join(bytes([number << 3 | 2]) + _length(value) + value for number, value in fields.items())


def _length(value: bytes) -> bytes:
    left, found = len(value), []
    while left > 127:
        found.append(left & 127 | 128)
        left >>= 7
    return bytes([*found, left])


class Plugin:
    """A plugin that serves: the endpoint that an encryption configuration names, and how well it says that it is."""

    def __init__(self, endpoint: str, health: bytes) -> None:
        self.endpoint, self.health = endpoint, health


@contextmanager
def kms_plugin(socket: Path, health: bytes = b"ok") -> Iterator[Plugin]:
    """Serve KMS v1 and v2."""
    plugin = Plugin(f"unix://{socket}", health)
    methods: dict[str, dict[str, Callable[[Fields], Fields]]] = {
        _V1: {
            "Version": lambda _: {1: b"v1beta1", 2: b"test", 3: b"1"},
            "Encrypt": lambda asked: {1: asked[2][::-1]},
            "Decrypt": lambda asked: {1: asked[2][::-1]},
        },
        _V2: {
            "Status": lambda _: {1: b"v2", 2: plugin.health, 3: b"key-1"},
            "Encrypt": lambda asked: {1: asked[1][::-1], 2: b"key-1"},
            "Decrypt": lambda asked: {1: asked[1][::-1]},
        },
    }
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(service, {name: _handler(act) for name, act in acts.items()})
         for service, acts in methods.items()]
    )  # fmt: skip
    server.add_insecure_port(plugin.endpoint)
    server.start()
    try:
        yield plugin
    finally:
        server.stop(None).wait()


def _handler(act: Callable[[Fields], Fields]) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(
        lambda asked, _: act(asked), request_deserializer=decoded, response_serializer=encoded
    )
