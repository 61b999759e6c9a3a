"""Configuration and credentials, as the `kubernetes` package finds them.

That package only logs that an exec plugin failed, and would go on as nobody; here it is an error.
"""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import yaml
from kubernetes.client import Configuration
from kubernetes.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)

from kscan.collect.request import Access
from kscan.errors import ConfigError, ConnectError, nearest


class Credentials(msgspec.Struct, frozen=True):
    """A loaded configuration with the cluster's name in it."""

    configuration: Any
    name: str
    in_cluster: bool = False


def load(access: Access, timeout: float) -> Credentials:
    """Load the kubeconfig, or the pod's own account where there is none."""
    path = access.kubeconfig or os.environ.get("KUBECONFIG", "")
    if not path and not Path("~/.kube/config").expanduser().exists():
        return _from_pod()
    if path and not any(Path(one).expanduser().exists() for one in path.split(os.pathsep) if one):
        raise ConnectError(f"there is no kubeconfig {path}", "name one with --kubeconfig FILE or in KUBECONFIG")
    return _within(timeout, path or "~/.kube/config", access.context)


def _from_pod() -> Credentials:
    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)
    except ConfigException as error:
        advice = "give --kubeconfig FILE or set KUBECONFIG; `kscan scan --demo` needs no cluster"
        raise ConnectError("there is no kubeconfig, and this is not a pod", advice) from error
    return Credentials(configuration, "in-cluster", in_cluster=True)


def _within(timeout: float, path: str, context: str) -> Credentials:
    """Load in a thread of its own, for an exec plugin may hang for ever."""
    result: list[Credentials | BaseException] = []

    def work() -> None:
        try:
            result.append(_from_file(path, context))
        except BaseException as error:  # noqa: BLE001 - handed to the caller below
            result.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(timeout)
    if not result:
        raise ConnectError(f"the credentials of {path} did not come within {timeout:.0f} s", "its exec plugin hangs")
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


def _from_file(path: str, context: str) -> Credentials:
    configuration = Configuration()
    try:
        known, current = list_kube_config_contexts(config_file=path)
        _known_context(context, [str(one["name"]) for one in known])
        with _log() as lines:
            load_kube_config(path, context or None, configuration, persist_config=False)
    except ConfigException as error:
        raise ConnectError(f"kubeconfig {path}: {_one_line(error)}", "see `kubectl config view`") from error
    except FileNotFoundError as error:
        raise ConnectError(f"kubeconfig {path}: {_one_line(error)}", "a file that it names is missing") from error
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise ConnectError(f"kubeconfig {path} cannot be used", _one_line(error)) from error
    chosen = next((one for one in known if one["name"] == context), current)
    _refuse_failed_plugin(configuration, lines, path)
    return Credentials(configuration, str(chosen["context"].get("cluster", "")))


def _known_context(context: str, known: list[str]) -> None:
    if context and context not in known:
        advice = nearest(context, known) or f"there are {', '.join(known)}"
        raise ConfigError(f"the kubeconfig has no context {context}", advice)


def _refuse_failed_plugin(configuration: Any, lines: list[str], path: str) -> None:  # noqa: ANN401 - untyped package
    if lines and not configuration.api_key and not configuration.cert_file:
        raise ConnectError(f"the exec plugin of {path} gave no credentials", "; ".join(lines))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")


@contextmanager
def _log() -> Iterator[list[str]]:
    """What the package logs while it loads: the only trace of a plugin that failed."""
    lines: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: lines.append(" ".join(record.getMessage().split()))  # type: ignore[method-assign]
    root, kept = logging.getLogger(), logging.getLogger().handlers
    root.handlers = [handler]
    try:
        yield lines
    finally:
        root.handlers = kept
