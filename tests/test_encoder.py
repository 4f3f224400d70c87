"""The transformer by itself, with small random weights, and the packaged one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pmskills.encoder import LONGEST, Encoder, packed
from pmskills.errors import ModelError

WIDTH, NARROW, INNER, HEADS = 8, 4, 6, 2
PIECES = (
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "they",
    "10",
    "$",
    "june",
    "website",
    "fix",
    "##ed",
    "##e",
    "##d",
    "till",
)
LINEAR = {
    "0.query": (WIDTH, WIDTH),
    "0.key": (WIDTH, WIDTH),
    "0.value": (WIDTH, WIDTH),
    "0.mix": (WIDTH, WIDTH),
    "0.inner": (WIDTH, INNER),
    "0.outer": (INNER, WIDTH),
    "head": (WIDTH, 2),
}


def small(seed=0):
    chance = np.random.default_rng(seed)
    weights = {}
    for name, shape in {
        "pieces": (len(PIECES), NARROW),
        "widen": (NARROW, WIDTH),
        "positions": (LONGEST, WIDTH),
    }.items():
        weights[name], weights[f"{name}.step"] = packed(chance.normal(size=shape).astype(np.float32))
    for name, shape in LINEAR.items():
        weights[name], weights[f"{name}.step"] = packed(chance.normal(size=shape).astype(np.float32))
        weights[f"{name}.shift"] = chance.normal(size=shape[1]).astype(np.float32)
    for name in ("begin", "0.mixed", "0.done"):
        weights[f"{name}.scale"], weights[f"{name}.shift"] = np.ones((2, WIDTH), dtype=np.float32)
    return Encoder(("a", "b"), PIECES, weights, HEADS)


words = st.lists(st.sampled_from(["fixed", "fix", "till", "<name>", "<num>", "zebra"]), max_size=90)


@given(st.lists(words, max_size=6))
def test_a_unit_gets_the_same_among_others_as_alone(units):
    encoder = small()
    together = encoder.encode(units)
    assert together.shape == (len(units), 2)
    for unit, row in zip(units, together, strict=True):
        assert np.array_equal(encoder.encode([unit])[0], row)


def test_words_are_cut_into_the_longest_pieces():
    """ "fixed" is fix + ##ed, not fix + ##e + ##d; a word with a strange letter is unknown."""
    encoder = small()
    by_hand = Encoder(encoder.outputs, (*PIECES[:10], "##EE", *PIECES[11:]), encoder.weights, HEADS)
    assert not np.array_equal(encoder.encode([["fixed"]]), by_hand.encode([["fixed"]]))
    assert np.array_equal(encoder.encode([["fixø"]]), encoder.encode([["[UNK]"]]))
    assert encoder.places(["fixed"]) == [PIECES.index(piece) for piece in ("[CLS]", "fix", "##ed", "[SEP]")]


def test_masked_words_stand_for_one_piece():
    encoder = small()
    assert np.array_equal(encoder.encode([["fixed", "<name>"]]), encoder.encode([["fixed", "[MASK]"]]))


def test_order_of_words_matters():
    encoder = small()
    assert not np.allclose(encoder.encode([["fix", "till"]]), encoder.encode([["till", "fix"]]))


def test_what_is_beyond_the_longest_is_not_read():
    encoder = small()
    unit = ["fix"] * LONGEST
    assert np.array_equal(encoder.encode([unit]), encoder.encode([[*unit, "till"]]))


@given(arrays(np.float32, (3, 5), elements=st.floats(-100, 100, width=32)))
def test_packing_keeps_values_to_half_a_step(matrix):
    values, steps = packed(matrix)
    assert values.dtype == np.int8
    assert np.all(np.abs(values * steps[:, None] - matrix) <= steps[:, None] * 0.501)


def test_a_written_encoder_is_equal(tmp_path):
    encoder = small()
    encoder.save(tmp_path / "e.npz")
    read = Encoder.load(tmp_path / "e.npz")
    assert (read.outputs, read.pieces, read.layers) == (encoder.outputs, encoder.pieces, 1)
    assert np.array_equal(read.encode([["fixed", "till"]]), encoder.encode([["fixed", "till"]]))


def test_a_missing_or_damaged_encoder_is_named(tmp_path):
    path = tmp_path / "e.npz"
    with pytest.raises(ModelError, match=r"e\.npz: missing or damaged \(FileNotFoundError"):
        Encoder.load(path)
    path.write_bytes(b"PK no archive")
    with pytest.raises(ModelError, match="missing or damaged"):
        Encoder.load(path)
    np.savez(path, **small().weights)
    with pytest.raises(ModelError, match="not an encoder \\('vocabulary'\\)"):
        Encoder.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.ones((8, WIDTH), dtype=np.float32)}, "shapes do not go together"),
        ({"pieces": np.ones((4, NARROW), dtype=np.float32)}, "shapes do not go together"),
        ({"head": np.ones((WIDTH, 1), dtype=np.float32), "head.shift": np.ones(1)}, "shapes do not go together"),
        ({"0.done.scale": np.array(1.0)}, "shapes do not go together"),
        ({"1.query": np.ones((WIDTH, WIDTH))}, "1.inner"),
        ({"head.shift": np.array([np.nan, 0])}, "not all weights are finite"),
    ],
)
def test_weights_that_do_not_go_together_are_refused(change, message):
    weights = {name: value for name, value in small().weights.items() if name.removesuffix(".step") not in change}
    with pytest.raises((ValueError, KeyError), match=message):
        Encoder(("a", "b"), PIECES, weights | change, HEADS)


def test_a_vocabulary_without_what_is_needed_is_refused():
    for pieces in (("[X]", *PIECES[1:]), (*PIECES[:-1], "fix")):
        with pytest.raises(ValueError, match="pieces are missing or stand twice"):
            Encoder(("a", "b"), pieces, small().weights, HEADS)


def test_words_are_cut_at_punctuation_and_accents_are_dropped():
    encoder = small()
    assert np.array_equal(encoder.encode([["$fíxed"]]), encoder.encode([["$", "fixed"]]))


def test_a_word_without_end_is_unknown_at_once():
    encoder = small()
    assert np.array_equal(encoder.encode([["fix" * 100_000]]), encoder.encode([["[UNK]"]]))


def test_an_encoder_that_unpacks_without_end_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "e.npz", head=np.zeros(201_000_000, dtype=np.int8))
    with pytest.raises(ModelError, match=r"e\.npz: refused, it unpacks to 201 MB"):
        Encoder.load(tmp_path / "e.npz")


def test_pickled_objects_are_refused(tmp_path):
    path = tmp_path / "e.npz"
    np.savez(path, vocabulary=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError, match="missing or damaged"):
        Encoder.load(path)
