"""`kscan data`: what is known of which day, a newer feed taken, kept and used, and everything else refused in one line."""

import json
import os
import stat

import msgspec
import pytest

from kscan import clock, data
from kscan.__main__ import run
from kscan.checks.judgement import Moot, Unsure
from kscan.commands.datasets import brought
from kscan.errors import ConfigError
from kscan.model.releases import Running
from kscan.rules.versions import known_faults
from kscan.views.lifecycle import CVE_FEED, minors, retired_apis, shipped_faults
from tests.test_cve_feed import CVE, LISTS, feed, item

SCAN = ("--check", "known-vulnerability", "--format", "json", "--fail-on", "never")
ON_API = LISTS.replace("kube-controller-manager", "kube-apiserver")


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "own"


def take(tmp_path, kept, content):
    file = tmp_path / "index.json"
    file.write_bytes(content)
    return run(["data", "update", str(file), "--data", str(kept)])


def scan(capfd, *words):
    code = run(["scan", "--demo", "--allow-incomplete", *words, *SCAN])
    out, err = capfd.readouterr()
    assert code == 0, err
    return json.loads(out)["results"][0], err


def test_each_data_set_has_a_day_or_a_version_and_says_what_is_unknown_when_it_is_old(capfd):
    assert run(["data", "show", "-f", "json"]) == 0
    found = {one["name"]: one for one in json.loads(capfd.readouterr().out)}
    assert len(found) == 5 and all(
        one["source"] and one["covers"] and "unknown" in one["then"] for one in found.values()
    )
    faults = found["Known faults (CVEs) of Kubernetes' components"]
    assert (faults["asOf"], faults["staleFrom"]) == (str(shipped_faults().as_of), "2027-04-11")
    assert {one["asOf"] for one in found.values()} >= {
        str(minors().as_of),
        str(retired_apis().as_of),
        "Kubernetes 1.37",
    }
    assert run(["data", "show"]) == 0
    text = capfd.readouterr().out
    assert all(name in text for name in found) and f"as of     {shipped_faults().as_of}, 51 days old" in text


def test_a_feed_is_taken_told_and_used(tmp_path, kept, capfd):
    before, said = scan(capfd)
    assert CVE not in str(before) and said == ""
    assert take(tmp_path, kept, feed(item(text=ON_API.replace("1.34.11", "1.33.4").replace("1.34.12", "1.33.5")))) == 0
    told = capfd.readouterr().out
    assert "the feed of 2026-11-20, 1 item\n" in told and f"can be read: {CVE}\n" in told
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    after, said = scan(capfd, "--data", str(kept))
    assert said == "known faults of Kubernetes by its CVE feed of 2026-11-20\n"
    (new,) = (one for one in after["findings"] if one["path"] == CVE)
    assert (new["object"]["name"], new["severity"]) == ("kube-apiserver@1.33.4", "medium")
    assert (
        new["notes"][1] == "The list of faults is of 2026-11-20: https://github.com/kubernetes/kubernetes/issues/150000"
    )
    assert "words" in new["notes"][2]
    assert {"path": CVE_FEED.path(), "objects": None} in after["evidence"]
    assert run(["data", "show", "--data", str(kept)]) == 0
    assert "as of     2026-11-20, 9 days old\n  from      https://kubernetes.io" in capfd.readouterr().out


def test_what_stands_in_words_only_leaves_open_what_had_no_fault(tmp_path, kept, capfd):
    assert take(tmp_path, kept, feed(item(text="Later."))) == 0
    assert f"in words only: {CVE} (issue 150000)" in capfd.readouterr().out
    found, _ = scan(capfd, "--data", str(kept))
    reason = f"the feed of 2026-11-20 does not tell for machines which versions have {CVE} (150000)"
    assert reason in {one["reason"] for one in found["undecided"]}


def test_the_usual_folder_is_by_the_specification(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", "/home/jane")
    file = tmp_path / "feed"
    file.write_bytes(feed(item()))
    assert run(["data", "update", str(file)]) == 0
    assert "wrote" in capfd.readouterr().out
    assert (tmp_path / "kscan" / "official-cve-feed.json").read_bytes() == file.read_bytes()
    assert "its CVE feed" in scan(capfd)[1]
    monkeypatch.setenv("XDG_DATA_HOME", "here")
    assert str(data.own_folder()) == "/home/jane/.local/share/kscan"
    assert brought(None) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not Kubernetes' official CVE feed"),
        (feed(item(), updated="2026-10-09T00:00:00Z"), "it is of 2026-10-09, kscan's own list of 2026-10-09"),
        (feed(item(), updated="2020-01-01T00:00:00Z"), "it is of 2020-01-01"),
        (feed(item(), updated="2099-01-01T00:00:00Z"), "which has not come yet"),
        (b" " * ((32 << 20) + 1), "larger than 32 MB"),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path, kept, capfd, content, words):
    assert take(tmp_path, kept, content) == 2
    out, err = capfd.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and words in err
    assert not kept.exists()


def test_an_older_feed_than_the_one_that_is_kept_is_refused(tmp_path, kept, capfd):
    assert take(tmp_path, kept, feed(item())) == take(tmp_path, kept, feed(item())) == 0
    assert take(tmp_path, kept, feed(item(), updated="2026-11-19T00:00:00Z")) == 2
    assert "the one that is kept of 2026-11-20" in capfd.readouterr().err


def spoil(kept, how):
    """Something in the place of the feed that is none."""
    kept.mkdir()
    place = kept / "official-cve-feed.json"
    match how:
        case "a folder":
            place.mkdir()
        case "a dead link":
            place.symlink_to("nowhere.json")
        case "a pipe":
            os.mkfifo(place)
        case "too large":
            place.write_bytes(b" " * ((32 << 20) + 1))
        case _:
            place.write_bytes(how)
    return place


@pytest.mark.parametrize("how", [b"{}", b"", b"\xff", "a folder", "a dead link", "a pipe", "too large"])
def test_of_a_spoiled_feed_kscans_own_list_is_left_and_who_has_no_fault_in_it_is_unknown(kept, capfd, how):
    place = spoil(kept, how)
    before, _ = scan(capfd)
    found, said = scan(capfd, "--data", str(kept))
    assert (
        said.count("\n") == 1
        and said.startswith(f"{place} is not used: ")
        and said.endswith("kscan's own list counts\n")
    )
    assert found["status"] == "fail"
    note = "The newer list of faults that is kept could not be read."
    assert all(note in one["notes"] for one in found["findings"])
    assert [one["fingerprint"] for one in found["findings"]] == [one["fingerprint"] for one in before["findings"]]
    assert run(["data", "show", "--data", str(kept)]) == 0
    assert f"; {place} is not used: " in capfd.readouterr().out
    if how not in ("a folder", "a pipe"):
        assert run(["data", "update", str(good(kept)), "--data", str(kept)]) == 0
        capfd.readouterr()
        assert "its CVE feed of 2026-11-20" in scan(capfd, "--data", str(kept))[1]


def test_without_the_newer_list_that_is_kept_nothing_passes():
    known = msgspec.structs.replace(shipped_faults(), faults=(), is_behind=True)
    running = Running("kube-apiserver", "v1.37.0", ("node a",))
    (one,) = (each for each in known_faults.run([running], clock.now(), known, None) if not isinstance(each, Moot))
    assert isinstance(one, Unsure) and "the newer list of faults that is kept could not be read" in one.reason


def good(folder):
    file = folder / "index.json"
    file.write_bytes(feed(item()))
    return file


def test_what_is_kept_and_older_than_the_package_is_passed_over(kept, capfd):
    kept.mkdir()
    (kept / "official-cve-feed.json").write_bytes(feed(item(text=ON_API), updated="2026-01-01T00:00:00Z"))
    found, said = scan(capfd, "--data", str(kept))
    assert CVE not in str(found) and "kscan's own list of 2026-10-09 is newer" in said


@pytest.mark.parametrize("words", [["show"], ["update", "none.json"]])
def test_folders_and_files_that_are_not_there(tmp_path, capfd, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert run(["data", *words, "--data", "none"]) == 2
    assert len(capfd.readouterr().err.splitlines()) == 1
    with pytest.raises(ConfigError):
        brought(tmp_path / "none")


def test_a_folder_that_nobody_can_make(tmp_path, capfd):
    (tmp_path / "file").touch()
    assert take(tmp_path, tmp_path / "file" / "own", feed(item())) == 2
    assert "cannot make" in capfd.readouterr().err
