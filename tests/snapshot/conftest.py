"""A chart, and programs of ours in the place of the tools that render."""

import shutil

import pytest

from tests.snapshot.rendering import POD, write


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A PATH with nothing but what a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "sleep"):
        (folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))

    def tool(name, text):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
        return tmp_path / "notes"

    return tool


@pytest.fixture
def chart(tmp_path):
    root = tmp_path / "all" / "web"
    write(root, Chart_yaml="apiVersion: v2\nname: web\nversion: 1.0.0\n", values_yaml="a: 1\n",
          templates__pod_yaml=POD % "'{{ .Release.Name }}'", charts__side__templates__pod_yaml="{{ broken")  # fmt: skip
    write(root.parent, alone_yaml=POD % "alone")
    return root
