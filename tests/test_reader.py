"""What an encoder adds to a classifier's decisions."""

import numpy as np
import pytest
from test_encoder import small

from pmskills.errors import ModelError
from pmskills.reader import Reader

MIXING = np.array([[0.5, 0.0], [0.0, 2.0], [0.1, 0.1]])
UNITS = [["fixed", "till"], ["till"], ["fix", "<name>"]]
LOW, HIGH = [-5.0, -5.0, -5.0], [-5.0, 1.0, -5.0]


def reader(**changes):
    given = {"encoder": small(), "mixing": MIXING, "gate": np.zeros(3), "unread": np.array([-3.0, -2.0])} | changes
    return Reader(**given)


def test_outputs_count_for_each_label_as_mixed():
    added = reader().read(UNITS, np.array([HIGH] * 3))
    assert np.allclose(added, small().encode(UNITS) @ MIXING.T)


def test_units_that_no_label_lets_through_are_not_read():
    added = reader().read(UNITS, np.array([HIGH, LOW, HIGH]))
    assert np.allclose(added[1], MIXING @ [-3, -2])
    assert np.array_equal(added[[0, 2]], reader().read([UNITS[0], UNITS[2]], np.array([HIGH, HIGH])))


def test_the_share_of_a_word_is_what_is_lost_without_it():
    shares = reader().shares(UNITS[0], np.array(HIGH))[:, 1]
    whole, masked = small().encode([["fixed", "till"], ["<name>", "till"]])[:, 1] * 2
    assert shares.shape == (2,)
    assert np.isclose(shares[0], whole - masked)


def test_words_of_a_unit_not_read_have_no_share():
    assert reader().shares(UNITS[0], np.array(LOW))[:, 1].tolist() == [0, 0]


def test_a_written_reader_is_equal(tmp_path):
    reader().save(tmp_path)
    read = Reader.load(tmp_path, ["x", "y", "z"])
    decisions = np.array([HIGH, LOW, HIGH])
    assert np.array_equal(read.read(UNITS, decisions), reader().read(UNITS, decisions))


def test_a_reader_of_other_labels_or_damaged_is_refused(tmp_path):
    reader().save(tmp_path)
    with pytest.raises(ModelError, match="not a reader for 2 labels"):
        Reader.load(tmp_path, ["x", "y"])
    (tmp_path / "mixing.npz").write_bytes(b"no archive")
    with pytest.raises(ModelError, match=r"mixing\.npz: missing or damaged"):
        Reader.load(tmp_path, ["x", "y", "z"])


@pytest.mark.parametrize(
    "change", [{"gate": np.full(3, np.nan)}, {"gate": np.full(3, np.inf)}, {"unread": np.array(["a", "b"])}]
)
def test_numbers_that_are_none_are_refused(tmp_path, change):
    reader(**change).save(tmp_path)
    with pytest.raises(ModelError, match="not a reader for 3 labels"):
        Reader.load(tmp_path, ["x", "y", "z"])


def test_mixing_that_unpacks_without_end_is_refused(tmp_path):
    reader(unread=np.zeros(200_000)).save(tmp_path)
    with pytest.raises(ModelError, match="refused, it unpacks to 2 MB"):
        Reader.load(tmp_path, ["x", "y", "z"])


def test_words_beyond_what_is_read_have_no_share():
    shares = reader().shares(["fix"] * 200, np.array(HIGH))[:, 0]
    assert shares[100:].tolist() == [0] * 100
