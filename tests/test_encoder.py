"""The transformer by itself, with random weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pmskills.arrays import write_arrays
from pmskills.encoder import LONGEST, Encoder, packed
from pmskills.errors import ModelError

WIDTH, NARROW, INSIDE, INNER, HEADS, DISTANCES = 8, 3, 4, 6, 2, 5
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
    "query": (WIDTH, INSIDE),
    "key": (WIDTH, INSIDE),
    "value": (WIDTH, INSIDE),
    "mix": (INSIDE, WIDTH),
    "inner": (WIDTH, INNER),
    "outer": (INNER, WIDTH),
    "head": (WIDTH, 2),
}


def made(linear, narrow, heads, distances, seed=0):
    """An encoder with random weights, of sizes by the shapes of its layers."""
    chance = np.random.default_rng(seed)
    width, inside = linear["query"]

    def some(*shape):
        return chance.normal(size=shape).astype(np.float32)

    weights = {"begin": some(width), "distances": some(heads, distances)}
    for name, shape in {"pieces": (len(PIECES), narrow), "widen": (narrow, width), **linear}.items():
        weights[name], weights[f"{name}.step"] = packed(some(*shape))
    weights |= {f"{name}.shift": some(shape[1]) for name, shape in linear.items()}
    weights |= {f"{name}.taps": some(3, inside) for name in ("query", "key", "value")}
    for name in ("begin", "mixed", "done"):
        weights[f"{name}.scale"], weights[f"{name}.shift"] = some(width), some(width)
    return Encoder(("a", "b"), PIECES, weights)


def small(seed=0):
    return made(LINEAR, NARROW, HEADS, DISTANCES, seed)


def as_large_as_the_packaged_one():
    """BLAS rounds otherwise only where matrices are large enough to be cut."""
    sizes = {WIDTH: 384, INSIDE: 192, INNER: 256}
    linear = {name: tuple(sizes.get(size, size) for size in shape) for name, shape in LINEAR.items()}
    return made(linear, 128, 6, 17)


def by_the_book(encoder, unit):
    """The outputs of one unit, pair by pair of its pieces, as the docstring tells it."""
    w = {
        name: value * encoder.weights.get(f"{name}.step", np.ones(1))[:, None] if value.ndim > 1 else value
        for name, value in encoder.weights.items()
    }

    def normalized(row, name):
        return (row - row.mean()) / row.std() * w[f"{name}.scale"] + w[f"{name}.shift"]

    rows = [normalized(w["pieces"][p] @ w["widen"] + w["begin"], "begin") for p in encoder.places(unit)]
    taken = {}
    for name in ("query", "key", "value"):
        plain = [np.zeros(INSIDE), *(row @ w[name] + w[f"{name}.shift"] for row in rows), np.zeros(INSIDE)]
        taken[name] = [sum(w[f"{name}.taps"][k] * plain[place + k] for k in range(3)) for place in range(len(rows))]
    size, far, done = INSIDE // HEADS, DISTANCES // 2, []
    for i, row in enumerate(rows):
        mixed = np.zeros(INSIDE)
        for h in range(HEADS):
            part = slice(h * size, (h + 1) * size)
            scores = [
                taken["query"][i][part] @ taken["key"][j][part] / size**0.5
                + w["distances"][h, min(max(j - i, -far), far) + far]
                for j in range(len(rows))
            ]
            shares = np.exp(scores) / np.exp(scores).sum()
            mixed[part] = sum(share * taken["value"][j][part] for j, share in enumerate(shares))
        row = normalized(row + mixed @ w["mix"] + w["mix.shift"], "mixed")
        inner = row @ w["inner"] + w["inner.shift"]
        inner = inner / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * (inner + 0.044715 * inner**3)))
        done.append(normalized(row + inner @ w["outer"] + w["outer.shift"], "done"))
    return np.mean(done, axis=0) @ w["head"] + w["head.shift"]


words = st.lists(st.sampled_from(["fixed", "fix", "till", "<name>", "<num>", "zebra"]), max_size=90)


@settings(max_examples=30, deadline=None)
@given(st.lists(words, max_size=12))
def test_a_unit_gets_the_same_among_others_as_alone(units):
    together = as_large_as_the_packaged_one().encode(units)
    assert together.shape == (len(units), 2)
    alone = as_large_as_the_packaged_one()
    for unit, row in reversed(list(zip(units, together, strict=True))):
        assert np.array_equal(alone.encode([unit])[0], row)


def test_words_are_cut_into_the_longest_pieces():
    """ "fixed" is fix + ##ed, not fix + ##e + ##d; a word with a strange letter is unknown."""
    encoder = small()
    by_hand = Encoder(encoder.outputs, (*PIECES[:10], "##EE", *PIECES[11:]), encoder.weights)
    assert not np.array_equal(encoder.encode([["fixed"]]), by_hand.encode([["fixed"]]))
    assert np.array_equal(encoder.encode([["fixø"]]), encoder.encode([["[UNK]"]]))
    assert encoder.places(["fixed"]) == [PIECES.index(piece) for piece in ("[CLS]", "fix", "##ed", "[SEP]")]


def test_masked_words_stand_for_one_piece():
    encoder = small()
    assert np.array_equal(encoder.encode([["fixed", "<name>"]]), encoder.encode([["fixed", "[MASK]"]]))


@given(words)
def test_outputs_are_those_of_the_formula(unit):
    encoder = small()
    assert np.allclose(encoder.encode([unit])[0], by_the_book(encoder, unit), atol=1e-4)


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
    assert (read.outputs, read.pieces) == (encoder.outputs, encoder.pieces)
    assert np.array_equal(read.encode([["fixed", "till"]]), encoder.encode([["fixed", "till"]]))


def test_a_missing_or_damaged_encoder_is_named(tmp_path):
    path = tmp_path / "e.npz"
    with pytest.raises(ModelError, match=r"e\.npz: missing or damaged \(FileNotFoundError"):
        Encoder.load(path)
    path.write_bytes(b"PK no archive")
    with pytest.raises(ModelError, match="missing or damaged"):
        Encoder.load(path)
    np.savez(path, **small().weights)
    with pytest.raises(ModelError, match=r"not an encoder \('vocabulary' is missing: made by another version\)"):
        Encoder.load(path)


NOTHING_INSIDE = {"mix": np.ones((0, WIDTH))}
for taken in ("query", "key", "value"):
    NOTHING_INSIDE |= {taken: np.ones((WIDTH, 0)), f"{taken}.shift": np.ones(0), f"{taken}.taps": np.ones((3, 0))}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query": np.ones((WIDTH, 3), dtype=np.float32)}, "shapes do not go together"),
        ({"query": np.array(1.0)}, "shapes do not go together"),
        ({"inner": np.array(1.0)}, "shapes do not go together"),
        ({"pieces": np.ones((4, NARROW), dtype=np.float32)}, "shapes do not go together"),
        ({"head": np.ones((WIDTH, 1), dtype=np.float32), "head.shift": np.ones(1)}, "shapes do not go together"),
        ({"done.scale": np.array(1.0)}, "shapes do not go together"),
        ({"distances": np.ones((HEADS, 4))}, "shapes do not go together"),
        ({"distances": np.ones((3, DISTANCES))}, "shapes do not go together"),
        ({"distances": np.ones((0, DISTANCES))}, "shapes do not go together"),
        ({"more": np.ones(1)}, "shapes do not go together"),
        (NOTHING_INSIDE, "shapes do not go together"),
        ({"mix": np.ones((INSIDE, WIDTH)), "mix.step": np.array(1.0)}, "steps and rows do not go together"),
        ({"head.shift": np.array([np.nan, 0])}, "not all weights are finite"),
    ],
)
def test_weights_that_do_not_go_together_are_refused(change, message, tmp_path):
    kept = {name: value for name, value in small().weights.items() if name.removesuffix(".step") not in change}
    with pytest.raises(ValueError, match=message):
        Encoder(("a", "b"), PIECES, kept | change)
    texts = {"outputs": np.array(["a", "b"]), "vocabulary": np.array("\n".join(PIECES))}
    write_arrays(tmp_path / "e.npz", kept | change | texts)
    with pytest.raises(ModelError, match=message):
        Encoder.load(tmp_path / "e.npz")


def test_an_encoder_too_large_for_memory_is_refused(monkeypatch):
    monkeypatch.setattr("pmskills.encoder.MOST_NUMBERS", len(PIECES) * (WIDTH + 3 * INSIDE) - 1)
    with pytest.raises(ValueError, match="it is too large"):
        small()


def test_a_vocabulary_without_what_is_needed_is_refused():
    for pieces in (("[X]", *PIECES[1:]), (*PIECES[:-1], "fix")):
        with pytest.raises(ValueError, match="pieces are missing or stand twice"):
            Encoder(("a", "b"), pieces, small().weights)


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
