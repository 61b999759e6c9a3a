"""The types of the fields that checks ask of pods: one with a value of another type no API server takes.

A value of another type is unlike whatever an expression compares it with, so that the object would be taken for good.
Only types are told here; what is not asked is not looked at.
"""

from typing import Annotated

import msgspec

from kscan.model.base import Noun, decode

_Words = tuple[str, ...]
_Quantity = str | int | float
_Port = str | int


class Typed(Noun, frozen=True):
    """What is of a type."""

    type: str = ""


class _SeLinux(Typed, frozen=True):
    user: str = ""
    role: str = ""


class _Windows(Noun, frozen=True):
    host_process: bool = False


class _Sysctl(Noun, frozen=True):
    name: str = ""
    value: str = ""


class _Capabilities(Noun, frozen=True):
    add: _Words = ()
    drop: _Words = ()


class _PodSecurity(Noun, frozen=True):
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool = False
    se_linux_options: _SeLinux | None = None
    seccomp_profile: Typed | None = None
    app_armor_profile: Typed | None = None
    windows_options: _Windows | None = None
    sysctls: tuple[_Sysctl, ...] = ()


class _Security(_PodSecurity, frozen=True):
    privileged: bool = False
    allow_privilege_escalation: bool = False
    read_only_root_filesystem: bool = False
    proc_mount: str = ""
    capabilities: _Capabilities | None = None


class _Variable(Noun, frozen=True):
    name: str = ""
    value: str = ""
    value_from: dict[str, dict[str, msgspec.Raw]] = {}


class _ContainerPort(Noun, frozen=True):
    name: str = ""
    container_port: int = 0
    host_port: int = 0
    protocol: str = ""


class _Resources(Noun, frozen=True):
    limits: dict[str, _Quantity] = {}
    requests: dict[str, _Quantity] = {}


class _Exec(Noun, frozen=True):
    command: _Words = ()


class _Address(Noun, frozen=True):
    host: str = ""
    port: _Port = 0
    path: str = ""
    scheme: str = ""


class _Grpc(Noun, frozen=True):
    port: int = 0
    service: str = ""


class _Action(Noun, frozen=True):
    exec: _Exec | None = None
    http_get: _Address | None = None
    tcp_socket: _Address | None = None
    grpc: _Grpc | None = None
    period_seconds: int = 0
    failure_threshold: int = 0


class _Lifecycle(Noun, frozen=True):
    post_start: _Action | None = None
    pre_stop: _Action | None = None


class _Mount(Noun, frozen=True):
    name: str = ""
    mount_path: str = ""
    sub_path: str = ""
    read_only: bool = False


class _Container(Noun, frozen=True):
    name: str = ""
    image: str = ""
    image_pull_policy: str = ""
    command: _Words = ()
    args: _Words = ()
    env: tuple[_Variable, ...] = ()
    env_from: tuple[dict[str, msgspec.Raw], ...] = ()
    ports: tuple[_ContainerPort, ...] = ()
    resources: _Resources | None = None
    security_context: _Security | None = None
    liveness_probe: _Action | None = None
    readiness_probe: _Action | None = None
    startup_probe: _Action | None = None
    lifecycle: _Lifecycle | None = None
    volume_mounts: tuple[_Mount, ...] = ()


class Location(Noun, frozen=True):
    """What stands at a path."""

    path: str = ""


class _Projected(Noun, frozen=True):
    sources: tuple[dict[str, dict[str, msgspec.Raw]], ...] = ()


class _Volume(Noun, frozen=True):
    name: str = ""
    host_path: Location | None = None
    projected: _Projected | None = None


class _System(Noun, frozen=True):
    name: str = ""


class _PodSpec(Noun, frozen=True):
    containers: Annotated[tuple[_Container, ...], msgspec.Meta(min_length=1)]
    init_containers: tuple[_Container, ...] = ()
    ephemeral_containers: tuple[_Container, ...] = ()
    volumes: tuple[_Volume, ...] = ()
    security_context: _PodSecurity | None = None
    resources: _Resources | None = None
    os: _System | None = None
    host_aliases: tuple[dict[str, msgspec.Raw], ...] = ()
    topology_spread_constraints: tuple[dict[str, msgspec.Raw], ...] = ()
    automount_service_account_token: bool = False
    host_ipc: bool = msgspec.field(default=False, name="hostIPC")
    host_pid: bool = msgspec.field(default=False, name="hostPID")
    host_network: bool = False
    host_users: bool = False
    priority_class_name: str = ""
    restart_policy: str = ""
    service_account: str = ""
    service_account_name: str = ""


class Pod(Noun, frozen=True):
    """What pods and templates say, and expressions ask."""

    spec: _PodSpec


def must_be_typed(body: bytes) -> None:
    """Raises msgspec.MsgspecError where a pod says something that is of no type that an API server takes."""
    decode(body, Pod)
