"""One exchange holds a data folder at a time, and only its own data are ever deleted."""

import errno
import stat
from pathlib import Path

import pytest

from tradepost.entrypoints.dev.data import CLONE, LAYOUT, DataFolder, Instance
from tradepost.entrypoints.dev.errors import DISK_FULL, StartError, told

INSTANCE = Instance(42, "http://127.0.0.1:8000", {"DATABASE_URL": "postgresql://x"})


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def test_the_environment_names_the_folder(tmp_path: Path) -> None:
    assert DataFolder.of({"TRADEPOST_DATA_DIR": str(tmp_path)}).path == tmp_path
    assert DataFolder.of({"TRADEPOST_DATA_DIR": ""}).path == CLONE / ".data"


def test_the_first_hold_makes_it_private_and_of_this_layout(data: DataFolder) -> None:
    with data.hold():
        assert data.is_held()
        assert stat.S_IMODE(data.path.stat().st_mode) == 0o700
        assert (data.path / "layout").read_text() == LAYOUT
    assert not data.is_held()


def test_a_second_hold_is_refused_with_who_holds_it(data: DataFolder) -> None:
    with data.hold():
        with pytest.raises(StartError, match="still starting"), DataFolder(data.path).hold():
            pass
        data.announce(INSTANCE)
        with (
            pytest.raises(StartError, match=r"process 42, http://127\.0\.0\.1:8000"),
            DataFolder(data.path).hold(),
        ):
            pass


def test_an_instance_is_known_while_it_runs_only(data: DataFolder) -> None:
    with data.hold():
        assert data.instance() is None
        data.announce(INSTANCE)
        assert data.instance() == INSTANCE
        assert stat.S_IMODE((data.path / "instance.json").stat().st_mode) == 0o600
    assert data.instance() is None, "a killed one has left its note"
    with data.hold():
        assert data.instance() is None, "the next one has taken it away"


def test_another_layout_is_refused_and_left_as_it_is(data: DataFolder) -> None:
    data.path.mkdir()
    (data.path / "layout").write_text("0")
    with pytest.raises(StartError, match="another version"), data.hold():
        pass
    assert (data.path / "layout").read_text() == "0"


def test_a_secret_is_made_once_and_private(data: DataFolder) -> None:
    with data.hold():
        secret = data.secret("secret")
        assert len(secret) == 43
        assert data.secret("secret") == secret
        assert data.secret("other") != secret
        assert stat.S_IMODE((data.path / "secret").stat().st_mode) == 0o600


def test_deleting_needs_that_nobody_holds_it(data: DataFolder) -> None:
    with data.hold(), pytest.raises(StartError, match="already uses"):
        data.delete()
    data.delete()
    assert not data.path.exists()
    assert not data.is_ours()


def test_a_fault_inside_the_hold_is_not_taken_for_one_of_the_folder(data: DataFolder) -> None:
    with pytest.raises(FileNotFoundError), data.hold():
        (data.path / "none").read_text()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StartError, match="Cannot use the data folder"),
        DataFolder(tmp_path / "file" / "data").hold(),
    ):
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_alike_everywhere(number: int) -> None:
    assert str(told(OSError(number, "full"), "write")) == DISK_FULL
